//! Stores in which files are shared by reference: what goes, goes with all it needs and with nothing that others need,
//! and what lies in the trash cannot be cleaned up behind its back by the program whose store it is.
//!
//! Each test does what that program's own cleaning would do, by its rule, while things lie in the trash.

#[path = "common/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use mldu::model::inventory::Inventory;
use mldu::model::marks::{Mark, Marks};
use mldu::removal::execute::{Outcome, Report};
use mldu::removal::plan::{How, Plan};
use mldu::removal::restore;
use world::{World, contents};

fn put(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("below")).expect("made");
    fs::write(path, content).expect("written");
}

fn link(to: &str, at: &Path) {
    fs::create_dir_all(at.parent().expect("below")).expect("made");
    std::os::unix::fs::symlink(to, at).expect("linked");
}

/// Marks the items with these names; a revision's is its commit.
fn marked(inventory: &Inventory, names: &[&str]) -> Marks {
    let mut marks = Marks::default();
    for name in names {
        let found = inventory.items().find(|i| i.name == *name || i.key.ends_with(name));
        let all =
            || inventory.items().map(|i| format!("{} {}", i.name, i.key)).collect::<Vec<_>>().join("\n");
        marks.insert(Mark::Item(found.unwrap_or_else(|| panic!("no {name} in\n{}", all())).id));
    }
    marks
}

fn plan(w: &World, names: &[&str], how: How) -> Plan {
    let inventory = w.scan();
    w.plan(&inventory, &marked(&inventory, names), how)
}

fn remove(w: &World, names: &[&str], how: How) -> Report {
    let plan = plan(w, names, how);
    assert!(
        plan.refused.is_empty() && plan.lines.len() == names.len(),
        "{:?} {:?}",
        plan.refused,
        plan.lines
    );
    let report = w.run(&plan);
    assert!(report.is_clean(), "{:?}", report.steps);
    report
}

fn undo(w: &World) {
    for item in restore::plan(&w.trashed(), |_| true) {
        assert!(item.run().iter().all(|r| r.failed.is_none()), "{item:?}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).into_iter().flatten();
    all.filter(|e| !e.file_type().is_dir()).map(walkdir::DirEntry::into_path).collect()
}

/// A program that has this file open; it is there when this returns.
fn holding(path: &Path) -> Child {
    let child =
        Command::new("sleep").arg("60").stdin(fs::File::open(path).expect("open")).spawn().expect("sleep");
    let exe = || {
        fs::read_link(format!("/proc/{}/exe", child.id()))
            .is_ok_and(|e| e.ends_with("sleep") || e.ends_with("coreutils"))
    };
    while !exe() {
        std::thread::yield_now();
    }
    child
}

fn end(mut child: Child) {
    child.kill().expect("ended");
    child.wait().expect("ended");
}

// Ollama.

fn digest(c: char) -> String {
    c.to_string().repeat(64)
}

fn manifest(layers: &[char]) -> String {
    let layer = |c: &char| {
        format!(r#"{{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{}"}}"#, digest(*c))
    };
    let layers: Vec<String> = layers.iter().map(layer).collect();
    format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"c","digest":"sha256:{}"}},"layers":[{}]}}"#,
        digest('c'),
        layers.join(",")
    )
}

fn tag(models: &Path, name: &str) -> PathBuf {
    models.join("manifests/registry.ollama.ai/library").join(name)
}

/// `one` and `two` share their weights `a`; `three` shares nothing but the configuration, which all have.
fn ollama(w: &World) -> PathBuf {
    let models = w.root.join("home/.ollama/models");
    for c in ['a', 'b', 'c', 'd', 'e'] {
        put(&models.join(format!("blobs/sha256-{}", digest(c))), vec![c as u8; 9000]);
    }
    put(&tag(&models, "one/latest"), manifest(&['a', 'b']));
    put(&tag(&models, "two/latest"), manifest(&['a', 'd']));
    put(&tag(&models, "three/latest"), manifest(&['e']));
    models
}

