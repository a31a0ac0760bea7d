//! The gentlest set that gives enough bytes back: what nobody misses first, then what can be fetched again, then what can
//! be made again, each oldest first; what has to be looked at only if that is asked for.
//!
//! What comes back of a set is not the sum of what its members give back: a file that several hold comes back with the
//! last of them. So everything is split into atoms, each with all that must be chosen for its bytes to come back. With
//! them a prefix of the order is a sum, and what can be left out of it is told without measuring any set again.

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use super::inventory::Inventory;
use super::item::{BlobId, ItemId};
use super::links::LinkSlot;
use super::marks::{Mark, Marks};
use super::measure::{Met, Selection, each_owned};
use super::mount::Mount;
use super::node::NodeId;
use super::usage::BLOCK;
use super::verdict::Verdict;

/// What could go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    /// It.
    pub marks: Marks,
    /// Bytes that come back with exactly that.
    pub frees: u64,
    /// Whether these are as many as were wanted.
    pub enough: bool,
    /// If they are not: bytes that would come back besides, of what has to be looked at first and was not asked for.
    pub look_first: u64,
}

impl Proposal {
    /// The items in it.
    pub fn items(&self) -> Vec<ItemId> {
        let item = |mark| if let Mark::Item(id) = mark { Some(id) } else { None };
        self.marks.sorted().into_iter().filter_map(item).collect()
    }
}

/// Proposes what could go, so that at least `wanted` bytes come back, of what is `allowed`, on one mount if one is given.
pub fn propose(
    inventory: &Inventory,
    allowed: &dyn Fn(ItemId) -> bool,
    mount: Option<&Mount>,
    wanted: u64,
    look_first: bool,
) -> Proposal {
    propose_beside(inventory, &Marks::default(), allowed, mount, wanted, look_first)
}

/// The same beside items that are marked already: they stay in it, whatever they are, and count for what they give back.
pub fn propose_beside(
    inventory: &Inventory,
    marked: &Marks,
    allowed: &dyn Fn(ItemId) -> bool,
    mount: Option<&Mount>,
    wanted: u64,
    look_first: bool,
) -> Proposal {
    let mut parts = Parts { inventory, marked, allowed, mount, units: Vec::new(), wholes: Vec::new() };
    let mut tops: Vec<ItemId> =
        inventory.stores().into_iter().flat_map(|s| s.items.iter().copied()).collect();
    tops.sort_unstable();
    for id in tops {
        parts.take_apart(id);
    }
    let worst = if look_first { Verdict::LookFirst } else { Verdict::Rebuild };
    let choice = Choice::new(&parts).choose(wanted, worst);
    let mut ids = choice.ids;
    ids.extend(parts.wholes.iter().filter(|w| w.units.clone().all(|u| choice.units[u])).map(|w| w.id));
    let all: FxHashSet<ItemId> = ids.iter().copied().collect();
    ids.retain(|id| !inventory.line(*id).skip(1).any(|above| all.contains(&above)));
    let mut marks = Marks::default();
    for id in &ids {
        marks.insert(Mark::Item(*id));
    }
    let frees = inventory.frees_of(&ids);
    let enough = frees >= wanted;
    Proposal { marks, frees, enough, look_first: if enough { 0 } else { choice.more } }
}

/// The smallest thing that is chosen or not.
struct Unit {
    id: ItemId,
    class: Verdict,
    /// Whether it was marked before.
    given: bool,
    /// The items that go with it.
    items: Vec<ItemId>,
    /// The units below it, if it is the rest of a whole of which they are parts.
    around: std::ops::Range<usize>,
}

/// An item that is no worse than what it is made of: it goes when all of that goes.
struct Whole {
    id: ItemId,
    units: std::ops::Range<usize>,
}

/// Everything that may be chosen, taken apart.
struct Parts<'a> {
    inventory: &'a Inventory,
    marked: &'a Marks,
    allowed: &'a dyn Fn(ItemId) -> bool,
    mount: Option<&'a Mount>,
    units: Vec<Unit>,
    wholes: Vec<Whole>,
}

