//! End-to-end tests: the program as its users run it.
//!
//! Each folder of `tests/cases` is a test of its own, `case::<folder>`; the others are functions that their files list. One that is not
//! listed is dead code, which the compiler reports.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod cases;
mod house;
mod real_data;
mod runs;
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// The tests of a file, by name.
type Tests = &'static [(&'static str, fn())];

/// Lists functions as tests.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const TESTS: crate::Tests = &[$((stringify!($name), $name as fn())),+];
    };
}
pub(crate) use tests;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = cases::trials();
    for (file, tests) in [("house", house::TESTS), ("real_data", real_data::TESTS), ("runs", runs::TESTS)] {
        let trial = |(name, test): &(&str, fn())| {
            let test = *test;
            // A panic fails the test that it happens in.
            Trial::test(format!("{file}::{name}"), move || {
                test();
                Ok(())
            })
        };
        trials.extend(tests.iter().map(trial));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
