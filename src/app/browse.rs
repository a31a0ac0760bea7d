//! Where the person is: the visible rows, the cursor, what is open. The cursor is a thing, not a row number.

use super::bin::Bin;
use super::files::{Files, View};
use crate::model::inventory::Inventory;
use crate::model::rows::{self, Held, Lens, Row, RowKey, SortBy};
use crate::model::verdict::Verdict;

/// Where the person is.
#[derive(Debug, Default)]
pub struct Browse {
    /// What is open, in which order, what is searched for.
    pub lens: Lens,
    /// The visible rows.
    pub rows: Vec<Row>,
    /// Those of them that lie in no other.
    pub outer: Vec<RowKey>,
    /// The thing under the cursor.
    pub cursor: Option<RowKey>,
    /// Where it was found last: looking there first, a frame need not look at all rows.
    line: usize,
    /// The first row on the screen.
    pub top: usize,
    /// How many rows fit on the screen.
    pub height: usize,
    /// Whether lengths of files are shown, not blocks on disk.
    pub apparent: bool,
    /// Whether the person has moved; until then the cursor finds the best place by itself.
    pub touched: bool,
    /// Which view is on the screen.
    pub view: View,
    /// The files.
    pub files: Files,
    /// What lies in the trashes.
    pub bin: Bin,
    /// Where the person is in the one of groups and users that is not on the screen.
    parked: Parked,
}

/// A place to come back to.
#[derive(Debug, Default)]
struct Parked {
    lens: Lens,
    cursor: Option<RowKey>,
    top: usize,
    touched: bool,
}

