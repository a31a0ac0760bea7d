//! Rows 34, 35 and 40: keys nobody meant, terminals that are hardly any, and output that goes nowhere.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use mldu::removal::plan::How;

use crate::ground::put;
use crate::invariants::{Scene, plant_sentinel};
use crate::pty::{Term, mldu, vars};
use crate::world::World;

/// A home with a few things in it.
fn small() -> (World, Vec<PathBuf>) {
    let w = World::new();
    plant_sentinel(&w.root);
    let items: Vec<PathBuf> = (0..5).map(|i| w.root.join(format!("home/run/model-{i}"))).collect();
    for path in &items {
        put(&path.join("weights"), 16);
    }
    put(&w.root.join("home/.keras/models/vgg16_weights_tf_dim_ordering_tf_kernels.h5"), 64);
    (w, items)
}

fn start(w: &World, more: &[(&str, &str)], size: (u16, u16)) -> Term {
    let home = w.root.join("home");
    let mut vars = vars(&home);
    vars.retain(|(k, _)| !more.iter().any(|(name, _)| name == k));
    vars.extend(more.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())));
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    Term::start(mldu(), &[&home.join("run").display().to_string()], &vars, size)
}

fn given_back(term: &Term) {
    term.look(|screen| {
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    });
}

fn keys(text: &str) -> impl Iterator<Item = String> {
    text.chars().map(String::from)
}

/// Back at the list with nothing marked, however long that takes: a key of the next round must not meet the question of
/// the last one, since there it would be an answer.
fn begin_anew(term: &mut Term) {
    let is_list = |s: &str| s.contains("? help  q quit") && !s.contains("PLAN");
    for _ in 0..40 {
        if is_list(&term.settle()) {
            term.send("U");
            term.wait_until("nothing is marked", |s| is_list(s) && !is_marked(s));
            return;
        }
        term.send("\u{1b}");
    }
    panic!("no list\n{}", term.text());
}

/// Whether the footer counts marks.
fn is_marked(screen: &str) -> bool {
    screen.match_indices(" marked").any(|(at, _)| screen[..at].ends_with(|c: char| c.is_ascii_digit()))
}

/// Goes somewhere, each key when what it needs is on the screen.
fn go(term: &mut Term, way: &str) {
    let mut planned = false;
    for key in keys(way) {
        if planned && key != "\r" {
            term.choose(key.chars().next().expect("a key"));
            continue;
        }
        term.send(&key);
        match key.as_str() {
            " " => drop(term.wait_until("a mark", is_marked)),
            "d" => {
                term.wait_for("w save plan");
                planned = true;
            }
            "\r" => drop(term.wait_until("a question", |s| s.contains("y/N") || s.contains("Type  delete"))),
            _ => std::thread::sleep(Duration::from_millis(25)),
        }
    }
}

/// A cat on the keyboard: every key held down, wherever it is pressed. Nothing is deleted that way.
#[test]
fn row_34_a_key_that_is_held_down_removes_nothing() {
    let (w, items) = small();
    let items: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let scene = Scene::new(&w.root, &items);
    let mut term = start(&w, &[], (80, 24));
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    // On the groups, on the files, in the plan, and where the word is asked for.
    for way in ["1g", "2g", "2g d", "2g d3\r", "2g d2\r"] {
        // Where y is asked for, y is an answer, held or not.
        let is_answer = |held: &String| way.ends_with("2\r") && held == "y";
        for held in keys(" d\ry3123uEx").chain(["\u{1b}[3~".to_string(), "\u{7f}".to_string()]) {
            if is_answer(&held) {
                continue;
            }
            begin_anew(&mut term);
            go(&mut term, way);
            for _ in 0..12 {
                term.send(&held);
                // As a keyboard repeats: slower than a paste.
                std::thread::sleep(Duration::from_millis(12));
            }
        }
    }
    let screen = term.settle();
    assert!(!screen.contains("DONE"), "{screen}");
    scene.is_as_before();
}

