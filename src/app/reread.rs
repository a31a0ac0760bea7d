//! Which folders are read again, and how much of them.

use super::App;
use super::event::Effect;
use crate::model::again::Again;
use crate::model::category::Category;
use crate::model::inventory::ScanState;
use crate::model::node::DirId;
use crate::model::rows::RowKey;

impl App {
    /// Reads the folders again in which something changed.
    pub(super) fn reread(&mut self, paths: &[std::path::PathBuf]) -> Option<Effect> {
        let tree = &self.inventory.tree;
        let mut folders: Vec<DirId> = paths
            .iter()
            .filter_map(|path| path.ancestors().skip(1).find_map(|p| tree.find(p)))
            .map(|node| self.inventory.store_of(node.dir).map_or(node.dir, |s| s.root))
            .collect();
        folders.sort_unstable();
        folders.dedup();
        // A store is read whole, so what lies in it is read with it; any other folder only itself.
        let covered = |f: &DirId| {
            tree.ancestors(*f)
                .skip(1)
                .any(|above| self.inventory.is_store_root(above) && folders.contains(&above))
        };
        let outer: Vec<DirId> = folders.iter().copied().filter(|f| !covered(f)).collect();
        self.again(&outer)
    }

    /// Reads folders again. In a store everything is read, elsewhere only the folder itself: what lies below it
    /// and was not touched keeps its numbers.
    fn again(&mut self, folders: &[DirId]) -> Option<Effect> {
        if self.inventory.imported.is_some() {
            self.status.say("this is an import: it cannot be read again");
            return None;
        }
        let tree = &self.inventory.tree;
        let again: Vec<Again> = folders
            .iter()
            .filter(|f| tree.get(**f).is_some())
            .map(|f| {
                let store = self.inventory.stores().into_iter().find(|s| s.root == *f);
                let keep = if store.is_some() {
                    Vec::new()
                } else {
                    let kept = tree.children(*f).filter_map(|c| tree.get(c).map(|d| (c, d)));
                    kept.map(|(c, d)| (tree.links().dev(d.dev), d.ino, c)).collect()
                };
                Again { path: tree.path((*f).into()), id: *f, role: store.map(|s| (s.family, s.role)), keep }
            })
            .collect();
        if again.is_empty() {
            return None;
        }
        self.status.remember(&self.inventory, &mut self.marks);
        self.status.again = true;
        Some(Effect::Rescan(again))
    }

    /// Reads what the row stands for again.
    pub(super) fn rescan_row(&mut self) -> Option<Effect> {
        if self.inventory.state == ScanState::Running {
            self.status.say("still reading; what is open is up to date when it is done");
            return None;
        }
        let folders: Vec<DirId> = match self.browse.row()?.key.plain() {
            RowKey::Category(Category::HeldOpen) | RowKey::Process(_) | RowKey::HeldFile(..) => {
                self.status.say("looking again at what processes hold");
                return Some(Effect::LookHeld(self.inventory.mounts.clone()));
            }
            RowKey::Category(c) => self
                .inventory
                .below(RowKey::Category(c))
                .into_iter()
                .filter_map(|k| {
                    if let RowKey::Store(_, id) = k { self.inventory.store(id).map(|s| s.root) } else { None }
                })
                .collect(),
            RowKey::Store(_, id) => self.inventory.store(id).map(|s| s.root).into_iter().collect(),
            RowKey::Item(id) => {
                let store = self.inventory.item(id).and_then(|i| self.inventory.store(i.store));
                store.map(|s| s.root).into_iter().collect()
            }
            RowKey::Rest => return self.rescan_all(),
            RowKey::Node(node) => vec![node.dir],
            RowKey::Of(..) => {
                self.status
                    .say("a user's things lie in many places; open it and choose one, or read all with R");
                return None;
            }
        };
        self.again_whole(&folders)
    }

    /// Reads everything again.
    pub(super) fn rescan_all(&mut self) -> Option<Effect> {
        if self.inventory.state == ScanState::Running {
            self.status.say("still reading");
            return None;
        }
        let all = self.inventory.scanned.clone();
        self.again_whole(&all)
    }

    /// Reads folders again with everything below them.
    pub(super) fn again_whole(&mut self, folders: &[DirId]) -> Option<Effect> {
        match self.again(folders)? {
            Effect::Rescan(mut all) => {
                for again in &mut all {
                    again.keep.clear();
                }
                Some(Effect::Rescan(all))
            }
            other => Some(other),
        }
    }
}
