//! What comes back, on real file systems: what the plan promises and what it calls possible, against what the disk says
//! after everything is written. Needs root and mkfs of ext4, xfs and btrfs, and is run by `.ci/run` in a mount namespace.

#[path = "common/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::process::Command;

use mldu::env::Env;
use mldu::model::marks::Marks;
use mldu::removal::execute::Report;
use mldu::removal::plan::{How, Plan};
use world::World;

const MIB: u64 = 1 << 20;

fn run(program: &str, args: &[&str]) {
    let out = Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A file system in a file, unmounted when it is over, with a world on it whose home is elsewhere.
struct Disk {
    world: World,
    tmp: tempfile::TempDir,
}

impl Disk {
    fn new(mib: u64, mkfs: &[&str], options: &str) -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let at = tmp.path().canonicalize().expect("a path");
        let (image, root, home) = (at.join("image"), at.join("mnt"), at.join("home"));
        std::fs::File::create(&image).expect("made").set_len(mib << 20).expect("sized");
        std::fs::create_dir(&root).expect("made");
        std::fs::create_dir(&home).expect("made");
        let mut args = mkfs[1..].to_vec();
        args.push(shown(&image));
        run(mkfs[0], &args);
        run("mount", &["-o", options, shown(&image), shown(&root)]);
        Self { world: World::on(&root, Env::fixed(&home).with_disk("/")), tmp }
    }

    fn ext4() -> Self {
        Self::new(96, &["mkfs.ext4", "-q", "-F", "-m", "0"], "loop")
    }

    fn xfs() -> Self {
        Self::new(320, &["mkfs.xfs", "-q", "-f", "-m", "reflink=1"], "loop")
    }

    fn btrfs(options: &str) -> Self {
        Self::new(256, &["mkfs.btrfs", "-q", "-f"], options)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.world.root.join(below)
    }

    /// A file of noise, so that nothing can make it smaller.
    fn file(&self, below: &str, mib: u64) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("below")).expect("made");
        let from = std::fs::File::open("/dev/urandom").expect("open");
        let mut to = std::fs::File::create(&path).expect("made");
        let copied = std::io::copy(&mut std::io::Read::take(from, mib << 20), &mut to).expect("written");
        assert_eq!(copied, mib << 20);
        path
    }

    fn reflink(&self, from: &str, to: &str) {
        run("cp", &["-r", "--reflink=always", shown(&self.path(from)), shown(&self.path(to))]);
    }

    /// Everything is written, so that it has its place.
    fn settle(&self) {
        mldu::sys::beneath::sync(&self.world.root).expect("synced");
    }

    fn plan(&self, below: &[&str], how: How) -> Plan {
        self.settle();
        let inventory = self.world.scan();
        let paths: Vec<PathBuf> = below.iter().map(|p| self.path(p)).collect();
        let marks: Marks = World::marks(&inventory, &paths.iter().map(PathBuf::as_path).collect::<Vec<_>>());
        self.world.plan(&inventory, &marks, how)
    }

    /// Deletes for good; returns the plan and what the disk got back.
    fn delete(&self, below: &[&str]) -> (Plan, i64) {
        let plan = self.plan(below, How::ForGood);
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        let report: Report = self.world.run(&plan);
        assert!(report.is_clean(), "{:?}", report.steps);
        assert_eq!(report.measured.len(), 1, "{:?}", report.measured);
        let m = &report.measured[0];
        assert_eq!((m.estimated, m.maybe), (plan.frees, plan.doubt.all()));
        (plan, m.came_back().expect("it answered"))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-R", "-l"]).arg(&self.world.root).status();
        let _ = self.tmp.path();
    }
}

/// Within what the file system's own records may take or give beside the files: 256 KiB.
fn near(measured: i64, expected: u64) -> bool {
    measured.abs_diff(expected as i64) <= 256 << 10
}

