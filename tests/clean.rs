//! `mldu clean`: what answers to which rule, what stays and is told, what `conda clean` gets wrong; on real files.

#[path = "common/ground.rs"]
mod ground;
#[path = "common/pty.rs"]
mod pty;
#[path = "common/world.rs"]
mod world;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use assert_cmd::Command;
use mldu::families::conda::flags;
use mldu::model::inventory::Inventory;
use mldu::model::select::{Selected, Selector, Stays, select};
use mldu::model::verdict::Verdict;
use mldu::removal::plan::{How, Plan};
use mldu::scan::{Session, Settings};
use predicates::prelude::*;
use serde_json::Value;
use world::{World, contents};

/// Long after every file of these tests was written.
const LATER: &str = "2030-03-17T17:46:40Z";
const NOW: i64 = 1_900_000_000;
const WEB: &str = "https://conda.anaconda.org/conda-forge/linux-64";

/// The program in this home, long after everything in it was written.
fn mldu(w: &World, args: &[&str]) -> Command {
    let home = w.env.home();
    let mut command = Command::cargo_bin("mldu").expect("it is built");
    command.env_clear().env("HOME", home).env("TMPDIR", home.join("tmp")).env("LANG", "C.UTF-8");
    command.env("MLDU_ONLY_BELOW", &w.root).args(args);
    command
}

fn clean(w: &World, args: &[&str]) -> Command {
    let mut command = mldu(w, &["clean", "--now", LATER]);
    command.args(args).arg(w.env.home());
    command
}

fn json(command: &mut Command) -> Value {
    let out = command.arg("--json").assert().code(0);
    serde_json::from_slice(&out.get_output().stdout).expect("JSON")
}

/// The names of what would go, sorted.
fn would(w: &World, args: &[&str]) -> Vec<String> {
    let v = json(clean(w, &["-n"]).args(args));
    assert_eq!((&v["schema"], &v["done"]), (&Value::from(1), &Value::Null));
    let items = v["plan"]["items"].as_array().expect("a list");
    let mut names: Vec<String> =
        items.iter().map(|i| i["name"].as_str().expect("a name").to_string()).collect();
    names.sort();
    names
}

/// The same with what is told besides.
fn told(w: &World, args: &[&str]) -> String {
    let v = json(clean(w, &["-n"]).args(args));
    let notes = v["plan"]["notes"].as_array().expect("a list").iter();
    notes.map(|n| n.as_str().expect("text")).collect::<Vec<_>>().join("\n")
}

/// Gives a file or folder a time so many days before [`NOW`].
fn age(path: &Path, days: u64) {
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(NOW as u64 - days * 86_400);
    std::fs::File::open(path).expect("there").set_modified(then).expect("a time");
}

fn age_all(path: &Path, days: u64) {
    for entry in walkdir::WalkDir::new(path).contents_first(true).into_iter().flatten() {
        if !entry.file_type().is_symlink() {
            age(entry.path(), days);
        }
    }
}

/// A cache of archives, of Keras, of pip and of a person, each of something.
fn household() -> World {
    let w = World::new();
    let text = |below: &str, text: &str| std::fs::write(w.file(below, 0), text).expect("written");
    let pkgs = "miniconda3/pkgs";
    w.file("miniconda3/conda-meta/history", 1);
    w.file(&format!("{pkgs}/numpy-2.0-0.conda"), 64);
    w.file(&format!("{pkgs}/mine-1.0-0.conda"), 16);
    w.file(&format!("{pkgs}/torch-2.4-0.conda.partial"), 32);
    text(&format!("{pkgs}/urls.txt"), &format!("{WEB}/numpy-2.0-0.conda\nfile:///srv/c/mine-1.0-0.conda\n"));
    for name in ["vgg16.h5", "resnet50.h5"] {
        w.file(&format!(".cache/whisper/{}", name.replace(".h5", ".pt")), 128);
    }
    w.file(".triton/cache/ABCDEF/kernel.cubin", 48);
    w.file("runs/llm/checkpoint-500/model.safetensors", 256);
    w.file("runs/llm/checkpoint-500/trainer_state.json", 1);
    w.file("work/data.bin", 512);
    w
}

