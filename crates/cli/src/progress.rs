//! Progress on a terminal; silence everywhere else.

use std::io::IsTerminal;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use tallybook_ingest::TableKind;

/// A line that says what is going on, where someone watches.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shows progress if standard error is a terminal and it is wanted.
    pub(crate) fn new(wanted: bool) -> Self {
        let bar = if wanted && std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg:<20} {wide_bar} {human_pos} / {human_len} rows  {elapsed}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Self { bar }
    }

    /// Gives what loading tells of its progress.
    pub(crate) fn reader(&self) -> tallybook_ingest::Progress {
        let bar = self.bar.clone();
        Arc::new(move |table: TableKind, done: u64, all: u64| {
            bar.set_message(format!("reading {table}"));
            bar.set_length(all);
            bar.set_position(done);
        })
    }

    /// Says what is done next.
    pub(crate) fn stage(&self, what: &'static str) {
        self.bar.set_message(what);
        self.bar.tick();
    }

    /// Clears the line.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
