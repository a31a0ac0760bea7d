//! What goes together: the parts of one item. Once one of them had to stay, this says what that means for the others.

use rustc_hash::FxHashMap;

use super::draft::Order;
use super::execute::Outcome;
use super::plan::{Action, Step};

/// What the reason of a part begins with that stays because of another one.
const BOUND: &str = "another part of it stays: ";

/// What became of items so far, by their line of the plan.
#[derive(Debug, Default)]
pub struct Together {
    /// The first part that stays of each, and why.
    stays: FxHashMap<usize, (Order, String)>,
    /// Which steps put a part of it into the trash.
    trashed: FxHashMap<usize, Vec<usize>>,
}

impl Together {
    /// Why a step may not be taken any more. To the trash all parts of an item go or none; for good, what is pointed
    /// at goes only after what points to it.
    pub fn objection(&self, step: &Step) -> Option<String> {
        let (order, why) = self.stays.get(&step.line())?;
        let is_bound = step.action() == Action::Trash || *order < step.target().order;
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
