//! Removal on file systems of its own: full ones, foreign ones, bind mounts, layers. Needs root, and is run by
//! `.ci/run` in a mount namespace.

#[path = "common/ground.rs"]
mod ground;
#[path = "common/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::process::Command;

use ground::{Mounted, put, run, world_on};
use mldu::env::Env;
use mldu::model::category::Category;
use mldu::removal::plan::How;
use mldu::removal::{ledger, restore};
use mldu::sys::mounts;
use world::{World, contents};

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn another_file_system_has_its_own_trash_and_nothing_is_copied() {
    let mounted = Mounted::tmpfs("size=32m,mode=0755");
    let (_home, w) = world_on(&mounted);
    put(&mounted.path.join("models/big"), 4096);
    let used = || mounts::space(&mounted.path).expect("asked").used();
    let before = used();
    let report = w.remove(&[&mounted.path.join("models")], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    assert!(used() < before + 65536, "a rename takes no space");
    assert!(mounted.path.join(".Trash-0/info").is_dir());
    let trashed = ledger::read(&[mounted.path.join(".Trash-0")]);
    assert_eq!(trashed.len(), 1);
    assert_eq!(trashed[0].original, mounted.path.join("models"));
    let record = std::fs::read_to_string(trashed[0].info()).expect("read");
    assert!(record.contains("\nPath=models\n"), "relative to the top: {record}");
    assert!(restore::plan(&trashed, |_| true)[0].run()[0].failed.is_none());
    assert!(mounted.path.join("models/big").exists());
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn a_full_disk_refuses_the_trash_with_its_reason_and_deleting_works() {
    let mounted = Mounted::ext4(16);
    let (_home, w) = world_on(&mounted);
    put(&mounted.path.join("models/big"), 2048);
    mounted.fill();
    let names = |p: &Path| -> Vec<String> {
        let mut all: Vec<String> = std::fs::read_dir(p)
            .expect("read")
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        all.sort();
        all
    };
    let before = names(&mounted.path);
    let inventory = w.scan();
    let marks = World::marks(&inventory, &[&mounted.path.join("models")]);
    let plan = w.plan(&inventory, &marks, How::Trash);
    assert!(plan.is_empty());
    assert!(plan.refused[0].reason.contains("no space left"), "{}", plan.refused[0].reason);
    assert_eq!(names(&mounted.path), before, "nothing was left by trying");
    let plan = w.plan(&inventory, &marks, How::ForGood);
    let report = w.run(&plan);
    assert!(report.is_clean(), "{:?}", report.steps);
    let measured = &report.measured[0];
    assert_eq!(measured.came_back(), Some(measured.estimated as i64), "{measured:?}");
    // And now the trash has room again.
    let other = mounted.path.join("fill-big-0");
    assert!(w.remove(&[&other], How::Trash).is_clean());
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn without_an_inode_the_trash_is_refused_and_with_one_it_works() {
    let mounted = Mounted::image(16, &["mkfs.ext4", "-q", "-F", "-m", "0", "-N", "32"]);
    let (_home, w) = world_on(&mounted);
    put(&mounted.path.join("a"), 4);
    put(&mounted.path.join("b"), 4);
    assert!(
        w.remove(&[&mounted.path.join("a")], How::Trash).is_clean(),
        "the trash is made while there is room"
    );
    let mut made = 0;
    while std::fs::write(mounted.path.join(format!("i{made}")), b"").is_ok() {
        made += 1;
    }
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&mounted.path.join("b")]), How::Trash);
    assert!(plan.refused.iter().any(|r| r.reason.contains("no inode left")), "{:?}", plan.refused);
    std::fs::remove_file(mounted.path.join("i0")).expect("removed");
    assert!(w.remove(&[&mounted.path.join("b")], How::Trash).is_clean());
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn what_comes_back_is_what_was_said() {
    let mounted = Mounted::ext4(64);
    let (_home, w) = world_on(&mounted);
    put(&mounted.path.join("env/lib"), 3000);
    std::fs::create_dir(mounted.path.join("pkgs")).expect("made");
    std::fs::hard_link(mounted.path.join("env/lib"), mounted.path.join("pkgs/lib")).expect("linked");
    put(&mounted.path.join("pkgs/own"), 500);
    std::fs::File::create(mounted.path.join("pkgs/sparse")).expect("made").set_len(1 << 30).expect("sized");
    for path in ["pkgs", "env"] {
        let report = w.remove(&[&mounted.path.join(path)], How::ForGood);
        assert!(report.is_clean());
        let m = &report.measured[0];
        assert_eq!(m.came_back(), Some(m.estimated as i64), "{path}: {m:?}");
        let alone = if path == "pkgs" { 400 << 10..700 << 10 } else { 2900 << 10..3100 << 10 };
        assert!(alone.contains(&m.estimated), "{path}: {}", m.estimated);
    }
}

#[test]
#[ignore = "needs root: bind mounts"]
fn what_is_mounted_inside_is_never_touched() {
    let w = World::new();
    let victim = w.root.join("victim");
    put(&victim.join("precious"), 4);
    let item = w.root.join("home/item");
    put(&item.join("x"), 4);
    std::fs::create_dir(item.join("bound")).expect("made");
    run("mount", &["--bind", &victim.display().to_string(), &item.join("bound").display().to_string()]);
    let before = contents(&victim);
    for how in How::ALL {
        let inventory = w.scan();
        let plan = w.plan(&inventory, &World::marks(&inventory, &[&item]), how);
        assert!(plan.is_empty(), "{how:?}");
        assert!(plan.refused[0].reason.contains("mounted"), "{}", plan.refused[0].reason);
    }
    // Mounted only after the plan was made.
    run("umount", &[&item.join("bound").display().to_string()]);
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&item]), How::ForGood);
    assert!(!plan.is_empty());
    run("mount", &["--bind", &victim.display().to_string(), &item.join("bound").display().to_string()]);
    let report = w.run(&plan);
    run(
        "umount",
        &[
            "-l",
            &item
                .parent()
                .map(|p| p.join("item/bound"))
                .filter(|p| p.exists())
                .unwrap_or_else(|| find_bound(&w.root))
                .display()
                .to_string(),
        ],
    );
    assert!(!report.is_clean(), "{:?}", report.steps);
    assert_eq!(contents(&victim), before);
}

