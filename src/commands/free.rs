//! `mldu free`: so many bytes, on one mount, by the gentlest plan that gives them back.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::carry::{Carry, carry, planned, scanned};
use super::{Exit, complain};
use crate::model::headline::headline;
use crate::model::inventory::Inventory;
use crate::model::item::ItemId;
use crate::model::marks::Mark;
use crate::model::mount::Mount;
use crate::model::propose::{Proposal, propose};
use crate::removal::plan::{How, Plan};
use crate::settings::Settings;
use crate::sys::mounts;
use crate::text::amount::Amount;
use crate::text::{self, Units};

/// So often it is proposed anew, when a look at the disk showed that something of it must stay.
const ROUNDS: usize = 4;

/// So many things that stay are told by name.
const NAMED: usize = 4;

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    /// How much.
    pub amount: Amount,
    /// Where; the fullest mount if it is not said.
    pub on: Option<PathBuf>,
    /// Whether what has to be looked at may be proposed.
    pub look_first: bool,
    /// How it is carried out; for good if no way is said.
    pub carry: Carry,
}

/// Proposes, asks, does it.
pub fn run(settings: &Settings, wanted: &Wanted) -> Exit {
    let order = wanted.carry;
    if order.yes && order.how.is_none() && !order.dry_run {
        let _ = complain("--yes needs --trash or --delete: nobody is asked which");
        return Exit::Usage;
    }
    let inventory = match scanned(settings) {
        Ok(inventory) => inventory,
        Err(exit) => return exit,
    };
    let mount = match mount(settings, &inventory, wanted.on.as_deref()) {
        Ok(mount) => mount,
        Err(why) => return complain(&why),
    };
    let place = text::path(&mount.path);
    let bytes = match (wanted.amount, mount.space) {
        (Amount::Percent(_), None) => {
            return complain(&format!("{place} does not say how large it is: say how much in bytes, as 20G"));
        }
        (amount, space) => amount.of(space.map_or(0, |s| s.total)),
    };
    let how = order.how.unwrap_or(How::ForGood);
    let offer = gentlest(settings, &inventory, &mount, bytes, (how, wanted));
    let notes = notes(&offer, bytes, &place, (how, wanted.look_first), settings.units);
    let order = Carry { how: Some(how), ..order };
    let exit = carry(settings, &inventory, &offer.proposal.marks, order, &notes);
    if exit == Exit::Done && !order.dry_run && offer.sure < bytes {
        let _ = complain(&format!("that was not as much as was asked for: {}", size(bytes, settings.units)));
        return Exit::Partly;
    }
    exit
}

/// The mount it is about: the one that holds a folder, or the one that is worst off.
fn mount(settings: &Settings, inventory: &Inventory, on: Option<&Path>) -> Result<Mount, String> {
    let env = &settings.scan.env;
    let Some(on) = on else {
        let worst = headline(inventory, env.uid() == 0, settings.units);
        return worst.map(|h| h.mount).ok_or_else(|| "no file system was scanned".to_string());
    };
    let shown = text::path(on);
    let path = env.current().join(on);
    if !env.exists(&path) {
        return Err(format!("--on {shown}: there is no such folder"));
    }
    let table = mounts::read();
    let real = mounts::holding(&table, &env.real_path(&path)).map(|m| m.path.clone());
    let known = inventory.mounts.iter().find(|m| real.as_ref() == Some(&m.path));
    known
        .cloned()
        .ok_or_else(|| format!("--on {shown}: nothing was scanned there; name it as a folder to scan"))
}

/// What is proposed, after the disk was looked at.
struct Offer {
    proposal: Proposal,
    /// Bytes that come back for certain: at once, or when the trash is emptied.
    sure: u64,
    /// What would have been in it, but has to stay or gives nothing back; and why.
    passed_over: Vec<String>,
}

/// Proposes until what stays after a look at the disk gives enough back, or nothing more is to be had.
fn gentlest(
    settings: &Settings,
    inventory: &Inventory,
    mount: &Mount,
    bytes: u64,
    (how, wanted): (How, &Wanted),
) -> Offer {
    // To tell what would go, it is looked at as if it went.
    let settings = Settings { read_only: settings.read_only && !wanted.carry.dry_run, ..settings.clone() };
    let mut stay: FxHashSet<ItemId> = FxHashSet::default();
    let mut passed_over = Vec::new();
    let mut ask = bytes;
    let mut round = 0;
    loop {
        round += 1;
        let allowed = |id: ItemId| !stay.contains(&id);
        let proposal = propose(inventory, &allowed, Some(mount), ask, wanted.look_first);
        let plan = planned(&settings, inventory, &proposal.marks, how);
        let sure = plan.frees + plan.later;
        let kept = kept(&plan, &proposal);
        let nothing_more = kept.is_empty() && !proposal.enough;
        if sure >= bytes || nothing_more || round == ROUNDS {
            return Offer { proposal, sure, passed_over };
        }
        if kept.is_empty() {
            // Some of it is shared with a snapshot, or compressed: a little more is needed.
            ask += bytes - sure;
        }
        passed_over.extend(kept.iter().map(|id| why_not(inventory, &plan, *id)));
        stay.extend(kept);
    }
}

/// What of a proposal does not go, or gives nothing back for it lies in an image.
fn kept(plan: &Plan, proposal: &Proposal) -> Vec<ItemId> {
    let gives = plan.lines.iter().filter(|l| l.image < l.size.on_disk.max(1)).map(|l| l.mark);
    let gives: FxHashSet<Mark> = gives.collect();
    proposal.items().into_iter().filter(|id| !gives.contains(&Mark::Item(*id))).collect()
}

/// Why something is passed over, in words.
fn why_not(inventory: &Inventory, plan: &Plan, id: ItemId) -> String {
    let name = inventory.item(id).map(|i| i.name.as_str()).unwrap_or_default();
    let reason = plan.refused.iter().find(|r| r.name == name).map(|r| r.reason.as_str());
    let reason = reason.unwrap_or("it lies in the image of a container, so nothing of it would come back");
    format!("Passed over: {name}, {reason}")
}

/// What the plan alone does not say.
fn notes(offer: &Offer, bytes: u64, place: &str, (how, looked): (How, bool), units: Units) -> Vec<String> {
    let size = |n| size(n, units);
    let mut notes = Vec::new();
    if offer.sure >= bytes {
        notes.push(format!(
            "Asked for: {} on {place}. This is the gentlest that gives that back.",
            size(bytes)
        ));
    } else {
        let (asked, sure) = (size(bytes), size(offer.sure));
        notes.push(format!(
            "NOT ENOUGH: {asked} were asked for on {place}; for certain, {sure} can come back."
        ));
        if offer.proposal.look_first > 0 && !looked {
            let more = size(offer.proposal.look_first);
            notes.push(format!(
                "Next would be what should be looked at first: {more} more, with --look-first."
            ));
        }
    }
    notes.extend(offer.passed_over.iter().take(NAMED).cloned());
    if let Some(more) = offer.passed_over.len().checked_sub(NAMED).filter(|more| *more > 0) {
        notes.push(format!("and {} passed over", text::counted(more as u64, "more thing", "more things")));
    }
    if how == How::Trash && !offer.proposal.marks.is_empty() {
        notes.push("In the trash it frees nothing until that is emptied; --delete frees it at once.".into());
    }
    notes
}

fn size(bytes: u64, units: Units) -> String {
    text::size(bytes, units)
}
