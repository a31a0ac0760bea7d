//! `mldu trash list` and `mldu trash empty`.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::atomic::AtomicBool;

use super::{Exit, complain, print};
use crate::env::Env;
use crate::removal::empty::Empty;
use crate::removal::ledger::{self, Trashed};
use crate::text::{self, Units};

/// Lists what lies in the trashes.
pub fn list(env: &Env, units: Units, as_json: bool) -> Exit {
    let (all, unread) = ledger::everywhere(env);
    unread.iter().for_each(super::warn);
    let told = |exit| if exit == Exit::Done && !unread.is_empty() { Exit::Partly } else { exit };
    if as_json {
        let rows: Vec<serde_json::Value> = all.iter().map(row).collect();
        return told(print(&format!("{}\n", serde_json::json!({"schema": 1, "trashed": rows}))));
    }
    if all.is_empty() {
        let empty = if unread.is_empty() { "the trash is empty\n" } else { "nothing else is in the trash\n" };
        return told(print(empty));
    }
    let mut out = String::new();
    for t in &all {
        let (run, size) = match &t.ours {
            Some(o) if t.is_ours() => (o.run.clone(), text::size(o.bytes, units)),
            _ => ("-".to_string(), "-".to_string()),
        };
        let gone = if t.identity.is_none() { "  (only its record is left)" } else { "" };
        let date = text::plain(&t.date);
        out.push_str(&format!("{date:<19}  {run:<8}  {size:>10}  {}{gone}\n", text::path(&t.original)));
    }
    told(print(&out))
}

fn row(t: &Trashed) -> serde_json::Value {
    let ours = t.ours.as_ref().filter(|_| t.is_ours());
    serde_json::json!({
        "path": t.original.to_string_lossy(),
        "trash": t.root.to_string_lossy(),
        "date": t.date,
        "run": ours.map(|o| &o.run),
        "item": ours.map(|o| &o.item),
        "bytes": ours.map(|o| o.bytes),
        "present": t.identity.is_some(),
    })
}

/// Deletes for good what mldu trashed.
pub fn empty(env: &Env, units: Units, run: Option<&str>, yes: bool, dry_run: bool) -> Exit {
    let (all, unread) = ledger::everywhere(env);
    unread.iter().for_each(super::warn);
    let wanted = |t: &Trashed| run.is_none_or(|run| t.ours.as_ref().is_some_and(|o| o.run == run));
    let plan = Empty::plan(&all, wanted);
    if plan.things().is_empty() {
        if !unread.is_empty() {
            return complain("nothing that mldu trashed was found in what could be read of the trash");
        }
        return print("nothing that mldu trashed is in the trash\n");
    }
    let mut out = String::new();
    for t in plan.things() {
        let size = t.ours.as_ref().map(|o| text::size(o.bytes, units)).unwrap_or_default();
        out.push_str(&format!("{size:>10}  {}\n", text::path(&t.original)));
    }
    let things = text::counted(plan.things().len() as u64, "thing", "things");
    out.push_str(&format!("{things}, {}\n", text::size(plan.bytes(), units)));
    if print(&out) != Exit::Done || dry_run {
        return if dry_run { Exit::Done } else { Exit::Error };
    }
    if !yes && !asked("This cannot be undone. Type  empty  to go on: ", "empty") {
        let _ = complain("nothing was removed; --yes does it without asking");
        return Exit::Usage;
    }
    let done = plan.run(&AtomicBool::new(false), &mut |_| {});
    let failed: Vec<_> = done.iter().filter(|d| d.failed.is_some()).collect();
    let gone: u64 = done
        .iter()
        .filter(|d| d.failed.is_none())
        .filter_map(|d| d.thing.ours.as_ref())
        .map(|o| o.bytes)
        .sum();
    let mut out = format!("{} emptied\n", text::size(gone, units));
    for f in &failed {
        let why = f.failed.as_deref().unwrap_or_default();
        out.push_str(&format!("  {} stays: {why}\n", text::path(&f.thing.original)));
    }
    match print(&out) {
        Exit::Done if failed.is_empty() && unread.is_empty() => Exit::Done,
        Exit::Done if failed.len() < done.len() => Exit::Partly,
        Exit::Done => Exit::Error,
        other => other,
    }
}

/// Asks a person for a word. Without a terminal nobody can be asked.
fn asked(question: &str, word: &str) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return false;
    }
    let _ = write!(std::io::stdout(), "{question}");
    let _ = std::io::stdout().flush();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).is_ok() && line.trim() == word
}