#[test]
fn what_is_safe_goes_and_the_rest_is_asked_for() {
    let w = household();
    let safe = ["numpy 2.0 0", "torch 2.4 0"];
    assert_eq!(would(&w, &[]), safe);
    assert_eq!(would(&w, &["--category", "conda-tarballs"]), safe);
    assert_eq!(would(&w, &["--family", "conda", "--look-first"]), ["mine 1.0 0", safe[0], safe[1]]);
    assert_eq!(would(&w, &["--category", "hub"]), ["resnet50.pt", "vgg16.pt"]);
    assert_eq!(would(&w, &["--category", "hub,compile-caches"]).len(), 3);
    assert_eq!(would(&w, &["--family", "whisper,triton"]).len(), 3);
    assert_eq!(would(&w, &["--name", "vgg*"]), ["vgg16.pt"]);
    assert_eq!(would(&w, &["--name", "whisper/*50*"]), ["resnet50.pt"]);
    assert_eq!(would(&w, &["--name", "vgg*", "--name", "*.conda"]), ["numpy 2.0 0", "vgg16.pt"]);
    assert_eq!(would(&w, &["--name", "checkpoint-*"]), [""; 0]);
    assert_eq!(would(&w, &["--name", "checkpoint-*", "--look-first"]).len(), 1);
    assert_eq!(would(&w, &["--min-size", "100k"]), [""; 0]);
    assert_eq!(would(&w, &["--min-size", "100k", "--category", "hub,conda-tarballs"]).len(), 2);
    assert_eq!(would(&w, &["--min-size", "60k"]), ["numpy 2.0 0"]);
    assert_eq!(would(&w, &["--leftovers"]), ["torch 2.4 0"]);
    let out = told(&w, &["--tarballs"]);
    assert!(
        out.contains("1 thing (16.0 KiB) that a person may have made, or nobody knows; --look-first"),
        "{out}"
    );
    let out = told(&w, &[]);
    assert!(out.contains("Left out: 3 things (") && out.contains("to be fetched or made again"), "{out}");
    assert!(!out.contains("work"), "what nobody knows is nobody's to clean: {out}");
}

#[test]
fn a_dry_run_touches_nothing_and_read_only_is_fine_with_it() {
    let w = household();
    let before = contents(&w.root);
    clean(&w, &["-n", "--delete"]).assert().code(0).stdout(
        predicate::str::contains("PLAN  2 items")
            .and(predicate::str::contains("~/miniconda3/pkgs/numpy-2.0-0.conda")),
    );
    clean(&w, &["--dry-run", "--all"]).env("MLDU_READ_ONLY", "1").assert().code(0);
    mldu(&w, &["-r", "clean"]).assert().code(2);
    mldu(&w, &["clean", "-r", "--delete", "--yes"]).arg(w.env.home()).assert().code(1);
    assert_eq!(contents(&w.root), before);
    assert!(!w.env.home().join(".local").exists(), "no state, no trash");
}

#[test]
fn it_ends_with_the_right_code_and_says_why() {
    let w = household();
    let before = contents(&w.root);
    let usage = |args: &[&str], why: &str| {
        clean(&w, args).assert().code(2).stderr(predicate::str::contains(why));
    };
    // Without a terminal nobody can be asked: the plan is told.
    clean(&w, &[])
        .assert()
        .code(2)
        .stdout(predicate::str::contains("numpy 2.0 0").or(predicate::str::contains("numpy-2.0-0.conda")));
    usage(&["--yes"], "--yes needs --trash or --delete");
    usage(&["--trash", "--delete"], "cannot be used with");
    usage(&["--look-first"], "say of what");
    usage(&["--family", "nonsense"], "no family `nonsense`");
    usage(&["--category", "nonsense"], "the groups are");
    usage(&["--category", "other"], "mark it in the interface");
    usage(&["--category", "held-open"], "when its processes end");
    usage(&["--older-than", "soon"], "weeks, days, hours");
    usage(&["--min-size", "much"], "a size is like");
    usage(&["--name", "[a"], "--name [a: ");
    usage(&["--name", "/"], "--name /: ");
    usage(&["--force-pkgs-dirs"], "it breaks environments");
    mldu(&w, &["clean", "-n", "/no/such/folder"])
        .assert()
        .code(1)
        .stderr(predicate::str::contains("/no/such/folder"));
    clean(&w, &["--older-than", "500w", "--delete", "--yes"])
        .assert()
        .code(0)
        .stdout(predicate::str::starts_with("Nothing to clean."));
    assert_eq!(contents(&w.root), before);
    clean(&w, &["--delete", "--yes"]).assert().code(0).stderr("");
    clean(&w, &["--delete", "--yes"]).assert().code(0).stdout(predicate::str::contains("Nothing to clean."));
}

#[test]
fn what_was_trashed_comes_back_and_what_was_deleted_is_gone() {
    let w = household();
    let before = contents(&w.root);
    let v = json(&mut clean(&w, &["--category", "hub", "--trash", "--yes"]));
    assert_eq!(v["done"]["steps"].as_array().map(Vec::len), Some(2), "{v}");
    assert!(v["plan"]["frees"] == 0 && v["plan"]["frees_later"].as_u64().is_some_and(|n| n >= 256 << 10));
    let whisper = w.env.home().join(".cache/whisper");
    assert_eq!(std::fs::read_dir(&whisper).expect("there").count(), 0);
    mldu(&w, &["undo"]).assert().code(0);
    let now: Vec<_> =
        contents(&w.root).into_iter().filter(|(p, _)| !p.starts_with(w.env.home().join(".local"))).collect();
    assert_eq!(now, before);
    let v = json(&mut clean(&w, &["--name", "vgg*", "--delete", "--yes"]));
    assert_eq!(v["done"]["steps"][0]["outcome"], "deleted", "{v}");
    let left = std::fs::read_dir(&whisper).expect("there").flatten().map(|e| e.file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["resnet50.pt"]);
    mldu(&w, &["undo"]).assert().code(0).stdout(predicate::str::contains("nothing"));
}

