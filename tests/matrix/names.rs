//! Rows 9, 24 and 38: links as items, names no one should have, times that cannot be.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use mldu::removal::execute::Outcome;
use mldu::removal::plan::How;
use mldu::removal::restore;
use mldu::text;
use proptest::prelude::*;

use crate::ground::put;
use crate::invariants::{Scene, plant_sentinel};
use crate::pty::{Term, mldu, vars};
use crate::world::World;

/// Brings everything back that lies in the trash.
fn undo(w: &World) {
    for item in restore::plan(&w.trashed(), |_| true) {
        let failed: Vec<_> = item.run().into_iter().filter(|r| r.failed.is_some()).collect();
        assert!(failed.is_empty(), "{failed:?}");
    }
}

/// Files of `snapshots/` in a model hub are links: what they lead to is somebody else's.
#[test]
fn row_09_a_link_goes_itself_and_never_what_it_leads_to() {
    let w = World::new();
    let sentinel = plant_sentinel(&w.root);
    let home = w.root.join("home");
    let links = [
        ("to-a-folder", sentinel.clone()),
        ("to-a-file", sentinel.join("precious")),
        ("to-nothing", w.root.join("no/such")),
        ("to-itself", home.join("to-itself")),
        ("to-the-way-it-came", home.join("to-the-way-back")),
        ("to-the-way-back", home.join("to-the-way-it-came")),
        ("up", PathBuf::from("..")),
    ];
    for (name, target) in &links {
        symlink(target, home.join(name)).expect("linked");
    }
    let items: Vec<PathBuf> = links.iter().map(|(name, _)| home.join(name)).collect();
    let items: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let scene = Scene::new(&w.root, &items);
    let report = w.remove(&items, How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    assert_eq!(report.steps.len(), links.len());
    scene.check(&report);
    undo(&w);
    scene.is_as_before();
    let report = w.remove(&items, How::ForGood);
    assert!(report.is_clean(), "{:?}", report.steps);
    scene.check(&report);
}

/// Names that are hard on terminals, shells, lists and records.
const HOSTILE: &[&[u8]] = &[
    b"new\nline",
    b"tab\there",
    b"clear\x1b[2J",
    b"title\x1b]0;pwned\x07",
    b"c1\xc2\x9b2J",
    "right\u{202e}to left".as_bytes(),
    "isolate\u{2066}d".as_bytes(),
    "zero\u{200b}width\u{feff}".as_bytes(),
    b"\xff\xfe\x80 no text",
    b"-rf",
    b"--help",
    b"trailing ",
    b" leading",
    "👩‍👩‍👧‍👦 family".as_bytes(),
    "e\u{301}\u{301}\u{301}\u{301}".as_bytes(),
    b"%41%2F..%00",
    b"[Trash Info]\nPath=precious",
    b"X-Mldu-Run=deadbeef",
    b"x.trashinfo",
    b"\\x1b",
    b"$(rm -rf ~)",
    b"*",
    b"\x01\x02\x7f",
    b"...",
];

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(prop::sample::select(HOSTILE), 1..3).prop_map(|p| p.concat());
    let cjk = (1usize..=85).prop_map(|n| "漢".repeat(n).into_bytes());
    let bytes = prop::collection::vec(1u8..=255, 1..=255);
    prop_oneof![pieces, cjk, bytes]
        .prop_filter("a name", |n| n.len() <= 255 && !n.contains(&b'/') && n != b"." && n != b"..")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Trashed and brought back byte for byte; what is shown of them holds nothing a terminal would act on, and two
    /// names never look alike.
    #[test]
    fn row_24_any_name_goes_and_comes_back(names in prop::collection::btree_set(hostile(), 1..12)) {
        let w = World::new();
        plant_sentinel(&w.root);
        let folder = w.root.join("home/odd");
        std::fs::create_dir(&folder).expect("made");
        let mut shown = BTreeMap::new();
        for (i, name) in names.iter().enumerate() {
            let path = folder.join(OsStr::from_bytes(name));
            if i % 2 == 0 {
                std::fs::write(&path, name).expect("written");
            } else {
                std::fs::create_dir(&path).expect("made");
                std::fs::write(path.join("x"), name).expect("written");
            }
            let text = text::display(name);
            prop_assert!(text.chars().all(is_harmless), "{text:?}");
            prop_assert!(shown.insert(text, name).is_none(), "two names look alike");
        }
        let items: Vec<PathBuf> = names.iter().map(|n| folder.join(OsStr::from_bytes(n))).collect();
        let items: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
        let scene = Scene::new(&w.root, &items);
        let report = w.remove(&items, How::Trash);
        prop_assert!(report.is_clean(), "{:?}", report.steps);
        scene.check(&report);
        undo(&w);
        scene.is_as_before();
        let report = w.remove(&items, How::ForGood);
        prop_assert!(report.is_clean(), "{:?}", report.steps);
        scene.check(&report);
    }
}

