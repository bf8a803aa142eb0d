//! What a killed run left: the old report goes back to its place, and what is half written goes away.

use std::fs;
use std::path::{Path, PathBuf};

use super::marker::{FIGURES, Holder, MARKER, holder, is_passing};
use super::place::{NEW, OLD, TRASH, sync};
use super::{Publisher, failed};
use crate::error::CliError;
use crate::paths::shown;

impl Publisher {
    /// Puts back each report that a killed run had moved aside, and removes what it left half written.
    pub(super) fn put_back(&mut self) -> Result<(), CliError> {
        let folder = self.home.folder.clone();
        let fail = |source| failed("read", &folder, &source);
        let mut left: Vec<(PathBuf, String)> = Vec::new();
        for entry in fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if [NEW, OLD, TRASH].iter().any(|kind| name.starts_with(kind)) && is_passing(&entry.path(), &self.home) {
                left.push((entry.path(), name));
            }
        }
        left.sort();
        // What was moved aside first: nothing is removed before the reports are back.
        for (path, name) in left.iter().filter(|(_, name)| name.starts_with(OLD)) {
            let Some((_, label)) = name[OLD.len()..].split_once('-') else { continue };
            let target = folder.join(label);
            match holder(&target, &self.home).map_err(|source| failed("read", &target, &source))? {
                Holder::Nobody => {
                    fs::rename(path, &target).map_err(|source| failed("put back", &target, &source))?;
                    sync(&folder)?;
                    self.notices
                        .push(format!("put back {}: a run was killed while it was being replaced", shown(&target)));
                }
                Holder::Ours(_) => self.discard(path),
                // It may be all that is left of a report.
                Holder::Rival(_) | Holder::Foreign(_) => {}
            }
        }
        left.iter().filter(|(_, name)| name.starts_with(NEW)).for_each(|(path, _)| self.discard(path));
        // It was said when it could not be removed.
        left.iter().filter(|(_, name)| name.starts_with(TRASH)).for_each(|(path, _)| _ = remove_report(path));
        Ok(())
    }

    /// Removes a folder that is no longer needed; where that fails, says so and goes on.
    pub(super) fn discard(&mut self, path: &Path) {
        let trash = self.free_name(TRASH, "");
        let path = if fs::rename(path, &trash).is_ok() { &trash } else { path };
        if let Err(error) = remove_report(path) {
            let what = shown(path);
            self.notices.push(format!("cannot remove {what}, which is no longer needed: {error}"));
        }
    }
}

/// Removes the folder of a report. What tells whose it is goes last, so that a kill leaves nothing without an owner.
fn remove_report(folder: &Path) -> std::io::Result<()> {
    let mut last = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == MARKER || name == FIGURES {
            last.push(entry.path());
        } else if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    // The marker's name is the lesser: the figures go before it.
    last.sort();
    last.into_iter().rev().try_for_each(fs::remove_file)?;
    fs::remove_dir(folder)
}
