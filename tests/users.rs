//! What another user may and may not do: the parts of the tests that root cannot show. Needs root to become somebody
//! else, and is run by `.ci/run`; the `as_user_…` tests are started by the others, in a copy of this program.

#[path = "common/world.rs"]
mod world;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mldu::env::Env;
use mldu::removal::ledger;
use mldu::removal::plan::How;
use world::World;

const UID: &str = "2000";

/// Runs a test of this file as another user, in a folder that is prepared first.
fn as_user(name: &str, prepare: impl FnOnce(&Path)) {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    open(&root, 0o755);
    let copy = root.join("tests");
    std::fs::copy(std::env::current_exe().expect("this program"), &copy).expect("copied");
    open(&copy, 0o755);
    let home = root.join("home");
    std::fs::create_dir(&home).expect("made");
    prepare(&root);
    own(&home);
    let out = Command::new("setpriv")
        .args(["--reuid", UID, "--regid", UID, "--clear-groups"])
        .arg(&copy)
        .args(["--include-ignored", "--exact", name, "--nocapture"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("MLDU_TEST_ROOT", &root)
        .output()
        .expect("setpriv runs");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
}

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
}

fn own(path: &Path) {
    let done =
        Command::new("chown").args(["-R", &format!("{UID}:{UID}")]).arg(path).status().expect("chown runs");
    assert!(done.success());
}

/// The folder that was prepared, in a test that was started as another user.
fn prepared() -> (PathBuf, World) {
    let root = PathBuf::from(std::env::var_os("MLDU_TEST_ROOT").expect("started by another test"));
    let env = Env::fixed(root.join("home")).with_disk(&root);
    (root.clone(), World::on(&root, env))
}

fn put(path: &Path, kib: usize) {
    std::fs::create_dir_all(path.parent().expect("below")).expect("made");
    std::fs::write(path, vec![b'x'; kib * 1024]).expect("written");
}

#[test]
#[ignore = "needs root: becomes another user"]
fn unreadable_folders_are_problems() {
    as_user("as_user_unreadable_folders_are_problems", |root| {
        put(&root.join("closed/inner/f"), 40);
        put(&root.join("open/f"), 40);
        open(&root.join("closed"), 0o700);
    });
}

#[test]
#[ignore = "run by unreadable_folders_are_problems"]
fn as_user_unreadable_folders_are_problems() {
    let (root, w) = prepared();
    let inventory = w.scan();
    assert_eq!(inventory.problems.count, 1, "{:?}", inventory.problems.kept);
    assert_eq!(inventory.problems.kept[0].path, root.join("closed"));
    assert!(inventory.tree.find(&root.join("open/f")).is_some());
    let out = Command::new("du").args(["-s", "-B1"]).arg(&root).output().expect("du runs");
    let du: u64 = String::from_utf8_lossy(&out.stdout)
        .split_whitespace()
        .next()
        .unwrap_or("")
        .parse()
        .expect("a number");
    assert_eq!(inventory.total().on_disk, du);
}

#[test]
#[ignore = "needs root: becomes another user"]
fn the_files_of_others_stay_and_nothing_is_copied() {
    as_user("as_user_the_files_of_others_stay", |root| {
        put(&root.join("colleague/model/weights"), 2048);
        open(&root.join("colleague"), 0o755);
        put(&root.join("home/mine/weights"), 40);
    });
}

#[test]
#[ignore = "run by the_files_of_others_stay_and_nothing_is_copied"]
fn as_user_the_files_of_others_stay() {
    let (root, w) = prepared();
    let before = world::contents(&root.join("colleague"));
    for how in How::ALL {
        let inventory = w.scan();
        let plan = w.plan(&inventory, &World::marks(&inventory, &[&root.join("colleague/model")]), how);
        let report = w.run(&plan);
        assert!(report.steps.iter().all(|s| !s.outcome.is_done()), "{how:?}: {:?}", report.steps);
    }
    assert_eq!(world::contents(&root.join("colleague")), before);
    let trash = root.join("home/.local/share/Trash");
    let copied =
        walkdir::WalkDir::new(&trash).into_iter().flatten().filter(|e| e.file_type().is_file()).count();
    assert_eq!(copied, 0, "nothing was copied into the trash");
    let own = w.remove(&[&root.join("home/mine")], How::Trash);
    assert!(own.is_clean(), "{:?}", own.steps);
}

#[test]
#[ignore = "needs root: becomes another user, mounts tmpfs"]
fn a_folder_of_ones_own_on_a_foreign_file_system_gets_a_trash_of_its_own() {
    as_user("as_user_a_private_trash", |root| {
        let data = root.join("data");
        std::fs::create_dir(&data).expect("made");
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=32m,mode=0755", "tmpfs"])
            .arg(&data)
            .status()
            .expect("mount runs");
        assert!(done.success());
        put(&data.join("alice/hub/model"), 4096);
        own(&data.join("alice"));
    });
}

#[test]
#[ignore = "run by a_folder_of_ones_own_on_a_foreign_file_system_gets_a_trash_of_its_own"]
fn as_user_a_private_trash() {
    let (root, w) = prepared();
    let report = w.remove(&[&root.join("data/alice/hub")], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    let trash = root.join("data/alice/.Trash-2000");
    assert!(trash.join("files").is_dir());
    // Other programs do not look there, so mldu remembers it.
    let table = mldu::sys::mounts::read();
    assert!(ledger::roots(&w.env, &table).contains(&trash));
    let trashed = ledger::read(&[trash]);
    assert!(mldu::removal::restore::plan(&trashed, |_| true)[0].run()[0].failed.is_none());
    assert!(root.join("data/alice/hub/model").exists());
}

#[test]
#[ignore = "needs root: becomes another user"]
fn processes_of_others_cannot_be_looked_into_and_that_is_said() {
    as_user("as_user_processes_of_others", |root| put(&root.join("home/x"), 4));
}

#[test]
#[ignore = "run by processes_of_others_cannot_be_looked_into_and_that_is_said"]
fn as_user_processes_of_others() {
    let (root, w) = prepared();
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&root.join("home/x")]), How::Trash);
    assert!(plan.closed_processes > 0);
}

