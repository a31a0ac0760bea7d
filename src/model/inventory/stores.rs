//! Taking recognized stores in: items get their numbers, sizes and what is left over becomes one item of its own.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::{Blob, Inventory};
use crate::model::item::{BlobId, Item, ItemId, NewBlob, NewItem, NewStore, Part, Role, Store, StoreId};
use crate::model::measure::{Measure, Meter, Selection};
use crate::model::node::{DirId, NodeId};
use crate::model::usage::Usage;
use crate::model::verdict::Verdict;
use crate::text;

impl Inventory {
    pub(super) fn add_store(&mut self, new: NewStore) {
        let root_path = self.tree.path(new.root.into());
        let store_key = format!("{}:{}", new.family, text::path(&root_path));
        let next = StoreId(self.store_keys.len() as u32);
        let id = *self.store_keys.entry(store_key).or_insert(next);
        self.drop_store(id);
        if let Some(other) = self.by_root.get(&new.root).copied() {
            self.drop_store(other);
        }
        for problem in new.found.problems {
            self.problems.push(problem);
        }
        self.uses.extend(new.found.uses.into_iter().map(|u| (id, u)));
        let first_blob = self.blobs.len() as u32;
        for blob in new.found.blobs {
            let NewBlob { nodes, pointers } = blob;
            self.blobs.push(Some(Blob { nodes, pointers, holders: Vec::new(), store: id }));
        }
        let mut store = Store {
            id,
            family: new.family,
            role: new.role,
            root: new.root,
            category: new.category,
            unclaimed: new.unclaimed,
            hint: new.hint,
            together: new.together,
            ordered: new.ordered,
            title: new.found.title,
            items: Vec::new(),
            measure: Measure::default(),
            shares: None,
            names_links: false,
            measured: 0,
            inner: Vec::new(),
            holes: Vec::new(),
            above_holes: FxHashSet::default(),
        };
        for item in new.found.items {
            let item = self.add_item(&store, None, item, first_blob);
            store.items.push(item);
        }
        // Stores come from the inside out, so what lies in this one is known; it was the store around it before.
        let around = self.tree.parent(new.root).and_then(|p| self.store_of(p)).map(|s| s.id);
        store.inner = self.stores_below(new.root, around);
        self.by_root.insert(new.root, id);
        if let Some(around) = around.and_then(|a| self.stores.get_mut(&a)) {
            if !store.inner.is_empty() {
                around.inner.retain(|n| !store.inner.contains(n));
            }
            around.inner.push(new.root.into());
        } else {
            for inner in &store.inner {
                self.top_stores.remove(&inner.dir);
            }
            self.top_stores.insert(new.root);
        }
        self.stores.insert(id, store);
        self.measure_store(id);
        // A store around this one no longer counts what is in here.
        if let Some(around) = around {
            self.measure_store(around);
        }
    }

    /// The stores directly inside a new one, which were in the store around it before.
    fn stores_below(&mut self, root: DirId, around: Option<StoreId>) -> Vec<NodeId> {
        // Most stores hold no other: that is known without asking all of them.
        let holds_some = self.maybe_above.contains(&root);
        for above in self.tree.ancestors(root).skip(1) {
            if !self.maybe_above.insert(above) {
                break;
            }
        }
        if !holds_some {
            return Vec::new();
        }
        let below = |n: &NodeId| n.dir != root && self.tree.is_within(n.dir, root);
        match around.and_then(|a| self.stores.get(&a)) {
            Some(around) => around.inner.iter().copied().filter(below).collect(),
            None => self.top_stores.iter().map(|d| NodeId::dir(*d)).filter(below).collect(),
        }
    }

    /// Enters an item and its children; returns its number.
    fn add_item(&mut self, store: &Store, parent: Option<ItemId>, new: NewItem, first_blob: u32) -> ItemId {
        let key = self.item_key(store, parent, &new);
        let id = self.intern(store.id, &key);
        let holds: Vec<BlobId> = new.holds.iter().map(|b| BlobId(first_blob + b.0 as u32)).collect();
        for blob in &holds {
            if let Some(Some(blob)) = self.blobs.get_mut(blob.0 as usize) {
                blob.holders.push(id);
            }
        }
        self.items[id.0 as usize] = Some(Box::new(Item {
            id,
            key,
            store: store.id,
            parent,
            children: Vec::new(),
            kind: new.kind,
            name: new.name,
            version: new.version,
            origin: new.origin,
            category: new.category.unwrap_or(store.category),
            verdict: new.verdict,
            notes: new.notes,
            parts: new.parts,
            without: new.without,
            holds,
            leftover: new.leftover,
            waits: new.waits,
            measure: Measure::default(),
            bar: None,
            is_rest: false,
        }));
        let children: Vec<ItemId> =
            new.children.into_iter().map(|child| self.add_item(store, Some(id), child, first_blob)).collect();
        if let Some(Some(item)) = self.items.get_mut(id.0 as usize) {
            item.children = children;
        }
        id
    }

