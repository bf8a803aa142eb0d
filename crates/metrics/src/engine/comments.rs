//! Comments of surveys.

use tallybook_calendar::Window;
use tallybook_ingest::Table;

/// A comment on a survey.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Comment {
    /// When it was given, in seconds since 1970 UTC.
    pub at: i64,
    /// The kind of survey, in small letters.
    pub kind: String,
    /// What it says.
    pub text: String,
}

impl Comment {
    /// Gathers the comments given in windows, the latest first.
    pub(crate) fn gather(table: &Table, windows: &[Window]) -> Vec<Self> {
        let (Some(times), Some(texts), Some(kinds)) =
            (table.column("submitted_at"), table.labels("comment"), table.labels("kind"))
        else {
            return Vec::new();
        };
        let [mut at, mut text, mut kind] = [const { Vec::new() }; 3];
        let mut found = Vec::new();
        for chunk in 0..table.chunk_count() {
            times.decode(chunk, &mut at);
            texts.codes.decode(chunk, &mut text);
            kinds.codes.decode(chunk, &mut kind);
            for row in 0..at.len() {
                let inside = windows.iter().any(|window| (window.start..window.end).contains(&at[row]));
                let (Some(text), Some(kind)) = (texts.label(text[row]), kinds.label(kind[row])) else { continue };
                if inside {
                    found.push(Self { at: at[row], kind: kind.trim().to_lowercase(), text: text.to_owned() });
                }
            }
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found
    }
}
