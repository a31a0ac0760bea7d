//! The README's picture, taken of the real program in a real terminal. It fails when the picture in `assets/` is not
//! what the program shows; `MLDU_SHOTS=write cargo test --test shots -- --include-ignored` takes it anew.

#[path = "common/pty.rs"]
mod pty;
#[path = "common/svg.rs"]
mod svg;

use std::path::Path;

use pty::{Term, mldu, vars};

fn compare(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    if std::env::var_os("MLDU_SHOTS").is_some_and(|v| v == "write") {
        std::fs::write(&path, picture).expect("written");
        return;
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == picture,
        "assets/{name} is not what the program shows any more; see the head of tests/shots.rs"
    );
}

#[test]
#[ignore = "needs a file system with blocks of 4 KiB (ext4): the sizes in the picture are real"]
fn the_pictures_show_the_program() {
    let tmp = tempfile::tempdir().expect("a folder");
    let mut vars = vars(tmp.path());
    vars.retain(|(k, _)| k != "TMPDIR");
    vars.push(("TMPDIR".into(), tmp.path().display().to_string()));
    vars.push(("COLORTERM".into(), "truecolor".into()));
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let args = ["--demo", "--picture", "--now", "2026-11-21T03:12:00Z"];
    let mut term = Term::start(mldu(), &args, &vars, (80, 24));
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    let still = term.settle();
    // How long the scan took is the only thing that changes from one run to the next.
    let seconds =
        still.split(" files in ").nth(1).and_then(|s| s.split(' ').next()).unwrap_or("0.0").to_string();
    let take = |term: &Term, title: &str| {
        let picture = term.look(|screen| svg::draw(screen, title));
        picture.replace(&format!(">{seconds}</text>"), ">0.0</text>")
    };
    compare("main.svg", &take(&term, "mldu on a full disk: what fills it and what can go"));
    term.type_slowly(" d");
    term.wait_for("PLAN");
    term.settle();
    compare("plan.svg", &take(&term, "the plan: what goes, what comes back, how to undo it"));
    term.type_slowly("\u{1b}");
    term.send("qy");
}
