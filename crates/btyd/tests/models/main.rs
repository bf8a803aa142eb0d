//! The models against independent figures, and what must hold of them whatever the numbers.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stderr, reason = "tests say what they expect")]

mod cdnow;
mod properties;
mod reference;
