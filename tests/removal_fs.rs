//! Removal on real files: trash, undo, empty, delete, and everything that must not happen.
//!
//! Needs no rights; what needs mounts of its own is in `tests/mounts.rs`.

#[path = "common/world.rs"]
mod world;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use mldu::model::marks::{Mark, Marks};
use mldu::removal::empty::Empty;
use mldu::removal::execute::{self, Outcome};
use mldu::removal::plan::{How, Plan};
use mldu::removal::{ledger, restore};
use world::{World, contents};

#[test]
fn trash_then_undo_gives_everything_back_as_it_was() {
    let w = World::new();
    let model = w.file("models/big/weights.bin", 64);
    w.file("models/big/inner/config.json", 1);
    std::os::unix::fs::symlink("weights.bin", w.root.join("home/models/big/link")).expect("linked");
    w.file("models/other", 4);
    let before = contents(&w.root);
    let report = w.remove(&[&w.root.join("home/models/big")], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    assert!(!model.exists());
    let trashed = w.trashed();
    assert_eq!(trashed.len(), 1);
    assert!(trashed[0].is_ours());
    assert_eq!(trashed[0].original, w.root.join("home/models/big"));
    assert_eq!(restore::last_run(&trashed), Some(report.run.clone()));
    for item in restore::plan(&trashed, |_| true) {
        assert!(item.run().iter().all(|r| r.failed.is_none()));
    }
    std::fs::remove_dir_all(w.root.join("home/.local")).expect("only the empty trash was there");
    assert_eq!(contents(&w.root), before);
}

#[test]
fn empty_takes_only_what_mldu_put_there_and_the_bytes_come_back() {
    let w = World::new();
    w.file("a/weights", 512);
    // Somebody else's, with a record of their own, and one that copies ours.
    let trash = w.root.join("home/.local/share/Trash");
    std::fs::create_dir_all(trash.join("files")).expect("made");
    std::fs::create_dir_all(trash.join("info")).expect("made");
    std::fs::write(trash.join("files/theirs"), b"precious").expect("written");
    std::fs::write(trash.join("info/theirs.trashinfo"), b"[Trash Info]\nPath=/x/theirs\n").expect("written");
    let report = w.remove(&[&w.root.join("home/a")], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    let record = w.trashed().into_iter().find(ledger::Trashed::is_ours).expect("ours");
    let copied = std::fs::read(record.info()).expect("read");
    std::fs::write(trash.join("info/fake.trashinfo"), copied).expect("written");
    std::fs::write(trash.join("files/fake"), b"also precious").expect("written");
    let empty = Empty::plan(&w.trashed(), |_| true);
    assert_eq!(empty.things().len(), 1);
    assert!(empty.bytes() >= 512 * 1024);
    let done = empty.run(&AtomicBool::new(false), &mut |_| {});
    assert!(done.iter().all(|d| d.failed.is_none()), "{done:?}");
    let left: Vec<PathBuf> = contents(&trash).into_iter().map(|c| c.0).filter(|p| p.is_file()).collect();
    assert_eq!(
        left,
        ["files/fake", "files/theirs", "info/fake.trashinfo", "info/theirs.trashinfo"].map(|p| trash.join(p))
    );
}

#[test]
fn deleting_for_good_leaves_nothing_and_touches_nothing_else() {
    let w = World::new();
    w.file("keep/precious", 4);
    w.file("go/one", 16);
    w.file("go/deep/er/two", 16);
    std::os::unix::fs::symlink(w.root.join("home/keep"), w.root.join("home/go/link")).expect("linked");
    std::fs::hard_link(w.root.join("home/keep/precious"), w.root.join("home/go/hard")).expect("linked");
    let keep = contents(&w.root.join("home/keep"));
    let report = w.remove(&[&w.root.join("home/go")], How::ForGood);
    assert!(report.is_clean(), "{:?}", report.steps);
    assert!(!w.root.join("home/go").exists());
    assert_eq!(contents(&w.root.join("home/keep")), keep);
    let names: Vec<_> =
        std::fs::read_dir(w.root.join("home")).expect("read").flatten().map(|e| e.file_name()).collect();
    // The log of it lies in `.local`.
    assert!(names.iter().all(|n| n == "keep" || n == ".local"), "{names:?}");
}

#[test]
fn what_changed_since_the_scan_stays() {
    let w = World::new();
    let grown = w.file("grown/a", 4);
    let replaced = w.file("replaced", 4);
    let newer = w.file("newer/b", 4);
    let inventory = w.scan();
    let marks =
        World::marks(&inventory, &[&w.root.join("home/grown"), &replaced, &w.root.join("home/newer")]);
    w.file("grown/new", 4);
    std::fs::remove_file(&replaced).expect("removed");
    std::fs::write(&replaced, vec![b'y'; 5000]).expect("written");
    std::fs::write(&newer, vec![b'z'; 4096]).expect("written");
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    std::fs::File::options().write(true).open(&newer).expect("open").set_modified(later).expect("set");
    let before = contents(&w.root.join("home"));
    for how in How::ALL {
        let plan = w.plan(&inventory, &marks, how);
        assert!(
            plan.refused.iter().any(|r| r.path == replaced && r.reason.contains("changed since the scan"))
        );
        let report = w.run(&plan);
        for step in &report.steps {
            assert!(
                matches!(&step.outcome, Outcome::Kept(why) if why.contains("changed since the scan")),
                "{step:?}"
            );
        }
        assert_eq!(report.steps.len(), 2);
    }
    assert!(grown.exists());
    assert_eq!(contents(&w.root.join("home")), before);
}

#[test]
fn what_a_process_has_open_stays() {
    let w = World::new();
    let open = w.file("run/log", 4);
    w.file("idle/x", 4);
    let mut child = std::process::Command::new("sleep")
        .arg("60")
        .stdin(std::fs::File::open(&open).expect("open"))
        .spawn()
        .expect("sleep runs");
    let inventory = w.scan();
    let marks = World::marks(&inventory, &[&w.root.join("home/run"), &w.root.join("home/idle")]);
    // The child is another program only after exec.
    let mut plan = w.plan(&inventory, &marks, How::ForGood);
    for _ in 0..200 {
        if plan.refused.len() == 1 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        plan = w.plan(&inventory, &marks, How::ForGood);
    }
    let pid = child.id();
    let report = w.run(&plan);
    child.kill().expect("ended");
    child.wait().expect("ended");
    assert_eq!(plan.refused.len(), 1);
    assert!(
        plan.refused[0].reason.starts_with(&format!("in use: open by sleep {pid} (")),
        "{}",
        plan.refused[0].reason
    );
    assert!(report.is_clean());
    assert!(open.exists() && !w.root.join("home/idle").exists());
}

#[test]
fn what_came_to_be_used_after_the_plan_stays_too() {
    let w = World::new();
    let file = w.file("run/log", 4);
    let inventory = w.scan();
    let marks = World::marks(&inventory, &[&w.root.join("home/run")]);
    let plan = w.plan(&inventory, &marks, How::ForGood);
    assert!(plan.refused.is_empty());
    let mut child = std::process::Command::new("sleep")
        .arg("60")
        .current_dir(w.root.join("home/run"))
        .spawn()
        .expect("sleep runs");
    let report = w.run(&plan);
    child.kill().expect("ended");
    child.wait().expect("ended");
    assert!(
        matches!(&report.steps[0].outcome, Outcome::Kept(why) if why.starts_with("in use: ")),
        "{report:?}"
    );
    assert!(file.exists());
}

#[test]
fn homes_roots_and_where_we_stand_are_never_removed() {
    let w = World::new();
    w.file("x/y", 4);
    let inventory = w.scan();
    let home = w.root.join("home");
    let marks = World::marks(&inventory, &[&home]);
    let plan = w.plan(&inventory, &marks, How::ForGood);
    assert!(plan.is_empty());
    assert_eq!(plan.refused[0].reason, "protected: a home folder");
    let marks = World::marks(&inventory, &[&w.root]);
    let plan = w.plan(&inventory, &marks, How::Trash);
    assert!(plan.is_empty());
    assert!(plan.refused[0].reason.starts_with("protected: "), "{}", plan.refused[0].reason);
}

#[test]
fn marks_inside_marks_count_once() {
    let w = World::new();
    w.file("a/b/c", 40);
    w.file("a/d", 8);
    let inventory = w.scan();
    let home = w.root.join("home");
    let marks = World::marks(&inventory, &[&home.join("a"), &home.join("a/b"), &home.join("a/b/c")]);
    let plan = w.plan(&inventory, &marks, How::ForGood);
    assert_eq!(plan.steps().len(), 1);
    let alone = w.plan(&inventory, &World::marks(&inventory, &[&home.join("a")]), How::ForGood);
    assert_eq!(plan.frees, alone.frees);
    assert!(plan.frees >= 48 * 1024);
    assert!(w.run(&plan).is_clean());
}

#[test]
fn odd_names_go_and_come_back_byte_for_byte() {
    let w = World::new();
    let long = "漢".repeat(80);
    let names: [&[u8]; 9] = [
        b"new\nline",
        b"\xff\xfe",
        b"\x1b[2J",
        b"-rf",
        b"tail ",
        long.as_bytes(),
        b"a%41",
        b".hidden",
        b"=;&",
    ];
    let dir = w.root.join("home/odd");
    std::fs::create_dir_all(&dir).expect("made");
    let paths: Vec<PathBuf> = names
        .iter()
        .map(|n| {
            let path = dir.join(std::ffi::OsStr::from_bytes(n));
            std::fs::write(&path, n).expect("written");
            path
        })
        .collect();
    let before = contents(&dir);
    let marked: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let report = w.remove(&marked, How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    assert_eq!(std::fs::read_dir(&dir).expect("read").count(), 0);
    let back = restore::plan(&w.trashed(), |_| true);
    assert_eq!(back.len(), names.len());
    for item in back {
        assert!(item.run().iter().all(|r| r.failed.is_none()));
    }
    assert_eq!(contents(&dir), before);
}

#[test]
fn nothing_is_replaced_when_it_comes_back() {
    let w = World::new();
    let file = w.file("a/model", 4);
    assert!(w.remove(&[&file], How::Trash).is_clean());
    std::fs::write(&file, b"a new one").expect("written");
    let trashed = w.trashed();
    let report = restore::plan(&trashed, |_| true)[0].run();
    assert_eq!(report[0].failed.as_deref(), Some("something else lies there now"));
    assert_eq!(std::fs::read(&file).expect("read"), b"a new one");
    assert_eq!(w.trashed().len(), 1, "it stays in the trash");
    std::fs::remove_dir_all(w.root.join("home/a")).expect("removed");
    assert!(
        restore::plan(&w.trashed(), |_| true)[0].run()[0].failed.is_none(),
        "a missing folder is made again"
    );
    assert_eq!(std::fs::read(&file).expect("read").len(), 4096);
}

#[test]
fn a_run_can_be_stopped_and_says_what_it_did_not_reach() {
    let w = World::new();
    let paths: Vec<PathBuf> = (0..5).map(|i| w.file(&format!("s/{i}/f"), 4)).collect();
    let inventory = w.scan();
    let folders: Vec<&Path> = paths.iter().filter_map(|p| p.parent()).collect();
    let plan = w.plan(&inventory, &World::marks(&inventory, &folders), How::ForGood);
    let stop = AtomicBool::new(false);
    let report = execute::run(&plan, &w.env, &stop, &mut |p| {
        if p.steps == 2 {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
    assert!(report.stopped);
    let done = report.steps.iter().filter(|s| s.outcome.is_done()).count();
    assert!((2..5).contains(&done), "{report:?}");
    assert_eq!(paths.iter().filter(|p| !p.exists()).count(), done);
    assert!(report.steps.iter().any(|s| s.outcome == Outcome::NotReached));
}

/// An item of two parts: a data set of Keras and its archive. Returns their paths in the order of the plan.
fn pair(w: &World) -> (PathBuf, PathBuf) {
    let unpacked = w.file(".keras/datasets/cifar-10-batches-py-target/cifar-10-batches-py/data_batch_1", 8);
    let archive = w.file(".keras/datasets/cifar-10-batches-py-target_archive", 8);
    (unpacked.ancestors().nth(2).expect("below").to_path_buf(), archive)
}

fn plan_of_pair(w: &World) -> Plan {
    let inventory = w.scan();
    let item = inventory.items().find(|i| i.name.starts_with("CIFAR-10")).expect("recognized");
    let mut marks = Marks::default();
    marks.insert(Mark::Item(item.id));
    let plan = w.plan(&inventory, &marks, How::Trash);
    assert_eq!(plan.steps().len(), 2, "{:?}", plan.refused);
    plan
}

#[test]
fn if_one_part_of_an_item_stays_all_of_it_does() {
    for changed in 0..2 {
        let w = World::new();
        let (first, second) = pair(&w);
        let plan = plan_of_pair(&w);
        assert_eq!(plan.steps()[0].path(), first);
        let late = if changed == 0 { first.join("late") } else { second.clone() };
        std::fs::write(&late, b"late").expect("written");
        let report = w.run(&plan);
        let why = |i: usize| match &report.steps[i].outcome {
            Outcome::Kept(why) | Outcome::PutBack(why) => why.clone(),
            other => panic!("{changed}: {other:?}"),
        };
        assert!(why(changed).starts_with("changed since"), "{}", why(changed));
        assert!(why(1 - changed).contains("changed since"), "{}", why(1 - changed));
        assert!(first.join("cifar-10-batches-py/data_batch_1").exists() && second.exists());
        assert_eq!((w.trashed().len(), report.trashed), (0, 0));
    }
}

#[test]
fn a_run_that_is_stopped_within_an_item_leaves_it_whole() {
    let w = World::new();
    let (first, second) = pair(&w);
    let stop = AtomicBool::new(false);
    let report = execute::run(&plan_of_pair(&w), &w.env, &stop, &mut |p| {
        stop.store(p.steps == 1, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(matches!(report.steps[0].outcome, Outcome::PutBack(_)), "{:?}", report.steps);
    assert_eq!(report.steps[1].outcome, Outcome::NotReached);
    assert!(report.stopped && first.exists() && second.exists() && w.trashed().is_empty());
}

#[test]
fn a_trash_that_cannot_be_read_is_not_an_empty_one() {
    let w = World::new();
    let file = w.file("a/model", 4);
    assert!(w.remove(&[&file], How::Trash).is_clean());
    let (all, problems) = ledger::everywhere(&w.env);
    assert_eq!((all.len(), problems.len()), (1, 0));
    // A record that is a folder cannot be read by anybody, not even by root.
    let odd = w.root.join("home/.local/share/Trash/info/odd.trashinfo");
    std::fs::create_dir(&odd).expect("made");
    let (all, problems) = ledger::everywhere(&w.env);
    assert_eq!(all.len(), 1);
    assert_eq!(problems.iter().map(|p| p.path.clone()).collect::<Vec<_>>(), [odd]);
}

#[test]
fn a_trash_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let w = World::new();
    let file = w.file("a/model", 4);
    let share = w.root.join("home/.local/share");
    std::fs::create_dir_all(share.join("Trash/files")).expect("made");
    std::fs::create_dir_all(share.join("Trash/info")).expect("made");
    std::fs::set_permissions(share.join("Trash"), std::fs::Permissions::from_mode(0o777)).expect("opened");
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&file]), How::Trash);
    assert!(plan.steps().iter().all(|s| !s.trash().is_some_and(|t| t.path.starts_with(&share))));
}

#[test]
fn a_home_trash_reached_through_a_link_is_the_real_one() {
    let w = World::new();
    let file = w.file("a/model", 4);
    let elsewhere = w.root.join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    std::fs::create_dir_all(w.root.join("home/.local/share")).expect("made");
    std::os::unix::fs::symlink(&elsewhere, w.root.join("home/.local/share/Trash")).expect("linked");
    assert!(w.remove(&[&file], How::Trash).is_clean());
    assert_eq!(std::fs::read_dir(elsewhere.join("files")).expect("read").count(), 1);
    assert!(restore::plan(&w.trashed(), |_| true)[0].run()[0].failed.is_none());
    assert!(file.exists());
}
