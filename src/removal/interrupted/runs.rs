//! Which runs of the log came to no end, and what is swept up behind them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::env::Env;
use crate::removal::journal::line::id_of;
use crate::removal::journal::{self, Event, Line, What};
use crate::removal::ledger::{self, Ours, Trashed};
use crate::sys::alive::{Life, Process};
use crate::sys::{beneath, mounts};

/// After so many seconds nobody is thought to be still at it where nobody can be asked.
const LONG: i64 = 86_400;

/// A run that began.
#[derive(Debug, Clone)]
pub struct Run {
    /// What it did.
    pub what: What,
    /// When it began.
    pub began: Option<i64>,
    /// Whether it said that it is over.
    pub ended: bool,
    /// Whether its process runs.
    pub life: Life,
    /// The machine it ran on.
    pub host: String,
}

impl Run {
    /// Whether somebody may be at it right now.
    pub fn may_run(&self) -> bool {
        !self.ended && self.life != Life::Ended
    }
}

/// All runs the log knows of. A run that nobody can ask about is over after a day.
pub fn runs(lines: &[Line]) -> FxHashMap<String, Run> {
    let now = jiff::Timestamp::now().as_second();
    let mut runs: FxHashMap<String, Run> = FxHashMap::default();
    for line in lines {
        match line.event {
            Event::Begin => {
                let process = Process::from(line.by.clone().unwrap_or_default());
                let began = line.seconds();
                let life = match process.life() {
                    Life::Unknown if began.is_some_and(|at| now - at > LONG) => Life::Ended,
                    life => life,
                };
                let run = Run { what: line.what, began, ended: false, life, host: process.host };
                // A log that began anew says it again.
                runs.entry(line.run.clone()).or_insert(run);
            }
            Event::End => {
                if let Some(run) = runs.get_mut(&line.run) {
                    run.ended = true;
                }
            }
            Event::Step | Event::Done => {}
        }
    }
    runs
}

/// Runs that did not say that they are over, each with what is known of that.
pub fn open_runs(lines: &[Line]) -> Vec<(String, &'static str)> {
    let mut open: Vec<(String, Run)> = runs(lines).into_iter().filter(|(_, r)| !r.ended).collect();
    open.sort_by_key(|(_, r)| r.began);
    let says = |r: &Run| match r.life {
        Life::Runs => "still runs",
        Life::Ended => "was interrupted: `mldu interrupted` tells what it left half done",
        Life::Unknown => "may still run, in another container or on another machine",
    };
    open.into_iter().map(|(name, run)| (name, says(&run))).collect()
}

/// Takes away records of what never came to the trash, or came back from it: left by runs that were killed between two
/// calls. Only when there was such a run, and only when mldu is about to act anyway.
pub fn tidy(env: &Env) {
    let runs = runs(&journal::read_runs(env));
    let dead: Vec<(String, What)> = runs
        .iter()
        .filter(|(_, r)| !r.ended && !r.may_run())
        .map(|(name, r)| (name.clone(), r.what))
        .collect();
    if dead.is_empty() {
        return;
    }
    let all = ledger::read(&ledger::roots(env, &mounts::read()));
    let present: Vec<&Ours> = all.iter().filter(|t| t.is_ours()).filter_map(|t| t.ours.as_ref()).collect();
    let items: FxHashSet<(&str, &str)> = present.iter().map(|o| (o.run.as_str(), o.item.as_str())).collect();
    let ids: FxHashSet<&str> = present.iter().map(|o| o.id.as_str()).collect();
    let mut half = false;
    for record in all.iter().filter(|t| t.identity.is_none()) {
        let Some(ours) = &record.ours else { continue };
        // It went to the trash after all, in a later run.
        let came = ids.contains(ours.id.as_str());
        if runs.get(&ours.run).is_some_and(Run::may_run) || !(came || is_at_its_place(record)) {
            continue;
        }
        if !came && items.contains(&(ours.run.as_str(), ours.item.as_str())) {
            // Another part of the item is in the trash: it is half done, and this record says of what.
            half = true;
            continue;
        }
        let info = record.info();
        if let Ok((folder, name)) = beneath::open_parent(&info) {
            // If it cannot be removed, it is there the next time.
            let _ = beneath::unlink(folder, name);
        }
    }
    if !half {
        journal::close(env, &dead);
    }
}

/// Whether the thing a record speaks of is where it was, and is that very thing.
pub fn is_at_its_place(record: &Trashed) -> bool {
    let found =
        beneath::open_parent(&record.original).and_then(|(folder, name)| beneath::look(&folder, name));
    let there = found.map(|it| id_of(&it)).ok();
    there.is_some() && there.as_deref() == record.ours.as_ref().map(|o| o.id.as_str())
}
