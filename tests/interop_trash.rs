//! The trash as other programs see it: the `trash` crate, and trash-cli where it is installed.

#[path = "common/world.rs"]
mod world;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use mldu::removal::empty::Empty;
use mldu::removal::plan::How;
use mldu::removal::restore::Allow;
use mldu::removal::{ledger, restore, weigh};
use world::World;

/// Runs a test of this file in a process of its own whose home is that of the world: the crate reads variables.
fn in_home(w: &World, test: &str) -> String {
    let out = Command::new(std::env::current_exe().expect("this program"))
        .args(["--include-ignored", "--exact", test, "--nocapture"])
        .env("MLDU_TEST_HOME", w.env.home())
        .env("HOME", w.env.home())
        .env("XDG_DATA_HOME", w.env.home().join(".local/share"))
        .output()
        .expect("it runs");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
    said
}

fn trashed_world() -> (World, Vec<PathBuf>) {
    let w = World::new();
    let names: [&[u8]; 3] = [b"model.bin", b"new\nline", b"per%41cent"];
    let paths: Vec<PathBuf> = names
        .iter()
        .map(|n| {
            let path = w.root.join("home/models").join(std::ffi::OsStr::from_bytes(n));
            std::fs::create_dir_all(path.parent().expect("below")).expect("made");
            std::fs::write(&path, n).expect("written");
            path
        })
        .collect();
    let marked: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    assert!(w.remove(&marked, How::Trash).is_clean());
    (w, paths)
}

#[test]
fn the_trash_crate_lists_and_restores_what_mldu_trashed() {
    let (w, paths) = trashed_world();
    in_home(&w, "inner_restore_all");
    for path in paths {
        assert_eq!(std::fs::read(&path).expect("it is back"), path.file_name().expect("a name").as_bytes());
    }
    assert!(ledger::read(&ledger::roots(&w.env, &[])).is_empty(), "no record is left");
}

#[test]
#[ignore = "run by the_trash_crate_lists_and_restores_what_mldu_trashed"]
fn inner_restore_all() {
    let Some(home) = std::env::var_os("MLDU_TEST_HOME") else { return };
    let all = trash::os_limited::list().expect("listed");
    let ours: Vec<_> = all.into_iter().filter(|i| Path::new(&i.id).starts_with(&home)).collect();
    assert_eq!(ours.len(), 3, "{ours:?}");
    trash::os_limited::restore_all(ours).expect("restored");
}

#[test]
fn what_the_trash_crate_trashed_is_seen_and_is_not_ours() {
    let w = World::new();
    let file = w.file("theirs", 4);
    in_home(&w, "inner_delete");
    assert!(!file.exists());
    let all = ledger::read(&ledger::roots(&w.env, &[]));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].original, file);
    assert!(!all[0].is_ours());
    assert!(restore::plan(&all, |_| true).is_empty());
}

#[test]
#[ignore = "run by what_the_trash_crate_trashed_is_seen_and_is_not_ours"]
fn inner_delete() {
    let Some(home) = std::env::var_os("MLDU_TEST_HOME") else { return };
    let file = Path::new(&home).join("theirs");
    if file.exists() {
        trash::delete(file).expect("trashed");
    }
}

