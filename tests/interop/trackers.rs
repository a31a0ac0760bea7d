//! Trackers of experiments, and what functions computed: wandb, DVC, `MLflow`, Hydra, joblib.

use mldu::model::verdict::Verdict;
use serde_json::{Value, json};

use crate::client::Client;

/// Three runs made without a network, of which one was uploaded since.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn wandb() {
    let client = Client::make("wandb_runs");
    let report = client.report();
    // Their folders are named by when they began.
    let date = |name: &str| {
        let d = client.said["dates"][name].as_str().expect("a date");
        format!("{}-{}-{} {}:{}", &d[..4], &d[4..6], &d[6..8], &d[9..11], &d[11..13])
    };
    let line =
        |name: &str, verdict: &str| format!("trackers · offline run {name} · {} · {verdict}", date(name));
    let outline = report.outline("wandb", &[]);
    for wanted in [
        line("first", "protected"),
        line("second", "protected"),
        line("third", "re-download"),
        "trackers · staged files artifacts not uploaded yet · look-first".into(),
        "trackers · logs logs of wandb's own service · safe".into(),
    ] {
        assert!(outline.contains(&wanted), "{wanted}: {outline:#?}");
    }
    assert_eq!(outline.len(), 9, "{outline:#?}");
    report.equals_du("wandb", &["third"]);
    report.store_equals_du("wandb");
    // wandb's own list of what was never uploaded is what is protected.
    let ids = |names: [&str; 2]| {
        let mut ids: Vec<Value> = names.iter().map(|n| client.said["ids"][n].clone()).collect();
        ids.sort_by_key(ToString::to_string);
        json!(ids)
    };
    assert_eq!(client.said["unsynced"], ids(["first", "second"]));
    assert!(client.refuses("first") && client.refuses("second"));

    assert_eq!(client.remove(Verdict::Safe), ["logs of wandb's own service"]);
    assert_eq!(client.verify()["unsynced"], ids(["first", "second"]));
    assert_eq!(client.remove(Verdict::ReDownload), ["third"]);
    let left = client.verify();
    let left = left["unsynced"].as_array().expect("runs");
    assert!(["first", "second"].iter().all(|n| left.contains(&client.said["ids"][n])), "{left:?}");
}

/// A project whose cache holds two versions of its data. None of it can be known to be anywhere else.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn dvc() {
    let client = Client::make("dvc_repo");
    let report = client.report();
    assert_eq!(
        report.outline("dvc", &[]),
        [
            "~/project/.dvc",
            "trackers · objects objects · look-first",
            "trackers · other other files · look-first",
            "trackers · settings config · protected",
        ]
    );
    report.equals_du("dvc", &[]);
    report.store_equals_du("dvc");
    assert!(client.refuses("config"));
    assert!(report.rows.iter().all(|r| r.family != "dvc" || r.text("verdict") != "safe"));
    let said = client.verify();
    assert_eq!(said["status"], client.said["status"]);
    assert_eq!(said["after"], client.said["status"]);
}

/// Two runs, and one that was deleted in `MLflow` but is still there.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn mlflow() {
    let client = Client::make("mlruns");
    let report = client.report();
    let mut outline = report.outline("mlflow", &[]);
    outline.sort();
    assert_eq!(
        outline,
        [
            "other · other other files · look-first",
            "trackers · run first · look-first",
            "trackers · run gone · look-first · leftover",
            "trackers · run second · look-first",
            "~/project/mlruns",
        ]
    );
    report.equals_du("mlflow", &[]);
    report.store_equals_du("mlflow");
    for (name, state) in client.said["runs"].as_object().expect("runs") {
        let row = report.item(name);
        assert!(row.path().ends_with(client.said["ids"][name].as_str().expect("an id")), "{name}");
        assert_eq!(row.json["leftover"] == true, state == "deleted", "{name}");
    }
    client.remove_item("gone");
    let said = client.verify();
    assert_eq!(said["runs"], json!({"first": "active", "second": "active"}));
    assert_eq!(said["metrics"], json!({"first": 5, "second": 5}));
}

/// Two runs and a sweep.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn hydra() {
    let client = Client::make("hydra_runs");
    let report = client.report();
    assert_eq!(
        report.outline("hydra", &[]),
        [
            "~/project/multirun/2026-01-02/10-00-00/0",
            "trackers · run 2026-01-02/10-00-00/0 · look-first",
            "~/project/multirun/2026-01-02/10-00-00/1",
            "trackers · run 2026-01-02/10-00-00/1 · look-first",
            "~/project/outputs/2026-01-01/10-00-00",
            "trackers · run 2026-01-01/10-00-00 · look-first",
            "~/project/outputs/2026-01-01/11-00-00",
            "trackers · run 2026-01-01/11-00-00 · look-first",
        ]
    );
    report.store_equals_du("hydra");
    // The settings a run was given, as the library reads them.
    for (path, lr) in client.said["runs"].as_object().expect("runs") {
        let wanted = json!(format!("with +lr={lr}"));
        let row = report.rows.iter().find(|r| r.family == "hydra" && r.text("path").ends_with(path.as_str()));
        let notes = row.expect("a run").json["notes"].clone();
        assert!(notes.as_array().expect("notes").contains(&wanted), "{path}: {notes}");
    }
    client.remove_item("2026-01-01/10-00-00");
    let said = client.verify();
    assert_eq!(said["runs"].as_object().expect("runs").len(), 3);
    assert_eq!(said["runs"]["outputs/2026-01-01/11-00-00"], 0.2);
}

/// Results of a function, which computes them again.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn joblib() {
    let client = Client::make("joblib_cache");
    let report = client.report();
    assert_eq!(
        report.outline("joblib", &[]),
        ["~/project/cache/joblib", "compile-caches · function features/slow · rebuild"]
    );
    report.equals_du("joblib", &[]);
    report.store_equals_du("joblib");
    assert_eq!(client.verify(), json!({"cached": [true, true], "computed": []}));
    assert_eq!(client.remove(Verdict::Rebuild), ["features/slow"]);
    assert_eq!(client.verify(), json!({"cached": [false, false], "computed": [5000, 9000]}));
}