/// What the server does when it starts: what no manifest names is removed (ollama, `server/images.go`, `PruneLayers`).
fn ollama_prunes(models: &Path) -> Vec<String> {
    let manifests: Vec<String> =
        files(&models.join("manifests")).iter().map(|f| fs::read_to_string(f).expect("read")).collect();
    let mut gone = Vec::new();
    for file in files(&models.join("blobs")) {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let hash = name.trim_start_matches("sha256-").to_string();
        if !manifests.iter().any(|m| m.contains(&hash)) {
            fs::remove_file(&file).expect("removed");
            gone.push(hash[..1].to_string());
        }
    }
    gone.sort();
    gone
}

/// Whether every model has all it is made of.
fn ollama_runs(models: &Path) -> bool {
    files(&models.join("manifests")).iter().all(|m| {
        let text = fs::read_to_string(m).expect("read");
        let blobs = text.split("sha256:").skip(1).map(|rest| &rest[..64]);
        blobs.map(|b| models.join(format!("blobs/sha256-{b}"))).all(|b| b.exists())
    })
}

#[test]
fn a_model_in_the_trash_has_its_blobs_with_it_and_leaves_what_others_share() {
    let w = World::new();
    let models = ollama(&w);
    let before = contents(&models);
    remove(&w, &["one:latest"], How::Trash);
    assert!(ollama_runs(&models), "what is left runs");
    assert_eq!(ollama_prunes(&models), [""; 0], "nothing of it was left for the server to remove");
    undo(&w);
    assert_eq!(contents(&models), before);
    assert!(ollama_runs(&models));
}

#[test]
fn models_that_go_together_take_what_they_share() {
    let w = World::new();
    let models = ollama(&w);
    let before = contents(&models);
    remove(&w, &["one:latest", "two:latest"], How::Trash);
    assert!(ollama_runs(&models));
    assert_eq!(ollama_prunes(&models), [""; 0]);
    assert!(!models.join(format!("blobs/sha256-{}", digest('a'))).exists());
    undo(&w);
    assert_eq!(contents(&models), before);
    remove(&w, &["one:latest", "two:latest", "three:latest"], How::ForGood);
    assert_eq!(files(&models), Vec::<PathBuf>::new());
}

#[test]
fn a_model_that_must_stay_keeps_what_it_shares_with_one_that_goes() {
    for how in [How::Trash, How::ForGood] {
        let w = World::new();
        let models = ollama(&w);
        // Only `two` has `d`; so it stays, and needs `a`.
        let child = holding(&models.join(format!("blobs/sha256-{}", digest('d'))));
        let plan = plan(&w, &["one:latest", "two:latest"], how);
        let report = w.run(&plan);
        end(child);
        let refused: Vec<&str> = plan.refused.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(refused, ["two:latest"]);
        assert!(report.is_clean(), "{:?}", report.steps);
        assert!(ollama_runs(&models), "{how:?}");
        assert!(!tag(&models, "one/latest").exists());
        assert!(!models.join(format!("blobs/sha256-{}", digest('b'))).exists());
    }
}

#[test]
fn what_one_cannot_take_after_all_the_others_do_not_lose() {
    for how in [How::Trash, How::ForGood] {
        let w = World::new();
        let models = ollama(&w);
        let plan = plan(&w, &["one:latest", "two:latest"], how);
        assert!(plan.refused.is_empty());
        // After the plan was made one of them came to be in use.
        let child = holding(&tag(&models, "two/latest"));
        let report = w.run(&plan);
        end(child);
        let kept: BTreeSet<&str> = report
            .steps
            .iter()
            .filter_map(|s| match &s.outcome {
                Outcome::Kept(why) if why.contains("stays and needs it") => Some("shared"),
                Outcome::Kept(why) if why.contains("another part of it stays") => Some("part"),
                Outcome::Kept(why) if why.starts_with("in use: ") => Some("used"),
                Outcome::Kept(why) => panic!("{why}"),
                _ => None,
            })
            .collect();
        assert_eq!(
            kept.into_iter().collect::<Vec<_>>(),
            ["part", "shared", "used"],
            "{how:?} {:?}",
            report.steps
        );
        assert!(ollama_runs(&models), "{how:?}");
        if how == How::Trash {
            assert!(tag(&models, "one/latest").exists(), "all of it goes or nothing");
        }
    }
}

