//! Writes a report beside its place and puts it there, whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::marker::{MARKER, holder};
use super::{Edition, Publisher, failed};
use crate::error::CliError;
use crate::paths::shown;

pub(super) const NEW: &str = ".tallybook-new-";
pub(super) const OLD: &str = ".tallybook-old-";
pub(super) const TRASH: &str = ".tallybook-trash-";

/// Mode of a file with customers' rows.
const PRIVATE: u32 = 0o600;

impl Publisher {
    /// Publishes a report; gives the file to open, or the folder where there is none.
    pub(crate) fn publish(&mut self, edition: &Edition) -> Result<PathBuf, CliError> {
        let target = self.home.folder.join(&edition.name);
        let own = self.own_files(&target, holder(&target, &self.home))?;
        let new = self.new_folder(&edition.name)?;
        let prepared = self.write(edition, &new).and_then(|()| keep_others(&target, &own, &new)).and_then(|()| {
            sync(&new)?;
            self.put_in_place(&new, &target, &edition.name)
        });
        let old = match prepared {
            Ok(old) => old,
            Err(error) => {
                self.discard(&new);
                return Err(error);
            }
        };
        // It is published: whatever goes wrong from here on takes nothing from it.
        if let Err(error) = sync(&self.home.folder) {
            self.notices.push(error.render(false));
        }
        if let Some(old) = old {
            self.discard(&old);
        }
        Ok(edition.page.as_ref().map_or_else(|| target.clone(), |page| target.join(page)))
    }

    /// Makes the folder for a new report, under a name that nobody has.
    fn new_folder(&self, label: &str) -> Result<PathBuf, CliError> {
        loop {
            let new = self.free_name(NEW, label);
            match fs::create_dir(&new) {
                Ok(()) => return Ok(new),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(source) => return Err(failed("make", &new, &source)),
            }
        }
    }

    /// Finds a name that nothing has.
    pub(super) fn free_name(&self, kind: &str, label: &str) -> PathBuf {
        let dash = if label.is_empty() { "" } else { "-" };
        let mut number = 1_u64;
        loop {
            let path = self.home.folder.join(format!("{kind}{number}{dash}{label}"));
            if path.symlink_metadata().is_err() {
                return path;
            }
            number += 1;
        }
    }

    /// Writes the files of a report, the marker first, and brings them to the disk.
    fn write(&self, edition: &Edition, new: &Path) -> Result<(), CliError> {
        let names = edition.files.iter().map(|file| file.name.clone()).collect();
        let marker = self.home.marker_text(names).map_err(|source| failed("write", new, &source))?;
        let files = edition.files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice(), file.private));
        for (name, bytes, private) in [(MARKER, marker.as_slice(), false)].into_iter().chain(files) {
            let path = new.join(name);
            let write = || -> io::Result<()> {
                let mode = if private { PRIVATE } else { 0o666 };
                let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path)?;
                file.write_all(bytes)?;
                file.sync_all()
            };
            write().map_err(|source| failed("write", &path, &source))?;
        }
        Ok(())
    }

    /// Puts a new report in place; gives where the old one is now.
    fn put_in_place(&self, new: &Path, target: &Path, label: &str) -> Result<Option<PathBuf>, CliError> {
        let fail = |source: io::Error| failed("replace", target, &source);
        if target.symlink_metadata().is_err() {
            fs::rename(new, target).map_err(fail)?;
            return Ok(None);
        }
        match renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(Some(new.to_owned())),
            // File systems that cannot exchange two folders: for a moment neither is in place, but the next run would put the old one back.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                let old = self.free_name(OLD, label);
                fs::rename(target, &old).map_err(fail)?;
                if let Err(source) = fs::rename(new, target) {
                    // If this fails too, the next run tries again.
                    let _ = fs::rename(&old, target);
                    return Err(fail(source));
                }
                Ok(Some(old))
            }
            Err(errno) => Err(fail(errno.into())),
        }
    }
}

/// Keeps what others have put into the folder of a report: it stands in the new one too, as a second link to the same file or, where
/// the file system has none, as a copy.
fn keep_others(target: &Path, own: &[String], new: &Path) -> Result<(), CliError> {
    for name in others(target, own).map_err(|source| failed("read", target, &source))? {
        let (from, to) = (target.join(&name), new.join(&name));
        if to.symlink_metadata().is_ok() {
            let message = format!("{} is in the way: tallybook did not write it", shown(&from));
            return Err(CliError::could_not_run(message).hint("move it away, or give it another name"));
        }
        keep(&from, &to).map_err(|source| failed("keep", &from, &source))?;
    }
    Ok(())
}

/// Names what others have put into the folder of a report.
pub(super) fn others(folder: &Path, own: &[String]) -> io::Result<Vec<OsString>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        // A network file system gives names that begin with `.nfs` to files that were removed while they were open.
        if text != MARKER && !own.iter().any(|file| *file == text) && !text.starts_with(".nfs") {
            names.push(name);
        }
    }
    Ok(names)
}

fn keep(from: &Path, to: &Path) -> io::Result<()> {
    let kind = from.symlink_metadata()?.file_type();
    if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            keep(&from.join(&name), &to.join(&name))?;
        }
        fs::set_permissions(to, from.metadata()?.permissions())?;
        return sync_folder(to);
    }
    match fs::hard_link(from, to) {
        Err(_) if kind.is_file() => fs::copy(from, to).and_then(|_| File::open(to)?.sync_all()),
        Err(_) if kind.is_symlink() => std::os::unix::fs::symlink(fs::read_link(from)?, to),
        linked => linked,
    }
}

/// Brings a folder's entries to the disk.
pub(super) fn sync(folder: &Path) -> Result<(), CliError> {
    sync_folder(folder).map_err(|source| failed("write", folder, &source))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
