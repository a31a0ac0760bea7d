//! Rows 11, 15 and 21: what others do to a thing while it goes.

use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mldu::removal::execute::{self, Outcome, Report};
use mldu::removal::ledger;
use mldu::removal::plan::{How, Plan};
use mldu::sys::beneath;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::ground::{Mounted, put, world_on};
use crate::invariants::{Scene, plant_sentinel, print};
use crate::world::World;

/// Nothing is worked on.
const NONE: usize = usize::MAX;

/// Carries a plan out while `swap` is called over and over with the number of the thing that is worked on. Returns the
/// report, and how often something was swapped.
fn run_while(
    w: &World,
    plan: &Plan,
    number: impl Fn(&Path) -> Option<usize>,
    swap: impl Fn(usize) -> bool + Sync,
) -> (Report, usize) {
    let (at, over) = (AtomicUsize::new(NONE), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let flipper = scope.spawn(|| {
            let mut swaps = 0;
            while !over.load(Ordering::Relaxed) {
                let here = at.load(Ordering::Relaxed);
                if here != NONE && swap(here) {
                    swaps += 1;
                }
            }
            swaps
        });
        let report = execute::run(plan, &w.env, &AtomicBool::new(false), &mut |p| {
            at.store(number(&p.path).unwrap_or(NONE), Ordering::Relaxed);
        });
        over.store(true, Ordering::Relaxed);
        (report, flipper.join().expect("it ends"))
    })
}

fn exchange(a: &Path, b: &Path) -> bool {
    renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).is_ok()
}

/// The number at the end of a name.
fn number(path: &Path) -> Option<usize> {
    path.file_name()?.to_str()?.rsplit('-').next()?.parse().ok()
}

fn ino(path: &Path) -> Option<u64> {
    path.symlink_metadata().ok().map(|m| m.ino())
}

const MANY: usize = 400;

/// An item and a link to something precious change places all the time. What is removed is the item, or nothing; and
/// the link is at one of the two places afterwards.
#[test]
fn row_11_an_item_that_is_swapped_for_a_link_is_never_taken_for_it() {
    for how in [How::Trash, How::ForGood] {
        let w = World::new();
        let sentinel = plant_sentinel(&w.root);
        let home = w.root.join("home");
        let (item, link) =
            (|i: usize| home.join(format!("item-{i}")), |i: usize| home.join(format!("link-{i}")));
        for i in 0..MANY {
            put(&item(i).join("weights"), 4);
            put(&item(i).join("inner/config"), 1);
            symlink(&sentinel, link(i)).expect("linked");
        }
        let who: Vec<_> = (0..MANY).map(|i| (ino(&item(i)), ino(&link(i)))).collect();
        let items: Vec<PathBuf> = (0..MANY).map(item).collect();
        let inventory = w.scan();
        let marked: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
        let plan = w.plan(&inventory, &World::marks(&inventory, &marked), how);
        assert_eq!(plan.steps().len(), MANY);
        let before = print(&sentinel, &|_| false);
        let (report, swaps) = run_while(&w, &plan, number, |i| exchange(&item(i), &link(i)));
        assert_eq!(print(&sentinel, &|_| false), before);
        let mut done = 0;
        for step in &report.steps {
            let i = number(&step.path).expect("numbered");
            let at: Vec<_> = [item(i), link(i)].iter().map(|p| ino(p)).collect();
            assert!(at.contains(&who[i].1), "link-{i} is still there: {:?}", step.outcome);
            match &step.outcome {
                Outcome::Deleted { files } => assert_eq!((*files, at.contains(&who[i].0)), (4, false)),
                Outcome::Trashed { root, name } => {
                    assert_eq!(ino(&root.join("files").join(name)), who[i].0);
                    assert!(!at.contains(&who[i].0));
                }
                Outcome::Kept(_) => assert!(at.contains(&who[i].0), "item-{i}: {:?}", step.outcome),
                other => panic!("item-{i}: {other:?}"),
            }
            done += usize::from(step.outcome.is_done());
        }
        let lost = walkdir::WalkDir::new(&home).into_iter().flatten();
        assert_eq!(lost.filter(|e| e.file_name().to_string_lossy().starts_with(".mldu-")).count(), 0);
        let records = w.trashed();
        assert_eq!(records.len(), if how == How::Trash { done } else { 0 });
        assert!(records.iter().all(ledger::Trashed::is_ours), "each record has its thing");
        println!("{how:?}: {swaps} swaps, {done} of {MANY} went");
        assert!(swaps > MANY, "something was swapped");
    }
}