impl Parts<'_> {
    /// What an item is as a whole, if it may be chosen.
    fn class(&self, id: ItemId) -> Option<Verdict> {
        let class = self.inventory.offered_as(id)?;
        ((self.allowed)(id) && self.is_here(id)).then_some(class)
    }

    fn is_here(&self, id: ItemId) -> bool {
        let Some(mount) = self.mount else { return true };
        // One file system may be mounted in several places: subvolumes, bind mounts.
        let same = |m: &&Mount| m.path == mount.path || (m.dev != 0 && m.dev == mount.dev);
        self.inventory.mounts.iter().filter(same).any(|m| self.inventory.lies_on(id, Some(&m.path)))
    }

    /// Whether it was marked before.
    fn is_given(&self, id: ItemId) -> bool {
        self.marked.contains(Mark::Item(id)) && self.is_here(id)
    }

    fn take_apart(&mut self, id: ItemId) {
        let Some(item) = self.inventory.item(id) else { return };
        if self.is_given(id) {
            let items = self.inventory.descendants(id).collect();
            self.units.push(Unit { id, class: Verdict::Safe, given: true, items, around: 0..0 });
            return;
        }
        let (from, whole) = (self.units.len(), self.wholes.len());
        let has_something = |c: &ItemId| !self.inventory.nodes_of(*c).is_empty();
        let children: Vec<ItemId> = item.children.iter().copied().filter(has_something).collect();
        let divides =
            !children.is_empty() && children.iter().all(|c| self.class(*c).is_some() || self.is_given(*c));
        for child in children {
            self.take_apart(child);
        }
        let Some(class) = self.class(id) else { return };
        let units = from..self.units.len();
        if divides && self.units[units.clone()].iter().any(|u| u.class == class && !u.given) {
            self.wholes.push(Whole { id, units });
            return;
        }
        // What of it goes by itself is chosen before the rest of it.
        let apart = self.units[units.clone()].iter().flat_map(|u| u.items.iter().copied());
        let apart: FxHashSet<ItemId> = apart.chain(self.wholes[whole..].iter().map(|w| w.id)).collect();
        let items = self.inventory.descendants(id).filter(|d| !apart.contains(d)).collect();
        self.units.push(Unit { id, class, given: false, items, around: units });
    }
}

/// Bytes that come back once all of these units are chosen.
struct Atom {
    bytes: u64,
    needs: Vec<usize>,
}

/// What is chosen.
struct Chosen {
    ids: Vec<ItemId>,
    /// By unit: whether it is.
    units: Vec<bool>,
    /// Bytes that all the others would give besides.
    more: u64,
}

struct Choice<'a> {
    units: &'a [Unit],
    atoms: Vec<Atom>,
    /// The units, those that were marked first, then the gentlest.
    order: Vec<usize>,
}

impl<'a> Choice<'a> {
    fn new(parts: &'a Parts<'_>) -> Self {
        let units = &parts.units[..];
        let measure = |u: usize| parts.inventory.item(units[u].id).map(|i| i.measure).unwrap_or_default();
        let mut ages: Vec<(Verdict, bool, u32)> = Vec::new();
        for (u, unit) in units.iter().enumerate() {
            let newest = measure(u).newest;
            // Of what has no time nobody knows that it is old. The rest of a whole comes after its parts.
            let own = (unit.class, newest == 0, newest);
            ages.push(ages[unit.around.clone()].iter().copied().fold(own, Ord::max));
        }
        let mut order: Vec<usize> = (0..units.len()).collect();
        let key = |u: usize| (!units[u].given, ages[u], units[u].around.len(), Reverse(measure(u).frees));
        order.sort_by_key(|u| (key(*u), units[*u].id));
        Self { units, atoms: Atoms::of(parts), order }
    }

    /// The shortest beginning of the order that gives enough, without what that does not need.
    fn choose(&self, wanted: u64, worst: Verdict) -> Chosen {
        let mut position = vec![0; self.units.len()];
        for (at, unit) in self.order.iter().enumerate() {
            position[*unit] = at;
        }
        let last_of = |atom: &Atom| atom.needs.iter().map(|u| position[*u]).max().unwrap_or(0);
        let mut gains = vec![0_u64; self.units.len()];
        for atom in &self.atoms {
            gains[last_of(atom)] += atom.bytes;
        }
        let may = self.order.partition_point(|u| self.units[*u].given || self.units[*u].class <= worst);
        let mut len = self.order.partition_point(|u| self.units[*u].given);
        let mut frees: u64 = gains[..len].iter().sum();
        while len < may && frees < wanted {
            frees += gains[len];
            len += 1;
        }
        let more = gains[len..].iter().sum();
        let mut chosen = vec![false; self.units.len()];
        for unit in &self.order[..len] {
            chosen[*unit] = true;
        }
        let there: Vec<&Atom> = self.atoms.iter().filter(|a| last_of(a) < len).collect();
        self.spare(&mut chosen, &there, &self.order[..len], frees.saturating_sub(wanted));
        let ids = self.order[..len].iter().filter(|u| chosen[**u]).map(|u| self.units[*u].id).collect();
        Chosen { ids, units: chosen, more }
    }

