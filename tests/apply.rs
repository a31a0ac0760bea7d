//! A plan made by day and carried out later, on real files with the real program: what goes, what is left out because it
//! is not as it was, and what no file can make it do.

#[path = "common/pty.rs"]
mod pty;
#[path = "common/world.rs"]
mod world;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use clap::Parser;
use mldu::cli::Cli;
use mldu::commands::plan::{made, scan};
use mldu::model::inventory::Inventory;
use mldu::model::marks::{Mark, Marks};
use mldu::removal::plan::How;
use mldu::removal::saved::{Contents, Saved, file};
use mldu::settings::Settings;
use pty::{Term, mldu, vars};
use serde_json::{Value, json};
use world::{World, contents};

/// A world with a folder, a file beside it, and a plan of what is marked.
struct Day {
    w: World,
    plan: PathBuf,
}

/// What the program said, and how it ended.
struct Said {
    code: i32,
    out: String,
    why: String,
}

impl From<Output> for Said {
    fn from(o: Output) -> Self {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        Self { code: o.status.code().unwrap_or(-1), out: text(&o.stdout), why: text(&o.stderr) }
    }
}

impl Day {
    fn new() -> Self {
        let w = World::new();
        for below in ["work/data/a.bin", "work/data/in/b.bin", "keep/c.bin", "keep/sure.bin"] {
            old(&w.file(below, 40), 3);
        }
        let plan = w.root.join("plan.json");
        Self { w, plan }
    }

    fn home(&self, below: &str) -> PathBuf {
        self.w.root.join("home").join(below)
    }

    /// Plans these paths, and writes the plan down.
    fn plan(&self, below: &[&str], how: How) {
        self.plan_with(how, |inventory| {
            let paths: Vec<PathBuf> = below.iter().map(|b| self.home(b)).collect();
            let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
            World::marks(inventory, &paths)
        });
    }

    fn plan_with(&self, how: How, mark: impl FnOnce(&Inventory) -> Marks) {
        let inventory = self.w.scan();
        let marks = mark(&inventory);
        let plan = self.w.plan(&inventory, &marks, how);
        assert!(plan.refused.is_empty() && !plan.is_empty(), "{:?}", plan.refused);
        let cli = Cli::try_parse_from(["mldu", &self.w.root.display().to_string()]).expect("parsed");
        let settings =
            Settings::new(&Arc::new(self.w.env.clone()), &cli.scan, &cli.show, false).expect("settings");
        let saved = Saved::new(Contents::of(&plan, &inventory, &marks), made(&settings), scan(&settings));
        file::write(&self.plan, &saved).expect("written");
    }

    fn run(&self, args: &[&str]) -> Said {
        self.run_as(args, &[])
    }

    fn run_as(&self, args: &[&str], more: &[(&str, &str)]) -> Said {
        let mut command = Command::new(mldu());
        command.args(args).env_clear().envs(vars(&self.home(""))).envs(more.iter().copied());
        command.current_dir(&self.w.root).output().expect("it runs").into()
    }

    fn apply(&self, args: &[&str]) -> Said {
        let plan = self.plan.display().to_string();
        self.run(&[&["apply", &plan], args].concat())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&fs::read(&self.plan).expect("a plan")).expect("JSON")
    }

    /// Changes the file as a person with an editor does.
    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut value = self.json();
        change(&mut value);
        fs::write(&self.plan, value.to_string()).expect("written");
    }
}

/// Makes a file so many days old.
fn old(path: &Path, days: u64) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86400);
    File::options().write(true).open(path).expect("open").set_modified(then).expect("set");
}

