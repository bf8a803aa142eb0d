//! Whole runs: the demo company, determinism, back-fills, kills, generated documentation.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{figures, publish, root, tallybook, text};

crate::tests![
    the_same_inputs_give_the_same_bytes,
    a_back_fill_gives_what_each_run_would_have_given,
    rendering_again_needs_no_source,
    the_page_stands_alone,
    a_kill_leaves_the_old_report_or_the_new_one,
    the_demo_company_is_the_one_in_the_repository,
    every_ready_pipeline_publishes,
    limits_on_all_measures_are_asked_for,
    the_metrics_page_is_up_to_date,
    nothing_to_count_is_undefined_for_every_metric,
    the_starter_is_sound_and_the_schema_knows_it,
    hostile_labels_stay_text,
];

/// A copy of the repository's pipeline and its data.
fn demo() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("pipelines/demo-data");
    fs::create_dir_all(&data).expect("a folder");
    fs::copy(root().join("pipelines/weekly-kpis.yaml"), folder.path().join("pipelines/weekly-kpis.yaml"))
        .expect("copy");
    for name in DATA {
        fs::copy(root().join("pipelines/demo-data").join(name), data.join(name)).expect("copy");
    }
    folder
}

/// The demo company's tables.
const DATA: [&str; 9] = [
    "annotations.csv",
    "customers.csv",
    "events.csv",
    "orders.csv",
    "spend.csv",
    "subscriptions.csv",
    "surveys.csv",
    "targets.csv",
    "tickets.csv",
];

const RUN: [&str; 2] = ["run", "pipelines/weekly-kpis.yaml"];

fn run(folder: &Path, more: &[&str]) -> Vec<std::path::PathBuf> {
    publish(folder, &[&RUN[..], more].concat())
}

fn the_same_inputs_give_the_same_bytes() {
    let (one, two) = (demo(), demo());
    let pages = [&one, &two].map(|folder| run(folder.path(), &["--as-of", "2026-11-16"]).remove(0));
    // Publishing again replaces a report by the same one.
    run(one.path(), &["--as-of", "2026-11-18"]);
    for name in ["report.html", "report.md", "figures.json", "figures.parquet", "quarantine-orders.csv"] {
        let [first, second] = pages.each_ref().map(|page| fs::read(page.with_file_name(name)).expect(name));
        assert!(first == second, "{name} differs");
    }
}

