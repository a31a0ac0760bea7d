//! The part of the report that says who holds what.

use serde::Serialize;

use super::PathField;
use crate::model::inventory::{GroupShare, Inventory, Share};
use crate::model::usage::Usage;

/// A user with all they hold.
#[derive(Debug, Serialize)]
pub struct UserRow {
    uid: u32,
    name: String,
    #[serde(flatten)]
    sizes: Sizes,
    groups: Vec<GroupRow>,
}

#[derive(Debug, Serialize)]
struct Sizes {
    bytes: u64,
    apparent_bytes: u64,
    files: u64,
}

#[derive(Debug, Serialize)]
struct GroupRow {
    id: &'static str,
    label: &'static str,
    #[serde(flatten)]
    sizes: Sizes,
    stores: Vec<PlaceRow>,
    folders: Vec<PlaceRow>,
}

#[derive(Debug, Serialize)]
struct PlaceRow {
    family: &'static str,
    #[serde(flatten)]
    path: PathField,
    #[serde(flatten)]
    sizes: Sizes,
}

impl From<Usage> for Sizes {
    fn from(usage: Usage) -> Self {
        Self { bytes: usage.on_disk, apparent_bytes: usage.apparent, files: usage.files }
    }
}

/// All users, the largest share first.
pub fn users(inventory: &Inventory) -> Vec<UserRow> {
    let user = |share: &Share| UserRow {
        uid: share.uid,
        name: inventory.people.name(share.uid),
        sizes: share.usage.into(),
        groups: share.groups.iter().map(|g| group(inventory, g)).collect(),
    };
    inventory.shares().iter().map(user).collect()
}

fn group(inventory: &Inventory, group: &GroupShare) -> GroupRow {
    let place = |family, node, usage: Usage| PlaceRow {
        family,
        path: PathField::new(&inventory.tree.path(node)),
        sizes: usage.into(),
    };
    let mut stores: Vec<PlaceRow> = group
        .stores
        .iter()
        .filter_map(|s| inventory.store(s.store).map(|store| place(store.family, store.root.into(), s.usage)))
        .collect();
    stores.sort_by_key(|s| std::cmp::Reverse(s.sizes.bytes));
    GroupRow {
        id: group.category.id(),
        label: group.category.label(),
        sizes: group.usage.into(),
        stores,
        folders: group.folders.iter().map(|(dir, usage)| place("other", (*dir).into(), *usage)).collect(),
    }
}
