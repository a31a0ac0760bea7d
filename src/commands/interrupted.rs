//! `mldu interrupted`: what a killed run left half done; finishing it, or undoing it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::carry::{DELETE, planned};
use super::trash::asked;
use super::{Exit, complain, print};
use crate::env::Env;
use crate::model::inventory::Inventory;
use crate::removal::execute;
use crate::removal::interrupted::{self, Interrupted, Kind, Resumed};
use crate::removal::plan::{How, Plan};
use crate::report::json;
use crate::scan::Session;
use crate::settings::Settings;
use crate::sys;
use crate::text;

/// What is done about what is half done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is finished.
    Finish,
    /// It is undone.
    Undo,
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Folders that are read for leftovers nobody wrote down.
    pub paths: Vec<PathBuf>,
    /// What is done about it; nothing, and it is listed.
    pub act: Option<Act>,
    /// Only of this run.
    pub run: Option<String>,
    /// Do it without asking.
    pub yes: bool,
    /// As JSON.
    pub json: bool,
}

/// Runs it.
pub fn run(settings: &Settings, wanted: &Wanted) -> Exit {
    let env = &settings.scan.env;
    let seen = if wanted.paths.is_empty() {
        Vec::new()
    } else {
        match scan(settings, wanted.paths.clone()) {
            Ok(inventory) => interrupted::seen(&inventory),
            Err(why) => return complain(&why),
        }
    };
    let mut all = interrupted::find(env, &seen);
    all.retain(|i| wanted.run.as_ref().is_none_or(|r| i.run.as_ref() == Some(r)));
    let Some(act) = wanted.act else { return list(&all, settings, wanted.json) };
    let finishes = act == Act::Finish;
    if settings.read_only {
        return complain("mldu was started read-only: nothing is removed");
    }
    let may = |i: &&Interrupted| if finishes { i.finish.is_ok() } else { i.undo.is_ok() };
    let chosen: Vec<Interrupted> = all.iter().filter(may).cloned().collect();
    if all.is_empty() {
        return print_done(&[], wanted.json, "nothing was interrupted, as far as mldu knows");
    }
    if !wanted.json && list(&all, settings, false) != Exit::Done {
        return Exit::Error;
    }
    if chosen.is_empty() {
        return complain("none of it can be done that way; the reasons are above");
    }
    let (question, word) = if finishes {
        ("This cannot be undone. Type  delete  to go on: ", DELETE)
    } else {
        ("Put back what can be put back? Type  yes  to go on: ", "yes")
    };
    if !wanted.yes && !asked(question, word) {
        let _ = complain("nothing was done; --yes does it without asking");
        return Exit::Usage;
    }
    let (done, lost) = if finishes { finish(settings, &chosen) } else { interrupted::undo(env, &chosen) };
    let failed = done.iter().filter(|d| d.failed.is_some()).count();
    let title = format!("{} of {} done", done.len() - failed, all.len());
    let printed = print_done(&done, wanted.json, &title);
    super::tell_unlogged(lost);
    match printed {
        Exit::Done if failed == 0 && done.len() == all.len() => Exit::Done,
        Exit::Done if failed < done.len() => Exit::Partly,
        Exit::Done => Exit::Error,
        other => other,
    }
}

fn scan(settings: &Settings, roots: Vec<PathBuf>) -> Result<Inventory, String> {
    let mut scan = settings.scan.clone();
    scan.roots = roots;
    let session = Session::new(scan).map_err(|e| format!("no thread could be started: {e}"))?;
    Ok(session.run_until(sys::signals::asked_to_stop()))
}

/// What lies aside is deleted; parts that are still at their place go to the trash by a plan of their own.
fn finish(settings: &Settings, all: &[Interrupted]) -> (Vec<Resumed>, Option<String>) {
    let env = &settings.scan.env;
    let (parts, rest): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|i| i.kind == Kind::Parts);
    let (mut done, mut lost) = if rest.is_empty() {
        (Vec::new(), None)
    } else {
        interrupted::finish(env, &rest, &AtomicBool::new(false), &mut |_| {})
    };
    for it in parts {
        let (failed, unlogged) = match plan_rest(settings, &it) {
            Ok(plan) => trash_rest(&plan, env),
            Err(why) => (Some(why), None),
        };
        lost = lost.or(unlogged);
        done.push(Resumed {
            path: it.path().clone(),
            from: it.at.clone(),
            bytes: it.bytes,
            deleting: false,
            failed,
        });
    }
    (done, lost)
}

