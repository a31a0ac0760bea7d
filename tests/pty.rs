//! The real program in a real terminal, with real keys.

#[path = "common/pty.rs"]
mod pty;

use std::path::PathBuf;
use std::time::Duration;

use mldu::demo::Demo;
use pty::{Term, mldu, vars};

/// A made-up box that the program sees as its home.
struct World {
    home: PathBuf,
    _demo: Demo,
    _tmp: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let now = jiff::Timestamp::now().as_second();
        let demo = Demo::make(tmp.path(), now).expect("a box");
        let home = demo.env().home().to_path_buf();
        Self { home, _demo: demo, _tmp: tmp }
    }

    /// Starts mldu on the home, in a terminal of 80x24.
    fn start(&self, args: &[&str], more: &[(&str, &str)]) -> Term {
        let home = self.home.display().to_string();
        let mut all: Vec<&str> = args.to_vec();
        all.push(&home);
        let vars = vars(&self.home);
        let mut vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        for (name, value) in more {
            vars.retain(|(k, _)| k != name);
            vars.push((name, value));
        }
        Term::start(mldu(), &all, &vars, (80, 24))
    }

    fn trash(&self) -> PathBuf {
        self.home.join(".local/share/Trash/files")
    }
}

fn given_back(term: &Term) {
    term.look(|screen| {
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is back");
        assert!(!screen.bracketed_paste(), "paste is not bracketed any more");
    });
}

/// Where the row with this text is, so that the cursor can be put there.
fn go_to(term: &mut Term, text: &str) {
    term.send("g");
    for _ in 0..60 {
        let screen = term.settle();
        if screen.lines().any(|l| l.starts_with('>') && l.contains(text)) {
            return;
        }
        term.send("j");
    }
    panic!("no row {text}\n{}", term.text());
}

#[test]
fn mark_plan_trash_undo_quit() {
    let world = World::new();
    let mut term = world.start(&[], &[]);
    term.wait_for("Keras models");
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    go_to(&mut term, "Keras models");
    term.type_slowly(" ");
    term.wait_for("4 marked");
    term.plan('2');
    term.send("\r");
    term.answer("y/N", "y");
    let done = term.wait_for("DONE");
    assert!(done.contains("trashed") && done.contains("frees nothing until it is emptied"), "{done}");
    assert!(!world.home.join(".keras/models/vgg16_weights_tf_dim_ordering_tf_kernels.h5").exists());
    assert!(world.home.join(".keras/keras.json").exists(), "settings stay");
    assert!(std::fs::read_dir(world.trash()).expect("a trash").count() >= 4);
    term.type_slowly("\u{1b}");
    term.wait_for("in trash:");
    term.send("u");
    term.wait_for("back in place");
    assert!(world.home.join(".keras/models/vgg16_weights_tf_dim_ordering_tf_kernels.h5").exists());
    // At both ends: where the things are, and in the trash they came from.
    term.wait_until("the sums are right again", |s| {
        let has = |group: &str, size: &str| s.lines().any(|l| l.contains(group) && l.contains(size));
        has("Keras models", "15.0 MiB") && has("▸ Trash", " 6.0 MiB")
    });
    term.send("q");
    assert_eq!(term.exit_code(), 0);
    term.settle();
    given_back(&term);
    assert!(term.text().contains("freed 0 B"), "{}", term.text());
}

