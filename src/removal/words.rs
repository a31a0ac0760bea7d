//! A plan and what became of it, in the words that the screen and the command line share.

use std::path::Path;

use super::execute::{Outcome, StepReport};
use super::measure::Measured;
use super::plan::{How, Line, Plan};
use super::recipe::Written;
use crate::text::{self, Units};

/// How many bytes of a line something is.
pub type OfLine = fn(&Line) -> u64;

/// What can keep bytes from coming back: how much it is of a line, and in words. Those that are in the plan are numbered
/// in this order.
const DOUBTS: [(OfLine, &str); 4] = [
    (|l| l.image, "are in the container's image: deleting them frees nothing"),
    (|l| l.doubt.shared, "more at most: shared with a snapshot or a copy (reflink)"),
    (|l| l.doubt.packed, "more at most: compressed"),
    (|l| l.doubt.unknown, "more at most: the file system did not say whose they are"),
];

/// What keeps bytes of this plan from coming back: its number, how much it is of a line, and in words.
pub fn doubts(plan: &Plan) -> impl Iterator<Item = (usize, OfLine, &'static str)> {
    let there = DOUBTS.into_iter().filter(|(of, _)| plan.lines.iter().any(|l| of(l) > 0));
    (1..).zip(there).map(|(i, (of, words))| (i, of, words))
}

/// The numbers of the doubts that a line has, as `(1)(2) `.
pub fn numbers(plan: &Plan, line: &Line) -> String {
    let mut all = String::new();
    for (i, ..) in doubts(plan).filter(|(_, of, _)| of(line) > 0) {
        all += &format!("({i})");
    }
    if all.is_empty() { all } else { all + " " }
}

/// What stands behind a number that is a lower bound: more may come back.
pub fn at_least(size: String, more: bool) -> String {
    if more { size + "+" } else { size }
}

/// What the numbers of a plan alone do not say: doubts, what is left out, what stays.
pub fn notes(plan: &Plan, units: Units) -> Vec<String> {
    let size = |n| text::size(n, units);
    let mut notes: Vec<String> = Vec::new();
    for (i, of, words) in doubts(plan) {
        let all: u64 = plan.lines.iter().map(of).sum();
        notes.push(format!("({i}) {} {words}", size(all)));
    }
    for r in &plan.refused {
        let way = if r.way_on.is_empty() { String::new() } else { format!("; {}", r.way_on) };
        notes.push(format!("Left out: {}, {}{way}", r.name, r.reason));
    }
    for change in plan.changes.iter().filter(|c| c.frees > 0) {
        let owed = change.mount.owed_to_root().min(change.frees);
        if owed > 0 {
            let mount = text::path(&change.mount.path);
            notes.push(format!(
                "Up to {} of it may be kept for root first: nothing is left on {mount}",
                size(owed)
            ));
        }
    }
    notes
}

/// A way to carry it out.
pub fn how(how: How) -> &'static str {
    match how {
        How::SafeForGood => "delete what is safe, trash the rest",
        How::Trash => "trash all",
        How::ForGood => "delete all for good",
    }
}

/// What was said before, and what the disk says now.
pub fn measured(m: &Measured, units: Units) -> String {
    let size = |n| text::size(n, units);
    let mount = text::path(&m.mount);
    let said = match m.maybe {
        0 => format!("estimated {}", size(m.estimated)),
        more => format!("estimated {} to {}", size(m.estimated), size(m.estimated.saturating_add(more))),
    };
    match m.came_back() {
        Some(n) if n >= 0 => {
            let kept = if m.kept > 0 { format!(", {} kept for root", size(m.kept)) } else { String::new() };
            let free = size(m.after.unwrap_or(0));
            format!("{mount}: {said}, measured {} back{kept}; {free} free now", size(n as u64))
        }
        Some(n) => format!(
            "{mount}: {said}, but {} less is free now: something else is writing",
            size(n.unsigned_abs())
        ),
        None => format!("{mount}: {said}; the file system did not say what is free in time"),
    }
}

/// Why less came back than was said, if so.
pub fn shortfall(m: &Measured) -> Option<String> {
    let what = if m.is_in_doubt() { "possible" } else { "promised" };
    (!m.why.is_empty()).then(|| format!("Less than {what}: {}.", m.why.join("; ")))
}

/// What was written down of an environment before it went.
pub fn list(list: &Written, home: &Path) -> String {
    match &list.files {
        Ok((files, found)) => {
            let paths: Vec<String> = files.iter().map(|f| text::short_path(f, home)).collect();
            format!("{}: {} written down in {}", list.name, found.counted(), paths.join(" and "))
        }
        Err(why) => format!("{}: its list could not be written: {why}", list.name),
    }
}

/// What became of a step: one word, and what it was with the reason. `line` is the name of the thing it belongs to.
pub fn step(step: &StepReport, line: &str, home: &Path) -> (&'static str, String) {
    let path = text::short_path(&step.path, home);
    let name = if path.ends_with(line) { path } else { format!("{line}  {path}") };
    match &step.outcome {
        Outcome::Trashed { .. } => ("trashed", name),
        Outcome::Deleted { .. } => ("deleted", name),
        Outcome::Partly { files, left, first, rest } => {
            let rest = text::path(rest);
            ("PARTLY", format!("{name}: {files} removed, {left} left ({first}); the rest is in {rest}"))
        }
        Outcome::Kept(why) => ("KEPT", format!("{name}: {why}")),
        Outcome::PutBack(why) => ("PUT BACK", format!("{name}: {why}")),
        Outcome::NotReached => ("NOT DONE", format!("{name}: stopped before it came to this")),
    }
}
