//! A plan, and what became of it, for people and for programs.

use std::path::Path;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::json::PathField;
use crate::removal::execute::{Outcome, Report};
use crate::removal::plan::{Action, Line, Plan};
use crate::removal::words::{self, at_least};
use crate::text::{self, Units};

/// How it is written.
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    /// Units of sizes.
    pub units: Units,
    /// The home, written as `~`.
    pub home: &'a Path,
    /// Whether only ASCII may be written.
    pub ascii: bool,
}

impl Style<'_> {
    fn size(&self, bytes: u64) -> String {
        text::size(bytes, self.units)
    }

    fn done(&self, out: String) -> String {
        if self.ascii { text::ascii(&out) } else { out }
    }
}

/// What would be done: a line for each thing, then what the numbers alone do not say, then the mounts.
pub fn plan(plan: &Plan, notes: &[String], style: Style<'_>) -> String {
    let things = text::counted(plan.lines.len() as u64, "item", "items");
    let mut out = format!("PLAN  {things}, {}: {}\n\n", style.size(plan.size.on_disk), words::how(plan.how));
    if !plan.lines.is_empty() {
        out.push_str(&format!("{:>10}  {:>11}  {:>8}  WHAT\n", "SIZE", "FREES NOW", "FILES"));
    }
    for line in &plan.lines {
        let more = line.action == Action::Delete && line.doubt.all() > 0;
        let frees = at_least(style.size(line.frees), more);
        let path = text::short_path(&line.path, style.home);
        let name = if path.ends_with(&line.name) { path } else { format!("{}  {path}", line.name) };
        let numbers = words::numbers(plan, line);
        let what = match line.action {
            Action::Trash => format!("{}, {}", line.kind, line.verdict.label()),
            Action::Delete => format!("{}, for good, {}", line.kind, line.verdict.label()),
        };
        let (size, files) = (style.size(line.size.on_disk), text::count(line.size.files));
        out.push_str(&format!("{size:>10}  {frees:>11}  {files:>8}  {numbers}{name}  ({what})\n"));
    }
    if plan.is_empty() && plan.refused.is_empty() && plan.trash_refused.is_none() {
        out.push_str("There is nothing to do.\n");
    } else if plan.is_empty() {
        let why = plan.trash_refused.as_deref().unwrap_or("nothing of it can go this way");
        out.push_str(&format!("Nothing would be done: {why}.\n"));
    }
    let mut said: Vec<String> = notes.to_vec();
    said.extend(words::notes(plan, style.units));
    said.extend(plan.lines.iter().flat_map(|l| l.lists.clone()));
    if plan.held > 0 {
        said.push(format!("{} stay: names outside this plan hold them", style.size(plan.held)));
    }
    if plan.later > 0 {
        let later = style.size(plan.later);
        said.push(format!("Trash is on the same disk: {later} come back only when it is emptied"));
    }
    if let Some(unseen) = plan.sight().words() {
        said.push(format!("In use: nothing that goes was seen to be; {unseen}"));
    }
    said.extend(notes_of_lines(plan));
    if !said.is_empty() {
        out.push('\n');
    }
    for note in said {
        out.push_str(&format!("{note}\n"));
    }
    out.push_str(&mounts(plan, style));
    style.done(out)
}

/// What a person should know of the lines, each thing once: of hundreds alike the first is named.
fn notes_of_lines(plan: &Plan) -> Vec<String> {
    let mut alike: Vec<(String, &str, u64)> = Vec::new();
    let mut at: FxHashMap<String, usize> = FxHashMap::default();
    for line in plan.lines.iter().filter(|l| !l.notes.is_empty()) {
        let words = line.notes.join("; ");
        let place = *at.entry(words.clone()).or_insert(alike.len());
        match alike.get_mut(place) {
            Some(found) => found.2 += 1,
            None => alike.push((words, &line.name, 0)),
        }
    }
    let sentence = |(words, name, more): (String, &str, u64)| match more {
        0 => format!("{name}: {words}"),
        _ => format!("{name} and {}: {words}", text::counted(more, "other", "others")),
    };
    alike.into_iter().map(sentence).collect()
}

/// The mounts that change, before and after.
fn mounts(plan: &Plan, style: Style<'_>) -> String {
    let mut out = String::new();
    for change in &plan.changes {
        let (Some(now), Some(after)) = (change.mount.space, change.after()) else { continue };
        let (mount, word) = (text::path(&change.mount.path), change.mount.word());
        out.push_str(&format!(
            "\n{mount}  {}  {word}\n  now    {:>4}%  {:>10} free\n  after  {:>4}%  {:>10} free\n",
            change.mount.fstype,
            now.percent(),
            style.size(now.available),
            after.percent(),
            at_least(style.size(after.available), change.maybe > 0),
        ));
    }
    out
}

/// What became of it.
pub fn done(report: &Report, plan: &Plan, style: Style<'_>) -> String {
    let mut out = String::new();
    let mut say = |line: &str| {
        out.push_str(line.trim_end());
        out.push('\n');
    };
    for step in &report.steps {
        let line = plan.lines.get(step.line).map(|l| l.name.as_str()).unwrap_or_default();
        let (word, what) = words::step(step, line, style.home);
        say(&format!("{word:<8}  {what}"));
    }
    for list in &report.lists {
        say(&words::list(list, style.home));
    }
    for m in report.measured.iter().filter(|m| m.was_to_change()) {
        say(&words::measured(m, style.units));
        if let Some(why) = words::shortfall(m) {
            say(&why);
        }
    }
    if report.trashed > 0 {
        let (run, size) = (&report.run, style.size(report.trashed));
        say(&format!("{size} in the trash, which frees nothing until it is emptied: mldu trash empty {run}"));
        say(&format!("Undo: mldu undo {run}"));
    }
    if let Some(why) = &report.unlogged {
        say(&format!("The log could not be written: {}.", text::plain(why)));
    }
    style.done(out)
}

