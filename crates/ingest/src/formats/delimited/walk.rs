//! Walks over the bytes of a file before anything reads it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::records::open_text;
use super::{BLOCK, Dialect, Separator};
use crate::error::IngestError;

/// Walks a plain UTF-8 file. Gives the number of records including the header where every one has `width` cells and polars
/// will read the file just as it stands, and nothing where it must be rewritten.
pub(super) fn walk(path: &Path, separator: u8, quote: Option<u8>, width: usize) -> Result<Option<u64>, IngestError> {
    let fail = |source| IngestError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(fail)?;
    let mut block = vec![0; BLOCK];
    let mut walker = Walker {
        separator,
        quote,
        width,
        state: QuoteState::FieldStart,
        fields: 1,
        length: 0,
        line: 1,
        opened: 1,
        records: 0,
    };
    let mut utf8 = Utf8Check::default();
    loop {
        let read = file.read(&mut block).map_err(fail)?;
        if read == 0 {
            break;
        }
        let bytes = &block[..read];
        utf8.feed(bytes).map_err(|(line, byte)| IngestError::NotUtf8 { path: path.to_owned(), line, byte })?;
        if !walker.feed(bytes) {
            return Ok(None);
        }
    }
    utf8.finish().map_err(|(line, byte)| IngestError::NotUtf8 { path: path.to_owned(), line, byte })?;
    if walker.state == QuoteState::Quoted {
        return Err(IngestError::OpenQuote { path: path.to_owned(), line: walker.opened });
    }
    Ok((walker.length == 0 || walker.end_record()).then_some(walker.records))
}

pub(super) struct Walker {
    separator: u8,
    quote: Option<u8>,
    width: usize,
    state: QuoteState,
    fields: usize,
    /// Bytes of the record so far, as far as it matters whether there are any.
    length: usize,
    line: u64,
    /// Line on which the open quoted cell began.
    opened: u64,
    records: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuoteState {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted cell: its end, or the first half of a doubled quote.
    QuoteSeen,
}

impl Walker {
    /// Takes the next bytes; false where the file must be rewritten.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> bool {
        let quote = self.quote.unwrap_or(b'\n');
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                QuoteState::Quoted => match memchr::memchr2(quote, b'\n', &bytes[at..]) {
                    None => return true,
                    Some(skip) => {
                        at += skip + 1;
                        if bytes[at - 1] == b'\n' {
                            self.line += 1;
                        } else {
                            self.state = QuoteState::QuoteSeen;
                        }
                    }
                },
                QuoteState::Plain => match memchr::memchr3(self.separator, b'\n', quote, &bytes[at..]) {
                    None => return true,
                    Some(skip) => {
                        at += skip + 1;
                        if !self.boundary(bytes[at - 1]) {
                            return false;
                        }
                    }
                },
                QuoteState::FieldStart | QuoteState::QuoteSeen => {
                    let byte = bytes[at];
                    at += 1;
                    if byte == b'\n' || byte == self.separator {
                        if !self.boundary(byte) {
                            return false;
                        }
                    } else if Some(byte) == self.quote {
                        if self.state == QuoteState::FieldStart {
                            self.opened = self.line;
                        }
                        self.state = QuoteState::Quoted;
                        self.length += 1;
                    } else if byte == b'\r' {
                        // The first half of a line break; a blank line is one with nothing else.
                    } else if self.state == QuoteState::QuoteSeen {
                        return false;
                    } else {
                        self.state = QuoteState::Plain;
                        self.length += 1;
                    }
                }
            }
        }
        true
    }

    fn boundary(&mut self, byte: u8) -> bool {
        if byte == b'\n' {
            self.line += 1;
            self.end_record()
        } else if byte == self.separator {
            self.fields += 1;
            self.length += 1;
            self.state = QuoteState::FieldStart;
            true
        } else {
            // A quote in the middle of an unquoted cell.
            false
        }
    }

    fn end_record(&mut self) -> bool {
        let regular = self.length > 0 && self.fields == self.width;
        self.records += 1;
        self.fields = 1;
        self.length = 0;
        self.state = QuoteState::FieldStart;
        regular
    }
}

/// Checks UTF-8 across block boundaries.
#[derive(Debug)]
pub(super) struct Utf8Check {
    pending: Vec<u8>,
    line: u64,
}

impl Default for Utf8Check {
    fn default() -> Self {
        Self { pending: Vec::new(), line: 1 }
    }
}

impl Utf8Check {
    /// Takes the next bytes; on failure gives the line and the byte.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), (u64, u8)> {
        while !self.pending.is_empty() {
            let Some((&next, rest)) = bytes.split_first() else { return Ok(()) };
            self.pending.push(next);
            bytes = rest;
            match std::str::from_utf8(&self.pending) {
                Ok(_) => self.pending.clear(),
                Err(error) if error.error_len().is_some() => return Err((self.line, self.pending[0])),
                Err(_) => {}
            }
        }
        let lines = |part: &[u8]| memchr::memchr_iter(b'\n', part).count() as u64;
        match std::str::from_utf8(bytes) {
            Ok(_) => self.line += lines(bytes),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                self.line += lines(valid);
                if error.error_len().is_some() {
                    return Err((self.line, rest[0]));
                }
                self.pending.extend_from_slice(rest);
            }
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), (u64, u8)> {
        self.pending.first().map_or(Ok(()), |&byte| Err((self.line, byte)))
    }
}

/// Checks that every quoted cell ends where a cell may end. One that does not would swallow the records after it without a trace.
pub(super) fn check_quotes(path: &Path, dialect: &Dialect) -> Result<(), IngestError> {
    let (Separator::Byte(separator), Some(quote)) = (dialect.separator_of(path), dialect.quote) else { return Ok(()) };
    let mut text = open_text(path, dialect)?;
    let (mut state, mut line, mut opened) = (QuoteState::FieldStart, 1 + dialect.skip_lines as u64, 0);
    let mut block = vec![0; BLOCK];
    loop {
        let read = text.read(&mut block).map_err(|source| IngestError::Io { path: path.to_owned(), source })?;
        if read == 0 {
            break;
        }
        for &byte in &block[..read] {
            line += u64::from(byte == b'\n');
            state = match state {
                QuoteState::Quoted if byte == quote => QuoteState::QuoteSeen,
                QuoteState::Quoted => QuoteState::Quoted,
                QuoteState::QuoteSeen if byte == quote => QuoteState::Quoted,
                QuoteState::FieldStart if byte == quote => {
                    opened = line;
                    QuoteState::Quoted
                }
                _ if byte == separator || byte == b'\n' => QuoteState::FieldStart,
                QuoteState::QuoteSeen if byte == b'\r' => QuoteState::QuoteSeen,
                QuoteState::QuoteSeen => return Err(IngestError::BrokenQuote { path: path.to_owned(), line: opened }),
                // A quote within an unquoted cell is a character like any other.
                QuoteState::FieldStart | QuoteState::Plain => QuoteState::Plain,
            };
        }
    }
    if state == QuoteState::Quoted {
        return Err(IngestError::OpenQuote { path: path.to_owned(), line: opened });
    }
    Ok(())
}
