//! End-to-end tests: the program as its users run it.

mod cases;
mod real_data;
mod runs;
mod support;
