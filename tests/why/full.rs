//! No bytes, no inodes, no quota, nothing but root's reserve, no room for records; and what fills it that is in no folder.

use std::io::{BufRead, BufReader, ErrorKind};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mldu::env::Env;
use mldu::removal::plan::How;

use crate::desk::{Desk, UID, folder_of_user};
use crate::ground::{Mounted, put, run};
use crate::world::World;

#[test]
#[ignore = "needs root: mounts ext4 from a file, becomes another user"]
fn no_bytes() {
    let mounted = Mounted::ext4(16);
    let desk = Desk::of_user();
    let work = folder_of_user(&mounted.path);
    put(&mounted.path.join("old/run"), 3072);
    desk.is_well(&work);
    mounted.fill();
    let said = desk.why(&work);
    let at = mounted.path.display();
    let sentence = said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
    assert_eq!(sentence, format!("{at} has 0 B left for you: notebooks cannot be saved."));
    assert!(
        said.str("way_on").starts_with("Free ") && said.str("way_on").contains("Leave the notebook open")
    );
    assert_eq!(said.check("space"), ("blocked", &format!("0 B for you on {at}")[..]));
    assert_eq!(said.place("notebooks")["bytes_available"], 0);
    assert_eq!(said.place("kernels")["test"], "ok", "the home is elsewhere");
    assert!(!desk.writes(&work));
    // What is named shows what can go.
    let see = desk.mldu(&said.command("mldu ").split(' ').skip(1).collect::<Vec<_>>());
    assert!(see.status.success() && String::from_utf8_lossy(&see.stdout).contains("Everything else"));
    desk.remove(&mounted.path, &[&mounted.path.join("old")]);
    desk.is_well(&work);
}

#[test]
#[ignore = "needs root: mounts ext4 from a file, becomes another user"]
fn nothing_but_what_is_kept_for_root() {
    let mounted = Mounted::image(64, &["mkfs.ext4", "-q", "-F", "-m", "5"]);
    let (desk, root) = (Desk::of_user(), Desk::new());
    let work = folder_of_user(&mounted.path);
    let script = "i=0; while dd if=/dev/zero of=\"$0/$i\" bs=64k count=16; do i=$((i+1)); done; sync -f \"$0\"; \
                  while dd if=/dev/zero of=\"$0/s$i\" bs=1k count=4; do i=$((i+1)); done";
    desk.command(Path::new("sh")).args(["-c", script]).arg(&work).output().expect("sh runs");
    let said = desk.why(&work);
    let sentence = said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
    assert!(
        sentence.contains("has 0 B left for you (") && sentence.contains(" is kept for root)"),
        "{sentence}"
    );
    assert!(said.check("space").1.contains("is kept for root"), "{said:?}");
    // Root can write still, and is told that nobody else can.
    let said = root.why(&work);
    assert_eq!((said.code, said.str("word")), (0, "LOW"), "{said:?}");
    assert!(said.str("sentence").contains("0 B left for users; you are root, and"), "{said:?}");
    assert!(root.writes(&work) && !desk.writes(&work));
    Desk::sudo(&desk.why(&work).command("sudo tune2fs -m 1 /dev/loop"));
    desk.is_well(&work);
}