impl Browse {
    /// Where the cursor is.
    pub fn at(&self) -> usize {
        let Some(key) = self.cursor else { return 0 };
        if self.rows.get(self.line).is_some_and(|r| r.key == key) {
            return self.line;
        }
        self.rows.iter().position(|r| r.key == key).unwrap_or(0)
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<Row> {
        self.rows.get(self.at()).copied()
    }

    /// Goes to the groups or to the users, to where the person was there. What is looked at of them stays the same.
    pub fn look(&mut self, by_user: bool) {
        if self.lens.by_user == by_user {
            return;
        }
        let leftovers = self.lens.leftovers;
        std::mem::swap(&mut self.lens, &mut self.parked.lens);
        std::mem::swap(&mut self.cursor, &mut self.parked.cursor);
        std::mem::swap(&mut self.top, &mut self.parked.top);
        std::mem::swap(&mut self.touched, &mut self.parked.touched);
        self.lens.by_user = by_user;
        self.lens.leftovers = leftovers;
        self.rows.clear();
    }

    /// Finds the visible rows anew. The cursor stays on its thing; if that is gone, where it was.
    pub fn rebuild(&mut self, inventory: &Inventory) {
        let was = self.at();
        self.rows = rows::rows(inventory, &self.lens);
        self.outer = self.rows.iter().filter(|r| r.depth == 0).map(|r| r.key).collect();
        let there = self.cursor.is_some_and(|key| self.rows.iter().any(|r| r.key == key));
        if !self.touched {
            self.cursor = self.best(inventory);
        } else if !there {
            self.cursor = self.rows.get(was.min(self.rows.len().saturating_sub(1))).map(|r| r.key);
        }
        self.scroll();
    }

    /// The largest group that is safe, or the largest at all.
    fn best(&self, inventory: &Inventory) -> Option<RowKey> {
        let safe = self.rows.iter().find(|r| {
            r.depth == 0
                && matches!(r.key, RowKey::Category(_))
                && inventory.row_verdict(r.key) == Verdict::Safe
                && inventory.row_measure(r.key).frees > 0
        });
        safe.or_else(|| self.rows.first()).map(|r| r.key)
    }

    /// Keeps the cursor on the screen.
    pub fn scroll(&mut self) {
        let at = self.at();
        self.line = at;
        let height = self.height.max(1);
        if at < self.top {
            self.top = at;
        } else if at >= self.top + height {
            self.top = at + 1 - height;
        }
        self.top = self.top.min(self.rows.len().saturating_sub(height));
        self.files.scroll(height);
        self.bin.scroll(height);
    }

    /// What is searched for in the view on the screen.
    pub fn filter(&self) -> &str {
        match self.view {
            View::Files => &self.files.look.filter,
            View::Trash => &self.bin.filter,
            View::Groups | View::Users => &self.lens.filter,
        }
    }

    /// Shows a row: what it lies in is opened. If it has no row of its own, what is above it is shown.
    pub fn reveal(&mut self, inventory: &Inventory, key: RowKey) {
        self.lens.filter.clear();
        self.lens.leftovers = false;
        let line: Vec<RowKey> = std::iter::successors(Some(key), |k| inventory.row_above(*k)).collect();
        self.lens.open.extend(&line[1..]);
        self.touched = true;
        self.rebuild(inventory);
        let at = line.iter().find_map(|k| self.rows.iter().position(|r| r.key == *k));
        self.go(at.unwrap_or(0));
    }

    /// Moves the cursor by so many rows.
    pub fn step(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.go(self.at().saturating_add_signed(by).min(last));
    }

    /// Moves the cursor to a row.
    pub fn go(&mut self, at: usize) {
        self.touched = true;
        if let Some(row) = self.rows.get(at) {
            self.cursor = Some(row.key);
        }
        self.scroll();
    }

    /// Opens the row under the cursor; goes inside if it is open. Returns false if there is nothing inside.
    pub fn open(&mut self, inventory: &Inventory) -> bool {
        self.touched = true;
        let Some(row) = self.row() else { return true };
        if !row.opens {
            return false;
        }
        if row.open {
            self.step(1);
            return true;
        }
        let mut key = row.key;
        self.lens.open.insert(key);
        // What holds one thing only is opened with it.
        loop {
            let below = rows::below(inventory, key);
            let [only] = below[..] else { break };
            if matches!(only, RowKey::Item(_) | RowKey::Of(_, Held::Item(_) | Held::Folder(_))) {
                break;
            }
            self.lens.open.insert(only);
            key = only;
        }
        self.rebuild(inventory);
        true
    }

    /// Closes the row under the cursor, or goes to the one it lies in.
    pub fn close(&mut self, inventory: &Inventory) {
        self.touched = true;
        let Some(row) = self.row() else { return };
        if row.open && self.lens.open.remove(&row.key) {
            self.rebuild(inventory);
        } else if let Some(above) = self.rows[..self.at()].iter().rposition(|r| r.depth < row.depth) {
            self.go(above);
        }
    }

    /// Shows everything again. The cursor stays on its thing, so what that lies in is opened.
    pub fn show_all(&mut self, inventory: &Inventory) {
        let mut depth = self.row().map_or(0, |r| r.depth);
        for row in self.rows[..self.at()].iter().rev() {
            if row.depth < depth {
                self.lens.open.insert(row.key);
                depth = row.depth;
            }
        }
        self.lens.filter.clear();
        self.lens.leftovers = false;
        self.rebuild(inventory);
    }

    /// Sorts by something; by the same again turns it round.
    pub fn sort(&mut self, by: SortBy, inventory: &Inventory) {
        if self.lens.sort.by == by {
            self.lens.sort.flipped = !self.lens.sort.flipped;
        } else {
            self.lens.sort.by = by;
            self.lens.sort.flipped = false;
        }
        self.touched = true;
        self.rebuild(inventory);
    }

    /// The order in words.
    pub fn sorted_by(&self) -> String {
        let by = match self.lens.sort.by {
            SortBy::Category => "category, size",
            SortBy::Size => "size",
            SortBy::Name => "name",
            SortBy::Files => "files",
            SortBy::Age => "age, oldest first",
        };
        if self.lens.sort.flipped { format!("{by} (turned)") } else { by.to_string() }
    }
}
