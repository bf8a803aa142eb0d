//! Finds the files of a source: nothing that its path, folder or pattern holds is passed over without a word.

use std::io;
use std::path::{Component, Path, PathBuf};

use glob::Pattern;

use crate::bounds::MAX_ANY_DEPTH;
use crate::config::{Format, SourceConfig};
use crate::error::IngestError;
use crate::schema::TableKind;

/// A file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
}

/// Where sources may be read from.
#[derive(Debug, Clone)]
pub struct Roots {
    /// The folder that relative paths start from: the pipeline file's.
    pub base: PathBuf,
    /// Folders that files must lie in.
    pub allowed: Vec<PathBuf>,
}

/// Folders within folders that are read below.
const MAX_DEPTH: usize = 64;
/// Names that begin so are passed over: hidden files, what Spark and others write beside data, locks of office programs.
const PASSED_OVER: [&str; 3] = [".", "_", "~$"];

/// Resolves the path of a source (a file, a pattern or a folder) to its files, in the order of their names.
pub(crate) fn locate(table: TableKind, config: &SourceConfig, roots: &Roots) -> Result<Vec<SourceFile>, IngestError> {
    let whole = roots.base.join(&config.path);
    let search = Search::new(table, config, roots)?;
    let mut paths = Vec::new();
    // A file may have a name that looks like a pattern.
    if whole.symlink_metadata().is_ok() || !config.path.contains(['*', '?', '[']) {
        match search.kind_of(&whole) {
            Ok(PathKind::File) => paths.push(whole.clone()),
            Ok(PathKind::Folder) => search.folder(&whole, 0, &mut paths)?,
            Err(IngestError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                search.refuse_dangling(&whole)?;
            }
            Err(error) => return Err(error),
        }
    } else {
        search.pattern(&mut paths)?;
    }
    paths.sort();
    paths.dedup();
    if paths.is_empty() {
        return Err(IngestError::NoFile { table, path: whole.display().to_string() });
    }
    let format_of = |path: &Path| config.format.or_else(|| format_by_name(path));
    paths
        .into_iter()
        .map(|path| {
            stay_inside(table, &path, roots)?;
            match format_of(&path) {
                Some(format) => Ok(SourceFile { path, format }),
                None => Err(IngestError::UnknownFormat { table, path }),
            }
        })
        .collect()
}

/// What a path leads to, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathKind {
    File,
    Folder,
}

/// A search for the files of one source.
struct Search<'a> {
    table: TableKind,
    config: &'a SourceConfig,
    base: &'a Path,
    skip: Vec<Pattern>,
}

impl<'a> Search<'a> {
    fn new(table: TableKind, config: &'a SourceConfig, roots: &'a Roots) -> Result<Self, IngestError> {
        let skip = config.skip.iter().map(|text| compile(table, text)).collect::<Result<_, _>>()?;
        Ok(Self { table, config, base: &roots.base, skip })
    }

    /// Tells what a path leads to; what is neither a file nor a folder cannot be read.
    fn kind_of(&self, path: &Path) -> Result<PathKind, IngestError> {
        let found = path.metadata().map_err(|source| self.unreadable(path, source))?;
        if found.is_file() {
            Ok(PathKind::File)
        } else if found.is_dir() {
            Ok(PathKind::Folder)
        } else {
            Err(self.unreadable(path, io::Error::other("it is neither a file nor a folder")))
        }
    }

    fn unreadable(&self, path: &Path, source: io::Error) -> IngestError {
        IngestError::Unreadable { table: self.table, path: path.to_owned(), skip: self.seen_from_base(path), source }
    }

    /// Writes a path as seen from the pipeline file, as `path` and `skip` are.
    fn seen_from_base(&self, path: &Path) -> String {
        path.strip_prefix(self.base).unwrap_or(path).display().to_string()
    }

    /// Refuses a link to what is not there; a path that is not there itself is told otherwise.
    fn refuse_dangling(&self, path: &Path) -> Result<(), IngestError> {
        match path.read_link() {
            Ok(target) => {
                let problem = format!("it is a link to {}, which is not there", target.display());
                Err(self.unreadable(path, io::Error::new(io::ErrorKind::NotFound, problem)))
            }
            Err(_) => Ok(()),
        }
    }

