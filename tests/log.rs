//! The log of what was done: what is in it after real runs, where it lies when its place is full or closed, and several
//! processes that write it at once.

#[path = "common/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;
use mldu::env::Env;
use mldu::removal::journal::{self, Became, Event, Line, Log, What};
use mldu::removal::plan::How;
use mldu::removal::{execute, restore};
use world::World;

fn log_of(w: &World) -> PathBuf {
    w.env.state().join(journal::files::NAME)
}

fn outcomes(w: &World) -> Vec<(What, Became, PathBuf)> {
    let done = journal::read(&w.env).into_iter().filter(|l| l.event == Event::Done);
    done.map(|l| (l.what, l.outcome.expect("an outcome"), l.path().expect("a path"))).collect()
}

fn mldu(home: &Path) -> Command {
    let mut command = Command::cargo_bin("mldu").expect("it is built");
    command.env_clear().env("HOME", home).env("LANG", "C.UTF-8").env("PATH", "/usr/bin:/bin");
    command.env("XDG_RUNTIME_DIR", home.join("run")).env("MLDU_ONLY_BELOW", home);
    command
}

fn said(command: &mut Command) -> (i32, String, String) {
    let out = command.output().expect("it runs");
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    (out.status.code().expect("it ends"), text(&out.stdout), text(&out.stderr))
}

#[test]
fn every_run_leaves_its_lines_and_a_look_leaves_none() {
    let w = World::new();
    let model = w.file("a/model", 40);
    let other = w.file("b/\u{1b}[2Jodd", 8);
    w.scan();
    assert!(!w.env.state().exists(), "a scan writes nothing");
    let report = w.remove(&[&model], How::Trash);
    assert!(report.is_clean() && report.unlogged.is_none());
    let items = restore::plan(&w.trashed(), |_| true);
    let (back, lost) = journal::run::restore(&w.env, &items, restore::Allow::default());
    assert!(back.iter().all(|b| b.failed.is_none()) && lost.is_none());
    assert!(w.remove(&[&model, &other], How::ForGood).is_clean());
    assert_eq!(
        outcomes(&w),
        [
            (What::Trash, Became::Trashed, model.clone()),
            (What::Undo, Became::Restored, model.clone()),
            (What::Delete, Became::Deleted, model.clone()),
            (What::Delete, Became::Deleted, other.clone()),
        ]
    );
    let lines = journal::read(&w.env);
    let done = lines.iter().find(|l| l.event == Event::Done).expect("a line");
    assert_eq!((done.bytes, done.files, done.uid), (Some(40 * 1024), Some(1), Some(w.env.uid())));
    assert_eq!((done.part, done.category.as_deref()), (Some((1, 1)), Some("other")));
    assert_eq!(done.run, report.run);
    let begin = lines.iter().rev().find(|l| l.event == Event::Begin).expect("a line");
    let end = lines.iter().rev().find(|l| l.event == Event::End).expect("a line");
    assert_eq!((begin.bytes, begin.files), (Some(48 * 1024), Some(2)));
    assert_eq!(end.measured.iter().map(|m| m.estimated).sum::<u64>(), 48 * 1024);
    // Each step is there before it is done.
    for done in lines.iter().filter(|l| l.event == Event::Done) {
        let at =
            |e: Event| lines.iter().position(|l| l.event == e && l.run == done.run && l.path == done.path);
        assert!(at(Event::Step) < at(Event::Done), "{done:?}");
    }
    // The table fits, and nothing of a name reaches the terminal.
    let home = w.root.join("home");
    let (code, out, err) = said(mldu(&home).arg("log"));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.lines().all(|l| l.chars().count() <= 80) && !out.contains('\u{1b}'), "{out}");
    assert_eq!(out.lines().filter(|l| l.contains("  deleted  ")).count(), 2, "{out}");
    assert_eq!(out.lines().filter(|l| l.contains("  run ")).count(), 3, "{out}");
    let (_, out, _) = said(mldu(&home).args(["log", "--run", &report.run, "--json"]));
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["schema"], 1);
    assert_eq!(json["log"].as_array().map(Vec::len), Some(4), "{json}");
    let (_, out, _) = said(mldu(&home).args(["log", "-n", "2"]));
    assert_eq!(out.lines().filter(|l| l.starts_with("20")).count(), 2, "{out}");
    assert_eq!(said(mldu(&home).args(["log", "--since", "soon"])).0, 2);
    assert!(said(mldu(&home).args(["log", "--since", "1h"])).1.contains("deleted"));
}

#[test]
fn a_reason_is_written_without_the_tokens_in_it() {
    let w = World::new();
    let mut log = Log::begin(&w.env, "0a0b0c0d", What::Delete, 1, 0);
    let why = "origin https://me:s3cr3t-1@host/t/s3cr3t-2/x?token=s3cr3t-3, HF_TOKEN=s3cr3t-4";
    log.done(&log.line(Event::Done).about(Path::new("/x")).became(Became::Kept, Some(why)));
    assert_eq!(log.end(false, Vec::new()), None);
    let text = std::fs::read_to_string(log_of(&w)).expect("written");
    assert!(!text.contains("s3cr3t") && text.contains("https://***@host/t/***/x?***"), "{text}");
    // An item's key may quote where it is from.
    let odd = w.file("https:/me:s3cr3t@host/x", 4);
    assert!(w.remove(&[&odd], How::Trash).is_clean());
    let last = journal::read(&w.env).into_iter().rev().find(|l| l.event == Event::Done).expect("a line");
    assert_eq!(last.path().as_deref(), Some(odd.as_path()), "a path is a path, with its very bytes");
}