/// The folder that holds the item changes places with another one, in which something precious has the item's name.
#[test]
fn row_11_a_parent_that_is_swapped_leads_nowhere_else() {
    for (how, is_link) in
        [(How::Trash, false), (How::ForGood, false), (How::Trash, true), (How::ForGood, true)]
    {
        let w = World::new();
        plant_sentinel(&w.root);
        let (real, decoy) = (w.root.join("home/real"), w.root.join("home/decoy"));
        let precious = w.root.join("precious");
        for i in 0..MANY {
            put(&real.join(format!("item-{i}/weights")), 4);
            put(&precious.join(format!("item-{i}/weights")), 4);
        }
        if is_link {
            symlink(&precious, &decoy).expect("linked");
        }
        let items: Vec<PathBuf> = (0..MANY).map(|i| real.join(format!("item-{i}"))).collect();
        let inventory = w.scan();
        let marked: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
        let plan = w.plan(&inventory, &World::marks(&inventory, &marked), how);
        assert_eq!(plan.steps().len(), MANY);
        let decoy = if is_link { decoy } else { precious.clone() };
        let (before, sentinel) = (print(&precious, &|_| false), print(&w.root.join("sentinel"), &|_| false));
        let (report, swaps) = run_while(&w, &plan, number, |_| exchange(&real, &decoy));
        // Whichever name it has now, the precious folder is whole.
        let now =
            [&real, &decoy, &precious].into_iter().find(|p| p.is_dir() && print(p, &|_| false) == before);
        assert!(now.is_some(), "{how:?}: {:?}", report.steps.iter().filter(|s| s.outcome.is_done()).count());
        assert_eq!(print(&w.root.join("sentinel"), &|_| false), sentinel);
        assert!(swaps > MANY, "something was swapped");
    }
}

