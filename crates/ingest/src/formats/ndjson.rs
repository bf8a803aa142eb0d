//! NDJSON: one JSON object a line, checked before polars reads it.

use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use polars::prelude::*;
use serde::de::IgnoredAny;

use crate::error::IngestError;
use crate::formats::clean_copy::CleanCopy;
use crate::formats::delimited::{Text, is_compressed, open};

/// An NDJSON file that polars can read.
#[derive(Debug)]
pub(crate) struct PreparedNdjson {
    text: Text,
    /// Objects in it.
    pub(crate) records: u64,
    /// Lines that are not objects: record number, line, text.
    pub(crate) broken: Vec<(u64, u64, String)>,
}

/// Checks a file line by line; one that is compressed, or has lines that are not objects, is copied without them.
pub(crate) fn prepare(path: &Path) -> Result<PreparedNdjson, IngestError> {
    let mut lines = Lines::open(path)?;
    let mut prepared = PreparedNdjson { text: Text::File(path.to_owned()), records: 0, broken: Vec::new() };
    let mut row = 0;
    while let Some((line, text)) = lines.next_line()? {
        row += 1;
        if is_object(text) {
            prepared.records += 1;
        } else {
            prepared.broken.push((row, line, text.to_owned()));
        }
    }
    if row == 0 {
        return Err(IngestError::EmptyFile { path: path.to_owned() });
    }
    if prepared.broken.is_empty() && !is_compressed(path) {
        return Ok(prepared);
    }
    let copy = CleanCopy::of(path)?;
    let mut writer = copy.writer();
    let mut lines = Lines::open(path)?;
    while let Some((_, text)) = lines.next_line()? {
        if is_object(text) {
            writeln!(writer, "{text}").map_err(|source| copy.not_written(source))?;
        }
    }
    writer.flush().map_err(|source| copy.not_written(source))?;
    drop(writer);
    Ok(PreparedNdjson { text: Text::Copy(copy), ..prepared })
}

fn is_object(text: &str) -> bool {
    text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Scans a prepared file; types are taken from all of its lines.
pub(crate) fn scan(prepared: &PreparedNdjson) -> PolarsResult<LazyFrame> {
    let reader = LazyJsonLineReader::new_with_sources(prepared.text.sources());
    reader.with_infer_schema_length(None::<NonZeroUsize>).finish()
}

/// Gives the line number and text of the numbered records (from 1, ascending).
pub(crate) fn fetch(path: &Path, rows: &[u64]) -> Result<Vec<(u64, String)>, IngestError> {
    let mut lines = Lines::open(path)?;
    let mut found = Vec::with_capacity(rows.len());
    let mut row = 0;
    for &wanted in rows {
        while row < wanted {
            let Some((line, text)) = lines.next_line()? else { return Ok(found) };
            row += 1;
            if row == wanted {
                found.push((line, text.to_owned()));
            }
        }
    }
    Ok(found)
}

/// Lines that are not blank.
struct Lines {
    path: PathBuf,
    reader: BufReader<Box<dyn std::io::Read>>,
    buffer: Vec<u8>,
    line: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, IngestError> {
        let reader = BufReader::with_capacity(1 << 20, open(path)?);
        Ok(Self { path: path.to_owned(), reader, buffer: Vec::new(), line: 0 })
    }

    fn next_line(&mut self) -> Result<Option<(u64, &str)>, IngestError> {
        loop {
            self.buffer.clear();
            let read = self.reader.read_until(b'\n', &mut self.buffer);
            if read.map_err(|source| IngestError::Io { path: self.path.clone(), source })? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        match std::str::from_utf8(self.buffer.trim_ascii()) {
            Ok(text) => Ok(Some((self.line, text))),
            Err(error) => Err(IngestError::NotUtf8 {
                path: self.path.clone(),
                line: self.line,
                byte: self.buffer.trim_ascii()[error.valid_up_to()],
            }),
        }
    }
}
