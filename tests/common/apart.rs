//! Tests that run in a process of their own: as somebody else, with fewer open files, under a tracer, in another root.
//!
//! A test that is started this way begins with [`told`], which is none when nobody started it so, and ends with
//! [`finished`], so that a test that did not run is not taken for one that passed.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mldu::env::Env;

use crate::world::World;

/// Somebody else.
pub const UID: &str = "2000";

const ROOT: &str = "MLDU_TEST_ROOT";

/// Runs a test of this program behind other commands, and returns what it said.
pub fn run(name: &str, before: &[&str], root: &Path) -> String {
    // Where anybody may run it, and beside the disk that is full or counted.
    let folder = tempfile::tempdir().expect("a folder");
    open(folder.path(), 0o755);
    let copy = folder.path().join("tests");
    std::fs::copy(std::env::current_exe().expect("this program"), &copy).expect("copied");
    open(&copy, 0o755);
    start(&copy, name, before, root)
}

/// The same with a copy of this program that is there already, perhaps by another path.
pub fn start(program: &Path, name: &str, before: &[&str], root: &Path) -> String {
    let out = Command::new(before.first().copied().unwrap_or("env"))
        .args(before.iter().skip(1))
        .arg(program)
        .args(["--include-ignored", "--exact", name, "--nocapture"])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env(ROOT, root)
        .output()
        .expect("it starts");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("ran to its end"), "{said}");
    said
}

/// Runs a test of this program as somebody else, in a folder that is prepared first.
pub fn as_user(name: &str, prepare: impl FnOnce(&Path)) {
    let tmp = tempfile::tempdir().expect("a folder");
    let root = tmp.path().canonicalize().expect("a path");
    as_user_in(&root, name, prepare);
}

/// The same in a folder that is there.
pub fn as_user_in(root: &Path, name: &str, prepare: impl FnOnce(&Path)) {
    open(root, 0o755);
    let home = root.join("home");
    std::fs::create_dir_all(&home).expect("made");
    prepare(root);
    own(&home);
    run(name, &["setpriv", "--reuid", UID, "--regid", UID, "--clear-groups"], root);
}

/// The folder that was prepared, in a test that was started by another one.
pub fn told() -> Option<(PathBuf, World)> {
    let root = PathBuf::from(std::env::var_os(ROOT)?);
    let env = Env::fixed(root.join("home")).with_disk(&root);
    Some((root.clone(), World::on(&root, env)))
}

/// Says that a test that was started by another one was not cut short.
pub fn finished() {
    println!("ran to its end");
}

pub fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
}

pub fn own(path: &Path) {
    let done =
        Command::new("chown").args(["-hR", &format!("{UID}:{UID}")]).arg(path).status().expect("chown runs");
    assert!(done.success());
}
