//! What is put under strace: one removal, which tells what it did in a file that was open before.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use mldu::removal::empty::Empty;
use mldu::removal::execute::Outcome;
use mldu::removal::restore::Allow;
use mldu::removal::{journal, ledger, restore};
use rustix::event::{PollFd, PollFlags};
use serde_json::{Value, json};

use crate::scene::{Act, plan_at, world_at};

/// What it told.
#[derive(Debug)]
pub struct Told(pub Value);

impl Told {
    /// What became of a path, and why or where.
    pub fn step(&self, path: &Path) -> Option<(String, String)> {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
        let steps = self.0["steps"].as_array()?;
        let step = steps.iter().find(|s| Path::new(s["path"].as_str().unwrap_or_default()) == path)?;
        Some((text(&step["outcome"]), text(&step["what"])))
    }

    /// A number.
    pub fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().expect(name)
    }
}

/// Prepares, waits for a line, removes, tells.
pub fn run() {
    let root = PathBuf::from(std::env::var_os("MLDU_FAULTS_ROOT").expect("started by another test"));
    let act = Act::named(&std::env::var("MLDU_FAULTS_ACT").expect("started by another test"));
    let told = std::fs::File::create(root.with_extension("told")).expect("made");
    if !matches!(act, Act::DeleteLarge | Act::EmptyLarge) {
        // The calls of a thread are counted.
        mldu::sys::limits::use_threads(1);
    }
    let work: Box<dyn FnOnce() -> Value + Send> = match act {
        Act::Trash | Act::Delete | Act::DeleteLarge => {
            let plan = plan_at(&root, act);
            Box::new(move || remove(&root, &plan))
        }
        Act::Undo => Box::new(move || undo(&root)),
        Act::Empty | Act::EmptyLarge => Box::new(move || empty(&root)),
    };
    eprintln!("ready");
    // Not `read`: that may be what fails.
    let stdin = std::io::stdin();
    rustix::event::poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None).expect("told to go on");
    // A thread of its own, as in the program: strace counts the calls of each thread from one.
    let done = std::thread::Builder::new().name("removal".into()).spawn(work).expect("a thread").join();
    let text = done.expect("no panic").to_string();
    // Not `write`: that may be what fails.
    told.write_all_at(text.as_bytes(), 0).expect("told");
    std::process::exit(0);
}

fn remove(root: &Path, plan: &mldu::removal::plan::Plan) -> Value {
    let report = world_at(root).run(plan);
    let steps: Vec<Value> = report
        .steps
        .iter()
        .map(|s| {
            let (outcome, what, files) = match &s.outcome {
                Outcome::Trashed { root, name } => {
                    ("trashed", root.join("files").join(name).display().to_string(), 0)
                }
                Outcome::Deleted { files } => ("deleted", String::new(), *files),
                Outcome::Partly { files, rest, .. } => ("partly", rest.display().to_string(), *files),
                Outcome::Kept(why) => ("kept", why.clone(), 0),
                Outcome::PutBack(why) => ("put back", why.clone(), 0),
                Outcome::NotReached => ("not reached", String::new(), 0),
            };
            json!({"path": s.path, "outcome": outcome, "what": what, "files": files})
        })
        .collect();
    let refused: Vec<String> = plan.refused.iter().map(|r| format!("{}: {}", r.name, r.reason)).collect();
    json!({"steps": steps, "problems": 0, "trashed": report.trashed, "refused": refused})
}

fn undo(root: &Path) -> Value {
    let env = world_at(root).env;
    let (all, problems) = ledger::everywhere(&env);
    let (done, _) = journal::run::restore(&env, &restore::plan(&all, |_| true), Allow::default());
    let steps: Vec<Value> = done
        .iter()
        .map(|r| {
            let outcome = if r.failed.is_none() { "back" } else { "kept" };
            json!({"path": r.path, "outcome": outcome, "what": r.failed})
        })
        .collect();
    json!({"steps": steps, "problems": problems.len(), "why": format!("{problems:?}")})
}

fn empty(root: &Path) -> Value {
    let env = world_at(root).env;
    let (all, problems) = ledger::everywhere(&env);
    let all = Empty::plan(&all, |_| true);
    let (done, _) = journal::run::empty(&env, &all, &AtomicBool::new(false), &mut |_| {});
    let steps: Vec<Value> = done
        .iter()
        .map(|e| {
            let outcome = if e.failed.is_none() { "deleted" } else { "kept" };
            json!({"path": e.thing.original, "outcome": outcome, "what": e.failed})
        })
        .collect();
    json!({"steps": steps, "problems": problems.len(), "why": format!("{problems:?}")})
}