fn trash_rest(plan: &Plan, env: &Env) -> (Option<String>, Option<String>) {
    let report = execute::run(plan, env, &AtomicBool::new(false), &mut |_| {});
    let failed = report.failed().next().map(|s| match &s.outcome {
        execute::Outcome::Kept(why) | execute::Outcome::PutBack(why) => why.clone(),
        _ => "stopped before it came to this".into(),
    });
    (failed, report.unlogged)
}

/// A plan for the parts that are still at their place, made of a fresh look like any other.
fn plan_rest(settings: &Settings, it: &Interrupted) -> Result<Plan, String> {
    let mut roots: Vec<PathBuf> =
        it.in_place.iter().filter_map(|p| p.parent().map(Path::to_path_buf)).collect();
    roots.sort();
    roots.dedup();
    let inventory = scan(settings, roots)?;
    let marks = interrupted::mark_rest(&inventory, it)?;
    let plan = planned(settings, &inventory, &marks, How::Trash);
    match plan.refused.first() {
        Some(refusal) => Err(refusal.reason.clone()),
        None if plan.is_empty() => Err("nothing of it may go by itself".into()),
        None if plan.steps().iter().any(|s| !it.in_place.iter().any(|p| p == s.path())) => {
            Err("there is more to it now than there was; look at it in mldu, and mark it there".into())
        }
        None => Ok(plan),
    }
}

fn list(all: &[Interrupted], settings: &Settings, as_json: bool) -> Exit {
    if as_json {
        let rows: Vec<serde_json::Value> = all.iter().map(row).collect();
        return print(&format!("{}\n", serde_json::json!({"schema": 1, "interrupted": rows})));
    }
    let Some(summary) = interrupted::summary(all) else {
        return print("nothing was interrupted, as far as mldu knows\n");
    };
    let mut out = format!("{summary}\n");
    for it in all {
        let size = text::size(it.bytes, settings.units);
        out.push_str(&format!("{size:>10}  {}\n", text::path(it.path())));
        let what = match it.kind {
            Kind::Parts => format!(
                "{}: {} in the trash, {} where it was",
                it.kind.words(),
                text::counted(it.files, "part", "parts"),
                text::counted(it.in_place.len() as u64, "part", "parts")
            ),
            _ => format!(
                "{}: {} left in {}",
                it.kind.words(),
                text::counted(it.files, "file", "files"),
                text::path(&it.at)
            ),
        };
        out.push_str(&format!("            {what}\n"));
        for (what, may) in [("--finish", &it.finish), ("--undo", &it.undo)] {
            let says = match may {
                Ok(()) => "can be done".to_string(),
                Err(why) => format!("no: {}", text::plain(why)),
            };
            out.push_str(&format!("            {what:<8}  {says}\n"));
        }
    }
    print(&out)
}

fn row(it: &Interrupted) -> serde_json::Value {
    let mut row = serde_json::json!({
        "kind": it.kind.id(),
        "path": text::path(it.path()),
        "rest": text::path(&it.at),
        "run": it.run,
        "began": it.began.and_then(text::rfc3339),
        "bytes": it.bytes,
        "files": it.files,
        "in_place": it.in_place.iter().map(|p| text::path(p)).collect::<Vec<_>>(),
        "finish": it.finish.is_ok(),
        "why_not_finish": it.finish.as_ref().err(),
        "undo": it.undo.is_ok(),
        "why_not_undo": it.undo.as_ref().err(),
    });
    exact(&mut row, it.path());
    row
}

/// Adds the bytes of a path that is not UTF-8.
fn exact(row: &mut serde_json::Value, path: &Path) {
    if path.to_str().is_none() {
        row["path_b64"] = json::base64(path.as_os_str().as_encoded_bytes()).into();
    }
}

fn print_done(done: &[Resumed], as_json: bool, title: &str) -> Exit {
    if as_json {
        let row = |d: &Resumed| {
            let path = text::path(&d.path);
            let mut row = serde_json::json!({"path": path, "done": d.failed.is_none(), "error": d.failed});
            exact(&mut row, &d.path);
            row
        };
        let rows: Vec<serde_json::Value> = done.iter().map(row).collect();
        return print(&format!("{}\n", serde_json::json!({"schema": 1, "resumed": rows})));
    }
    let mut out = format!("{title}\n");
    for d in done {
        if let Some(why) = &d.failed {
            out.push_str(&format!("  {} stays half done: {}\n", text::path(&d.path), text::plain(why)));
        }
    }
    print(&out)
}