/// A full disk at three in the morning: ten keys, and what nobody misses is gone.
#[test]
fn ten_keys_let_go_of_all_that_is_safe() {
    let folder = tempfile::tempdir().expect("a folder");
    let temp = folder.path().display().to_string();
    let mut all = vars(folder.path());
    all.retain(|(name, _)| name != "TMPDIR");
    all.push(("TMPDIR".into(), temp));
    let vars: Vec<(&str, &str)> = all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut term = Term::start(mldu(), &["--demo", "--picture"], &vars, (80, 24));
    let screen = term.wait_until("the scan is over", |s| s.contains(" files in "));
    let can_go = |s: &str| -> String {
        let line = s.lines().find(|l| l.contains("Can go now: ")).expect("the line").trim();
        line.trim_start_matches("Can go now: ").split(" safe").next().expect("a size").to_string()
    };
    let promised = can_go(&screen);
    let mut keys = 0;
    let mut press = |term: &mut Term, key: &str| {
        keys += 1;
        term.send(key);
    };
    press(&mut term, "S");
    let screen = term.wait_for(" marked: ");
    let marked = screen.lines().find(|l| l.contains(" marked: ")).expect("the line").to_string();
    assert!(marked.contains(&format!("{promised} freed")) || marked.contains("all of it freed"), "{marked}");
    press(&mut term, "d");
    let plan = term.wait_for("Space drop it");
    assert!(plan.contains("> 1  delete what is safe"), "{plan}");
    assert!(plan.lines().any(|l| l.starts_with(" > 1") && l.contains(&promised)), "{promised}: {plan}");
    term.settle();
    press(&mut term, "\r");
    term.wait_for("Type  delete ");
    term.settle();
    for key in ["d", "e", "l", "e", "t", "e"] {
        press(&mut term, key);
        term.settle();
    }
    press(&mut term, "\r");
    let done = term.wait_for("DONE");
    assert_eq!(keys, 10, "{done}");
    term.type_slowly("\u{1b}");
    let screen = term.wait_until("nothing safe is left", |s| s.contains("Can go now: 0 B safe"));
    assert!(screen.contains("nothing marked") || screen.contains("demo:"), "{screen}");
    term.send("q");
    assert_eq!(term.exit_code(), 0);
}

#[test]
fn so_much_is_freed_from_the_files_view() {
    let world = World::new();
    let mut term = world.start(&[], &[]);
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.send("2");
    term.wait_for("LAST 24 H");
    term.send("f");
    term.wait_for("Free how much on ");
    term.send("\u{15}");
    term.settle();
    term.send("12M");
    term.wait_for("? 12M");
    term.send("\r");
    let plan = term.wait_for("Space drop it");
    // The trash would free nothing, so it is not what is chosen.
    let chosen = plan.lines().find(|l| l.starts_with(" > ")).expect("a way");
    assert!(chosen.contains("delete") && !chosen.contains(" 0 B"), "{plan}");
    assert!(!plan.contains("look first"), "{plan}");
    term.type_slowly("\r");
    term.answer("Type  delete ", "delete\r");
    let done = term.wait_for("DONE");
    assert!(done.contains("deleted"), "{done}");
    assert!(world.home.join("work/data/measurements.csv").exists());
}

#[test]
fn a_folder_is_found_trashed_and_brought_back_in_the_files_view() {
    let world = World::new();
    let work = world.home.join("work");
    let before = walkdir::WalkDir::new(&work).into_iter().count();
    assert!(before > 1, "there is something in it");
    let mut term = world.start(&[], &[]);
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.send("\t");
    term.wait_for("LAST 24 H");
    // In, out again, and the cursor is where it was.
    go_to(&mut term, ".keras/");
    term.type_slowly("\r");
    term.wait_for("~/.keras ");
    go_to(&mut term, "keras.json");
    term.type_slowly(" ");
    term.wait_for("protected");
    term.type_slowly("h");
    term.wait_until("the folder that was left", |s| {
        s.lines().any(|l| l.starts_with('>') && l.contains(".keras/"))
    });
    go_to(&mut term, "work/");
    term.type_slowly(" ");
    term.wait_for("1 marked");
    term.plan('2');
    term.send("\r");
    term.answer("y/N", "y");
    term.wait_for("DONE");
    assert!(!work.exists());
    term.type_slowly("\u{1b}");
    term.wait_until("its row is gone", |s| s.contains("LAST 24 H") && !s.contains(" work/"));
    term.send("u");
    term.wait_for("back in place");
    term.wait_until("its row is back", |s| s.contains(" work/"));
    assert_eq!(walkdir::WalkDir::new(&work).into_iter().count(), before);
    // One folder with known things in it goes as one.
    go_to(&mut term, "runs/");
    term.type_slowly(" ");
    let plan = term.plan('2');
    assert!(plan.contains("PLAN  1 item"), "{plan}");
    term.send("\r");
    term.answer("y/N", "y");
    term.wait_for("DONE");
    assert!(!world.home.join("runs").exists());
    term.type_slowly("\u{1b}u");
    term.wait_for("back in place");
    assert!(world.home.join("runs").exists());
    term.type_slowly("q");
    assert_eq!(term.exit_code(), 0);
}

