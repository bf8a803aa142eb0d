use std::fs;
use std::os::unix::fs::symlink;

use super::*;

/// A folder with files; a name that ends in a slash is a folder.
fn tree(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in names {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).expect("a folder");
        } else {
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, "x").expect("a file");
        }
    }
    folder
}

/// The files of a source, from the folder; or the error with its causes.
fn found(folder: &Path, path: &str, skip: &[&str]) -> Result<Vec<String>, String> {
    let config: SourceConfig =
        serde_json::from_value(serde_json::json!({ "path": path, "skip": skip })).expect("a source");
    let roots = Roots { base: folder.to_owned(), allowed: vec![PathBuf::from(".")] };
    let short = |text: String| text.replace(&format!("{}/", folder.display()), "");
    match locate(TableKind::Orders, &config, &roots) {
        Ok(files) => Ok(files.iter().map(|file| short(file.path.display().to_string())).collect()),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Err(short(format!("{error}{cause}; {}", error.hint().unwrap_or_default())))
        }
    }
}

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

#[test]
fn files_folders_and_patterns() {
    let folder = tree(&[
        "a.csv",
        "data/09/orders.csv",
        "data/10/orders.csv",
        "data/10/_SUCCESS",
        "data/10/.part.crc",
        "data/_tmp/orders.csv",
        "data/11/",
        "flat/1.csv",
        "flat/2.csv",
        "flat/~$2.csv",
        "odd [1].csv",
    ]);
    let both = ["data/09/orders.csv", "data/10/orders.csv"].map(str::to_owned);
    for path in
        ["data", "data/", "data/*", "data/*/orders.csv", "data/*/*.csv", "data/**", "data/**/*.csv", "**/orders.csv"]
    {
        assert_eq!(found(folder.path(), path, &[]), Ok(both.to_vec()), "{path}");
    }
    assert_eq!(found(folder.path(), "data/*/orders.csv", &["09"]), Ok(vec![both[1].clone()]));
    assert_eq!(found(folder.path(), "data", &["data/09/*"]), Ok(vec![both[1].clone()]));
    assert_eq!(found(folder.path(), "data/1[01]/orders.csv", &[]), Ok(vec![both[1].clone()]));
    assert_eq!(found(folder.path(), "flat", &[]), Ok(vec!["flat/1.csv".to_owned(), "flat/2.csv".to_owned()]));
    assert_eq!(found(folder.path(), "odd [1].csv", &[]), Ok(vec!["odd [1].csv".to_owned()]));
    assert_eq!(found(folder.path(), "data/_*/orders.csv", &[]), Ok(vec!["data/_tmp/orders.csv".to_owned()]));
    let none =
        "source `orders`: no file matches `b.csv`; paths are relative to the pipeline file; a folder is read whole";
    assert_eq!(found(folder.path(), "b.csv", &[]), Err(none.to_owned()));
}

#[test]
fn files_beside_folders_are_not_guessed() {
    let folder = tree(&["data/a.csv", "data/old/b.csv", "data/old/deep/c.csv"]);
    let error = found(folder.path(), "data", &[]).expect_err("both");
    assert_eq!(
        error,
        "source `orders`: data holds files, such as data/a.csv, beside folders, such as data/old; to read all files below it, write \
         `path: data/**`; to leave it out on purpose, write `skip: [\"data/old\"]` under `orders`"
    );
    assert!(found(folder.path(), "data/*", &[]).expect_err("both").contains("`path: data/**`"));
    assert_eq!(found(folder.path(), "data", &["data/old"]), Ok(vec!["data/a.csv".to_owned()]));
    let all = ["data/a.csv", "data/old/b.csv", "data/old/deep/c.csv"].map(str::to_owned);
    assert_eq!(found(folder.path(), "data/**", &[]), Ok(all.to_vec()));
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tree(&["data/a.csv", "loops/a.csv", "months/10/orders.csv", "sockets/a.csv"]);
    let at = |name: &str| folder.path().join(name);
    symlink("nowhere.csv", at("data/b.csv")).expect("a link");
    symlink("c.csv", at("loops/c.csv")).expect("a link");
    symlink("../nowhere", at("months/11")).expect("a link");
    let _socket = std::os::unix::net::UnixListener::bind(at("sockets/s.csv")).expect("a socket");
    let way_out = |name: &str| format!("to leave it out on purpose, write `skip: [\"{name}\"]` under `orders`");
    for (paths, error, name) in [
        (
            ["data", "data/*.csv", "data/b.csv", "data/**"],
            "source `orders`: data/b.csv cannot be read: it is a link to nowhere.csv, which is not there",
            "data/b.csv",
        ),
        (
            ["months", "months/*", "months/*/orders.csv", "months/**/*.csv"],
            "source `orders`: months/11 cannot be read: it is a link to ../nowhere, which is not there",
            "months/11",
        ),
        (
            ["sockets", "sockets/*", "sockets/s.csv", "**/s.csv"],
            "source `orders`: sockets/s.csv cannot be read: it is neither a file nor a folder",
            "sockets/s.csv",
        ),
    ] {
        for path in paths.iter().filter(|path| **path != "**/s.csv") {
            assert_eq!(found(folder.path(), path, &[]), Err(format!("{error}; {}", way_out(name))), "{path}");
        }
    }
    let looped = found(folder.path(), "loops", &[]).expect_err("a loop");
    assert!(looped.starts_with("source `orders`: loops/c.csv cannot be read: "), "{looped}");
    assert_eq!(found(folder.path(), "loops", &["c.*"]), Ok(vec!["loops/a.csv".to_owned()]));
    assert_eq!(found(folder.path(), "months", &["11"]), Ok(vec!["months/10/orders.csv".to_owned()]));
}

#[test]
fn a_link_back_to_its_own_folder_ends() {
    let folder = tree(&["data/a/b.csv"]);
    symlink("..", folder.path().join("data/a/up")).expect("a link");
    for path in ["data/**", "data/**/*.csv"] {
        let error = found(folder.path(), path, &[]).expect_err("a loop");
        assert!(error.contains("data/a/up cannot be read: it is a link to a folder that it lies in"), "{error}");
    }
}