#[test]
#[ignore = "needs root: becomes another user"]
fn the_reserve_of_root_is_not_left_for_others() {
    as_user("as_user_the_reserve", |_| {});
}

#[test]
#[ignore = "run by the_reserve_of_root_is_not_left_for_others"]
fn as_user_the_reserve() {
    let space = mldu::sys::mounts::space(Path::new("/")).expect("asked");
    assert!(space.available <= space.free);
}

#[test]
#[ignore = "needs root: becomes another user"]
fn what_may_not_be_removed_is_told_before_any_plan() {
    as_user("as_user_what_may_not_be_removed", |root| {
        put(&root.join("closed/model/w"), 40);
        put(&root.join("sticky/theirs"), 40);
        put(&root.join("sticky/mine"), 40);
        open(&root.join("sticky"), 0o1777);
        put(&root.join("writable/theirs"), 40);
        open(&root.join("writable"), 0o777);
        own(&root.join("sticky/mine"));
        put(&root.join("home/.keras/models/a.h5"), 40);
        put(&root.join("shared/hf/hub/models--acme--llm/snapshots/x/f"), 40);
    });
}

#[test]
#[ignore = "run by what_may_not_be_removed_is_told_before_any_plan"]
fn as_user_what_may_not_be_removed() {
    let (root, w) = prepared();
    let inventory = w.scan();
    let why = |below: &str| {
        let node = inventory.tree.find(&root.join(below)).expect(below);
        inventory.bar(node).map(|bar| inventory.bar_words(bar))
    };
    assert!(why("closed/model").is_some_and(|w| w.contains("you may not write in")));
    assert!(why("sticky/theirs").is_some_and(|w| w.contains("only their own")));
    for below in ["sticky/mine", "writable/theirs", "home/.keras"] {
        assert_eq!(why(below), None, "{below}");
    }
    // A cache of others is seen by its shape, with its owner.
    let item = inventory.items().find(|i| i.name == "acme/llm").expect("recognized");
    assert_eq!(inventory.people.owner(item.measure.owners).as_deref(), Some("0"));
    assert!(item.bar.is_some() && inventory.verdict(item.id) == mldu::model::verdict::Verdict::LookFirst);
    let marks = World::marks(&inventory, &[&root.join("closed/model"), &root.join("sticky/theirs")]);
    let plan = w.plan(&inventory, &marks, How::ForGood);
    assert!(plan.is_empty() && plan.refused.len() == 2, "{:?}", plan.refused);
    assert!(plan.refused.iter().all(|r| r.way_on == "its owner can remove it, or root"));
    // What is not barred goes as before, also somebody else's where everybody may write.
    let own = w.remove(&[&root.join("sticky/mine"), &root.join("writable/theirs")], How::ForGood);
    assert!(own.is_clean(), "{:?}", own.steps);
}

#[test]
#[ignore = "needs root: becomes another user"]
fn a_lock_that_somebody_else_holds_is_seen() {
    as_user("as_user_a_lock_of_others", |root| {
        put(&root.join("home/data/part"), 40);
        put(&root.join("home/alone"), 40);
        for below in ["home/data/part", "home/alone"] {
            let file = std::fs::File::open(root.join(below)).expect("open");
            file.lock().expect("locked");
            // Held by this process until it ends.
            std::mem::forget(file);
        }
    });
}

#[test]
#[ignore = "run by a_lock_that_somebody_else_holds_is_seen"]
fn as_user_a_lock_of_others() {
    let (root, w) = prepared();
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&root.join("home/alone")]), How::Trash);
    assert!(
        plan.is_empty() && plan.refused[0].reason.starts_with("in use: locked by "),
        "{:?}",
        plan.refused
    );
    // One inside a folder is told by the plan too.
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&root.join("home/data")]), How::Trash);
    assert!(
        plan.is_empty() && plan.refused[0].reason.starts_with("in use: locked by "),
        "{:?}",
        plan.refused
    );
}
