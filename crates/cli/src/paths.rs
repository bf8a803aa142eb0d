//! Paths as text: without detours, relative to a folder, and as a user would write them.

use std::path::{Component, Path, PathBuf};

/// Removes detours from a path: `pipelines/../reports` is `reports`.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// Makes a path absolute, without detours; links in it are not followed.
pub(crate) fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    std::path::absolute(path).map(|path| plain(&path))
}

/// Writes an absolute path as seen from an absolute folder, both without detours.
pub(crate) fn relative(path: &Path, folder: &Path) -> PathBuf {
    let shared = path.components().zip(folder.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

/// Gives the name of a path as a user would write it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_relative_to_a_folder() {
        for (path, folder, expected) in [
            ("/a/pipelines/p.yaml", "/a/reports/weekly", "../../pipelines/p.yaml"),
            ("/a/reports/weekly/p.yaml", "/a/reports/weekly", "p.yaml"),
            ("/p.yaml", "/mnt/reports", "../../p.yaml"),
        ] {
            let found = relative(Path::new(path), Path::new(folder));
            assert_eq!(found, Path::new(expected), "{path} from {folder}");
            assert_eq!(plain(&Path::new(folder).join(found)), Path::new(path));
        }
    }
}
