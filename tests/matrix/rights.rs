//! Rows 5, 22 and 33: what a user may not do, and what root must not do to a user.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mldu::env::Env;
use mldu::model::headline::headline;
use mldu::removal::execute::Outcome;
use mldu::removal::plan::How;
use mldu::removal::{ledger, restore};
use mldu::sys::mounts;
use mldu::text::Units;

use crate::apart;
use crate::ground::{Mounted, put, run, world_on};
use crate::invariants::{Scene, plant_sentinel};
use crate::world::World;

#[test]
#[ignore = "needs root: mounts ext4 from a file, becomes another user"]
fn row_05_what_is_kept_for_root_is_not_left_for_others() {
    let mounted = Mounted::image(32, &["mkfs.ext4", "-q", "-F", "-m", "10"]);
    apart::as_user_in(&mounted.path, "rights::apart_on_a_reserve", |root| {
        put(&root.join("home/model/weights"), 1024);
        plant_sentinel(&root.join("home"));
    });
    // Root has room there still, and says so.
    let (_home, w) = world_on(&mounted);
    let space = mounts::space(&mounted.path).expect("asked");
    assert!(space.free > space.available, "{space:?}");
    let item = put(&mounted.path.join("roots/model"), 4);
    let report = w.remove(&[&item], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
}

#[test]
#[ignore = "run by row_05"]
fn apart_on_a_reserve() {
    let Some((root, w)) = apart::told() else { return };
    let home = root.join("home");
    for (name, size) in [("big", 1 << 20), ("small", 4096)] {
        for i in 0.. {
            if std::fs::write(home.join(format!("{name}-{i}")), vec![b'f'; size]).is_err() {
                let _ = std::fs::remove_file(home.join(format!("{name}-{i}")));
                break;
            }
        }
    }
    let space = mounts::space(&root).expect("asked");
    assert!(space.available < 4096 && space.free >= 2 << 20, "{space:?}");
    let item = home.join("model");
    let scene = Scene::new(&home, &[&item]);
    let inventory = w.scan();
    let headline = headline(&inventory, false, Units::Binary).expect("a mount");
    assert_eq!(headline.word, "FULL");
    assert!(
        headline.sentence.contains(" left for you (") && headline.sentence.contains("is root's"),
        "{headline:?}"
    );
    let marks = World::marks(&inventory, &[&item]);
    let plan = w.plan(&inventory, &marks, How::Trash);
    assert!(plan.is_empty() && plan.refused[0].reason.contains("no space left"), "{:?}", plan.refused);
    scene.check(&w.run(&plan));
    let report = w.run(&w.plan(&inventory, &marks, How::ForGood));
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
    apart::finished();
}

#[test]
#[ignore = "needs root: becomes another user"]
fn row_22_what_may_not_be_emptied_stays_with_its_reason_and_the_rest_goes() {
    apart::as_user("rights::apart_closed_in_places", |root| {
        let item = root.join("home/item");
        put(&item.join("open/a"), 4);
        put(&item.join("mine-but-closed/b"), 4);
        put(&item.join("mine-but-closed/c"), 4);
        put(&item.join("whole"), 4);
        plant_sentinel(root);
    });
}

#[test]
#[ignore = "run by row_22"]
fn apart_closed_in_places() {
    let Some((root, w)) = apart::told() else { return };
    let item = root.join("home/item");
    apart::open(&item.join("mine-but-closed"), 0o555);
    let scene = Scene::new(&root, &[&item]);
    // To the trash it goes as a whole, and comes back so.
    let report = w.remove(&[&item], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
    for thing in restore::plan(&w.trashed(), |_| true) {
        assert!(thing.run()[0].failed.is_none());
    }
    scene.is_as_before();
    let report = w.remove(&[&item], How::ForGood);
    let Outcome::Partly { files, left, first, rest } = &report.steps[0].outcome else {
        panic!("{:?}", report.steps)
    };
    // `open`, `open/a` and `whole` went; the two files that could not are told. Their folders stay with them.
    assert_eq!((*files, *left), (3, 2), "{first}");
    assert!(first.contains("mine-but-closed/") && first.contains("you may not"), "{first}");
    assert!(rest.join("mine-but-closed/b").exists());
    scene.check(&report);
    apart::finished();
}

#[test]
#[ignore = "needs root: becomes another user"]
fn row_22_what_others_own_in_ones_folder_stays_and_is_told() {
    apart::as_user("rights::apart_foreign_in_places", |root| {
        let item = root.join("mine/item");
        put(&item.join("own/weights"), 4);
        plant_sentinel(root);
        apart::own(&root.join("mine"));
        // A folder root made in it, as a container does.
        put(&item.join("theirs/weights"), 4);
        apart::open(&item.join("theirs"), 0o755);
    });
}

#[test]
#[ignore = "run by row_22"]
fn apart_foreign_in_places() {
    let Some((root, w)) = apart::told() else { return };
    let item = root.join("mine/item");
    let scene = Scene::new(&root, &[&item]);
    let report = w.remove(&[&item], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
    for thing in restore::plan(&w.trashed(), |_| true) {
        assert!(thing.run()[0].failed.is_none());
    }
    scene.is_as_before();
    let report = w.remove(&[&item], How::ForGood);
    let Outcome::Partly { files, left, first, .. } = &report.steps[0].outcome else {
        panic!("{:?}", report.steps)
    };
    assert_eq!((*files, *left), (2, 1), "{first}");
    assert!(first.contains("theirs/weights") && first.contains("you may not"), "{first}");
    scene.check(&report);
    apart::finished();
}

/// `chattr +i` and `+a`: not even root may, until the flag is cleared, which mldu never does.
#[test]
#[ignore = "needs root: mounts ext4 from a file, sets flags"]
fn row_22_what_is_immutable_or_append_only_stays_with_its_reason_and_the_rest_goes() {
    for (flag, at) in
        [("+i", "item/inner/one"), ("+a", "item/inner/one"), ("+i", "item/inner"), ("+a", "item/inner")]
    {
        let mounted = Mounted::ext4(16);
        let (_home, w) = world_on(&mounted);
        plant_sentinel(&mounted.path);
        let item = mounted.path.join("item");
        for name in ["inner/one", "inner/two", "other/three", "four"] {
            put(&item.join(name), 4);
        }
        let stays = mounted.path.join(at);
        run("chattr", &[flag, &stays.display().to_string()]);
        let scene = Scene::new(&mounted.path, &[&item]);
        // A rename of what is above it does not touch it.
        let report = w.remove(&[&item], How::Trash);
        assert!(report.is_clean(), "{flag} {at}: {:?}", report.steps);
        scene.check(&report);
        for thing in restore::plan(&ledger::read(&scene.trashes()), |_| true) {
            assert!(thing.run()[0].failed.is_none());
        }
        scene.is_as_before();
        let report = w.remove(&[&item], How::ForGood);
        let Outcome::Partly { files, left, first, rest } = &report.steps[0].outcome else {
            panic!("{:?}", report.steps)
        };
        // A folder with such a flag could not go were it empty.
        let expected = if at.ends_with("one") { (4, 1) } else { (3, 3) };
        assert_eq!((*files, *left), expected, "{flag} {at}: {first}");
        assert!(first.contains("inner/") && first.contains("you may not"), "{flag} {at}: {first}");
        scene.check(&report);
        // Without the flag the rest goes as any folder.
        let stays = rest.join(stays.strip_prefix(&item).expect("below"));
        let clear = flag.replace('+', "-");
        run("chattr", &[&clear, &stays.display().to_string()]);
        let rest = rest.clone();
        assert!(w.remove(&[&rest], How::ForGood).is_clean());
    }
}

/// The item itself is immutable: nothing can be done with it, and nothing is.
#[test]
#[ignore = "needs root: mounts ext4 from a file, sets flags"]
fn row_22_an_immutable_item_stays_whole() {
    let mounted = Mounted::ext4(16);
    let (_home, w) = world_on(&mounted);
    plant_sentinel(&mounted.path);
    let (folder, file) = (mounted.path.join("folder"), put(&mounted.path.join("file"), 4));
    put(&folder.join("weights"), 4);
    for path in [&folder, &file] {
        run("chattr", &["+i", &path.display().to_string()]);
    }
    let scene = Scene::new(&mounted.path, &[&folder, &file]);
    for how in [How::Trash, How::ForGood] {
        let report = w.remove(&[&folder, &file], how);
        assert_eq!(report.failed().count(), report.steps.len(), "{:?}", report.steps);
        scene.check(&report);
        for step in &report.steps {
            println!("{how:?}: {:?}", step.outcome);
        }
    }
    for path in [&folder, &file] {
        run("chattr", &["-i", &path.display().to_string()]);
    }
}

/// Everything in a folder that belongs to root.
fn of_root(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).into_iter().flatten().map(walkdir::DirEntry::into_path);
    all.filter(|p| p.symlink_metadata().is_ok_and(|m| m.uid() == 0)).collect()
}

/// `sudo mldu`: root, with the variables of the user. What root leaves in that home the user could not use again.
#[test]
#[ignore = "needs root: mounts tmpfs"]
fn row_33_root_leaves_nothing_in_a_users_home() {
    // Once with the trash of the disk, and once where only a private one is left, which is written down.
    for private in [false, true] {
        let mounted = Mounted::tmpfs("size=32m,mode=0755");
        let root = &mounted.path;
        let home = root.join("home");
        put(&home.join("notes"), 4);
        let work = root.join("work");
        let item = put(&work.join("model/weights"), 64).parent().expect("a folder").to_path_buf();
        plant_sentinel(&work);
        apart::own(&home);
        if private {
            put(&root.join(".Trash-0/x"), 0);
            apart::own(&root.join(".Trash-0"));
            Command::new("chown").arg(apart::UID).arg(root).status().expect("chown runs");
        }
        let var = format!("HOME={}", home.display());
        apart::run("rights::apart_as_root_with_a_users_home", &["env", &var, "SUDO_UID=2000"], root);
        assert_eq!(of_root(&home), Vec::<PathBuf>::new());
        assert!(item.exists(), "it was brought back");
    }
}

#[test]
#[ignore = "run by row_33"]
fn apart_as_root_with_a_users_home() {
    let Some((root, _)) = apart::told() else { return };
    let work = root.join("work");
    let w = World::on(&work, Env::real());
    assert_eq!(w.env.home(), root.join("home"));
    trash_and_undo(&w, &work.join("model"));
    apart::finished();
}

/// To the trash and back, by whatever trash there is.
fn trash_and_undo(w: &World, item: &Path) {
    let scene = Scene::new(&w.root, &[item]);
    let report = w.remove(&[item], How::Trash);
    assert!(report.is_clean() && !report.steps.is_empty(), "{:?}", report.steps);
    let Outcome::Trashed { root, .. } = &report.steps[0].outcome else { panic!("{:?}", report.steps) };
    println!("trashed to {}", root.display());
    let trashed = ledger::read(std::slice::from_ref(root));
    for thing in restore::plan(&trashed, |t| t.original == item) {
        assert!(thing.run()[0].failed.is_none());
    }
    scene.outside_is_as_it_was();
    assert!(item.exists());
}

#[test]
#[ignore = "needs root: mounts tmpfs, becomes users nobody knows"]
fn row_33_a_user_without_an_account_or_a_home_can_trash_and_undo() {
    for (what, vars) in [
        ("no account", vec!["HOME=/nonexistent"]),
        ("no home", vec!["-u", "HOME"]),
        ("a home that takes nothing", vec!["HOME=/proc"]),
        ("a home that is empty text", vec!["HOME="]),
        ("a home that is no path", vec!["HOME=relative"]),
    ] {
        let mounted = Mounted::tmpfs("size=32m,mode=0755");
        let root = &mounted.path;
        let own = root.join("ana");
        put(&own.join("model/weights"), 64);
        plant_sentinel(&own);
        Command::new("chown").args(["-R", "54321:54321"]).arg(&own).status().expect("chown runs");
        apart::open(&root.clone(), 0o755);
        apart::open(&mounted.beside(), 0o755);
        let mut before = vec!["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups", "env"];
        before.extend(&vars);
        let said = apart::run("rights::apart_as_nobody_known", &before, root);
        println!("{what}: {}", said.lines().find(|l| l.starts_with("trashed to")).unwrap_or_default());
    }
}

#[test]
#[ignore = "run by row_33"]
fn apart_as_nobody_known() {
    let Some((root, _)) = apart::told() else { return };
    let own = root.join("ana");
    let w = World::on(&own, Env::real());
    trash_and_undo(&w, &own.join("model"));
    // What was trashed is found again without being told where.
    assert!(ledger::roots(&w.env, &mounts::read()).iter().all(|r| !r.starts_with("/proc")));
    apart::finished();
}
