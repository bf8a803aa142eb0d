use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

const PIPELINE: &str = "name: weekly\ntitle: T\ncompany: C\ntimezone: UTC\ncurrency: EUR\nmetrics: [revenue]\n";
const LABEL: &str = "2026-W46";

/// A company's folder: pipelines beside reports.
struct Company(tempfile::TempDir);

impl Company {
    fn new() -> Self {
        let company = Self(tempfile::tempdir().expect("folder"));
        company.write("pipelines/weekly.yaml", PIPELINE);
        company
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A path in the folder of reports.
    fn report(&self, name: &str) -> PathBuf {
        self.path("reports/weekly").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folder");
        fs::write(path, text).expect("write");
    }

    fn home(&self, pipeline: &str) -> Home {
        let pipeline = crate::pipeline::PipelineFile::read(&self.path(pipeline), |_| None).expect("a pipeline");
        Home::of(&pipeline, None).expect("a home")
    }

    fn open(&self) -> Publisher {
        Publisher::open(self.home("pipelines/weekly.yaml")).expect("open")
    }

    fn claimed(&self) -> Publisher {
        let mut publisher = self.open();
        publisher.claim(&[LABEL]).expect("claim");
        publisher
    }

    /// What a claim is refused with.
    fn refusal(&self, pipeline: &str) -> String {
        let mut publisher = match Publisher::open(self.home(pipeline)) {
            Ok(publisher) => publisher,
            Err(error) => return self.short(&error),
        };
        self.short(&publisher.claim(&[LABEL]).expect_err("refused"))
    }

    fn short(&self, error: &CliError) -> String {
        error.render(false).replace(&format!("{}/", self.0.path().display()), "")
    }

    /// Everything in the folder of reports, by name.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.report("")).expect("folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into()).collect();
        names.sort();
        names
    }

    fn page(&self) -> String {
        fs::read_to_string(self.report("2026-W46/report.html")).expect("page")
    }
}

fn edition(text: &str) -> Edition {
    let mut edition = Edition::new(LABEL);
    edition.add_page("report.html", text.as_bytes().to_vec());
    edition
}

#[test]
fn a_new_report_replaces_the_old_one_whole() {
    let company = Company::new();
    let mut publisher = company.claimed();
    let mut first = edition("first");
    first.add("only-in-first.csv", Vec::new());
    first.add_private("quarantine-orders.csv", Vec::new());
    assert_eq!(publisher.publish(&first).expect("publish"), company.report("2026-W46/report.html"));
    let mode = |name: &str| company.report(name).metadata().expect("file").permissions().mode() & 0o777;
    assert_eq!(mode("2026-W46/quarantine-orders.csv"), 0o600);
    publisher.publish(&edition("second")).expect("publish");
    assert_eq!(company.page(), "second");
    assert!(!company.report("2026-W46/only-in-first.csv").exists());
    assert_eq!(company.names(), [".lock", ".tallybook.json", LABEL]);
    assert_eq!(publisher.take_notices(), Vec::<String>::new());
    let marker = fs::read_to_string(company.report("2026-W46/.tallybook.json")).expect("marker");
    let expected =
        r#"{"tallybook":1,"pipeline":"weekly","file":"../../pipelines/weekly.yaml","files":["report.html"]}"#;
    assert_eq!(marker.trim_end(), expected);
}

#[test]
fn two_runs_do_not_meet() {
    let company = Company::new();
    let _first = company.claimed();
    assert!(company.refusal("pipelines/weekly.yaml").contains("another run of this pipeline"));
}