#[test]
fn what_a_process_uses_is_left_out_by_name() {
    let w = household();
    let file = std::fs::File::open(w.env.home().join(".cache/whisper/vgg16.pt")).expect("there");
    let mut child =
        std::process::Command::new("sleep").arg("60").stdin(Stdio::from(file)).spawn().expect("sleep runs");
    let out = clean(&w, &["--category", "hub", "--delete", "--yes"]).assert().code(0);
    child.kill().expect("ended");
    child.wait().expect("ended");
    let out = String::from_utf8_lossy(&out.get_output().stdout).into_owned();
    assert!(out.contains("Left out: ~/.cache/whisper/vgg16.pt, in use: open by sleep"), "{out}");
    let left = std::fs::read_dir(w.env.home().join(".cache/whisper")).expect("there").flatten();
    assert_eq!(left.map(|e| e.file_name()).collect::<Vec<_>>(), ["vgg16.pt"]);
}

#[test]
fn names_are_bytes_for_globs_too() {
    let w = household();
    let odd = w.env.home().join(".cache/whisper").join(std::ffi::OsStr::from_bytes(b"m\xff\n\x1b[2J.pt"));
    std::fs::write(&odd, vec![b'x'; 8192]).expect("written");
    assert_eq!(would(&w, &["--name", "m*.pt"]), ["m\\xff\\n\\e[2J.pt"]);
    assert_eq!(would(&w, &["--name", "m????2J.pt"]), ["m\\xff\\n\\e[2J.pt"]);
    let out = clean(&w, &["--name", "m*.pt", "--delete", "--yes"]).assert().code(0);
    assert!(!out.get_output().stdout.contains(&0x1b), "shown safely");
    assert!(!odd.exists() && w.env.home().join(".cache/whisper/vgg16.pt").exists());
}

#[test]
fn a_thing_is_as_old_as_the_newest_in_it() {
    let w = World::new();
    let hub = w.env.home().join(".cache/torch/hub");
    for (repo, days) in [("lab_young_main", 3), ("lab_old_main", 90), ("lab_unpacked_main", 400)] {
        w.file(&format!(".cache/torch/hub/{repo}/hubconf.py"), 1);
        w.file(&format!(".cache/torch/hub/{repo}/more/net.py"), 1);
        age_all(&hub.join(repo), days);
    }
    // Only what lies deep in it is young.
    age(&hub.join("lab_young_main"), 200);
    age(&hub.join("lab_young_main/more"), 200);
    age(&hub.join("lab_young_main/hubconf.py"), 200);
    // Yesterday it was unpacked: its files are as old as the archive says.
    age(&hub.join("lab_unpacked_main/more"), 1);
    // 1970 is no time.
    w.file(".cache/torch/hub/lab_epoch_main/hubconf.py", 1);
    age_all(&hub.join("lab_epoch_main"), NOW as u64 / 86_400);
    let begin = std::fs::File::open(hub.join("lab_epoch_main/hubconf.py")).expect("there");
    begin.set_modified(std::time::UNIX_EPOCH).expect("a time");
    let older = |age: &str| would(&w, &["--family", "torch-hub", "--older-than", age]);
    assert_eq!(older("30d"), ["lab/old"]);
    assert_eq!(older("2d"), ["lab/old", "lab/young"]);
    assert_eq!(older("100d"), [""; 0]);
    assert_eq!(older("12h"), ["lab/old", "lab/unpacked", "lab/young"]);
}

