//! Read-only (`-r`, `MLDU_READ_ONLY`) means that no system call is made that changes a file: the real program in a real
//! terminal, with every key it knows, watched by strace. Needs strace, and is run by `.ci/run`.

#[path = "common/pty.rs"]
mod pty;
#[path = "common/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mldu::app::action::Action;
use mldu::app::keymap::{BINDINGS, Key};
use mldu::demo::Demo;
use mldu::env::Env;
use mldu::removal::plan::How;
use pty::{Term, mldu, vars};
use world::{World, contents};

/// Calls that change something wherever they are made. Not all of them are there on every machine.
const CHANGING: &[&str] = &[
    "unlink",
    "unlinkat",
    "rmdir",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
    "ftruncate",
    "fallocate",
    "creat",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "copy_file_range",
    "mount",
    "umount2",
];

/// What is typed after the name of the program, and the variables it is started with.
type Typed<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

/// A box in which something was trashed before, so that there is something to bring back and to empty.
struct Used {
    home: PathBuf,
    run: String,
    _demo: Demo,
    tmp: tempfile::TempDir,
}

impl Used {
    fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let demo = Demo::make(tmp.path(), jiff::Timestamp::now().as_second()).expect("a box");
        let home = demo.env().home().to_path_buf();
        let world = World::on(&home, Env::fixed(&home));
        let report = world.remove(&[&home.join("work")], How::Trash);
        assert!(report.is_clean(), "{:?}", report.steps);
        Self { run: report.run, home, _demo: demo, tmp }
    }

    fn trace(&self) -> PathBuf {
        self.tmp.path().join("trace")
    }

    /// What strace is called with, before the program.
    fn watching(&self) -> Vec<String> {
        let calls: Vec<String> =
            CHANGING.iter().chain(&["open", "openat", "openat2"]).map(|c| format!("?{c}")).collect();
        let trace = self.trace().display().to_string();
        ["-f", "-qq", "-s", "4096", "-o", &trace, "-e", &format!("trace={}", calls.join(","))]
            .map(str::to_string)
            .to_vec()
    }

    /// Runs the program without a terminal, and says what it changed.
    fn run(&self, args: &[&str], more: &[(&str, &str)]) -> (Output, Vec<String>) {
        let mut command = Command::new("strace");
        command.args(self.watching()).arg(mldu()).args(args).env_clear();
        command.envs(vars(&self.home)).envs(more.iter().copied());
        let out = command.output().expect("strace runs");
        (out, changes(&self.trace()))
    }
}

/// The calls in a trace that changed something, or tried to.
fn changes(trace: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(trace).expect("a trace");
    assert!(text.contains("openat"), "the trace is of nothing: {text}");
    let is_change = |line: &&str| {
        let call = line.split_once(' ').map_or("", |(_, call)| call.trim_start());
        let name = call.split('(').next().unwrap_or_default();
        if CHANGING.contains(&name) {
            return true;
        }
        let writes =
            ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"].iter().any(|flag| call.contains(flag));
        let is_terminal =
            ["\"/dev/tty\"", "\"/dev/pts/", "\"/dev/null\""].iter().any(|path| call.contains(path));
        name.starts_with("open") && writes && (!is_terminal || call.contains("O_CREAT"))
    };
    text.lines().filter(is_change).map(str::to_string).collect()
}

fn strace_is_there(test: &str) -> bool {
    let works =
        Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).status().is_ok_and(|s| s.success());
    if !works {
        println!("SKIPPED {test}: strace is not there or may not trace");
    }
    works
}

/// What a terminal sends for a key.
fn bytes(key: Key) -> String {
    match key {
        Key::Char(c) => c.to_string(),
        Key::Ctrl(c) => char::from(c as u8 & 0x1f).to_string(),
        Key::Up => "\x1b[A".into(),
        Key::Down => "\x1b[B".into(),
        Key::Right => "\x1b[C".into(),
        Key::Left => "\x1b[D".into(),
        Key::PageUp => "\x1b[5~".into(),
        Key::PageDown => "\x1b[6~".into(),
        Key::Home => "\x1b[H".into(),
        Key::End => "\x1b[F".into(),
        Key::Enter => "\r".into(),
        Key::Esc => "\x1b".into(),
        Key::Backspace => "\x7f".into(),
        Key::Delete => "\x1b[3~".into(),
        Key::Tab => "\t".into(),
        Key::F1 => "\x1bOP".into(),
    }
}

