//! `mldu apply FILE`: carries a plan out that was made before. All of it is looked at anew; what is not as it was when it
//! was planned is left out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::carry::{Carry, carry_out, planned, scanned};
use super::{Exit, complain, plan};
use crate::cli::ApplyArgs;
use crate::model::inventory::Inventory;
use crate::model::tree::Tree;
use crate::removal::plan::{How, Plan};
use crate::removal::saved::{Boot, Found, Here, PathField, Saved, file, is_gone};
use crate::scan::Exclude;
use crate::settings::Settings;
use crate::sys::user::Names;
use crate::text;

/// So many things that are gone already are named.
const NAMED: usize = 8;

/// Runs it. Without a way of its own it is done as it was planned.
pub fn run(settings: &Settings, args: &ApplyArgs) -> Exit {
    let (file, how) = (args.file.as_path(), plan::way(args.way));
    let carry = Carry { how, dry_run: args.dry_run, yes: args.yes, json: args.json };
    let env = &settings.scan.env;
    let saved = match file::read(file, env.uid(), &Names::of(env.accounts())) {
        Ok(saved) => saved,
        Err(why) => return complain(&why),
    };
    let here = plan::made(settings);
    if let Some(why) = saved.is_elsewhere(&here) {
        return complain(&format!("{}: {why}", text::path(file)));
    }
    let mut settings = match as_scanned(settings, &saved) {
        Ok(settings) => settings,
        Err(why) => return complain(&format!("{}: {why}", text::path(file))),
    };
    // Nothing is done by telling it.
    settings.read_only &= !carry.dry_run;
    let all_gone = settings.scan.roots.is_empty() && !saved.scan.roots.is_empty();
    let inventory = if all_gone { Ok(Inventory::new(Tree::new(Arc::default()))) } else { scanned(&settings) };
    let inventory = match inventory {
        Ok(inventory) => inventory,
        Err(exit) => return exit,
    };
    let how = carry.how.or(saved.how()).unwrap_or(How::Trash);
    let boot = Boot { then: &saved.made.boot, now: &here.boot };
    let (plan, found) =
        again(&settings, &inventory, &saved, how, Here { boot, as_planned: carry.how.is_none() });
    let is_short = !plan.refused.is_empty();
    let notes = notes(&saved, &found);
    let exit = carry_out(&settings, &plan, Carry { how: Some(how), ..carry }, &notes);
    // What was left out was meant to go.
    if exit == Exit::Done && is_short && !carry.dry_run { Exit::Partly } else { exit }
}

/// The settings of a scan like the one the plan was made of.
fn as_scanned(settings: &Settings, saved: &Saved) -> Result<Settings, String> {
    let mut settings = settings.clone();
    settings.scan.one_fs = saved.scan.one_file_system;
    settings.scan.exclude = Arc::new(Exclude::new(saved.scan.exclude.iter().map(String::as_str))?);
    if saved.scan.roots.iter().any(|r| !r.path().is_absolute()) {
        return Err("a folder in `scan` does not begin with /".into());
    }
    // A folder that is gone has nothing in it that could be missing.
    let there = saved.scan.roots.iter().map(PathField::path).filter(|r| !is_gone(r));
    settings.scan.roots = there.map(Path::to_path_buf).collect();
    Ok(settings)
}

/// Finds what was planned, plans it anew, and leaves out what is not as it was, until nothing is left to leave out.
fn again(
    settings: &Settings,
    inventory: &Inventory,
    saved: &Saved,
    how: How,
    here: Here<'_>,
) -> (Plan, Found) {
    let mut found = Found::new(inventory, saved);
    let mut plan = planned(settings, inventory, &found.marks, how);
    while found.drop_changed(inventory, saved, &plan, here) {
        plan = planned(settings, inventory, &found.marks, how);
    }
    plan.refused.append(&mut found.left_out.clone());
    (plan, found)
}

/// What is said with the plan: whose it is, and what is gone already.
fn notes(saved: &Saved, found: &Found) -> Vec<String> {
    let (by, at) = (text::plain(&saved.made.by), text::plain(&saved.made.at));
    let mut notes = vec![format!("Planned by {by} on {at}; looked at anew.")];
    let gone: Vec<&PathBuf> = found.gone.iter().collect();
    notes.extend(gone.iter().take(NAMED).map(|path| format!("Gone already: {}", text::path(path))));
    if gone.len() > NAMED {
        let more = text::counted((gone.len() - NAMED) as u64, "more thing", "more things");
        notes.push(format!("Gone already: {more}"));
    }
    notes
}