    /// Leaves out what is not needed of the last class, newest first, and everywhere what gives nothing back.
    fn spare(&self, chosen: &mut [bool], atoms: &[&Atom], order: &[usize], mut excess: u64) {
        let order = &order[order.partition_point(|u| self.units[*u].given)..];
        let Some(last) = order.last().map(|u| self.units[*u].class) else { return };
        let mut alone = vec![0_u64; self.units.len()];
        let mut of_unit: Vec<Vec<usize>> = vec![Vec::new(); self.units.len()];
        for (i, atom) in atoms.iter().enumerate() {
            for unit in &atom.needs {
                alone[*unit] += atom.bytes;
                of_unit[*unit].push(i);
            }
        }
        let mut gone = vec![false; atoms.len()];
        // What lies in a whole that stays goes with it.
        let mut held = vec![0_u32; self.units.len()];
        for unit in order {
            self.units[*unit].around.clone().for_each(|u| held[u] += 1);
        }
        for unit in order.iter().rev().filter(|u| self.units[**u].class == last) {
            if held[*unit] > 0 || alone[*unit] > excess {
                continue;
            }
            chosen[*unit] = false;
            excess -= alone[*unit];
            self.units[*unit].around.clone().for_each(|u| held[u] -= 1);
            for atom in of_unit[*unit].iter().copied().filter(|a| !std::mem::replace(&mut gone[*a], true)) {
                atoms[atom].needs.iter().for_each(|u| alone[*u] -= atoms[atom].bytes);
            }
        }
        for unit in order.iter().rev() {
            if chosen[*unit] && held[*unit] == 0 && alone[*unit] == 0 {
                chosen[*unit] = false;
                self.units[*unit].around.clone().for_each(|u| held[u] -= 1);
            }
        }
    }
}

/// Something of which the bytes come back as a whole: the parts of an item, or a file that several items hold.
struct Piece {
    needs: Vec<usize>,
    selection: Selection,
}

/// Puts the atoms together.
struct Atoms;

impl Atoms {
    fn of(parts: &Parts<'_>) -> Vec<Atom> {
        let inventory = parts.inventory;
        let tree = &inventory.tree;
        let mut atoms: Vec<Atom> = Vec::new();
        let mut names: FxHashMap<LinkSlot, (u32, Vec<usize>)> = FxHashMap::default();
        for piece in Self::pieces(parts) {
            let mut bytes = 0_u64;
            each_owned(tree, &piece.selection, &mut |met| match met {
                Met::Plain(_, _, usage) => bytes += usage.on_disk,
                Met::Name(_, slot) => {
                    let (count, needs) = names.entry(slot).or_default();
                    *count += 1;
                    needs.extend(piece.needs.iter().filter(|u| !needs.contains(u)).collect::<Vec<_>>());
                }
            });
            if bytes > 0 {
                atoms.push(Atom { bytes, needs: piece.needs });
            }
        }
        for (slot, (count, needs)) in names {
            let inode = tree.links().get(slot);
            // As long as a name is elsewhere, nothing comes back.
            if count >= inode.nlink && inode.blocks > 0 {
                atoms.push(Atom { bytes: inode.blocks * BLOCK, needs });
            }
        }
        atoms
    }

    fn pieces(parts: &Parts<'_>) -> Vec<Piece> {
        let inventory = parts.inventory;
        let mut unit_of: FxHashMap<ItemId, usize> = FxHashMap::default();
        let mut blobs: FxHashSet<BlobId> = FxHashSet::default();
        let mut pieces: Vec<Piece> = Vec::new();
        for (u, unit) in parts.units.iter().enumerate() {
            unit_of.extend(unit.items.iter().map(|id| (*id, u)));
            let items = unit.items.iter().filter_map(|id| inventory.item(*id));
            blobs.extend(items.flat_map(|i| i.holds.iter().copied()));
            let needs = unit.around.clone().chain([u]).collect();
            pieces.push(Piece { needs, selection: Self::own(inventory, unit.id, &unit.items) });
        }
        for whole in &parts.wholes {
            let needs = whole.units.clone().collect();
            pieces.push(Piece { needs, selection: Self::own(inventory, whole.id, &[whole.id]) });
        }
        for blob in blobs {
            let holders = inventory.blob_holders(blob).iter().map(|h| unit_of.get(h).copied());
            // What somebody else holds stays.
            let Some(mut needs) = holders.collect::<Option<Vec<usize>>>() else { continue };
            needs.sort_unstable();
            needs.dedup();
            let nodes = inventory.blob_nodes(blob).iter().copied();
            pieces.push(Piece { needs, selection: Selection::new(&inventory.tree, nodes, []) });
        }
        pieces
    }

    /// What some items of a whole have by themselves: without what the others have, and without what is shared.
    fn own(inventory: &Inventory, whole: ItemId, items: &[ItemId]) -> Selection {
        let mine: FxHashSet<ItemId> = items.iter().copied().collect();
        let (mut nodes, mut others) = (Vec::new(), FxHashSet::default());
        for item in inventory.descendants(whole).filter_map(|id| inventory.item(id)) {
            let parts = item.parts.iter().map(|p| p.node);
            if mine.contains(&item.id) {
                nodes.extend(parts);
            } else {
                others.extend(parts);
            }
            others.extend(item.holds.iter().flat_map(|b| inventory.blob_nodes(*b)));
        }
        nodes.retain(|n: &NodeId| !others.contains(n));
        Selection::new(&inventory.tree, nodes, inventory.holes_of(whole).into_iter().chain(others))
    }
}

#[cfg(test)]
mod tests;
