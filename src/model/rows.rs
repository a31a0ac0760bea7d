//! The rows of a view: which things are visible, in which order, how deep. Drawing reads only those on the screen.

use rustc_hash::FxHashSet;

use super::category::Category;
use super::inventory::Inventory;
use super::item::{ItemId, StoreId};
use super::node::{DirId, NodeId};
use super::tree::DirState;

/// What a row stands for. It stays the same when rows move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// A group.
    Category(Category),
    /// The part of a store that lies in a group.
    Store(Category, StoreId),
    /// An item.
    Item(ItemId),
    /// Everything else, as a whole.
    Rest,
    /// A file or folder of everything else.
    Node(NodeId),
    /// What a user holds of something.
    Of(u32, Held),
    /// A process that holds deleted files.
    Process(u32),
    /// One of these files, by device and inode.
    HeldFile(u32, (u64, u64)),
}

/// Of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Held {
    /// Everything.
    All,
    /// A group.
    Group(Category),
    /// The part of a store that lies in a group.
    Store(Category, StoreId),
    /// An item.
    Item(ItemId),
    /// A folder of everything else.
    Folder(DirId),
}

impl RowKey {
    /// The same thing, whoever holds it.
    #[must_use]
    pub fn plain(self) -> Self {
        match self {
            Self::Of(_, Held::Group(Category::Other)) => Self::Rest,
            Self::Of(_, Held::Group(category)) => Self::Category(category),
            Self::Of(_, Held::Store(category, id)) => Self::Store(category, id),
            Self::Of(_, Held::Item(id)) => Self::Item(id),
            Self::Of(_, Held::Folder(dir)) => Self::Node(dir.into()),
            other => other,
        }
    }
}

/// A visible row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What it stands for.
    pub key: RowKey,
    /// How deep it is indented.
    pub depth: u16,
    /// Whether it can be opened.
    pub opens: bool,
    /// Whether it is open.
    pub open: bool,
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortBy {
    /// Groups by size, then everything inside by size; steps of a run in their own order.
    #[default]
    Category,
    /// Size.
    Size,
    /// Name.
    Name,
    /// Number of files.
    Files,
    /// Newest change.
    Age,
}

/// The order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// The other way round.
    pub flipped: bool,
}

/// What the person looks at: what is open, in which order, what is searched for.
#[derive(Debug, Clone, Default)]
pub struct Lens {
    /// The open rows.
    pub open: FxHashSet<RowKey>,
    /// The order.
    pub sort: Sort,
    /// Only what contains this, with what leads to it; lower case, empty for all.
    pub filter: String,
    /// Only leftovers.
    pub leftovers: bool,
    /// Whether rows are told by who holds them.
    pub by_user: bool,
}

/// All visible rows. Costs what is open, not what was scanned.
pub fn rows(inventory: &Inventory, lens: &Lens) -> Vec<Row> {
    let mut out = Vec::new();
    if lens.by_user {
        let users = inventory.shares().iter().map(|s| RowKey::Of(s.uid, Held::All)).collect();
        push(inventory, lens, users, 0, false, &mut out);
        return out;
    }
    let mut top: Vec<RowKey> = inventory.categories().into_iter().map(RowKey::Category).collect();
    if inventory.rest().usage.files > 0 {
        top.push(RowKey::Rest);
    }
    if !inventory.held_open.is_empty() {
        top.push(RowKey::Category(Category::HeldOpen));
    }
    push(inventory, lens, top, 0, false, &mut out);
    out
}

fn push(
    inventory: &Inventory,
    lens: &Lens,
    mut keys: Vec<RowKey>,
    depth: u16,
    shown: bool,
    out: &mut Vec<Row>,
) {
    sort(inventory, lens.sort, &mut keys);
    let searching = !lens.filter.is_empty() || lens.leftovers;
    for key in keys {
        let hit = shown || matches(inventory, lens, key);
        let at = out.len();
        let below = below(inventory, key);
        let opens = !below.is_empty();
        out.push(Row { key, depth, opens, open: false });
        let open = lens.open.contains(&key);
        // While searching, what leads to a hit is open by itself; folders of everything else are not searched.
        let look_inside = open || (searching && !hit && !matches!(key, RowKey::Rest | RowKey::Node(_)));
        if opens && look_inside {
            push(inventory, lens, below, depth + 1, searching && hit, out);
        }
        let found_inside = out.len() > at + 1;
        if searching && !hit && !found_inside {
            out.truncate(at);
        } else {
            out[at].open = found_inside || (opens && open);
        }
    }
}