    /// What an item is known by in its store: the family and its path below the store, or what its family calls it.
    fn item_key(&self, store: &Store, parent: Option<ItemId>, new: &NewItem) -> Arc<str> {
        let below = if new.key.is_empty() {
            let root = self.tree.path(store.root.into());
            let path = new.parts.first().map(|p| self.tree.path(p.node)).unwrap_or_default();
            text::path(path.strip_prefix(&root).unwrap_or(&path))
        } else {
            new.key.clone()
        };
        let id = match parent.and_then(|p| self.item(p)) {
            Some(within) => format!("{}#{below}", within.key),
            None => format!("{}:{below}", store.family),
        };
        // Two items of one name would be one in every set of marks.
        let taken = |key: &Arc<str>| {
            let known = self.item_keys.get(&(store.id, Arc::clone(key)));
            known.is_some_and(|id| self.items[id.0 as usize].is_some())
        };
        let twins = (2..).map(|twin| format!("{id}~{twin}").into());
        let mut keys = std::iter::once(Arc::from(id.as_str())).chain(twins);
        keys.find(|key| !taken(key)).expect("there is always another number")
    }

    fn intern(&mut self, store: StoreId, key: &Arc<str>) -> ItemId {
        let next = ItemId(self.items.len() as u32);
        let id = *self.item_keys.entry((store, Arc::clone(key))).or_insert(next);
        if id == next {
            self.items.push(None);
        }
        id
    }

    /// Takes a store and its items out.
    fn drop_store(&mut self, id: StoreId) {
        let Some(store) = self.stores.remove(&id) else { return };
        self.stale.groups = true;
        if self.by_root.get(&store.root) == Some(&id) {
            self.by_root.remove(&store.root);
        }
        self.top_stores.remove(&store.root);
        // What lay directly in it lies directly in what is around it now.
        let around = self.stores.values_mut().find(|s| s.inner.contains(&store.root.into()));
        match around {
            Some(around) => {
                around.inner.retain(|n| n.dir != store.root);
                around.inner.extend(store.inner);
            }
            None => self.top_stores.extend(store.inner.iter().map(|n| n.dir)),
        }
        for item in &mut self.items {
            if item.as_ref().is_some_and(|i| i.store == id) {
                *item = None;
            }
        }
        for blob in &mut self.blobs {
            if blob.as_ref().is_some_and(|b| b.store == id) {
                *blob = None;
            }
        }
        self.uses.retain(|(s, _)| *s != id);
    }

    /// Takes out stores whose directory is gone.
    pub(super) fn drop_dead_stores(&mut self) {
        let dead: Vec<StoreId> =
            self.stores.values().filter(|s| self.tree.get(s.root).is_none()).map(|s| s.id).collect();
        for id in dead {
            self.drop_store(id);
        }
    }

    /// What is left out of an item: stores inside it, what is protected there, what its family left out.
    pub fn holes_of(&self, id: ItemId) -> Vec<NodeId> {
        let Some(store) = self.item(id).and_then(|i| self.store(i.store)) else { return Vec::new() };
        let mut holes = Vec::new();
        let mut pierced = false;
        for item in self.descendants(id).filter_map(|d| self.item(d)) {
            holes.extend(item.without.iter().copied());
            pierced |= item.parts.iter().any(|p| p.node.is_dir() && store.above_holes.contains(&p.node.dir));
        }
        if pierced {
            holes.extend(store.holes.iter().copied());
        }
        holes
    }