#[test]
fn a_torn_line_costs_only_itself() {
    let w = World::new();
    assert!(w.remove(&[&w.file("a", 4)], How::ForGood).is_clean());
    let whole = std::fs::read(log_of(&w)).expect("written");
    std::fs::write(log_of(&w), [&whole[..], &whole[..whole.len() / 3]].concat()).expect("torn");
    assert!(w.remove(&[&w.file("b", 4)], How::ForGood).is_clean());
    assert_eq!(outcomes(&w).len(), 2);
    let text = std::fs::read_to_string(log_of(&w)).expect("written");
    assert_eq!(text.lines().filter(|l| Line::read(l.as_bytes()).is_none()).count(), 1);
}

#[test]
fn processes_that_write_at_once_write_whole_lines() {
    let w = World::new();
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().expect("this program"))
                .args(["--include-ignored", "--exact", "inner_writes"])
                .env("MLDU_TEST_ROOT", &w.root)
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("started")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    let text = std::fs::read_to_string(log_of(&w)).expect("written");
    assert!(text.lines().all(|l| Line::read(l.as_bytes()).is_some()));
    assert_eq!(text.lines().count(), 4 * 202);
    let mut runs: Vec<String> = journal::read(&w.env).into_iter().map(|l| l.run).collect();
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 4);
}

#[test]
#[ignore = "run by processes_that_write_at_once_write_whole_lines"]
fn inner_writes() {
    let root = PathBuf::from(std::env::var_os("MLDU_TEST_ROOT").expect("started by another test"));
    let env = Env::fixed(root.join("home"));
    let mut log = Log::begin(&env, &journal::run::name(), What::Delete, 200, 0);
    for i in 0..200 {
        let path = PathBuf::from(format!("/{}/{i}", "x".repeat(i * 7)));
        log.done(&log.line(Event::Done).about(&path).became(Became::Deleted, None));
    }
    assert_eq!(log.end(false, Vec::new()), None);
}

struct Mounted(PathBuf);

impl Mounted {
    fn tmpfs(path: &Path, options: &str) -> Self {
        std::fs::create_dir_all(path).expect("made");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path).status();
        assert!(done.expect("mount runs").success());
        Self(path.to_path_buf())
    }

    fn options(&self, options: &str) {
        let done = Command::new("mount").args(["-o", options]).arg(&self.0).status();
        assert!(done.expect("mount runs").success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Fills a file system to its last byte.
fn fill(folder: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(folder.join("fill")).expect("made");
    for size in [64 * 1024, 4096, 1] {
        while file.write(&vec![b'f'; size]).is_ok_and(|n| n > 0) {}
    }
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn with_a_full_or_closed_state_folder_things_are_removed_and_the_log_is_kept_elsewhere() {
    for closed in [false, true] {
        let w = World::new();
        let home = w.root.join("home");
        let state = Mounted::tmpfs(&home.join(".local/state"), "size=64k,mode=0700");
        if closed {
            state.options("remount,ro");
        } else {
            fill(&state.0);
        }
        // The library in a fixed world has nowhere else to write: it says so, and does its work.
        let model = w.file("a/model", 40);
        let report = w.remove(&[&model], How::ForGood);
        assert!(report.is_clean() && !model.exists(), "{:?}", report.steps);
        assert!(report.unlogged.as_ref().is_some_and(|why| !why.is_empty()), "closed: {closed}");
        // The program keeps it in memory, where the next one finds it.
        std::fs::create_dir(home.join("run")).expect("made");
        let other = w.file("b/other", 40);
        assert!(w.remove(&[&other], How::Trash).is_clean());
        let (code, _, err) = said(mldu(&home).args(["trash", "empty", "--yes"]));
        assert!(code == 0 && err.contains("the log could not be written: "), "{code} {err}");
        assert!(home.join("run/mldu/actions.jsonl").exists());
        assert!(said(mldu(&home).arg("log")).1.contains("b/other"));
        // When there is room again, it goes home with the next action.
        if closed {
            state.options("remount,rw");
        } else {
            std::fs::remove_file(state.0.join("fill")).expect("removed");
        }
        let third = w.file("c/third", 4);
        assert!(w.remove(&[&third], How::Trash).is_clean());
        let (code, _, err) = said(mldu(&home).arg("undo"));
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(!home.join("run/mldu/actions.jsonl").exists());
        let text = std::fs::read_to_string(log_of(&w)).expect("home");
        for name in ["b/other", "c/third"] {
            assert!(text.contains(name), "{name}: {text}");
        }
    }
}

#[test]
#[ignore = "needs root: gives a folder to another user"]
fn under_sudo_nothing_is_written_into_the_home_of_the_user() {
    let w = World::new();
    let home = w.root.join("home");
    let inner = w.file("x/y", 4);
    let done = Command::new("chown").args(["-R", "2000:2000"]).arg(&home).status().expect("chown runs");
    assert!(done.success());
    let report = w.remove(&[&inner], How::ForGood);
    assert!(report.is_clean() && report.unlogged.is_some(), "{report:?}");
    assert!(!home.join(".local").exists());
}

#[test]
fn a_run_that_is_stopped_says_so() {
    let w = World::new();
    let (a, b) = (w.file("a/f", 4), w.file("b/f", 4));
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&a, &b]), How::ForGood);
    let stop = std::sync::atomic::AtomicBool::new(false);
    execute::run(&plan, &w.env, &stop, &mut |p| {
        stop.store(p.steps == 1, std::sync::atomic::Ordering::Relaxed);
    });
    let became: Vec<Became> = outcomes(&w).into_iter().map(|o| o.1).collect();
    assert_eq!(became, [Became::Deleted, Became::Unreached]);
    let lines = journal::read(&w.env);
    assert_eq!(lines.last().map(|l| (l.event, l.stopped)), Some((Event::End, Some(true))));
}