fn a_back_fill_gives_what_each_run_would_have_given() {
    let folder = demo();
    let pages = run(folder.path(), &["--from", "2026-10-01", "--to", "2026-11-15", "--each", "--out", "all"]);
    let names: Vec<String> = pages
        .iter()
        .map(|page| page.parent().expect("folder").file_name().expect("name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["2026-W41", "2026-W42", "2026-W43", "2026-W44", "2026-W45", "2026-W46"]);
    let alone = run(folder.path(), &["--period", "2026-W43", "--out", "one"]).remove(0);
    assert_eq!(figures(&alone)["figures"], figures(&pages[2])["figures"]);
}

fn rendering_again_needs_no_source() {
    let folder = demo();
    let page = run(folder.path(), &["--as-of", "2026-11-16"]).remove(0);
    fs::remove_dir_all(folder.path().join("pipelines/demo-data")).expect("removed");
    let figures = page.with_file_name("figures.json").display().to_string();
    let output = tallybook(folder.path(), &["render", &figures, "--template", "weekly.html"]);
    assert!(output.stdout == fs::read(&page).expect("page"), "{}", text(&output.stderr));
}

fn the_page_stands_alone() {
    let folder = demo();
    let page = fs::read_to_string(run(folder.path(), &["--as-of", "2026-11-16"]).remove(0)).expect("page");
    for outside in ["http://", "https://", "<script", "src=", "@import", " style=", "NaN"] {
        assert!(!page.contains(outside), "{outside} in the page");
    }
    assert!(page.len() < 500_000, "{} bytes", page.len());
    assert!(page.contains("Acorn &amp; Oak"));
}

fn a_kill_leaves_the_old_report_or_the_new_one() {
    let folder = demo();
    let page = run(folder.path(), &["--as-of", "2026-11-16"]).remove(0);
    let whole = fs::read(&page).expect("page");
    let orders = folder.path().join("pipelines/demo-data/orders.csv");
    let fewer: String = fs::read_to_string(&orders)
        .expect("orders")
        .split_inclusive('\n')
        .filter(|line| !line.contains("2026-11-14"))
        .collect();
    fs::write(&orders, fewer).expect("orders");
    let changed = || fs::read(&page).expect("a page, old or new");
    for wait in [1, 5, 10, 20, 30, 40, 60, 80] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tallybook"))
            .args(RUN)
            .args(["--as-of", "2026-11-16"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("starts");
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        child.wait().expect("ends");
        let now = changed();
        let is_new = now != whole;
        assert!(text(&now).trim_end().ends_with("</html>"), "half a page after {wait} ms");
        let document = figures(&page);
        let html = text(&now);
        let shown = document["configuration"].as_str().expect("hash");
        assert!(html.contains(shown) && (is_new || now == whole));
    }
    run(folder.path(), &["--as-of", "2026-11-16"]);
    assert!(changed() != whole);
    let left = page.parent().and_then(Path::parent).expect("folder").read_dir().expect("folder");
    let left: Vec<String> =
        left.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect();
    assert!(left.iter().all(|name| !name.starts_with(".new-")), "{left:?}");
}

fn the_demo_company_is_the_one_in_the_repository() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = tallybook(folder.path(), &["demo", "company", "--customers", "1500"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let made = folder.path().join("company/pipelines");
    let pipelines = ["weekly-kpis", "saas-weekly", "support-weekly", "cx-monthly", "executive"];
    let pipelines = pipelines.iter().map(|name| format!("{name}.yaml"));
    for name in pipelines.chain(DATA.iter().map(|name| format!("demo-data/{name}"))) {
        let [new, kept] =
            [made.join(&name), root().join("pipelines").join(&name)].map(|path| fs::read(path).expect(&name));
        assert!(new == kept, "pipelines/{name} is not what `tallybook demo --customers 1500` writes");
    }
}

/// Each ready pipeline publishes a report of its own without a word of warning, and all but a few of its headlines have a value.
fn every_ready_pipeline_publishes() {
    let folder = demo();
    for (name, metrics) in [("saas-weekly", 12), ("support-weekly", 8), ("cx-monthly", 6), ("executive", 12)] {
        let file = format!("pipelines/{name}.yaml");
        fs::copy(root().join(&file), folder.path().join(&file)).expect("copy");
        let output = tallybook(folder.path(), &["run", &file, "--as-of", "2026-11-16", "--quiet"]);
        assert!(output.status.success() && output.stderr.is_empty(), "{name}: {}", text(&output.stderr));
        let period = if name.ends_with("weekly") { "2026-W46" } else { "2026-10" };
        let page = folder.path().join("reports").join(name).join(period).join("report.html");
        let document = figures(&page);
        let headlines: Vec<_> = document["figures"]
            .as_array()
            .expect("figures")
            .iter()
            .filter(|own| own["measure"] == "value" && own["period"] == period && own["segment"].is_null())
            .filter(|own| own["cohort"].is_null())
            .collect();
        let told = headlines.iter().filter(|own| own["state"] == "final").count();
        assert!(headlines.len() >= metrics && told + 2 >= headlines.len(), "{name}: {told} of {}", headlines.len());
    }
}

/// Backlog piles up: it has limits where all measures shall have them, and not otherwise.
fn limits_on_all_measures_are_asked_for() {
    let folder = demo();
    let path = folder.path().join("pipelines/support-weekly.yaml");
    let text = fs::read_to_string(root().join("pipelines/support-weekly.yaml")).expect("a pipeline");
    for (extra, expected) in [("", false), ("limits: all_measures\n", true)] {
        fs::write(&path, format!("{text}\n{extra}")).expect("a pipeline");
        let page = publish(folder.path(), &["run", "pipelines/support-weekly.yaml", "--as-of", "2026-11-16"]).remove(0);
        let document = figures(&page);
        let controls = document["controls"].as_array().expect("control charts");
        assert_eq!(controls.iter().any(|own| own["metric"] == "backlog"), expected);
        assert!(controls.iter().any(|own| own["metric"] == "ticket_volume"));
    }
}

fn the_metrics_page_is_up_to_date() {
    let written = fs::read_to_string(root().join("docs/metrics.md")).expect("docs/metrics.md");
    let output = tallybook(&root(), &["metrics", "--markdown"]);
    assert!(written == text(&output.stdout), "run `cargo run -- metrics --markdown > docs/metrics.md`");
}

/// The example of every metric, on tables without a row that could count: undefined, and never a number.
fn nothing_to_count_is_undefined_for_every_metric() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect(name);
    write("orders.csv", "order_id,customer_id,ordered_at,amount,status\n1,a,2026-11-10,5,cancelled\n");
    write("spend.csv", "spent_on,amount,kind\n2031-01-01,5,ads\n");
    write(
        "subscriptions.csv",
        "subscription_id,customer_id,started_at,mrr,trial_started_at,trial_ended_at,term_ends_at\n1,a,2026-01-01,0,,,\n",
    );
    write(
        "tickets.csv",
        "ticket_id,opened_at,first_response_at,solved_at,resolved_at,reopened_count,handle_seconds,sla_met\n\
         1,2031-01-01,,,,,,\n",
    );
    write(
        "surveys.csv",
        "response_id,submitted_at,kind,score,weight,sent_at,comment,follow_up_required,followed_up_at\n\
         1,2031-01-01,nps,9,1,2031-01-01,,,\n",
    );
    write("events.csv", "customer_id,occurred_at,name,session_id\na,2031-01-01,login,s\n");
    let catalogue = text(&tallybook(folder.path(), &["metrics", "--markdown"]).stdout);
    let ids: Vec<&str> = catalogue.lines().filter_map(|line| line.strip_prefix("### `")?.split('`').next()).collect();
    assert!(ids.len() >= 16, "{ids:?}");
    let examples: Vec<String> = ids
        .iter()
        .map(|id| {
            let with_options = catalogue.lines().find(|line| line.starts_with(&format!("- {id}: ")));
            with_options.map_or_else(|| format!("  - {id}"), |line| format!("  {line}"))
        })
        .collect();
    let pipeline = format!(
        "name: empty\ntitle: Empty\ncompany: Empty\ntimezone: UTC\ncurrency: EUR\nsources:\n  orders: {{path: orders.csv}}\n  \
         spend: {{path: spend.csv}}\n  subscriptions: {{path: subscriptions.csv}}\n  tickets: {{path: tickets.csv}}\n  \
         surveys: {{path: surveys.csv}}\n  events: {{path: events.csv}}\nmetrics:\n{}\nreport: {{output: reports}}\n",
        examples.join("\n")
    );
    write("empty.yaml", &pipeline);
    let page = publish(folder.path(), &["run", "empty.yaml", "--period", "2026-W46"]).remove(0);
    let document = figures(&page);
    let all = document["figures"].as_array().expect("figures");
    assert!(all.len() > ids.len());
    for figure in all {
        assert!(figure["value"].is_null() && figure["reason"].is_string() && figure["state"] != "final", "{figure}");
    }
}

fn the_starter_is_sound_and_the_schema_knows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(tallybook(folder.path(), &["init"]).status.success());
    assert_eq!(tallybook(folder.path(), &["init"]).status.code(), Some(2), "an existing file stays");
    fs::create_dir_all(folder.path().join("data")).expect("a folder");
    fs::write(
        folder.path().join("data/orders.csv"),
        "id,customer,created_at,total\n1,a,2026-11-09T10:00,20\n2,b,2026-11-10T11:00,30\n",
    )
    .expect("orders");
    publish(folder.path(), &["run", "pipelines/weekly-kpis.yaml", "--period", "2026-W46"]);
    let schema: serde_json::Value =
        serde_json::from_slice(&tallybook(folder.path(), &["schema"]).stdout).expect("a JSON Schema");
    let starter = fs::read_to_string(folder.path().join("pipelines/weekly-kpis.yaml")).expect("starter");
    let keys = starter.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    for key in keys.filter_map(|line| line.split(':').next()) {
        assert!(schema["properties"][key].is_object(), "{key} is not in the schema");
    }
    assert_eq!(schema["additionalProperties"], false);
}

fn hostile_labels_stay_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect(name);
    let mut orders = String::from("order_id,customer_id,ordered_at,amount,channel\n");
    for (number, label) in
        ["<script>alert(1)</script>", "a|b", "\"two\nlines\"", "=cmd()", "[x](http://y)"].iter().enumerate()
    {
        for copy in 0..3 {
            let _ = writeln!(orders, "{number}-{copy},c{number},2026-11-1{copy}T10:00,10,{label}");
        }
    }
    orders += "=1+1,,2026-11-10T10:00,10,x\n";
    write("orders.csv", &orders);
    write(
        "p.yaml",
        "name: hostile\ntitle: <b>T</b>\ncompany: A | B\ntimezone: UTC\ncurrency: EUR\nsources: {orders: {path: orders.csv, max_quarantined: 0.5}}\n\
         segments: [channel]\nmetrics: [orders, revenue]\nmin_n: 1\nreport: {output: reports}\n",
    );
    let page = publish(folder.path(), &["run", "p.yaml", "--period", "2026-W46"]).remove(0);
    let html = fs::read_to_string(&page).expect("page");
    assert!(!html.contains("<script") && !html.contains("<b>T") && html.contains("&lt;script&gt;"));
    let markdown = fs::read_to_string(page.with_file_name("report.md")).expect("Markdown");
    assert!(!markdown.contains("<script"));
    assert!(markdown.contains("a\\|b") && markdown.contains("two lines") && markdown.contains("\\[x\\]"));
    let quarantine = fs::read_to_string(page.with_file_name("quarantine-orders.csv")).expect("quarantine");
    let cells = quarantine.lines().nth(1).expect("a row");
    assert!(cells.split(',').all(|cell| !cell.starts_with('=')), "{cells}");
}
