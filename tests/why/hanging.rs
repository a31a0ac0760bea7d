//! A mount whose server does not answer, or has ended: told within seconds, without waiting for it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::desk::Desk;

/// A FUSE file system that nobody answers for, until its process is ended.
struct Dead {
    path: PathBuf,
    shell: Child,
}

impl Dead {
    fn mount(path: PathBuf) -> Self {
        std::fs::create_dir(&path).expect("made");
        // The shell holds the other end and never reads from it.
        let script = "exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none \"$0\" \
            && echo mounted; exec sleep 600";
        let mut shell = Command::new("bash")
            .args(["-c", script])
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let mut said = String::new();
        BufReader::new(shell.stdout.take().expect("piped")).read_line(&mut said).expect("bash speaks");
        assert_eq!(said, "mounted\n");
        Self { path, shell }
    }

    fn end(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

impl Drop for Dead {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).stderr(Stdio::null()).status();
        self.end();
    }
}

#[test]
#[ignore = "needs root and /dev/fuse: mounts a FUSE file system that nobody answers for"]
fn a_server_that_does_not_answer_and_then_has_ended() {
    if !Path::new("/dev/fuse").exists() {
        println!("SKIPPED: no /dev/fuse");
        return;
    }
    let desk = Desk::new();
    let work = desk.home.join("work");
    std::fs::create_dir(&work).expect("made");
    let mut dead = Dead::mount(desk.home.join("server"));
    let at = dead.path.display().to_string();
    let deep = dead.path.join("ana/work");
    for folder in [&dead.path, &deep] {
        let said = desk.why(folder);
        let sentence = said.is_blocked("NO ANSWER", &dead.path, "notebooks", "hangs");
        assert_eq!(sentence, format!("{at} does not answer: notebooks cannot be saved."));
        assert!(said.str("way_on").contains("save elsewhere until it is back"), "{said:?}");
        assert!(said.place("notebooks")["bytes_available"].is_null(), "unknown is unknown");
    }
    // The home's own folder leads there by a link, and notebooks are here.
    std::os::unix::fs::symlink(&deep, desk.home.join("data")).expect("linked");
    let linked = Desk::new().with("JUPYTER_DATA_DIR", &desk.home.join("data/jupyter"));
    let said = linked.why(&work);
    let sentence = said.is_blocked("NO ANSWER", &dead.path, "signatures", "hangs");
    assert!(
        sentence.contains("Your notebooks are on ") && said.place("notebooks")["test"] == "ok",
        "{sentence}"
    );
    linked.with("JUPYTER_DATA_DIR", &work).is_well(&work);
    // Without writing it is asked no less.
    let careful = Desk::new().with("MLDU_READ_ONLY", Path::new("1")).why(&dead.path);
    assert_eq!((careful.code, careful.str("word")), (3, "NO ANSWER"));
    dead.end();
    let said = desk.why(&dead.path);
    let sentence = said.is_blocked("NO ANSWER", &dead.path, "notebooks", "gone");
    assert!(sentence.starts_with(&format!("what was behind {at} has gone (")), "{sentence}");
    Desk::sudo(&said.command("umount -l "));
    desk.is_well(&dead.path);
}

#[test]
#[ignore = "needs root and /dev/fuse: mounts a FUSE file system that nobody answers for"]
fn a_home_that_does_not_answer_is_said_to_be_that() {
    if !Path::new("/dev/fuse").exists() {
        println!("SKIPPED: no /dev/fuse");
        return;
    }
    let tmp = tempfile::tempdir().expect("a folder");
    let dead = Dead::mount(tmp.path().canonicalize().expect("a path").join("home"));
    for (args, code) in [(&["why", "/"][..], 3), (&["report", "/proc"], 1), (&["trash", "list"], 1)] {
        let mut command = assert_cmd::Command::cargo_bin("mldu").expect("it is built");
        command
            .env_clear()
            .env("HOME", dead.path.join("ana"))
            .env("MLDU_ONLY_BELOW", tmp.path())
            .current_dir("/");
        let out = command.args(args).timeout(std::time::Duration::from_secs(30)).output().expect("it ends");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        let sentence = format!("your home {} does not answer", dead.path.join("ana").display());
        assert!(out.status.code() == Some(code) && said.contains(&sentence), "{args:?}: {said}");
    }
}
