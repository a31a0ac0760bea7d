//! What goes together: the parts of one item. Once one of them had to stay, this says what that means for the rest.

use super::execute::{Outcome, StepReport};
use super::plan::{Action, Step};

/// What the reason of a part begins with that stays because of another one.
const BOUND: &str = "another part of it stays: ";

/// Why a step may not be taken any more, after what became of those before it. To the trash all parts of an item go
/// or none; for good, what is pointed at goes only after what points to it.
pub fn stays(step: &Step, before: &[StepReport], steps: &[Step]) -> Option<String> {
    let same_item = before.iter().zip(steps).filter(|(_, s)| s.line() == step.line());
    let (kept, _) = same_item
        .filter(|(r, _)| !r.outcome.is_done())
        .find(|(_, s)| step.action() == Action::Trash || s.target().order < step.target().order)?;
    let why = match &kept.outcome {
        Outcome::Kept(why) | Outcome::PutBack(why) => why,
        Outcome::Partly { first, .. } => first,
        _ => "stopped",
    };
    Some(if why.starts_with(BOUND) { why.to_string() } else { format!("{BOUND}{why}") })
}
