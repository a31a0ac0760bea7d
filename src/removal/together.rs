//! What goes together: the parts of one item, and what several items share. Once something had to stay, this says what
//! that means for the rest.

use rustc_hash::FxHashMap;

use super::draft::Order;
use super::execute::Outcome;
use super::index;
use super::plan::{Action, Plan, Step};

/// What the reason of a part begins with that stays because of another one.
const BOUND: &str = "another part of it stays: ";

/// What became of items so far, by their line of the plan.
#[derive(Debug)]
pub struct Together<'p> {
    plan: &'p Plan,
    /// Lines whose store changed since the plan was made: nothing of them may go any more.
    outdated: FxHashMap<usize, String>,
    /// The first part that stays of each, and why.
    stays: FxHashMap<usize, (Order, String)>,
    /// Which steps put a part of it into the trash.
    trashed: FxHashMap<usize, Vec<usize>>,
}

impl<'p> Together<'p> {
    /// Nothing was done yet; whether stores are still as they were is looked at now.
    pub fn of(plan: &'p Plan) -> Self {
        let changed: FxHashMap<_, _> =
            plan.indexes().iter().filter_map(|i| Some((&i.root, index::reason(i.changed()?)))).collect();
        let lines = plan.lines.iter().enumerate();
        let outdated =
            lines.filter_map(|(at, l)| Some((at, changed.get(l.index.as_ref()?)?.clone()))).collect();
        Self { plan, outdated, stays: FxHashMap::default(), trashed: FxHashMap::default() }
    }

    /// Why a step may not be taken any more. To the trash all parts of an item go or none; for good, what is pointed
    /// at goes only after what points to it, and what several hold only after all of them.
    pub fn objection(&self, step: &Step) -> Option<String> {
        if let Some(why) = self.outdated.get(&step.line()) {
            return Some(why.clone());
        }
        let needed = step.with().iter().find(|line| self.stays.contains_key(line));
        if let Some(name) = needed.and_then(|line| self.plan.lines.get(*line)).map(|l| &l.name) {
            return Some(format!("{name} stays and needs it"));
        }
        let (order, why) = self.stays.get(&step.line())?;
        let its = step.target().order;
        // Parts of a folder that is deleted around something go on without each other.
        let is_bound = step.action() == Action::Trash || *order < its || its == Order::Last;
        is_bound.then(|| format!("{BOUND}{why}"))
    }

    /// Notes what became of a step. If a part stays, it returns the steps that put others into the trash, which are to
    /// be undone, and why.
    pub fn note(&mut self, at: usize, step: &Step, outcome: &Outcome) -> Option<(Vec<usize>, String)> {
        let line = step.line();
        let why = match outcome {
            Outcome::Trashed { .. } => {
                self.trashed.entry(line).or_default().push(at);
                return None;
            }
            Outcome::Deleted { .. } => return None,
            Outcome::Kept(why) | Outcome::PutBack(why) => why.clone(),
            Outcome::Partly { first, .. } => first.clone(),
            Outcome::NotReached => "stopped before all of it was reached".into(),
        };
        self.stays.entry(line).or_insert_with(|| (step.target().order, why.clone()));
        Some((self.trashed.remove(&line)?, why))
    }
}