#[test]
#[ignore = "needs strace: lists the system calls of the program"]
fn the_interface_changes_nothing_whatever_is_typed() {
    if !strace_is_there("the_interface_changes_nothing_whatever_is_typed") {
        return;
    }
    for (flag, var) in [(&["-r"][..], None), (&[], Some(("MLDU_READ_ONLY", "1")))] {
        let it = Used::new();
        let before = contents(&it.home);
        let home = it.home.display().to_string();
        let mut args = it.watching();
        args.push(mldu().into());
        args.extend(flag.iter().map(ToString::to_string));
        args.push(home);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let vars = vars(&it.home);
        let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).chain(var).collect();
        let mut term = Term::start("strace", &args, &vars, (80, 24));
        term.wait_until("the scan is over", |s| s.contains(" files in "));
        let views = BINDINGS.iter().filter(|b| b.section == mldu::app::keymap::Section::Look);
        let views: Vec<Key> = views.filter(|b| b.keys[0] != Key::Tab).map(|b| b.keys[0]).collect();
        let digits = views.into_iter().filter(|k| matches!(k, Key::Char('1'..='9')));
        for view in digits {
            // Something is marked in every view, and everything is tried that could make something of it.
            term.send(&bytes(view));
            term.settle();
            term.type_slowly("gj   ");
            for tried in
                ["d", "\r", "2\r", "y", "1\r", "3\r", "delete\r", "\x1b", "u", "y", "E", "empty\r", "\x1b"]
            {
                term.send(tried);
                term.settle();
            }
        }
        assert!(term.text().contains("marked"), "{}", term.text());
        let leaving = [Action::Quit, Action::Interrupt, Action::Suspend];
        let bindings = BINDINGS.iter().filter(|b| !leaving.contains(&b.action));
        // Every key once; the variable does the same as the flag.
        for key in bindings.filter(|_| var.is_none()).flat_map(|b| b.keys) {
            // And what a question may wait for.
            for typed in [&bytes(*key), "y\r", "\x1b"] {
                term.send(typed);
                term.settle();
            }
        }
        term.send("1");
        term.settle();
        term.type_slowly("gj ");
        for key in ["d", "u", "E"] {
            // What was said before is gone with the next key.
            term.send("i\x1b");
            term.settle();
            term.wait_until("nothing said", |s| !s.contains("started read-only"));
            term.send(key);
            term.wait_for("started read-only");
        }
        term.type_slowly("qy");
        assert_eq!(term.exit_code(), 0);
        assert_eq!(changes(&it.trace()), [""; 0]);
        assert!(contents(&it.home) == before, "nothing changed");
    }
}

#[test]
#[ignore = "needs strace: lists the system calls of the program"]
fn no_command_changes_anything_and_those_that_would_say_so() {
    if !strace_is_there("no_command_changes_anything_and_those_that_would_say_so") {
        return;
    }
    let it = Used::new();
    let before = contents(&it.home);
    let (run, home) = (it.run.clone(), it.home.display().to_string());
    let by_variable: &[(&str, &str)] = &[("MLDU_READ_ONLY", "1")];
    let refused: &[Typed<'_>] = &[
        (&["undo", "-r", &run], &[]),
        (&["undo", &run], by_variable),
        (&["undo"], by_variable),
        (&["trash", "empty", "--yes", &run, "--read-only"], &[]),
        (&["trash", "empty", "--yes", &run], by_variable),
        (&["trash", "empty", "--yes", &run], &[("MLDU_READ_ONLY", "yes")]),
    ];
    for (args, vars) in refused {
        let (out, changed) = it.run(args, vars);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("started read-only: nothing is removed"), "{args:?}: {said}");
        assert_eq!(changed, [""; 0], "{args:?}");
    }
    // An option before the command: it is no folder, and it is not carried out without the option.
    let (out, changed) = it.run(&["-r", "undo"], &[]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(2) && said.contains("goes first: mldu undo"), "{said}");
    assert_eq!(changed, [""; 0]);
    let allowed: &[&[&str]] = &[
        &["report", &home],
        &["report", "--json", &home],
        &["families"],
        &["trash", "list"],
        &["trash", "empty", "--dry-run", &run],
        &[&home],
    ];
    for args in allowed {
        let (out, changed) = it.run(args, by_variable);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        assert_eq!(changed, [""; 0], "{args:?}");
    }
    assert!(contents(&it.home) == before, "nothing changed");
    // And without it this is what is seen.
    let (out, changed) = it.run(&["undo", &run], &[("MLDU_READ_ONLY", "0")]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(
        changed.iter().any(|c| c.contains("renameat2(")) && changed.iter().any(|c| c.contains("unlinkat("))
    );
}
