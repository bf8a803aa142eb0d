//! Delimited text: checked byte by byte before polars reads it.
//!
//! polars reads CSV fast, but fills short records with nulls, loses its place at a stray quote and cannot transcode. So each
//! file is first walked once: a clean one (UTF-8, every record as wide as the header) is handed to polars as it is, any other
//! is written anew as clean UTF-8 CSV to a temporary file without a name, its ragged records set aside and counted.

mod records;
mod walk;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use polars::prelude::ScanSources;

use records::Records;
use walk::{check_quotes, walk};

use crate::bounds::MAX_SKIP_LINES;
use crate::config::{CsvConfig, Encoding};
use crate::error::IngestError;
use crate::formats::clean_copy::CleanCopy;
use crate::formats::scan::polars_path;
use crate::schema::TableKind;

/// The options of a delimited source, checked.
#[derive(Debug, Clone)]
pub(crate) struct Dialect {
    table: TableKind,
    separator: Separator,
    /// Whether a file's name may say that it is separated by tabs.
    by_name: bool,
    quote: Option<u8>,
    encoding: Encoding,
    skip_lines: usize,
    header: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Byte(u8),
    Whitespace,
}

impl Dialect {
    pub(crate) fn new(table: TableKind, csv: &CsvConfig) -> Result<Self, IngestError> {
        let refuse = |option, problem: String| IngestError::CsvOption { table, option, problem };
        let separator = match csv.separator.as_deref().unwrap_or(",") {
            "tab" => Separator::Byte(b'\t'),
            "whitespace" => Separator::Whitespace,
            other => match other.as_bytes() {
                [b'\n' | b'\r' | b'"'] => return Err(refuse("separator", "cannot be a quote or a line break".into())),
                [byte] if byte.is_ascii() => Separator::Byte(*byte),
                _ => {
                    let problem = format!("is `{other}`: give one ASCII character, `tab` or `whitespace`");
                    return Err(refuse("separator", problem));
                }
            },
        };
        let quote = match csv.quote.as_str() {
            "none" => None,
            other => match other.as_bytes() {
                [byte] if byte.is_ascii_punctuation() => Some(*byte),
                _ => return Err(refuse("quote", format!("is `{other}`: give one character or `none`"))),
            },
        };
        if csv.skip_lines > MAX_SKIP_LINES {
            let problem = format!("is {}: {MAX_SKIP_LINES} lines is the most that are skipped", csv.skip_lines);
            return Err(refuse("skip_lines", problem));
        }
        let by_name = csv.separator.is_none();
        Ok(Self {
            table,
            separator,
            by_name,
            quote,
            encoding: csv.encoding,
            skip_lines: csv.skip_lines,
            header: csv.header.clone(),
        })
    }

    fn separator_of(&self, path: &Path) -> Separator {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if self.by_name && name.split('.').skip(1).any(|ending| ending == "tsv") {
            return Separator::Byte(b'\t');
        }
        self.separator
    }
}

/// A delimited file that polars can read.
#[derive(Debug)]
pub(crate) struct PreparedText {
    pub(crate) text: Text,
    pub(crate) separator: u8,
    pub(crate) quote: Option<u8>,
    /// Whether the first line to read is a header.
    pub(crate) has_header: bool,
    pub(crate) header: Vec<String>,
    /// Records that polars will deliver.
    pub(crate) records: u64,
    /// Records that were set aside.
    pub(crate) ragged: Vec<RaggedRecord>,
}

/// What polars reads: a file itself, or its clean copy.
#[derive(Debug)]
pub(crate) enum Text {
    File(PathBuf),
    Copy(CleanCopy),
}

impl Text {
    /// Gives it to polars' scanners.
    pub(crate) fn sources(&self) -> ScanSources {
        match self {
            Self::File(path) => ScanSources::Paths([polars_path(path)].into_iter().collect()),
            Self::Copy(copy) => copy.sources(),
        }
    }
}

