//! What a killed run leaves, and what becomes of it: real kills in the middle of deleting, trashing, emptying and undoing,
//! in a process of its own (the `inner_…` tests are started by the others). Which call it dies at is chosen by strace, so
//! those tests need it; the one that needs nothing is killed whenever it comes.

#[path = "common/pty.rs"]
mod pty;
#[path = "common/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use mldu::env::Env;
use mldu::model::marks::{Mark, Marks};
use mldu::removal::deletion;
use mldu::removal::empty::Empty;
use mldu::removal::interrupted::{self, Interrupted, Kind};
use mldu::removal::journal::{self, Became, Event};
use mldu::removal::plan::How;
use mldu::removal::restore;
use world::{World, contents};

const ROOT: &str = "MLDU_TEST_ROOT";

/// Runs a test of this file in a process that is killed on entering a system call for the `nth` time in one thread.
fn killed_at(call: &str, nth: u32, inner: &str, w: &World) {
    // What changed within 50 ms before a run may have been changed by it, and what is not written out yet may take other
    // blocks in between: either is rightly not known to be whole. A person is slower.
    let synced = Command::new("sync").arg("-f").arg(&w.root).status();
    assert!(synced.is_ok_and(|s| s.success()), "sync runs");
    std::thread::sleep(std::time::Duration::from_millis(100));
    let out = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"])
        .arg(format!("inject={call}:signal=KILL:when={nth}"))
        .arg(std::env::current_exe().expect("this program"))
        .args(["--include-ignored", "--exact", inner, "--nocapture", "--test-threads=1"])
        .env(ROOT, &w.root)
        .output()
        .expect("strace runs");
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(!out.status.success() && !said.contains("1 passed"), "it was killed: {said}");
}

/// The world of a process that was started by another test.
fn prepared() -> World {
    let root = PathBuf::from(std::env::var_os(ROOT).expect("started by another test"));
    let env = Env::fixed(root.join("home"));
    World::on(&root, env)
}

fn found(w: &World) -> Vec<Interrupted> {
    interrupted::find(&w.env, &[])
}

fn finish(w: &World, all: &[Interrupted]) -> Vec<Option<String>> {
    let (done, lost) = interrupted::finish(&w.env, all, &AtomicBool::new(false), &mut |_| {});
    assert_eq!(lost, None);
    done.into_iter().map(|d| d.failed).collect()
}

fn undo(w: &World, all: &[Interrupted]) -> Vec<Option<String>> {
    let (done, lost) = interrupted::undo(&w.env, all);
    assert_eq!(lost, None);
    done.into_iter().map(|d| d.failed).collect()
}

/// Names that deleting gives, anywhere below a folder.
fn asides(root: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(root).into_iter().flatten();
    all.filter(|e| deletion::is_aside(e.file_name())).map(|e| e.path().to_path_buf()).collect()
}

/// A model of a few files, and a neighbor that nothing may happen to.
fn model() -> World {
    let w = World::new();
    for i in 0..20 {
        w.file(&format!("m/model/{}/f{i}", i % 3), 4);
    }
    w.file("m/other/x", 4);
    w
}

#[test]
#[ignore = "run by the tests that kill it"]
fn inner_delete() {
    let w = prepared();
    w.remove(&[&w.root.join("home/m/model")], How::ForGood);
}

#[test]
#[ignore = "needs strace"]
fn a_deletion_killed_before_anything_was_gone_can_be_put_back() {
    let w = model();
    let before = contents(&w.root.join("home/m"));
    killed_at("unlinkat", 1, "inner_delete", &w);
    let model = w.root.join("home/m/model");
    assert!(!model.exists() && asides(&w.root).len() == 1);
    let all = found(&w);
    assert_eq!(all.len(), 1, "{all:?}");
    let it = &all[0];
    assert_eq!((it.kind, it.original.as_deref()), (Kind::Deletion, Some(model.as_path())));
    assert_eq!((it.files, it.finish.is_ok(), &it.undo), (24, true, &Ok(())));
    assert!(interrupted::summary(&all).is_some_and(|s| s.ends_with(": 1 thing half done")));
    // Nothing happened by looking.
    assert_eq!(asides(&w.root).len(), 1);
    assert_eq!(undo(&w, &all), [None]);
    assert_eq!(contents(&w.root.join("home/m")), before);
    assert!(found(&w).is_empty());
    // The log says all of it, and that the run is over.
    let lines = journal::read(&w.env);
    let outcomes: Vec<Became> = lines.iter().filter_map(|l| l.outcome).collect();
    assert_eq!(outcomes, [Became::Restored]);
    assert_eq!(lines.iter().filter(|l| l.event == Event::End).count(), 2);
}