#[test]
fn a_model_that_came_since_the_scan_keeps_what_it_shares() {
    let w = World::new();
    let models = ollama(&w);
    let inventory = w.scan();
    let marks = marked(&inventory, &["three:latest"]);
    let made = w.plan(&inventory, &marks, How::ForGood);
    assert!(made.refused.is_empty() && made.steps().len() == 2);
    // `ollama create`, a moment later; times are told to the second.
    put(&tag(&models, "new/latest"), manifest(&['e']));
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(7);
    let folder = fs::File::open(models.join("manifests/registry.ollama.ai/library")).expect("open");
    folder.set_modified(later).expect("set");
    let before = contents(&models);
    // Neither a plan from the old scan nor one that was made before takes anything.
    let plan = w.plan(&inventory, &marks, How::ForGood);
    assert!(plan.is_empty());
    assert!(plan.refused[0].reason.contains("something came or went in"), "{:?}", plan.refused);
    let report = w.run(&made);
    assert!(report.steps.iter().all(|s| matches!(s.outcome, Outcome::Kept(_))), "{:?}", report.steps);
    assert_eq!(contents(&models), before);
    // A new scan knows better: the blob stays.
    remove(&w, &["three:latest"], How::ForGood);
    assert!(ollama_runs(&models));
}

// Hugging Face.

const OLD: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const NEW: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";

/// A repository with two revisions that share their weights.
fn hub(w: &World) -> PathBuf {
    let repo = w.root.join("home/.cache/huggingface/hub/models--acme--net");
    let blob = |c: char| c.to_string().repeat(64);
    for c in ['1', '2', '3'] {
        put(&repo.join("blobs").join(blob(c)), vec![c as u8; 9000]);
    }
    for (revision, own) in [(OLD, '2'), (NEW, '3')] {
        let at = repo.join("snapshots").join(revision);
        link(&format!("../../blobs/{}", blob('1')), &at.join("model.safetensors"));
        link(&format!("../../blobs/{}", blob(own)), &at.join("config.json"));
    }
    put(&repo.join("refs/main"), NEW);
    repo
}

fn dangling(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|f| f.is_symlink() && !f.exists()).collect()
}

/// What `hf cache prune` would find: contents no revision links to (`huggingface_hub`, `utils/_cache_manager.py`).
fn unlinked(repo: &Path) -> Vec<PathBuf> {
    let used: BTreeSet<PathBuf> =
        files(&repo.join("snapshots")).iter().filter_map(|f| f.canonicalize().ok()).collect();
    files(&repo.join("blobs")).into_iter().filter(|b| !used.contains(b)).collect()
}

#[test]
fn a_revision_in_the_trash_leaves_no_link_that_leads_nowhere_and_no_blob_of_its_own() {
    let w = World::new();
    let repo = hub(&w);
    let before = contents(&repo);
    remove(&w, &[&OLD[..40]], How::Trash);
    assert_eq!((dangling(&repo), unlinked(&repo)), (vec![], vec![]));
    assert!(
        repo.join("blobs").join("1".repeat(64)).exists() && !repo.join("blobs").join("2".repeat(64)).exists()
    );
    undo(&w);
    assert_eq!(contents(&repo), before);
}

