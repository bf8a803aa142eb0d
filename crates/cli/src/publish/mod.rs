//! Publishing: all files of a report appear together, or none, and nothing that Tallybook did not write is touched.
//!
//! A report is written to a folder of its own beside the final one, brought to the disk, and then put in place ([`place`]). A run that
//! is killed leaves the old report or the new one in place, or the old one beside it; the next run puts it back before it does anything
//! else ([`leftovers`]). Each folder carries a marker that says which pipeline it belongs to ([`marker`]); one without is never
//! replaced, moved or removed. A lock keeps two runs of one pipeline apart.
//!
//! In a pipeline's folder of reports, these names belong to Tallybook:
//!
//! | Name | Holds |
//! |---|---|
//! | `LABEL`, such as `2026-W46` | the report of a period |
//! | `held` | the rows that held a report back |
//! | `.lock` | nothing; it is locked while a run goes on |
//! | `.tallybook.json` | which pipeline the folder belongs to; in a report also which files are Tallybook's |
//! | `.tallybook-new-N-LABEL` | a report that is being written, or the old one after an exchange |
//! | `.tallybook-old-N-LABEL` | the old report while the new one is put in place, where folders cannot be exchanged |
//! | `.tallybook-trash-N` | what could not be removed, or is being removed |

mod file;
mod leftovers;
mod lock;
mod marker;
mod place;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::CliError;
use crate::paths::shown;

pub(crate) use file::{create_file, replace_file};
use marker::Holder;
pub(crate) use marker::Home;

/// Name of the folder for what a run that is held back leaves to look at.
pub(crate) const HELD: &str = "held";

/// The files of one report.
#[derive(Debug)]
pub(crate) struct Edition {
    name: String,
    /// The file that a person opens.
    page: Option<String>,
    files: Vec<EditionFile>,
}

/// A file of a report.
#[derive(Debug)]
struct EditionFile {
    name: String,
    bytes: Vec<u8>,
    /// Whether it holds customers' rows, which only the owner may read.
    private: bool,
}

impl Edition {
    /// Begins the report of a period.
    pub(crate) fn new(label: &str) -> Self {
        Self { name: folder_name(label), page: None, files: Vec::new() }
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push(EditionFile { name: name.to_owned(), bytes, private: false });
    }

    /// Adds a file of customers' rows, which only its owner may read.
    pub(crate) fn add_private(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push(EditionFile { name: name.to_owned(), bytes, private: true });
    }

    /// Adds a file that a person may open; the first one is named when the run is done.
    pub(crate) fn add_page(&mut self, name: &str, bytes: Vec<u8>) {
        self.page.get_or_insert_with(|| name.to_owned());
        self.add(name, bytes);
    }
}

/// Names the folder of a period's report.
fn folder_name(label: &str) -> String {
    label.replace(['/', '\\'], "-")
}

/// The folder of a pipeline's reports, locked once a run has claimed it.
#[derive(Debug)]
pub(crate) struct Publisher {
    home: Home,
    /// Held for its lock; none before there is a folder to lock.
    lock: Option<File>,
    /// What a user should know although the run goes on.
    notices: Vec<String>,
}

impl Publisher {
    /// Opens the folder and puts back what a killed run had moved; makes and refuses nothing.
    pub(crate) fn open(home: Home) -> Result<Self, CliError> {
        let mut publisher = Self { home, lock: None, notices: Vec::new() };
        // Without a lock no run has been here.
        if let Some(lock) = lock::existing(&publisher.home.folder)? {
            publisher.lock = Some(lock);
            publisher.put_back()?;
        }
        Ok(publisher)
    }

    /// Claims the folder for the reports of some periods: refuses where anything in their places is not the pipeline's own.
    pub(crate) fn claim(&mut self, labels: &[&str]) -> Result<(), CliError> {
        self.refuse_foreign(labels)?;
        if self.lock.is_none() {
            let folder = &self.home.folder;
            fs::create_dir_all(folder).map_err(|source| failed("make", folder, &source))?;
            self.lock = Some(lock::new(folder)?);
            self.put_back()?;
            // Another run may have been here meanwhile.
            self.refuse_foreign(labels)?;
        }
        marker::claim_folder(&self.home).map_err(|source| failed("write", &self.home.folder, &source))
    }

    fn refuse_foreign(&self, labels: &[&str]) -> Result<(), CliError> {
        let folder = &self.home.folder;
        self.own_files(folder, marker::holder_of_all(&self.home))?;
        for label in labels.iter().chain(&[HELD]) {
            let target = folder.join(folder_name(label));
            self.own_files(&target, marker::holder(&target, &self.home))?;
        }
        Ok(())
    }

    /// Gives the files in a folder that Tallybook wrote; refuses a folder that is not the pipeline's.
    fn own_files(&self, path: &Path, holder: std::io::Result<Holder>) -> Result<Vec<String>, CliError> {
        match holder.map_err(|source| failed("read", path, &source))? {
            Holder::Nobody => Ok(Vec::new()),
            Holder::Ours(files) => Ok(files),
            Holder::Rival(other) => {
                let name = &self.home.name;
                let message = format!("{} belongs to another pipeline named `{name}`: {}", shown(path), shown(&other));
                Err(CliError::could_not_run(message).hint(
                    "give one of the two another `name` or `report.output`, or remove the pipeline that is no longer used",
                ))
            }
            Holder::Foreign(what) => {
                let message = format!("{} is in the way: {what}", shown(path));
                let hint = "move it away, or write the reports elsewhere with `report.output` or `--out`";
                Err(CliError::could_not_run(message).hint(hint).hint("it was not touched, and nothing was read"))
            }
        }
    }

    /// Gives what a user should know so far, once.
    pub(crate) fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// Removes a report, such as the rows of a run that was held back once a later one is published. What others put there stays.
    pub(crate) fn remove(&mut self, name: &str) -> Result<(), CliError> {
        let target = self.home.folder.join(name);
        let fail = |source| failed("read", &target, &source);
        let Holder::Ours(own) = marker::holder(&target, &self.home).map_err(fail)? else { return Ok(()) };
        if place::others(&target, &own).map_err(fail)?.is_empty() {
            self.discard(&target);
            return Ok(());
        }
        let names = own.iter().filter(|name| !name.contains('/'));
        for path in names.map(|name| target.join(name)).filter(|path| path.is_file()) {
            if let Err(error) = fs::remove_file(&path) {
                self.notices.push(format!("cannot remove {}, which is no longer needed: {error}", shown(&path)));
            }
        }
        Ok(())
    }

    /// Reads a file of every report that has it, by the name of the report.
    pub(crate) fn read_all(&self, name: &str) -> Result<Vec<Vec<u8>>, CliError> {
        let mut paths: Vec<PathBuf> = Vec::new();
        let fail = |source| failed("read", &self.home.folder, &source);
        for entry in fs::read_dir(&self.home.folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                paths.push(entry.path().join(name));
            }
        }
        paths.sort();
        let there = paths.iter().filter(|path| path.is_file());
        there.map(|path| fs::read(path).map_err(|source| failed("read", path, &source))).collect()
    }
}

fn failed(verb: &str, path: &Path, source: &std::io::Error) -> CliError {
    CliError::could_not_run(format!("cannot {verb} {}", shown(path))).because(source)
}

#[cfg(test)]
mod tests;
