//! The system's own trash through the `trash` crate, in a build with the feature `portable`.
#![cfg(feature = "portable")]

#[path = "common/world.rs"]
mod world;

use std::process::Command;

use mldu::removal::ledger;
use mldu::removal::plan::How;
use world::World;

/// The crate reads variables, so this runs in a process whose home is the world's.
#[test]
fn the_systems_trash_takes_what_a_plan_says() {
    let w = World::new();
    let out = Command::new(std::env::current_exe().expect("this program"))
        .args(["--include-ignored", "--exact", "inner_trash", "--nocapture"])
        .env("MLDU_TEST_HOME", &w.root)
        .env("HOME", w.env.home())
        .env("XDG_DATA_HOME", w.env.home().join(".local/share"))
        .output()
        .expect("it runs");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
    let all = ledger::read(&ledger::roots(&w.env, &[]));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].original, w.root.join("home/model"));
    assert!(!all[0].is_ours(), "the system keeps its own record");
}

#[test]
#[ignore = "run by the_systems_trash_takes_what_a_plan_says"]
fn inner_trash() {
    let Some(root) = std::env::var_os("MLDU_TEST_HOME").map(std::path::PathBuf::from) else { return };
    let env = mldu::env::Env::fixed(root.join("home")).with_var("MLDU_TRASH", "system");
    let w = World::on(&root, env);
    let file = w.file("model", 4);
    assert!(w.remove(&[&file], How::Trash).is_clean());
    assert!(!file.exists());
}