/// What is promised came back, and no more than what was called possible.
fn holds(plan: &Plan, measured: i64) {
    let slack = 256_i64 << 10;
    let (least, most) = (plan.frees as i64, plan.at_most() as i64);
    assert!((least - slack..=most + slack).contains(&measured), "{least}..={most}, measured {measured}");
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn on_ext4_links_and_holes_are_exact_and_nothing_is_in_doubt() {
    let d = Disk::ext4();
    d.file("env/lib", 8);
    d.file("env/own", 2);
    std::fs::create_dir(d.path("pkgs")).expect("made");
    std::fs::hard_link(d.path("env/lib"), d.path("pkgs/lib")).expect("linked");
    std::fs::hard_link(d.path("env/lib"), d.path("pkgs/twin")).expect("linked");
    let sparse = std::fs::File::create(d.path("pkgs/sparse")).expect("made");
    sparse.set_len(1 << 30).expect("sized");
    drop(sparse);
    let (plan, back) = d.delete(&["env"]);
    assert_eq!((plan.doubt.all(), plan.image), (0, 0));
    assert_eq!(back, plan.frees as i64);
    assert!(near(back, 2 * MIB), "{back}: the library is held from outside");
    assert!(near(plan.held as i64, 8 * MIB));
    let (plan, back) = d.delete(&["pkgs"]);
    assert_eq!(back, plan.frees as i64);
    assert!(near(back, 8 * MIB), "{back}: all names, and the hole takes nothing");
    assert_eq!(plan.held, 0);
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn links_that_go_with_two_marks_come_back_and_nothing_is_said_to_stay() {
    let d = Disk::ext4();
    d.file("env/lib", 8);
    std::fs::create_dir(d.path("pkgs")).expect("made");
    std::fs::hard_link(d.path("env/lib"), d.path("pkgs/lib")).expect("linked");
    let (plan, back) = d.delete(&["env", "pkgs"]);
    assert_eq!((plan.held, back), (0, plan.frees as i64));
    assert!(near(back, 8 * MIB));
}

/// The same on both file systems with reflinks.
fn reflinks(d: &Disk) {
    d.file("a/model", 16);
    d.reflink("a", "b");
    d.file("a/own", 4);
    std::fs::create_dir(d.path("linked")).expect("made");
    d.file("linked/x", 4);
    std::fs::hard_link(d.path("linked/x"), d.path("outside")).expect("linked");
    // Both copies in one plan: nobody can know that nothing else shares them, but they count once.
    let both = d.plan(&["a", "b"], How::ForGood);
    assert!(near(both.frees as i64, 4 * MIB), "{}", both.frees);
    assert!(near(both.doubt.shared as i64, 16 * MIB), "{:?}", both.doubt);
    assert_eq!((both.doubt.packed, both.image), (0, 0));
    assert_eq!(both.lines.iter().filter(|l| l.doubt.shared > 0).count(), 1, "with the first");
    let trash = d.plan(&["a"], How::Trash);
    assert_eq!((trash.frees, trash.at_most()), (0, 0), "a trash gives nothing back at once");
    assert!(near(trash.later as i64, 4 * MIB), "{}", trash.later);
    // One copy goes: only what it had alone comes back.
    let (plan, back) = d.delete(&["a"]);
    holds(&plan, back);
    assert!(near(plan.frees as i64, 4 * MIB) && near(plan.doubt.shared as i64, 16 * MIB), "{:?}", plan.doubt);
    assert!(near(back, 4 * MIB), "{back}");
    assert_eq!(plan.changes[0].maybe, plan.doubt.all());
    // The other one is alone now, and the whole of it comes back.
    let (plan, back) = d.delete(&["b"]);
    holds(&plan, back);
    assert_eq!(plan.doubt.shared, 0, "nobody shares it any more");
    assert!(near(plan.frees as i64, 16 * MIB) && near(back, 16 * MIB), "{} {back}", plan.frees);
    // Hard links stay exact where extents are asked.
    let (plan, back) = d.delete(&["linked"]);
    holds(&plan, back);
    assert!(near(plan.frees as i64, 0) && plan.doubt.all() < MIB && near(plan.held as i64, 4 * MIB));
    let (plan, back) = d.delete(&["outside"]);
    holds(&plan, back);
    assert!(near(plan.frees as i64, 4 * MIB) && near(back, 4 * MIB), "{} {back}", plan.frees);
}

#[test]
#[ignore = "needs root: mounts xfs from a file"]
fn on_xfs_a_reflinked_copy_is_not_promised_until_it_is_alone() {
    reflinks(&Disk::xfs());
}

#[test]
#[ignore = "needs root: mounts btrfs from a file"]
fn on_btrfs_a_reflinked_copy_is_not_promised_until_it_is_alone() {
    reflinks(&Disk::btrfs("loop"));
}

#[test]
#[ignore = "needs root: mounts xfs from a file"]
fn sparse_files_and_many_small_ones_on_xfs_are_asked_too() {
    let d = Disk::xfs();
    let sparse = std::fs::File::create(d.path("sparse")).expect("made");
    std::os::unix::fs::FileExt::write_all_at(&sparse, &vec![7; 3 << 20], 200 << 20).expect("written");
    drop(sparse);
    for i in 0..400 {
        std::fs::create_dir_all(d.path("env")).expect("made");
        std::fs::write(d.path(&format!("env/m{i}.py")), vec![b'x'; 10_000]).expect("written");
    }
    d.reflink("env", "copy");
    let (plan, back) = d.delete(&["sparse"]);
    holds(&plan, back);
    assert!(near(plan.frees as i64, 3 * MIB) && near(back, 3 * MIB), "{} {back}", plan.frees);
    let (plan, back) = d.delete(&["env"]);
    holds(&plan, back);
    assert!(plan.doubt.shared >= 400 * 8192 && near(back, 0), "{:?} {back}", plan.doubt);
    let (plan, back) = d.delete(&["copy"]);
    holds(&plan, back);
    assert!(plan.frees >= 400 * 8192 && back >= 400 * 8192, "{} {back}", plan.frees);
}

#[test]
#[ignore = "needs root: mounts btrfs from a file"]
fn what_a_snapshot_holds_is_not_promised() {
    let d = Disk::btrfs("loop");
    run("btrfs", &["-q", "subvolume", "create", shown(&d.path("vol"))]);
    d.file("vol/run/model", 16);
    d.settle();
    run("btrfs", &["-q", "subvolume", "snapshot", "-r", shown(&d.path("vol")), shown(&d.path("snap"))]);
    d.file("vol/run/later", 4);
    let (plan, back) = d.delete(&["vol/run"]);
    holds(&plan, back);
    assert!(near(plan.frees as i64, 4 * MIB), "{}", plan.frees);
    assert!(near(plan.doubt.shared as i64, 16 * MIB), "{:?}", plan.doubt);
    assert!(near(back, 4 * MIB), "{back}");
}

#[test]
#[ignore = "needs root: mounts btrfs from a file"]
fn two_mounts_of_one_btrfs_are_measured_once() {
    let d = Disk::btrfs("loop");
    let out = Command::new("findmnt").args(["-no", "SOURCE", shown(&d.world.root)]).output().expect("runs");
    let device = String::from_utf8_lossy(&out.stdout).trim().to_string();
    let both = tempfile::tempdir().expect("a folder");
    let root = both.path().canonicalize().expect("a path");
    let ats = ["one", "two"].map(|name| {
        run("btrfs", &["-q", "subvolume", "create", shown(&d.path(name))]);
        d.file(&format!("{name}/models/net"), 8);
        let at = root.join(name);
        std::fs::create_dir(&at).expect("made");
        run("mount", &["-o", &format!("subvol={name}"), &device, shown(&at)]);
        at
    });
    d.settle();
    let home = d.tmp.path().canonicalize().expect("a path").join("home");
    let w = World::on(&root, Env::fixed(home).with_disk("/"));
    let inventory = w.scan();
    let models = ats.each_ref().map(|at| at.join("models"));
    let marks = World::marks(&inventory, &models.each_ref().map(PathBuf::as_path));
    let plan = w.plan(&inventory, &marks, How::ForGood);
    let report = w.run(&plan);
    for at in &ats {
        run("umount", &["-l", shown(at)]);
    }
    assert!(report.is_clean(), "{:?}", report.steps);
    assert_eq!((plan.changes.len(), report.measured.len()), (1, 1), "{:?}", plan.changes);
    let back = report.measured[0].came_back().expect("it answered");
    holds(&plan, back);
    assert!(near(back, 16 * MIB) && near(plan.changes[0].frees as i64, 16 * MIB), "{back}");
}

#[test]
#[ignore = "needs root: mounts btrfs from a file"]
fn what_is_compressed_is_an_upper_bound_near_the_truth() {
    let d = Disk::btrfs("loop,compress-force=zstd");
    std::fs::write(d.path("zeros"), vec![0; 64 << 20]).expect("written");
    let inventory = {
        d.settle();
        d.world.scan()
    };
    assert_eq!(
        inventory.tree.find(&d.path("zeros")).and_then(|n| inventory.tree.facts(n)).map(|f| f.blocks * 512),
        Some(64 * MIB)
    );
    let (plan, back) = d.delete(&["zeros"]);
    holds(&plan, back);
    assert_eq!((plan.frees, plan.doubt.shared), (0, 0));
    assert!(plan.doubt.packed < 8 * MIB, "the places tell how little it is: {:?}", plan.doubt);
    assert!(back > 1 << 20, "{back}");
}

#[test]
#[ignore = "needs root: mounts xfs from a file"]
fn what_cannot_be_read_is_unknown() {
    let d = Disk::xfs();
    d.file("open/a", 2);
    d.file("open/b", 3);
    let inventory = {
        d.settle();
        d.world.scan()
    };
    // A folder that is moved between the look and the question stands for all that cannot be opened.
    let marks = World::marks(&inventory, &[&d.path("open")]);
    let draft = mldu::removal::draft::Draft::new(&inventory, &marks);
    let target = draft.targets().next().expect("one");
    let (parent, name) = mldu::sys::beneath::open_parent(&target.path).expect("open");
    let identity = mldu::sys::beneath::look(&parent, name).expect("looked at");
    std::fs::rename(d.path("open"), d.path("moved")).expect("moved");
    let table = mldu::sys::mounts::read();
    let looks = std::iter::once((target.node, target.path.as_path(), &identity));
    let blocks = mldu::removal::blocks::Blocks::look(looks, &table);
    let back = mldu::removal::back::Reckoner::new(&blocks).add(target.node, 5 * MIB);
    assert_eq!((back.frees, back.doubt.unknown), (0, 5 * MIB));
}

/// An overlay on ext4, with an image that is older than its upper layer.
fn overlay(d: &Disk) -> PathBuf {
    d.file("lower/image/model", 8);
    d.file("lower/image/changed", 2);
    d.file("lower/whole/net", 4);
    d.settle();
    for dir in ["upper", "work", "merged"] {
        std::fs::create_dir(d.path(dir)).expect("made");
    }
    let (l, u, w) = (d.path("lower"), d.path("upper"), d.path("work"));
    let options = format!("lowerdir={},upperdir={},workdir={}", l.display(), u.display(), w.display());
    let merged = d.path("merged");
    run("mount", &["-t", "overlay", "-o", &options, "overlay", shown(&merged)]);
    merged
}

fn on_overlay(d: &Disk) -> World {
    let home = d.tmp.path().canonicalize().expect("a path").join("home");
    World::on(&d.path("merged"), Env::fixed(home).with_disk("/"))
}

#[test]
#[ignore = "needs root: mounts an overlay on ext4 from a file"]
fn what_is_in_the_image_frees_nothing_and_what_is_the_containers_own_does() {
    let d = Disk::ext4();
    let merged = overlay(&d);
    d.file("merged/image/added", 4);
    // A file of the image that was written to is a copy in the upper layer.
    let mut changed =
        std::fs::OpenOptions::new().append(true).open(merged.join("image/changed")).expect("open");
    std::io::Write::write_all(&mut changed, b"more").expect("written");
    drop(changed);
    d.settle();
    let w = on_overlay(&d);
    let inventory = w.scan();
    let marks = World::marks(&inventory, &[&merged.join("image")]);
    let plan = w.plan(&inventory, &marks, How::ForGood);
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    assert!(near(plan.image as i64, 8 * MIB), "{}", plan.image);
    assert!(near(plan.frees as i64, 6 * MIB), "{}: added, and the copy", plan.frees);
    assert_eq!(plan.doubt.all(), 0, "{:?}", plan.doubt);
    let report = w.run(&plan);
    assert!(report.is_clean(), "{:?}", report.steps);
    let back = report.measured[0].came_back().expect("it answered");
    holds(&plan, back);
    assert!(near(back, 6 * MIB), "{back}");
    assert!(d.path("lower/image/model").exists() && !merged.join("image").exists());
    // All of it in the image: nothing comes back, and that is what was said.
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&merged.join("whole")]), How::ForGood);
    assert_eq!((plan.frees, plan.doubt.all(), plan.image), (0, 0, plan.size.on_disk));
    let report = w.run(&plan);
    assert!(report.is_clean() && near(report.measured[0].came_back().expect("it answered"), 0));
}