#[test]
fn trash_then_empty_gives_the_bytes_back() {
    let world = World::new();
    let mut term = world.start(&[], &[]);
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    go_to(&mut term, "Conda tarballs");
    term.type_slowly(" ");
    term.plan('2');
    term.send("\r");
    term.answer("y/N", "y");
    term.wait_for("DONE");
    term.send("E");
    term.wait_for("EMPTY");
    term.type_slowly("empty\r");
    term.wait_for("of the trash emptied");
    let left: Vec<_> =
        std::fs::read_dir(world.trash()).expect("a trash").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["old-experiments"], "what others trashed stays");
    term.send("q");
    assert_eq!(term.exit_code(), 0);
}

#[test]
fn in_the_trash_view_a_thing_comes_back_and_what_others_put_there_goes_only_marked() {
    let world = World::new();
    let mut term = world.start(&[], &[]);
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    go_to(&mut term, "Conda tarballs");
    term.type_slowly(" ");
    term.plan('2');
    term.send("\r");
    term.answer("y/N", "y");
    term.wait_for("DONE");
    term.type_slowly("\u{1b}4");
    term.wait_for("other programs: ~/.local/share/Trash");
    let trashed = std::fs::read_dir(world.trash()).expect("a trash").count();
    // The program sees the trashes of all mounts: only what this test put there is acted on.
    term.type_slowly("/miniconda3\rgju");
    term.wait_for("1 thing is back in place");
    assert_eq!(std::fs::read_dir(world.trash()).expect("a trash").count(), trashed - 1);
    term.type_slowly("\u{1b}");
    term.wait_for("other programs: ");
    go_to(&mut term, "other programs: ~/.local/share/Trash");
    term.type_slowly(" E");
    term.wait_for("1 thing that other programs put there");
    term.type_slowly("empty\r");
    term.wait_for("of the trash emptied");
    assert!(!world.trash().join("old-experiments").exists());
    assert_eq!(std::fs::read_dir(world.trash()).expect("a trash").count(), trashed - 2);
    term.send("q");
    assert_eq!(term.exit_code(), 0);
}

#[test]
fn deleting_for_good_needs_the_word_and_the_disk_gets_it_back() {
    let world = World::new();
    let mut term = world.start(&[], &[]);
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    go_to(&mut term, "Conda tarballs");
    term.type_slowly(" ");
    term.plan('3');
    term.send("\r");
    term.answer("Type  delete", "nope\r");
    term.wait_for("nothing was removed");
    assert!(world.home.join("miniconda3/pkgs/mkl-2024.2.1-ha957f24_103.conda").exists());
    term.choose('3');
    term.send("\r");
    term.answer("Type  delete", "delete\r");
    let done = term.wait_for("DONE");
    assert!(done.contains("estimated 27") && done.contains("measured"), "{done}");
    assert!(!world.home.join("miniconda3/pkgs/mkl-2024.2.1-ha957f24_103.conda").exists());
    assert!(world.home.join("miniconda3/pkgs/urls.txt").exists());
    term.type_slowly("\u{1b}q");
    assert_eq!(term.exit_code(), 0);
    // What was measured is the whole disk's, where others write too: tests/mounts.rs has one to itself.
    assert!(term.settle().contains("freed "), "{}", term.text());
}

