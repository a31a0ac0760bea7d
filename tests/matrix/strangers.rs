//! Rows 25, 31 and 37: trash folders that are traps, mounts that never answer, mounts without number and with odd names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mldu::env::Env;
use mldu::removal::plan::How;
use mldu::removal::restore;
use mldu::sys::mounts;

use crate::apart;
use crate::ground::{Mounted, put, run, world_on};
use crate::invariants::{Scene, plant_sentinel, print};
use crate::world::World;

/// Everybody may write where these trashes lie, so anybody can have put them there.
#[test]
#[ignore = "needs root: mounts tmpfs, gives folders to somebody else"]
fn row_25_a_trash_that_may_be_a_trap_is_not_used_and_the_reason_is_said() {
    type Trap = fn(&Path);
    let link: Trap = |top| {
        std::fs::create_dir_all(top.join("theirs/files")).expect("made");
        std::fs::create_dir_all(top.join("theirs/info")).expect("made");
        apart::own(&top.join("theirs"));
        symlink("theirs", top.join(".Trash-0")).expect("linked");
    };
    let foreign: Trap = |top| {
        std::fs::create_dir_all(top.join(".Trash-0/files")).expect("made");
        std::fs::create_dir_all(top.join(".Trash-0/info")).expect("made");
        apart::own(&top.join(".Trash-0"));
    };
    let writable: Trap = |top| {
        std::fs::create_dir_all(top.join(".Trash-0/files")).expect("made");
        std::fs::create_dir_all(top.join(".Trash-0/info")).expect("made");
        apart::open(&top.join(".Trash-0"), 0o777);
    };
    let inner_link: Trap = |top| {
        std::fs::create_dir_all(top.join("theirs")).expect("made");
        std::fs::create_dir_all(top.join(".Trash-0/info")).expect("made");
        symlink("../theirs", top.join(".Trash-0/files")).expect("linked");
    };
    for (what, trap, why) in [
        ("a link", link, "is a link"),
        ("of somebody else", foreign, "belongs to somebody else"),
        ("open to everybody", writable, "others may write to it"),
        ("with a link in it", inner_link, "is a link"),
    ] {
        let mounted = Mounted::tmpfs("size=16m,mode=1777");
        let (_home, w) = world_on(&mounted);
        trap(&mounted.path);
        plant_sentinel(&mounted.path);
        let item = put(&mounted.path.join("model/weights"), 64).parent().expect("a folder").to_path_buf();
        let before = print(&mounted.path, &|_| false);
        let inventory = w.scan();
        let plan = w.plan(&inventory, &World::marks(&inventory, &[&item]), How::Trash);
        assert!(plan.is_empty(), "{what}");
        let reason = &plan.refused[0].reason;
        assert!(reason.contains(why) && reason.contains(".Trash-0"), "{what}: {reason}");
        w.run(&plan);
        assert_eq!(print(&mounted.path, &|_| false), before, "{what}");
    }
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn row_25_a_shared_trash_is_used_only_if_it_is_sticky() {
    for (mode, used) in [(0o1777, true), (0o777, false)] {
        let mounted = Mounted::tmpfs("size=16m,mode=1777");
        let (_home, w) = world_on(&mounted);
        std::fs::create_dir(mounted.path.join(".Trash")).expect("made");
        apart::open(&mounted.path.join(".Trash"), mode);
        plant_sentinel(&mounted.path);
        let item = put(&mounted.path.join("model/weights"), 64).parent().expect("a folder").to_path_buf();
        let scene = Scene::new(&mounted.path, &[&item]);
        let report = w.remove(&[&item], How::Trash);
        assert!(report.is_clean(), "{:?}", report.steps);
        scene.check(&report);
        let shared = mounted.path.join(".Trash/0");
        assert_eq!((shared.exists(), mounted.path.join(".Trash-0").exists()), (used, !used));
        let mut trashed = w.trashed();
        trashed.retain(|t| t.original == item);
        assert_eq!(trashed.len(), 1);
        assert!(restore::plan(&trashed, |_| true)[0].run()[0].failed.is_none());
        scene.is_as_before();
    }
}

/// A FUSE file system behind which nobody is: whoever asks it waits for ever.
struct Dead(PathBuf, Child);

impl Dead {
    fn mount(at: &Path) -> Option<Self> {
        if !Path::new("/dev/fuse").exists() {
            println!("SKIPPED: no /dev/fuse");
            return None;
        }
        let script = "exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none \"$0\" \
            && echo mounted; exec sleep 600";
        let mut shell = Command::new("bash")
            .args(["-c", script])
            .arg(at)
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let mut said = String::new();
        let out = shell.stdout.take().expect("piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut said).expect("bash speaks");
        assert_eq!(said, "mounted\n");
        Some(Self(at.to_path_buf(), shell))
    }
}

impl Drop for Dead {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = self.1.kill();
        let _ = self.1.wait();
    }
}

/// A dead mount on which another person's home lies, and a trash of one's own from better days.
#[test]
#[ignore = "needs root and /dev/fuse: mounts a FUSE file system that nobody answers for"]
fn row_31_a_mount_that_never_answers_holds_up_nothing_elsewhere() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    let home = root.join("home").display().to_string();
    let var = format!("HOME={home}");
    // With a table of accounts of its own.
    let before = ["timeout", "60", "unshare", "-m", "--propagation", "private", "env", &var];
    std::fs::create_dir_all(root.join("dead")).expect("made");
    apart::run("strangers::apart_beside_a_dead_mount", &before, &root);
}

