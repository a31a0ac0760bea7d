//! What is of one thing, or shared by several, goes together or not at all: a part stays if what needs it stayed.

use rustc_hash::FxHashMap;

use super::{Outcome, Runner};
use crate::removal::draft::Order;
use crate::removal::index;
use crate::removal::plan::{Action, Plan, Step};

/// Lines of which nothing may go any more, and why: a store changed since the plan was made.
pub(super) fn outdated(plan: &Plan) -> FxHashMap<usize, String> {
    let changed: FxHashMap<_, _> =
        plan.indexes().iter().filter_map(|i| Some((&i.root, index::reason(i.changed()?)))).collect();
    let lines = plan.lines.iter().enumerate();
    lines.filter_map(|(at, l)| Some((at, changed.get(l.index.as_ref()?)?.clone()))).collect()
}

impl Runner<'_> {
    /// Why a step must not be taken any more, by what became of those before it.
    pub(super) fn stays(&self, step: &Step) -> Option<String> {
        if let Some(why) = self.outdated.get(&step.line()) {
            return Some(why.clone());
        }
        let needed = step.with().iter().find(|line| self.stayed.contains_key(line));
        if let Some(name) = needed.and_then(|line| self.plan.lines.get(*line)).map(|l| &l.name) {
            return Some(format!("{name} stays and needs it"));
        }
        // Parts of a folder that is deleted around something go on without each other; what an item holds does not.
        let whole = step.action() == Action::Trash || step.target().order == Order::Last;
        let why = self.stayed.get(&step.line()).filter(|_| whole)?;
        Some(format!("another part of it stays: {why}"))
    }

    /// Notes what became of a step: if it did not go, its line stays as far as it is still there.
    pub(super) fn note(&mut self, line: usize, outcome: &Outcome) {
        let why = match outcome {
            Outcome::Trashed { .. } | Outcome::Deleted { .. } => return,
            Outcome::Kept(why) | Outcome::PutBack(why) => why.clone(),
            Outcome::Partly { first, .. } => first.clone(),
            Outcome::NotReached => "stopped before it came to this".into(),
        };
        self.stayed.entry(line).or_insert(why);
    }
}
