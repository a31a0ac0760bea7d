//! The table of who holds what: users, their groups, the largest places in each. It fits 80 columns.

use std::cmp::Reverse;

use super::Style;
use crate::model::inventory::{GroupShare, Inventory};
use crate::model::usage::Usage;
use crate::text;

/// So many places of a group are listed.
const PLACES: usize = 3;

/// Columns of a name, its indentation included.
const NAME: usize = 59;

/// The lines of the table.
pub fn lines(inventory: &Inventory, style: Style<'_>) -> Vec<String> {
    let row = |usage: Usage, depth: usize, name: &str| {
        let pad = "  ".repeat(depth);
        let name = text::cut_middle(name, NAME - pad.len());
        let size = text::size(usage.on_disk, style.units);
        format!("{size:>10} {:>7}  {pad}{name}", text::count(usage.files))
    };
    let mut lines = vec![format!("{:>10} {:>7}  {}", "SIZE", "FILES", "USER, GROUP, PLACE")];
    if inventory.shares().is_empty() {
        lines.push("Nothing was found.".into());
    }
    for share in inventory.shares() {
        lines.push(row(share.usage, 0, &inventory.people.name(share.uid)));
        for group in &share.groups {
            lines.push(row(group.usage, 1, group.category.label()));
            let places = places(inventory, group, style);
            for (usage, name) in places.iter().take(PLACES) {
                lines.push(row(*usage, 2, name));
            }
            if places.len() > PLACES {
                lines.push(format!("{:>24}and {} more; --json has all", "", places.len() - PLACES));
            }
        }
    }
    lines
}

fn places(inventory: &Inventory, group: &GroupShare, style: Style<'_>) -> Vec<(Usage, String)> {
    let name = |node| text::short_path(&inventory.tree.path(node), style.home);
    let stores = group.stores.iter();
    let stores = stores.filter_map(|s| Some((s.usage, name(inventory.store(s.store)?.root.into()))));
    let folders = group.folders.iter().map(|(dir, usage)| (*usage, name((*dir).into())));
    let mut all: Vec<(Usage, String)> = stores.chain(folders).collect();
    all.sort_by_key(|(usage, _)| Reverse(usage.on_disk));
    all
}