/// All that is needed to delete, pasted or typed ahead, in one piece and in two: at the list, and in the plan.
#[test]
fn row_34_pasted_and_queued_keys_remove_nothing() {
    let (w, items) = small();
    let items: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let scene = Scene::new(&w.root, &items);
    let mut term = start(&w, &[], (80, 24));
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    for before in ["2g ", "2g d", "2g d3", "2g d3\r", "2g d2\r"] {
        for pasted in
            ["dy\r", "d3\rdelete\r", "3\rdelete\r", "\rdelete\r", "y\r", "\ry", "yyyyyyyyyy", "2\ry\r"]
        {
            for bracketed in [true, false] {
                begin_anew(&mut term);
                go(&mut term, before);
                let text =
                    if bracketed { format!("\u{1b}[200~{pasted}\u{1b}[201~") } else { pasted.to_string() };
                // What a person typed in one go where the word is asked for is the word.
                if before == "2g d3\r" && !bracketed {
                    continue;
                }
                // And one key, where that is what is asked for, is an answer, whoever sends it: three would be a burst.
                if before == "2g d2\r" && pasted == "y\r" && !bracketed {
                    continue;
                }
                term.send(&text);
            }
        }
    }
    let screen = term.settle();
    assert!(!screen.contains("DONE"), "{screen}");
    scene.is_as_before();
}

#[test]
fn row_35_it_starts_in_any_size_and_says_when_there_is_no_room() {
    let (w, _) = small();
    for size in [(1, 1), (20, 5), (3, 1), (1, 50), (59, 16), (500, 200)] {
        let mut term = start(&w, &[], size);
        term.settle();
        // Keys for what cannot be seen do nothing worse than that.
        for key in keys("  dd3\r") {
            term.send(&key);
            std::thread::sleep(Duration::from_millis(15));
        }
        for _ in 0..3 {
            term.send("\u{1b}");
            std::thread::sleep(Duration::from_millis(60));
        }
        term.resize((80, 24));
        term.wait_until("it is usable again", |s| s.contains(" files in "));
        term.send("U");
        std::thread::sleep(Duration::from_millis(60));
        term.send("q");
        assert_eq!(term.exit_code(), 0, "{size:?}");
        term.settle();
        given_back(&term);
    }
    for i in 0..5 {
        assert!(w.root.join(format!("home/run/model-{i}/weights")).exists());
    }
}

/// Two hundred sizes in a second, while a plan is on the screen and a removal runs.
#[test]
fn row_35_a_storm_of_sizes_is_outlived_with_a_plan_on_the_screen() {
    let (w, items) = small();
    let mut term = start(&w, &[], (80, 24));
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.type_slowly("2g d");
    term.wait_for("PLAN");
    let storm = |term: &Term| {
        for i in 0..200_u16 {
            term.resize((1 + i * 7 % 150, 1 + i * 5 % 50));
            std::thread::sleep(Duration::from_millis(5));
        }
        term.resize((80, 24));
    };
    storm(&term);
    term.wait_for("PLAN");
    term.choose('2');
    term.send("\r");
    term.answer("y/N", "y");
    storm(&term);
    term.wait_for("DONE");
    assert_eq!(items.iter().filter(|p| !p.exists()).count(), 1);
    term.type_slowly("\u{1b}q");
    assert_eq!(term.exit_code(), 0);
    term.settle();
    given_back(&term);
}