/// While a folder is deleted, a folder in it changes places with a link to something precious.
#[test]
fn row_11_a_folder_that_is_swapped_while_it_is_deleted_leads_nowhere_else() {
    let w = World::new();
    let sentinel = plant_sentinel(&w.root);
    let item = |i: usize| w.root.join(format!("home/item-{i}"));
    let items: Vec<PathBuf> = (0..MANY).map(item).collect();
    for path in &items {
        for file in 0..10 {
            put(&path.join(format!("sub/{file}")), 0);
            put(&path.join(format!("sub/deeper/{file}")), 0);
        }
        symlink(&sentinel, path.join("way out")).expect("linked");
    }
    let inventory = w.scan();
    let marked: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let plan = w.plan(&inventory, &World::marks(&inventory, &marked), How::ForGood);
    // They get another name before they are taken apart: by descriptor they are met all the same.
    let folders: Vec<_> = items.iter().map(|p| beneath::open_folder(p).expect("open")).collect();
    let before = print(&sentinel, &|_| false);
    let (report, swaps) = run_while(&w, &plan, number, |i| {
        renameat_with(&folders[i], "sub", &folders[i], "way out", RenameFlags::EXCHANGE).is_ok()
    });
    assert_eq!(print(&sentinel, &|_| false), before);
    println!("{swaps} swaps, {} of {MANY} went", report.steps.iter().filter(|s| s.outcome.is_done()).count());
    assert!(swaps > MANY, "something was swapped");
    for step in &report.steps {
        match &step.outcome {
            Outcome::Deleted { .. } => assert!(!step.path.exists()),
            Outcome::Partly { rest, .. } => assert!(rest.exists() && !step.path.exists()),
            Outcome::Kept(_) => assert!(step.path.exists()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn row_15_a_disk_that_becomes_read_only_in_the_middle_stops_cleanly() {
    for how in [How::Trash, How::ForGood] {
        let mounted = Mounted::ext4(16);
        let (_home, w) = world_on(&mounted);
        plant_sentinel(&mounted.path);
        let items: Vec<PathBuf> = (0..6).map(|i| mounted.path.join(format!("item-{i}"))).collect();
        for path in &items {
            put(&path.join("weights"), 16);
        }
        let marked: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
        let mut scene = Scene::new(&mounted.path, &marked);
        // ext4 accounts for the journal when it is mounted anew.
        scene.slack = 64 << 10;
        let inventory = w.scan();
        let plan = w.plan(&inventory, &World::marks(&inventory, &marked), how);
        let report = execute::run(&plan, &w.env, &AtomicBool::new(false), &mut |p| {
            if p.steps == 3 {
                mounted.remount("ro");
            }
        });
        let done = report.steps.iter().filter(|s| s.outcome.is_done()).count();
        assert_eq!(done, 3, "{how:?}: {:?}", report.steps);
        for step in &report.steps[3..] {
            assert!(
                matches!(&step.outcome, Outcome::Kept(why) if why.contains("read-only")),
                "{:?}",
                step.outcome
            );
        }
        scene.check(&report);
    }
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn row_15_a_disk_that_becomes_read_only_within_a_thing_keeps_the_rest_and_says_where() {
    let mounted = Mounted::image(64, &["mkfs.ext4", "-q", "-F", "-m", "0", "-N", "40000"]);
    let (_home, w) = world_on(&mounted);
    plant_sentinel(&mounted.path);
    let item = mounted.path.join("item");
    for i in 0..30_000 {
        put(&item.join(format!("{}/{i}", i % 100)), 0);
    }
    let scene = Scene::new(&mounted.path, &[&item]);
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&item]), How::ForGood);
    // Watched from outside, since progress is told only now and then.
    let over = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            while item.exists() && !over.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            // Refused for as long as somebody is writing just then.
            while !mounted.try_remount("ro") && !over.load(Ordering::Relaxed) {}
        });
        let report = execute::run(&plan, &w.env, &AtomicBool::new(false), &mut |_| {});
        over.store(true, Ordering::Relaxed);
        report
    });
    let Outcome::Partly { files, left, first, rest } = &report.steps[0].outcome else {
        panic!("{:?}", report.steps)
    };
    assert!(*files > 0 && *left > 0 && first.contains("read-only"), "{first}");
    assert!(rest.exists());
    scene.check(&report);
    // Once it can be written again, what is left goes as any folder.
    mounted.remount("rw");
    let rest = rest.clone();
    assert!(w.remove(&[&rest], How::ForGood).is_clean());
}

#[test]
fn row_21_what_others_remove_meanwhile_is_no_failure_and_is_not_counted_twice() {
    let w = World::new();
    plant_sentinel(&w.root);
    let item = w.root.join("home/item-0");
    let all = 3000;
    for i in 0..all {
        put(&item.join(format!("{}/{i}", i % 10)), 0);
    }
    let scene = Scene::new(&w.root, &[&item]);
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&item]), How::ForGood);
    let folder = std::fs::File::open(&item).expect("open");
    let inside = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    let (next, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (report, _) = run_while(&w, &plan, number, |_| {
        let i = next.fetch_add(1, Ordering::Relaxed) % all;
        let gone = std::fs::remove_file(inside.join(format!("{}/{i}", i % 10))).is_ok();
        taken.fetch_add(usize::from(gone), Ordering::Relaxed);
        gone
    });
    let taken = taken.load(Ordering::Relaxed) as u64;
    assert!(taken > 0, "somebody removed something");
    let Outcome::Deleted { files } = &report.steps[0].outcome else { panic!("{:?}", report.steps) };
    assert_eq!(*files, all as u64 + 11 - taken, "each entry was removed by one of the two");
    assert!(!item.exists());
    scene.outside_is_as_it_was();
    assert_eq!(scene.places().0, [crate::invariants::Place::Gone]);
}
