//! Marking many items at once, and taking that back.

use super::{Mark, Marks};
use crate::model::inventory::Inventory;
use crate::model::item::ItemId;
use crate::model::rows::RowKey;

impl Marks {
    /// Marks these items, each with all it is made of; those that are marked with something larger stay so. Says how
    /// many were not marked before.
    pub fn add(&mut self, inventory: &Inventory, ids: &[ItemId]) -> usize {
        let fresh: Vec<ItemId> = ids.iter().copied().filter(|id| !self.takes(inventory, *id)).collect();
        for id in &fresh {
            self.set_row(inventory, RowKey::Item(*id), true);
        }
        fresh.len()
    }

    /// Unmarks those of these items that are marked as such, not with something larger. Says how many there were.
    pub fn drop_items(&mut self, ids: &[ItemId]) -> usize {
        ids.iter().filter(|id| self.set.remove(&Mark::Item(**id))).count()
    }
}
