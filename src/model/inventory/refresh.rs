//! Brings the sums up to date: at once, or a piece at a time, so that nobody who presses a key waits for all of them.

use super::Inventory;
use super::rest::Loose;
use crate::model::tree::RollUp;

/// Which sums are old.
#[derive(Debug, Default)]
pub(super) struct Stale {
    /// Whether something changed since they were begun to be made.
    pub all: bool,
    /// Whether those of groups are.
    pub groups: bool,
    /// Whether folders were read again: then what stores said before is not to be gone by.
    pub again: bool,
    /// How far making them is.
    pub doing: Refresh,
}

/// How far the sums are.
#[derive(Debug, Default)]
pub(super) enum Refresh {
    /// They are not being made.
    #[default]
    Idle,
    /// The totals of folders come first.
    Folders(RollUp),
    /// What lies in no store comes last.
    Rest(Loose),
}

/// Which sums are brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// All of them.
    All,
    /// Those of folders alone.
    Folders,
}

impl Inventory {
    /// Whether sums are old, or being made.
    pub fn is_stale(&self) -> bool {
        self.stale.all || self.is_refreshing()
    }

    /// Whether sums are being made.
    pub fn is_refreshing(&self) -> bool {
        !matches!(self.stale.doing, Refresh::Idle)
    }

    /// Whether the sums of groups are old.
    pub fn has_new_stores(&self) -> bool {
        self.stale.groups
    }

    /// Ends what was begun without its result: what it goes by is about to be another.
    pub(super) fn drop_refresh(&mut self) {
        self.stale.all |= self.is_refreshing();
        self.stale.doing = Refresh::Idle;
    }

    /// Brings all sums up to date, if something changed. Costs two passes over the directories.
    pub fn refresh(&mut self) {
        if self.stale.all {
            self.stale.doing = Refresh::Idle;
        }
        while !self.refresh_some(What::All, &mut || false) {}
    }

    /// Goes on with bringing the sums up to date until it is enough, and begins with that if something changed. Until it
    /// says that it is done, the totals of folders and what lies in no store may be as they were before.
    pub fn refresh_some(&mut self, what: What, enough: &mut dyn FnMut() -> bool) -> bool {
        match std::mem::take(&mut self.stale.doing) {
            Refresh::Idle => {
                if !self.stale.all {
                    return true;
                }
                if what == What::All {
                    self.stale.all = false;
                    self.drop_dead_stores();
                    if std::mem::take(&mut self.stale.again) {
                        self.ask_anew();
                    }
                    self.refresh_groups();
                }
                self.stale.doing = Refresh::Folders(RollUp::new(&self.tree));
            }
            Refresh::Folders(mut totals) => {
                if !totals.go_on(&self.tree, enough) {
                    self.stale.doing = Refresh::Folders(totals);
                    return false;
                }
                self.tree.take_totals(totals);
                self.find_scanned();
                if what == What::Folders {
                    return true;
                }
                self.stale.doing = Refresh::Rest(self.loose());
            }
            Refresh::Rest(mut loose) => {
                if loose.go_on(&self.tree, &self.top_stores, enough) {
                    self.take_rest(loose);
                    self.forget_views();
                    return true;
                }
                self.stale.doing = Refresh::Rest(loose);
            }
        }
        false
    }

