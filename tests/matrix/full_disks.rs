//! Rows 1 to 4 and 39: disks with nothing left, and quotas that are used up.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use mldu::removal::execute::Outcome;
use mldu::removal::plan::How;
use mldu::removal::restore;

use crate::ground::{Mounted, put, run, world_on};
use crate::invariants::{Scene, plant_sentinel};
use crate::world::World;

/// A model with a folder in it.
fn model(path: &Path) -> PathBuf {
    put(&path.join("weights"), 64);
    put(&path.join("inner/config"), 1);
    path.to_path_buf()
}

fn full_grounds() -> [(&'static str, Mounted); 3] {
    [
        ("tmpfs", Mounted::tmpfs("size=1m")),
        ("ext4", Mounted::ext4(16)),
        ("ext4 with a reserve", Mounted::image(16, &["mkfs.ext4", "-q", "-F"])),
    ]
}

#[test]
#[ignore = "needs root: mounts tmpfs, and ext4 from a file"]
fn row_01_on_a_full_disk_the_trash_is_refused_and_deleting_works() {
    for (name, mounted) in full_grounds() {
        let (_home, w) = world_on(&mounted);
        plant_sentinel(&mounted.path);
        let item = model(&mounted.path.join("model"));
        mounted.fill();
        let scene = Scene::new(&mounted.path, &[&item]);
        let inventory = w.scan();
        let marks = World::marks(&inventory, &[&item]);
        let plan = w.plan(&inventory, &marks, How::Trash);
        assert!(plan.is_empty(), "{name}");
        let refused = &plan.refused[0];
        assert_eq!(
            refused.reason, "the trash cannot take it: no space left, not even for its record",
            "{name}"
        );
        assert_eq!(refused.way_on, "3 deletes it for good");
        scene.check(&w.run(&plan));
        assert!(scene.trashes().is_empty(), "{name}: not even a folder was made");
        let report = w.run(&w.plan(&inventory, &marks, How::ForGood));
        assert!(report.is_clean(), "{name}: {:?}", report.steps);
        scene.check(&report);
        let m = &report.measured[0];
        // Where root ate into its own reserve, nothing is left for users yet.
        let all = name.contains("reserve") || m.came_back() == Some(m.estimated as i64);
        assert!(all, "{name}: {m:?}");
    }
}

#[test]
#[ignore = "needs root: mounts tmpfs, and ext4 from a file"]
fn row_02_a_disk_that_filled_up_after_the_plan_keeps_nothing_of_fifty_attempts() {
    for (name, mounted) in full_grounds() {
        let (_home, w) = world_on(&mounted);
        plant_sentinel(&mounted.path);
        let (first, item) = (model(&mounted.path.join("first")), model(&mounted.path.join("model")));
        assert!(w.remove(&[&first], How::Trash).is_clean(), "the trash is made while there is room");
        let inventory = w.scan();
        let plan = w.plan(&inventory, &World::marks(&inventory, &[&item]), How::Trash);
        assert!(!plan.is_empty());
        mounted.fill();
        let scene = Scene::new(&mounted.path, &[&item]);
        for _ in 0..50 {
            let report = w.run(&plan);
            assert!(
                matches!(&report.steps[0].outcome, Outcome::Kept(why) if why.contains("no space left")),
                "{name}: {:?}",
                report.steps
            );
            scene.check(&report);
        }
        assert_eq!(w_records(&mounted.path), 1, "{name}: the record of the first alone");
        scene.no_fuller(0);
        std::fs::remove_file(mounted.path.join("fill-small-0")).expect("removed");
        let scene = Scene::new(&mounted.path, &[&item]);
        let report = w.run(&plan);
        assert!(report.is_clean(), "{name}: {:?}", report.steps);
        scene.check(&report);
    }
}

fn w_records(mount: &Path) -> usize {
    std::fs::read_dir(mount.join(".Trash-0/info")).expect("read").count()
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn row_03_without_an_inode_nothing_is_begun_and_the_last_one_is_enough() {
    let mounted = Mounted::image(16, &["mkfs.ext4", "-q", "-F", "-m", "0", "-N", "48"]);
    let (_home, w) = world_on(&mounted);
    plant_sentinel(&mounted.path);
    let items = [put(&mounted.path.join("a"), 4), put(&mounted.path.join("b"), 4)];
    let inventory = w.scan();
    let early = w.plan(&inventory, &World::marks(&inventory, &[&items[0]]), How::Trash);
    let take_all = || {
        let mut made = 0;
        while std::fs::write(mounted.path.join(format!("i{made}")), b"").is_ok() {
            made += 1;
        }
    };
    take_all();
    let scene = Scene::new(&mounted.path, &[&items[0], &items[1]]);
    // There is no trash yet, and none can be made: by a plan from before, and by one from now.
    let report = w.run(&early);
    assert!(matches!(&report.steps[0].outcome, Outcome::Kept(why) if why.contains("no space left")));
    scene.check(&report);
    assert!(scene.trashes().is_empty() && !mounted.path.join(".Trash-0").exists());
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&items[0]]), How::Trash);
    assert!(plan.refused.iter().any(|r| r.reason.contains("no inode left")), "{:?}", plan.refused);
    // Three folders and one record.
    for i in 0..4 {
        std::fs::remove_file(mounted.path.join(format!("i{i}"))).expect("removed");
    }
    let scene = Scene::new(&mounted.path, &[&items[0], &items[1]]);
    let report = w.remove(&[&items[0]], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
    // Now each costs one.
    take_all();
    std::fs::remove_file(mounted.path.join("i4")).expect("removed");
    let scene = Scene::new(&mounted.path, &[&items[1]]);
    let report = w.remove(&[&items[1]], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
}

#[test]
#[ignore = "needs root: mounts Btrfs from a file"]
fn row_04_on_a_full_btrfs_where_nothing_can_be_renamed_deleting_works() {
    let mounted = Mounted::btrfs();
    let (_home, w) = world_on(&mounted);
    plant_sentinel(&mounted.path);
    let (first, item) = (model(&mounted.path.join("first")), model(&mounted.path.join("model")));
    std::os::unix::fs::symlink("weights", item.join("link")).expect("linked");
    assert!(w.remove(&[&first], How::Trash).is_clean(), "the trash is made while there is room");
    mounted.fill();
    let rename = std::fs::rename(&item, mounted.path.join("renamed"));
    assert_eq!(rename.expect_err("full").kind(), ErrorKind::StorageFull, "or this test shows nothing");
    let mut scene = Scene::new(&mounted.path, &[&item]);
    scene.slack = 256 << 10;
    for how in [How::Trash, How::ForGood] {
        let report = w.remove(&[&item], how);
        assert_eq!(report.is_clean() && !report.steps.is_empty(), how == How::ForGood, "{:?}", report.steps);
        scene.check(&report);
    }
}

#[test]
#[ignore = "needs root and btrfs-progs: mounts Btrfs from a file and limits a subvolume"]
fn row_16_a_quota_that_is_used_up_is_told_from_a_full_disk_and_deleting_works() {
    let mounted = Mounted::btrfs();
    let (_home, w) = world_on(&mounted);
    let at = mounted.path.display().to_string();
    let ana = mounted.path.join("ana");
    run("btrfs", &["quota", "enable", &at]);
    run("btrfs", &["subvolume", "create", &format!("{at}/ana")]);
    plant_sentinel(&ana);
    let item = model(&ana.join("model"));
    run("sync", &["-f", &at]);
    run("btrfs", &["qgroup", "limit", "4M", &format!("{at}/ana")]);
    for i in 0..64 {
        if std::fs::write(ana.join(format!("fill{i}")), vec![b'f'; 256 << 10]).is_err() {
            break;
        }
    }
    let refused = std::fs::write(ana.join("more"), b"x").expect_err("the quota is used up");
    assert_eq!(refused.kind(), ErrorKind::QuotaExceeded, "or this test shows nothing");
    let mut scene = Scene::new(&ana, &[&item]);
    scene.slack = 256 << 10;
    let report = w.remove(&[&item], How::Trash);
    assert!(
        matches!(&report.steps[0].outcome, Outcome::Kept(why) if why.contains("quota")),
        "{:?}",
        report.steps
    );
    scene.check(&report);
    assert!(scene.trashes().is_empty());
    let report = w.remove(&[&item], How::ForGood);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
}

/// Where the private trash of a shared disk lies is written to the state folder. If that cannot be, everything else is
/// as safe as ever, and the trash is found by who looks there.
#[test]
#[ignore = "needs root: mounts tmpfs"]
fn row_39_a_state_folder_that_takes_nothing_changes_nothing() {
    for state in ["full", "read-only"] {
        let mounted = Mounted::tmpfs("size=16m,mode=0777");
        let (_home, w) = world_on(&mounted);
        // Somebody else's folder stands where the trash of the disk would be, so there is a private one.
        std::fs::create_dir_all(mounted.path.join(".Trash-0/info")).expect("made");
        crate::apart::own(&mounted.path.join(".Trash-0"));
        crate::apart::own(&mounted.path);
        let mine = mounted.path.join("mine");
        std::fs::create_dir(&mine).expect("made");
        plant_sentinel(&mine);
        let item = model(&mine.join("model"));
        let state_folder = w.env.state().to_path_buf();
        std::fs::create_dir_all(&state_folder).expect("made");
        let shown = state_folder.display().to_string();
        run("mount", &["-t", "tmpfs", "-o", "size=4k,mode=0700", "tmpfs", &shown]);
        if state == "full" {
            std::fs::write(state_folder.join("x"), vec![0; 4096]).expect("written");
        } else {
            run("mount", &["-o", "remount,ro", &shown]);
        }
        let scene = Scene::new(&mine, &[&item]);
        let report = w.remove(&[&item], How::Trash);
        assert!(report.is_clean(), "{state}: {:?}", report.steps);
        scene.check(&report);
        let trash = mine.join(".Trash-0");
        let trashed = mldu::removal::ledger::read(std::slice::from_ref(&trash));
        assert!(restore::plan(&trashed, |_| true)[0].run()[0].failed.is_none());
        scene.is_as_before();
        let report = w.remove(&[&item], How::ForGood);
        assert!(report.is_clean(), "{state}: {:?}", report.steps);
        scene.check(&report);
        run("umount", &["-l", &shown]);
    }
}