#[test]
fn row_35_without_utf8_only_ascii_is_sent_and_with_sixteen_colors_no_others() {
    let (w, _) = small();
    std::fs::write(w.root.join("home/run/größe"), b"x").expect("written");
    for vars in [
        vec![("LC_ALL", "C"), ("LANG", "C")],
        vec![("LC_ALL", "C"), ("LANG", "C"), ("NO_COLOR", "1")],
        vec![("TERM", "xterm")],
        vec![("TERM", "vt100"), ("COLORTERM", "")],
        vec![("TERM", "linux")],
    ] {
        let mut term = start(&w, &vars, (80, 24));
        term.wait_until("the scan is over", |s| s.contains(" files in "));
        term.type_slowly("2 d");
        term.wait_for("PLAN");
        term.type_slowly("\u{1b}?");
        term.type_slowly("\u{1b}Uq");
        assert_eq!(term.exit_code(), 0, "{vars:?}");
        let raw = term.raw();
        if vars.iter().any(|(_, value)| *value == "C" || *value == "linux") {
            assert!(raw.is_ascii(), "{vars:?}: {}", String::from_utf8_lossy(&raw));
        }
        let text = String::from_utf8_lossy(&raw).into_owned();
        let many = text.contains("\u{1b}[38;2;") || text.contains(";38;2;") || text.contains("48;2;");
        assert!(!many, "{vars:?}: no true color");
        if vars[0].0 == "TERM" {
            // 0 to 15 can be sent that way too.
            let high =
                text.split("38;5;").skip(1).filter_map(|t| t.split(['m', ';']).next()?.parse::<u8>().ok());
            assert!(high.into_iter().all(|n| n < 16), "{vars:?}: sixteen colors");
        }
        given_back(&term);
    }
}

#[test]
fn row_35_without_a_terminal_at_either_end_there_is_a_report_and_no_escape() {
    let (w, _) = small();
    let home = w.root.join("home");
    let run = home.join("run");
    let started = |stdin: Stdio, term: Option<&str>| {
        let mut command = Command::new(mldu());
        command.arg(&run).env_clear().env("HOME", &home).stdin(stdin);
        if let Some(term) = term {
            command.env("TERM", term);
        }
        command.output().expect("it runs")
    };
    for (stdin, term) in [
        (Stdio::null(), Some("xterm-256color")),
        (Stdio::null(), None),
        (Stdio::piped(), Some("dumb")),
        (Stdio::from(std::fs::File::open("/dev/zero").expect("open")), Some("xterm")),
    ] {
        let out = started(stdin, term);
        assert_eq!(out.status.code(), Some(0));
        assert!(!out.stdout.contains(&0x1b) && !out.stderr.contains(&0x1b));
        assert!(String::from_utf8_lossy(&out.stdout).contains("Can go now"));
    }
}

/// Whether what was done can be said or not, it is done wholly or not at all.
#[test]
fn row_40_output_that_goes_nowhere_is_an_error_and_costs_nothing() {
    let (w, items) = small();
    let home = w.root.join("home");
    let marked: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let scene = Scene::new(&w.root, &marked);
    assert!(w.remove(&marked, How::Trash).is_clean());
    let sh = |line: &str| {
        let out = Command::new("bash")
            .args(["-c", &format!("set -o pipefail; {line}")])
            .env_clear()
            .envs([("HOME", home.as_os_str()), ("M", mldu().as_ref()), ("PATH", "/usr/bin:/bin".as_ref())])
            .env("MLDU_ONLY_BELOW", &home)
            .output()
            .expect("bash runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!said.contains("panicked"), "{line}: {said}");
        (out.status.code(), said)
    };
    for line in ["$M trash list", "$M trash list --json", "$M families", "$M report $HOME"] {
        let (code, said) = sh(&format!("{line} >/dev/full"));
        assert_eq!(code, Some(1), "{line}");
        assert!(said.contains("could not be written"), "{line}: {said}");
        let (code, said) = sh(&format!("{line} | true"));
        assert_eq!(code, Some(0), "{line}: {said}");
        let (code, _) = sh(&format!("{line} >&-"));
        assert!(code.is_some(), "{line}: it ends by itself");
    }
    // What cannot say what would go removes nothing.
    let (code, _) = sh("$M trash empty --yes >/dev/full");
    assert_eq!(code, Some(1));
    assert_eq!(w.trashed().len(), items.len());
    // And what comes back comes back, though nobody hears of it.
    let (code, _) = sh("$M undo >/dev/full");
    assert_eq!(code, Some(1));
    scene.is_as_before();
}