#[test]
#[ignore = "needs root: mounts an overlay on ext4 from a file"]
fn the_trash_takes_what_is_the_containers_own_and_nothing_of_the_image() {
    let d = Disk::ext4();
    let merged = overlay(&d);
    d.file("merged/image/added", 1);
    d.file("merged/own/deep/net", 4);
    d.settle();
    let w = on_overlay(&d);
    let used = || mldu::sys::mounts::space(&merged).expect("asked").used();
    let before = used();
    for (path, why) in
        [("image", "container layer"), ("whole", "container layer"), ("image/model", "container layer")]
    {
        let inventory = w.scan();
        let plan = w.plan(&inventory, &World::marks(&inventory, &[&merged.join(path)]), How::Trash);
        assert!(plan.is_empty() && plan.refused[0].reason.contains(why), "{path}: {:?}", plan.refused);
        assert!(plan.refused[0].way_on.contains("frees nothing of the image"), "{path}: {:?}", plan.refused);
    }
    assert_eq!(used(), before, "nothing was copied up");
    for path in ["own", "image/added"] {
        let report = w.remove(&[&merged.join(path)], How::Trash);
        assert!(report.is_clean(), "{path}: {:?}", report.steps);
        assert!(!merged.join(path).exists());
    }
    d.settle();
    assert!(used() < before + (128 << 10), "a rename takes no space");
    let trashed = mldu::removal::ledger::read(&[merged.join(".Trash-0")]);
    assert_eq!(trashed.len(), 2);
    for restored in mldu::removal::restore::plan(&trashed, |_| true) {
        assert!(restored.run().iter().all(|r| r.failed.is_none()));
    }
    assert_eq!(std::fs::metadata(merged.join("own/deep/net")).expect("back").len(), 4 * MIB);
}