#[test]
#[ignore = "needs strace"]
fn a_deletion_killed_in_the_middle_can_only_be_finished() {
    for nth in [2, 9, 20, 23, 24] {
        let w = model();
        killed_at("unlinkat", nth, "inner_delete", &w);
        let all = found(&w);
        assert_eq!(all.len(), 1, "at call {nth}: {all:?}");
        assert_eq!(all[0].files, u64::from(24 - (nth - 1)), "at call {nth}");
        assert!(
            all[0].undo.as_ref().is_err_and(|why| why.contains("not known to be whole")),
            "{:?}",
            all[0].undo
        );
        assert!(undo(&w, &all)[0].is_some() && asides(&w.root).len() == 1);
        assert_eq!(finish(&w, &all), [None]);
        assert!(asides(&w.root).is_empty() && w.root.join("home/m/other/x").exists());
        assert!(found(&w).is_empty());
    }
}

#[test]
#[ignore = "needs strace"]
fn a_deletion_killed_before_it_moved_anything_left_nothing_half_done() {
    let w = model();
    let before = contents(&w.root.join("home/m"));
    killed_at("renameat2", 1, "inner_delete", &w);
    assert!(found(&w).is_empty());
    assert_eq!(contents(&w.root.join("home/m")), before);
    let open = interrupted::open_runs(&journal::read(&w.env));
    assert!(open.len() == 1 && open[0].1.starts_with("was interrupted"), "{open:?}");
}

#[test]
#[ignore = "needs strace"]
fn finishing_can_be_interrupted_too_and_nothing_is_forgotten() {
    let w = model();
    killed_at("unlinkat", 5, "inner_delete", &w);
    killed_at("unlinkat", 5, "inner_finish", &w);
    let all = found(&w);
    assert_eq!((all.len(), all[0].files), (1, 16), "{all:?}");
    assert_eq!(all[0].original.as_deref(), Some(w.root.join("home/m/model").as_path()));
    assert!(all[0].undo.is_err(), "what was left is not all there ever was");
    assert_eq!(finish(&w, &all), [None]);
    assert!(asides(&w.root).is_empty() && found(&w).is_empty());
}

#[test]
#[ignore = "run by finishing_can_be_interrupted_too_and_nothing_is_forgotten"]
fn inner_finish() {
    let w = prepared();
    finish(&w, &found(&w));
}

#[test]
#[ignore = "needs strace"]
fn what_changed_since_it_was_found_or_is_used_stays() {
    let w = model();
    killed_at("unlinkat", 1, "inner_delete", &w);
    let all = found(&w);
    let aside = asides(&w.root).remove(0);
    // Somebody works in it.
    let mut child = Command::new("sleep").arg("60").current_dir(&aside).spawn().expect("sleep runs");
    while std::fs::read_link(format!("/proc/{}/cwd", child.id())).is_ok_and(|c| c != aside)
        || std::fs::read(format!("/proc/{}/comm", child.id())).is_ok_and(|c| c != b"sleep\n")
    {
        std::thread::yield_now();
    }
    assert!(finish(&w, &all)[0].as_ref().is_some_and(|why| why.starts_with("in use: ")));
    child.kill().expect("ended");
    child.wait().expect("ended");
    // Something is put into it.
    std::fs::write(aside.join("mine"), b"new").expect("written");
    assert!(finish(&w, &all)[0].as_ref().is_some_and(|why| why.contains("was put into it")));
    assert!(undo(&w, &all)[0].is_some());
    // Something else lies where it was.
    std::fs::remove_file(aside.join("mine")).expect("removed");
    std::fs::create_dir(w.root.join("home/m/model")).expect("made");
    assert!(found(&w)[0].undo.is_err());
    // Another folder bears the name: what the log says is not about that one.
    std::fs::rename(&aside, w.root.join("home/kept")).expect("moved");
    std::fs::create_dir(&aside).expect("made");
    assert!(finish(&w, &all)[0].as_ref().is_some_and(|why| why.contains("not what it was")));
    assert!(aside.exists() && found(&w).is_empty(), "nothing says that this one is ours to finish");
}

