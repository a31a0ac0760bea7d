//! Text files beside steps that name one of them: `latest`, `last_checkpoint`, `latest_checkpointed_iteration.txt`.
//!
//! They are written when a step is complete, and training goes on from what they name.

use super::run::{Run, State, Step};
use crate::families::{File, Range};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;
use crate::text;

/// Such a file, read.
pub struct Pointer<'a> {
    file: File<'a>,
    /// The name of the step, as far as it says one.
    pub names: Option<String>,
}

impl<'a> Pointer<'a> {
    /// Reads the one of this name, if it is there. It may name its step by the path that it once had.
    pub fn read(run: &Run<'a>, name: &str) -> Option<Self> {
        let file = run.files().into_iter().find(|f| f.name() == name && f.is_regular())?;
        let names = run.store.read(file.node, Range::Head, 4096).and_then(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            let last = text.trim().rsplit(['/', '\\']).next().unwrap_or("").to_string();
            (!last.is_empty()).then_some(last)
        });
        Some(Self { file, names })
    }

    /// One that was read in another way.
    pub fn new(file: File<'a>, names: Option<String>) -> Self {
        Self { file, names }
    }

    /// Tells the step it names. Whether that step is there.
    pub fn tell(&self, steps: &mut [Step<'_>]) -> bool {
        let named = self.named(steps);
        if let Some(at) = named {
            steps[at].be_latest(self.file.name());
        }
        named.is_some()
    }

    /// Doubts what is newer than the step it names: it was begun, and this file would name it had it been finished.
    pub fn doubt_newer(&self, steps: &mut [Step<'_>]) {
        let Some(order) = self.named(steps).and_then(|at| steps[at].order.clone()) else { return };
        for step in steps.iter_mut().filter(|s| s.order.as_ref().is_some_and(|o| *o > order)) {
            step.careful = true;
            if step.state == State::Whole {
                let name = self.file.name();
                step.state = State::Torn(format!("newer than what {name} names, which is written last"));
            }
        }
    }

    fn named(&self, steps: &[Step<'_>]) -> Option<usize> {
        let name = self.names.as_deref()?;
        steps.iter().position(|s| s.holds(name))
    }

    /// The file itself, which is an item of its own. `found`: whether the step it names is there.
    pub fn into_item(self, found: bool) -> NewItem {
        let item = NewItem::new("pointer", self.file.shown(), Verdict::LookFirst).body(self.file.node);
        match self.names.as_deref().map(text::plain) {
            Some(name) if found => item.note(format!("names {name} as the latest")),
            Some(name) => item.note(format!("names {name}, which is not here")),
            None => item.note("should name the latest step"),
        }
    }
}
