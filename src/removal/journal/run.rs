//! The log of a plan, of an undo and of an emptying: which lines are written when.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::line::id_of;
use super::{Back, Became, Event, Line, Log, What};
use crate::env::Env;
use crate::removal::deletion;
use crate::removal::empty::{Emptied, Empty};
use crate::removal::execute::{Outcome, Report};
use crate::removal::interrupted;
use crate::removal::ledger::Trashed;
use crate::removal::plan::{Action, Plan, Step};
use crate::removal::restore::{self, Allow, Restore, Restored};
use crate::sys::beneath;
use crate::text;

/// So many steps are written ahead at once: to wait for the disk at each would cost more than the steps.
const AHEAD: usize = 256;

/// The log of a plan that is carried out.
#[derive(Debug)]
pub struct PlanLog<'p> {
    log: Log,
    plan: &'p Plan,
    asides: Vec<OsString>,
    parts: Vec<(usize, usize)>,
    written: usize,
}

impl<'p> PlanLog<'p> {
    /// Begins it.
    pub fn begin(env: &Env, plan: &'p Plan, run: &str) -> Self {
        let steps = plan.steps();
        let what = match (steps.iter().any(|s| s.action() == Action::Delete), steps.iter().all(is_deleted)) {
            (false, _) => What::Trash,
            (true, true) => What::Delete,
            (true, false) => What::Mixed,
        };
        let mut counts = vec![0_usize; plan.lines.len()];
        let mut parts: Vec<(usize, usize)> = Vec::with_capacity(steps.len());
        for step in steps {
            counts[step.line()] += 1;
            parts.push((counts[step.line()], 0));
        }
        for (part, step) in parts.iter_mut().zip(steps) {
            part.1 = counts[step.line()];
        }
        let asides = steps.iter().map(|_| deletion::aside_name()).collect();
        interrupted::tidy(env);
        Self { log: Log::begin(env, run, what, steps.len(), plan.frees), plan, asides, parts, written: 0 }
    }

    /// Makes sure that a step is written before anything happens to it.
    pub fn ahead(&mut self, at: usize) {
        if at < self.written {
            return;
        }
        let until = (at + AHEAD).min(self.plan.steps().len());
        let lines: Vec<Line> = (at..until).map(|i| self.line(Event::Step, i)).collect();
        self.log.ahead(&lines);
        self.written = until;
    }

    /// What a thing is called between the two phases of deleting.
    pub fn aside(&self, at: usize) -> &OsStr {
        &self.asides[at]
    }

    /// Which of how many parts of its item a step is.
    pub fn part(&self, at: usize) -> (usize, usize) {
        self.parts[at]
    }

    /// What became of a step.
    pub fn done(&mut self, at: usize, outcome: &Outcome) {
        let mut line = self.line(Event::Done, at);
        line.aside = None;
        let line = match outcome {
            Outcome::Trashed { .. } => line.became(Became::Trashed, None),
            Outcome::Deleted { files } => Line { files: Some(*files), ..line.became(Became::Deleted, None) },
            Outcome::Partly { files, left, first, rest } => Line {
                files: Some(*files),
                aside: aside_of(rest),
                ..line.became(Became::Partly, Some(&format!("{left} left: {first}")))
            },
            Outcome::Kept(why) => line.became(Became::Kept, Some(why)),
            Outcome::PutBack(why) => line.became(Became::Restored, Some(why)),
            Outcome::NotReached => line.became(Became::Unreached, None),
        };
        self.log.done(&line);
    }

    /// Ends it.
    pub fn end(self, report: &Report) -> Option<String> {
        let measured = report.measured.iter().map(|m| Back {
            mount: text::path(&m.mount),
            estimated: m.estimated,
            measured: m.came_back(),
        });
        self.log.end(report.stopped, measured.collect())
    }

    fn line(&self, event: Event, at: usize) -> Line {
        let step = &self.plan.steps()[at];
        let deletes = step.action() == Action::Delete;
        Line {
            what: if deletes { What::Delete } else { What::Trash },
            step: Some(at as u64),
            aside: deletes.then(|| self.asides[at].to_string_lossy().into_owned()),
            id: Some(id_of(step.identity())),
            item: Some(text::redact(step.key())),
            part: Some(self.parts[at]),
            category: Some(self.plan.lines[step.line()].category.id().to_string()),
            bytes: Some(step.target().seen.on_disk),
            files: Some(step.target().seen.files),
            ..self.log.line(event).about(step.path())
        }
    }
}

fn is_deleted(step: &Step) -> bool {
    step.action() == Action::Delete
}

fn aside_of(rest: &Path) -> Option<String> {
    let name = rest.file_name().filter(|n| deletion::is_aside(n))?;
    Some(name.to_string_lossy().into_owned())
}

/// A fresh name for a run.
pub fn name() -> String {
    beneath::random_hex()[..8].to_string()
}

/// Brings items back, written down. Says too why the log could not be written, if so.
pub fn restore(env: &Env, items: &[Restore], allow: Allow) -> (Vec<Restored>, Option<String>) {
    interrupted::tidy(env);
    let bytes = items.iter().map(Restore::bytes).sum();
    let mut log = Log::begin(env, &name(), What::Undo, items.len(), bytes);
    let all = restore::bring_each(items, allow, &mut |item, bring| {
        let ahead: Vec<Line> = item.parts().iter().map(|t| trashed(&log, Event::Step, t)).collect();
        log.ahead(&ahead);
        let done = bring();
        for (part, back) in item.parts().iter().zip(&done) {
            let line = trashed(&log, Event::Done, part);
            let became = if back.failed.is_none() { Became::Restored } else { Became::Kept };
            log.done(&line.became(became, back.failed.as_deref()));
        }
        done
    });
    let lost = log.end(false, Vec::new());
    (all, lost)
}

/// Empties, written down. Says too why the log could not be written, if so.
pub fn empty(
    env: &Env,
    what: &Empty,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> (Vec<Emptied>, Option<String>) {
    interrupted::tidy(env);
    let mut log = Log::begin(env, &name(), What::Empty, what.things().len(), what.bytes());
    let done = what.run_logged(&mut log, stop, progress);
    let stopped = stop.load(std::sync::atomic::Ordering::Relaxed);
    let lost = log.end(stopped, Vec::new());
    (done, lost)
}

/// A line on a thing in a trash: the path is where it was.
pub fn trashed(log: &Log, event: Event, thing: &Trashed) -> Line {
    Line {
        id: thing.identity.as_ref().map(id_of),
        item: thing.ours.as_ref().map(|o| text::redact(&o.item)),
        bytes: thing.ours.as_ref().map(|o| o.bytes),
        reason: None,
        ..log.line(event).about(&thing.original)
    }
}

/// The line before a thing in a trash is deleted for good. What it is called meanwhile is its name beside the others
/// in the trash; the path is where it was before all that.
pub fn emptying(log: &Log, thing: &Trashed, aside: &OsStr) -> Line {
    let mut line = trashed(log, Event::Step, thing);
    line.aside = Some(aside.to_string_lossy().into_owned());
    line.trash(&thing.root)
}

/// What became of it.
pub fn emptied(log: &mut Log, thing: &Trashed, failed: Option<&str>) {
    let line = trashed(log, Event::Done, thing);
    log.done(&line.became(if failed.is_none() { Became::Deleted } else { Became::Kept }, failed));
}
