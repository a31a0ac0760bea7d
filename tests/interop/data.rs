//! Models and data that libraries fetch: the Hugging Face Hub, datasets, Keras, TensorFlow Datasets, Kaggle.

use mldu::model::verdict::Verdict;
use serde_json::{Value, json};

use crate::client::Client;

/// Two revisions of a model, of which the branch has left one, and one file of a dataset.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn huggingface_hub() {
    let client = Client::make("hub");
    let report = client.report();
    assert_eq!(
        report.outline("huggingface", &[]),
        [
            "~/.cache/huggingface/hub",
            "hub · dataset acme/words · re-download",
            "  hub · revision main · 33333333 · re-download",
            "hub · locks lock files · safe",
            "hub · marker cache markers · protected",
            "hub · model acme/tiny · re-download",
            "  hub · revision detached · 11111111 · re-download · leftover",
            "  hub · revision main · 22222222 · re-download",
        ]
    );
    report.equals_du("huggingface", &["revision"]);
    report.store_equals_du("huggingface");
    // What the library says each revision gives back, and which there are.
    let repos = client.said["repos"].as_object().expect("repos");
    let mut revisions = 0;
    for (commit, said) in repos.values().flat_map(|r| r["revisions"].as_object().expect("revisions")) {
        let row = report.rows.iter().find(|r| r.text("path").ends_with(commit)).expect("a revision");
        assert_eq!(row.number("frees_apparent"), said["frees"], "{commit}");
        assert_eq!(row.text("name") == "detached", said["refs"] == json!([]), "{commit}");
        revisions += 1;
    }
    assert_eq!(revisions, 3);

    assert_eq!(client.remove(Verdict::Safe), ["lock files"]);
    let said = client.verify();
    assert_eq!(said["offline"]["acme/tiny"], true);
    assert_eq!(said["before"], client.said, "the library sees what it saw");
    assert_eq!(said["fetched"], 0);

    client.remove_item("detached");
    let said = client.verify();
    assert_eq!(said["offline"]["acme/tiny"], true);
    assert_eq!(said["fetched"], 0);
    assert_eq!(said["after"]["size"], client.said["size"].as_u64().expect("a size") - 90_000);

    assert_eq!(client.remove(Verdict::ReDownload), ["acme/tiny", "acme/words"]);
    let said = client.verify();
    assert_ne!(said["offline"]["acme/tiny"], true);
    assert_eq!(said["before"]["repos"], json!({}));
    assert_eq!(said["fetched"], 2);
    assert_eq!(said["after"]["size"], 110_022);
}

/// A table of one's own as Arrow files, and a filtered copy of it.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn datasets() {
    let client = Client::make("arrow");
    let report = client.report();
    // Its configuration is named by a hash of the data files' paths.
    let file = client.said["files"][0].as_str().expect("a path");
    let config = file.split('/').rev().nth(3).expect("a folder");
    assert_eq!(
        report.outline("hf-datasets", &[(config, "CONFIG")]),
        [
            "~/.cache/huggingface/datasets",
            "datasets · dataset csv · CONFIG · 0.0.0 7067e4b2 · rebuild",
            "  datasets · map cache 1 result of map or filter · rebuild",
            "datasets · locks lock files · safe",
        ]
    );
    report.equals_du("hf-datasets", &["locks"]);
    report.store_equals_du("hf-datasets");
    // What the library says it reads is what the items are made of.
    let files = client.said["files"].as_array().expect("files");
    let cache = report.item("1 result of map or filter");
    assert!(files.contains(&json!(cache.path())), "{files:?}");

    assert_eq!(client.remove(Verdict::Safe), ["lock files"]);
    let said = client.verify();
    assert_eq!((&said["rows"], &said["kept"]), (&client.said["rows"], &client.said["kept"]));
    // It reads its own files again, and can make them again.
    assert_eq!(said["files"][0], client.said["files"][0]);
    assert!(client.remove(Verdict::Rebuild).iter().any(|n| n.starts_with("csv")));
    let said = client.verify();
    assert_eq!((&said["rows"], &said["kept"]), (&client.said["rows"], &client.said["kept"]));
}