/// The stable JSON of everything that removes, schema 1.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    schema: u32,
    plan: PlanJson<'a>,
    done: Option<DoneJson<'a>>,
}

#[derive(Debug, Serialize)]
struct PlanJson<'a> {
    /// `safe-for-good`, `trash` or `for-good`.
    how: &'static str,
    bytes: u64,
    files: u64,
    /// Certain, at once.
    frees: u64,
    /// Perhaps, besides.
    frees_perhaps: u64,
    /// Once the trash is emptied.
    frees_later: u64,
    /// For good.
    deletes: u64,
    items: Vec<LineJson<'a>>,
    left_out: Vec<RefusalJson<'a>>,
    mounts: Vec<MountJson>,
    notes: &'a [String],
}

#[derive(Debug, Serialize)]
struct LineJson<'a> {
    name: &'a str,
    kind: &'static str,
    #[serde(flatten)]
    path: PathField,
    category: &'static str,
    verdict: &'static str,
    /// `trash` or `delete`.
    action: &'static str,
    bytes: u64,
    files: u64,
    frees: u64,
    frees_later: u64,
    notes: &'a [String],
}

#[derive(Debug, Serialize)]
struct RefusalJson<'a> {
    name: &'a str,
    #[serde(flatten)]
    path: PathField,
    reason: &'a str,
    way_on: &'a str,
}

#[derive(Debug, Serialize)]
struct MountJson {
    #[serde(flatten)]
    path: PathField,
    bytes_available: Option<u64>,
    frees: u64,
    frees_perhaps: u64,
    files: u64,
}

#[derive(Debug, Serialize)]
struct DoneJson<'a> {
    /// By which it can be undone and found in the log.
    run: &'a str,
    stopped: bool,
    trashed: u64,
    steps: Vec<StepJson>,
    measured: Vec<MeasuredJson>,
    log_error: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct StepJson {
    #[serde(flatten)]
    path: PathField,
    /// The place of its thing in the plan's items.
    item: usize,
    /// `trashed`, `deleted`, `partly`, `kept`, `put-back` or `not-reached`.
    outcome: &'static str,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct MeasuredJson {
    #[serde(flatten)]
    path: PathField,
    estimated: u64,
    came_back: Option<i64>,
    bytes_available: Option<u64>,
}

/// For programs. `report` is what became of it, if it was carried out.
pub fn json<'a>(plan: &'a Plan, notes: &'a [String], report: Option<&'a Report>) -> Json<'a> {
    let refusal = |r: &'a crate::removal::draft::Refusal| RefusalJson {
        name: &r.name,
        path: PathField::new(&r.path),
        reason: &r.reason,
        way_on: &r.way_on,
    };
    let mount = |c: &crate::removal::plan::Change| MountJson {
        path: PathField::new(&c.mount.path),
        bytes_available: c.mount.space.map(|s| s.available),
        frees: c.frees,
        frees_perhaps: c.maybe,
        files: c.files,
    };
    Json {
        schema: 1,
        plan: PlanJson {
            how: plan.how.id(),
            bytes: plan.size.on_disk,
            files: plan.size.files,
            frees: plan.frees,
            frees_perhaps: plan.doubt.all(),
            frees_later: plan.later,
            deletes: plan.gone,
            items: plan.lines.iter().map(line).collect(),
            left_out: plan.refused.iter().map(refusal).collect(),
            mounts: plan.changes.iter().map(mount).collect(),
            notes,
        },
        done: report.map(done_json),
    }
}

fn line(l: &Line) -> LineJson<'_> {
    LineJson {
        name: &l.name,
        kind: l.kind,
        path: PathField::new(&l.path),
        category: l.category.id(),
        verdict: l.verdict.id(),
        action: if l.action == Action::Trash { "trash" } else { "delete" },
        bytes: l.size.on_disk,
        files: l.size.files,
        frees: l.frees,
        frees_later: l.later,
        notes: &l.notes,
    }
}

fn done_json(report: &Report) -> DoneJson<'_> {
    let step = |s: &crate::removal::execute::StepReport| {
        let (outcome, reason) = match &s.outcome {
            Outcome::Trashed { .. } => ("trashed", None),
            Outcome::Deleted { .. } => ("deleted", None),
            Outcome::Partly { first, rest, .. } => {
                ("partly", Some(format!("{first}; the rest is in {}", text::path(rest))))
            }
            Outcome::Kept(why) => ("kept", Some(why.clone())),
            Outcome::PutBack(why) => ("put-back", Some(why.clone())),
            Outcome::NotReached => ("not-reached", None),
        };
        StepJson { path: PathField::new(&s.path), item: s.line, outcome, reason }
    };
    let measured = |m: &crate::removal::measure::Measured| MeasuredJson {
        path: PathField::new(&m.mount),
        estimated: m.estimated,
        came_back: m.came_back(),
        bytes_available: m.after,
    };
    DoneJson {
        run: &report.run,
        stopped: report.stopped,
        trashed: report.trashed,
        steps: report.steps.iter().map(step).collect(),
        measured: report.measured.iter().map(measured).collect(),
        log_error: report.unlogged.as_deref(),
    }
}
