//! A clean copy of a file that polars cannot read as it is.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::ScanSources;

use crate::error::IngestError;

/// A file without a name in the system's folder for temporary files: it is gone with the process, however that ends, and no other user
/// can read it.
#[derive(Debug)]
pub(crate) struct CleanCopy {
    original: PathBuf,
    file: Arc<[File]>,
}

impl CleanCopy {
    /// Begins the copy of a file.
    pub(crate) fn of(path: &Path) -> Result<Self, IngestError> {
        let file = tempfile::tempfile().map_err(|source| not_written(path, source))?;
        Ok(Self { original: path.to_owned(), file: Arc::new([file]) })
    }

    /// Gives what writes to it.
    pub(crate) fn writer(&self) -> BufWriter<&File> {
        BufWriter::with_capacity(1 << 16, &self.file[0])
    }

    /// Reads it back.
    #[cfg(test)]
    pub(crate) fn read(&self) -> String {
        use std::io::{Read, Seek};

        let mut text = String::new();
        let mut file = &self.file[0];
        file.rewind().and_then(|()| file.read_to_string(&mut text)).expect("a copy");
        text
    }

    /// Tells that it could not be written: the temporary folder is full or missing, and the file that is read is not to blame.
    pub(crate) fn not_written(&self, source: io::Error) -> IngestError {
        not_written(&self.original, source)
    }

    /// Gives it to polars' scanners.
    pub(crate) fn sources(&self) -> ScanSources {
        ScanSources::Files(Arc::clone(&self.file))
    }
}

fn not_written(path: &Path, source: io::Error) -> IngestError {
    IngestError::TemporaryFolder { path: path.to_owned(), folder: std::env::temp_dir(), source }
}
