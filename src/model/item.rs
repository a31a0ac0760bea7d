//! Items: what a person would remove as one. First as a family describes them, then as the inventory holds them.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::category::Category;
use super::inventory::Bar;
use super::measure::Measure;
use super::node::{DirId, NodeId};
use super::problem::Problem;
use super::verdict::Verdict;

/// An item of the inventory. The same thing keeps its number when it is scanned again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub u32);

/// A store of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreId(pub u32);

/// A blob of the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub u32);

/// A blob of one [`Found`], by its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobRef(pub usize);

/// What a part is to its item. Pointers go first, so that an interruption never leaves one dangling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Names or completes the rest: a ref, a marker, a descriptor.
    Pointer,
    /// The thing itself.
    Body,
}

/// A file or directory that belongs to one item alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// Where it is.
    pub node: NodeId,
    /// What it is to the item.
    pub role: Role,
}

/// A file that several items hold by reference; it goes when the last of them goes.
#[derive(Debug, Clone, Default)]
pub struct NewBlob {
    /// The file, and what belongs to it (manifest, lock).
    pub nodes: Vec<NodeId>,
    /// Those of them that are no content: they only say who holds it.
    pub pointers: Vec<NodeId>,
}

/// What `Found` says of something an item uses in another store: an environment that links into a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Who needs it, in words.
    pub user: String,
    /// What is needed: a path at or below an item.
    pub path: PathBuf,
}

/// An item as a family describes it.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// What it is: `model`, `revision`, `tarball`, `step` …
    pub kind: &'static str,
    /// Its human name, safe to show.
    pub name: String,
    /// Its version, safe to show.
    pub version: Option<String>,
    /// Where it comes from, safe to show, without secrets.
    pub origin: Option<String>,
    /// The group, if it is not the family's own.
    pub category: Option<Category>,
    /// What happens if it is deleted.
    pub verdict: Verdict,
    /// What a person should know before it goes.
    pub notes: Vec<String>,
    /// What it alone consists of.
    pub parts: Vec<Part>,
    /// What lies inside its parts and is not of it.
    pub without: Vec<NodeId>,
    /// Blobs it shares with others. Only items without children hold blobs.
    pub holds: Vec<BlobRef>,
    /// The items it is made of.
    pub children: Vec<NewItem>,
    /// Whether it is left over from something: partial, orphaned, detached, superseded.
    pub leftover: bool,
    /// Whether its verdict counts only once every store was read, because another one may need it.
    pub waits: bool,
    /// What tells it from others in the store; its first part's path below the store when empty.
    pub key: String,
}

impl NewItem {
    /// An item without parts yet.
    pub fn new(kind: &'static str, name: impl Into<String>, verdict: Verdict) -> Self {
        Self {
            kind,
            name: name.into(),
            version: None,
            origin: None,
            category: None,
            verdict,
            notes: Vec::new(),
            parts: Vec::new(),
            without: Vec::new(),
            holds: Vec::new(),
            children: Vec::new(),
            leftover: false,
            waits: false,
            key: String::new(),
        }
    }

    /// Adds a part that is the thing itself.
    #[must_use]
    pub fn body(mut self, node: impl Into<NodeId>) -> Self {
        self.parts.push(Part { node: node.into(), role: Role::Body });
        self
    }

    /// Adds a part that names or completes the rest.
    #[must_use]
    pub fn pointer(mut self, node: impl Into<NodeId>) -> Self {
        self.parts.push(Part { node: node.into(), role: Role::Pointer });
        self
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets the origin.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Sets the group.
    #[must_use]
    pub fn category(mut self, category: Category) -> Self {
        self.category = Some(category);
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Leaves something inside its parts out.
    #[must_use]
    pub fn without(mut self, node: impl Into<NodeId>) -> Self {
        self.without.push(node.into());
        self
    }

    /// Calls it a leftover.
    #[must_use]
    pub fn leftover(mut self) -> Self {
        self.leftover = true;
        self
    }

    /// Tells it from another item that begins with the same part.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }
}

/// What a family found in a store.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Its items.
    pub items: Vec<NewItem>,
    /// Files that several of them hold.
    pub blobs: Vec<NewBlob>,
    /// What could not be read or understood.
    pub problems: Vec<Problem>,
    /// What its items need in other stores.
    pub uses: Vec<Use>,
    /// A name better than the store's path, where the family knows one.
    pub title: Option<String>,
}

impl Found {
    /// Enters a shared file.
    pub fn blob(&mut self, nodes: Vec<NodeId>) -> BlobRef {
        self.listed_blob(nodes, Vec::new())
    }

