//! Environments are written down before they go, and stay where that is not possible: on real files.
//!
//! What needs a full disk of its own needs root and a mount table of its own, as `tests/mounts.rs`.

#[path = "common/world.rs"]
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use mldu::env::Env;
use mldu::model::inventory::Inventory;
use mldu::model::marks::{Mark, Marks};
use mldu::removal::execute::{Outcome, Report};
use mldu::removal::plan::{How, Plan};
use mldu::removal::recipe::conda;
use mldu::removal::restore;
use world::{World, contents};

const SITE: &str = "lib/python3.11/site-packages";

fn put(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().expect("below")).expect("made");
    fs::write(path, content).expect("written");
}

/// An environment of conda: two packages of the web, one behind a token, one from a folder, one of pip.
fn conda_env(at: &Path) {
    let meta = at.join("conda-meta");
    put(&meta.join("history"), "==> 2026-01-01 00:00:00 <==\n# cmd: conda create https://me:s3cret@h/c\n");
    for (name, url) in [
        ("python", "https://conda.anaconda.org/conda-forge/linux-64/python-3.11.7-h0_0.conda"),
        ("numpy", "https://conda.anaconda.org/conda-forge/linux-64/numpy-2.0.0-py311_0.conda"),
        ("ours", "https://repo.example/t/s3cret-token/ours/linux-64/ours-1.0-0.conda"),
        ("mine", "file:///w/conda-bld/linux-64/mine-0.1-0.tar.bz2"),
        ("lost", ""),
    ] {
        let file = url.rsplit('/').next().filter(|f| !f.is_empty()).unwrap_or("lost-1.0-0.conda");
        let record = serde_json::json!({
            "name": name, "version": "1", "build": "0", "fn": file, "url": url, "md5": "0a".repeat(16),
            "depends": if name == "numpy" { vec!["python >=3.11"] } else { vec![] },
            "subdir": "linux-64", "files": [format!("lib/{name}.so")],
        });
        put(&meta.join(format!("{name}.json")), &record.to_string());
        put(&at.join(format!("lib/{name}.so")), name);
    }
    put(&at.join(SITE).join("six-1.17.0.dist-info/METADATA"), "Name: six\nVersion: 1.17.0\n");
    put(&at.join(SITE).join("six.py"), "x = 1\n");
    put(&at.join("bin/tool"), "#!/bin/sh\n");
}

