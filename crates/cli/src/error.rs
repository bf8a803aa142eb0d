//! Errors as a user sees them: what, where, why, and what to do. Printed in one place, and exit codes are chosen here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// The result of a command that did what was asked.
pub(crate) const PUBLISHED: u8 = 0;
/// It ran, but the report is held back.
pub(crate) const HELD: u8 = 1;
/// It could not run.
pub(crate) const COULD_NOT_RUN: u8 = 2;

/// An error for the user.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) exit: u8,
    message: String,
    causes: Vec<String>,
    place: Option<Box<Place>>,
    hints: Vec<String>,
}

/// A place in a text file.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    text: String,
    start: usize,
    end: usize,
}

impl Place {
    /// Makes a place of a line and a column, both from 1; it reaches to the end of the word there.
    pub(crate) fn new(path: &Path, text: &str, line: usize, column: usize) -> Self {
        let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = text.get(before..).unwrap_or_default();
        let row = rest.lines().next().unwrap_or_default();
        let skip: usize = row.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        let word = row[skip..].split([' ', ',', '}', ']', '#']).next().unwrap_or_default();
        let start = before + skip;
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            start,
            end: start + word.len().max(1).min(text.len() - start.min(text.len())),
        }
    }
}

impl CliError {
    /// Makes an error of a command that could not run.
    pub(crate) fn could_not_run(message: impl Into<String>) -> Self {
        Self { exit: COULD_NOT_RUN, message: message.into(), causes: Vec::new(), place: None, hints: Vec::new() }
    }

    /// Makes an error of a run whose report is held back.
    pub(crate) fn held(message: impl Into<String>) -> Self {
        Self { exit: HELD, ..Self::could_not_run(message) }
    }

    /// Adds the causes of an error, outermost first.
    pub(crate) fn because(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries repeat themselves at each level.
            if self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            cause = error.source();
        }
        self
    }

    /// Adds what it happened in.
    pub(crate) fn context(mut self, text: impl Into<String>) -> Self {
        self.causes.push(text.into());
        self
    }

    /// Adds where it stands.
    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    /// Adds what can be done.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Writes the error for people; `colour` for a terminal.
    pub(crate) fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut title = harmless(&self.message);
        let causes: Vec<String> = self.causes.iter().map(|cause| harmless(cause)).collect();
        let hints: Vec<String> = self.hints.iter().map(|hint| harmless(hint)).collect();
        if self.place.is_none() {
            for cause in &causes {
                let _ = write!(title, "\n  {}", cause.replace('\n', "\n  "));
            }
        }
        let mut group =
            Level::ERROR.primary_title(title.as_str()).elements(Vec::<annotate_snippets::Message<'_>>::new());
        let path;
        if let Some(place) = &self.place {
            path = place.path.display().to_string();
            let start = place.start.min(place.text.len());
            let end = place.end.clamp(start, place.text.len());
            let snippet = Snippet::source(place.text.as_str())
                .path(path.as_str())
                .annotation(AnnotationKind::Primary.span(start..end));
            group = group.element(snippet);
            for cause in &causes {
                group = group.element(Level::NOTE.message(cause.as_str()));
            }
        }
        for hint in &hints {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        renderer.render(&[group])
    }
}

/// Shows control characters instead of sending them: names and labels come from data, and a terminal would obey them.
pub(crate) fn harmless(text: &str) -> String {
    let shown =
        |c: char| if c.is_control() && c != '\n' && c != '\t' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

impl From<tallybook_ingest::IngestError> for CliError {
    fn from(error: tallybook_ingest::IngestError) -> Self {
        let hint = error.hint();
        let mut report = Self::could_not_run(error.to_string());
        if let Some(source) = std::error::Error::source(&error) {
            report = report.because(source);
        }
        match hint {
            Some(hint) => report.hint(hint),
            None => report,
        }
    }
}

impl From<tallybook_report::ReportError> for CliError {
    fn from(error: tallybook_report::ReportError) -> Self {
        let report = Self::could_not_run(error.to_string());
        match std::error::Error::source(&error) {
            Some(source) => report.because(source),
            None => report,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_with_a_place() {
        let place = Place::new(Path::new("p.yaml"), "name: x\ntimezone: Europe/Berln # zone\n", 2, 11);
        let error =
            CliError::could_not_run("unknown time zone `Europe/Berln`").at(place).hint("did you mean `Europe/Berlin`?");
        insta::assert_snapshot!(error.render(false), @r"
        error: unknown time zone `Europe/Berln`
         --> p.yaml:2:11
          |
        2 | timezone: Europe/Berln # zone
          |           ^^^^^^^^^^^^
          |
          = help: did you mean `Europe/Berlin`?
        ");
    }

    #[test]
    fn places_past_the_end_are_harmless() {
        for (line, column) in [(1, 1), (9, 9), (0, 0), (1, 400)] {
            let place = Place::new(Path::new("p.yaml"), "ä", line, column);
            assert!(CliError::could_not_run("x").at(place).render(false).contains("p.yaml"));
        }
    }
}