/// A model with two revisions that share a file, as `huggingface_hub` lays it out.
fn model(day: &Day) {
    let hub = day.home(".cache/huggingface/hub/models--o--n");
    for (revision, own) in [("a", "own-a"), ("b", "own-b")] {
        let snapshot = hub.join("snapshots").join(revision.repeat(40));
        fs::create_dir_all(&snapshot).expect("made");
        for blob in ["shared", own] {
            let kib = if blob == "shared" { 64 } else { 16 };
            let file = day.w.file(&format!(".cache/huggingface/hub/models--o--n/blobs/{blob}"), kib);
            old(&file, 3);
            symlink(format!("../../blobs/{blob}"), snapshot.join(blob)).expect("linked");
        }
        fs::create_dir_all(hub.join("refs")).expect("made");
        fs::write(hub.join("refs").join(revision), revision.repeat(40)).expect("written");
    }
    // What was written a moment ago is in use.
    let touched = Command::new("find").arg(&hub).args("-exec touch -h -d -3days {} +".split(' ')).status();
    assert!(touched.expect("find runs").success());
}

fn revisions(inventory: &Inventory) -> Marks {
    let mut marks = Marks::default();
    for item in inventory.items().filter(|i| i.kind == "revision") {
        marks.insert(Mark::Item(item.id));
    }
    assert_eq!(marks.len(), 2);
    marks
}

#[test]
fn what_was_planned_goes_and_comes_back_and_is_gone_the_second_time() {
    let day = Day::new();
    model(&day);
    let odd = day.home("keep").join(OsStr::from_bytes(b"odd \xff\n\x1b[2J"));
    fs::write(&odd, b"odd").expect("written");
    let all = |day: &Day| [".cache", "work", "keep"].map(|below| contents(&day.home(below)));
    let before = all(&day);
    day.plan_with(How::Trash, |inventory| {
        let mut marks = revisions(inventory);
        for path in [&day.home("work/data"), &odd] {
            marks.insert(Mark::Node(inventory.tree.find(path).expect("scanned")));
        }
        marks
    });
    assert_eq!(day.json()["entries"].as_array().map(Vec::len), Some(4));
    let said = day.apply(&["--yes"]);
    assert_eq!((said.code, said.why.as_str()), (0, ""), "{}", said.out);
    assert!(!said.out.contains('\x1b'), "{}", said.out);
    for gone in ["work/data", ".cache/huggingface/hub/models--o--n/blobs/shared"] {
        assert!(!day.home(gone).exists(), "{gone}");
    }
    assert!(!odd.exists() && day.home("keep/c.bin").exists());
    let again = day.apply(&["--yes"]);
    assert_eq!((again.code, again.why.as_str()), (0, ""));
    assert!(
        again.out.contains("Gone already") && again.out.contains("There is nothing to do."),
        "{}",
        again.out
    );
    let undone = day.run(&["undo"]);
    assert_eq!(undone.code, 0, "{}{}", undone.out, undone.why);
    assert!(all(&day) == before, "it is not as it was");
}

