//! Package caches and environments.

use mldu::model::verdict::Verdict;
use serde_json::json;

use crate::client::Client;

/// Archives by conda's own library for them: two unpacked, one of which nobody noted where it came from.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn conda_archives() {
    let client = Client::make("conda_pkgs");
    let report = client.report();
    assert_eq!(
        report.outline("conda", &[]),
        [
            "~/miniconda3/pkgs",
            "conda-tarballs · settings urls.txt · protected",
            "conda-tarballs · tarball plain 0.1 0 · 0.1 · safe",
            "conda-tarballs · tarball tiny-net 1.0 0 · 1.0 · safe · leftover",
            "conda-tarballs · tarball words 2.0 h1_0 · 2.0 · safe · leftover",
            // Not every environment was read, so one may need them.
            "packages · package tiny-net 1.0 0 · 1.0 · look-first",
            "packages · package words 2.0 h1_0 · 2.0 · look-first",
        ]
    );
    report.equals_du("conda", &["urls.txt"]);
    report.store_equals_du("conda");
    assert_eq!(
        client.said["files"],
        json!(["share/plain/table.bin", "share/tiny-net/table.bin", "share/words/table.bin"])
    );

    // What is safe are the archives: the packages are there, or can be had again.
    let names = ["plain 0.1 0", "tiny-net 1.0 0", "words 2.0 h1_0"];
    assert_eq!(client.remove(Verdict::Safe), names);
    let said = client.verify();
    assert_eq!(said["archives"], json!([]));
    assert_eq!(said["folders"], json!(["tiny-net-1.0-0", "words-2.0-h1_0"]));
}