#[test]
fn keys_typed_ahead_and_pasted_text_never_act() {
    let world = World::new();
    let before = walkdir::WalkDir::new(&world.home).into_iter().count();
    let mut term = world.start(&[], &[]);
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    go_to(&mut term, "Conda tarballs");
    // All at once, as from a buffer that was filled while nobody looked.
    term.send(" d3\rdelete\r");
    term.settle();
    term.send("\u{1b}");
    term.settle();
    term.send("\u{1b}[200~ d2\ry\u{1b}[201~");
    term.wait_for("pasted text is never acted on");
    term.plan('2');
    term.send("\r");
    // A burst of keys in the dialog.
    term.answer("y/N", "yyyy");
    term.settle();
    assert!(!term.text().contains("DONE"), "{}", term.text());
    assert_eq!(walkdir::WalkDir::new(&world.home).into_iter().count(), before);
}

#[test]
fn the_terminal_is_given_back_on_signals() {
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let world = World::new();
        let mut term = world.start(&[], &[]);
        term.wait_for("Checkpoints");
        term.signal(signal);
        assert_eq!(term.exit_code(), code, "{signal}");
        term.settle();
        given_back(&term);
    }
}

/// `script` stands for the connection: it holds the terminal, and when it is killed the terminal is gone.
#[test]
fn a_lost_connection_ends_it() {
    let world = World::new();
    let home = world.home.display().to_string();
    let vars = vars(&world.home);
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let command = format!("exec {} {home}", mldu());
    let mut term = Term::start("/usr/bin/script", &["-qfc", &command, "/dev/null"], &vars, (80, 24));
    term.wait_for("Checkpoints");
    let pid = term.pid();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("a child");
    let child: u32 = children.split_whitespace().next().expect("a child").parse().expect("a number");
    let name = std::fs::read_to_string(format!("/proc/{child}/comm")).expect("a name");
    assert_eq!(name.trim(), "mldu");
    term.signal("KILL");
    let _ = term.exit_code();
    for _ in 0..500 {
        let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it outlives its terminal");
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told() {
    let world = World::new();
    let mut term = world.start(&[], &[("MLDU_PANIC", "draw")]);
    assert_eq!(term.exit_code(), 101);
    term.settle();
    given_back(&term);
    assert!(term.text().contains("panicked"), "{}", term.text());
}

#[test]
fn a_panic_of_a_worker_is_a_message_and_the_screen_stays() {
    let world = World::new();
    let mut term = world.start(&[], &[("MLDU_PANIC", "worker")]);
    term.wait_for("a bug in mldu stopped this");
    term.look(|screen| assert!(screen.alternate_screen()));
    term.send("q");
    assert_eq!(term.exit_code(), 0);
    term.settle();
    given_back(&term);
}

#[test]
fn the_terminal_has_its_own_modes_again_when_all_is_over() {
    let world = World::new();
    let home = world.home.display().to_string();
    let vars = vars(&world.home);
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let script = format!("stty -g >{home}/before; {} {home}; stty -g >{home}/after; echo over", mldu());
    let mut term = Term::start("/bin/sh", &["-c", &script], &vars, (80, 24));
    term.wait_for("Checkpoints");
    term.send("q");
    term.wait_for("over");
    let read = |name: &str| std::fs::read_to_string(world.home.join(name)).expect("read");
    assert_eq!(read("before"), read("after"));
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let world = World::new();
    let home = world.home.display().to_string();
    let vars = vars(&world.home);
    let mut vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    vars.push(("PS1", "shell> "));
    let mut term = Term::start("/bin/bash", &["--norc", "--noprofile", "-i"], &vars, (80, 24));
    term.wait_for("shell>");
    term.send(&format!("{} {home}\n", mldu()));
    term.wait_for("Checkpoints");
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.send("\u{1a}");
    term.wait_for("Stopped");
    // The shell brackets pastes on its own account.
    term.look(|screen| assert!(!screen.alternate_screen() && !screen.hide_cursor()));
    term.send("fg\n");
    term.wait_until("it is back", |s| s.contains("Checkpoints") && s.contains("Space mark"));
    term.look(|screen| assert!(screen.alternate_screen()));
    term.send("q");
    term.wait_for("nothing removed");
    term.look(|screen| assert!(!screen.alternate_screen() && !screen.hide_cursor()));
}

#[test]
fn resizing_wildly_does_no_harm() {
    let world = World::new();
    let mut term = world.start(&[], &[]);
    term.wait_for("Checkpoints");
    for i in 0..150_u16 {
        term.resize((1 + i * 7 % 150, 1 + i * 5 % 50));
        if i % 10 == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    term.resize((20, 5));
    term.settle();
    term.resize((80, 24));
    term.wait_for("Checkpoints");
    term.send("q");
    assert_eq!(term.exit_code(), 0);
}

#[test]
fn without_color_no_color_is_sent_and_the_cursor_is_seen() {
    let world = World::new();
    let mut term = world.start(&[], &[("NO_COLOR", "1")]);
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.settle();
    let raw = String::from_utf8_lossy(&term.raw()).into_owned();
    for part in raw.split("\u{1b}[").skip(1) {
        let sgr =
            part.split_once('m').filter(|(codes, _)| codes.chars().all(|c| c.is_ascii_digit() || c == ';'));
        let codes: Vec<&str> = sgr.map(|(codes, _)| codes.split(';').collect()).unwrap_or_default();
        let color = |c: &&str| matches!(c.parse::<u8>(), Ok(30..=38 | 40..=48 | 90..=107));
        assert!(!codes.iter().any(color), "{codes:?}");
    }
    let inverse = term.look(|s| (0..24).any(|row| s.cell(row, 10).is_some_and(vt100::Cell::inverse)));
    assert!(inverse, "the row under the cursor is reversed");
    term.send("q");
    assert_eq!(term.exit_code(), 0);
}

#[test]
fn a_dumb_terminal_gets_the_report() {
    let world = World::new();
    let mut term = world.start(&[], &[("TERM", "dumb")]);
    assert_eq!(term.exit_code(), 0);
    // What it wrote last may still be on its way.
    term.wait_for("entries in");
    let raw = term.raw();
    assert!(!raw.contains(&0x1b), "no escape is sent");
    assert!(String::from_utf8_lossy(&raw).contains("Can go now"));
}

#[test]
fn read_only_opens_no_plan() {
    let world = World::new();
    let mut term = world.start(&["-r"], &[]);
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    go_to(&mut term, "Conda tarballs");
    term.type_slowly(" d");
    term.wait_for("started read-only");
    term.type_slowly("qy");
    assert_eq!(term.exit_code(), 0);
}

#[test]
fn the_demo_is_gone_when_it_is_left() {
    let tmp = tempfile::tempdir().expect("a folder");
    let mut vars = vars(tmp.path());
    vars.retain(|(k, _)| k != "TMPDIR");
    vars.push(("TMPDIR".into(), tmp.path().display().to_string()));
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    for ending in ["q", "TERM"] {
        let mut term = Term::start(mldu(), &["--demo"], &vars, (80, 24));
        term.wait_for("Keras models");
        assert_eq!(std::fs::read_dir(tmp.path()).expect("read").count(), 1);
        if ending == "q" {
            term.wait_until("the scan is over", |s| s.contains(" files in "));
            term.send("q");
        } else {
            term.signal(ending);
        }
        term.exit_code();
        assert_eq!(std::fs::read_dir(tmp.path()).expect("read").count(), 0, "{ending}");
    }
}

#[test]
fn the_demo_is_gone_when_the_line_drops() {
    use std::io::Read;
    if std::process::Command::new("script").arg("--version").output().is_err() {
        println!("SKIPPED: this needs script(1), which holds a terminal in a process that can be killed");
        return;
    }
    let tmp = tempfile::tempdir().expect("a folder");
    let mut holder = std::process::Command::new("script")
        .args(["-qfc", &format!("stty cols 80 rows 24; exec {} --demo", mldu()), "/dev/null"])
        .env_clear()
        .envs(vars(tmp.path()))
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("TMPDIR", tmp.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("script runs");
    let mut out = holder.stdout.take().expect("piped");
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("Keras models") {
        let n = out.read(&mut buffer).expect("it draws");
        assert!(n > 0, "it ended: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..n]);
    }
    let left = || std::fs::read_dir(tmp.path()).expect("read").count();
    assert_eq!(left(), 1);
    holder.kill().expect("it can be ended");
    holder.wait().expect("it ends");
    for _ in 0..200 {
        if left() == 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the demo is still there");
}

/// An export of a home with a package cache, and with so many other files that it does not come at once.
fn exported() -> String {
    let mut json = String::from(
        "[1,2,{\"progname\":\"ncdu\",\"progver\":\"1.18\",\"timestamp\":1795281476},\n\
         [{\"name\":\"/home/ana\",\"asize\":4096,\"dsize\":4096,\"dev\":65024},\n\
         [{\"name\":\"miniconda3\"},\n[{\"name\":\"pkgs\"},\n{\"name\":\"urls.txt\",\"asize\":9,\"dsize\":4096},\n\
         {\"name\":\"zlib-1.3-h1.conda\",\"asize\":99999,\"dsize\":102400}]],\n[{\"name\":\"data\"}",
    );
    for i in 0..500 {
        json.push_str(&format!(",\n{{\"name\":\"{i}.jpg\",\"asize\":100,\"dsize\":4096}}"));
    }
    json + "]]]\n"
}

/// A shell line in a terminal; `$M` is the program, `$J` an export.
fn with_import(line: &str) -> (Term, tempfile::TempDir) {
    let tmp = tempfile::tempdir().expect("a folder");
    let json = tmp.path().join("box.json").display().to_string();
    std::fs::write(&json, exported()).expect("written");
    let mut vars = vars(tmp.path());
    vars.push(("M".into(), mldu().into()));
    vars.push(("J".into(), json));
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    (Term::start("/bin/bash", &["--norc", "-c", line], &vars, (80, 24)), tmp)
}

#[test]
fn an_import_through_a_pipe_is_browsed_with_keys_and_removes_nothing() {
    let (mut term, _tmp) = with_import("cat $J | $M -f -; echo end $?; stty -a");
    term.wait_until("the import is over", |s| s.contains(" files in "));
    assert!(term.text().contains("IMPORT"));
    go_to(&mut term, "Conda tarballs");
    term.type_slowly(" d");
    term.wait_for("nothing here can be removed");
    for key in ["r", "R"] {
        term.type_slowly(key);
        term.wait_for("cannot be read again");
    }
    for key in ["u", "E"] {
        term.type_slowly(key);
        term.wait_for("nothing here can be removed");
    }
    term.type_slowly("Uq");
    // The terminal is given back: a line at a time, with an echo.
    let screen = term.wait_until("the end", |s| s.contains("end 0") && s.contains("-echoprt"));
    assert!(screen.contains(" icanon") && screen.contains(" echo "), "{screen}");
}

#[test]
fn a_pipe_that_goes_on_for_ever_does_not_hold_anybody() {
    let (mut term, _tmp) = with_import("(head -c 3000 $J; sleep 1000) | $M -f -; echo end $?");
    term.wait_for("scanning");
    term.send("\x03");
    term.wait_for("stopped");
    term.send("q");
    // bash waits for the writer, which is still asleep: what counts is that the screen is given back.
    term.wait_until("the screen is given back", |s| s.contains("nothing removed"));
}

#[test]
fn a_broken_import_gives_the_terminal_back_and_says_why() {
    let (mut term, _tmp) = with_import(
        "head -c 3000 $J | $M -f -; echo end $?; $M -f /no/such; echo end $?; $M -f -; echo end $?",
    );
    let screen = term.wait_until("all three", |s| s.matches("end 1").count() == 3);
    let lines = screen.replace('\n', "");
    assert!(lines.contains("standard input: line ") && lines.contains("it ends here, cut off"), "{screen}");
    assert!(
        lines.contains("/no/such: No such file") && lines.contains("from a pipe, and there is none"),
        "{screen}"
    );
    assert_eq!(term.exit_code(), 0);
}