#[test]
fn what_changed_in_between_is_left_out_with_its_reason() {
    type Change = (&'static str, fn(&Day), &'static str);
    let changes: &[Change] = &[
        ("grown", |d| append(&d.home("keep/c.bin")), "it was written to since"),
        (
            "written anew within the same time",
            |d| {
                let path = d.home("keep/c.bin");
                let then = path.metadata().expect("there").modified().expect("a time");
                fs::write(&path, vec![b'y'; 40 * 1024]).expect("written");
                File::options().write(true).open(&path).expect("open").set_modified(then).expect("set");
            },
            "the rights, the names or the content of it changed",
        ),
        (
            "another inode",
            |d| {
                let (path, copy) = (d.home("keep/c.bin"), d.home("keep/copy"));
                let then = path.metadata().expect("there").modified().expect("a time");
                fs::copy(&path, &copy).expect("copied");
                File::options().write(true).open(&copy).expect("open").set_modified(then).expect("set");
                fs::rename(&copy, &path).expect("moved");
            },
            "it is another file now",
        ),
        (
            "a link in its place",
            |d| {
                fs::rename(d.home("keep/c.bin"), d.home("keep/d.bin")).expect("moved");
                symlink("d.bin", d.home("keep/c.bin")).expect("linked");
            },
            "it is another link now",
        ),
        (
            "a folder in its place",
            |d| {
                fs::remove_file(d.home("keep/c.bin")).expect("removed");
                fs::create_dir(d.home("keep/c.bin")).expect("made");
            },
            "it is another folder now",
        ),
        ("another name", |d| link(&d.home("keep/c.bin"), &d.home("e")), "it has another name now"),
        ("a file more", |d| fs::write(d.home("work/data/n"), b"").expect("written"), "1 more thing is in it"),
        (
            "a file less",
            |d| fs::remove_file(d.home("work/data/a.bin")).expect("removed"),
            "1 thing that was is gone in it",
        ),
        (
            "a file of another name",
            |d| fs::rename(d.home("work/data/a.bin"), d.home("work/data/z.bin")).expect("moved"),
            "something changed in it",
        ),
        (
            "an older file of that length",
            |d| old(&d.home("work/data/in/b.bin"), 9),
            "something changed in it",
        ),
        (
            "a hard link into an environment",
            |d| link(&d.home("work/data/in/b.bin"), &d.home("env.bin")),
            "1 file has another name in it",
        ),
        (
            "a link on the way",
            |d| {
                fs::rename(d.home("work"), d.home("moved")).expect("moved");
                symlink("moved", d.home("work")).expect("linked");
            },
            "the scan did not find it",
        ),
    ];
    for (what, change, reason) in changes {
        let day = Day::new();
        let folder = reason.contains("in it") || what.contains("on the way");
        let target = if folder { "work/data" } else { "keep/c.bin" };
        day.plan(&[target, "keep/sure.bin"], How::ForGood);
        change(&day);
        let before = contents(&day.home(target));
        let said = day.apply(&["--yes"]);
        assert_eq!(said.code, 4, "{what}: {}{}", said.out, said.why);
        assert!(said.out.contains("Left out") && said.out.contains(reason), "{what}: {}", said.out);
        assert!(contents(&day.home(target)) == before, "{what}");
        assert!(!day.home("keep/sure.bin").exists(), "{what}: the rest went");
    }
}

fn append(path: &Path) {
    File::options().append(true).open(path).expect("open").write_all(b"more").expect("written");
}

fn link(from: &Path, to: &Path) {
    fs::hard_link(from, to).expect("linked");
}

#[test]
fn what_is_used_or_protected_by_then_stays() {
    let day = Day::new();
    day.plan(&["work/data", "keep/sure.bin"], How::ForGood);
    let held = File::open(day.home("work/data/a.bin")).expect("open");
    let said = day.apply(&["--yes"]);
    assert_eq!(said.code, 4, "{}", said.out);
    assert!(said.out.contains("in use") && day.home("work/data/in/b.bin").exists(), "{}", said.out);
    assert!(!day.home("keep/sure.bin").exists());
    drop(held);
    let home = day.home("work/data").display().to_string();
    let plan = day.plan.display().to_string();
    let said = day.run_as(&["apply", &plan, "--yes"], &[("HOME", &home)]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("protected") && day.home("work/data/in/b.bin").exists(), "{}", said.out);
}

