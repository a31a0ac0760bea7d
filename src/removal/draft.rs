//! From marks to what exactly would go: every marked thing as the files and folders it consists of, without what is
//! protected or in use. Pure: nothing is looked at yet.

mod environments;
mod places;
mod shared;

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

pub use environments::Environment;

use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::item::{BlobId, ItemId, Role};
use crate::model::marks::{Mark, Marks};
use crate::model::measure::Selection;
use crate::model::node::{DirId, Kind, NodeId};
use crate::model::tree::DirState;
use crate::model::verdict::Verdict;

/// In which order the parts of a thing go: what points first, so that nothing ever points at nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Order {
    /// Names or completes the rest.
    Pointer,
    /// The thing itself.
    Body,
    /// What others held too and nobody holds any more; the record of something in a trash.
    Last,
}

/// What the scan knew of something that is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Kind of file.
    pub kind: Kind,
    /// Bytes of blocks; of a folder with all below it.
    pub on_disk: u64,
    /// Length in bytes, of a file.
    pub size: u64,
    /// Inodes; of a folder with all below it.
    pub files: u64,
    /// Newest change, seconds since 1970; of a folder, of any file below it.
    pub newest: u32,
    /// Inode number of a folder, 0 for a file.
    pub ino: u64,
}

/// One file or folder that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where it is in the tree.
    pub node: NodeId,
    /// Where it is on the disk.
    pub path: PathBuf,
    /// When it goes.
    pub order: Order,
    /// What the scan knew of it.
    pub seen: Seen,
    /// Other marked items that hold it: it goes only if they go.
    pub needed_by: Vec<ItemId>,
}

/// One thing that is to go, with all its parts.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was marked.
    pub mark: Mark,
    /// Its name, safe to show.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// Its group.
    pub category: Category,
    /// What happens when it goes.
    pub verdict: Verdict,
    /// What a person should know.
    pub notes: Vec<String>,
    /// Stable id, written beside what is trashed.
    pub key: String,
    /// Its files and folders, none inside another.
    pub targets: Vec<Target>,
    /// The environments among them, which are written down first.
    pub environments: Vec<Environment>,
    /// The folder whose index says that nobody else needs what it shares with others.
    pub index: Option<PathBuf>,
}

/// Something marked that does not go, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its name, safe to show.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Why not.
    pub reason: String,
    /// What can be done about it; may be empty.
    pub way_on: String,
}

/// What the marks mean.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// What would go.
    pub entries: Vec<Entry>,
    /// What stays, and why.
    pub refused: Vec<Refusal>,
    /// The folders whose indexes must still be as they were read.
    around: Vec<DirId>,
}

impl Draft {
    /// Works out what the marks mean.
    pub fn new(inventory: &Inventory, marks: &Marks) -> Self {
        let mut maker = Maker {
            inventory,
            marks,
            draft: Self::default(),
            taken: FxHashSet::default(),
            shared: FxHashMap::default(),
        };
        let items: Vec<ItemId> = marks
            .sorted()
            .into_iter()
            .filter_map(|m| if let Mark::Item(id) = m { Some(id) } else { None })
            .flat_map(|id| maker.removable(id))
            .collect();
        // What nobody else holds goes with the first that holds it.
        let mut blobs: FxHashSet<BlobId> = inventory.own_blobs_of(&items).into_iter().collect();
        maker.share(&items, &blobs);
        for id in &items {
            maker.item(*id, &mut blobs);
        }
        for mark in marks.sorted() {
            if let Mark::Node(node) = mark {
                maker.node(node);
            }
        }
        maker.collapse();
        for entry in &mut maker.draft.entries {
            entry.environments = environments::of(inventory, entry);
        }
        maker.index();
        maker.draft
    }

    /// Everything that would go.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.entries.iter().flat_map(|e| &e.targets)
    }

    /// Every environment that would go.
    pub fn environments(&self) -> impl Iterator<Item = &Environment> {
        self.entries.iter().flat_map(|e| &e.environments)
    }
}

