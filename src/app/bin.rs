//! The trash view: what lies in all trashes. What mldu put there by run and item, what others put there by trash folder.
//! Rows are places in these lists, looked up when they are drawn; the cursor and the marks are things.

mod shelf;

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

pub use shelf::{Group, Item, Row, Shelf, Sum, is_known_ours};

use crate::removal::ledger::Trashed;
use shelf::together;

/// What a row is about, whatever row that is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Group(Group),
    /// An item by the file of its first part.
    Item(PathBuf),
    Part(PathBuf),
}

/// By what things are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// Largest first.
    #[default]
    Size,
    /// By the place they were in.
    Name,
    /// Trashed longest ago first.
    Age,
}

/// The view.
#[derive(Debug, Default)]
pub struct Bin {
    /// All groups: runs, the last one first, then the trash folders.
    pub shelves: Vec<Shelf>,
    /// The visible rows.
    pub rows: Vec<Row>,
    /// The row under the cursor.
    pub at: usize,
    /// The first row on the screen.
    pub top: usize,
    /// What is searched for.
    pub filter: String,
    /// The order.
    pub by: By,
    /// Whether that is turned round.
    pub flipped: bool,
    /// Trashes mldu used that are not there now.
    pub absent: Vec<PathBuf>,
    /// What things take that do not say it themselves; none for what cannot be found out.
    weights: FxHashMap<PathBuf, Option<u64>>,
    marked: FxHashSet<PathBuf>,
    /// What is marked, together, and how many of it other programs put there.
    pub chosen: (Sum, usize),
    open: FxHashSet<Key>,
    cursor: Option<Key>,
}

impl Bin {
    /// Sorts out anew what lies there.
    pub fn fill(&mut self, trash: &[Trashed]) {
        let files: FxHashSet<PathBuf> = trash.iter().map(Trashed::file).collect();
        self.marked.retain(|m| files.contains(m));
        self.weights.retain(|file, _| files.contains(file));
        let mut groups: FxHashMap<Group, FxHashMap<String, Vec<usize>>> = FxHashMap::default();
        for (i, t) in trash.iter().enumerate() {
            let (group, item) = match &t.ours {
                Some(ours) if is_known_ours(t) => (Group::Run(ours.run.clone()), ours.item.clone()),
                _ => (Group::Folder(t.root.clone()), i.to_string()),
            };
            groups.entry(group).or_default().entry(item).or_default().push(i);
        }
        let sorted_out = |(group, items): (Group, FxHashMap<String, Vec<usize>>)| {
            let items = items.into_values().map(|parts| Item { sum: self.sum(trash, &parts), parts });
            let mut lot = Shelf { group, items: items.collect(), sum: Sum::default() };
            for item in &lot.items {
                lot.sum = together(lot.sum, item.sum);
            }
            lot
        };
        let mut shelves: Vec<Shelf> = groups.into_iter().map(sorted_out).collect();
        shelves.sort_by(|a, b| match (&a.group, &b.group) {
            (Group::Run(x), Group::Run(y)) => (b.sum.when, x).cmp(&(a.sum.when, y)),
            (Group::Run(_), Group::Folder(_)) => std::cmp::Ordering::Less,
            (Group::Folder(_), Group::Run(_)) => std::cmp::Ordering::Greater,
            (Group::Folder(x), Group::Folder(y)) => x.cmp(y),
        });
        self.shelves = shelves;
        self.order(trash);
        self.count_marks(trash);
        self.show(trash);
    }

    /// Counts what is marked, once: a frame only looks the numbers up.
    fn count_marks(&mut self, trash: &[Trashed]) {
        let marked: Vec<usize> = (0..trash.len()).filter(|i| self.is_marked(&trash[*i])).collect();
        let foreign = marked.iter().filter(|i| !is_known_ours(&trash[**i])).count();
        self.chosen = (self.sum(trash, &marked), foreign);
        let marked: FxHashSet<usize> = marked.into_iter().collect();
        for shelf in &mut self.shelves {
            for item in &mut shelf.items {
                item.sum.marked = item.parts.iter().filter(|p| marked.contains(p)).count();
            }
            shelf.sum.marked = shelf.items.iter().map(|i| i.sum.marked).sum();
        }
    }