#[test]
fn a_deletion_killed_at_any_moment_is_found_and_finished() {
    let w = World::new();
    for i in 0..2000 {
        w.file(&format!("m/model/{}/f{i}", i % 40), 0);
    }
    w.file("m/other/x", 4);
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--include-ignored", "--exact", "inner_delete"])
        .env(ROOT, &w.root)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("started");
    let model = w.root.join("home/m/model");
    while model.exists() {
        std::thread::yield_now();
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    let all = found(&w);
    assert_eq!(all.len(), asides(&w.root).len(), "{all:?}");
    // It may have been over already; otherwise it is told, and what was its name.
    for it in &all {
        assert_eq!(it.original.as_deref(), Some(model.as_path()));
    }
    assert!(finish(&w, &all).iter().all(Option::is_none));
    assert!(asides(&w.root).is_empty() && !model.exists() && w.root.join("home/m/other/x").exists());
}

/// A TF-Hub module: a folder and the file that describes it.
fn module() -> (World, [PathBuf; 2]) {
    let w = World::new();
    let hash = "0a".repeat(20);
    let below = format!("tmp/tfhub_modules/{hash}");
    w.file(&format!("{below}/saved_model.pb"), 40);
    w.file(&format!("{below}/variables/variables.index"), 4);
    let descriptor = w.file(&format!("{below}.descriptor.txt"), 0);
    std::fs::write(&descriptor, "Module: https://tfhub.dev/google/nnlm/2\n").expect("written");
    let folder = w.root.join("home").join(below);
    // Nobody is just downloading it.
    let before = std::time::SystemTime::now() - std::time::Duration::from_hours(24);
    for entry in walkdir::WalkDir::new(w.root.join("home/tmp")).into_iter().flatten() {
        std::fs::File::open(entry.path()).expect("open").set_modified(before).expect("set");
    }
    (w, [folder, descriptor])
}

fn remove_module(w: &World, how: How) -> mldu::removal::execute::Report {
    let inventory = w.scan();
    let item = inventory.items().find(|i| i.parts.len() == 2).expect("an item of two parts");
    let mut marks = Marks::default();
    marks.insert(Mark::Item(item.id));
    w.run(&w.plan(&inventory, &marks, how))
}

#[test]
#[ignore = "run by the tests that kill it"]
fn inner_trash() {
    remove_module(&prepared(), How::Trash);
}

#[test]
#[ignore = "needs strace"]
fn an_item_of_which_half_is_in_the_trash_is_told_and_comes_back() {
    let (w, parts) = module();
    let cache = w.root.join("home/tmp");
    let before = contents(&cache);
    killed_at("renameat2", 2, "inner_trash", &w);
    assert_eq!(parts.iter().filter(|p| p.exists()).count(), 1, "one went, one did not");
    let all = found(&w);
    assert_eq!(all.len(), 1, "{all:?}");
    let there: Vec<PathBuf> = parts.iter().filter(|p| p.exists()).cloned().collect();
    assert_eq!((all[0].kind, &all[0].in_place, all[0].files), (Kind::Parts, &there, 1));
    assert_eq!(undo(&w, &all), [None]);
    assert_eq!(contents(&cache), before);
    assert!(found(&w).is_empty());
    // The record of what never came to the trash is gone too.
    assert!(w.trashed().is_empty(), "{:?}", w.trashed());
}

#[test]
#[ignore = "needs strace"]
fn the_rest_of_such_an_item_goes_by_a_plan_of_its_own() {
    let (w, parts) = module();
    killed_at("renameat2", 2, "inner_trash", &w);
    let all = found(&w);
    assert!(finish(&w, &all)[0].as_ref().is_some_and(|why| why.contains("by a plan")));
    let inventory = w.scan();
    let marks = interrupted::mark_rest(&inventory, &all[0]).expect("marked");
    let report = w.run(&w.plan(&inventory, &marks, How::Trash));
    assert!(report.is_clean() && report.steps.len() == 1, "{report:?}");
    assert!(parts.iter().all(|p| !p.exists()));
    assert!(found(&w).is_empty(), "both halves are in the trash");
    for item in restore::plan(&w.trashed(), |_| true) {
        let back = item.run();
        assert!(back.iter().all(|r| r.failed.is_none()), "{back:?}");
    }
    assert!(parts.iter().all(|p| p.exists()));
}

#[test]
#[ignore = "needs strace"]
fn without_a_terminal_it_is_listed_finished_and_put_back() {
    use pty::{mldu, vars};
    let said = |w: &World, args: &[&str]| {
        let home = w.root.join("home");
        let mut command = Command::new(mldu());
        // The world of the other tests: the trash of the home, the log of the home.
        command.arg("interrupted").args(args).env_clear().envs(vars(&home));
        command.env("TFHUB_CACHE_DIR", home.join("tmp/tfhub_modules"));
        let out = command.output().expect("it runs");
        (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
    };
    let (w, parts) = module();
    assert_eq!(said(&w, &[]).1, "nothing was interrupted, as far as mldu knows\n");
    killed_at("renameat2", 2, "inner_trash", &w);
    let (code, out) = said(&w, &[]);
    assert!(
        code == Some(0) && out.contains("half in the trash: 1 part in the trash, 1 part where it was"),
        "{out}"
    );
    assert_eq!(said(&w, &["--finish"]).0, Some(2), "nobody is there to be asked");
    assert_eq!(parts.iter().filter(|p| p.exists()).count(), 1);
    let (code, out) = said(&w, &["--finish", "--yes"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(parts.iter().all(|p| !p.exists()) && w.trashed().iter().filter(|t| t.is_ours()).count() == 2);
    assert!(found(&w).is_empty());
    let w = model();
    killed_at("unlinkat", 1, "inner_delete", &w);
    let (_, out) = said(&w, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let row = &json["interrupted"][0];
    assert_eq!((&row["kind"], &row["undo"], &row["files"]), (&"deletion".into(), &true.into(), &24.into()));
    let (code, out) = said(&w, &["--undo", "--yes", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert!(code == Some(0) && json["resumed"][0]["done"] == true, "{out}");
    assert!(w.root.join("home/m/model").exists());
}

#[test]
#[ignore = "needs strace"]
fn a_record_of_what_never_came_to_the_trash_goes_when_mldu_acts_and_not_before() {
    let (w, parts) = module();
    killed_at("renameat2", 1, "inner_trash", &w);
    assert!(parts.iter().all(|p| p.exists()));
    assert!(found(&w).is_empty());
    assert_eq!(w.trashed().len(), 1, "looking removes nothing");
    let other = w.file("z/file", 4);
    assert!(w.remove(&[&other], How::ForGood).is_clean());
    assert!(w.trashed().is_empty());
}

#[test]
#[ignore = "run by the tests that kill it"]
fn inner_undo() {
    let w = prepared();
    let items = restore::plan(&w.trashed(), |_| true);
    journal::run::restore(&w.env, &items, restore::Allow::default());
}

#[test]
#[ignore = "needs strace"]
fn an_undo_killed_in_the_middle_can_be_completed() {
    let (w, parts) = module();
    let cache = w.root.join("home/tmp");
    let before = contents(&cache);
    assert!(remove_module(&w, How::Trash).is_clean());
    killed_at("renameat2", 2, "inner_undo", &w);
    assert_eq!(parts.iter().filter(|p| p.exists()).count(), 1);
    let all = found(&w);
    assert_eq!((all.len(), all[0].kind), (1, Kind::Parts), "{all:?}");
    assert_eq!(undo(&w, &all), [None]);
    assert_eq!(contents(&cache), before);
    // What came back in the run that was killed left its record, which goes with the next action.
    assert!(w.remove(&[&w.file("z/file", 4)], How::ForGood).is_clean());
    assert!(w.trashed().is_empty() && found(&w).is_empty(), "{:?}", w.trashed());
}

#[test]
#[ignore = "run by the tests that kill it"]
fn inner_empty() {
    let w = prepared();
    let empty = Empty::plan(&w.trashed(), |_| true);
    journal::run::empty(&w.env, &empty, &AtomicBool::new(false), &mut |_| {});
}

#[test]
#[ignore = "needs strace"]
fn an_emptying_killed_in_the_middle_is_finished_with_its_record() {
    for (nth, whole) in [(1, true), (7, false), (24, false)] {
        let w = model();
        assert!(w.remove(&[&w.root.join("home/m/model")], How::Trash).is_clean());
        killed_at("unlinkat", nth, "inner_empty", &w);
        let all = found(&w);
        assert_eq!((all.len(), all[0].kind), (1, Kind::Emptying), "{all:?}");
        assert_eq!(all[0].original.as_deref(), Some(w.root.join("home/m/model").as_path()));
        assert_eq!(all[0].undo.is_ok(), whole, "at call {nth}: {:?}", all[0].undo);
        if whole {
            assert_eq!(undo(&w, &all), [None]);
            assert!(w.trashed()[0].is_ours(), "it lies in the trash as before");
            assert!(restore::plan(&w.trashed(), |_| true)[0].run()[0].failed.is_none());
            assert_eq!(walkdir::WalkDir::new(w.root.join("home/m/model")).into_iter().count(), 24);
        } else {
            assert_eq!(finish(&w, &all), [None]);
            assert!(w.trashed().is_empty() && asides(&w.root).is_empty());
        }
        assert!(found(&w).is_empty());
    }
}

#[test]
fn a_leftover_nobody_wrote_down_is_found_by_its_name_and_can_only_be_finished() {
    let w = model();
    let aside = w.root.join("home/m").join(deletion::aside_name());
    std::fs::rename(w.root.join("home/m/model"), &aside).expect("moved");
    assert!(found(&w).is_empty(), "nothing is written down");
    let inventory = w.scan();
    let seen = interrupted::seen(&inventory);
    assert_eq!(seen, std::slice::from_ref(&aside));
    let item = inventory.items().find(|i| i.kind == "interrupted deletion").expect("told among the groups");
    assert_eq!(inventory.verdict(item.id), mldu::model::verdict::Verdict::LookFirst);
    let all = interrupted::find(&w.env, &seen);
    assert!(all.len() == 1 && all[0].undo.as_ref().is_err_and(|w| w.contains("not written down")), "{all:?}");
    assert!(undo(&w, &all)[0].is_some() && aside.exists());
    assert_eq!(finish(&w, &all), [None]);
    assert!(!aside.exists() && w.root.join("home/m/other/x").exists());
}

#[test]
fn what_a_running_process_is_at_is_not_interrupted() {
    let w = model();
    let model = w.root.join("home/m/model");
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&model]), How::ForGood);
    let mut looked = 0;
    let env = w.env.clone();
    mldu::removal::execute::run(&plan, &w.env, &AtomicBool::new(false), &mut |_| {
        looked += 1;
        assert!(interrupted::find(&env, &[]).is_empty());
        assert!(interrupted::open_runs(&journal::read(&env)).iter().all(|(_, what)| *what == "still runs"));
    });
    assert!(looked > 0 && !model.exists());
}

#[test]
fn a_stopped_deletion_can_be_finished_too() {
    let w = World::new();
    for i in 0..3000 {
        w.file(&format!("m/model/{}/f{i}", i % 30), 0);
    }
    let model = w.root.join("home/m/model");
    let inventory = w.scan();
    let plan = w.plan(&inventory, &World::marks(&inventory, &[&model]), How::ForGood);
    let stop = AtomicBool::new(false);
    let report = std::thread::scope(|s| {
        s.spawn(|| {
            while model.exists() {
                std::thread::yield_now();
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        w.run_until(&plan, &stop)
    });
    let all = found(&w);
    assert_eq!(all.len(), usize::from(!report.is_clean()), "{all:?}");
    assert!(finish(&w, &all).iter().all(Option::is_none));
    assert!(asides(&w.root).is_empty());
}

#[test]
#[ignore = "needs strace"]
fn one_key_shows_it_and_a_word_finishes_it() {
    use pty::{Term, mldu, vars};
    let w = model();
    killed_at("unlinkat", 4, "inner_delete", &w);
    let home = w.root.join("home");
    let shown = home.display().to_string();
    // Without a terminal it is told, beside the report.
    let out = Command::new(mldu())
        .args(["report", &shown])
        .env_clear()
        .envs(vars(&home))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        out.status.success() && said.contains("1 thing half done; `mldu interrupted` shows them"),
        "{said}"
    );
    let vars = vars(&home);
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    // Read-only, it is told and nothing more.
    let mut term = Term::start(mldu(), &["-r", &shown], &vars, (80, 24));
    term.wait_for("1 thing half done; I shows them");
    term.type_slowly("I");
    term.wait_for("half deleted: 21 files left");
    term.type_slowly("f");
    term.wait_for("read-only");
    term.type_slowly("\u{1b}q");
    assert_eq!(term.exit_code(), 0);
    assert_eq!(asides(&w.root).len(), 1);
    let mut term = Term::start(mldu(), &[&shown], &vars, (80, 24));
    term.wait_for("1 thing half done; I shows them");
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.type_slowly("I");
    let screen = term.wait_for("finish: what is left is deleted for good");
    assert!(
        screen.contains("m/model") && screen.contains("not known to be whole (21 of 24 files"),
        "{screen}"
    );
    term.type_slowly("u");
    term.wait_until("why not, beside the question", |s| s.matches("not known to be whole").count() == 2);
    assert_eq!(asides(&w.root).len(), 1);
    term.type_slowly("fdel\r");
    term.wait_for("the word was not typed");
    assert_eq!(asides(&w.root).len(), 1);
    term.type_slowly("fdelete\r");
    term.wait_for("no longer half done");
    assert!(asides(&w.root).is_empty());
    term.wait_until("its row is gone", |s| !s.contains("Temporary files"));
    term.type_slowly("I");
    term.wait_for("nothing that mldu knows of was interrupted");
    term.send("q");
    assert_eq!(term.exit_code(), 0);
    term.wait_for("the rest of what was half deleted is gone: 84.0 KiB");
}