struct Maker<'a> {
    inventory: &'a Inventory,
    marks: &'a Marks,
    draft: Draft,
    taken: FxHashSet<NodeId>,
    /// The items that hold what several of them do.
    shared: FxHashMap<NodeId, Vec<ItemId>>,
}

impl Maker<'_> {
    /// The item, or, if something in it must stay, what of it may go.
    fn removable(&mut self, id: ItemId) -> Vec<ItemId> {
        let inventory = self.inventory;
        let Some(item) = inventory.item(id) else { return Vec::new() };
        let verdict = inventory.verdict(id);
        if !verdict.removable() {
            let path = item.parts.first().map(|p| inventory.tree.path(p.node)).unwrap_or_default();
            self.draft.refused.push(refusal(&item.name, path, verdict, &inventory.notes(id)));
            return Vec::new();
        }
        if let Some(bar) = item.bar {
            let path = item.parts.first().map(|p| inventory.tree.path(p.node)).unwrap_or_default();
            self.draft.refused.push(barred(&item.name, path, inventory.bar_words(bar)));
            return Vec::new();
        }
        if inventory.keeps_something(id) {
            return item.children.iter().flat_map(|c| self.removable(*c)).collect();
        }
        vec![id]
    }

    fn item(&mut self, id: ItemId, blobs: &mut FxHashSet<BlobId>) {
        let inventory = self.inventory;
        let Some(item) = inventory.item(id) else { return };
        let mut nodes: Vec<(NodeId, Order)> = Vec::new();
        let mut holes: FxHashSet<NodeId> = inventory.holes_of(id).into_iter().collect();
        for below in inventory.descendants(id) {
            let Some(part) = inventory.item(below) else { continue };
            for p in &part.parts {
                let order = match p.role {
                    // A thing in a trash without its record would be lost there.
                    Role::Pointer if item.category == Category::Trash => Order::Last,
                    Role::Pointer => Order::Pointer,
                    Role::Body => Order::Body,
                };
                nodes.push((p.node, order));
            }
            for blob in &part.holds {
                if blobs.remove(blob) {
                    nodes.extend(inventory.blob_nodes(*blob).iter().map(|n| (*n, Order::Last)));
                }
            }
        }
        // What the item is made of is no hole in it, unless it must stay; then it is not asked for here.
        let own: FxHashSet<NodeId> = nodes.iter().map(|(n, _)| *n).collect();
        holes.retain(|h| !own.contains(h));
        let targets = self.expand(nodes, &holes);
        self.push(Entry {
            mark: Mark::Item(id),
            name: item.name.clone(),
            kind: item.kind,
            path: item.parts.first().map(|p| inventory.tree.path(p.node)).unwrap_or_default(),
            category: item.category,
            verdict: inventory.verdict(id),
            notes: inventory.notes(id),
            key: item.key.to_string(),
            targets,
            environments: Vec::new(),
            index: None,
        });
    }

    fn push(&mut self, entry: Entry) {
        if entry.targets.iter().any(|t| self.holds_unread(t.node)) {
            self.draft.refused.push(Refusal {
                name: entry.name,
                path: entry.path,
                reason: "something in it was left out of this scan (--exclude)".into(),
                way_on: "scan again without that to see what would go".into(),
            });
        } else if entry.targets.is_empty() {
            self.draft.refused.push(Refusal {
                name: entry.name,
                path: entry.path,
                reason: "nothing of it may go by itself".into(),
                way_on: String::new(),
            });
        } else {
            self.draft.entries.push(entry);
        }
    }

    /// Whether a person left something out of the scan that lies in a folder.
    fn holds_unread(&self, node: NodeId) -> bool {
        let mut todo = if node.is_dir() { vec![node.dir] } else { Vec::new() };
        while let Some(at) = todo.pop() {
            let state = self.inventory.tree.get(at).map(|d| d.state);
            if matches!(state, Some(DirState::Excluded | DirState::Partial)) {
                return true;
            }
            todo.extend(self.inventory.tree.children(at));
        }
        false
    }

    /// Folders with a hole in them become their children without it.
    fn expand(&mut self, nodes: Vec<(NodeId, Order)>, holes: &FxHashSet<NodeId>) -> Vec<Target> {
        let tree = &self.inventory.tree;
        let mut above: FxHashSet<NodeId> = FxHashSet::default();
        for hole in holes {
            let skip = usize::from(hole.is_dir());
            above.extend(tree.ancestors(hole.dir).skip(skip).map(NodeId::dir));
        }
        let mut targets = Vec::new();
        let mut todo = nodes;
        while let Some((node, order)) = todo.pop() {
            if holes.contains(&node) || self.taken.contains(&node) {
                continue;
            }
            if node.is_dir() && above.contains(&node) {
                let folders = tree.children(node.dir).map(NodeId::dir);
                let files = tree.files(node.dir).map(|f| NodeId { dir: node.dir, at: f.at });
                todo.extend(folders.chain(files).map(|n| (n, order)));
                continue;
            }
            if let Some(seen) = self.seen(node) {
                self.taken.insert(node);
                let needed_by = self.shared.get(&node).cloned().unwrap_or_default();
                targets.push(Target { node, path: tree.path(node), order, seen, needed_by });
            }
        }
        targets
    }

    fn seen(&self, node: NodeId) -> Option<Seen> {
        let tree = &self.inventory.tree;
        let facts = tree.facts(node)?;
        if node.is_dir() {
            let dir = tree.get(node.dir).filter(|d| d.state != DirState::Unread)?;
            let total = tree.total(node.dir);
            return Some(Seen {
                kind: Kind::Dir,
                on_disk: total.on_disk,
                size: facts.size,
                files: total.files,
                newest: tree.newest(node.dir),
                ino: dir.ino,
            });
        }
        Some(Seen {
            kind: facts.kind,
            on_disk: facts.blocks * crate::model::usage::BLOCK,
            size: facts.size,
            files: 1,
            newest: facts.mtime,
            ino: 0,
        })
    }

    /// Drops what lies inside something else that goes, and sorts: pointers first, blobs last.
    fn collapse(&mut self) {
        let all: Vec<NodeId> = self.draft.targets().map(|t| t.node).collect();
        let outer: FxHashSet<NodeId> =
            Selection::new(&self.inventory.tree, all, []).nodes.into_iter().collect();
        for entry in &mut self.draft.entries {
            entry.targets.retain(|t| outer.contains(&t.node));
            entry.targets.sort_by(|a, b| (a.order, &a.path).cmp(&(b.order, &b.path)));
        }
        self.draft.entries.retain(|e| !e.targets.is_empty());
        self.draft.entries.sort_by(|a, b| {
            (a.verdict, std::cmp::Reverse(size_of(a)), &a.path).cmp(&(
                b.verdict,
                std::cmp::Reverse(size_of(b)),
                &b.path,
            ))
        });
    }
}

fn size_of(entry: &Entry) -> u64 {
    entry.targets.iter().map(|t| t.seen.on_disk).sum()
}

/// Something this user may not remove.
fn barred(name: &str, path: PathBuf, reason: String) -> Refusal {
    Refusal { name: name.to_string(), path, reason, way_on: "its owner can remove it, or root".into() }
}

fn refusal(name: &str, path: PathBuf, verdict: Verdict, notes: &[String]) -> Refusal {
    let (reason, way_on) = match verdict {
        Verdict::InUse => {
            ("in use".to_string(), "end what uses it, or wait, then look again with r".to_string())
        }
        _ => ("protected".to_string(), String::new()),
    };
    let reason = match notes.last() {
        Some(note) => format!("{reason}: {note}"),
        None => reason,
    };
    Refusal { name: name.to_string(), path, reason, way_on }
}