/// What is directly below a row.
pub fn below(inventory: &Inventory, key: RowKey) -> Vec<RowKey> {
    match key {
        RowKey::Rest => inventory.below(key).into_iter().chain(inventory.rest_below(key)).collect(),
        RowKey::Node(_) => inventory.rest_below(key),
        _ => inventory.below(key),
    }
}

fn matches(inventory: &Inventory, lens: &Lens, key: RowKey) -> bool {
    if lens.leftovers
        && !matches!(key.plain(), RowKey::Item(id) if inventory.item(id).is_some_and(|i| i.leftover))
    {
        return false;
    }
    if lens.filter.is_empty() {
        return true;
    }
    let has = |text: &str| text.to_lowercase().contains(&lens.filter);
    match key.plain() {
        RowKey::Category(c) => has(c.label()),
        RowKey::Item(id) => inventory.item(id).is_some_and(|i| {
            has(&i.name)
                || i.version.as_deref().is_some_and(has)
                || i.origin.as_deref().is_some_and(has)
                || has(i.kind)
                || has(inventory.verdict(id).label())
        }),
        RowKey::Store(_, id) => {
            inventory.store(id).is_some_and(|s| has(s.family) || has(&inventory.store_title(s)))
        }
        RowKey::Of(..) | RowKey::Process(_) | RowKey::HeldFile(..) => has(&inventory.row_name(key)),
        RowKey::Rest => false,
        RowKey::Node(node) => has(&crate::text::display(&inventory.tree.name(node).bytes())),
    }
}

fn sort(inventory: &Inventory, sort: Sort, keys: &mut [RowKey]) {
    let ordered = keys.first().is_some_and(|k| match k.plain() {
        RowKey::Item(id) => {
            inventory.item(id).and_then(|i| inventory.store(i.store)).is_some_and(|s| s.ordered)
        }
        _ => false,
    });
    match sort.by {
        SortBy::Category if ordered => {}
        SortBy::Category | SortBy::Size => {
            keys.sort_by_cached_key(|k| (std::cmp::Reverse(inventory.row_measure(*k).usage.on_disk), *k));
        }
        SortBy::Files => {
            keys.sort_by_cached_key(|k| (std::cmp::Reverse(inventory.row_measure(*k).usage.files), *k));
        }
        SortBy::Age => keys.sort_by_cached_key(|k| (inventory.row_measure(*k).newest, *k)),
        SortBy::Name => keys.sort_by_cached_key(|k| (inventory.row_name(*k).to_lowercase(), *k)),
    }
    if sort.flipped {
        keys.reverse();
    }
}

impl Inventory {
    /// What is directly below everything else, or a folder of it: folders and files that no store claims.
    pub fn rest_below(&self, key: RowKey) -> Vec<RowKey> {
        let dir = match key {
            RowKey::Rest => return self.rest_roots().into_iter().map(|d| RowKey::Node(d.into())).collect(),
            RowKey::Node(node) if node.is_dir() => node.dir,
            _ => return Vec::new(),
        };
        let folders = self
            .tree
            .children(dir)
            .filter(|c| !self.is_store_root(*c))
            .filter(|c| {
                self.tree.get(*c).is_some_and(|d| d.state != DirState::Unread)
                    || self.tree.total(*c).files > 0
            })
            .map(|c| RowKey::Node(c.into()));
        let files = self.tree.files(dir).map(|f| RowKey::Node(NodeId { dir, at: f.at }));
        folders.chain(files).collect()
    }

    /// The folders everything else begins with: what was asked to be scanned.
    fn rest_roots(&self) -> Vec<DirId> {
        self.scanned.iter().copied().filter(|r| !self.is_store_root(*r)).collect()
    }
}
