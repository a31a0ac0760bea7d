//! Row 23: folders deeper and fuller than anybody would make them, and hardly any file that may be open.

use std::path::{Path, PathBuf};
use std::process::Command;

use mldu::removal::plan::How;
use mldu::removal::restore;

use crate::apart;
use crate::invariants::plant_sentinel;
use crate::world::World;

/// A chain of folders, each with a file in it; deeper than a path can be.
fn chain(at: &Path, levels: usize, name: usize) {
    let script = format!(
        "import os\nos.mkdir({0:?})\nos.chdir({0:?})\nfor i in range({levels}):\n  open('f','w').close()\n  \
         os.mkdir('d'*{name})\n  os.chdir('d'*{name})\n",
        at.display().to_string()
    );
    assert!(Command::new("python3").arg("-c").arg(script).status().expect("python3 runs").success());
}

/// A folder of so many files.
fn full(at: &Path, files: usize) {
    std::fs::create_dir(at).expect("made");
    for i in 0..files {
        std::fs::File::create(at.join(format!("checkpoint-{i:08}"))).expect("made");
    }
}

/// How many entries there are, counted by another program.
fn count(at: &Path) -> usize {
    let out = Command::new("find").arg(at).args(["-printf", "x"]).output().expect("find runs");
    out.stdout.len()
}

/// Trashed, brought back, and deleted, with all that is in it.
fn goes_and_comes_back(w: &World, item: &Path, entries: usize) {
    assert_eq!(count(item), entries);
    let report = w.remove(&[item], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    assert!(item.symlink_metadata().is_err());
    let trashed = w.trashed();
    assert_eq!(count(&trashed[0].file()), entries);
    assert!(restore::plan(&trashed, |_| true)[0].run()[0].failed.is_none());
    assert_eq!(count(item), entries);
    let report = w.remove(&[item], How::ForGood);
    let told = mldu::removal::execute::Outcome::Deleted { files: entries as u64 };
    assert_eq!(report.steps[0].outcome, told);
    assert!(item.symlink_metadata().is_err());
    let left = std::fs::read_dir(item.parent().expect("a folder")).expect("read").flatten();
    assert!(left.into_iter().all(|e| !e.file_name().to_string_lossy().starts_with(".mldu-")));
}

fn deep_and_full(w: &World) {
    let sentinel = plant_sentinel(&w.root);
    let before = crate::invariants::print(&sentinel, &|_| false);
    for (levels, name) in [(3_000, 255), (20_000, 1)] {
        let item = w.root.join(format!("home/deep-{levels}"));
        chain(&item, levels, name);
        goes_and_comes_back(w, &item, 1 + 2 * levels);
    }
    let item = w.root.join("home/full");
    full(&item, 100_000);
    goes_and_comes_back(w, &item, 100_001);
    assert_eq!(crate::invariants::print(&sentinel, &|_| false), before);
}

#[test]
fn row_23_very_deep_and_very_full_folders_go_and_come_back() {
    deep_and_full(&World::new());
}

#[test]
fn row_23_with_sixty_four_open_files_too() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    std::fs::create_dir(root.join("home")).expect("made");
    apart::run("deep::apart_with_few_open_files", &["prlimit", "--nofile=64:64"], &root);
}

#[test]
#[ignore = "run by row_23"]
fn apart_with_few_open_files() {
    let Some((root, w)) = apart::told() else { return };
    let many: Vec<PathBuf> = (0..200).map(|i| root.join(format!("home/wide/{}/{i}/x", i % 20))).collect();
    for path in &many {
        std::fs::create_dir_all(path).expect("made");
    }
    let w = World::on(&root, w.env);
    let inventory = w.scan();
    assert_eq!(inventory.problems.count, 0, "{:?}", inventory.problems.kept);
    deep_and_full(&w);
    apart::finished();
}
