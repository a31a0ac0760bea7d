//! `mldu undo`: what mldu trashed comes back.

use super::{Exit, complain, print};
use crate::env::Env;
use crate::removal::{ledger, restore};
use crate::text;

/// Runs it.
pub fn run(env: &Env, run: Option<&str>, as_json: bool) -> Exit {
    let (all, unread) = ledger::everywhere(env);
    unread.iter().for_each(super::warn);
    let Some(run) = run.map(str::to_string).or_else(|| restore::last_run(&all)) else {
        if !unread.is_empty() {
            return complain("nothing that mldu trashed was found in what could be read of the trash");
        }
        return print_result("nothing that mldu trashed is left in the trash", as_json, &[]);
    };
    let items = restore::plan(&all, |t| t.ours.as_ref().is_some_and(|o| o.run == run));
    if items.is_empty() {
        return complain(&format!(
            "nothing of run {} is in the trash; `mldu trash list` shows what is",
            text::plain(&run)
        ));
    }
    let done: Vec<restore::Restored> = items.iter().flat_map(restore::Restore::run).collect();
    let failed = done.iter().filter(|d| d.failed.is_some()).count();
    let title = format!("{} of {} back in place", done.len() - failed, done.len());
    match print_result(&title, as_json, &done) {
        Exit::Done if failed == 0 && unread.is_empty() => Exit::Done,
        Exit::Done if failed < done.len() => Exit::Partly,
        Exit::Done => Exit::Error,
        other => other,
    }
}

fn print_result(title: &str, as_json: bool, done: &[restore::Restored]) -> Exit {
    if as_json {
        let rows: Vec<serde_json::Value> = done
            .iter()
            .map(|d| serde_json::json!({"path": d.path.to_string_lossy(), "restored": d.failed.is_none(), "error": d.failed}))
            .collect();
        return print(&format!("{}\n", serde_json::json!({"schema": 1, "restored": rows})));
    }
    let mut out = format!("{title}\n");
    for d in done {
        match &d.failed {
            None => out.push_str(&format!("  {}\n", text::path(&d.path))),
            Some(why) => out.push_str(&format!("  {} stays in the trash: {why}\n", text::path(&d.path))),
        }
    }
    print(&out)
}