/// A record with another number of cells than the header.
#[derive(Debug)]
pub(crate) struct RaggedRecord {
    /// Its number in the file, from 1.
    pub(crate) row: u64,
    pub(crate) line: u64,
    pub(crate) cells: Vec<String>,
}

/// Checks a file and makes it readable for polars.
pub(crate) fn prepare(path: &Path, dialect: &Dialect) -> Result<PreparedText, IngestError> {
    let header = read_header(path, dialect)?;
    if let (Separator::Byte(separator), Encoding::Utf8, 0, false) =
        (dialect.separator_of(path), dialect.encoding, dialect.skip_lines, is_compressed(path))
        && let Some(records) = walk(path, separator, dialect.quote, header.len())?
    {
        let has_header = dialect.header.is_none();
        return Ok(PreparedText {
            text: Text::File(path.to_owned()),
            separator,
            quote: dialect.quote,
            has_header,
            header,
            records: if has_header { records - 1 } else { records },
            ragged: Vec::new(),
        });
    }
    rewrite(path, dialect, header)
}

/// Reads the header alone.
pub(crate) fn read_header(path: &Path, dialect: &Dialect) -> Result<Vec<String>, IngestError> {
    let mut records = Records::open(path, dialect)?;
    let header = match &dialect.header {
        Some(given) => given.clone(),
        None => match records.next_record()? {
            Some(record) => record.cells,
            None => return Err(IngestError::EmptyFile { path: path.to_owned() }),
        },
    };
    match first_repeated(&header) {
        Some(column) => Err(IngestError::DuplicateHeader { path: path.to_owned(), column }),
        None => Ok(header),
    }
}

fn first_repeated(names: &[String]) -> Option<String> {
    let mut seen = BTreeSet::new();
    names.iter().find(|name| !seen.insert(name.as_str())).cloned()
}

/// Gives the line and the cells of the numbered records (from 1, ascending) of a file.
pub(crate) fn fetch(path: &Path, dialect: &Dialect, rows: &[u64]) -> Result<Vec<(u64, Vec<String>)>, IngestError> {
    let mut records = Records::open(path, dialect)?;
    if dialect.header.is_none() {
        records.next_record()?;
    }
    let mut found = Vec::with_capacity(rows.len());
    let mut row = 0;
    for &wanted in rows {
        while row < wanted {
            let Some(record) = records.next_record()? else { return Ok(found) };
            row += 1;
            if row == wanted {
                found.push((record.line, record.cells));
            }
        }
    }
    Ok(found)
}

fn rewrite(path: &Path, dialect: &Dialect, header: Vec<String>) -> Result<PreparedText, IngestError> {
    check_quotes(path, dialect)?;
    let copy = CleanCopy::of(path)?;
    let not_written = |error: csv::Error| copy.not_written(io::Error::other(error));
    let mut writer = csv::Writer::from_writer(copy.writer());
    writer.write_record(&header).map_err(not_written)?;
    let mut records = Records::open(path, dialect)?;
    if dialect.header.is_none() {
        records.next_record()?;
    }
    let (mut row, mut kept, mut ragged) = (0, 0, Vec::new());
    while let Some(record) = records.next_record()? {
        row += 1;
        if record.cells.len() == header.len() {
            kept += 1;
            writer.write_record(&record.cells).map_err(not_written)?;
        } else {
            ragged.push(RaggedRecord { row, line: record.line, cells: record.cells });
        }
    }
    writer.flush().map_err(|source| copy.not_written(source))?;
    drop(writer);
    Ok(PreparedText {
        text: Text::Copy(copy),
        separator: b',',
        quote: Some(b'"'),
        has_header: true,
        header,
        records: kept,
        ragged,
    })
}

/// Tells whether a file is compressed, by its name.
pub(crate) fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["gz", "zst", "zstd"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// Opens a file and undoes its compression.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, IngestError> {
    let fail = |source| IngestError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(fail)?;
    let ending = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    Ok(match ending.as_ref().and_then(|ending| ending.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(BLOCK, file))),
        Some("zst" | "zstd") => Box::new(zstd::Decoder::new(file).map_err(fail)?),
        _ => Box::new(file),
    })
}