/// Where the bound folder is after its parent was renamed.
fn find_bound(root: &Path) -> PathBuf {
    let all = walkdir::WalkDir::new(root).into_iter().flatten();
    all.map(walkdir::DirEntry::into_path).find(|p| p.ends_with("bound")).expect("it is somewhere")
}

#[test]
#[ignore = "needs root: bind mounts"]
fn a_home_is_protected_through_a_bind_mount_too() {
    let w = World::new();
    let alias = w.root.join("alias");
    std::fs::create_dir(&alias).expect("made");
    run("mount", &["--bind", &w.root.join("home").display().to_string(), &alias.display().to_string()]);
    let mut settings = mldu::scan::Settings::new(std::sync::Arc::new(w.env.clone()), 1_900_000_000);
    settings.roots = vec![alias.clone()];
    let inventory = mldu::scan::Session::new(settings).expect("threads").run();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&alias]), How::ForGood);
    run("umount", &[&alias.display().to_string()]);
    assert!(plan.is_empty());
    assert!(plan.refused[0].reason.starts_with("protected: "), "{}", plan.refused[0].reason);
}

#[test]
#[ignore = "needs root: mounts tmpfs and binds folders"]
fn a_mount_the_walk_goes_into_is_told_with_what_lies_on_it() {
    let w = World::new();
    let [inner, bound, other] = ["inner", "bound", "other"].map(|name| w.root.join(name));
    for folder in [&inner, &bound, &other] {
        std::fs::create_dir(folder).expect("made");
    }
    run("mount", &["-t", "tmpfs", "-o", "size=4m", "tmpfs", &inner.display().to_string()]);
    run("mount", &["--bind", &other.display().to_string(), &bound.display().to_string()]);
    put(&inner.join("large"), 1024);
    let scan = |one_fs: bool| {
        let mut settings = mldu::scan::Settings::new(std::sync::Arc::new(w.env.clone()), 1_900_000_000);
        settings.roots = vec![w.root.clone()];
        settings.one_fs = one_fs;
        mldu::scan::Session::new(settings).expect("threads").run()
    };
    let (all, one) = (scan(false), scan(true));
    run("umount", &[&inner.display().to_string()]);
    run("umount", &[&bound.display().to_string()]);
    // A folder of the same file system has no room of its own.
    let there = |path: &Path| all.mounts.iter().any(|m| m.path == path);
    assert!(there(&inner) && !there(&bound) && all.mounts.len() == 2, "{:?}", all.mounts);
    assert_eq!(all.mounts[1].space.expect("asked").total, 4 << 20);
    let rest = Category::Other;
    let on = |path: &Path| all.groups_on(path).into_iter().find(|g| g.0 == rest).expect("a group").1;
    assert_eq!(on(&inner).usage.on_disk, 1 << 20);
    assert_eq!(on(&all.mounts[0].path).usage.on_disk + (1 << 20), all.total().on_disk);
    assert_eq!(one.mounts.len(), 1);
}