    /// All nodes an item consists of: its parts, its children's, the blobs it holds.
    pub fn nodes_of(&self, id: ItemId) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        for below in self.descendants(id) {
            let Some(item) = self.item(below) else { continue };
            nodes.extend(item.parts.iter().map(|p| p.node));
            nodes.extend(item.holds.iter().flat_map(|b| self.blob_nodes(*b)));
        }
        nodes
    }

    fn measure_store(&mut self, id: StoreId) {
        let Some(store) = self.stores.get(&id) else { return };
        let (root, mut items) = (store.root, store.items.clone());
        self.measurements += 1;
        self.stale.groups = true;
        if let Some(rest) = items.pop_if(|i| self.item(*i).is_some_and(|i| i.is_rest)) {
            self.items[rest.0 as usize] = None;
        }
        let inner = store.inner.clone();
        let mut meter = Meter::new(&self.tree);
        let mut whole = meter.add(&Selection::new(&self.tree, [root.into()], inner.iter().copied()));
        whole.held_files = meter.held_files();
        let names_links = meter.names_links();
        drop(meter);
        let all: Vec<ItemId> = items.iter().flat_map(|i| self.descendants(*i).collect::<Vec<_>>()).collect();
        let mut holes = inner.clone();
        let kept = all.iter().filter_map(|i| self.item(*i)).filter(|i| i.verdict == Verdict::Protected);
        holes.extend(kept.flat_map(|i| i.parts.iter().map(|p| p.node)));
        let above = |hole: &NodeId| self.tree.ancestors(hole.dir).skip(usize::from(hole.is_dir()));
        let above_holes = holes.iter().flat_map(above).collect();
        if let Some(store) = self.stores.get_mut(&id) {
            store.holes = holes;
            store.above_holes = above_holes;
            store.measure = whole;
            store.shares = None;
            store.names_links = names_links;
            store.measured = self.measurements;
        }
        for item in &all {
            let measure =
                if self.is_all_of(*item, root, &inner) { whole } else { self.measure_set(&[*item]) };
            let bar = self.find_bar(*item);
            if let Some(Some(item)) = self.items.get_mut(item.0 as usize) {
                item.measure = measure;
                item.bar = bar;
            }
        }
        let claimed: Vec<NodeId> = items.iter().flat_map(|i| self.nodes_of(*i)).collect();
        let rest = self.rest_of_store(id, root, &claimed, &inner, whole);
        if let Some(rest) = rest {
            let bar = self.find_bar(rest);
            if let Some(Some(item)) = self.items.get_mut(rest.0 as usize) {
                item.bar = bar;
            }
        }
        items.extend(rest);
        if let Some(store) = self.stores.get_mut(&id) {
            store.items = items;
        }
    }

    /// Whether an item is the store's folder with all in it, so that its measure is the store's. Of the largest stores,
    /// environments, that is the usual case.
    fn is_all_of(&self, id: ItemId, root: DirId, inner: &[NodeId]) -> bool {
        let Some(item) = self.item(id) else { return false };
        let [part] = item.parts[..] else { return false };
        part.node == root.into()
            && item.holds.is_empty()
            && self.descendants(id).count() == 1
            && (item.without.is_empty() && self.store(item.store).is_some_and(|s| s.holes == inner))
    }

    /// The item of all that no other item of the store claims, if there is anything.
    fn rest_of_store(
        &mut self,
        id: StoreId,
        root: DirId,
        claimed: &[NodeId],
        inner: &[NodeId],
        whole: Measure,
    ) -> Option<ItemId> {
        if claimed.contains(&root.into()) {
            return None;
        }
        let taken: FxHashSet<NodeId> = claimed.iter().chain(inner).copied().collect();
        let mut partly: FxHashSet<DirId> = FxHashSet::default();
        partly.insert(root);
        for node in &taken {
            let above = self.tree.ancestors(node.dir).skip(usize::from(node.is_dir()));
            partly.extend(above.take_while(|d| *d != root));
        }
        // Whole where nothing below is claimed, file by file where something is.
        let mut nodes = Vec::new();
        let mut todo = vec![root];
        let mut folders = Usage::default();
        while let Some(dir) = todo.pop() {
            folders += self
                .tree
                .get(dir)
                .filter(|d| d.state.has_files())
                .map_or(Usage::default(), |d| d.head().itself);
            for child in self.tree.children(dir) {
                if taken.contains(&child.into()) {
                    continue;
                }
                if partly.contains(&child) {
                    todo.push(child);
                } else if self.tree.get(child).is_some_and(|d| !d.state.is_left_out()) {
                    nodes.push(NodeId::dir(child));
                }
            }
            let files = self.tree.files(dir).map(|f| NodeId { dir, at: f.at });
            nodes.extend(files.filter(|n| !taken.contains(n)));
        }
        nodes.sort_unstable();
        let mut meter = Meter::new(&self.tree);
        let mut measure = meter.add(&Selection::new(&self.tree, nodes.iter().copied(), []));
        measure.held_files = meter.held_files();
        let names_links = meter.names_links();
        drop(meter);
        if names_links {
            // What the items name, too, is theirs.
            let others = self.measure_nodes(claimed.iter().copied(), inner.iter().copied());
            measure.usage.on_disk = whole.usage.on_disk.saturating_sub(others.usage.on_disk);
            measure.usage.apparent = whole.usage.apparent.saturating_sub(others.usage.apparent);
            measure.usage.files = whole.usage.files.saturating_sub(others.usage.files);
        } else {
            measure.usage += folders;
        }
        if measure.usage.files == 0 {
            return None;
        }
        let store = self.stores.get(&id)?;
        let family = store.family;
        let parts: Vec<Part> = nodes.into_iter().map(|node| Part { node, role: Role::Body }).collect();
        // The few blocks of its own folders alone do not make it a store of a group in which it has nothing else.
        let groups = || store.items.iter().filter_map(|i| self.item(*i)).filter(|i| !i.is_rest);
        let category = if parts.is_empty() && !groups().any(|i| i.category == store.unclaimed) {
            groups().max_by_key(|i| i.measure.usage.on_disk).map_or(store.unclaimed, |i| i.category)
        } else {
            store.unclaimed
        };
        let name = if parts.is_empty() { "folders" } else { "other files" };
        let key: Arc<str> = format!("{family}:*").into();
        let item = self.intern(id, &key);
        self.items[item.0 as usize] = Some(Box::new(Item {
            id: item,
            key,
            store: id,
            parent: None,
            children: Vec::new(),
            kind: "other",
            name: name.into(),
            version: None,
            origin: None,
            category,
            verdict: Verdict::LookFirst,
            notes: Vec::new(),
            parts,
            without: Vec::new(),
            holds: Vec::new(),
            leftover: false,
            waits: false,
            measure,
            bar: None,
            is_rest: true,
        }));
        Some(item)
    }
}
