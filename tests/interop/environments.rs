//! Installers and the environments they make: pip, uv, venv and virtualenv, Poetry, rattler.

use mldu::model::verdict::Verdict;
use serde_json::json;

use crate::client::{Client, python_version};

/// Downloads of an index, and a wheel that pip built.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn pip() {
    let client = Client::make("pip_cache");
    let report = client.report();
    assert_eq!(
        report.outline("pip", &[]),
        [
            "~/.cache/pip",
            "package-caches · built wheel homemade · 0.3 · rebuild",
            "package-caches · download tiny-net · re-download",
            "  package-caches · download tiny-net · 1.0 · re-download",
            "  package-caches · download tiny-net · 1.1 · re-download",
            "package-caches · download words · 2.0 · re-download",
            "package-caches · downloads downloads without a name · re-download",
            "package-caches · index index pages and metadata · safe",
        ]
    );
    report.store_equals_du("pip");
    // What `pip cache list` lists are the wheels it built.
    let built = client.said["built"][0].as_str().expect("a path");
    assert!(std::path::Path::new(built).starts_with(report.item("homemade").path()), "{built}");

    assert_eq!(client.remove(Verdict::Safe), ["index pages and metadata"]);
    let said = client.verify();
    assert_eq!(said["works"], json!(["1.1", "0.3"]));
    assert_eq!(said["fetched"], json!([]), "the packages still come from the cache");

    assert_eq!(client.remove(Verdict::ReDownload), ["downloads without a name", "tiny-net", "words"]);
    let said = client.verify();
    assert_eq!(said["works"], json!(["1.1", "0.3"]));
    assert_eq!(said["before"]["built"], client.said["built"]);
    let fetched = said["fetched"].as_array().expect("files");
    assert!(fetched.contains(&json!("words-2.0-py3-none-any.whl")), "{fetched:?}");

    assert_eq!(client.remove(Verdict::Rebuild), ["homemade"]);
    let said = client.verify();
    assert_eq!(said["before"]["built"], json!([]));
    assert_eq!(said["after"]["built"].as_array().expect("wheels").len(), 1, "it is built again");
}

/// Two environments that are hard links into the cache.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn uv() {
    let client = Client::make("uv_cache");
    let report = client.report();
    let (python, _) = python_version();
    assert_eq!(
        report.outline("uv", &[]),
        [
            "~/.cache/uv",
            "package-caches · index interpreter cache · safe",
            "package-caches · index simple cache · safe",
            "package-caches · other other files · look-first",
            // Whether a link leads into these is known only when all environments were read.
            "package-caches · outdated bucket simple-v3 · look-first · leftover",
            "package-caches · package tiny-net · 1.0 · look-first",
            "package-caches · package tiny-net · 1.1 · look-first",
            "package-caches · package words · 2.0 · look-first",
        ]
    );
    assert_eq!(
        report.outline("venv", &[(&python, "PYTHON")]),
        [
            "~/projects/one/.venv",
            "environments · environment one · PYTHON · look-first",
            "~/projects/two/.venv",
            "environments · environment two · PYTHON · look-first",
        ]
    );
    report.store_equals_du("uv");
    report.equals_du("venv", &[]);
    // `uv cache size` counts as `du` does.
    let cache = client.home.join(".cache/uv");
    assert_eq!(client.said["size"], report.stores[&("uv".to_string(), cache.clone())]);
    assert_eq!(client.said["cache"], json!(cache));
    let whole = json!({"one": ["1.0", "90000"], "two": ["1.1", "90000"]});

    client.remove_item("simple-v3");
    assert_eq!(client.remove(Verdict::Safe), ["interpreter cache", "simple cache"]);
    let said = client.verify();
    assert_eq!(said["works"], whole);
    assert_eq!(said["fetched"], json!([]), "the packages still come from the cache");

    // Of a package that environments link to little comes back, and they keep it.
    let words = client.report().item("words").json.clone();
    assert!(words["frees"].as_u64() < words["bytes"].as_u64());
    client.remove_item("words");
    let said = client.verify();
    assert_eq!(said["works"], whole);
    assert_eq!(said["fetched"], json!(["words-2.0-py3-none-any.whl"]));
}

/// Two environments that are symbolic links into the cache: it must not go.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn uv_with_symbolic_links() {
    let client = Client::make("uv_links");
    let report = client.report();
    assert_eq!(
        report.outline("uv", &[]),
        [
            "~/.cache/uv",
            "package-caches · index interpreter cache · safe",
            "package-caches · index simple cache · safe",
            "package-caches · other other files · look-first",
            "package-caches · outdated bucket simple-v3 · look-first · leftover",
            "package-caches · package tiny-net · 1.0 · protected",
            "package-caches · package tiny-net · 1.1 · protected",
            "package-caches · package words · 2.0 · protected",
        ]
    );
    assert!(client.refuses("words"));
    assert!(client.refuses("tiny-net"));
    client.remove_item("simple-v3");
    assert_eq!(client.remove(Verdict::Safe), ["interpreter cache", "simple cache"]);
    let said = client.verify();
    assert_eq!(said["works"], json!({"one": ["1.0", "90000"], "two": ["1.1", "90000"]}));
    assert_eq!(said["fetched"], json!([]));
}

