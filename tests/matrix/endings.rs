//! Row 19: asked to end, or left alone, in the middle of deleting very many files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::invariants::{Place, Scene, plant_sentinel};
use crate::pty::{Term, mldu, vars};
use crate::world::World;

const FILES: usize = 100_000;

/// A home with one folder of very many files.
fn very_many() -> (World, PathBuf) {
    let w = World::new();
    plant_sentinel(&w.root);
    let item = w.root.join("home/run/item");
    for folder in 0..FILES / 1000 {
        let folder = item.join(folder.to_string());
        std::fs::create_dir_all(&folder).expect("made");
        for file in 0..1000 {
            std::fs::File::create(folder.join(file.to_string())).expect("made");
        }
    }
    (w, item)
}

/// Starts mldu on a folder, and the deletion of the one thing in it. The kernel is made slow at it, so that there is a
/// middle: whoever traces it is no parent of it, and gets none of its signals.
fn deleting(w: &World, item: &Path, program: &str, before: &[&str]) -> Term {
    let vars = vars(&w.root.join("home"));
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut term = Term::start(program, before, &vars, (80, 24));
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.type_slowly("2 ");
    term.wait_for("1 marked");
    term.plan('3');
    term.send("\r");
    term.answer("Type  delete", "delete\r");
    let began = Instant::now();
    while item.exists() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not begin\n{}", term.text());
        std::thread::sleep(Duration::from_millis(1));
    }
    term
}

fn slow(w: &World) -> Vec<String> {
    let folder = w.root.join("home/run").display().to_string();
    let slow =
        "strace -DDD -f -qq -o /dev/null --seccomp-bpf -e trace=unlinkat -e inject=unlinkat:delay_enter=500";
    slow.split(' ').map(String::from).chain([mldu().to_string(), folder]).collect()
}

/// Seconds a process has used, or none if it is over.
fn cpu(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after = stat.rsplit_once(") ")?.1;
    let fields: Vec<&str> = after.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    (fields[0] != "Z").then_some(())?;
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Watches a process until it is over, and returns what it used meanwhile.
fn until_over(pid: u32) -> f64 {
    let (began, first) = (Instant::now(), cpu(pid).unwrap_or_default());
    let mut last = first;
    while let Some(now) = cpu(pid) {
        last = now;
        assert!(began.elapsed() < Duration::from_secs(10), "it outlives its terminal");
        std::thread::sleep(Duration::from_millis(2));
    }
    last - first
}

/// What is left lies where it is told to lie, whole; and can be put back for the next test.
fn rest_is_whole(scene: &Scene, item: &Path) {
    let (places, _) = scene.places();
    let Place::Rest(rest, entries) = &places[0] else { panic!("{places:?}") };
    assert!(rest.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".mldu-deleting-")));
    assert!((1000..FILES + 100).contains(entries), "{entries} entries are left");
    scene.outside_is_as_it_was();
    std::fs::rename(rest, item).expect("put back");
}

#[test]
#[ignore = "needs strace, to slow the kernel down"]
fn row_19_a_signal_or_a_lost_line_ends_it_after_the_current_entry() {
    let (w, item) = very_many();
    let args = slow(&w);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        let scene = Scene::new(&w.root, &[&item]);
        let mut term = deleting(&w, &item, "/usr/bin/strace", &args[1..]);
        term.signal(signal);
        let used = until_over(term.pid());
        assert_eq!(term.exit_code(), code, "{signal}");
        assert!(used < 1.0, "{signal}: {used} s of work while ending");
        term.settle();
        term.look(|screen| {
            assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        });
        rest_is_whole(&scene, &item);
    }
    // `script` stands for the connection: it holds the terminal, and when it is killed the terminal is gone.
    let scene = Scene::new(&w.root, &[&item]);
    let line = format!("stty cols 80 rows 24; exec {}", args.join(" "));
    let term = deleting(&w, &item, "/usr/bin/script", &["-qfc", &line, "/dev/null"]);
    let (script, name) = (term.pid(), |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/comm")));
    let children =
        std::fs::read_to_string(format!("/proc/{script}/task/{script}/children")).expect("a child");
    let child: u32 = children.split_whitespace().next().expect("a child").parse().expect("a number");
    assert_eq!(name(child).expect("a name").trim(), "mldu");
    term.signal("KILL");
    let used = until_over(child);
    assert!(used < 1.0, "{used} s of work while ending");
    rest_is_whole(&scene, &item);
    let _ = Command::new("rm").arg("-rf").arg(&item).status();
}
