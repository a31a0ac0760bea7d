//! What further libraries fetch and compile: NLTK, scikit-learn, Gensim, JAX.

use mldu::model::verdict::Verdict;
use serde_json::json;

use crate::client::Client;

/// Two corpora and a lexicon, each an archive and what it was unpacked to.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn nltk() {
    let client = Client::make("nltk_home");
    let report = client.report();
    assert_eq!(
        report.outline("nltk", &[]),
        [
            "~/nltk_data",
            "datasets · archive corpora/stopwords.zip · re-download · leftover",
            "datasets · archive corpora/words.zip · re-download · leftover",
            "datasets · archive sentiment/vader_lexicon.zip · re-download · leftover",
            "datasets · package corpora/stopwords · re-download",
            "datasets · package corpora/words · re-download",
            "datasets · package sentiment/vader_lexicon · re-download",
        ]
    );
    report.equals_du("nltk", &[]);
    report.store_equals_du("nltk");
    assert_eq!(client.said["home"], json!(client.home.join("nltk_data")));
    for name in ["stopwords", "words"] {
        let item = report.item(&format!("corpora/{name}"));
        assert_eq!(client.said["found"][name], json!(item.path()), "where the library finds it");
    }
    // Without the archives the corpora are found all the same.
    client.remove_item("corpora/words.zip");
    client.remove_item("corpora/stopwords.zip");
    assert_eq!(client.verify()["before"], client.said["found"]);

    assert_eq!(client.remove(Verdict::ReDownload).len(), 6);
    let said = client.verify();
    assert_eq!(said["before"], json!({"stopwords": null, "words": null, "vader_lexicon": null}));
    assert_eq!(said["fetched"].as_array().expect("files").len(), 3);
    assert_eq!(said["after"], client.said["found"]);
}

#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn scikit_learn() {
    let client = Client::make("sklearn_home");
    let report = client.report();
    assert_eq!(
        report.outline("scikit-learn", &[]),
        ["~/scikit_learn_data", "datasets · data set cal_housing_py3.pkz · re-download"]
    );
    report.equals_du("scikit-learn", &[]);
    report.store_equals_du("scikit-learn");
    assert_eq!(client.said["home"], json!(client.home.join("scikit_learn_data")));
    assert_eq!(client.verify()["fetched"], 0);
    assert_eq!(client.remove(Verdict::ReDownload), ["cal_housing_py3.pkz"]);
    let said = client.verify();
    assert_eq!((&said["rows"], &said["fetched"]), (&json!(2000), &json!(1)));
}

#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn gensim() {
    let client = Client::make("gensim_home");
    let report = client.report();
    assert_eq!(
        report.outline("gensim", &[]),
        [
            "~/gensim-data",
            "hub · index information.json · re-download",
            "hub · model or corpus tiny-texts · re-download",
            "hub · model or corpus tiny-vectors · re-download",
        ]
    );
    report.equals_du("gensim", &[]);
    report.store_equals_du("gensim");
    assert_eq!(client.verify()["fetched"], json!([]));
    assert_eq!(client.remove(Verdict::ReDownload), ["information.json", "tiny-texts", "tiny-vectors"]);
    assert_eq!(client.verify()["fetched"], client.said["fetched"]);
}

/// Programs that JAX compiled, in a folder of a person's choice.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn jax() {
    let client = Client::make("jax_cache");
    let report = client.report();
    assert_eq!(
        report.outline("xla", &[]),
        ["~/.cache/jax", "compile-caches · compile cache JAX compilation cache · rebuild"]
    );
    report.store_equals_du("xla");
    let programs = client.said["misses"].as_u64().expect("a number");
    assert_eq!(report.item("JAX compilation cache").json["notes"], json!([format!("{programs} programs")]));

    assert_eq!(client.verify()["misses"], 0);
    assert_eq!(client.remove(Verdict::Rebuild), ["JAX compilation cache"]);
    assert_eq!(client.verify(), json!({"hits": 0, "misses": programs}), "all is compiled again");
}