#[test]
#[ignore = "needs root: mounts an overlay"]
fn on_container_layers_the_trash_is_refused() {
    let base = Mounted::tmpfs("size=32m");
    for dir in ["lower/image", "upper", "work", "merged"] {
        std::fs::create_dir_all(base.path.join(dir)).expect("made");
    }
    put(&base.path.join("lower/image/model"), 1024);
    put(&base.path.join("lower/single"), 1024);
    let p = base.path.display();
    let options = format!("lowerdir={p}/lower,upperdir={p}/upper,workdir={p}/work");
    run("mount", &["-t", "overlay", "-o", &options, "overlay", &format!("{p}/merged")]);
    let home = tempfile::tempdir().expect("a folder");
    let w = World::on(
        &base.path.join("merged"),
        Env::fixed(home.path().canonicalize().expect("a path")).with_disk("/"),
    );
    let used = mounts::space(&base.path).expect("asked").used();
    let inventory = w.scan();
    let marks = World::marks(&inventory, &[&base.path.join("merged/image")]);
    let plan = w.plan(&inventory, &marks, How::Trash);
    assert!(plan.is_empty());
    assert!(plan.refused[0].reason.contains("container layer"), "{}", plan.refused[0].reason);
    // One file of the image goes when that is wanted all the same, and is not copied for it either.
    let single = base.path.join("merged/single");
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&single]), How::ForGood);
    let report = w.run(&plan);
    assert!(report.is_clean() && !single.exists(), "{:?}", report.steps);
    let now = mounts::space(&base.path).expect("asked").used();
    assert!(now < used + (512 << 10), "nothing was copied up: {used} and now {now}");
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn a_read_only_file_system_is_said_to_be_one() {
    let mounted = Mounted::tmpfs("size=8m");
    let (_home, w) = world_on(&mounted);
    let file = put(&mounted.path.join("a/b"), 4);
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&mounted.path.join("a")]), How::ForGood);
    run("mount", &["-o", "remount,ro", &mounted.path.display().to_string()]);
    let report = w.run(&plan);
    assert!(!report.is_clean() && file.exists());
    let why = format!("{:?}", report.steps[0].outcome);
    assert!(why.contains("read-only"), "{why}");
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn roots_on_two_mounts_and_kernel_file_systems() {
    let mounted = Mounted::tmpfs("size=8m");
    put(&mounted.path.join("inner/f"), 100);
    std::fs::create_dir(mounted.path.join("proc")).expect("made");
    run("mount", &["-t", "proc", "proc", &mounted.path.join("proc").display().to_string()]);
    let outer = mounted.path.parent().expect("a folder").to_path_buf();
    let scan = |roots: Vec<PathBuf>, one_fs: bool| {
        let env = std::sync::Arc::new(Env::fixed("/nowhere"));
        let mut settings = mldu::scan::Settings::new(env, 0);
        settings.roots = roots;
        settings.one_fs = one_fs;
        mldu::scan::Session::new(settings).expect("threads").run()
    };
    let whole = scan(vec![outer.clone()], false);
    assert!(whole.tree.find(&mounted.path.join("inner/f")).is_some());
    assert!(whole.tree.find(&mounted.path.join("proc/1")).is_none(), "the kernel's files take no space");
    // Monitoring is told of each mount by itself.
    let both = scan(vec![outer.clone(), mounted.path.clone()], true);
    let other = |mount: &Path| {
        let groups = both.groups_on(mount);
        groups.iter().find(|g| g.0 == Category::Other).expect("a group").1.usage.on_disk
    };
    assert_eq!(both.mounts.len(), 2, "{:?}", both.mounts);
    assert_eq!(other(&mounted.path), 100 << 10);
    let above = both.mount_of(&outer).expect("a mount").path.clone();
    assert_eq!(other(&above) + other(&mounted.path), both.total().on_disk);
    let one = scan(vec![outer.clone()], true);
    assert!(one.tree.find(&mounted.path.join("inner/f")).is_none());
    let out = Command::new("du").args(["-s", "-B1", "-x"]).arg(&outer).output().expect("du runs");
    let du: u64 = String::from_utf8_lossy(&out.stdout)
        .split_whitespace()
        .next()
        .unwrap_or("")
        .parse()
        .expect("a number");
    assert_eq!(one.total().on_disk, du);
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn a_root_on_another_mount_inside_a_root_is_read_whole_and_once() {
    let mounted = Mounted::tmpfs("size=8m");
    let outer = mounted.path.parent().expect("a folder").to_path_buf();
    let home = mounted.path.join("ana");
    put(&home.join(".keras/models/net.h5"), 300);
    put(&home.join("notes"), 100);
    put(&mounted.path.join("data/f"), 200);
    put(&outer.join("beside"), 50);
    let sum = |path: &Path| {
        let out = Command::new("du").args(["-s", "-B1"]).arg(path).output().expect("du runs");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        text.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).expect("a number")
    };
    // Twenty times, because the two walks race for the folder where one begins and the other ends.
    for _ in 0..20 {
        let env = std::sync::Arc::new(Env::fixed(&home).with_disk(&outer));
        let mut settings = mldu::scan::Settings::new(env, 0);
        settings.roots = vec![outer.clone(), mounted.path.clone()];
        settings.one_fs = true;
        let found = mldu::scan::Session::new(settings).expect("threads").run();
        for path in ["ana/.keras/models/net.h5", "ana/notes", "data/f"] {
            assert!(found.tree.find(&mounted.path.join(path)).is_some(), "{path}");
        }
        assert_eq!(found.total().on_disk, sum(&outer), "both mounts, each once");
        let keras =
            found.stores().into_iter().find(|s| found.tree.path(s.root.into()) == home.join(".keras"));
        assert!(keras.is_some(), "a known place on the second mount stays");
    }
}