#[test]
fn what_is_worse_to_lose_than_it_was_or_would_go_in_a_worse_way_stays() {
    let day = Day::new();
    model(&day);
    day.plan_with(How::Trash, revisions);
    let whole = day.json();
    day.edit(|v| v["entries"][0]["verdict"] = "safe".into());
    let said = day.apply(&["--yes"]);
    assert_eq!(said.code, 4, "{}", said.out);
    assert!(said.out.contains("it is re-download now; it was safe"), "{}", said.out);
    assert!(day.home(".cache/huggingface/hub/models--o--n/blobs/shared").exists(), "the other needs it");
    // It was to be moved to the trash; what is safe by now would be deleted.
    let day = Day::new();
    let partial = day.w.file(".cache/huggingface/hub/models--o--n/blobs/x.incomplete", 16);
    model(&day);
    old(&partial, 3);
    day.plan_with(How::Trash, |inventory| {
        let mut marks = Marks::default();
        let partial = inventory.items().find(|i| i.kind == "partial").expect("found");
        marks.insert(Mark::Item(partial.id));
        marks
    });
    day.edit(|v| v["how"] = "safe-for-good".into());
    let said = day.apply(&["--yes"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(
        said.out.contains("deleted for good now; the plan said trash") && partial.exists(),
        "{}",
        said.out
    );
    // Asked for now, it is no surprise.
    assert_eq!(day.apply(&["--yes", "--delete"]).code, 0);
    assert!(!partial.exists() && whole["how"] == "trash");
}

#[test]
fn a_person_may_take_entries_out_and_what_others_share_stays() {
    let day = Day::new();
    model(&day);
    day.plan_with(How::ForGood, revisions);
    let mut kept = String::new();
    day.edit(|v| {
        let out = v["entries"].as_array_mut().expect("entries").remove(0);
        kept = out["name"].as_str().expect("a name").to_string();
    });
    let said = day.apply(&["--yes"]);
    assert_eq!((said.code, said.why.as_str()), (0, ""), "{}", said.out);
    let hub = day.home(".cache/huggingface/hub/models--o--n");
    assert!(hub.join("blobs/shared").exists(), "the one that stays needs it: {kept}");
    let left: Vec<_> = fs::read_dir(hub.join("snapshots")).expect("read").flatten().collect();
    assert_eq!(left.len(), 1);
    for link in fs::read_dir(left[0].path()).expect("read").flatten() {
        assert!(link.path().exists(), "{:?} leads nowhere", link.path());
    }
}

#[test]
fn nothing_goes_by_a_path_that_somebody_wrote() {
    let day = Day::new();
    day.plan(&["keep/c.bin"], How::ForGood);
    let whole = day.json();
    let before = contents(&day.home(""));
    let home = day.w.root.join("home").display().to_string();
    let edits: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("another path", vec![("path", format!("{home}/keep/sure.bin"))]),
        ("up and down", vec![("path", format!("{home}/keep/../keep/c.bin"))]),
        ("another key", vec![("key", format!("file:{home}/keep/sure.bin"))]),
        (
            "both",
            vec![("path", format!("{home}/keep/sure.bin")), ("key", format!("file:{home}/keep/sure.bin"))],
        ),
        ("a folder above", vec![("path", format!("{home}/keep")), ("key", format!("file:{home}/keep"))]),
        ("everything", vec![("path", "/".into()), ("key", "file:/".into())]),
        ("not scanned", vec![("path", "/etc/passwd".into()), ("key", "file:/etc/passwd".into())]),
        ("a family", vec![("family", "huggingface".into())]),
    ];
    for (what, fields) in edits {
        for with_targets in [false, true] {
            let mut value = whole.clone();
            for (field, text) in &fields {
                value["entries"][0][field] = json!(text);
                if with_targets && *field == "path" {
                    value["entries"][0]["targets"][0]["path"] = json!(text);
                }
            }
            fs::write(&day.plan, value.to_string()).expect("written");
            let said = day.apply(&["--yes"]);
            assert_eq!(said.code, 1, "{what}: {}{}", said.out, said.why);
            assert!(contents(&day.home("")) == before, "{what}");
        }
    }
    // One that was not planned, beside one that was.
    let mut value = whole.clone();
    let mut more = value["entries"][0].clone();
    for (field, text) in [("path", ""), ("key", "file:")] {
        more[field] = json!(format!("{text}{home}/keep/sure.bin"));
    }
    more["targets"][0]["path"] = more["path"].clone();
    value["entries"].as_array_mut().expect("entries").push(more);
    fs::write(&day.plan, value.to_string()).expect("written");
    let said = day.apply(&["--yes"]);
    assert_eq!(said.code, 4, "{}", said.out);
    assert!(day.home("keep/sure.bin").exists() && !day.home("keep/c.bin").exists());
}

#[test]
fn what_is_no_plan_for_this_machine_is_refused_and_nothing_is_done() {
    let day = Day::new();
    day.plan(&["keep/c.bin"], How::ForGood);
    let before = contents(&day.home(""));
    let whole = day.json();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut value = whole.clone();
        change(&mut value);
        value.to_string().into_bytes()
    };
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "no plan of mldu"),
        (b"\xff\xfe not JSON \x1b[2J".to_vec(), "no plan of mldu"),
        (vec![b'['; 100_000], "no plan of mldu"),
        (br#"{"schema": 1, "log": []}"#.to_vec(), "does not say"),
        (whole.to_string().into_bytes()[..900].to_vec(), "no plan of mldu"),
        (with(&|v| v["schema"] = json!(2)), "a newer mldu made it"),
        (with(&|v| v["schema"] = json!(0)), "there is no schema 0"),
        (with(&|v| v["how"] = json!("\u{1b}[2Jnow")), "`how` is none that is known: \\e[2Jnow"),
        (with(&|v| v["entries"] = json!({"a": 1})), "no whole plan"),
        (with(&|v| v["entries"][0]["verdict"] = json!("\u{1b}]0;x\u{7}")), "unknown verdict"),
        (with(&|v| v["entries"][0]["targets"][0]["ino"] = json!(-1)), "no whole plan"),
        (with(&|v| v["made"]["machine"] = json!("0123")), "it was made on another machine"),
        (with(&|v| v["scan"]["roots"] = json!([{"path": "home"}])), "does not begin with /"),
    ];
    for (content, reason) in cases {
        fs::write(&day.plan, &content).expect("written");
        let said = day.apply(&["--yes"]);
        assert_eq!(said.code, 1, "{reason}: {}", said.out);
        assert!(said.why.contains(reason) && said.why.contains("plan.json"), "{reason}: {}", said.why);
        assert!(!said.why.contains('\x1b') && said.out.is_empty(), "{}", said.why);
        assert!(contents(&day.home("")) == before, "{reason}");
    }
    // A machine without a number goes by its name.
    fs::write(&day.plan, with(&|v| v["made"]["machine"] = Value::Null)).expect("written");
    if Path::new("/etc/machine-id").exists() {
        assert_eq!(day.apply(&["--yes"]).code, 1);
    }
    File::create(&day.plan).expect("made").set_len(300 << 20).expect("a hole");
    let said = day.apply(&["--yes"]);
    assert!(said.code == 1 && said.why.contains("larger than"), "{}", said.why);
    fs::remove_file(&day.plan).expect("removed");
    let said = day.apply(&["--yes"]);
    assert!(said.code == 1 && said.why.contains("No such file"), "{}", said.why);
    assert!(Command::new("mkfifo").arg(&day.plan).status().expect("mkfifo runs").success());
    let said = day.apply(&["--yes"]);
    assert!(said.code == 1 && said.why.contains("not a regular file"), "{}", said.why);
}

