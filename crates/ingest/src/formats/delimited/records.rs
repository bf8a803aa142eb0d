//! Records of a file in any encoding, with any separator, one after the other.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use encoding_rs::{CoderResult, Decoder};

use super::{BLOCK, Dialect, Separator, open};
use crate::config::Encoding;
use crate::error::IngestError;

/// Opens a file as UTF-8 text, past its byte order mark and the lines to skip.
pub(super) fn open_text(path: &Path, dialect: &Dialect) -> Result<BufReader<Box<dyn Read>>, IngestError> {
    let fail = |source| IngestError::Io { path: path.to_owned(), source };
    let mut raw = open(path)?;
    let mut start = vec![0; 3];
    let mut filled = 0;
    while filled < start.len() {
        match raw.read(&mut start[filled..]).map_err(fail)? {
            0 => break,
            count => filled += count,
        }
    }
    start.truncate(filled);
    if start.is_empty() {
        return Err(IngestError::EmptyFile { path: path.to_owned() });
    }
    if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
        return Err(IngestError::Utf16 { path: path.to_owned() });
    }
    if start == [0xEF, 0xBB, 0xBF] {
        start.clear();
    }
    let raw = io::Cursor::new(start).chain(raw);
    let text: Box<dyn Read> = match dialect.encoding {
        Encoding::Utf8 => Box::new(raw),
        other => Box::new(Transcoder::new(raw, other)),
    };
    let mut text = BufReader::with_capacity(BLOCK, text);
    let mut line = Vec::new();
    for lines in 0..dialect.skip_lines {
        line.clear();
        if io::BufRead::read_until(&mut text, b'\n', &mut line).map_err(fail)? == 0 {
            let (table, path, skipped) = (dialect.table, path.to_owned(), dialect.skip_lines);
            return Err(IngestError::SkippedPastEnd { table, path, skipped, lines });
        }
    }
    Ok(text)
}

/// A record as it stands in the file.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// Reads any file record by record, in UTF-8.
pub(super) struct Records {
    path: PathBuf,
    encoding: Encoding,
    reader: RecordReader,
    raw: csv::ByteRecord,
    /// Lines skipped before the reader began.
    skipped: u64,
}

pub(super) enum RecordReader {
    Csv(csv::Reader<Box<dyn Read>>),
    Whitespace { reader: BufReader<Box<dyn Read>>, line: u64 },
}

impl Records {
    pub(super) fn open(path: &Path, dialect: &Dialect) -> Result<Self, IngestError> {
        let text = open_text(path, dialect)?;
        let reader = match dialect.separator_of(path) {
            Separator::Whitespace => RecordReader::Whitespace { reader: BufReader::new(Box::new(text)), line: 0 },
            Separator::Byte(separator) => {
                let mut builder = csv::ReaderBuilder::new();
                builder.has_headers(false).flexible(true).delimiter(separator);
                match dialect.quote {
                    Some(quote) => builder.quote(quote),
                    None => builder.quoting(false),
                };
                RecordReader::Csv(builder.from_reader(Box::new(text)))
            }
        };
        Ok(Self {
            path: path.to_owned(),
            encoding: dialect.encoding,
            reader,
            raw: csv::ByteRecord::new(),
            skipped: dialect.skip_lines as u64,
        })
    }

    pub(super) fn next_record(&mut self) -> Result<Option<Record>, IngestError> {
        let fail = |source| IngestError::Io { path: self.path.clone(), source };
        match &mut self.reader {
            RecordReader::Csv(reader) => {
                let more = reader.read_byte_record(&mut self.raw).map_err(|error| fail(io::Error::other(error)))?;
                if !more {
                    return Ok(None);
                }
                let line = self.raw.position().map_or(0, csv::Position::line) + self.skipped;
                let mut cells = Vec::with_capacity(self.raw.len());
                for cell in &self.raw {
                    match std::str::from_utf8(cell) {
                        Ok(text) => cells.push(text.to_owned()),
                        Err(error) => {
                            debug_assert_eq!(self.encoding, Encoding::Utf8, "other encodings are transcoded");
                            let byte = cell[error.valid_up_to()];
                            return Err(IngestError::NotUtf8 { path: self.path.clone(), line, byte });
                        }
                    }
                }
                Ok(Some(Record { line, cells }))
            }
            RecordReader::Whitespace { reader, line } => loop {
                let mut bytes = Vec::new();
                if io::BufRead::read_until(reader, b'\n', &mut bytes).map_err(fail)? == 0 {
                    return Ok(None);
                }
                *line += 1;
                let at = *line + self.skipped;
                let text = std::str::from_utf8(&bytes).map_err(|error| IngestError::NotUtf8 {
                    path: self.path.clone(),
                    line: at,
                    byte: bytes[error.valid_up_to()],
                })?;
                let cells: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                if !cells.is_empty() {
                    return Ok(Some(Record { line: at, cells }));
                }
            },
        }
    }
}

/// Turns bytes of another encoding into UTF-8 on the way.
pub(super) struct Transcoder<R> {
    inner: R,
    decoder: Option<Decoder>,
    input: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    done: bool,
}

impl<R: Read> Transcoder<R> {
    fn new(inner: R, encoding: Encoding) -> Self {
        let decoder = match encoding {
            // Latin-1 proper: each byte is the code point of the same number, which encoding_rs would read as windows-1252.
            Encoding::Iso8859_1 => None,
            Encoding::Windows1252 => Some(encoding_rs::WINDOWS_1252.new_decoder_without_bom_handling()),
            Encoding::Utf8 | Encoding::Utf8Lossy => Some(encoding_rs::UTF_8.new_decoder_without_bom_handling()),
        };
        Self { inner, decoder, input: vec![0; 1 << 16], output: Vec::new(), given: 0, done: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let read = self.inner.read(&mut self.input)?;
        self.done = read == 0;
        self.given = 0;
        let bytes = &self.input[..read];
        match &mut self.decoder {
            None => self.output = bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes(),
            Some(decoder) => {
                let room = decoder.max_utf8_buffer_length(read).unwrap_or(4 * read + 16);
                self.output.resize(room, 0);
                let (result, _, written, _) = decoder.decode_to_utf8(bytes, &mut self.output, self.done);
                debug_assert_eq!(result, CoderResult::InputEmpty);
                self.output.truncate(written);
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() {
            if self.done {
                return Ok(0);
            }
            self.refill()?;
        }
        let count = buffer.len().min(self.output.len() - self.given);
        buffer[..count].copy_from_slice(&self.output[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
