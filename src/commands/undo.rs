//! `mldu undo`: what was trashed comes back.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::trash::{nothing, several};
use super::{Exit, Said, partly};
use crate::cli::UndoArgs;
use crate::env::Env;
use crate::removal::choose::{self, Unclear};
use crate::removal::journal;
use crate::removal::ledger::{self, Trashed};
use crate::removal::restore::{self, Allow, Offer, Restore, Restored};
use crate::report::json::PathField;
use crate::sys::mounts;
use crate::text;

/// Runs it.
pub fn run(env: &Env, args: &UndoArgs, read_only: bool) -> Exit {
    undo(env, args, read_only).say()
}

/// Does it, and says what became of it.
pub fn undo(env: &Env, args: &UndoArgs, read_only: bool) -> Said {
    if read_only && !args.dry_run {
        return Said::read_only();
    }
    let roots = ledger::roots(env, &mounts::read());
    let (all, unread) = ledger::everywhere(env);
    unread.iter().for_each(super::warn);
    let items = if args.what.is_empty() {
        let last = restore::last_run(&all);
        let Some(last) = last else {
            if !unread.is_empty() {
                return Said::wrong("nothing that mldu trashed was found in what could be read of the trash");
            }
            return told("nothing that mldu trashed is left in the trash", &ledger::absent(env), args);
        };
        restore::plan(&all, |t| args.all || t.ours.as_ref().is_some_and(|o| o.run == last))
    } else {
        match chosen(env, &all, &roots, args) {
            Ok(chosen) => restore::of(&chosen, &all),
            Err(why) => return Said::wrong(why),
        }
    };
    if args.dry_run {
        return preview(&items, args);
    }
    let allow = Allow { beside: args.beside, rest: args.partly };
    let (done, lost) = journal::run::restore(env, &items, allow);
    super::tell_unlogged(lost);
    let failed = done.iter().filter(|d| d.failed.is_some()).count();
    let exit = partly(failed, done.len());
    let exit = if exit == Exit::Done && !unread.is_empty() { Exit::Partly } else { exit };
    Said::done(exit, report(&done, failed, args))
}

/// What the words name. All of them must be clear before anything comes back.
fn chosen<'a>(
    env: &Env,
    all: &'a [Trashed],
    roots: &[PathBuf],
    args: &UndoArgs,
) -> Result<Vec<&'a Trashed>, String> {
    let candidates: Vec<&Trashed> = all.iter().collect();
    let mut chosen: Vec<&Trashed> = Vec::new();
    for word in &args.what {
        let mut found = match choose::named(&candidates, word, &env.current()) {
            Ok(found) => found,
            Err(Unclear::Several(twins)) => return Err(several(word, &twins)),
            Err(Unclear::Nothing) => Vec::new(),
        };
        // What others put there comes back only by itself.
        if found.len() > 1 {
            found.retain(|t| t.ours.is_some());
        }
        if found.is_empty() {
            let orphans = ledger::orphans(roots);
            let orphans: Vec<&Trashed> = orphans.iter().collect();
            if choose::named(&orphans, word, &env.current()).is_ok() {
                let file = text::path(word);
                return Err(format!("{file}: nothing says where it was; move it to a place of your choice"));
            }
            return Err(nothing(word, &ledger::absent(env)));
        }
        chosen.extend(found);
    }
    Ok(chosen)
}

fn told(title: &str, absent: &[PathBuf], args: &UndoArgs) -> Said {
    if args.json {
        return Said::done(Exit::Done, format!("{}\n", json!({"schema": 1, "restored": []})));
    }
    let absent: String = absent.iter().map(|root| super::trash::absence(root)).collect();
    Said::done(Exit::Done, format!("{title}\n{absent}"))
}

fn preview(items: &[Restore], args: &UndoArgs) -> Said {
    let paths = items.iter().flat_map(Restore::paths);
    if args.json {
        let rows: Vec<Value> = paths.map(|p| json!(PathField::new(p))).collect();
        return Said::done(Exit::Done, format!("{}\n", json!({"schema": 1, "would_restore": rows})));
    }
    let mut out = String::from("would come back:\n");
    for path in paths {
        out.push_str(&format!("  {}\n", text::path(path)));
    }
    Said::done(Exit::Done, out)
}

fn report(done: &[Restored], failed: usize, args: &UndoArgs) -> String {
    if args.json {
        let row = |d: &Restored| {
            let mut row = json!(PathField::new(&d.path));
            row["restored"] = json!(d.failed.is_none());
            row["error"] = json!(d.failed);
            row
        };
        let rows: Vec<Value> = done.iter().map(row).collect();
        return format!("{}\n", json!({"schema": 1, "restored": rows}));
    }
    let mut out = format!("{} of {} back in place\n", done.len() - failed, done.len());
    for d in done {
        match &d.failed {
            None => out.push_str(&format!("  {}\n", text::path(&d.path))),
            Some(why) => out.push_str(&format!("  {} stays in the trash: {why}\n", text::path(&d.path))),
        }
    }
    let offers = |offer| done.iter().any(|d| d.offer == Some(offer));
    if offers(Offer::Beside) {
        out.push_str("--beside brings it back beside what lies there, as \"NAME (restored)\"\n");
    }
    if offers(Offer::Rest) {
        out.push_str("--partly brings back what is left of it\n");
    }
    out
}