#[test]
fn foreign_things_are_refused_and_stay() {
    for (name, what) in [
        ("2026-W46/orders-export.csv", "reports/weekly/2026-W46 is in the way: tallybook did not write it"),
        ("2026-W46/quarantine-x.csv", "reports/weekly/2026-W46 is in the way: tallybook did not write it"),
        ("2026-W46/.tallybook.json", "reports/weekly/2026-W46 is in the way: its marker is not one"),
        ("2026-W46", "reports/weekly/2026-W46 is in the way: it is no folder"),
        ("held/mine.txt", "reports/weekly/held is in the way: tallybook did not write it"),
        (".tallybook.json", "reports/weekly is in the way: its marker is not one"),
    ] {
        let company = Company::new();
        company.write(&format!("reports/weekly/{name}"), "precious");
        let before = company.names();
        let refusal = company.refusal("pipelines/weekly.yaml");
        assert!(refusal.starts_with(&format!("error: {what}")), "{name}: {refusal}");
        assert_eq!(company.names(), before, "{name}");
        assert_eq!(fs::read_to_string(company.report(name)).expect("kept"), "precious");
    }
    let company = Company::new();
    company.write("elsewhere/mine.txt", "precious");
    fs::create_dir_all(company.report("")).expect("folder");
    symlink(company.path("elsewhere"), company.report(LABEL)).expect("a link");
    assert!(company.refusal("pipelines/weekly.yaml").contains("it is no folder"));
    // The folder of another pipeline, which wrote it by the same name.
    let company = Company::new();
    company.write("reports/weekly/2026-W46/figures.json", r#"{"pipeline": "daily"}"#);
    assert!(company.refusal("pipelines/weekly.yaml").contains("tallybook did not write it"));
}

#[test]
fn a_lock_that_is_a_link_is_not_followed() {
    let company = Company::new();
    company.write("important", "important");
    fs::create_dir_all(company.report("")).expect("folder");
    symlink("../../important", company.report(".lock")).expect("a link");
    let refusal = company.refusal("pipelines/weekly.yaml");
    assert!(refusal.starts_with("error: reports/weekly/.lock is in the way: it is no plain file"), "{refusal}");
    assert_eq!(fs::read_to_string(company.path("important")).expect("kept"), "important");
}

#[test]
fn what_others_put_beside_a_report_stays() {
    let company = Company::new();
    company.claimed().publish(&edition("first")).expect("publish");
    company.write("reports/weekly/2026-W46/notes/mine.txt", "precious");
    company.write("reports/weekly/2026-W46/mine.txt", "precious");
    symlink("mine.txt", company.report("2026-W46/link")).expect("a link");
    company.write("reports/weekly/.tallybook-new-1-x/mine.txt", "precious");
    company.write("reports/weekly/.new-stuff/mine.txt", "precious");
    company.write("reports/weekly/.tallybook-trash-1", "precious");
    let before = company.names();
    let mut publisher = company.claimed();
    publisher.publish(&edition("second")).expect("publish");
    assert_eq!(company.page(), "second");
    assert_eq!(company.names(), before);
    for name in ["2026-W46/notes/mine.txt", "2026-W46/mine.txt", "2026-W46/link", ".new-stuff/mine.txt"] {
        assert_eq!(fs::read_to_string(company.report(name)).expect("kept"), "precious", "{name}");
    }
    // A file of someone else's with the name of a new one is not replaced.
    company.write("reports/weekly/2026-W46/figures.parquet", "precious");
    let mut third = edition("third");
    third.add("figures.parquet", Vec::new());
    let refusal = company.short(&publisher.publish(&third).expect_err("refused"));
    assert!(refusal.contains("2026-W46/figures.parquet is in the way"), "{refusal}");
    assert_eq!(company.page(), "second");
    assert_eq!(company.names(), before);
}

#[test]
fn held_rows_go_with_the_next_report_and_what_others_put_there_stays() {
    let company = Company::new();
    let mut publisher = company.claimed();
    let mut held = Edition::new(HELD);
    held.add_private("quarantine-orders.csv", b"rows".to_vec());
    publisher.publish(&held).expect("publish");
    company.write("reports/weekly/held/notes.txt", "precious");
    publisher.remove(HELD).expect("remove");
    assert!(!company.report("held/quarantine-orders.csv").exists());
    assert!(company.report("held/notes.txt").exists());
    fs::remove_file(company.report("held/notes.txt")).expect("remove");
    publisher.remove(HELD).expect("remove");
    assert_eq!(company.names(), [".lock", ".tallybook.json"]);
}

#[test]
fn reports_of_versions_before_the_marker_are_taken_over() {
    let company = Company::new();
    company.write("reports/weekly/2026-W46/figures.json", r#"{"format": 1, "pipeline": "weekly"}"#);
    company.write("reports/weekly/2026-W46/report.html", "old");
    company.write("reports/weekly/2026-W46/notes.txt", "precious");
    company.write("reports/weekly/held/quarantine-orders.csv", "file,line,row,column,reason,value,record\n1\n");
    let mut publisher = company.claimed();
    publisher.publish(&edition("new")).expect("publish");
    publisher.remove(HELD).expect("remove");
    assert_eq!(company.page(), "new");
    assert_eq!(company.names(), [".lock", ".tallybook.json", LABEL]);
    assert!(!company.report("2026-W46/figures.json").exists());
    assert!(company.report("2026-W46/notes.txt").exists());
}

#[test]
fn two_pipelines_of_one_name_are_refused_while_both_write_there() {
    let company = Company::new();
    company.claimed().publish(&edition("first")).expect("publish");
    company.write("pipelines/copy.yaml", PIPELINE);
    let refusal = company.refusal("pipelines/copy.yaml");
    let expected = "error: reports/weekly belongs to another pipeline named `weekly`: pipelines/weekly.yaml";
    assert!(refusal.starts_with(expected), "{refusal}");
    // The same file by another name is the same pipeline.
    symlink("weekly.yaml", company.path("pipelines/link.yaml")).expect("a link");
    Publisher::open(company.home("pipelines/link.yaml")).and_then(|mut own| own.claim(&[LABEL])).expect("the same");
    company.claimed();
    // One that cannot be read may still write there.
    company.write("pipelines/weekly.yaml", "name: [");
    assert!(company.refusal("pipelines/copy.yaml").starts_with(expected));
    // One that writes elsewhere, has another name or is no more gives its reports up.
    for text in [Some(PIPELINE.replace("weekly", "other")), Some(format!("{PIPELINE}report: {{output: else}}\n")), None]
    {
        match text {
            Some(text) => company.write("pipelines/weekly.yaml", &text),
            None => fs::remove_file(company.path("pipelines/weekly.yaml")).expect("remove"),
        }
        let mut publisher = Publisher::open(company.home("pipelines/copy.yaml")).expect("open");
        publisher.claim(&[LABEL]).expect("given up");
        drop(publisher);
        company.write("pipelines/weekly.yaml", PIPELINE);
        fs::remove_file(company.path("pipelines/copy.yaml")).expect("remove");
        company.claimed();
        company.write("pipelines/copy.yaml", PIPELINE);
    }
}

#[test]
fn what_a_killed_run_had_moved_is_put_back() {
    let company = Company::new();
    company.claimed().publish(&edition("first")).expect("publish");
    // Killed between the two renames of a file system that cannot exchange folders.
    fs::rename(company.report(LABEL), company.report(".tallybook-old-1-2026-W46")).expect("rename");
    fs::create_dir(company.report(".tallybook-new-1-2026-W46")).expect("folder");
    company.write("reports/weekly/.tallybook-new-1-2026-W46/.tallybook.json", "{\"tally");
    let mut publisher = company.open();
    let notice = format!("put back {}: a run was killed while it was being replaced", company.report(LABEL).display());
    assert_eq!(publisher.take_notices(), [notice]);
    assert_eq!(company.page(), "first");
    assert_eq!(company.names(), [".lock", ".tallybook.json", LABEL]);
    drop(publisher);
    // Killed after both.
    let marker = fs::read_to_string(company.report("2026-W46/.tallybook.json")).expect("marker");
    for kind in [".tallybook-old-2-2026-W46", ".tallybook-new-1-2026-W46", ".tallybook-trash-7"] {
        company.write(&format!("reports/weekly/{kind}/.tallybook.json"), &marker);
        company.write(&format!("reports/weekly/{kind}/report.html"), "older");
    }
    assert_eq!(company.open().take_notices(), Vec::<String>::new());
    assert_eq!(company.page(), "first");
    assert_eq!(company.names(), [".lock", ".tallybook.json", LABEL]);
}

#[test]
fn a_file_is_replaced_whole_and_keeps_its_mode() {
    let company = Company::new();
    company.write("page.html", "old");
    let path = company.path("page.html");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("mode");
    symlink("page.html", company.path("link.html")).expect("a link");
    replace_file(&company.path("link.html"), b"new").expect("written");
    assert_eq!(fs::read_to_string(&path).expect("page"), "new");
    assert_eq!(path.metadata().expect("page").permissions().mode() & 0o777, 0o640);
    assert!(company.path("link.html").is_symlink());
    replace_file(&company.path("more/new.html"), b"new").expect("written");
    assert!(
        company
            .short(&replace_file(&company.path("more"), b"new").expect_err("a folder"))
            .contains("cannot write more")
    );
    assert!(company.short(&create_file(&path, b"x").expect_err("there")).contains("page.html is there already"));
    assert_eq!(fs::read_dir(company.path("more")).expect("folder").count(), 1);
}