#[test]
fn a_revision_that_is_in_use_keeps_what_it_shares_with_one_that_goes() {
    let w = World::new();
    let repo = hub(&w);
    let child = holding(&repo.join("snapshots").join(NEW).join("config.json"));
    let plan = plan(&w, &[OLD, NEW], How::ForGood);
    let report = w.run(&plan);
    end(child);
    assert_eq!((plan.lines.len(), plan.refused.len()), (1, 1), "{:?}", plan.refused);
    assert!(report.is_clean(), "{:?}", report.steps);
    assert_eq!((dangling(&repo), unlinked(&repo)), (vec![], vec![]));
    assert!(repo.join("snapshots").join(NEW).exists() && !repo.join("snapshots").join(OLD).exists());
}

#[test]
fn a_revision_that_was_downloaded_since_the_scan_keeps_what_it_shares() {
    let w = World::new();
    let repo = hub(&w);
    let inventory = w.scan();
    let third = repo.join("snapshots").join("c3".repeat(20));
    link(&format!("../../blobs/{}", "2".repeat(64)), &third.join("config.json"));
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(7);
    fs::File::open(repo.join("snapshots")).expect("open").set_modified(later).expect("set");
    let plan = w.plan(&inventory, &marked(&inventory, &[OLD]), How::ForGood);
    assert!(
        plan.is_empty() && plan.refused[0].reason.starts_with("changed since the scan"),
        "{:?}",
        plan.refused
    );
    remove(&w, &[OLD], How::ForGood);
    assert_eq!(dangling(&repo), Vec::<PathBuf>::new());
}

/// Two repositories whose weights lie once for both among the contents that all share.
fn shared_hub(w: &World) -> PathBuf {
    let hub = w.root.join("home/.cache/huggingface/hub");
    let hash = "ab".repeat(32);
    let content = hub.join("blobs/ab").join(&hash);
    put(&hub.join("blobs/.huggingface-shared-blobs"), "1\n");
    put(&content, vec![7; 20_000]);
    put(&hub.join(format!("blobs/ab/{hash}.lock")), "");
    let repos = ["models--acme--one", "models--acme--two"];
    let list: String = repos.iter().flat_map(|r| [r, "/blobs/", &hash, "\n"]).collect();
    put(&hub.join(format!("blobs/ab/{hash}.refs")), list);
    for repo in repos {
        link(&format!("../../blobs/ab/{hash}"), &hub.join(repo).join("blobs").join(&hash));
        let at = hub.join(repo).join("snapshots").join(NEW);
        link(&format!("../../blobs/{hash}"), &at.join("model.safetensors"));
        put(&hub.join(repo).join("refs/main"), NEW);
    }
    hub
}

#[test]
fn contents_that_repositories_share_go_with_the_last_of_them() {
    let w = World::new();
    let hub = shared_hub(&w);
    let before = contents(&hub);
    let content = hub.join("blobs/ab").join("ab".repeat(32));
    remove(&w, &["acme/one"], How::Trash);
    assert!(content.exists() && dangling(&hub).is_empty(), "the other still has it");
    undo(&w);
    assert_eq!(contents(&hub), before);
    remove(&w, &["acme/one", "acme/two"], How::Trash);
    let left: Vec<PathBuf> =
        files(&hub).into_iter().filter(|f| !f.ends_with(".huggingface-shared-blobs")).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "content, list and lock went along");
    undo(&w);
    assert_eq!(contents(&hub), before);
}

#[test]
fn contents_that_a_repository_needs_stay_when_it_must_stay() {
    let w = World::new();
    let hub = shared_hub(&w);
    let plan = plan(&w, &["acme/one", "acme/two"], How::ForGood);
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    // A moment later a program reads one of them, but not what both share.
    let child = holding(&hub.join("models--acme--two/refs/main"));
    let report = w.run(&plan);
    end(child);
    assert!(
        report
            .steps
            .iter()
            .any(|s| matches!(&s.outcome, Outcome::Kept(why) if why.contains("stays and needs it")))
    );
    assert!(!hub.join("models--acme--one").exists() && dangling(&hub).is_empty(), "{:?}", report.steps);
}

