//! What training runs leave: checkpoints and event files.

use mldu::model::verdict::Verdict;

use crate::client::Client;

/// `ModelCheckpoint` of every epoch and of the best weights, and the state of `BackupAndRestore`.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn keras_callbacks() {
    let client = Client::make("keras_run");
    let report = client.report();
    assert_eq!(
        report.outline("checkpoints", &[]),
        [
            "~/runs/first",
            "checkpoints · step model-01-0.36 · look-first",
            "checkpoints · step model-02-0.14 · look-first",
            "checkpoints · step model-03-0.05 · look-first",
            // The best weights under a name of their own: no step, so a person looks at them.
            "other · other other files · look-first",
            "~/runs/first/backup",
            "checkpoints · step backup of a training · look-first",
        ]
    );
    report.equals_du("checkpoints", &["backup of a training"]);
    // A person removes the oldest steps: the others still load, and the training is not begun again.
    client.remove_item("model-01-0.36");
    let said = client.verify();
    assert_eq!(said["models"], serde_json::json!(["model-02-0.14.keras", "model-03-0.05.keras"]));
    assert_eq!(said["resumed"], serde_json::json!([]));
}

/// Three steps that the manager kept, and one it did not finish.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn orbax() {
    let client = Client::make("orbax_run");
    let report = client.report();
    assert_eq!(
        report.outline("checkpoints", &[]),
        [
            "~/runs/orbax",
            "checkpoints · step step 20 · look-first",
            "checkpoints · step step 30 · look-first",
            "checkpoints · step step 40 · look-first",
            "checkpoints · unfinished step step 50 · safe · leftover",
        ]
    );
    report.equals_du("checkpoints", &[]);
    report.store_equals_du("checkpoints");
    let steps: Vec<String> =
        client.said["steps"].as_array().expect("steps").iter().map(|s| format!("step {s}")).collect();
    assert_eq!(steps, ["step 20", "step 30", "step 40"], "what the manager says it has");

    assert_eq!(client.remove(Verdict::Safe), ["step 50"]);
    let said = client.verify();
    assert_eq!(said["steps"], client.said["steps"]);
    client.remove_item("step 20");
    assert_eq!(client.verify()["steps"], serde_json::json!([30, 40]));
}

/// Runs by two writers of event files.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn tensorboard() {
    let client = Client::make("events");
    let report = client.report();
    assert_eq!(
        report.outline("tensorboard", &[]),
        [
            "~/project/logs/lr_0.01",
            "logs · run logs/lr_0.01 · look-first",
            "~/project/logs/lr_0.1",
            "logs · run logs/lr_0.1 · look-first",
            "~/project/logs/old",
            "logs · run logs/old · look-first",
        ]
    );
    report.store_equals_du("tensorboard");
    // TensorBoard's own reader sees the same runs.
    let runs: Vec<String> = client.said["runs"].as_object().expect("runs").keys().cloned().collect();
    let ours: Vec<String> =
        report.rows.iter().filter_map(|r| Some(r.text("name").strip_prefix("logs/")?.to_string())).collect();
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|r| ours.contains(r)), "{runs:?} {ours:?}");
    client.remove_item("logs/old");
    let mut left = client.said["runs"].clone();
    left.as_object_mut().expect("runs").remove("old");
    assert_eq!(client.verify()["runs"], left);
}