    /// Brings the sums of groups up to date, for which stores alone are asked.
    pub fn refresh_groups(&mut self) {
        if std::mem::take(&mut self.stale.groups) {
            self.resolve_uses();
            self.sum_groups();
            self.forget_views();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::category::Category;
    use crate::model::inventory::testing::store;
    use crate::model::inventory::{Group, ScanEvent};
    use crate::model::node::NodeId;
    use crate::model::tree::Tree;
    use crate::model::tree::testing::{kib, linked, tree};
    use crate::model::usage::Usage;

    fn box_() -> Tree {
        tree(&[
            ("home/own", kib(1)),
            ("home/linked", linked(7, 8, 100)),
            ("home/src/linked", linked(7, 8, 100)),
            ("home/src/other", linked(8, 2, 10)),
            ("home/src/deep/er/other", linked(8, 2, 10)),
            ("home/run/metrics", kib(2)),
            ("home/run/notes", linked(7, 8, 100)),
            ("opt/spare/lib", linked(7, 8, 100)),
            ("opt/pkgs/a/lib", linked(7, 8, 100)),
            ("opt/pkgs/b/lib", linked(9, 3, 1000)),
            ("opt/envs/one/lib", linked(7, 8, 100)),
            ("opt/envs/two/lib", linked(9, 3, 1000)),
            ("opt/envs/two/lib2", linked(9, 3, 1000)),
            ("opt/envs/two/venv/cfg", linked(7, 8, 100)),
        ])
    }

    /// The stores of the box, in an order in which they may be found.
    fn stores(tree: &Tree) -> Vec<ScanEvent> {
        use Category::{Environments, Logs, Other, Packages};
        vec![
            store(tree, "/opt/envs/one", Environments, Environments, &["/opt/envs/one"]),
            store(tree, "/home/run", Logs, Other, &["/home/run/metrics"]),
            store(tree, "/opt/envs/two/venv", Environments, Environments, &["/opt/envs/two/venv"]),
            store(tree, "/opt/pkgs", Packages, Packages, &["/opt/pkgs/a", "/opt/pkgs/b"]),
            store(tree, "/opt/envs/two", Environments, Environments, &["/opt/envs/two"]),
            // Once more, as after it was read again, and something in it is gone.
            store(tree, "/opt/pkgs", Packages, Packages, &["/opt/pkgs/a"]),
        ]
    }

    fn groups(inventory: &Inventory) -> Vec<String> {
        let said = |g: &Group| format!("{:?} {:?} {:?}", g.category, g.measure, g.stores);
        inventory.groups().iter().map(said).collect()
    }

    #[test]
    fn sums_made_piece_by_piece_are_those_made_at_once() {
        let mut growing = Inventory::new(box_());
        for n in 1..=stores(&growing.tree).len() {
            let mut fresh = Inventory::new(box_());
            for event in stores(&fresh.tree).into_iter().take(n) {
                fresh.apply(event);
            }
            fresh.refresh();
            let next = stores(&growing.tree).swap_remove(n - 1);
            growing.apply(next);
            growing.refresh_groups();
            assert_eq!(groups(&growing), groups(&fresh), "groups are right before the rest is");
            while !growing.refresh_some(What::All, &mut || true) {}
            assert!(!growing.is_stale());
            assert_eq!(groups(&growing), groups(&fresh));
            assert_eq!(growing.rest(), fresh.rest());
            assert_eq!(growing.rest_above, fresh.rest_above);
        }
    }

    #[test]
    fn everything_else_is_what_no_store_has_every_inode_once_in_each_folder() {
        let mut inventory = Inventory::new(box_());
        for event in stores(&inventory.tree) {
            inventory.apply(event);
        }
        inventory.refresh();
        let tree = &inventory.tree;
        let roots: Vec<NodeId> = inventory.top_stores.iter().map(|d| NodeId::dir(*d)).collect();
        let kept = tree.find(Path::new("/home/run/notes")).expect("there");
        let run = tree.find(Path::new("/home/run")).expect("there");
        let metrics = tree.find(Path::new("/home/run/metrics")).expect("there");
        let plain = inventory.measure_nodes(
            [NodeId::dir(Tree::ROOT), run],
            roots.iter().copied().filter(|r| *r != run).chain([metrics]),
        );
        assert_eq!(*inventory.rest(), plain);
        assert!(plain.usage.on_disk > 0 && !kept.is_dir());
        for (dir, measure) in &inventory.rest_above {
            let below = inventory.measure_nodes([NodeId::dir(*dir)], roots.iter().copied());
            assert_eq!(measure.usage, below.usage, "{}", tree.path((*dir).into()).display());
            assert_eq!(measure.newest, below.newest);
        }
        let home = tree.find(Path::new("/home")).expect("there").dir;
        // Three folders below it with nothing of their own, and itself.
        let wanted = Usage { on_disk: 111 << 10, apparent: 111 << 10, files: 3 + 4 };
        assert_eq!(inventory.rest_above[&home].usage, wanted);
    }

    #[test]
    fn what_was_scanned_is_not_everything_else_too_if_it_is_a_store_itself() {
        let mut inventory = Inventory::new(box_());
        let whole = store(&inventory.tree, "/", Category::Logs, Category::Logs, &["/home"]);
        inventory.apply(whole);
        inventory.refresh();
        assert_eq!(inventory.rest().usage, Usage::default());
        assert_eq!(inventory.groups()[0].measure.usage, inventory.total());
    }

    #[test]
    fn what_is_pressed_in_between_sees_the_sums_from_before() {
        let mut inventory = Inventory::new(box_());
        inventory.refresh();
        let (total, rest) = (inventory.total(), *inventory.rest());
        for event in stores(&inventory.tree) {
            inventory.apply(event);
        }
        let mut pieces = 0;
        while !inventory.refresh_some(What::All, &mut || true) {
            assert_eq!((inventory.total(), *inventory.rest()), (total, rest));
            pieces += 1;
        }
        assert!(pieces >= 2 && inventory.rest().usage.on_disk < rest.usage.on_disk);
    }
}