#[test]
fn a_file_that_others_may_write_is_not_obeyed() {
    let day = Day::new();
    day.plan(&["keep/c.bin"], How::ForGood);
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&day.plan, fs::Permissions::from_mode(mode)).expect("set");
        let said = day.apply(&["--yes"]);
        assert_eq!(said.code, 1, "{mode:o}: {}", said.out);
        assert!(said.why.contains("others may write it") && said.why.contains("chmod go-w"), "{}", said.why);
        assert!(day.home("keep/c.bin").exists());
    }
    // What nobody knows in it is nothing to it, and many may read it.
    fs::set_permissions(&day.plan, fs::Permissions::from_mode(0o644)).expect("set");
    day.edit(|v| {
        v["later"] = json!({"x": [1, 2]});
        v["entries"][0]["owner_of_the_day"] = json!("ana");
    });
    let said = day.apply(&["--yes"]);
    assert_eq!((said.code, said.why.as_str()), (0, ""), "{}", said.out);
    assert!(!day.home("keep/c.bin").exists());
}

#[test]
#[ignore = "needs root: gives the plan to somebody else"]
fn the_plan_of_somebody_else_is_not_obeyed() {
    let day = Day::new();
    day.plan(&["keep/c.bin"], How::ForGood);
    std::os::unix::fs::chown(&day.plan, Some(2000), Some(2000)).expect("given");
    let said = day.apply(&["--yes"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.why.contains("2000's, who can change what goes"), "{}", said.why);
    assert!(day.home("keep/c.bin").exists());
}

#[test]
#[ignore = "needs root: mounts a file system"]
fn on_a_full_disk_it_says_where_there_is_room() {
    let day = Day::new();
    let small = day.w.root.join("small");
    fs::create_dir(&small).expect("made");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&small).status();
    assert!(mounted.expect("mount runs").success());
    let _ = fs::write(small.join("full"), vec![1; 128 * 1024]);
    let (root, out) = (day.home("").display().to_string(), small.join("p.json").display().to_string());
    let said = day.run(&["plan", &root, "-o", &out]);
    let left = fs::read_dir(&small).expect("read").count();
    assert!(Command::new("umount").arg(&small).status().expect("umount runs").success());
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.why.contains("no space left there; /dev/shm/p.json is in memory"), "{}", said.why);
    assert_eq!(left, 1, "nothing of it is left");
}

