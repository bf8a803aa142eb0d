//! Publishing: all files of a report appear together, or none.
//!
//! A report is written to a folder of its own beside the final one, brought to the disk, and then put in place by one system call.
//! A run that is killed leaves the old report or the new one, and perhaps a folder whose name begins with `.new-`, which the next run
//! clears away. A lock keeps two runs of one pipeline apart.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::error::CliError;
use crate::plan::shown;

const NEW: &str = ".new-";

/// The files of one report.
#[derive(Debug)]
pub(crate) struct Edition {
    name: String,
    /// The file that a person opens.
    page: Option<String>,
    files: Vec<(String, Vec<u8>)>,
}

impl Edition {
    /// Begins the report of a period.
    pub(crate) fn new(label: &str) -> Self {
        Self { name: label.replace(['/', '\\'], "-"), page: None, files: Vec::new() }
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push((name.to_owned(), bytes));
    }

    /// Adds a file that a person may open; the first one is named when the run is done.
    pub(crate) fn add_page(&mut self, name: &str, bytes: Vec<u8>) {
        self.page.get_or_insert_with(|| name.to_owned());
        self.add(name, bytes);
    }
}

/// The folder of a pipeline's reports, locked.
#[derive(Debug)]
pub(crate) struct Publisher {
    folder: PathBuf,
    /// Held for its lock.
    _lock: File,
}

impl Publisher {
    /// Makes the folder and locks it.
    pub(crate) fn lock(folder: &Path) -> Result<Self, CliError> {
        let fail = |source| failed("make", folder, &source);
        fs::create_dir_all(folder).map_err(fail)?;
        let path = folder.join(".lock");
        let lock = File::create(&path).map_err(|source| failed("make", &path, &source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let message = format!("another run of this pipeline is writing to {}", shown(folder));
                return Err(CliError::could_not_run(message).hint("wait for it to end"));
            }
            Err(fs::TryLockError::Error(source)) => return Err(failed("lock", &path, &source)),
        }
        let publisher = Self { folder: folder.to_owned(), _lock: lock };
        publisher.clear_leftovers()?;
        Ok(publisher)
    }

    /// Removes what killed runs left behind.
    fn clear_leftovers(&self) -> Result<(), CliError> {
        let fail = |source| failed("read", &self.folder, &source);
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(NEW)) {
                fs::remove_dir_all(&path).map_err(|source| failed("remove", &path, &source))?;
            }
        }
        Ok(())
    }

    /// Removes a report, such as the rows of a run that was held back once a later one is published.
    pub(crate) fn remove(&self, name: &str) -> Result<(), CliError> {
        let target = self.folder.join(name);
        match fs::remove_dir_all(&target) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", &target, &source)),
            _ => Ok(()),
        }
    }

    /// Reads a file of every report that has it, by the name of the report.
    pub(crate) fn read_all(&self, name: &str) -> Result<Vec<Vec<u8>>, CliError> {
        let fail = |source| failed("read", &self.folder, &source);
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            paths.push(entry.map_err(fail)?.path().join(name));
        }
        paths.sort();
        let there = paths.iter().filter(|path| path.is_file());
        there.map(|path| fs::read(path).map_err(|source| failed("read", path, &source))).collect()
    }

    /// Publishes a report; gives the file to open, or the folder where there is none.
    pub(crate) fn publish(&self, edition: &Edition) -> Result<PathBuf, CliError> {
        let target = self.folder.join(&edition.name);
        let new = self.folder.join(format!("{NEW}{}", edition.name));
        fs::create_dir_all(&new).map_err(|source| failed("make", &new, &source))?;
        for (name, bytes) in &edition.files {
            let path = new.join(name);
            let write = || -> std::io::Result<()> {
                let mut file = File::create(&path)?;
                file.write_all(bytes)?;
                file.sync_all()
            };
            write().map_err(|source| failed("write", &path, &source))?;
        }
        sync(&new)?;
        self.put_in_place(&new, &target)?;
        sync(&self.folder)?;
        Ok(edition.page.as_ref().map_or_else(|| target.clone(), |page| target.join(page)))
    }

    fn put_in_place(&self, new: &Path, target: &Path) -> Result<(), CliError> {
        if !target.exists() {
            return fs::rename(new, target).map_err(|source| failed("write", target, &source));
        }
        match renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE) {
            Ok(()) => fs::remove_dir_all(new).map_err(|source| failed("remove", new, &source)),
            // File systems that cannot exchange two folders: for a moment, neither is in place, but nothing is lost.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                let old = self.folder.join(format!("{NEW}old"));
                fs::rename(target, &old)
                    .and_then(|()| fs::rename(new, target))
                    .and_then(|()| fs::remove_dir_all(&old))
                    .map_err(|source| failed("replace", target, &source))
            }
            Err(errno) => Err(failed("replace", target, &errno.into())),
        }
    }
}

fn sync(folder: &Path) -> Result<(), CliError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| failed("write", folder, &source))
}

fn failed(verb: &str, path: &Path, source: &std::io::Error) -> CliError {
    CliError::could_not_run(format!("cannot {verb} {}", shown(path))).because(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(text: &str) -> Edition {
        let mut edition = Edition::new("2026-W46");
        edition.add_page("report.html", text.as_bytes().to_vec());
        edition
    }

    #[test]
    fn a_new_report_replaces_the_old_one_whole() {
        let folder = tempfile::tempdir().expect("folder");
        let publisher = Publisher::lock(folder.path()).expect("lock");
        let mut first = edition("first");
        first.add("only-in-first.csv", Vec::new());
        let page = publisher.publish(&first).expect("publish");
        publisher.publish(&edition("second")).expect("publish");
        assert_eq!(fs::read_to_string(&page).expect("page"), "second");
        assert!(!folder.path().join("2026-W46/only-in-first.csv").exists());
        let names: Vec<String> = fs::read_dir(folder.path())
            .expect("folder")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with(NEW))
            .collect();
        assert_eq!(names, Vec::<String>::new());
    }

    #[test]
    fn a_killed_run_is_cleared_away() {
        let folder = tempfile::tempdir().expect("folder");
        let left = folder.path().join(".new-2026-W46");
        fs::create_dir_all(&left).expect("make");
        fs::write(left.join("half.html"), "<ht").expect("write");
        let publisher = Publisher::lock(folder.path()).expect("lock");
        assert!(!left.exists());
        publisher.publish(&edition("whole")).expect("publish");
    }

    #[test]
    fn two_runs_do_not_meet() {
        let folder = tempfile::tempdir().expect("folder");
        let _first = Publisher::lock(folder.path()).expect("lock");
        let second = Publisher::lock(folder.path()).expect_err("locked");
        assert!(second.render(false).contains("another run of this pipeline"), "{}", second.render(false));
    }
}