#[test]
#[ignore = "needs root: mounts ext4 from a file, and tmpfs, becomes another user"]
fn no_inodes() {
    let few = Mounted::image(16, &["mkfs.ext4", "-q", "-F", "-m", "0", "-N", "64"]);
    let memory = Mounted::tmpfs("size=16m,nr_inodes=64,mode=0755");
    for (mounted, what) in [(&few, ""), (&memory, ", which is in memory,")] {
        let desk = Desk::of_user();
        let work = folder_of_user(&mounted.path);
        std::fs::create_dir(mounted.path.join("images")).expect("made");
        let made =
            (0..).take_while(|i| std::fs::write(mounted.path.join(format!("images/{i}")), b"").is_ok());
        assert!(made.count() > 10);
        let said = desk.why(&work);
        let sentence = said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
        let begin = format!("{}{what} has no inode left, though ", mounted.path.display());
        assert!(sentence.starts_with(&begin), "{sentence}");
        assert!(said.str("way_on").starts_with("Delete folders of many small files"), "{said:?}");
        let (level, sentence) = said.check("inodes");
        assert!(level == "blocked" && sentence.contains("100% used on "), "{sentence}");
        assert_eq!(said.check("space").0, "ok", "bytes there are");
        assert_eq!(said.place("notebooks")["inodes_percent"], 100);
        assert!(!desk.writes(&work));
        desk.remove(&mounted.path, &[&mounted.path.join("images")]);
        desk.is_well(&work);
    }
}