/// Files that `get_file` fetched, and the weights of an application.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn keras() {
    let client = Client::make("keras_home");
    let report = client.report();
    assert_eq!(
        report.outline("keras", &[]),
        [
            "~/.keras",
            "datasets · dataset flowers.tgz · look-first",
            "  datasets · archive flowers.tgz · look-first · leftover",
            "  datasets · extracted flowers_extracted · rebuild",
            "datasets · file words.npz · look-first",
            "keras-models · model MobileNet α 0.25, 128 px · re-download",
            "keras-models · model tiny.weights.h5 · look-first",
            "keras-models · settings keras.json · protected",
        ]
    );
    report.equals_du("keras", &["dataset"]);
    report.store_equals_du("keras");
    // Where the library says the files are.
    for (key, name) in
        [("weights", "tiny.weights.h5"), ("plain", "words.npz"), ("extracted", "flowers_extracted")]
    {
        assert_eq!(client.said[key], json!(report.item(name).path()), "{key}");
    }

    // The library finds all of it, with no address to fetch it from.
    assert_eq!(client.verify()["missing"], json!([]));
    // What it can unpack again it does unpack again, out of the archive it kept.
    assert_eq!(client.remove(Verdict::Rebuild), ["flowers_extracted"]);
    assert_eq!(client.verify()["missing"], json!([]));
    assert_eq!(client.remove(Verdict::ReDownload), ["MobileNet α 0.25, 128 px"]);
    for name in ["tiny.weights.h5", "words.npz", "flowers.tgz"] {
        client.remove_item(name);
    }
    assert_eq!(client.verify()["missing"], json!(["weights", "plain", "extracted"]));
    client.tell("online");
    assert_eq!(client.verify()["missing"], json!([]));
}

/// A dataset that the library wrote, and a newer version whose writing was cut off.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn tensorflow_datasets() {
    let client = Client::make("tfds_data");
    let report = client.report();
    assert_eq!(
        report.outline("tfds", &[]),
        [
            "~/tensorflow_datasets",
            "datasets · dataset tiny_numbers · 1.0.0 · look-first",
            "datasets · other other files · look-first",
            "datasets · unfinished tiny_numbers 1.1.0 · safe · leftover",
        ]
    );
    report.equals_du("tfds", &[]);
    report.store_equals_du("tfds");
    let dataset = report.item("tiny_numbers");
    let said = &client.said["datasets"]["tiny_numbers 1.0.0"];
    assert!(dataset.number("apparent_bytes") >= said["size"].as_u64().expect("a size"));

    assert_eq!(client.remove(Verdict::Safe), ["tiny_numbers 1.1.0"]);
    let said = client.verify();
    assert_eq!(said["before"], client.said);
    assert_eq!(said["after"]["datasets"]["tiny_numbers 1.1.0"]["train"], 200, "it is prepared anew");
}

/// A model that came file by file, and a dataset that came as an archive.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn kagglehub() {
    let client = Client::make("kaggle_home");
    let report = client.report();
    assert_eq!(
        report.outline("kagglehub", &[]),
        [
            "~/.cache/kagglehub",
            "hub · dataset acme/words · 3 · re-download",
            "hub · model acme/tiny/keras/base · 2 · re-download",
        ]
    );
    report.store_equals_du("kagglehub");
    assert_eq!(client.said["model"], json!(report.item("acme/tiny/keras/base").path()));
    assert_eq!(client.said["dataset"], json!(report.item("acme/words").path()));

    let all = |said: &Value| said["downloads"].as_u64().expect("a number");
    assert_eq!(all(&client.said), 3);
    assert_eq!(all(&client.verify()), 0);
    assert_eq!(client.remove(Verdict::ReDownload).len(), 2);
    assert_eq!(all(&client.verify()), 3, "with its mark of completeness gone, it fetches everything again");
}