#[test]
#[ignore = "needs root and /dev/fuse: mounts a FUSE file system that nobody answers for"]
fn a_fuse_file_system_that_never_answers_is_passed_over() {
    if !Path::new("/dev/fuse").exists() {
        println!("SKIPPED: no /dev/fuse");
        return;
    }
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    let dead = root.join("dead");
    std::fs::create_dir(&dead).expect("made");
    put(&root.join("alive/f"), 100);
    // The shell holds the other end and never reads from it.
    let script = "exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none \"$0\" \
        && echo mounted; exec sleep 60";
    let mut shell = Command::new("bash")
        .args(["-c", script])
        .arg(&dead)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut said = String::new();
    let out = shell.stdout.take().expect("piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut said).expect("bash speaks");
    assert_eq!(said, "mounted\n");
    // In a process of its own: a thread that asked the dead one may never come back.
    let report = |path: &Path| {
        Command::new("timeout")
            .args(["30", env!("CARGO_BIN_EXE_mldu"), "report", "--json"])
            .arg(path)
            .env("HOME", root.join("alive"))
            .output()
            .expect("mldu runs")
    };
    let around = report(&root);
    let inside = report(&dead);
    run("umount", &["-l", &dead.display().to_string()]);
    shell.kill().expect("it can be ended");
    shell.wait().expect("it ends");
    let json: serde_json::Value = serde_json::from_slice(&around.stdout).expect("JSON");
    assert_eq!(around.status.code(), Some(0));
    assert!(json["scan"]["bytes"].as_u64() >= Some(100 * 1024), "the rest is read");
    let problem = &json["problems"][0];
    assert_eq!(problem["path"], dead.display().to_string());
    assert!(problem["error"].as_str().is_some_and(|e| e.contains("does not answer")), "{problem}");
    // Asked for by name it is an error, and nothing else is read in its place.
    let json: serde_json::Value = serde_json::from_slice(&inside.stdout).expect("JSON");
    assert_eq!((inside.status.code(), json["scan"]["entries"].as_u64()), (Some(1), Some(0)));
}
