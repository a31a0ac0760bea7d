//! Rows 17 and 20: a disk that cannot be read in places, and one that loses its power.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use mldu::removal::execute::{self, Outcome};
use mldu::removal::plan::How;
use mldu::removal::{ledger, restore};

use crate::ground::{Mounted, put, run, world_on};
use crate::invariants::{Place, Scene, plant_sentinel};
use crate::world::World;

const ITEMS: usize = 12;

/// While a run goes on, the image is copied at several moments, as a disk is that loses its power there: nothing is
/// synced for it. In each copy every item must be at one place, and no record may be empty.
fn cut(mounted: &Mounted, how: How, options: &str) {
    let (_home, w) = world_on(mounted);
    plant_sentinel(&mounted.path);
    let journal = options.is_empty();
    if journal {
        mounted.remount("commit=1");
    }
    let items: Vec<PathBuf> = (0..ITEMS).map(|i| mounted.path.join(format!("model-{i}"))).collect();
    for (i, path) in items.iter().enumerate() {
        put(&path.join("weights"), 16 + i);
        put(&path.join("inner/config"), 1);
    }
    run("sync", &["-f", &mounted.path.display().to_string()]);
    let marked: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &marked), how);
    assert_eq!(plan.steps().len(), ITEMS);
    let scene = Scene::new(&mounted.path, &marked);
    let mut found: Vec<Mounted> = Vec::new();
    let mut last = 0;
    let report = execute::run(&plan, &w.env, &AtomicBool::new(false), &mut |p| {
        if p.steps > last && [1, 6, ITEMS].contains(&p.steps) {
            if p.steps == ITEMS && journal {
                // Until the journal has the names: without more, the contents come much later.
                std::thread::sleep(Duration::from_millis(2500));
            }
            found.push(mounted.after_power_cut(options));
        }
        last = p.steps;
    });
    assert!(report.is_clean(), "{:?}", report.steps);
    assert_eq!(found.len(), 3);
    scene.check(&report);
    for (n, after) in found.iter().enumerate() {
        let again = scene.moved_to(&after.path);
        let (places, lone) = again.places();
        let trashed = places.iter().filter(|p| matches!(p, Place::Trashed(_))).count();
        println!("{how:?}: {places:?}, {lone} records of what was not moved yet");
        if journal && n == 2 {
            assert!(places.iter().all(|p| *p != Place::There), "the journal has all of it: {places:?}");
        }
        if how == How::Trash {
            assert!(places.iter().all(|p| matches!(p, Place::There | Place::Trashed(_))), "{places:?}");
            // mldu itself reads the records, and can bring back what is there.
            let records = ledger::read(&again.trashes());
            assert_eq!(records.iter().filter(|t| t.is_ours()).count(), trashed);
            assert!(records.iter().all(|t| t.ours.is_some()), "no record is empty: {records:?}");
            for item in restore::plan(&records, |_| true) {
                assert!(item.run().iter().all(|r| r.failed.is_none()));
            }
            assert!(again.places().0.iter().all(|p| *p == Place::There));
        }
        again.outside_is_as_it_was();
    }
}

#[test]
#[ignore = "needs root: mounts ext4 and XFS from files, and copies of them"]
fn row_20_when_the_power_goes_every_item_is_in_one_place_and_no_record_is_empty() {
    for how in [How::Trash, How::ForGood] {
        cut(&Mounted::ext4(32), how, "");
        // A second file system of the same name is refused otherwise.
        cut(&Mounted::xfs(), how, ",nouuid");
    }
}

/// A folder whose block on the disk is garbage: the file system itself says that it cannot be read.
#[test]
#[ignore = "needs root: breaks an ext4 in a file"]
fn row_17_what_a_broken_disk_cannot_read_stays_with_its_reason_and_the_rest_goes() {
    let tmp = tempfile::tempdir().expect("a folder");
    let image = tmp.path().join("image");
    std::fs::File::create(&image).expect("made").set_len(16 << 20).expect("sized");
    let shown = image.display().to_string();
    // Errors are told and the disk stays as it is: what many have in their fstab.
    run("mkfs.ext4", &["-q", "-F", "-m", "0", "-e", "continue", &shown]);
    let at = tmp.path().join("mnt");
    std::fs::create_dir(&at).expect("made");
    let mount = |options: &str| run("mount", &["-o", options, &shown, &at.display().to_string()]);
    let umount = || run("umount", &[&at.display().to_string()]);
    mount("loop");
    put(&at.join("item/good/a"), 16);
    put(&at.join("item/broken/b"), 16);
    put(&at.join("whole/c"), 16);
    plant_sentinel(&at);
    umount();
    let out =
        Command::new("debugfs").args(["-R", "blocks /item/broken", &shown]).output().expect("debugfs runs");
    let block: u64 = String::from_utf8_lossy(&out.stdout).trim().parse().expect("one block");
    let size = Command::new("debugfs").args(["-R", "stats -h", &shown]).output().expect("debugfs runs");
    let size = String::from_utf8_lossy(&size.stdout).into_owned();
    let size: u64 = size
        .lines()
        .find_map(|l| l.strip_prefix("Block size:"))
        .and_then(|n| n.trim().parse().ok())
        .expect("a size");
    let mut bytes = std::fs::read(&image).expect("read");
    let from = usize::try_from(block * size).expect("small");
    bytes[from..from + size as usize].fill(0xa5);
    std::fs::write(&image, bytes).expect("written");
    mount("loop,errors=continue");
    let _guard = Unmount(at.clone());
    let error =
        std::fs::read_dir(at.join("item/broken")).expect("open").next().expect("one").expect_err("broken");
    println!("the file system says: {error}");
    let home = tempfile::tempdir().expect("a folder");
    let w = World::on(&at, mldu::env::Env::fixed(home.path().canonicalize().expect("a path")).with_disk("/"));
    let inventory = w.scan();
    let problem = &inventory.problems.kept[0];
    assert_eq!((inventory.problems.count, &problem.path), (1, &at.join("item/broken")));
    let item = at.join("item");
    let marks = World::marks(&inventory, &[&item, &at.join("whole")]);
    for how in [How::Trash, How::ForGood] {
        let report = w.run(&w.plan(&inventory, &marks, how));
        for step in &report.steps {
            println!("{how:?}: {} {:?}", step.path.display(), step.outcome);
        }
        let of = |name: &str| report.steps.iter().find(|s| s.path.ends_with(name)).map(|s| &s.outcome);
        // What cannot be looked into is not known, so it stays as a whole.
        if let Some(outcome) = of("item") {
            assert!(
                matches!(outcome, Outcome::Kept(why) if why.contains("cannot be looked at")),
                "{outcome:?}"
            );
        }
        assert!(item.join("good/a").exists() && item.join("broken").exists());
        assert!(of("whole").is_none_or(Outcome::is_done));
        if how == How::Trash {
            for thing in restore::plan(&ledger::read(&[at.join(".Trash-0")]), |_| true) {
                assert!(thing.run()[0].failed.is_none());
            }
        }
    }
    assert!(!at.join("whole").exists() && at.join("sentinel/precious").exists());
}

struct Unmount(PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