fn trash_cli(w: &World, program: &str, args: &[&str], input: &str) -> String {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(args)
        .env("HOME", w.env.home())
        .env("XDG_DATA_HOME", w.env.home().join(".local/share"))
        .current_dir(w.root.join("home/models"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    child.stdin.take().expect("input").write_all(input.as_bytes()).expect("typed");
    let out = child.wait_with_output().expect("it ends");
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

#[test]
#[ignore = "needs trash-cli"]
fn trash_cli_lists_restores_and_empties_what_mldu_trashed() {
    let (w, paths) = trashed_world();
    let listed = trash_cli(&w, "trash-list", &[], "");
    assert_eq!(listed.matches("/home/models/").count(), 3, "{listed}");
    let model = paths[0].display().to_string();
    assert!(listed.contains(&model), "{listed}");
    trash_cli(&w, "trash-restore", &[&model], "0\n");
    assert!(paths[0].exists());
    let said = trash_cli(&w, "trash-empty", &[], "y\n");
    let left = ledger::read(&ledger::roots(&w.env, &[]));
    assert!(left.is_empty(), "{said} {left:?}");
    assert!(ledger::read(&ledger::roots(&w.env, &[])).is_empty());
    assert!(paths[0].exists());
}

#[test]
#[ignore = "needs trash-cli"]
fn what_trash_cli_trashed_stays_when_mldu_empties() {
    let (w, paths) = trashed_world();
    let theirs = w.file("models/theirs", 4);
    trash_cli(&w, "trash-put", &[&theirs.display().to_string()], "");
    let all = ledger::read(&ledger::roots(&w.env, &[]));
    assert_eq!(all.len(), 4);
    let empty = mldu::removal::empty::Empty::plan(&all, |_| true);
    assert_eq!(empty.things().len(), paths.len());
    let done = empty.run(&std::sync::atomic::AtomicBool::new(false), &mut |_| {});
    assert!(done.iter().all(|d| d.failed.is_none()));
    let left = trash_cli(&w, "trash-list", &[], "");
    assert!(left.contains("models/theirs") && left.lines().count() == 1, "{left}");
}

#[test]
#[ignore = "needs trash-cli"]
fn what_trash_cli_trashed_is_shown_with_its_size_and_goes_or_comes_back_only_when_it_is_chosen() {
    let (w, _) = trashed_world();
    let theirs: Vec<PathBuf> =
        ["models/theirs", "models/odd\nname"].iter().map(|below| w.file(below, 4)).collect();
    let folder = w.file("models/folder/inner", 8).parent().expect("a folder").to_path_buf();
    for path in theirs.iter().chain([&folder]) {
        trash_cli(&w, "trash-put", &[&path.display().to_string()], "");
    }
    let read = || ledger::read(&ledger::roots(&w.env, &[]));
    let all = read();
    let foreign: Vec<&ledger::Trashed> = all.iter().filter(|t| !t.is_ours()).collect();
    assert_eq!((all.len(), foreign.len()), (6, 3));
    let now = jiff::Timestamp::now().as_second();
    assert!(foreign.iter().all(|t| t.age(now).is_some_and(|age| age < 3600)), "its dates are read");
    let of = |path: &Path| foreign.iter().find(|t| t.original == path).copied().expect("it is shown");
    let file = of(&folder).file();
    assert_eq!(weigh::weigh(std::slice::from_ref(&file)), [(file.clone(), Some(12 << 10))]);
    // Emptying what mldu put there, and bringing back all of it, leaves theirs alone.
    let done = Empty::plan(&all, |_| true).run(&AtomicBool::new(false), &mut |_| {});
    assert_eq!(done.iter().filter(|d| d.failed.is_none()).count(), 3);
    assert!(restore::plan(&read(), |_| true).is_empty());
    assert_eq!(read().len(), 3);
    // Chosen by themselves, one comes back and one goes, and trash-cli sees the same.
    let back = restore::bring_all(&restore::of(&[of(&theirs[1])], &all), Allow::default());
    assert!(back.len() == 1 && back[0].failed.is_none() && theirs[1].exists(), "{back:?}");
    let gone = Empty::chosen([(of(&folder).clone(), None)]).run(&AtomicBool::new(false), &mut |_| {});
    assert!(gone[0].failed.is_none() && !folder.exists(), "{gone:?}");
    let left = trash_cli(&w, "trash-list", &[], "");
    assert!(left.contains("models/theirs") && left.lines().count() == 1, "{left}");
}

#[test]
#[ignore = "needs trash-cli"]
fn twins_and_directory_sizes_do_not_confuse_trash_cli() {
    let w = World::new();
    let folder = w.root.join("home/models/run");
    for content in ["one", "two"] {
        std::fs::create_dir_all(&folder).expect("made");
        std::fs::write(folder.join("w"), content).expect("written");
        assert!(w.remove(&[&folder], How::Trash).is_clean());
    }
    assert!(w.root.join("home/.local/share/Trash/directorysizes").exists());
    let listed = trash_cli(&w, "trash-list", &[], "");
    assert_eq!(listed.lines().filter(|l| l.ends_with("/home/models/run")).count(), 2, "{listed}");
    let said = trash_cli(&w, "trash-restore", &[&folder.display().to_string()], "0\n");
    assert!(folder.join("w").exists(), "{said}");
    trash_cli(&w, "trash-rm", &["run"], "");
    assert!(ledger::read(&ledger::roots(&w.env, &[])).is_empty());
    assert!(folder.join("w").exists());
}