/// An environment of a project with a package from a repository, and one that is worked on beside it.
fn venv(project: &Path) {
    put(&project.join("pyproject.toml"), "[project]\n");
    let at = project.join(".venv");
    put(&at.join("pyvenv.cfg"), "home = /usr/bin\nversion_info = 3.11.7.final.0\n");
    put(&at.join("bin/activate"), "# sh\n");
    for (name, direct) in [
        ("six", None),
        (
            "repo",
            Some(r#"{"url":"https://t0ken@git.example/r","vcs_info":{"vcs":"git","commit_id":"0a1b"}}"#),
        ),
        ("api", Some(r#"{"url":"file:///w/api","dir_info":{"editable":true}}"#)),
    ] {
        let info = at.join(SITE).join(format!("{name}-1.0.dist-info"));
        put(&info.join("METADATA"), &format!("Name: {name}\nVersion: 1.0\n"));
        if let Some(direct) = direct {
            put(&info.join("direct_url.json"), direct);
        }
    }
}

fn item(inventory: &Inventory, name: &str) -> Marks {
    let found = inventory.items().find(|i| i.name == name);
    let mut marks = Marks::default();
    marks.insert(Mark::Item(found.unwrap_or_else(|| panic!("no {name}")).id));
    marks
}

fn run(w: &World, name: &str, how: How) -> (Plan, Report) {
    let inventory = w.scan();
    let plan = w.plan(&inventory, &item(&inventory, name), how);
    let report = w.run(&plan);
    (plan, report)
}

fn lists(folder: &Path) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| {
            let text = fs::read_to_string(e.path()).expect("read");
            (e.file_name().to_string_lossy().into_owned(), text)
        })
        .collect();
    all.sort();
    all
}

#[test]
fn an_environment_of_conda_is_written_down_and_what_is_lost_is_said() {
    let w = World::new();
    conda_env(&w.root.join("home/miniconda3/envs/train"));
    let before = contents(&w.root.join("home/miniconda3"));
    let (plan, report) = run(&w, "train", How::Trash);
    assert!(report.is_clean(), "{:?}", report.steps);
    let folder = w.env.state().join("environments");
    let said = &plan.lines[0].lists[0];
    let expected = format!(
        "train: its list (6 packages, 1 of them from pip) is written to {} first; what that does not bring back: \
         no address is known of: lost; only from files or servers of this machine: mine; \
         only with a login, which is not written down: ours",
        folder.display()
    );
    assert_eq!(*said, expected);

    let written = lists(&folder);
    let names: Vec<&str> = written.iter().map(|l| &l.0[..6]).collect();
    assert_eq!(names, ["train-", "train-"]);
    assert!(written[0].0.ends_with("-explicit.txt") && written[1].0.ends_with("-pip.txt"), "{written:?}");
    let (files, found) = report.lists[0].files.as_ref().expect("written");
    assert_eq!((files.len(), found.conda, found.pip), (2, 5, 1));
    let read = conda::parse(&written[0].1).expect("a list that conda takes");
    assert_eq!(read.without, ["lost-1.0-0.conda"]);
    let urls: Vec<&str> = read.lines.iter().map(|l| l.0.rsplit('/').next().unwrap_or("")).collect();
    assert_eq!(
        urls,
        ["mine-0.1-0.tar.bz2", "python-3.11.7-h0_0.conda", "numpy-2.0.0-py311_0.conda", "ours-1.0-0.conda"],
        "a package after those it needs"
    );
    assert!(read.lines.iter().all(|l| l.1 == Some("0a".repeat(16))));
    assert!(written[1].1.lines().any(|l| l == "six==1.17.0"));
    assert!(written.iter().all(|l| !l.1.contains("s3cret")), "no secret is written");

    // It comes back as it was, and the lists stay.
    assert!(restore::plan(&w.trashed(), |_| true)[0].run().iter().all(|r| r.failed.is_none()));
    assert_eq!(contents(&w.root.join("home/miniconda3")), before);
    assert_eq!(lists(&folder), written);
}

#[test]
fn an_environment_of_a_project_is_written_down_before_it_is_gone_for_good() {
    let w = World::new();
    venv(&w.root.join("home/web"));
    let (plan, report) = run(&w, "web", How::ForGood);
    assert!(report.is_clean() && !w.root.join("home/web/.venv").exists(), "{:?}", report.steps);
    let said = &plan.lines[0].lists[0];
    assert!(said.contains("3 packages") && said.contains("of this machine: api 1.0"), "{said}");
    let written = lists(&w.env.state().join("environments"));
    assert_eq!(written.len(), 1);
    let lines: Vec<&str> = written[0].1.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(lines, ["-e file:///w/api  # api 1.0", "repo @ git+https://git.example/r@0a1b", "six==1.0"]);
    assert!(!written[0].1.contains("t0ken"));
}

#[test]
fn those_in_a_folder_that_goes_are_written_down_too() {
    let w = World::new();
    venv(&w.root.join("home/old/web"));
    conda_env(&w.root.join("home/old/net/.pixi/envs/default"));
    w.file("old/data.bin", 8);
    let inventory = w.scan();
    let mut marks = World::marks(&inventory, &[&w.root.join("home/old")]);
    for store in inventory.stores() {
        for id in &store.items {
            marks.insert(Mark::Item(*id));
        }
    }
    let plan = w.plan(&inventory, &marks, How::ForGood);
    assert_eq!(plan.lines.iter().map(|l| l.environments.len()).sum::<usize>(), 2, "{:?}", plan.lines);
    let report = w.run(&plan);
    assert!(report.is_clean() && !w.root.join("home/old").exists(), "{:?}", report.steps);
    assert_eq!(report.lists.len(), 2);
    assert_eq!(lists(&w.env.state().join("environments")).len(), 3);
}

#[test]
fn what_is_in_it_is_looked_at_when_it_goes_and_not_before() {
    let w = World::new();
    venv(&w.root.join("home/web"));
    let inventory = w.scan();
    let plan = w.plan(&inventory, &item(&inventory, "web"), How::ForGood);
    assert!(!w.env.state().exists(), "a plan writes nothing");
    let site = w.root.join("home/web/.venv").join(SITE);
    fs::remove_dir_all(&site).expect("removed");
    let report = w.run(&plan);
    let (_, found) = report.lists[0].files.as_ref().expect("written");
    assert_eq!((found.pip, plan.lines[0].lists[0].contains("3 packages")), (0, true));
}

/// A tmpfs of this many KiB, all of it taken but for what is given.
struct Full(PathBuf, #[allow(dead_code, reason = "it goes with this")] tempfile::TempDir);

impl Full {
    fn mount(kib: u64) -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let path = tmp.path().canonicalize().expect("a path");
        let size = format!("size={kib}k");
        let mut mount = std::process::Command::new("mount");
        let done = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&path).status();
        assert!(done.expect("mount runs").success());
        Self(path, tmp)
    }

    fn leave(&self, kib: u64) {
        let left = mldu::sys::mounts::space(&self.0).expect("asked").available / 1024;
        fs::write(self.0.join("filler"), vec![1; ((left - kib) * 1024) as usize]).expect("filled");
        assert_eq!(mldu::sys::mounts::space(&self.0).expect("asked").available / 1024, kib);
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn full_world() -> (Full, Full, World) {
    let (state, disk) = (Full::mount(64), Full::mount(512));
    let env = Env::fixed(&state.0).with_disk("/");
    venv(&disk.0.join("web"));
    let w = World::on(&disk.0, env);
    (state, disk, w)
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn without_room_for_its_list_it_is_not_deleted_for_good_but_may_go_to_the_trash() {
    let (state, disk, w) = full_world();
    state.leave(0);
    // Enough for a record of the trash, with its folders, but for no list.
    disk.leave(16);
    let inventory = w.scan();
    let marks = item(&inventory, "web");
    let plan = w.plan(&inventory, &marks, How::ForGood);
    assert!(plan.is_empty());
    let reason = &plan.refused[0].reason;
    assert!(
        reason.starts_with("its list could not be written: ") && reason.contains("no space left"),
        "{reason}"
    );
    assert!(plan.refused[0].way_on.contains("trash"));
    let plan = w.plan(&inventory, &marks, How::Trash);
    assert!(plan.lines[0].lists[0].contains("only the trash keeps what was in it"), "{:?}", plan.lines);
    let report = w.run(&plan);
    assert!(report.is_clean(), "{:?}", report.steps);
    assert!(report.lists[0].files.is_err() && !disk.0.join("web/.venv").exists());
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn what_filled_up_after_the_plan_keeps_it_from_being_deleted() {
    let (state, disk, w) = full_world();
    let inventory = w.scan();
    let plan = w.plan(&inventory, &item(&inventory, "web"), How::ForGood);
    assert_eq!(plan.steps().len(), 1);
    state.leave(0);
    disk.leave(0);
    let before = contents(&disk.0.join("web"));
    let report = w.run(&plan);
    let why = match &report.steps[0].outcome {
        Outcome::Kept(why) => why,
        other => panic!("{other:?}"),
    };
    assert!(why.starts_with("its list could not be written: ") && why.contains("no space left"), "{why}");
    assert_eq!(contents(&disk.0.join("web")), before);
    // Of the list nothing is left; the log's folder may have been made.
    let left = ["filler", ".local"];
    let names = fs::read_dir(&state.0).expect("read").flatten().map(|e| e.file_name());
    assert_eq!(names.filter(|n| !left.iter().any(|l| n == l)).collect::<Vec<_>>(), [""; 0]);
}