const BLOCK: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::walk::Utf8Check;
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::with_suffix(".csv").expect("temporary file");
        file.write_all(bytes).expect("write");
        file
    }

    fn dialect(csv: &CsvConfig) -> Dialect {
        Dialect::new(TableKind::Orders, csv).expect("dialect")
    }

    #[allow(clippy::needless_pass_by_value, reason = "a test reads better without references")]
    fn prepared(bytes: &[u8], csv: CsvConfig) -> Result<PreparedText, String> {
        let file = file(bytes);
        let name = file.path().display().to_string();
        prepare(file.path(), &dialect(&csv)).map_err(|error| error.to_string().replace(&name, "x.csv"))
    }

    fn content(prepared: &PreparedText) -> String {
        match &prepared.text {
            Text::File(path) => std::fs::read_to_string(path).unwrap_or_default(),
            Text::Copy(copy) => copy.read(),
        }
    }

    #[test]
    fn a_clean_file_is_read_where_it_stands() {
        for bytes in
            [&b"a,b\n1,2\n3,4\n"[..], b"a,b\r\n1,2\r\n3,4", b"\xEF\xBB\xBFa,b\n\"x\ny\",\"say \"\"hi\"\"\"\n3,4\n"]
        {
            let file = file(bytes);
            let prepared = prepare(file.path(), &dialect(&CsvConfig::default())).expect("clean");
            assert!(matches!(&prepared.text, Text::File(path) if path == file.path()));
            assert_eq!((prepared.records, prepared.header.as_slice()), (2, &["a".to_owned(), "b".to_owned()][..]));
        }
    }

    #[test]
    fn ragged_records_are_set_aside_with_their_line() {
        let prepared = prepared(b"a,b\n1,2\n\n3\n\"x\ny\",4\n5,6,7\n", CsvConfig::default()).expect("rewritten");
        assert_eq!(content(&prepared), "a,b\n1,2\n\"x\ny\",4\n");
        assert_eq!(prepared.records, 2);
        let ragged: Vec<_> = prepared.ragged.iter().map(|r| (r.row, r.line, r.cells.join("|"))).collect();
        // A blank line is counted to the record after it.
        assert_eq!(ragged, [(2, 3, "3".to_owned()), (4, 7, "5|6|7".to_owned())]);
    }

    #[test]
    fn stray_quotes_do_not_swallow_records() {
        let prepared = prepared(b"a,b\n5\" disk,2\nx,4\n", CsvConfig::default()).expect("rewritten");
        assert_eq!(content(&prepared), "a,b\n\"5\"\" disk\",2\nx,4\n");
    }

    #[test]
    fn other_encodings() {
        let latin = b"name;price\r\ncaf\xE9 \xA3;1,5\r\n";
        let csv = |encoding| CsvConfig { encoding, separator: Some(";".into()), ..CsvConfig::default() };
        for encoding in [Encoding::Iso8859_1, Encoding::Windows1252] {
            let prepared = prepared(latin, csv(encoding)).expect("transcoded");
            assert_eq!(content(&prepared), "name,price\ncafé £,\"1,5\"\n");
        }
        assert_eq!(content(&prepared(b"a;b\n\x80;1\n", csv(Encoding::Windows1252)).expect("euro")), "a,b\n€,1\n");
        assert_eq!(
            content(&prepared(latin, csv(Encoding::Utf8Lossy)).expect("lossy")),
            "name,price\ncaf\u{fffd} \u{fffd},\"1,5\"\n"
        );
        let error = prepared(latin, csv(Encoding::Utf8)).expect_err("refused");
        assert_eq!(error, "x.csv, line 2: byte 0xE9 is not UTF-8");
    }

    #[test]
    fn a_character_across_two_blocks_is_one_character() {
        let mut check = Utf8Check::default();
        let text = "zwölf\n€".as_bytes();
        for byte in text {
            assert_eq!(check.feed(&[*byte]), Ok(()));
        }
        assert_eq!(check.finish(), Ok(()));
        assert_eq!(check.feed(&[0xE2, 0x82]), Ok(()));
        assert_eq!(check.finish(), Err((2, 0xE2)));
    }

    #[test]
    fn what_cannot_be_a_table() {
        assert_eq!(prepared(b"", CsvConfig::default()).expect_err("empty"), "x.csv is empty: not even a header line");
        assert_eq!(
            prepared(b"a,a\n1,2\n", CsvConfig::default()).expect_err("twice"),
            "x.csv: the column `a` occurs twice in the header"
        );
        assert_eq!(
            prepared(b"\xFF\xFEa\x00", CsvConfig::default()).expect_err("UTF-16"),
            "x.csv is written in UTF-16, which is not read"
        );
        assert_eq!(
            prepared(b"a,b\n1,2\n\"x,4\n5,6\n", CsvConfig::default()).expect_err("open"),
            "x.csv, line 3: a quote is opened and never closed"
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_never_swallows_records() {
        // Each of these goes through the copy, where the quote would reach to the end of the file or to the next one.
        let skipped = || CsvConfig { skip_lines: 1, ..CsvConfig::default() };
        for (text, expected) in [
            ("x\na,b\n1,\"y\n2,3\n4,5\n", "x.csv, line 3: a quote is opened and never closed"),
            (
                "x\na,b\n1,\"y\n2,3\n4,\"z\n",
                "x.csv, line 3: the quoted cell that begins here goes on after its closing quote",
            ),
            ("x\na,b\n1,\"y", "x.csv, line 3: a quote is opened and never closed"),
        ] {
            assert_eq!(prepared(text.as_bytes(), skipped()).expect_err("refused"), expected);
        }
        let text = b"a,b\n\n1,\"two\nlines\n\"\n";
        assert_eq!(content(&prepared(text, CsvConfig::default()).expect("sound")), "a,b\n1,\"two\nlines\n\"\n");
        let plain = b"a,b\n1,\"y\n2,3\n4,\"z\n5,6\n";
        assert!(prepared(plain, CsvConfig::default()).is_err());
    }

    #[test]
    fn columns_aligned_with_blanks() {
        let csv = CsvConfig {
            separator: Some("whitespace".into()),
            header: Some(vec!["id".into(), "v".into()]),
            skip_lines: 1,
            ..CsvConfig::default()
        };
        let prepared = prepared(b" ID   VALUE\r\n 1     2.5\r\n\r\n 22    3\r\n", csv).expect("aligned");
        assert_eq!(content(&prepared), "id,v\n1,2.5\n22,3\n");
    }

    #[test]
    fn compressed_files() {
        let text = b"a,b\n1,2\n";
        let folder = tempfile::tempdir().expect("folder");
        let zst = folder.path().join("x.csv.zst");
        std::fs::write(&zst, zstd::encode_all(&text[..], 1).expect("zstd")).expect("write");
        let gz = folder.path().join("x.csv.gz");
        let mut encoder =
            flate2::write::GzEncoder::new(File::create(&gz).expect("create"), flate2::Compression::fast());
        encoder.write_all(text).expect("write");
        encoder.finish().expect("gzip");
        for path in [zst, gz] {
            let prepared = prepare(&path, &dialect(&CsvConfig::default())).expect("read");
            assert_eq!(content(&prepared), "a,b\n1,2\n");
        }
    }

    #[test]
    fn numbered_records_are_found_again() {
        let file = file(b"a,b\n1,2\n\"x\ny\",4\n5\n");
        let rows = fetch(file.path(), &dialect(&CsvConfig::default()), &[2, 3]).expect("fetched");
        assert_eq!(rows, [(3, vec!["x\ny".to_owned(), "4".to_owned()]), (5, vec!["5".to_owned()])]);
    }
}