    /// Lists what a folder holds, by name, without what is passed over.
    fn entries(&self, folder: &Path) -> Result<Vec<(String, PathBuf)>, IngestError> {
        let fail = |source| self.unreadable(folder, source);
        let mut entries = Vec::new();
        for entry in folder.read_dir().map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !self.is_skipped(&name, &entry.path()) {
                entries.push((name, entry.path()));
            }
        }
        entries.sort();
        Ok(entries)
    }

    /// Tells whether the pipeline leaves a file or folder out: by its name, or by its path from the pipeline file.
    fn is_skipped(&self, name: &str, path: &Path) -> bool {
        let from_base = path.strip_prefix(self.base).unwrap_or(path);
        self.skip.iter().any(|skip| skip.matches(name) || skip.matches_path(from_base))
    }

    /// Collects the files of a folder; one that holds only folders is read below.
    fn folder(&self, folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), IngestError> {
        let mut entries = self.entries(folder)?;
        entries.retain(|(name, _)| !PASSED_OVER.iter().any(|start| name.starts_with(start)));
        self.collect(folder, entries.into_iter().map(|(_, path)| path).collect(), depth, files)
    }

    /// Takes files as they are and folders with what they hold, where there is only one of the two.
    fn collect(
        &self,
        place: &Path,
        found: Vec<PathBuf>,
        depth: usize,
        files: &mut Vec<PathBuf>,
    ) -> Result<(), IngestError> {
        let mut folders = Vec::new();
        let before = files.len();
        for path in found {
            match self.kind(&path)? {
                PathKind::File => files.push(path),
                PathKind::Folder => folders.push(path),
            }
        }
        if let (Some(folder), Some(file)) = (folders.first(), files.get(before)) {
            return Err(IngestError::FilesBesideFolders {
                table: self.table,
                place: place.to_owned(),
                file: self.seen_from_base(file),
                folder: self.seen_from_base(folder),
                all: self.all_below(),
            });
        }
        folders.iter().try_for_each(|folder| self.below(folder, depth, |path| self.folder(path, depth + 1, files)))
    }

    /// The pattern that stands for all files at any depth.
    fn all_below(&self) -> String {
        let path = self.config.path.trim_end_matches('/');
        let folder = match path.rsplit_once('/') {
            Some((folder, last)) if last.contains(['*', '?', '[']) => folder,
            _ => path,
        };
        format!("{folder}/**")
    }

    /// The kind of something that was found in a folder: here a link to nothing is an error.
    fn kind(&self, path: &Path) -> Result<PathKind, IngestError> {
        self.kind_of(path).or_else(|error| {
            self.refuse_dangling(path)?;
            Err(error)
        })
    }

    /// Goes down into a folder, but not for ever: a link may lead back to a folder that it lies in.
    fn below(
        &self,
        folder: &Path,
        depth: usize,
        mut go: impl FnMut(&Path) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        let resolve = |path: &Path| path.canonicalize().map_err(|source| self.unreadable(path, source));
        if folder.is_symlink()
            && folder.parent().is_some_and(|parent| {
                resolve(parent).is_ok_and(|parent| resolve(folder).is_ok_and(|target| parent.starts_with(target)))
            })
        {
            return Err(self.unreadable(folder, io::Error::other("it is a link to a folder that it lies in")));
        }
        if depth >= MAX_DEPTH {
            let problem = format!("folders are nested more than {MAX_DEPTH} deep");
            return Err(self.unreadable(folder, io::Error::other(problem)));
        }
        go(folder)
    }

    /// Collects what a pattern matches.
    fn pattern(&self, files: &mut Vec<PathBuf>) -> Result<(), IngestError> {
        let written = Path::new(&self.config.path);
        let (mut start, mut parts) = (self.base.to_owned(), Vec::new());
        for component in written.components() {
            match component {
                Component::Normal(name) => parts.push(Part::new(self.table, &name.to_string_lossy())?),
                other if parts.is_empty() => start.push(other),
                _ => parts.push(Part::Name("..".into())),
            }
        }
        // Several in a row are no more than one.
        parts.dedup_by(|next, part| *next == Part::AnyDepth && *part == Part::AnyDepth);
        let count = parts.iter().filter(|part| **part == Part::AnyDepth).count();
        if count > MAX_ANY_DEPTH {
            return Err(IngestError::DeepPattern { table: self.table, count });
        }
        let place = self.base.join(written);
        // With a `**` in it, a pattern is meant for files at any depth.
        if parts.contains(&Part::AnyDepth) {
            return self.matches(&start, &parts, 0, &mut |path, kind| {
                if kind == PathKind::File {
                    files.push(path.to_owned());
                }
            });
        }
        let mut found = Vec::new();
        self.matches(&start, &parts, 0, &mut |path, _| found.push(path.to_owned()))?;
        self.collect(&place, found, 0, files)
    }

    /// Walks what the parts of a pattern match below a folder.
    fn matches(
        &self,
        folder: &Path,
        parts: &[Part],
        depth: usize,
        found: &mut dyn FnMut(&Path, PathKind),
    ) -> Result<(), IngestError> {
        let Some((part, rest)) = parts.split_first() else { return Ok(()) };
        let next = |path: &Path, found: &mut dyn FnMut(&Path, PathKind)| match (self.kind(path)?, rest.is_empty()) {
            (kind, true) => {
                found(path, kind);
                Ok(())
            }
            (PathKind::Folder, false) => self.below(path, depth, |path| self.matches(path, rest, depth + 1, found)),
            // Nothing can lie below a file.
            (PathKind::File, false) => Ok(()),
        };
        match part {
            Part::Name(name) => {
                let path = folder.join(name);
                match path.symlink_metadata() {
                    Ok(_) if self.is_skipped(name, &path) => Ok(()),
                    Ok(_) => next(&path, found),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    // Not the file, but the folder that it would be in.
                    Err(source) => Err(self.unreadable(folder, source)),
                }
            }
            Part::Pattern(pattern) => {
                let passed = |name: &str| {
                    PASSED_OVER.iter().any(|start| name.starts_with(start) && !pattern.as_str().starts_with(start))
                };
                let entries = self.entries(folder)?;
                let mut matching = entries.iter().filter(|(name, _)| pattern.matches(name) && !passed(name));
                matching.try_for_each(|(_, path)| next(path, found))
            }
            Part::AnyDepth => {
                // `**` is no folder at all, or one and then `**` again; at the end it is every file.
                if !rest.is_empty() {
                    self.matches(folder, rest, depth, found)?;
                }
                for (name, path) in self.entries(folder)? {
                    if PASSED_OVER.iter().any(|start| name.starts_with(start)) {
                        continue;
                    }
                    match self.kind(&path)? {
                        PathKind::Folder => {
                            self.below(&path, depth, |path| self.matches(path, parts, depth + 1, found))?;
                        }
                        PathKind::File if rest.is_empty() => found(&path, PathKind::File),
                        PathKind::File => {}
                    }
                }
                Ok(())
            }
        }
    }
}

