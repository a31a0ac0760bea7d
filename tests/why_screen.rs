//! `!` on a disk that is really full: told, planned and cured with the keys it names. Needs root, and is run by `.ci/run`
//! in a mount namespace.

#[path = "common/ground.rs"]
mod ground;
#[path = "common/pty.rs"]
mod pty;
#[path = "common/world.rs"]
mod world;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use ground::{Mounted, put};
use pty::{Term, mldu, vars};

/// A process that ends with the test.
struct Holder(Child);

impl Holder {
    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.end();
    }
}

/// Puts the cursor on the row with this text.
fn go_to(term: &mut Term, text: &str) {
    term.send("g");
    for _ in 0..40 {
        if term.settle().lines().any(|l| l.starts_with('>') && l.contains(text)) {
            return;
        }
        term.send("j");
    }
    panic!("no row {text}: {}", term.text());
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn a_full_disk_is_told_and_cured_from_its_screen() {
    let mounted = Mounted::tmpfs("size=32m,mode=0777");
    let home = mounted.path.join("home");
    for folder in ["tmp", "work"] {
        std::fs::create_dir_all(home.join(folder)).expect("made");
    }
    // What a download left that nobody goes on with: safe to remove.
    let hub = home.join(".cache/huggingface/hub/models--acme--llm");
    let dead = put(&hub.join("blobs/0123456789abcdef0123456789abcdef01234567.incomplete"), 6 << 10);
    std::fs::create_dir_all(hub.join("refs")).expect("made");
    let old = SystemTime::now() - Duration::from_hours(90 * 24);
    std::fs::File::open(&dead).expect("opened").set_modified(old).expect("aged");
    // A deleted file that somebody still has open, and a notebook that was cut off.
    let log = put(&home.join("work/train.log"), 8 << 10);
    let held = std::fs::File::open(&log).expect("opened");
    let mut holder =
        Holder(Command::new("sleep").arg("600").stdin(Stdio::from(held)).spawn().expect("it runs"));
    std::fs::remove_file(&log).expect("removed");
    std::fs::write(home.join("work/it's.ipynb"), "{\"cells\": [").expect("written");
    std::fs::write(home.join("work/.~it's.ipynb"), "{\"cells\": []}\n").expect("written");
    mounted.fill();

    let vars = vars(&home);
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let work = home.display().to_string();
    let mut term = Term::start(mldu(), &[&work], &vars, (80, 50));
    term.wait_until("the scan is over", |s| s.contains(" files in ") && s.contains("6.0 MiB safe"));
    assert!(term.text().contains("! why"), "{}", term.text());
    term.send("!");
    term.wait_for("notebooks cannot be saved");
    let told = term.settle();
    let mount = mounted.path.display().to_string();
    for part in [
        "WHY CAN'T JUPYTER SAVE?",
        "ENOSPC",
        "which is in memory, has 0 B left for you",
        "held open 8.0 MiB of deleted files",
        &format!("8.0 MiB come back as soon as sleep {}", holder.0.id()),
        "6.0 MiB safe on ",
    ] {
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(&part), "{part} on {mount}: {told}");
    }
    // Nothing was removed, and nothing left by trying.
    assert!(dead.exists() && std::fs::read_dir(home.join("work")).expect("read").count() == 2);

    // The screen sends whoever wants a plan to where it can be marked; from there on the plan opens from it.
    term.type_slowly("d");
    term.wait_for("nothing is marked");
    go_to(&mut term, "Hub modules");
    term.type_slowly(" !");
    term.wait_for("1 marked: 6.0 MiB freed if deleted; d shows the plan");
    term.plan('3');
    term.send("\r");
    term.answer("will be gone for good", "delete\r");
    term.wait_for("DONE");
    assert!(!dead.exists());
    term.type_slowly("\u{1b}!");
    term.wait_for("CAN JUPYTER SAVE?");
    term.wait_for("saving works");
    let told = term.settle();
    assert!(told.contains("note      held open  8.0 MiB"), "the process holds it still: {told}");

    // It ends, and a new look sees that.
    holder.end();
    term.send("t");
    term.wait_until("nothing is held any more", |s| s.contains("saving works") && !s.contains("held open"));

    // What is copied is what can be pasted into a shell: it brings the notebook back.
    let out = Command::new(mldu())
        .arg("why")
        .arg(home.join("work"))
        .env_clear()
        .envs(vars)
        .output()
        .expect("it runs");
    let text = String::from_utf8(out.stdout).expect("text");
    let command = text.lines().find_map(|l| l.strip_prefix("  cp -p ")).expect("a command");
    let copied = Command::new("sh").args(["-c", &format!("cp -p {command}")]).status().expect("a shell");
    assert!(copied.success(), "{text}");
    assert_eq!(std::fs::read_to_string(home.join("work/it's.ipynb")).expect("read"), "{\"cells\": []}\n");
    term.type_slowly("qq");
    assert_eq!(term.exit_code(), 0);
}