#[test]
#[ignore = "needs root: mounts an overlay on btrfs from a file"]
fn an_upper_layer_on_btrfs_is_asked_through_the_overlay() {
    let d = Disk::btrfs("loop");
    let merged = overlay(&d);
    d.file("merged/own", 8);
    d.settle();
    run("cp", &["--reflink=always", shown(&d.path("upper/own")), shown(&d.path("copy"))]);
    d.settle();
    let w = on_overlay(&d);
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&merged.join("own")]), How::ForGood);
    assert!(near(plan.doubt.shared as i64, 8 * MIB) && plan.frees == 0, "{} {:?}", plan.frees, plan.doubt);
    let report = w.run(&plan);
    holds(&plan, report.measured[0].came_back().expect("it answered"));
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn what_a_process_still_holds_is_explained_with_its_number() {
    let d = Disk::ext4();
    // The larger one goes first.
    d.file("one", 16);
    d.file("two", 8);
    let plan = d.plan(&["one", "two"], How::ForGood);
    // Opened in the moment after processes were looked at, and before it goes.
    let mut child = None;
    let last = plan.steps().last().expect("two steps").path().to_path_buf();
    let report = mldu::removal::execute::run(
        &plan,
        &d.world.env,
        &std::sync::atomic::AtomicBool::new(false),
        &mut |p| {
            if p.path == last && child.is_none() && last.exists() {
                let file = std::fs::File::open(&last).expect("open");
                child = Some(Command::new("sleep").arg("60").stdin(file).spawn().expect("sleep runs"));
            }
        },
    );
    let mut child = child.expect("started");
    let m = report.measured[0].clone();
    let pid = child.id();
    child.kill().expect("it can be ended");
    child.wait().expect("it ends");
    assert!(report.is_clean(), "{:?}", report.steps);
    assert!(last.ends_with("two") && near(m.came_back().expect("it answered"), 16 * MIB), "{m:?}");
    let told =
        m.why.iter().any(|w| w.contains(&format!("{pid} (")) && w.contains("still has some of it open"));
    assert!(told, "{:?}", m.why);
}