/// Whether a terminal shows this character and does nothing else.
fn is_harmless(c: char) -> bool {
    let unseen =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !unseen
}

/// The whole program, with all of these names on the screen, in the plan, in what was done, in the list of the trash.
#[test]
fn row_24_no_name_reaches_the_terminal_raw() {
    let w = World::new();
    let home = w.root.join("home");
    let folder = home.join("odd");
    std::fs::create_dir(&folder).expect("made");
    for name in HOSTILE {
        std::fs::write(folder.join(OsStr::from_bytes(name)), name).expect("written");
    }
    let vars = vars(&home);
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let shown = folder.display().to_string();
    let mut term = Term::start(mldu(), &[&shown], &vars, (100, 50));
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.type_slowly("2");
    term.wait_for("title\\e]0;pwned\\u{7}");
    for text in
        ["right\\u{202e}to left", "\\xff\\xfe\\x80 no text", "new\\nline", "clear\\e[2J", "trailing\\u{20}"]
    {
        assert!(term.text().contains(text), "{text}: {}", term.text());
    }
    for _ in HOSTILE {
        term.send(" ");
    }
    term.wait_for(&format!("{} marked", HOSTILE.len()));
    term.plan('2');
    term.send("\r");
    term.answer("y/N", "y");
    term.wait_for("DONE");
    assert_eq!(std::fs::read_dir(&folder).expect("read").count(), 0);
    let list = std::process::Command::new(mldu())
        .args(["trash", "list"])
        .env_clear()
        .envs(vars.iter().copied())
        .output()
        .expect("it runs");
    let list = String::from_utf8(list.stdout).expect("text, whatever the names are");
    assert_eq!(list.lines().count(), HOSTILE.len() + 1, "a head, and a line for each: {list}");
    assert!(list.chars().all(|c| c == '\n' || is_harmless(c)), "{list}");
    term.type_slowly("\u{1b}u");
    term.wait_for("back in place");
    for name in HOSTILE {
        let path = folder.join(OsStr::from_bytes(name));
        assert_eq!(std::fs::read(&path).expect("it is back"), *name);
    }
    term.type_slowly("q");
    assert_eq!(term.exit_code(), 0);
    term.look(|screen| assert!(!screen.alternate_screen() && !screen.hide_cursor()));
    let raw = String::from_utf8_lossy(&term.raw()).into_owned();
    assert!(!raw.contains("\u{1b}]0;") && !raw.contains('\u{7}') && !raw.contains('\u{9b}'));
    let own = |c: char| matches!(c, '\u{1b}' | '\r' | '\n' | '\u{8}');
    let strange: Vec<char> = raw.chars().filter(|c| !own(*c) && !is_harmless(*c)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert!(!raw.contains('\u{fffd}'), "what is sent is text");
}

/// Files from before 1970, from 1970, from next year, and from a century that does not fit into 32 bits.
#[test]
fn row_38_times_that_cannot_be_are_no_reason_to_stay() {
    let w = World::new();
    plant_sentinel(&w.root);
    let now = SystemTime::now();
    let year = Duration::from_hours(365 * 24);
    let times = [
        ("before-1970", SystemTime::UNIX_EPOCH - year),
        ("in-1970", SystemTime::UNIX_EPOCH),
        ("next-year", now + year),
        ("after-2106", SystemTime::UNIX_EPOCH + 150 * year),
    ];
    let mut items = Vec::new();
    for (name, time) in times {
        let file = put(&w.root.join(format!("home/{name}/weights")), 4);
        std::fs::File::options().write(true).open(&file).expect("open").set_modified(time).expect("set");
        let alone = put(&w.root.join(format!("home/{name}-alone")), 4);
        std::fs::File::options().write(true).open(&alone).expect("open").set_modified(time).expect("set");
        items.extend([w.root.join("home").join(name), alone]);
    }
    let items: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let scene = Scene::new(&w.root, &items);
    let report = w.remove(&items, How::Trash);
    assert!(report.is_clean(), "{:?}", report.failed().collect::<Vec<_>>());
    scene.check(&report);
    undo(&w);
    scene.is_as_before();
    // What changed in such a time is still seen.
    let inventory = w.scan();
    let marks = World::marks(&inventory, &items);
    let plan = w.plan(&inventory, &marks, How::ForGood);
    let touched = w.root.join("home/in-1970/weights");
    std::fs::File::options()
        .write(true)
        .open(&touched)
        .expect("open")
        .set_modified(now + year / 2)
        .expect("set");
    let scene = Scene::new(&w.root, &items);
    let report = w.run(&plan);
    let kept: Vec<_> = report.failed().collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(matches!(&kept[0].outcome, Outcome::Kept(why) if why.contains("newer")), "{kept:?}");
    scene.check(&report);
    assert_eq!(text::age(-31_536_000, 1_900_000_000), "61y");
}