#[test]
#[ignore = "needs root and btrfs-progs: mounts Btrfs from a file and limits a subvolume"]
fn a_quota_that_is_used_up() {
    let mounted = Mounted::btrfs();
    let desk = Desk::of_user();
    let at = mounted.path.display().to_string();
    let ana = mounted.path.join("ana");
    run("btrfs", &["quota", "enable", &at]);
    run("btrfs", &["subvolume", "create", &format!("{at}/ana")]);
    let work = folder_of_user(&ana);
    run("sync", &["-f", &at]);
    run("btrfs", &["qgroup", "limit", "4M", &format!("{at}/ana")]);
    desk.is_well(&work);
    let full = (0..64).find_map(|i| std::fs::write(ana.join(format!("old{i}")), vec![b'f'; 256 << 10]).err());
    assert_eq!(full.expect("it is used up").kind(), ErrorKind::QuotaExceeded, "or this test shows nothing");
    run("sync", &["-f", &at]);
    let said = desk.why(&work);
    let sentence = said.is_blocked("QUOTA", &mounted.path, "notebooks", "EDQUOT");
    assert!(
        sentence.starts_with(&format!("your quota on {at} is used up; the disk itself has ")),
        "{sentence}"
    );
    assert_eq!(said.check("quota"), ("blocked", &format!("used up on {at}")[..]));
    assert_eq!(said.check("space").0, "ok", "the disk is not full");
    assert!(said.str("way_on").contains("counts against the quota until that is emptied"), "{said:?}");
    assert!(!desk.writes(&work));
    let old: Vec<_> = (0..8).map(|i| ana.join(format!("old{i}"))).collect();
    desk.remove(&ana, &old.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    run("sync", &["-f", &at]);
    desk.is_well(&work);
}

/// A file without a name can be made there still, so that the usual test would say that all is well.
#[test]
#[ignore = "needs root and btrfs-progs: mounts Btrfs from a file"]
fn a_btrfs_without_room_for_its_records() {
    let mounted = Mounted::image(300, &["mkfs.btrfs", "-q", "-f", "-m", "single"]);
    let desk = Desk::of_user();
    let work = folder_of_user(&mounted.path);
    let at = mounted.path.display().to_string();
    let sync = || run("sync", &["-f", &at]);
    // Data takes all there is, then gives some back within its own part.
    let data = |i: usize| mounted.path.join(format!("data{i}"));
    let made = (0..1000).take_while(|i| std::fs::write(data(*i), vec![b'd'; 1 << 20]).is_ok()).count();
    sync();
    (0..40.min(made)).for_each(|i| std::fs::remove_file(data(i)).expect("removed"));
    sync();
    let small = mounted.path.join("small");
    std::fs::create_dir(&small).expect("made");
    for i in 0..100_000 {
        // What is that small lies among the records.
        if std::fs::write(small.join(i.to_string()), vec![b's'; 1900]).is_err() {
            break;
        }
        if i % 500 == 0 {
            sync();
        }
    }
    sync();
    assert!(!desk.writes(&work), "or this test shows nothing");
    let said = desk.why(&work);
    let sentence = said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
    assert!(sentence.starts_with(&format!("{at} has no room left for its own records (Btrfs metadata)")));
    assert!(!said.text.contains("kept for root)"), "nothing is: {said:?}");
    assert_eq!(std::fs::read_dir(&work).expect("read").count(), 0, "the test left nothing");
    desk.remove(&mounted.path, &[&small]);
    sync();
    desk.is_well(&work);
}

#[test]
#[ignore = "needs root: mounts tmpfs, becomes another user"]
fn a_file_system_in_memory() {
    let memory = Mounted::tmpfs("size=2m,mode=1777");
    let desk = Desk::of_user().with("TMPDIR", &memory.path);
    let work = folder_of_user(&desk.home);
    desk.is_well(&work);
    put(&memory.path.join("left-over/core"), 512);
    memory.fill();
    let said = desk.why(&work);
    let at = memory.path.display();
    let sentence = said.is_blocked("FULL", &memory.path, "temp", "ENOSPC");
    let begin =
        format!("{at}, which is in memory, has 0 B left for you: programs that need temporary files fail.");
    assert!(sentence.starts_with(&begin), "{sentence}");
    // The notebooks are somewhere else, and that is said.
    assert!(sentence.contains("Your notebooks are on ") && said.place("notebooks")["test"] == "ok");
    assert!(said.str("way_on").contains("Or set TMPDIR to a folder"), "{said:?}");
    // Both that is named helps.
    let desk = desk.with("TMPDIR", &work);
    desk.is_well(&work);
    let desk = desk.with("TMPDIR", &memory.path);
    desk.remove(&memory.path, &[&memory.path.join("left-over")]);
    desk.is_well(&work);
}

/// No notebook is near, and yet none can be saved.
#[test]
#[ignore = "needs root: mounts tmpfs, becomes another user"]
fn a_home_that_is_full_while_notebooks_are_elsewhere() {
    let home = Mounted::tmpfs("size=2m,mode=1777");
    let jupyter = home.path.join("jupyter");
    let desk = Desk::of_user().with("JUPYTER_DATA_DIR", &jupyter).with("IPYTHONDIR", &home.path);
    let work = folder_of_user(&desk.home);
    put(&home.path.join("old"), 512);
    home.fill();
    let said = desk.why(&work);
    let sentence = said.is_blocked("FULL", &home.path, "signatures", "ENOSPC");
    assert!(sentence.contains("notebooks cannot be saved, because Jupyter signs them there"), "{sentence}");
    assert!(sentence.contains("and that is fine, but Jupyter writes here too"), "{sentence}");
    assert!(!sentence.contains("Besides"), "one mount, one cause: {sentence}");
    for place in ["kernels", "history"] {
        assert_eq!(said.place(place)["test"], "ENOSPC");
    }
    desk.remove(&home.path, &[&home.path.join("old")]);
    desk.is_well(&work);
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn what_was_put_into_the_trash() {
    let mounted = Mounted::ext4(16);
    let desk = Desk::new();
    put(&mounted.path.join("old/model"), 4096);
    let world = World::on(&mounted.path, Env::fixed(&desk.home).with_disk("/"));
    assert!(world.remove(&[&mounted.path.join("old")], How::Trash).is_clean());
    mounted.fill();
    let said = desk.why(&mounted.path);
    said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
    let (level, sentence) = said.check("trash");
    assert_eq!(level, "note");
    let begin = format!("4.0 MiB that mldu put into the trash still fill {}", mounted.path.display());
    assert!(sentence.starts_with(&begin) && sentence.contains("`mldu trash empty`"), "{sentence}");
    let out = desk.mldu(&["trash", "empty", "--yes"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said = desk.is_well(&mounted.path);
    assert!(!said.text.contains("put into the trash"), "{said:?}");
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn what_a_process_holds_though_it_is_deleted() {
    let mounted = Mounted::ext4(16);
    let desk = Desk::new();
    let file = mounted.path.join("log");
    let script = "exec 3>\"$0\"; head -c 4194304 /dev/zero >&3; rm \"$0\"; echo held; exec sleep 600";
    let mut holder = Command::new("bash")
        .args(["-c", script])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash runs");
    let mut line = String::new();
    BufReader::new(holder.stdout.take().expect("piped")).read_line(&mut line).expect("it speaks");
    assert_eq!(line, "held\n");
    mounted.fill();
    let said = desk.why(&mounted.path);
    let report = desk.mldu(&["report", "--json", &mounted.path.display().to_string()]);
    holder.kill().expect("ended");
    holder.wait().expect("it ends");
    said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
    // Nothing in a folder is that large: who holds it is told by the report.
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).expect("JSON");
    assert!(report["held_open"].to_string().contains("sleep"), "{report:#}");
    desk.is_well(&mounted.path);
}

#[test]
#[ignore = "needs root: mounts tmpfs over /dev/shm, in a mount namespace"]
fn shared_memory() {
    let shm = Path::new("/dev/shm");
    let _unmount = Over::mount("size=4m,mode=1777", shm);
    let desk = Desk::new();
    let work = desk.home.join("work");
    std::fs::create_dir(&work).expect("made");
    // What a worker of a data loader does with its batch.
    let script = "from multiprocessing import shared_memory as s\nm = s.SharedMemory(create=True, size=1 << 20)\n\
                  m.buf[:] = b'x' * (1 << 20)\nm.close()\nm.unlink()\n";
    let worker = || Command::new("python3").args(["-c", script]).output().expect("python runs").status;
    assert!(worker().success());
    let said = desk.is_well(&work);
    let (level, sentence) = said.check("memory");
    assert!(
        level == "note" && sentence.starts_with("/dev/shm has 4.0 MiB in all, as containers have"),
        "{said:?}"
    );
    put(&shm.join("torch_1_2_3/left"), 3840);
    put(&shm.join("more"), 256);
    let _ = std::fs::write(shm.join("rest"), vec![b'x'; 1 << 20]);
    assert_eq!(worker().signal(), Some(7), "bus error, as is said");
    let said = desk.why(&work);
    // Notebooks can be saved all the same.
    assert_eq!((said.code, said.str("word")), (0, "FULL"), "{said:?}");
    assert_eq!(said.json["mount"]["path"], "/dev/shm");
    let sentence = said.str("sentence");
    assert!(
        sentence
            .starts_with("saving works, but /dev/shm, which is memory that processes share, has 0 B left")
    );
    assert!(sentence.contains("Bus error") && said.check("memory").0 == "low", "{said:?}");
    assert_eq!(said.command("mldu "), "mldu /dev/shm");
    desk.remove(shm, &[&shm.join("torch_1_2_3")]);
    let said = desk.is_well(&work);
    assert_eq!(said.check("memory").0, "note");
    assert!(worker().success());
}

/// A tmpfs over a folder that is there, until this is dropped.
struct Over(&'static str);

impl Over {
    fn mount(options: &str, path: &Path) -> Self {
        run("mount", &["-t", "tmpfs", "-o", options, "tmpfs", &path.display().to_string()]);
        Self("/dev/shm")
    }
}

impl Drop for Over {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l", self.0]).status();
    }
}

/// Somebody who fills up a disk does not always know: the one who asks is the other.
#[test]
#[ignore = "needs root: mounts tmpfs, becomes another user"]
fn a_read_only_mldu_writes_nothing_and_says_so() {
    let mounted = Mounted::tmpfs("size=1m,mode=0755");
    let desk = Desk::of_user().with("MLDU_READ_ONLY", Path::new("1"));
    let work = folder_of_user(&mounted.path);
    mounted.fill();
    let said = desk.why(&work);
    assert_eq!((said.code, said.str("word")), (3, "FULL"), "uid {UID}: {said:?}");
    assert!(said.str("sentence").ends_with("nothing was written to try it."), "{said:?}");
    assert_eq!(said.place("notebooks")["test"], "-");
}