#[test]
#[ignore = "run by row_31"]
fn apart_beside_a_dead_mount() {
    let Some((root, _)) = apart::told() else { return };
    let dead = root.join("dead");
    let passwd = root.join("passwd");
    let mut accounts = std::fs::read_to_string("/etc/passwd").expect("read");
    accounts.push_str(&format!("ana:x:2001:2001::{}/ana:/bin/sh\n", dead.display()));
    std::fs::write(&passwd, accounts).expect("written");
    run("mount", &["--bind", &passwd.display().to_string(), "/etc/passwd"]);
    let alive = root.join("home/disk");
    std::fs::create_dir_all(&alive).expect("made");
    let state = root.join("home/.local/state/mldu");
    std::fs::create_dir_all(&state).expect("made");
    apart::open(&state, 0o700);
    std::fs::write(state.join("trash-roots"), format!("{}/ana/.Trash-0\n", dead.display())).expect("written");
    plant_sentinel(&alive);
    let item = put(&alive.join("model/weights"), 64).parent().expect("a folder").to_path_buf();
    let Some(_dead) = Dead::mount(&dead) else { return apart::finished() };
    // As the program itself sees the world, accounts and all.
    let w = World::on(&alive, Env::real());
    assert!(w.env.accounts().iter().any(|a| a.home.starts_with(&dead)));
    let scene = Scene::new(&alive, &[&item]);
    let report = w.remove(&[&item], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    let trashed = w.trashed();
    let items = restore::plan(&trashed, |t| t.original == item);
    assert!(items[0].run()[0].failed.is_none());
    scene.is_as_before();
    let report = w.remove(&[&item], How::ForGood);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
    // The home is on the list of what stays though nobody could look at it.
    let deny = mldu::removal::protect::DenyList::collect(&w.env, &[], &[], &mounts::read());
    let (parent, name) = mldu::sys::beneath::open_parent(&alive).expect("open");
    let anybody = mldu::sys::beneath::look(parent, name).expect("looked");
    let reason = deny.refuses(&dead.join("ana"), &anybody);
    assert_eq!(reason.as_deref(), Some("a home folder"));
    apart::finished();
}

/// A trash on a server is not looked for on every scan, so it is noted where it is; else nothing would come back.
#[test]
#[ignore = "needs root and bindfs: mounts a folder through FUSE"]
fn row_31_what_is_trashed_on_a_file_system_behind_a_server_is_found_again() {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    for dir in ["home", "served", "mnt"] {
        std::fs::create_dir(root.join(dir)).expect("made");
    }
    let at = root.join("mnt");
    let (from, to) = (root.join("served").display().to_string(), at.display().to_string());
    run("bindfs", &["--no-allow-other", &from, &to]);
    assert!(mounts::read().iter().any(|m| m.path == at && m.is_remote()), "or this test shows nothing");
    plant_sentinel(&at);
    let item = put(&at.join("model/weights"), 64).parent().expect("a folder").to_path_buf();
    let w = World::on(&at, Env::fixed(root.join("home")).with_disk("/"));
    let scene = Scene::new(&at, &[&item]);
    let report = w.remove(&[&item], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    let trashed = w.trashed();
    assert_eq!(trashed.iter().filter(|t| t.original == item).count(), 1);
    for thing in restore::plan(&trashed, |_| true) {
        assert!(thing.run()[0].failed.is_none());
    }
    scene.outside_is_as_it_was();
    assert!(item.join("weights").exists());
    run("umount", &[&to]);
}

#[test]
#[ignore = "needs root: bind mounts by the thousand, in a namespace of its own"]
fn row_37_mounts_without_number_and_with_odd_names_are_no_matter() {
    let tmp = tempfile::tempdir().expect("a folder");
    let before = ["unshare", "-m", "--propagation", "private"];
    apart::run("strangers::apart_among_many_mounts", &before, &tmp.path().canonicalize().expect("a path"));
}

#[test]
#[ignore = "run by row_37"]
fn apart_among_many_mounts() {
    let Some((root, w)) = apart::told() else { return };
    // Each level shows the one below it twice: 2 + 4 + ... mounts by a few calls.
    let many = root.join("many");
    std::fs::create_dir(&many).expect("made");
    run("mount", &["-t", "tmpfs", "tmpfs", &many.display().to_string()]);
    let level = |i: usize| many.join(format!("level{i}"));
    std::fs::create_dir_all(level(0)).expect("made");
    run("mount", &["-t", "tmpfs", "tmpfs", &level(0).display().to_string()]);
    for i in 1..10 {
        std::fs::create_dir(level(i)).expect("made");
        run("mount", &["-t", "tmpfs", "tmpfs", &level(i).display().to_string()]);
        for side in ["a", "b"] {
            let at = level(i).join(side);
            std::fs::create_dir(&at).expect("made");
            run("mount", &["--rbind", &level(i - 1).display().to_string(), &at.display().to_string()]);
        }
    }
    let odd = root.join(OsStr::from_bytes(b"disk \xff\n\x1b[2J\\040"));
    std::fs::create_dir(&odd).expect("made");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&odd).status();
    assert!(mounted.expect("mount runs").success());
    let table = mounts::read();
    assert!(table.len() > 1000, "{} mounts", table.len());
    assert!(table.iter().any(|m| m.path == odd), "an odd name is read as it is");
    plant_sentinel(&odd);
    let item = put(&odd.join("model/weights"), 64).parent().expect("a folder").to_path_buf();
    let w = World::on(&odd, w.env.clone().with_disk("/"));
    let scene = Scene::new(&odd, &[&item]);
    let report = w.remove(&[&item], How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
    assert!(odd.join(".Trash-0/info").is_dir());
    let trashed = w.trashed();
    let items = restore::plan(&trashed, |t| t.original == item);
    assert!(items[0].run()[0].failed.is_none());
    scene.is_as_before();
    let report = w.remove(&[&item], How::ForGood);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
    // Above the many nothing can go.
    let everything = World::on(&root, w.env.clone());
    let inventory = everything.scan();
    let plan = everything.plan(&inventory, &World::marks(&inventory, &[&many]), How::ForGood);
    assert!(plan.is_empty() && plan.refused[0].reason.contains("mounted"), "{:?}", plan.refused);
    apart::finished();
}