#[test]
fn cron_does_it_without_a_terminal_only_if_told_to() {
    let day = Day::new();
    day.plan(&["keep/c.bin", "work/data"], How::Trash);
    let before = contents(&day.home(""));
    let said = day.apply(&[]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(
        said.out.contains("keep/c.bin") && said.why.contains("--yes does it"),
        "{}{}",
        said.out,
        said.why
    );
    for args in [&["-n"][..], &["-n", "--delete"], &["-n", "-r"]] {
        let said = day.apply(args);
        assert_eq!((said.code, said.why.as_str()), (0, ""), "{args:?}: {}", said.out);
        assert!(said.out.contains("PLAN  2 items"), "{args:?}: {}", said.out);
    }
    let said = day.apply(&["-r", "--yes"]);
    assert!(said.code == 1 && said.why.contains("read-only"), "{}", said.why);
    assert!(contents(&day.home("")) == before);
    append(&day.home("keep/c.bin"));
    let said = day.apply(&["--yes", "--json"]);
    assert_eq!(said.code, 4, "{}", said.why);
    let v: Value = serde_json::from_str(&said.out).expect("one document");
    assert_eq!(v["plan"]["how"], "trash");
    assert_eq!(v["plan"]["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(v["done"]["steps"][0]["outcome"], "trashed");
    let reason = v["plan"]["left_out"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("written to since"), "{reason}");
    assert!(v["plan"]["left_out"][0]["way_on"].as_str().is_some_and(|w| w.contains("mldu plan -o")));
}

#[test]
fn a_folder_with_marked_caches_in_it_goes_as_one_or_stays() {
    for used in [false, true] {
        let day = Day::new();
        model(&day);
        day.plan_with(How::ForGood, |inventory| {
            let mut marks = Marks::default();
            let folder = inventory.tree.find(&day.home(".cache")).expect("scanned");
            marks.insert(Mark::Node(folder));
            for item in inventory.items().filter(|i| i.parent.is_none() && !i.is_rest) {
                marks.insert(Mark::Item(item.id));
            }
            marks
        });
        let v = day.json();
        let entry = &v["entries"].as_array().expect("entries")[0];
        assert_eq!(v["entries"].as_array().map(Vec::len), Some(1), "{v:#}");
        assert!(!entry["with"].as_array().expect("what lies in it").is_empty());
        let blob = day.home(".cache/huggingface/hub/models--o--n/blobs/shared");
        let held = used.then(|| File::open(&blob).expect("open"));
        let said = day.apply(&["--yes"]);
        assert_eq!(said.code, i32::from(used), "{}{}", said.out, said.why);
        assert_eq!(day.home(".cache").exists(), used);
        assert_eq!(blob.exists(), used, "{}", said.out);
        drop(held);
    }
}

#[test]
fn the_command_writes_what_is_safe_for_its_owner_alone() {
    let day = Day::new();
    model(&day);
    let partial = day.w.file(".cache/huggingface/hub/models--o--n/blobs/x.incomplete", 16);
    old(&partial, 3);
    let plan = day.plan.display().to_string();
    // Read-only, it still writes the file that is asked for; and from a folder it is not applied in.
    let said = day.run(&["plan", "home", "-e", "*.nothing", "-r", "-o", &plan]);
    assert_eq!((said.code, said.why.as_str()), (0, ""), "{}", said.out);
    assert!(
        said.out.contains("PLAN  1 item") && said.out.contains(&format!("mldu apply {plan}")),
        "{}",
        said.out
    );
    assert_eq!(day.plan.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    let v = day.json();
    assert_eq!(v["scan"]["roots"][0]["path"], day.home("").display().to_string().trim_end_matches('/'));
    assert_eq!((&v["scan"]["exclude"][0], &v["how"]), (&json!("*.nothing"), &json!("trash")));
    assert_eq!(v["entries"].as_array().map(Vec::len), Some(1));
    let entry = &v["entries"][0];
    assert_eq!(entry["path"], partial.display().to_string());
    for (field, value) in
        [("family", "huggingface"), ("kind", "partial"), ("verdict", "safe"), ("action", "trash")]
    {
        assert_eq!(entry[field], value, "{field}");
    }
    let meta = partial.metadata().expect("there");
    let target = &entry["targets"][0];
    assert_eq!(target["ino"], std::os::unix::fs::MetadataExt::ino(&meta));
    assert_eq!(target["size"], 16 * 1024);
    // It takes the rules of `mldu clean`.
    let said = day.run(&["plan", "home", "--category", "hub", "--older-than", "2d", "-o", &plan]);
    assert_eq!((said.code, said.why.as_str()), (0, ""), "{}", said.out);
    let kinds: Vec<String> =
        day.json()["entries"].as_array().expect("entries").iter().map(|e| e["kind"].to_string()).collect();
    assert_eq!(kinds, ["\"partial\"", "\"revision\"", "\"revision\""], "safe ones first");
    let said = day.run(&["plan", "home", "--family", "nothing", "-o", &plan]);
    assert!(said.code == 2 && said.why.contains("there is no family"), "{}", said.why);
    let said = day.run(&["plan", "home", "--name", "nothing", "-o", &plan]);
    assert!(said.code == 0 && said.out.contains("There is nothing to do."), "{}", said.out);
    assert_eq!(day.json()["entries"], json!([]), "an empty plan is one");
    let said = day.apply(&["--yes"]);
    assert!(said.code == 0 && said.out.contains("There is nothing to do."), "{}", said.out);
    // A plan may take the place of a plan, and of nothing else.
    assert_eq!(day.run(&["plan", "home", "--delete", "-o", &plan]).code, 0);
    assert_eq!(day.json()["how"], "for-good");
    let notes = day.w.root.join("notes.json");
    fs::write(&notes, "{\"mine\": 1}").expect("written");
    let said = day.run(&["plan", "home", "-o", &notes.display().to_string()]);
    assert!(said.code == 1 && said.why.contains("something else is there"), "{}", said.why);
    assert_eq!(fs::read(&notes).expect("there"), b"{\"mine\": 1}");
    let said = day.run(&["plan", "home", "-o", "-"]);
    let v: Value = serde_json::from_str(&said.out).expect("the plan alone");
    assert_eq!((said.code, &v["mldu"]), (0, &json!("plan")));
    assert!(partial.exists());
    let said = day.apply(&["--yes"]);
    assert_eq!((said.code, said.why.as_str(), partial.exists()), (0, "", false), "{}", said.out);
    assert!(day.home(".cache/huggingface/hub/models--o--n/blobs/shared").exists());
}

#[test]
fn w_writes_the_plan_on_the_screen() {
    let day = Day::new();
    let partial = day.w.file(".cache/huggingface/hub/models--o--n/blobs/x.incomplete", 16);
    model(&day);
    old(&partial, 3);
    let home = day.home("").display().to_string();
    let vars = vars(&day.home(""));
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut term = Term::start(mldu(), &[&home], &vars, (80, 24));
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.type_slowly("g /");
    term.send("unfinished\r");
    term.wait_for("unfinished dow");
    term.type_slowly("G d");
    term.answer("w save plan", "w");
    term.answer("Save as: mldu-plan-20", "\x15");
    term.send(&day.plan.display().to_string());
    term.settle();
    term.send("\r");
    term.wait_for("saved; to do it later: mldu apply");
    term.send("\x1b");
    term.wait_for("1 marked");
    term.type_slowly("qy");
    assert_eq!(term.exit_code(), 0);
    assert!(partial.exists());
    assert_eq!(day.plan.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    let said = day.apply(&["--yes"]);
    assert_eq!((said.code, partial.exists()), (0, false), "{}{}", said.out, said.why);
}
