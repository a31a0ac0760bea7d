//! Everything safe with one key; and so many bytes: how much is asked for, and the plan that gives that back.

use tui_input::Input;

use super::App;
use super::action::Action;
use super::dialogs::edit;
use super::event::Effect;
use super::keymap::{Key, binding};
use super::mode::Mode;
use crate::model::inventory::ScanState;
use crate::model::measure::{Meter, Selection};
use crate::model::mount::{Mount, Space};
use crate::model::propose::{Proposal, propose_beside};
use crate::model::verdict::Verdict;
use crate::removal::draft::Draft;
use crate::text;
use crate::text::amount::{Amount, typed};

/// What is proposed where nothing presses.
const USUAL: u64 = 20 << 30;

/// A mount this full by the percentages of `df`, or less, is left alone.
const ROOMY: u64 = 89;

impl App {
    /// Marks everything that is safe; if all of that is marked, unmarks it.
    pub(super) fn mark_safe(&mut self) {
        let safe = self.inventory.offered(None, Verdict::Safe);
        let reading = self.inventory.state == ScanState::Running;
        if safe.is_empty() {
            self.status.say(if reading {
                "nothing safe was found so far; still reading"
            } else {
                "nothing here is safe to let go of without a thought"
            });
            return;
        }
        if self.marks.add(&self.inventory, &safe) == 0 && self.marks.drop_items(&safe) == 0 {
            self.status.say("all that is safe is marked already, with something larger");
            return;
        }
        self.status.count_marked(&self.inventory, &self.marks);
        if reading && !self.marks.is_empty() {
            let (n, frees) = (self.status.marked.count, self.size(self.status.marked.frees));
            let key = binding(Action::MarkSafe).map_or("", |b| b.shown);
            self.status
                .say(format!("{n} marked: {frees} freed if deleted; still reading, {key} adds what comes"));
        }
    }

    /// Asks how much is to come back, on the mount the first line is about.
    pub(super) fn begin_free(&mut self) {
        if let Some(why) = self.refusal() {
            self.status.say(why);
            return;
        }
        match &self.status.headline {
            Some(h) => {
                let amount = Input::new(typed(h.mount.space.as_ref().map_or(USUAL, pressing)));
                self.mode = Mode::Free { mount: Box::new(h.mount.clone()), amount };
            }
            None => self.status.say("no file system is known yet; still reading"),
        }
    }

    pub(super) fn free_key(&mut self, key: Key) -> Option<Effect> {
        let Mode::Free { mount, amount } = &mut self.mode else { return None };
        match key {
            Key::Esc | Key::Ctrl('c') => self.mode = Mode::Browse,
            Key::Enter => {
                let wanted = match (Amount::parse(amount.value()), mount.space) {
                    (Err(why), _) => Err(why),
                    (Ok(Amount::Percent(_)), None) => {
                        Err("its size is not known: say it in bytes, as 20G".into())
                    }
                    (Ok(amount), space) => Ok(amount.of(space.map_or(0, |s| s.total))),
                };
                match wanted {
                    Ok(wanted) => {
                        let mount = (**mount).clone();
                        return self.free(&mount, wanted);
                    }
                    Err(why) => self.status.say(text::plain(&why)),
                }
            }
            _ => edit(amount, key),
        }
        None
    }

    /// Adds the gentlest that is missing to what is marked, and looks at it for a plan.
    fn free(&mut self, mount: &Mount, wanted: u64) -> Option<Effect> {
        self.mode = Mode::Browse;
        let (before, had) = (self.marks.len(), self.marked_on(mount));
        // What no store claims is none of the inventory's to propose: it counts for what it gives back.
        let items = propose_beside(&self.inventory, &self.marks, &|_| false, Some(mount), 0, false).frees;
        let missing = wanted.saturating_sub(had.saturating_sub(items));
        let mut proposal =
            propose_beside(&self.inventory, &self.marks, &|_| true, Some(mount), missing, false);
        self.marks.add(&self.inventory, &proposal.items());
        proposal.frees += had.saturating_sub(items);
        self.status.count_marked(&self.inventory, &self.marks);
        let said = self.about_proposal(mount, wanted, (before, had), &proposal);
        if self.marks.is_empty() {
            self.status.say(said.unwrap_or_default());
            return None;
        }
        let effect = self.begin_plan();
        self.status.wanted = Some(wanted);
        if let Some(said) = said {
            self.status.say(said);
        }
        effect
    }

    /// What the plan alone does not say: that it is not enough, and what of it was marked before.
    fn about_proposal(
        &self,
        mount: &Mount,
        wanted: u64,
        (before, had): (usize, u64),
        proposal: &Proposal,
    ) -> Option<String> {
        let place = text::path(&mount.path);
        let still = if self.inventory.state == ScanState::Running { "; still reading" } else { "" };
        if !proposal.enough {
            let all = self.size(proposal.frees);
            let next = match proposal.look_first {
                0 => String::new(),
                more => format!("; look first: {}", self.size(more)),
            };
            return Some(format!("{all} of {} can go on {place}{next}{still}", self.size(wanted)));
        }
        if before > 0 {
            let marks = text::counted(before as u64, "thing was", "things were");
            return Some(format!("{marks} marked before: counted in with {}{still}", self.size(had)));
        }
        (!still.is_empty()).then(|| "proposed of what is known so far: still reading".to_string())
    }

    /// Bytes that come back on a mount with what is marked.
    fn marked_on(&self, mount: &Mount) -> u64 {
        let inventory = &self.inventory;
        let draft = Draft::new(inventory, &self.marks);
        let here = |m: &Mount| m.path == mount.path || (m.dev != 0 && m.dev == mount.dev);
        let nodes = draft.targets().filter(|t| inventory.mount_of(&t.path).is_some_and(here)).map(|t| t.node);
        Meter::new(&inventory.tree).add(&Selection::new(&inventory.tree, nodes, [])).frees
    }

    fn size(&self, bytes: u64) -> String {
        text::size(bytes, self.context.units)
    }
}

/// What brings a mount below nine tenths, as `df` counts; the usual if it is there.
fn pressing(space: &Space) -> u64 {
    let whole = space.used() + space.available;
    // A product of two numbers of bytes needs more than 64 bits.
    let roomy = u64::try_from(u128::from(whole) * u128::from(ROOMY) / 100).unwrap_or(u64::MAX);
    match space.used().saturating_sub(roomy) {
        0 => USUAL,
        bytes => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_brings_a_mount_below_nine_tenths() {
        const GIB: u64 = 1 << 30;
        let full = Space { total: 457 * GIB, available: 0, free: 23 * GIB, ..Space::default() };
        let bytes = pressing(&full);
        assert_eq!(typed(bytes), "48G");
        let after = Space { available: bytes, free: full.free + bytes, ..full };
        assert_eq!(after.percent(), 89);
        let roomy = Space { total: 100 * GIB, available: 50 * GIB, free: 50 * GIB, ..Space::default() };
        assert_eq!(typed(pressing(&roomy)), "20G");
        assert_eq!(typed(pressing(&Space::default())), "20G");
    }
}