/// An environment of a project by `venv`, one by virtualenv with a package from a file, and virtualenv's seeds.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn virtualenv() {
    let client = Client::make("venvs");
    let report = client.report();
    let (python, short) = python_version();
    assert_eq!(
        report.outline("venv", &[(&python, "PYTHON")]),
        [
            "~/envs/train",
            "environments · environment train · PYTHON · look-first",
            "~/work/api/.venv",
            "environments · environment api · PYTHON · rebuild",
        ]
    );
    assert_eq!(
        report.outline("virtualenv", &[(&short, "PYTHON")]),
        [
            "~/.cache/virtualenv",
            "package-caches · index py_info · safe",
            "package-caches · seeds seeds for Python PYTHON · re-download",
        ]
    );
    report.equals_du("venv", &[]);
    report.equals_du("virtualenv", &[]);
    report.store_equals_du("virtualenv");

    let both = json!({"api": "True", "train": "True"});
    assert_eq!(client.remove(Verdict::Safe), ["py_info"]);
    assert_eq!(client.verify()["works"], both);
    assert_eq!(client.remove(Verdict::ReDownload), [format!("seeds for Python {short}")]);
    assert_eq!(client.verify()["works"], both);
    assert_eq!(client.remove(Verdict::Rebuild), ["api"]);
    assert_eq!(client.verify()["works"], json!({"train": "True"}));
}

/// A project whose environment lies in Poetry's cache.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn poetry() {
    let client = Client::make("poetry_home");
    let report = client.report();
    let (python, _) = python_version();
    assert_eq!(
        report.outline("poetry", &[]),
        [
            "~/.cache/pypoetry",
            "package-caches · download tiny-net · 1.0 · re-download",
            "package-caches · download words · 2.0 · re-download",
            "package-caches · index index of _default_cache · safe",
            "package-caches · index index of here · safe",
        ]
    );
    let env = client.said["env"].as_str().expect("a path");
    let below = std::path::Path::new(env).strip_prefix(&client.home).expect("in the home");
    assert_eq!(
        report.outline("venv", &[(&python, "PYTHON")]),
        [
            format!("~/{}", below.display()),
            "environments · environment api · PYTHON · look-first".to_string()
        ]
    );
    report.equals_du("poetry", &[]);
    report.equals_du("venv", &[]);

    assert_eq!(client.remove(Verdict::Safe), ["index of _default_cache", "index of here", "py_info"]);
    let said = client.verify();
    assert_eq!((&said["works"], &said["env"]), (&json!("1.0"), &client.said["env"]));
    assert_eq!(said["fetched"], json!([]));
    assert!(client.remove(Verdict::ReDownload).contains(&"words".to_string()));
    let said = client.verify();
    assert_eq!((&said["works"], &said["env"]), (&json!("1.0"), &client.said["env"]));
    // Without its environment Poetry makes it anew, and with nothing in the cache it downloads what it needs.
    client.remove_item("api");
    let said = client.verify();
    assert_eq!((&said["works"], &said["env"]), (&json!("1.0"), &client.said["env"]));
    assert!(!said["fetched"].as_array().expect("files").is_empty());
}

/// Packages of a channel, and an environment that is hard links to them.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn rattler() {
    let client = Client::make("rattler_env");
    let report = client.report();
    assert_eq!(
        report.outline("rattler", &[]),
        [
            "~/.cache/rattler/cache",
            "conda-tarballs · index repodata · safe",
            "packages · other other files · look-first",
            "packages · package tiny-net 1.0 0 · 1.0 · look-first",
            "packages · package words 2.0 h1_0 · 2.0 · look-first",
        ]
    );
    assert_eq!(
        report.outline("conda-env", &[]),
        ["~/work/net/env", "environments · environment ~/work/net/env · look-first"]
    );
    report.store_equals_du("rattler");
    report.equals_du("conda-env", &[]);
    assert_eq!(client.said["installed"], json!(["tiny-net 1.0", "words 2.0"]));

    assert_eq!(client.remove(Verdict::Safe), ["repodata"]);
    let said = client.verify();
    assert_eq!(said["installed"], client.said["installed"]);
    assert_eq!(said["fetched"], json!([]));
    // Only whoever knows the channel can say so.
    for package in ["tiny-net 1.0 0", "words 2.0 h1_0"] {
        client.remove_item(package);
    }
    let said = client.verify();
    assert_eq!(said["installed"], client.said["installed"], "the environment keeps what it has");
    assert_eq!(said["fetched"], json!(["tiny-net-1.0-0.conda", "words-2.0-h1_0.tar.bz2"]));
}
