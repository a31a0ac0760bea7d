//! What removing costs: `rm -rf` and mldu on the same tree, each on a fresh ext4 of its own, in turn; and many things
//! of one name put into the trash, brought back, and emptied.
//!
//! `cargo bench --bench removal -- [-n ROUNDS] [--only rm|trash] [FILES]`, as root: it mounts file systems from files in
//! the temporary folder (2 GiB for 100,000 files). Nothing here fails for being slow.

#[path = "../tests/common/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use mldu::env::Env;
use mldu::model::inventory::Inventory;
use mldu::removal::plan::{How, Plan};
use mldu::removal::{deletion, empty, ledger, restore};
use mldu::sys::beneath;
use world::World;

fn main() {
    // Cargo adds an option of its own.
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut rounds, mut files, mut only) = (5, 100_000, None);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-n" => rounds = args.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).expect("-n ROUNDS"),
            "--only" => only = args.next(),
            number => files = number.parse().expect("a number of files"),
        }
    }
    mldu::sys::limits::raise_open_files();
    if only.as_deref() != Some("trash") {
        for shape in [Shape::Spread, Shape::Flat] {
            beside_rm(shape, files, rounds);
        }
    }
    if only.as_deref() != Some("rm") {
        // What costs the same each makes ten times as much take ten times as long.
        trash(files / 10);
        trash(files);
    }
}

#[derive(Clone, Copy)]
enum Shape {
    /// A hundred folders of as many files.
    Spread,
    /// One folder.
    Flat,
}

impl Shape {
    fn words(self) -> &'static str {
        match self {
            Self::Spread => "100 folders",
            Self::Flat => "one folder",
        }
    }

    fn make(self, root: &Path, files: usize) {
        let folders = match self {
            Self::Spread => 100,
            Self::Flat => 1,
        };
        for folder in 0..folders {
            let folder = root.join(format!("shard-{folder:03}"));
            std::fs::create_dir_all(&folder).expect("made");
            for file in 0..files / folders {
                std::fs::write(folder.join(format!("sample-{file:06}.npy")), [7; 4096]).expect("written");
            }
        }
    }
}

/// A fresh ext4.
struct Disk {
    path: PathBuf,
    _image: tempfile::TempDir,
}