// Things of two or more paths.

#[test]
fn what_belongs_to_a_thing_goes_and_comes_with_it() {
    let w = World::new();
    let home = w.root.join("home");
    let hash = "0a".repeat(20);
    put(&home.join(format!("tmp/tfhub_modules/{hash}/saved_model.pb")), "graph");
    put(
        &home.join(format!("tmp/tfhub_modules/{hash}.descriptor.txt")),
        "Module: https://tfhub.dev/acme/net/1\n",
    );
    let id = "cqKuKdJVywR2s9wp";
    put(&home.join(format!(".cache/uv/archive-v0/{id}/six-1.0.dist-info/METADATA")), "Name: six\n");
    put(&home.join(format!(".cache/uv/archive-v0/{id}/six.py")), "x");
    put(&home.join(".cache/uv/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55");
    let entry = home.join(".cache/uv/wheels-v8/pypi/six/1.0-py3-none-any");
    link(&format!("../../../archive-v0/{id}"), &entry);
    put(&entry.with_extension("0-py3-none-any.http"), format!("{id} https://h/six.whl\0"));
    for (names, store) in [(["acme/net"], "tmp/tfhub_modules"), (["six"], ".cache/uv")] {
        let before = contents(&home.join(store));
        remove(&w, &names, How::Trash);
        // Neither an entry without its content is left nor a content without an entry, which `uv cache prune` removes.
        let left: Vec<PathBuf> =
            files(&home.join(store)).into_iter().filter(|f| !f.ends_with("CACHEDIR.TAG")).collect();
        assert_eq!(left, Vec::<PathBuf>::new(), "{store}");
        undo(&w);
        assert_eq!(contents(&home.join(store)), before, "{store}");
    }
}

#[test]
fn a_cache_that_environments_are_linked_into_stays() {
    let w = World::new();
    let home = w.root.join("home");
    let package = home.join("miniconda3/pkgs/numpy-2.0-0");
    put(
        &home.join("miniconda3/pkgs/urls.txt"),
        "https://conda.anaconda.org/conda-forge/linux-64/numpy-2.0-0.conda\n",
    );
    put(&package.join("info/index.json"), r#"{"name":"numpy","version":"2.0","build":"0"}"#);
    put(&package.join("lib/numpy.so"), "code");
    let env = home.join("miniconda3/envs/soft");
    put(&env.join("conda-meta/history"), "");
    let record = serde_json::json!({
        "name": "numpy", "version": "2.0", "build": "0", "files": ["lib/numpy.so"],
        "url": "https://conda.anaconda.org/conda-forge/linux-64/numpy-2.0-0.conda",
        "link": {"source": package, "type": 2},
    });
    put(&env.join("conda-meta/numpy-2.0-0.json"), record.to_string());
    link(package.join("lib/numpy.so").to_str().expect("text"), &env.join("lib/numpy.so"));
    let inventory = w.scan();
    let numpy = inventory.items().find(|i| i.name == "numpy 2.0 0").expect("numpy").id;
    let said = inventory.notes(numpy).join("; ");
    assert!(said.contains("environment soft links into it and would break"), "{said}");
    for how in How::ALL {
        let plan = plan(&w, &["numpy 2.0 0"], how);
        assert!(plan.is_empty(), "{:?}", plan.lines);
        assert!(plan.refused[0].reason.starts_with("protected: "), "{:?}", plan.refused);
    }
    // Its own program could remove the package while the environment lies in the trash: that is said.
    let trash = plan(&w, &["soft"], How::Trash);
    let said = trash.lines[0].notes.join("; ");
    assert!(said.contains("links lead into") && said.contains("nothing keeps"), "{said}");
    assert!(!plan(&w, &["soft"], How::ForGood).lines[0].notes.join("; ").contains("nothing keeps"));
}
