//! Finds the files of a source.

use std::path::{Path, PathBuf};

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

/// Resolves the path of a source (a file, a glob or a folder) to its files, in the order of their names.
pub(crate) fn locate(table: TableKind, config: &SourceConfig, roots: &Roots) -> Result<Vec<SourceFile>, IngestError> {
    let pattern = roots.base.join(&config.path);
    let mut paths = if pattern.is_file() {
        vec![pattern.clone()]
    } else if pattern.is_dir() {
        files_in(&pattern)?
    } else {
        let text = pattern.to_string_lossy().into_owned();
        let found = glob::glob(&text).map_err(|source| IngestError::Glob { table, path: text, source })?;
        found.filter_map(Result::ok).filter(|path| path.is_file()).collect()
    };
    paths.sort();
    if paths.is_empty() {
        return Err(IngestError::NoFile { table, path: pattern.display().to_string() });
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

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let fail = |source| IngestError::Io { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if path.is_file() && !hidden {
            files.push(path);
        }
    }
    Ok(files)
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
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_name() {
        for (name, format) in [
            ("a.csv", Some(Format::Csv)),
            ("a.CSV.gz", Some(Format::Csv)),
            ("part-0.parquet", Some(Format::Parquet)),
            ("a.jsonl.zst", Some(Format::Ndjson)),
            ("a.xlsx", None),
            ("a", None),
        ] {
            assert_eq!(format_by_name(Path::new(name)), format, "{name}");
        }
    }
}