#[test]
fn only_as_much_goes_as_it_takes() {
    let w = household();
    let before = contents(&w.root);
    // There is a byte free: nothing has to go, and that is no error.
    let hub = ["--category", "hub", "--delete", "--yes"];
    let out = clean(&w, &hub).args(["--min-free", "1"]).assert().code(0);
    let out = String::from_utf8_lossy(&out.get_output().stdout).into_owned();
    assert!(out.starts_with("Nothing to clean.") && out.contains("free, which is enough"), "{out}");
    assert_eq!(contents(&w.root), before);
    clean(&w, &["--min-free", "lots"]).assert().code(2);
    // More than there is: all of it goes, and it is said that this is not enough.
    assert_eq!(would(&w, &["--category", "hub", "--min-free", "100%"]).len(), 2);
    let out = clean(&w, &hub).args(["--min-free", "100%"]).assert().code(4);
    let out = String::from_utf8_lossy(&out.get_output().stdout).into_owned();
    assert!(out.contains("no more than ") && out.contains(" were asked for"), "{out}");
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn as_much_as_was_asked_for_is_free_then_and_the_safest_and_oldest_went() {
    let mounted = ground::Mounted::tmpfs("size=16m,mode=0755");
    let w = World::on(&mounted.path, mldu::env::Env::fixed(mounted.path.join("home")));
    let home = mounted.path.join("home");
    let put = |below: &str, kib, days| age(&w.file(below, kib), days);
    put("miniconda3/pkgs/young-1.0-0.conda", 1024, 10);
    put("miniconda3/pkgs/old-1.0-0.conda", 1024, 100);
    let urls = format!("{WEB}/young-1.0-0.conda\n{WEB}/old-1.0-0.conda\n");
    std::fs::write(w.file("miniconda3/pkgs/urls.txt", 0), urls).expect("written");
    put(".cache/whisper/older.pt", 2048, 300);
    put(".cache/whisper/newer.pt", 2048, 30);
    let space = || mldu::sys::mounts::space(&mounted.path).expect("asked").available;
    let run = |more: u64| {
        let wanted = (space() + (more << 10)).to_string();
        let args = ["--category", "conda-tarballs,hub", "--delete", "--yes", "--min-free", &wanted];
        let v = json(&mut clean(&w, &args));
        assert!(space() >= wanted.parse().expect("a number"), "{v}");
        let items = v["plan"]["items"].as_array().expect("a list").iter();
        items.map(|i| i["name"].as_str().expect("a name").to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(run(1000), "old 1.0 0");
    assert_eq!(run(1100), "young 1.0 0 older.pt");
    assert!(home.join(".cache/whisper/newer.pt").exists());
}

#[test]
#[ignore = "needs root: makes a file immutable"]
fn what_could_not_be_done_is_told_and_ends_with_4() {
    let mounted = ground::Mounted::ext4(16);
    let w = World::on(&mounted.path, mldu::env::Env::fixed(mounted.path.join("home")));
    let kept = w.file(".cache/whisper/kept.pt", 64);
    let gone = w.file(".cache/whisper/gone.pt", 64);
    ground::run("chattr", &["+i", &kept.display().to_string()]);
    let out = clean(&w, &["--category", "hub", "--delete", "--yes"]).assert().code(4);
    ground::run("chattr", &["-i", &kept.display().to_string()]);
    let out = String::from_utf8_lossy(&out.get_output().stdout).into_owned();
    assert!(
        out.contains("KEPT      ~/.cache/whisper/kept.pt: you may not") && out.contains("whisper/gone.pt\n"),
        "{out}"
    );
    assert!(kept.exists() && !gone.exists());
}

#[test]
fn in_a_terminal_a_person_is_asked() {
    let w = household();
    let home = w.env.home().display().to_string();
    let vars = pty::vars(w.env.home());
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let ask = |more: &[&str], answer: &str| {
        let mut args = vec!["clean", "--now", LATER, "--category", "hub"];
        args.extend(more);
        args.push(&home);
        let mut term = pty::Term::start(pty::mldu(), &args, &vars, (80, 24));
        term.wait_for("to go on:");
        term.send(&format!("{answer}\r"));
        let code = term.exit_code();
        (code, term.settle())
    };
    let whisper = || std::fs::read_dir(w.env.home().join(".cache/whisper")).expect("there").count();
    let (code, text) = ask(&["--delete"], "y");
    assert!(code == 1 && text.contains("nothing was removed") && whisper() == 2, "{text}");
    let (code, text) = ask(&[], "");
    assert!(code == 1 && text.contains("to the trash?") && whisper() == 2, "{text}");
    let (code, text) = ask(&["--trash", "--name", "vgg*"], "y");
    assert!(code == 0 && text.contains("Undo: mldu undo") && whisper() == 1, "{text}");
    // What is typed before the question is there is no answer to it.
    let args = ["clean", "--now", LATER, "--category", "hub", "--delete", &home];
    let mut term = pty::Term::start(pty::mldu(), &args, &vars, (80, 24));
    term.send("delete\r");
    term.answer("to go on:", "\r");
    assert_eq!((term.exit_code(), whisper()), (1, 1), "{}", term.settle());
    let (code, text) = ask(&["--delete"], "delete");
    assert!(code == 0 && text.contains("deleted") && whisper() == 0, "{text}");
}

/// An install of conda with everything in it that `conda clean` gets wrong.
struct Install {
    w: World,
    pkgs: PathBuf,
}

impl Install {
    fn new() -> Self {
        let w = World::new();
        let pkgs = w.env.home().join("miniconda3/pkgs");
        let i = Self { w, pkgs };
        i.text("conda-meta/history", "==> 2026-06-01 10:00:00 <==\n");
        i.text("condabin/conda", "#!/bin/sh\n");
        i.kib("lib/z.so.conda_trash", 8);
        i.text("pkgs/urls.txt", "");
        for name in ["free", "hard", "soft", "selfy", "backed", "nest"] {
            let at =
                if name == "nest" { "pkgs/https/conda.anaconda.org/conda-forge/linux-64" } else { "pkgs" };
            i.package(at, name, 40);
        }
        i.package("pkgs", "meta", 0);
        for env in ["hard", "soft"] {
            i.text(&format!("envs/{env}/conda-meta/history"), "");
            let record = format!(
                r#"{{"name":"{env}","version":"1.0","build":"0","url":"{WEB}/{env}-1.0-0.conda","channel":"c","files":["lib/{env}.so"],"link":{{"source":"{}/{env}-1.0-0","type":1}}}}"#,
                i.pkgs.display()
            );
            i.text(&format!("envs/{env}/conda-meta/{env}-1.0-0.json"), &record);
            std::fs::create_dir_all(i.at(&format!("envs/{env}/lib"))).expect("made");
        }
        i.hard_link("pkgs/hard-1.0-0/lib/hard.so", "envs/hard/lib/hard.so");
        i.link("../../../pkgs/soft-1.0-0/lib/soft.so", "envs/soft/lib/soft.so");
        i.hard_link("pkgs/selfy-1.0-0/lib/selfy.so", "pkgs/selfy-1.0-0/lib/selfy.so.1");
        // cp -al
        for file in ["lib/backed.so", "info/index.json", "info/repodata_record.json"] {
            i.hard_link(&format!("pkgs/backed-1.0-0/{file}"), &format!("../backup/{file}"));
        }
        i.link("free-1.0-0", "pkgs/alias-1.0-0");
        i.text(
            "pkgs/urls.txt",
            &format!("{WEB}/free-1.0-0.conda\n{WEB}/half-1.0-0.tar.bz2\nfile:///srv/c/local-1.0-0.conda\n"),
        );
        i.kib("pkgs/free-1.0-0.conda", 16);
        i.kib("pkgs/local-1.0-0.conda", 16);
        i.hard_link("pkgs/local-1.0-0.conda", "../channel/local-1.0-0.conda");
        i.kib("pkgs/https/conda.anaconda.org/conda-forge/linux-64/nest-1.0-0.conda", 16);
        i.kib("pkgs/half-1.0-0/lib/x.so", 8);
        i.kib("pkgs/part-1.0-0.tar.bz2.part", 8);
        i.kib("pkgs/partial-1.0-0.conda.partial", 8);
        i.kib("pkgs/.trash/old.so", 8);
        i.kib("pkgs/x.so.conda_trash", 8);
        i.kib("envs/hard/lib/hard.so.c~", 8);
        i.kib("envs/hard/lib/y.so.conda_trash", 8);
        i.kib("envs/hard/share/parser.c~", 8);
        i.kib("pkgs/cache/497deca9.json", 24);
        i.text("pkgs/cache/497deca9.info.json", &format!(r#"{{"url":"{WEB}/repodata.json.zst"}}"#));
        i.kib("pkgs/.logs/solver.json", 8);
        i
    }

    fn at(&self, below: &str) -> PathBuf {
        self.w.env.home().join("miniconda3").join(below)
    }

    fn text(&self, below: &str, text: &str) {
        std::fs::write(self.kib(below, 0), text).expect("written");
    }

    fn kib(&self, below: &str, kib: usize) -> PathBuf {
        self.w.file(&format!("miniconda3/{below}"), kib)
    }

    fn hard_link(&self, from: &str, to: &str) {
        std::fs::create_dir_all(self.at(to).parent().expect("below")).expect("made");
        std::fs::hard_link(self.at(from), self.at(to)).expect("linked");
    }

    fn link(&self, target: &str, at: &str) {
        std::os::unix::fs::symlink(target, self.at(at)).expect("linked");
    }

    fn package(&self, pkgs: &str, name: &str, kib: usize) {
        let at = format!("{pkgs}/{name}-1.0-0");
        self.text(&format!("{at}/info/index.json"), "{}");
        let record = format!(
            r#"{{"name":"{name}","version":"1.0","build":"0","url":"{WEB}/{name}-1.0-0.conda","channel":"c"}}"#
        );
        self.text(&format!("{at}/info/repodata_record.json"), &record);
        if kib > 0 {
            self.kib(&format!("{at}/lib/{name}.so"), kib);
        }
    }

    /// All that is known of this home, as a scan without folders reads it.
    fn scan(&self) -> Inventory {
        let settings = Settings::new(Arc::new(self.w.env.clone()), NOW);
        Session::new(settings).expect("threads").run()
    }
}

/// What a flag of `conda clean` means, of all that is there.
fn flagged(inventory: &Inventory, flag: &str, worst: Verdict) -> Selected {
    let kinds = flags::kinds(|f| f.long == flag);
    assert!(!kinds.is_empty(), "{flag}");
    select(inventory, &Selector { kinds, worst, ..Selector::default() }, NOW)
}

fn names(inventory: &Inventory, selected: &Selected) -> Vec<String> {
    let mut names: Vec<String> =
        selected.items().filter_map(|id| inventory.item(id)).map(|i| i.name.clone()).collect();
    names.sort();
    names
}

#[test]
fn each_flag_of_conda_takes_what_it_means_and_what_conda_misses() {
    let i = Install::new();
    let inventory = i.scan();
    let of = |flag: &str| names(&inventory, &flagged(&inventory, flag, Verdict::Rebuild));
    assert_eq!(of("tarballs"), ["free 1.0 0", "nest 1.0 0", "part 1.0 0", "partial 1.0 0"]);
    // Nested, self-linked, in a backup, half-extracted, without a file: none is needed. The alias is no package.
    assert_eq!(
        of("packages"),
        ["backed 1.0 0", "free 1.0 0", "half 1.0 0", "meta 1.0 0", "nest 1.0 0", "selfy 1.0 0"]
    );
    assert_eq!(of("index-cache"), ["conda-forge/linux-64"]);
    assert_eq!(
        of("tempfiles"),
        [
            ".trash",
            "what could not be deleted",
            "what could not be deleted",
            "what was set aside",
            "x.so.conda_trash"
        ]
    );
    assert_eq!(of("logfiles"), ["solver logs"]);
    let stays = flagged(&inventory, "packages", Verdict::Rebuild).stays;
    let mut stays: Vec<(&str, Stays)> =
        stays.iter().map(|(id, why)| (inventory.item(*id).expect("there").name.as_str(), *why)).collect();
    stays.sort_unstable();
    let env = inventory.items().find(|i| i.kind == "environment" && i.name == "hard").expect("there").id;
    assert_eq!(stays, [("hard 1.0 0", Stays::Linked(env)), ("soft 1.0 0", Stays::Needed)]);
    // A hard-linked archive from this disk: asked for, and then honest about what comes back.
    let look = flagged(&inventory, "tarballs", Verdict::LookFirst);
    let local =
        look.items().filter_map(|id| inventory.item(id)).find(|i| i.name == "local 1.0 0").expect("there");
    assert_eq!((local.measure.usage.on_disk >> 10, local.measure.frees), (16, 0));
    // Sizes of everything, each inode once, as the disk has them.
    let size = |flag: &str| {
        let all: Vec<_> = flagged(&inventory, flag, Verdict::Rebuild).items().collect();
        inventory.measure_set(&all).usage.on_disk >> 10
    };
    assert_eq!((size("index-cache"), size("logfiles")), (28, 12));
    let selfy = inventory.items().find(|i| i.name == "selfy 1.0 0").expect("there").measure;
    assert_eq!((selfy.usage.on_disk, selfy.held()), (selfy.frees, 0), "what links itself holds nothing");
    let backed = inventory.items().find(|i| i.name == "backed 1.0 0").expect("there").measure;
    assert_eq!(backed.held() >> 10, 48, "the backup holds its files");
}

#[test]
fn all_of_it_goes_and_every_environment_works() {
    let i = Install::new();
    let env = |below: &str| std::fs::read(i.at(below)).expect(below);
    let before: Vec<Vec<u8>> =
        ["envs/soft/lib/soft.so", "envs/hard/lib/hard.so", "../backup/lib/backed.so"].map(env).into();
    let inventory = i.scan();
    let selected = flagged(&inventory, "all", Verdict::Rebuild);
    let plan: Plan = i.w.plan(&inventory, &selected.marks, How::ForGood);
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    let report = i.w.run(&plan);
    assert!(report.is_clean(), "{:?}", report.steps);
    let after: Vec<Vec<u8>> =
        ["envs/soft/lib/soft.so", "envs/hard/lib/hard.so", "../backup/lib/backed.so"].map(env).into();
    assert_eq!(after, before);
    let mut left: Vec<String> = walkdir::WalkDir::new(i.at("."))
        .into_iter()
        .flatten()
        .filter(|e| !e.file_type().is_dir() && !e.path().components().any(|c| c.as_os_str() == "conda-meta"))
        .map(|e| e.path().strip_prefix(i.at(".")).expect("below").display().to_string())
        .collect();
    left.sort();
    assert_eq!(
        left,
        [
            "condabin/conda",
            "envs/hard/lib/hard.so",
            "envs/hard/share/parser.c~",
            "envs/soft/lib/soft.so",
            "pkgs/alias-1.0-0",
            "pkgs/hard-1.0-0/info/index.json",
            "pkgs/hard-1.0-0/info/repodata_record.json",
            "pkgs/hard-1.0-0/lib/hard.so",
            "pkgs/local-1.0-0.conda",
            "pkgs/soft-1.0-0/info/index.json",
            "pkgs/soft-1.0-0/info/repodata_record.json",
            "pkgs/soft-1.0-0/lib/soft.so",
            "pkgs/urls.txt",
        ]
    );
    // A second time there is nothing to do.
    let inventory = i.scan();
    assert!(flagged(&inventory, "all", Verdict::Rebuild).marks.is_empty());
}

#[test]
fn the_flags_are_those_of_the_table() {
    let i = Install::new();
    // Not every environment was read: no package goes, and that is told; all else does.
    let all = would(&i.w, &["--all"]);
    let each: Vec<String> = {
        let flags = ["--tarballs", "--packages", "--index-cache", "--tempfiles", "--logfiles"];
        let mut each: Vec<String> = flags.iter().flat_map(|f| would(&i.w, &[f])).collect();
        each.sort();
        each
    };
    assert_eq!(all, each);
    assert_eq!(all, would(&i.w, &["-a"]));
    assert_eq!(all, would(&i.w, &["-tpicl"]));
    assert!(!all.contains(&"free 1.0 0".to_string()) || would(&i.w, &["-p"]).is_empty());
    let out = told(&i.w, &["--packages"]);
    assert!(out.contains("that an environment elsewhere may need"), "{out}");
    assert!(
        out.contains(
            "Left out: soft 1.0 0  ~/miniconda3/pkgs/soft-1.0-0, needed: environment soft links into it"
        ),
        "{out}"
    );
    for flag in flags::FLAGS {
        let typed = [format!("--{}", flag.long), format!("-{}", flag.short)];
        let known = !flag.kinds.is_empty();
        for word in typed {
            let mut command = clean(&i.w, &["-n", &word]);
            let _ = command.assert().code(if known { 0 } else { 2 });
        }
    }
}

/// What a `RUN` of a Dockerfile finds: conda was installed a moment ago, nobody has a home or a name, and all that is
/// there is this file system and its processes.
fn image(root: &Path) {
    let copy = |from: &Path| {
        let to = root.join(from.strip_prefix("/").expect("absolute"));
        std::fs::create_dir_all(to.parent().expect("below")).expect("made");
        std::fs::copy(from, &to).expect("copied");
    };
    for program in
        ["/bin/dash", "/bin/sleep"].map(Path::new).into_iter().chain([Path::new(env!("CARGO_BIN_EXE_mldu"))])
    {
        let out = std::process::Command::new("ldd").arg(program).output().expect("ldd runs");
        let out = String::from_utf8_lossy(&out.stdout).into_owned();
        out.split_whitespace().filter(|w| w.starts_with('/')).for_each(|lib| copy(Path::new(lib)));
    }
    copy(Path::new("/bin/sleep"));
    std::fs::copy("/bin/dash", root.join("bin/sh")).expect("copied");
    std::fs::copy(env!("CARGO_BIN_EXE_mldu"), root.join("mldu")).expect("copied");
    std::fs::create_dir_all(root.join("proc")).expect("made");
    std::fs::create_dir_all(root.join("tmp")).expect("made");
    std::fs::create_dir_all(root.join("dev")).expect("made");
    // A shell opens it for what it runs in the background.
    std::fs::write(root.join("dev/null"), "").expect("made");
}

/// What `conda install` leaves there: packages that the base environment links, and one that it does not.
fn install(root: &Path) {
    let conda = root.join("opt/conda");
    let text = |below: &str, text: &str| {
        let path = conda.join(below);
        std::fs::create_dir_all(path.parent().expect("below")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    text("conda-meta/history", "==> 2026-11-21 10:00:00 <==\n");
    text("bin/conda", "#!/bin/sh\n");
    text("pkgs/urls.txt", &format!("{WEB}/numpy-2.0-0.conda\n{WEB}/gone-1.0-0.conda\n"));
    text("pkgs/cache/497deca9.json", &"x".repeat(40_000));
    for name in ["numpy-2.0-0", "gone-1.0-0"] {
        text(&format!("pkgs/{name}.conda"), &"x".repeat(100_000));
        text(&format!("pkgs/{name}/lib/{name}.so"), &"y".repeat(200_000));
        text(&format!("pkgs/{name}/info/index.json"), "{}");
        let (plain, _) = name.split_once('-').expect("a name");
        text(
            &format!("pkgs/{name}/info/repodata_record.json"),
            &format!(
                r#"{{"name":"{plain}","version":"2.0","build":"0","url":"{WEB}/{name}.conda","channel":"c"}}"#
            ),
        );
    }
    std::fs::create_dir_all(conda.join("lib")).expect("made");
    std::fs::hard_link(conda.join("pkgs/numpy-2.0-0/lib/numpy-2.0-0.so"), conda.join("lib/numpy.so"))
        .expect("linked");
}

/// Runs a line of a shell in an image, with processes of its own and no variable set.
fn in_image(root: &Path, line: &[&str]) -> (Option<i32>, String) {
    let out = std::process::Command::new("unshare")
        .args(["--pid", "--fork", "--mount", "--root"])
        .arg(root)
        .args(["--mount-proc", "--"])
        .args(line)
        .env_clear()
        .output()
        .expect("unshare runs");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    (out.status.code(), said)
}

fn paths(root: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        walkdir::WalkDir::new(root).into_iter().flatten().map(|e| e.path().into()).collect();
    all.sort();
    all
}

#[test]
#[ignore = "needs root: changes its root to a tmpfs"]
fn in_a_dockerfile_it_cleans_up_after_the_install_and_leaves_nothing() {
    let plain = &["/mldu", "clean", "--all", "--delete", "--yes"][..];
    let of_a_shell = &["/bin/sh", "-c", "/mldu clean --all --delete --yes; exit $?"][..];
    for (line, memory) in [(plain, false), (of_a_shell, true)] {
        let mounted = ground::Mounted::tmpfs("size=200m,mode=0755");
        let root = &mounted.path;
        image(root);
        install(root);
        let shm = root.join("dev/shm");
        if memory {
            std::fs::create_dir(&shm).expect("made");
            ground::run("mount", &["-t", "tmpfs", "-o", "mode=1777", "tmpfs", &shm.display().to_string()]);
        }
        let layer = || -> Vec<String> {
            let all = walkdir::WalkDir::new(root).same_file_system(true).into_iter().flatten();
            let mut all: Vec<String> =
                all.map(|e| e.path().strip_prefix(root).expect("below").display().to_string()).collect();
            all.sort();
            all
        };
        let before = layer();
        let used = || mldu::sys::mounts::space(root).expect("asked").used();
        let then = used();
        let (code, said) = in_image(root, line);
        assert_eq!(code, Some(0), "{said}");
        let after = layer();
        assert!(after.iter().all(|p| before.contains(p)), "nothing was left behind: {after:?}");
        let gone: Vec<&str> = before
            .iter()
            .filter(|p| !after.contains(p))
            .map(|p| p.strip_prefix("opt/conda/pkgs/").expect("in the cache"))
            .collect();
        let wanted = [
            "cache/497deca9.json",
            "gone-1.0-0",
            "gone-1.0-0.conda",
            "gone-1.0-0/info",
            "gone-1.0-0/info/index.json",
            "gone-1.0-0/info/repodata_record.json",
            "gone-1.0-0/lib",
            "gone-1.0-0/lib/gone-1.0-0.so",
            "numpy-2.0-0.conda",
        ];
        assert_eq!(gone, wanted, "{said}");
        assert!(said.contains("1 thing (") && said.contains("that environments hard-link"), "{said}");
        assert!(then - used() >= 440_000, "{} came back", then - used());
        // In memory the log is kept, and is not in the image. With nowhere to keep it, that is said.
        assert_eq!(said.contains("The log could not be written: there is no home"), !memory, "{said}");
        let (code, said) = in_image(root, &["/mldu", "log"]);
        assert_eq!((code, said.contains("/opt/conda/pkgs/gone-1.0-0")), (Some(0), memory), "{said}");
        assert_eq!(layer(), after);
    }
}

#[test]
#[ignore = "needs root: changes its root to a tmpfs"]
fn in_a_container_where_something_else_runs_what_is_new_stays() {
    let mounted = ground::Mounted::tmpfs("size=200m,mode=0755");
    let root = &mounted.path;
    image(root);
    install(root);
    let before = paths(root);
    let (code, said) =
        in_image(root, &["/bin/sh", "-c", "/bin/sleep 60 & /mldu clean --all --delete --yes; exit $?"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Nothing to clean.") && said.contains("written less than ten minutes ago"),
        "{said}"
    );
    assert_eq!(paths(root), before);
    // A volume is somebody else's, too: what is new there is left to them.
    std::fs::create_dir(root.join("vol")).expect("made");
    let volume = ground::Mounted::tmpfs("size=20m,mode=0755");
    install(&volume.path);
    let _bound = ground::Bound::new(&volume.path.join("opt"), &root.join("vol"));
    let before = paths(&volume.path);
    let (code, said) = in_image(root, &["/mldu", "clean", "--all", "--delete", "--yes", "/vol"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("written less than ten minutes ago"), "{said}");
    assert_eq!(paths(&volume.path), before);
}

#[test]
#[ignore = "needs root: mounts an overlay"]
fn in_a_layer_above_only_what_was_made_there_comes_back() {
    let mounted = ground::Mounted::ext4(300);
    let at = |name: &str| mounted.path.join(name);
    std::fs::create_dir(at("lower")).expect("made");
    image(&at("lower"));
    install(&at("lower"));
    // An image is older than what is made of it.
    ground::run("sync", &["-f", &mounted.path.display().to_string()]);
    for name in ["upper", "work", "merged"] {
        std::fs::create_dir(at(name)).expect("made");
    }
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        at("lower").display(),
        at("upper").display(),
        at("work").display()
    );
    ground::run("mount", &["-t", "overlay", "-o", &options, "overlay", &at("merged").display().to_string()]);
    let new = at("merged/opt/conda/pkgs/new-1.0-0.conda");
    std::fs::write(&new, vec![b'x'; 300_000]).expect("written");
    ground::run("sync", &["-f", &new.display().to_string()]);
    let (code, said) = in_image(
        &at("merged"),
        &["/mldu", "clean", "--tarballs", "--dry-run", "--look-first", "--delete", "--json"],
    );
    assert_eq!(code, Some(0), "{said}");
    let v: Value = serde_json::from_str(&said).expect("JSON");
    let items = v["plan"]["items"].as_array().expect("a list");
    let names: Vec<&str> = items.iter().map(|i| i["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["new 1.0 0"], "{said}");
    assert!(items[0]["frees"].as_u64().is_some_and(|n| n >= 300_000), "{said}");
    let note = "Left out: 2 things (196.0 KiB) in the container's image: nothing would come back";
    assert!(
        v["plan"]["notes"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|n| n.as_str().expect("text").starts_with(note))
    );
    let line = ["/mldu", "clean", "--tarballs", "--look-first", "--delete", "--yes"];
    let (code, said) = in_image(&at("merged"), &line);
    assert_eq!(code, Some(0), "{said}");
    assert!(!new.exists() && at("merged/opt/conda/pkgs/numpy-2.0-0.conda").exists(), "{said}");
    let upper = at("upper/opt/conda/pkgs");
    assert_eq!(std::fs::read_dir(upper).expect("there").count(), 0, "no note that something is gone either");
    ground::run("umount", &["-R", &at("merged").display().to_string()]);
}