    fn order(&mut self, trash: &[Trashed]) {
        let (by, flipped) = (self.by, self.flipped);
        for shelf in &mut self.shelves {
            shelf.items.sort_by(|a, b| {
                let name = |i: &Item| i.parts.first().map(|p| (&trash[*p].original, &trash[*p].name));
                let names = name(a).cmp(&name(b));
                let order = match by {
                    By::Size => b.sum.bytes.cmp(&a.sum.bytes).then(names),
                    By::Name => names,
                    By::Age => (a.sum.when.is_none(), a.sum.when)
                        .cmp(&(b.sum.when.is_none(), b.sum.when))
                        .then(names),
                };
                if flipped { order.reverse() } else { order }
            });
        }
    }

    fn sum(&self, trash: &[Trashed], parts: &[usize]) -> Sum {
        parts.iter().fold(Sum::default(), |sum, p| {
            let t = &trash[*p];
            let bytes = self.bytes(t);
            // What is gone takes nothing.
            let unknown = bytes.is_none() && t.identity.is_some();
            let one = Sum {
                things: 1,
                bytes: bytes.unwrap_or(0),
                unknown: usize::from(unknown),
                when: t.when,
                last: Some(*p),
                marked: usize::from(self.is_marked(t)),
            };
            together(sum, one)
        })
    }

    /// What a thing takes, if that is known.
    pub fn bytes(&self, t: &Trashed) -> Option<u64> {
        match &t.ours {
            Some(ours) if t.is_ours() => Some(ours.bytes),
            _ => self.weights.get(&t.file()).copied().flatten(),
        }
    }

    /// Finds the visible rows anew. The cursor stays on its thing; if that is gone, where it was.
    pub fn show(&mut self, trash: &[Trashed]) {
        let matches = |i: &Item| {
            self.filter.is_empty()
                || i.parts.iter().any(|p| {
                    let t = &trash[*p];
                    let place = if t.is_orphan() { t.file() } else { t.original.clone() };
                    crate::text::path(&place).to_lowercase().contains(&self.filter)
                })
        };
        let mut rows = Vec::new();
        for (s, shelf) in self.shelves.iter().enumerate() {
            let shown: Vec<usize> = (0..shelf.items.len()).filter(|i| matches(&shelf.items[*i])).collect();
            if shown.is_empty() {
                continue;
            }
            let open = !self.filter.is_empty() || self.open.contains(&Key::Group(shelf.group.clone()));
            rows.push(Row { shelf: s, item: None, part: None, opens: true, open });
            for i in shown.into_iter().filter(|_| open) {
                let item = &shelf.items[i];
                let opens = item.parts.len() > 1;
                let open = opens && self.open.contains(&item_key(item, trash));
                rows.push(Row { shelf: s, item: Some(i), part: None, opens, open });
                for part in item.parts.iter().filter(|_| open) {
                    rows.push(Row { shelf: s, item: Some(i), part: Some(*part), opens: false, open: false });
                }
            }
        }
        self.rows = rows;
        if let Some(cursor) = self.cursor.clone() {
            self.at = self.rows.iter().position(|r| self.key(*r, trash) == cursor).unwrap_or(self.at);
        }
        self.at = self.at.min(self.rows.len().saturating_sub(1));
    }

    fn key(&self, row: Row, trash: &[Trashed]) -> Key {
        let lot = &self.shelves[row.shelf];
        match (row.item, row.part) {
            (_, Some(part)) => Key::Part(trash[part].file()),
            (Some(item), None) => item_key(&lot.items[item], trash),
            (None, None) => Key::Group(lot.group.clone()),
        }
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<Row> {
        self.rows.get(self.at).copied()
    }

    /// The things a row stands for.
    pub fn things(&self, row: Row) -> Vec<usize> {
        let lot = &self.shelves[row.shelf];
        match (row.item, row.part) {
            (_, Some(part)) => vec![part],
            (Some(item), None) => lot.items[item].parts.clone(),
            (None, None) => lot.items.iter().flat_map(|i| &i.parts).copied().collect(),
        }
    }

    /// What the things of a row are together.
    pub fn sum_of(&self, row: Row, trash: &[Trashed]) -> Sum {
        let lot = &self.shelves[row.shelf];
        match (row.item, row.part) {
            (_, Some(part)) => self.sum(trash, &[part]),
            (Some(item), None) => lot.items[item].sum,
            (None, None) => lot.sum,
        }
    }

    /// Moves the cursor to a row.
    pub fn go(&mut self, at: usize, trash: &[Trashed]) {
        self.at = at.min(self.rows.len().saturating_sub(1));
        self.cursor = self.row().map(|r| self.key(r, trash));
    }

    /// Keeps the cursor on the screen.
    pub fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        if self.at < self.top {
            self.top = self.at;
        } else if self.at >= self.top + height {
            self.top = self.at + 1 - height;
        }
        self.top = self.top.min(self.rows.len().saturating_sub(height));
    }