/// A part of a pattern, between two slashes.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    Pattern(Pattern),
    AnyDepth,
}

impl Part {
    fn new(table: TableKind, text: &str) -> Result<Self, IngestError> {
        Ok(match text {
            "**" => Self::AnyDepth,
            text if text.contains(['*', '?', '[']) => Self::Pattern(compile(table, text)?),
            text => Self::Name(text.to_owned()),
        })
    }
}

fn compile(table: TableKind, text: &str) -> Result<Pattern, IngestError> {
    Pattern::new(text).map_err(|source| IngestError::Glob { table, path: text.to_owned(), source })
}

fn stay_inside(table: TableKind, path: &Path, roots: &Roots) -> Result<(), IngestError> {
    let resolve = |path: &Path| path.canonicalize().map_err(|source| IngestError::Io { path: path.to_owned(), source });
    let file = resolve(path)?;
    for root in &roots.allowed {
        if file.starts_with(resolve(&roots.base.join(root))?) {
            return Ok(());
        }
    }
    let root = roots.allowed.first().cloned().unwrap_or_default();
    Err(IngestError::OutsideRoot { table, path: path.to_owned(), root: roots.base.join(root) })
}

fn format_by_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    match Path::new(name).extension()?.to_str()? {
        "csv" | "tsv" | "txt" => Some(Format::Csv),
        "parquet" | "pq" => Some(Format::Parquet),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
