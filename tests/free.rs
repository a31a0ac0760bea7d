//! So many bytes: `mldu free`, on real files, and on a disk that is really full.

#[path = "common/ground.rs"]
mod ground;
#[path = "common/pty.rs"]
mod pty;
#[path = "common/world.rs"]
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ground::{Mounted, put};
use mldu::sys::mounts;
use pty::{Term, vars};
use serde_json::Value;
use world::contents;

/// A file of so many KiB, written so many days ago: what was written just now may still be.
fn aged(path: &Path, kib: usize, days: u64) -> PathBuf {
    let path = put(path, kib);
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
    let file = std::fs::File::options().append(true).open(&path).expect("opened");
    file.set_modified(then).expect("dated");
    path
}

/// A cache of what nobody misses, of what can be fetched again, and of what has to be looked at; and work.
struct Home {
    path: PathBuf,
    _tmp: Option<tempfile::TempDir>,
}

const SAFE: &str = ".cache/huggingface/hub/models--acme--llm/blobs/0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a.0badc0de.incomplete";
const OLD: &str = ".cache/whisper/large.pt";
const NEW: &str = ".cache/whisper/small.pt";
const WORK: &str = "work/data.bin";

impl Home {
    fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let path = tmp.path().canonicalize().expect("a path").join("home");
        Self::at(path, Some(tmp))
    }

    fn at(path: PathBuf, tmp: Option<tempfile::TempDir>) -> Self {
        let home = Self { path, _tmp: tmp };
        for (file, kib, days) in [(SAFE, 3072, 30), (OLD, 4096, 200), (NEW, 2048, 2), (WORK, 1024, 400)] {
            aged(&home.path.join(file), kib, days);
        }
        std::fs::create_dir_all(home.path.join("tmp")).expect("made");
        home
    }

    fn mldu(&self, args: &[&str]) -> Output {
        let mut command = Command::new(pty::mldu());
        command.env_clear().envs(vars(&self.path)).args(args).arg(&self.path);
        command.output().expect("it runs")
    }

    fn is_there(&self, file: &str) -> bool {
        self.path.join(file).exists()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn code(out: &Output) -> i32 {
    out.status.code().expect("it ends")
}

/// The places in the plan.
fn planned(out: &Output) -> Vec<String> {
    let v: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let items = v["plan"]["items"].as_array().expect("items").iter();
    items.map(|i| i["path"].as_str().expect("a path").to_string()).collect()
}

#[test]
fn the_gentlest_is_planned_and_without_a_terminal_nothing_is_done() {
    let home = Home::new();
    let before = contents(&home.path);
    let ends = |out: &Output, names: &[&str]| {
        let planned = planned(out);
        assert_eq!(planned.len(), names.len(), "{planned:?}");
        for name in names {
            assert!(planned.iter().any(|p| p.ends_with(name)), "{name}: {planned:?}");
        }
    };
    ends(&home.mldu(&["free", "2M", "-n", "--json"]), &[SAFE]);
    ends(&home.mldu(&["free", "5M", "-n", "--json"]), &[SAFE, OLD]);
    ends(&home.mldu(&["free", "8M", "-n", "--json"]), &[SAFE, OLD, NEW]);
    let out = home.mldu(&["free", "5M"]);
    assert_eq!(code(&out), 2, "{}", text(&out.stderr));
    assert!(
        text(&out.stdout).contains("This is the gentlest that gives that back."),
        "{}",
        text(&out.stdout)
    );
    assert!(text(&out.stderr).contains("--yes"), "{}", text(&out.stderr));
    // Which way is not guessed where nobody is asked.
    let out = home.mldu(&["free", "5M", "--yes"]);
    assert_eq!(code(&out), 2);
    assert!(text(&out.stderr).contains("--trash or --delete"), "{}", text(&out.stderr));
    assert_eq!(code(&home.mldu(&["free", "0"])), 2);
    assert_eq!(code(&home.mldu(&["free", "many"])), 2);
    let out = home.mldu(&["free", "5M", "--delete", "--yes", "-r"]);
    assert_eq!(code(&out), 1, "what is read-only frees nothing");
    ends(&home.mldu(&["free", "5M", "-n", "-r", "--json"]), &[SAFE, OLD]);
    let out = home.mldu(&["free", "5M", "--on", "/proc/nothing"]);
    assert_eq!(code(&out), 1, "{}", text(&out.stderr));
    assert_eq!(contents(&home.path), before, "nothing of all that changed anything");
}

#[test]
fn it_goes_for_good_or_to_the_trash_and_says_which() {
    let home = Home::new();
    let out = home.mldu(&["free", "5M", "--trash", "--yes"]);
    let said = text(&out.stdout);
    assert_eq!(code(&out), 0, "{said}{}", text(&out.stderr));
    assert!(said.contains("frees nothing until that is emptied"), "{said}");
    assert!(!home.is_there(SAFE) && !home.is_there(OLD) && home.is_there(NEW));
    assert_eq!(std::fs::read_dir(home.path.join(".local/share/Trash/files")).expect("a trash").count(), 2);
    // What lies in the trash is no longer anything to go: the rest is the newer model alone.
    let out = home.mldu(&["free", "1M", "--delete", "--yes", "--json"]);
    assert_eq!(code(&out), 0, "{}", text(&out.stderr));
    let v: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(planned(&out).len(), 1);
    assert_eq!(v["done"]["steps"][0]["outcome"], "deleted");
    assert!(!home.is_there(NEW) && home.is_there(WORK));
    assert_eq!(std::fs::read_dir(home.path.join(".local/share/Trash/files")).expect("a trash").count(), 2);
}

#[test]
fn too_little_is_said_done_all_the_same_and_ends_with_4() {
    let home = Home::new();
    let out = home.mldu(&["free", "1T", "-n"]);
    let said = text(&out.stdout);
    assert_eq!(code(&out), 0, "{said}");
    assert!(said.contains("NOT ENOUGH: 1.0 TiB were asked for"), "{said}");
    assert!(said.contains("9.0 MiB can come back"), "{said}");
    let out = home.mldu(&["free", "1T", "--delete", "--yes"]);
    assert_eq!(code(&out), 4, "{}", text(&out.stderr));
    assert!(!home.is_there(SAFE) && !home.is_there(OLD) && !home.is_there(NEW));
    assert!(home.is_there(WORK), "what nobody knows is never proposed");
    let out = home.mldu(&["free", "1M", "--delete", "--yes"]);
    assert_eq!(code(&out), 4, "nothing is left to free");
    assert!(home.is_there(WORK));
}

#[test]
fn what_is_used_since_is_replaced_by_the_next() {
    let home = Home::new();
    // A process that maps nothing and opens one of them: it stays, and something else makes up for it.
    let held = std::fs::File::open(home.path.join(SAFE)).expect("opened");
    let mut user = Command::new("sleep").arg("60").stdin(held).spawn().expect("it runs");
    let out = home.mldu(&["free", "3M", "-n", "--json"]);
    let planned = planned(&out);
    user.kill().expect("ended");
    user.wait().expect("ended");
    assert!(planned.len() == 1 && planned[0].ends_with(OLD), "{planned:?}");
}

#[test]
fn what_was_left_out_of_the_scan_is_not_proposed() {
    let home = Home::new();
    let kernel = ".triton/cache/4D5E0A5B6C7D8E9FA0B1C2D3E4F5061728394A5B6C7D8E9F0A1B/kernel.cubin";
    aged(&home.path.join(kernel), 4096, 9);
    let proposed = |more: &[&str]| {
        let mut args = vec!["free", "1T", "-n", "--json"];
        args.extend(more);
        planned(&home.mldu(&args)).iter().any(|p| p.contains(".triton"))
    };
    assert!(proposed(&[]));
    // Nobody knows what would go with it; and it is no part of what the first lines promise.
    assert!(!proposed(&["-e", "kernel.cubin"]));
}

#[test]
fn at_a_terminal_the_word_is_asked_for() {
    let home = Home::new();
    let shown = home.path.display().to_string();
    let vars = vars(&home.path);
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let start = || Term::start(pty::mldu(), &["free", "2M", &shown], &vars, (100, 30));
    let mut term = start();
    term.wait_for("Type  delete  to go on");
    term.send("y\r");
    assert_eq!(term.exit_code(), 1);
    assert!(home.is_there(SAFE), "y is not the word");
    let mut term = start();
    term.wait_for("Type  delete  to go on");
    term.send("delete\r");
    assert_eq!(term.exit_code(), 0, "{}", term.settle());
    assert!(!home.is_there(SAFE) && home.is_there(OLD));
}

fn available(path: &Path) -> u64 {
    mounts::space(path).expect("asked").available
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn a_full_disk_has_at_least_that_much_afterwards() {
    let mounted = Mounted::ext4(32);
    let home = Home::at(mounted.path.join("home"), None);
    mounted.fill();
    assert!(available(&mounted.path) < 65536, "it is full");
    let out = home.mldu(&["free", "5M", "--delete", "--yes"]);
    assert_eq!(code(&out), 0, "{}{}", text(&out.stdout), text(&out.stderr));
    assert!(available(&mounted.path) >= 5 << 20, "{} are free", available(&mounted.path));
    assert!(home.is_there(NEW) && home.is_there(WORK), "no more than that");
    // A share of the file system, on a mount that is named by a folder on it.
    let on = home.path.join("work").display().to_string();
    let out = home.mldu(&["free", "5%", "--on", &on, "--delete", "--yes"]);
    assert_eq!(code(&out), 0, "{}{}", text(&out.stdout), text(&out.stderr));
    assert!(!home.is_there(NEW) && home.is_there(WORK));
}

#[test]
#[ignore = "needs root: mounts an overlay on ext4 from a file"]
fn what_lies_in_the_image_of_a_container_is_no_part_of_it() {
    let mounted = Mounted::ext4(32);
    let at = |name: &str| mounted.path.join(name);
    // Older, and larger: it would be first, if deleting it gave anything back.
    let image = aged(&at("lower/home").join(OLD), 4096, 900);
    // Before it is written, a file system does not say where it lies; and what is older is of the image.
    let settle = || mldu::sys::beneath::sync(&mounted.path).expect("synced");
    settle();
    for folder in ["upper", "work", "merged"] {
        std::fs::create_dir(at(folder)).expect("made");
    }
    let [lower, upper, work, merged] =
        ["lower", "upper", "work", "merged"].map(|n| at(n).display().to_string());
    let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
    ground::run("mount", &["-t", "overlay", "-o", &options, "overlay", &merged]);
    let home = Home { path: at("merged/home"), _tmp: None };
    aged(&home.path.join(NEW), 2048, 2);
    settle();
    let out = home.mldu(&["free", "1M", "-n", "--json"]);
    let all = planned(&out);
    assert!(all.len() == 1 && all[0].ends_with(NEW), "{all:?} {}", text(&out.stderr));
    let out = home.mldu(&["free", "3M", "-n"]);
    let said = text(&out.stdout);
    assert!(
        said.contains("NOT ENOUGH") && said.contains("Passed over: large.pt, it lies in the image"),
        "{said}"
    );
    let before = available(&mounted.path);
    let out = home.mldu(&["free", "1M", "--delete", "--yes"]);
    assert_eq!(code(&out), 0, "{}{}", text(&out.stdout), text(&out.stderr));
    assert!(available(&mounted.path) >= before + (1 << 20));
    assert!(image.exists() && home.is_there(OLD));
}

#[test]
#[ignore = "needs root: mounts ext4 from a file"]
fn of_two_disks_the_full_one_is_meant() {
    let (full, roomy) = (Mounted::ext4(32), Mounted::ext4(32));
    let home = Home::at(full.path.join("home"), None);
    let other = Home::at(roomy.path.join("home"), None);
    full.fill();
    let roomy_path = other.path.display().to_string();
    let out = home.mldu(&["free", "6M", "-n", "--json", &roomy_path]);
    let all = planned(&out);
    assert!(!all.is_empty() && all.iter().all(|p| Path::new(p).starts_with(&full.path)), "{all:?}");
    let out = home.mldu(&["free", "6M", "-n", "--json", "--on", &roomy_path, &roomy_path]);
    let all = planned(&out);
    assert!(!all.is_empty() && all.iter().all(|p| Path::new(p).starts_with(&roomy.path)), "{all:?}");
    // Of a mount that was not scanned nothing is said.
    let out = home.mldu(&["free", "6M", "-n", "--on", &roomy_path]);
    assert_eq!(code(&out), 1);
    assert!(text(&out.stderr).contains("nothing was scanned there"), "{}", text(&out.stderr));
}