    /// Enters a shared file beside which files say who holds it. Those go with it.
    pub fn listed_blob(&mut self, mut nodes: Vec<NodeId>, pointers: Vec<NodeId>) -> BlobRef {
        nodes.extend(&pointers);
        self.blobs.push(NewBlob { nodes, pointers });
        BlobRef(self.blobs.len() - 1)
    }
}

/// A store that was recognized, on its way to the inventory. All its directories are in the tree.
#[derive(Debug, Clone)]
pub struct NewStore {
    /// Where it is.
    pub root: DirId,
    /// The family that owns the layout.
    pub family: &'static str,
    /// What kind of store it is to that family.
    pub role: &'static str,
    /// The group of its items, unless they say otherwise.
    pub category: Category,
    /// The group of what nobody claims in it.
    pub unclaimed: Category,
    /// How to get its things back.
    pub hint: &'static str,
    /// Whether a process inside it means that all its items are in use.
    pub together: bool,
    /// Whether the items' own order means something (steps of a run).
    pub ordered: bool,
    /// What was found.
    pub found: Found,
}

/// An item as the inventory holds it.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its number.
    pub id: ItemId,
    /// Stable across runs: family and path below the store.
    pub key: Arc<str>,
    /// The store it lies in.
    pub store: StoreId,
    /// The item it is a part of.
    pub parent: Option<ItemId>,
    /// The items it is made of.
    pub children: Vec<ItemId>,
    /// See [`NewItem::kind`].
    pub kind: &'static str,
    /// See [`NewItem::name`].
    pub name: String,
    /// See [`NewItem::version`].
    pub version: Option<String>,
    /// See [`NewItem::origin`].
    pub origin: Option<String>,
    /// The group it is shown in.
    pub category: Category,
    /// What its family said; the inventory's `verdict()` knows more.
    pub verdict: Verdict,
    /// See [`NewItem::notes`].
    pub notes: Vec<String>,
    /// See [`NewItem::parts`].
    pub parts: Vec<Part>,
    /// See [`NewItem::without`].
    pub without: Vec<NodeId>,
    /// Blobs it shares with others.
    pub holds: Vec<BlobId>,
    /// See [`NewItem::leftover`].
    pub leftover: bool,
    /// See [`NewItem::waits`].
    pub waits: bool,
    /// What it takes and what comes back if it goes alone.
    pub measure: Measure,
    /// Why the person who looks may not remove it.
    pub bar: Option<Bar>,
    /// Whether this is what the family did not claim: the rest of the store.
    pub is_rest: bool,
}

/// A recognized store.
#[derive(Debug, Clone)]
pub struct Store {
    /// Its number.
    pub id: StoreId,
    /// See [`NewStore::family`].
    pub family: &'static str,
    /// See [`NewStore::role`].
    pub role: &'static str,
    /// Where it is.
    pub root: DirId,
    /// The group of what says nothing else.
    pub category: Category,
    /// See [`NewStore::unclaimed`].
    pub unclaimed: Category,
    /// See [`NewStore::hint`].
    pub hint: &'static str,
    /// See [`NewStore::together`].
    pub together: bool,
    /// See [`NewStore::ordered`].
    pub ordered: bool,
    /// See [`Found::title`].
    pub title: Option<String>,
    /// Its top items, the rest last.
    pub items: Vec<ItemId>,
    /// What it takes, stores inside it not counted.
    pub measure: Measure,
    /// What of it lies in each group, once that was asked.
    pub shares: Option<Vec<(Category, Measure)>>,
    /// Whether it names inodes that have several names: then another store may name them too.
    pub names_links: bool,
    /// Which of all measurements of stores its was: with the same number nothing changed.
    pub measured: u64,
    /// The roots of the stores directly inside it.
    pub inner: Vec<NodeId>,
    /// What its items never include: stores inside it, and what is protected.
    pub holes: Vec<NodeId>,
    /// The directories above those.
    pub above_holes: FxHashSet<DirId>,
}
