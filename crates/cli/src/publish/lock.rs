//! The lock that keeps two runs of one pipeline apart. It is a file of its own, which is never written to.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::failed;
use crate::error::CliError;
use crate::paths::shown;

const NAME: &str = ".lock";

/// Takes the lock of a folder that a run has locked before.
pub(super) fn existing(folder: &Path) -> Result<Option<File>, CliError> {
    let path = folder.join(NAME);
    match path.symlink_metadata() {
        Ok(found) if found.is_file() => lock(folder, &path, &open(&path)).map(Some),
        Ok(_) => Err(in_the_way(&path)),
        Err(source) if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(failed("read", &path, &source)),
    }
}

/// Makes the lock of a folder and takes it.
pub(super) fn new(folder: &Path) -> Result<File, CliError> {
    let path = folder.join(NAME);
    let options = |options: &mut OpenOptions| options.write(true).create(true).truncate(false).open_kept(&path);
    lock(folder, &path, &|| options(&mut OpenOptions::new()))
}

/// Opens a lock for writing, which some network file systems want, or else for reading: it may be another user's.
fn open(path: &Path) -> impl Fn() -> io::Result<File> {
    move || match OpenOptions::new().write(true).open_kept(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => OpenOptions::new().read(true).open_kept(path),
        opened => opened,
    }
}

/// Opens a file without following a link, and without waiting for the other end of a pipe.
trait OpenKept {
    fn open_kept(&mut self, path: &Path) -> io::Result<File>;
}

impl OpenKept for OpenOptions {
    fn open_kept(&mut self, path: &Path) -> io::Result<File> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        self.custom_flags(i32::try_from(flags).unwrap_or_default()).open(path)
    }
}

fn lock(folder: &Path, path: &Path, open: &dyn Fn() -> io::Result<File>) -> Result<File, CliError> {
    let file = open().map_err(|source| match path.symlink_metadata() {
        Ok(found) if !found.is_file() => in_the_way(path),
        _ => failed("make", path, &source),
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another run of this pipeline is writing to {}", shown(folder));
            Err(CliError::could_not_run(message).hint("wait for it to end"))
        }
        Err(TryLockError::Error(source)) => Err(failed("lock", path, &source)),
    }
}

fn in_the_way(path: &Path) -> CliError {
    CliError::could_not_run(format!("{} is in the way: it is no plain file", shown(path)))
        .hint("move it away; tallybook makes a file of that name to keep two runs apart")
}