impl Disk {
    fn new(files: usize) -> Self {
        let image = tempfile::tempdir().expect("a folder");
        let file = image.path().join("image");
        let room = (files as u64 * 16384 + (200 << 20)).next_multiple_of(1 << 20);
        std::fs::File::create(&file).expect("made").set_len(room).expect("sized");
        let inodes = (files * 3 + 1000).to_string();
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0", "-N", &inodes]).arg(&file));
        let path = image.path().join("mnt");
        std::fs::create_dir(&path).expect("made");
        run(Command::new("mount").args(["-o", "loop"]).arg(&file).arg(&path));
        Self { path: path.canonicalize().expect("a path"), _image: image }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}

fn run(command: &mut Command) {
    assert!(command.status().expect("it is installed").success(), "{command:?}");
}

/// Seconds until something is done, and until the disk has it.
struct Took {
    done: f64,
    synced: f64,
}

fn timed(disk: &Disk, work: impl FnOnce()) -> Took {
    let began = Instant::now();
    work();
    let done = began.elapsed().as_secs_f64();
    beneath::sync(&disk.path).expect("synced");
    Took { done, synced: began.elapsed().as_secs_f64() }
}

fn beside_rm(shape: Shape, files: usize, rounds: usize) {
    let fresh = || {
        let disk = Disk::new(files);
        shape.make(&disk.path.join("data"), files);
        beneath::sync(&disk.path).expect("synced");
        disk
    };
    let mut pairs: Vec<(Took, Took, f64)> = Vec::new();
    for _ in 0..rounds {
        let disk = fresh();
        let rm = timed(&disk, || run(Command::new("rm").arg("-rf").arg(disk.path.join("data"))));
        drop(disk);
        let disk = fresh();
        let ours = timed(&disk, || take_apart(&disk.path.join("data"), files));
        drop(disk);
        let disk = fresh();
        pairs.push((rm, ours, whole_run(&disk)));
    }
    let median = |of: &dyn Fn(&(Took, Took, f64)) -> f64| {
        let mut all: Vec<f64> = pairs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    println!("delete {files} files of 4 KiB in {}, {rounds} rounds, medians:", shape.words());
    println!(
        "  rm -rf             {:.3} s, {:.3} s with the sync after it",
        median(&|p| p.0.done),
        median(&|p| p.0.synced)
    );
    println!(
        "  taken apart        {:.3} s, {:.3} s with the sync after it",
        median(&|p| p.1.done),
        median(&|p| p.1.synced)
    );
    println!("  a whole run        {:.3} s: last looks, deleting, sync", median(&|p| p.2));
    println!(
        "  times rm           {:.2} taken apart, {:.2} with the sync, {:.2} a whole run against rm and sync",
        median(&|p| p.0.done / p.1.done),
        median(&|p| p.0.synced / p.1.synced),
        median(&|p| p.0.synced / p.2),
    );
}

fn take_apart(path: &Path, files: usize) {
    let (parent, name) = beneath::open_parent(path).expect("there");
    let identity = beneath::look(&parent, name).expect("there");
    let stop = AtomicBool::new(false);
    let done = deletion::delete(&parent, name, path, &identity, &stop, &mut |_| ()).expect("deleted");
    assert!(done.rest.is_none() && done.files > files as u64);
}

fn whole_run(disk: &Disk) -> f64 {
    let home = tempfile::tempdir().expect("a folder");
    let world = World::on(&disk.path, Env::fixed(home.path().canonicalize().expect("a path")).with_disk("/"));
    let inventory = world.scan();
    let data = disk.path.join("data");
    let marks = World::marks(&inventory, &[data.as_path()]);
    let plan = world.plan(&inventory, &marks, How::ForGood);
    let began = Instant::now();
    let report = world.run(&plan);
    let took = began.elapsed().as_secs_f64();
    assert!(report.is_clean() && !data.exists());
    took
}

/// Many files of one name, each a thing of its own, from the marks to the emptied trash.
fn trash(files: usize) {
    let disk = Disk::new(files);
    let home = tempfile::tempdir().expect("a folder");
    let world = World::on(&disk.path, Env::fixed(home.path().canonicalize().expect("a path")).with_disk("/"));
    let data = disk.path.join("data");
    for i in 0..files {
        let folder = data.join(format!("{:03}/{i}", i % 500));
        std::fs::create_dir_all(&folder).expect("made");
        std::fs::write(folder.join("model.safetensors"), [7; 1024]).expect("written");
    }
    let mut steps: Vec<(&str, f64)> = Vec::new();
    let mut began = Instant::now();
    let mut step = |what| {
        steps.push((what, began.elapsed().as_secs_f64()));
        began = Instant::now();
    };
    let inventory: Inventory = world.scan();
    step("scan");
    let paths: Vec<PathBuf> =
        (0..files).map(|i| data.join(format!("{:03}/{i}/model.safetensors", i % 500))).collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let marks = World::marks(&inventory, &paths);
    step("marks");
    let plan: Plan = world.plan(&inventory, &marks, How::Trash);
    assert_eq!(plan.steps().len(), files, "{:?}", plan.refused.first());
    step("plan");
    let report = world.run(&plan);
    assert!(report.is_clean(), "{:?}", report.failed().next());
    step("trash");
    let trashed = || {
        let mut roots = ledger::roots(&world.env, &mldu::sys::mounts::read());
        roots.retain(|r| r.starts_with(&disk.path));
        ledger::read(&roots)
    };
    let all = trashed();
    assert_eq!(all.iter().filter(|t| t.is_ours()).count(), files);
    step("read the trash");
    let even = |t: &ledger::Trashed| t.name.as_encoded_bytes().last().is_some_and(|b| b % 2 == 0);
    let half = restore::plan(&all, even);
    let back = half.iter().flat_map(restore::Restore::run).filter(|r| r.failed.is_none()).count();
    assert!(back > 0);
    step("undo half");
    let all = trashed();
    let rest = empty::Empty::plan(&all, |_| true);
    let done = rest.run(&AtomicBool::new(false), &mut |_| ());
    assert!(done.len() + back == files && done.iter().all(|d| d.failed.is_none()));
    step("empty the rest");
    println!("{files} things called model.safetensors, in seconds:");
    for (what, took) in steps {
        println!("  {what:<16} {took:>8.3}");
    }
}
