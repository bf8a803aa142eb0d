//! End-to-end tests: the program as its users run it.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod cases;
mod real_data;
mod runs;
mod support;
