//! What a Hugging Face cache gives back, against `huggingface_hub` itself.
//!
//! Needs python with `huggingface_hub` (1.32 or later, which knows shared files) and the oracle, a script that makes a cache, plans deletions with the library,
//! and carries each of them out on a copy to measure it:
//! `MLDU_PYTHON=… MLDU_HF_ORACLE=…/hf_cache.py cargo test --test hf_oracle -- --ignored`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use mldu::env::Env;
use mldu::model::inventory::Inventory;
use mldu::model::item::{Item, ItemId};
use mldu::model::node::NodeId;
use mldu::scan::{Session, Settings};
use serde_json::Value;

/// Long after the oracle made its cache, so that nothing in it is fresh.
const NOW: i64 = 4_000_000_000;

struct Oracle {
    _dir: tempfile::TempDir,
    hub: PathBuf,
    said: Value,
    inventory: Inventory,
}

impl Oracle {
    /// Makes a cache and asks the library about it; nothing if there is no oracle.
    fn ask(flags: &[&str]) -> Option<Self> {
        let Some(script) = std::env::var_os("MLDU_HF_ORACLE") else {
            println!("skipped: MLDU_HF_ORACLE does not name the oracle");
            return None;
        };
        let python = std::env::var_os("MLDU_PYTHON").unwrap_or_else(|| "python3".into());
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("a path");
        let hub = root.join("hub");
        let out = Command::new(python)
            .arg(script)
            .args(["--measure", "--dir"])
            .arg(&hub)
            .args(flags)
            .output()
            .expect("python runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let said = serde_json::from_slice(&out.stdout).expect("the oracle writes JSON");
        let mut settings = Settings::new(Arc::new(Env::fixed(&root)), NOW);
        settings.roots = vec![root];
        let inventory = Session::new(settings).expect("threads").run();
        assert_eq!(inventory.problems.count, 0, "{:?}", inventory.problems.kept);
        Some(Self { _dir: dir, hub, said, inventory })
    }

    /// The item that begins with this path below the cache.
    fn item(&self, below: &str) -> &Item {
        let node = self.inventory.tree.find(&self.hub.join(below)).expect("it was scanned");
        let item = self.inventory.items().find(|i| i.parts.first().is_some_and(|p| p.node == node));
        item.unwrap_or_else(|| panic!("no item begins with {below}"))
    }

    /// The revisions with these commits.
    fn revisions(&self, commits: &[&str]) -> Vec<ItemId> {
        let repos = self.said["repos"].as_array().expect("repos");
        let all = repos.iter().flat_map(|r| r["revisions"].as_array().expect("revisions"));
        let chosen = all.filter(|r| commits.contains(&text(&r["commit"])));
        chosen.map(|r| self.item(text(&r["snapshot"])).id).collect()
    }

    /// All files at or below the nodes of an item, without what it leaves out.
    fn files_of(&self, id: ItemId) -> BTreeSet<PathBuf> {
        let mut files = BTreeSet::new();
        let mut todo: Vec<NodeId> = self.inventory.nodes_of(id);
        while let Some(node) = todo.pop() {
            if node.is_dir() {
                let dir = node.dir;
                todo.extend(self.inventory.tree.children(dir).map(NodeId::dir));
                todo.extend(self.inventory.tree.files(dir).map(|f| NodeId { dir, at: f.at }));
            } else {
                files.insert(self.inventory.tree.path(node));
            }
        }
        files
    }

    /// Bytes by which the library shortens lists of shared files that stay, when these repositories go. mldu leaves
    /// such lines: the library skips them, and a repository that comes back from the trash needs its own.
    fn shortened(&self, repos: &[&str]) -> u64 {
        let mut bytes = 0;
        for list in walkdir::WalkDir::new(self.hub.join("blobs")).into_iter().flatten() {
            if list.path().extension().is_none_or(|e| e != "refs") {
                continue;
            }
            let content = std::fs::read_to_string(list.path()).expect("a list");
            let (going, staying): (Vec<&str>, Vec<&str>) =
                content.lines().partition(|l| repos.iter().any(|r| l.starts_with(&format!("{r}/"))));
            if !staying.is_empty() {
                bytes += going.iter().map(|l| l.len() as u64 + 1).sum::<u64>();
            }
        }
        bytes
    }

    /// Blocks that come back when these items go and the library does not count or does not remove: folders, and the
    /// listing of a commit (`trees/<commit>.json`), which it leaves behind.
    fn uncounted(&self, ids: &[ItemId]) -> u64 {
        let tree = &self.inventory.tree;
        let mut todo: Vec<NodeId> = ids.iter().flat_map(|id| self.inventory.nodes_of(*id)).collect();
        let mut seen: BTreeSet<NodeId> = BTreeSet::new();
        let mut bytes = 0;
        while let Some(node) = todo.pop() {
            if !seen.insert(node) {
                continue;
            }
            let path = tree.path(node);
            let listing = path.parent().is_some_and(|p| p.ends_with("trees"));
            if node.is_dir() {
                todo.extend(tree.children(node.dir).map(NodeId::dir));
            }
            // Of a whole repository the listings are counted by both.
            if node.is_dir() || (listing && ids.iter().all(|id| self.inventory.line(*id).count() > 1)) {
                bytes += tree.facts(node).expect("it is there").blocks * 512;
            }
        }
        bytes
    }

    /// Compares all plans but some; says how many single revisions, sets and whole repositories there were.
    fn compare(&self, skip: &[&str]) -> (usize, usize, usize) {
        let (mut single, mut sets, mut wholes) = (0, 0, 0);
        for (name, plan) in self.said["plans"].as_object().expect("plans") {
            if skip.iter().any(|s| name.contains(s)) {
                continue;
            }
            let commits = texts(&plan["revisions"]);
            let ids = self.revisions(&commits);
            assert_eq!(ids.len(), commits.len(), "{name}");
            let expected = plan["expected_freed_size"].as_u64().expect("a size");
            assert_eq!(self.inventory.measure_set(&ids).frees_apparent, expected, "{name}");
            if let [one] = ids[..] {
                let item = self.inventory.item(one).expect("an item");
                assert_eq!(item.measure.frees_apparent, expected, "{name}");
                single += 1;
            } else {
                sets += 1;
            }
            let blocks = plan["measured_freed_alloc"].as_u64().expect("a size");
            let repos = texts(&plan["repos"]);
            if repos.is_empty() {
                assert_eq!(self.inventory.measure_set(&ids).frees - self.uncounted(&ids), blocks, "{name}");
            } else if texts(&plan["snapshots"]).is_empty() {
                let ids: Vec<ItemId> = repos.iter().map(|r| self.item(r).id).collect();
                let measured = plan["measured_freed_size"].as_u64().expect("a size");
                let ours = self.inventory.measure_set(&ids);
                assert_eq!(ours.frees_apparent + self.shortened(&repos), measured, "{name}");
                assert_eq!(ours.frees - self.uncounted(&ids), blocks, "{name}");
                wholes += 1;
            }
        }
        (single, sets, wholes)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(text).collect()
}

#[test]
#[ignore = "needs python with huggingface_hub and the oracle: MLDU_HF_ORACLE=path"]
fn every_plan_frees_what_the_library_says() {
    let Some(oracle) = Oracle::ask(&[]) else { return };
    assert_eq!(oracle.compare(&[]), (11, 7, 9));
    // Only where a list of a file that stays is shortened does the library free a few bytes more.
    assert_eq!(oracle.shortened(&["models--acme--tiny-llm"]), 0);
    assert_eq!(oracle.shortened(&["models--acme--shared-a"]), 94);
}

#[test]
#[ignore = "needs python with huggingface_hub and the oracle: MLDU_HF_ORACLE=path"]
fn a_cache_without_shared_files_frees_what_the_library_says() {
    let Some(oracle) = Oracle::ask(&["--no-shared"]) else { return };
    assert_eq!(oracle.compare(&[]), (9, 6, 6));
}

#[test]
#[ignore = "needs python with huggingface_hub and the oracle: MLDU_HF_ORACLE=path"]
fn unreferenced_shared_files_are_those_the_library_would_prune() {
    let Some(oracle) = Oracle::ask(&[]) else { return };
    let pruned = oracle.said["unreferenced_shared_blobs"].as_object().expect("a version with shared blobs");
    let item = oracle.inventory.items().find(|i| i.name == "1 unreferenced shared file").expect("an item");
    assert_eq!(pruned.len(), 1);
    for (path, size) in pruned {
        assert!(oracle.files_of(item.id).contains(&oracle.hub.join(path)), "{path}");
        assert_eq!(Some(item.measure.frees_apparent), size.as_u64());
    }
    let partials: BTreeSet<PathBuf> = oracle
        .inventory
        .items()
        .filter(|i| i.kind == "partial")
        .flat_map(|i| oracle.files_of(i.id))
        .filter(|p| p.extension().is_some_and(|e| e == "incomplete"))
        .collect();
    let theirs = oracle.said["incomplete_files"].as_array().expect("partial files");
    assert_eq!(partials, theirs.iter().map(|f| oracle.hub.join(text(&f["path"]))).collect());
}

/// The library follows a link out of the cache and deletes what it finds, and counts an inode with two names twice.
#[test]
#[ignore = "needs python with huggingface_hub and the oracle: MLDU_HF_ORACLE=path"]
fn a_hostile_cache_is_not_obeyed() {
    let Some(oracle) = Oracle::ask(&["--hostile"]) else { return };
    assert_eq!(oracle.compare(&["hostile", "prune"]), (11, 6, 9));
    let precious = oracle.hub.join("precious/data.bin");
    for item in oracle.inventory.items().filter(|i| !i.is_rest) {
        assert!(!oracle.files_of(item.id).contains(&precious), "{} would carry it away", item.name);
    }
    let plans = oracle.said["plans"].as_object().expect("plans");
    for (name, plan) in plans.iter().filter(|(name, _)| name.contains("hostile")) {
        let theirs = plan["expected_freed_size"].as_u64().expect("a size");
        let ours = oracle.inventory.measure_set(&oracle.revisions(&texts(&plan["revisions"]))).frees_apparent;
        // Alone, neither revision gives back the inode that both have a name of.
        let meant = match texts(&plan["revisions"]).len() {
            2 => 105_000,
            _ if theirs == 105_000 => 5_000,
            _ => 0,
        };
        assert_eq!(ours, meant, "{name}");
        assert_ne!(ours, theirs, "{name}");
    }
    // The refs/main of 40 bytes more than its content.
    assert_eq!(oracle.item("models--acme--hostile").measure.frees_apparent, 105_040);
    // The detached revision of it is in the plan of what is pruned, and gives nothing.
    let pruned = texts(&plans["prune:detached"]["revisions"]);
    assert_eq!(oracle.inventory.measure_set(&oracle.revisions(&pruned)).frees_apparent, 203_000);
}
