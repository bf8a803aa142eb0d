//! Single files that a command writes: whole or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tallybook_ingest::folder_of;

use super::failed;
use crate::error::CliError;
use crate::paths::shown;

/// Writes a file that may be there already, and the folders that lead to it: the old one stays whole until the new one is.
///
/// A link is followed; what is no plain file, such as a pipe or a terminal, is written to as it is.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let write = || -> io::Result<()> {
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mode = match fs::metadata(&target) {
            Ok(found) if found.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => return OpenOptions::new().write(true).open(&target)?.write_all(bytes),
            Ok(found) => Some(found.permissions().mode()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let folder = folder_of(&target);
        fs::create_dir_all(&folder)?;
        let mut builder = tempfile::Builder::new();
        // A new file's mode is what the process's mask leaves of this one.
        let mut file = builder.permissions(Permissions::from_mode(mode.unwrap_or(0o666))).tempfile_in(&folder)?;
        if let Some(mode) = mode {
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
        }
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&target)?;
        Ok(())
    };
    write().map_err(|source| failed("write", path, &source))
}

/// Writes a file that must not be there yet, and the folders that lead to it.
pub(crate) fn create_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::create_dir_all(folder_of(path)).map_err(|source| failed("write", path, &source))?;
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(path).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => {
                CliError::could_not_run(format!("{} is there already", shown(path))).hint("give another name")
            }
            _ => failed("write", path, &source),
        })?;
    file.write_all(bytes).map_err(|source| {
        // It was not there before: half of it is of no use to anyone.
        let _ = fs::remove_file(path);
        failed("write", path, &source)
    })
}