    /// Opens the row under the cursor; goes inside if it is open. Says whether there is something inside.
    pub fn enter(&mut self, trash: &[Trashed]) -> bool {
        let Some(row) = self.row().filter(|r| r.opens) else { return false };
        if row.open {
            self.go(self.at + 1, trash);
        } else {
            self.open.insert(self.key(row, trash));
            self.show(trash);
        }
        true
    }

    /// Closes the row under the cursor, or goes to the one it lies in.
    pub fn leave(&mut self, trash: &[Trashed]) {
        let Some(row) = self.row() else { return };
        if row.open && self.open.remove(&self.key(row, trash)) {
            self.show(trash);
            return;
        }
        let above = |r: &Row| match (row.item, row.part) {
            (_, Some(_)) => r.part.is_none(),
            _ => r.item.is_none(),
        };
        if let Some(at) = self.rows[..self.at].iter().rposition(above) {
            self.go(at, trash);
        }
    }

    /// Sorts by something; by the same again turns it round.
    pub fn sort(&mut self, by: By, trash: &[Trashed]) {
        self.flipped = self.by == by && !self.flipped;
        self.by = by;
        self.cursor = self.row().map(|r| self.key(r, trash));
        self.order(trash);
        self.show(trash);
    }

    /// The order in words.
    pub fn sorted_by(&self) -> String {
        let by = match self.by {
            By::Size => "size",
            By::Name => "name",
            By::Age => "age, oldest first",
        };
        if self.flipped { format!("{by} (turned)") } else { by.to_string() }
    }

    /// Marks all things of the row under the cursor, or unmarks them if all are. What has no record is marked by itself
    /// alone: nothing says where it was, so it may be anything.
    pub fn toggle(&mut self, trash: &[Trashed]) {
        let Some(row) = self.row() else { return };
        let things = self.things(row).into_iter().map(|i| &trash[i]);
        let files: Vec<PathBuf> =
            things.filter(|t| row.item.is_some() || !t.is_orphan()).map(Trashed::file).collect();
        if files.iter().all(|f| self.marked.contains(f)) {
            for file in &files {
                self.marked.remove(file);
            }
        } else {
            self.marked.extend(files);
        }
        self.count_marks(trash);
    }

    /// Unmarks everything.
    pub fn unmark(&mut self, trash: &[Trashed]) {
        self.marked.clear();
        self.count_marks(trash);
    }

    /// Whether a thing is marked.
    pub fn is_marked(&self, t: &Trashed) -> bool {
        !self.marked.is_empty() && self.marked.contains(&t.file())
    }

    /// How many things are marked.
    pub fn marked(&self) -> usize {
        self.marked.len()
    }

    /// Takes in what things take.
    pub fn weigh(&mut self, weights: impl IntoIterator<Item = (PathBuf, Option<u64>)>) {
        self.weights.extend(weights);
    }

    /// The files whose sizes nobody asked for yet.
    pub fn unweighed(&self, trash: &[Trashed]) -> Vec<PathBuf> {
        let foreign = trash.iter().filter(|t| !t.is_ours() && t.identity.is_some()).map(Trashed::file);
        foreign.filter(|file| !self.weights.contains_key(file)).collect()
    }
}

fn item_key(item: &Item, trash: &[Trashed]) -> Key {
    Key::Item(item.parts.first().map(|p| trash[*p].file()).unwrap_or_default())
}
