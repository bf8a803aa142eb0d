//! Progress on a terminal; silence everywhere else.

use std::io::IsTerminal;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use tallybook_ingest::TableKind;

/// What loading tells of its progress: the table, and the rows read so far.
pub(crate) type Reader = Arc<dyn Fn(TableKind, u64) + Send + Sync>;

/// A line that says what is going on, where someone watches.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shows progress if standard error is a terminal and it is wanted.
    pub(crate) fn new(wanted: bool) -> Self {
        let bar = if wanted && std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::new_spinner().with_style(style)
        } else {
            ProgressBar::hidden()
        };
        Self { bar }
    }

    /// Gives what loading tells of its progress.
    pub(crate) fn reader(&self) -> Reader {
        let bar = self.bar.clone();
        Arc::new(move |table: TableKind, rows: u64| {
            bar.set_message(format!("reading {table}: {rows} rows"));
            bar.tick();
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
