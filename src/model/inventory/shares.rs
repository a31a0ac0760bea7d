//! Who holds how much of which group. An inode is its owner's, and counts once for them; within a group, and within a
//! store, once too. Worked out in one pass over the directories, when somebody looks.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::Inventory;
use crate::model::category::Category;
use crate::model::item::{ItemId, StoreId};
use crate::model::links::LinkSlot;
use crate::model::measure::{Measure, Met, Owners, Selection, each_owned};
use crate::model::node::{DirId, NodeId};
use crate::model::rows::{Held, RowKey};
use crate::model::tree::Tree;
use crate::model::usage::Usage;
use crate::model::verdict::Verdict;
use crate::text;

/// So many folders of everything else are listed for a user, the largest.
const FOLDERS: usize = 100;

/// What a user holds.
#[derive(Debug, Clone, Default)]
pub struct Share {
    /// Who.
    pub uid: u32,
    /// All of it.
    pub usage: Usage,
    /// By group, the largest first.
    pub groups: Vec<GroupShare>,
}

/// What a user holds of a group.
#[derive(Debug, Clone)]
pub struct GroupShare {
    /// Which group.
    pub category: Category,
    /// All of it.
    pub usage: Usage,
    /// By store.
    pub stores: Vec<StoreShare>,
    /// Of everything else: the topmost folders of the user, and those of others with files of the user in them.
    pub folders: Vec<(DirId, Usage)>,
}

/// What a user holds of a store.
#[derive(Debug, Clone)]
pub struct StoreShare {
    /// Which store.
    pub store: StoreId,
    /// All of it.
    pub usage: Usage,
    /// By item, as far as an item is worth a row.
    pub items: Vec<(ItemId, Usage)>,
}

type Tally = FxHashMap<u32, Usage>;

/// What is counted once, at three levels: in all, within a group, within a store.
struct Counter {
    stamps: [Vec<u32>; 3],
    rounds: [u32; 3],
    tallies: [Tally; 3],
}

const ALL: usize = 0;
const GROUP: usize = 1;
const STORE: usize = 2;

impl Counter {
    fn new(tree: &Tree) -> Self {
        let stamps = [(); 3].map(|()| vec![0; tree.links().bound()]);
        Self { stamps, rounds: [1; 3], tallies: Default::default() }
    }

    /// Begins a level anew; returns what was counted there.
    fn turn(&mut self, level: usize) -> Tally {
        self.rounds[level] += 1;
        std::mem::take(&mut self.tallies[level])
    }

    fn add(&mut self, level: usize, uid: u32, usage: Usage) {
        *self.tallies[level].entry(uid).or_default() += usage;
    }

    /// Counts a user's part at all levels; says whose it is and how much, if it is new at the innermost of them.
    fn meet(&mut self, tree: &Tree, met: Met) -> Option<(u32, Usage)> {
        match met {
            Met::Plain(_, uid, usage) => {
                for level in [ALL, GROUP, STORE] {
                    self.add(level, uid, usage);
                }
                Some((uid, usage))
            }
            Met::Name(_, LinkSlot(at)) => {
                let rounds = self.rounds;
                let new = |stamps: &[Vec<u32>; 3], level: usize| stamps[level][at as usize] != rounds[level];
                if !new(&self.stamps, STORE) {
                    return None;
                }
                let inode = tree.links().get(LinkSlot(at));
                let usage = inode.usage();
                for level in [ALL, GROUP, STORE] {
                    if new(&self.stamps, level) {
                        self.stamps[level][at as usize] = rounds[level];
                        self.add(level, inode.uid, usage);
                    }
                }
                Some((inode.uid, usage))
            }
        }
    }
}

/// What is put together of the shares of all.
#[derive(Default)]
struct Shares(FxHashMap<u32, Share>);

impl Shares {
    fn group(&mut self, uid: u32, category: Category) -> &mut GroupShare {
        let share = self.0.entry(uid).or_insert_with(|| Share { uid, ..Share::default() });
        let at = share.groups.iter().position(|g| g.category == category).unwrap_or_else(|| {
            let (usage, stores, folders) = (Usage::default(), Vec::new(), Vec::new());
            share.groups.push(GroupShare { category, usage, stores, folders });
            share.groups.len() - 1
        });
        &mut share.groups[at]
    }
}

impl Inventory {
    /// What each user holds, the largest share first, as of the last [`Inventory::share_out`].
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// Works out who holds what, if something changed since.
    pub fn share_out(&mut self) {
        if std::mem::take(&mut self.shares_stale) {
            self.shares = self.all_shares();
        }
    }

    fn all_shares(&self) -> Vec<Share> {
        let mut counter = Counter::new(&self.tree);
        let mut shares = Shares::default();
        let stores = self.stores();
        for category in Category::all().filter(|c| *c != Category::Other) {
            for store in &stores {
                if let Some((nodes, holes)) = self.part_of(store, category) {
                    let part = Selection::new(&self.tree, nodes, holes);
                    each_owned(&self.tree, &part, &mut |met| {
                        counter.meet(&self.tree, met);
                    });
                    self.enter_store(&mut shares, category, store.id, &counter.turn(STORE));
                }
            }
            for (uid, usage) in counter.turn(GROUP) {
                shares.group(uid, category).usage = usage;
            }
        }
        self.share_rest(&mut counter, &mut shares);
        for (uid, usage) in counter.turn(ALL) {
            shares.0.entry(uid).or_default().usage = usage;
        }
        let mut all: Vec<Share> = shares.0.into_values().collect();
        for share in &mut all {
            share.groups.sort_by_key(|g| (Reverse(g.usage.on_disk), g.category));
        }
        all.sort_by_key(|s| (Reverse(s.usage.on_disk), s.uid));
        all
    }

    fn enter_store(&self, shares: &mut Shares, category: Category, id: StoreId, tally: &Tally) {
        let mut items: FxHashMap<u32, Vec<(ItemId, Usage)>> = FxHashMap::default();
        let here = self.store(id).map(|s| self.items_in(s, category)).unwrap_or_default();
        for item in here.into_iter().filter(|i| self.is_worth_a_row(*i)).filter_map(|i| self.item(i)) {
            match item.measure.owners {
                Owners::Nobody => {}
                Owners::One(uid) => items.entry(uid).or_default().push((item.id, item.measure.usage)),
                Owners::Several(_) => {
                    for (uid, usage) in self.owners_of(item.id) {
                        items.entry(uid).or_default().push((item.id, usage));
                    }
                }
            }
        }
        for (uid, usage) in tally {
            let items = items.remove(uid).unwrap_or_default();
            shares.group(*uid, category).stores.push(StoreShare { store: id, usage: *usage, items });
        }
    }

    /// What each owner has of an item, the largest part first.
    pub fn owners_of(&self, id: ItemId) -> Vec<(u32, Usage)> {
        let mut counter = Counter::new(&self.tree);
        let all = Selection::new(&self.tree, self.nodes_of(id), self.holes_of(id));
        each_owned(&self.tree, &all, &mut |met| {
            counter.meet(&self.tree, met);
        });
        let mut owners: Vec<(u32, Usage)> = counter.turn(ALL).into_iter().collect();
        owners.sort_by_key(|(uid, usage)| (Reverse(usage.on_disk), *uid));
        owners
    }

    /// Everything else: what a user has in a folder of their own is told with the topmost of these; what lies in a
    /// folder of somebody else, with that.
    fn share_rest(&self, counter: &mut Counter, shares: &mut Shares) {
        let tree = &self.tree;
        for store in self.stores() {
            if let Some((nodes, holes)) = self.part_of(store, Category::Other) {
                each_owned(tree, &Selection::new(tree, nodes, holes), &mut |met| {
                    counter.meet(tree, met);
                });
                self.enter_store(shares, Category::Other, store.id, &counter.turn(STORE));
            }
        }
        let mut top: Vec<u32> = vec![u32::MAX; tree.bound() as usize];
        let mut folders: FxHashMap<(u32, DirId), Usage> = FxHashMap::default();
        let nodes = self.scanned.iter().map(|d| NodeId::dir(*d));
        let holes = self.top_stores.iter().map(|d| NodeId::dir(*d));
        each_owned(tree, &Selection::new(tree, nodes, holes), &mut |met| {
            let (Met::Plain(dir, ..) | Met::Name(dir, _)) = met;
            let Some(owner) = tree.get(dir).map(|d| d.uid) else { return };
            if top[dir.0 as usize] == u32::MAX {
                let above = tree.parent(dir).filter(|p| tree.get(*p).is_some_and(|p| p.uid == owner));
                let above = above.map(|p| top[p.0 as usize]).filter(|t| *t != u32::MAX);
                top[dir.0 as usize] = above.unwrap_or(dir.0);
            }
            if let Some((uid, usage)) = counter.meet(tree, met) {
                let at = if uid == owner { DirId(top[dir.0 as usize]) } else { dir };
                *folders.entry((uid, at)).or_default() += usage;
            }
        });
        for (uid, usage) in counter.turn(GROUP) {
            shares.group(uid, Category::Other).usage = usage;
        }
        for ((uid, dir), usage) in folders {
            shares.group(uid, Category::Other).folders.push((dir, usage));
        }
        for share in shares.0.values_mut() {
            for group in &mut share.groups {
                group.folders.sort_by_key(|(dir, usage)| (Reverse(usage.on_disk), *dir));
                group.folders.truncate(FOLDERS);
            }
        }
    }

    fn share(&self, uid: u32) -> Option<&Share> {
        self.shares.iter().find(|s| s.uid == uid)
    }

    fn group_share(&self, uid: u32, category: Category) -> Option<&GroupShare> {
        self.share(uid)?.groups.iter().find(|g| g.category == category)
    }

    fn store_share(&self, uid: u32, category: Category, id: StoreId) -> Option<&StoreShare> {
        self.group_share(uid, category)?.stores.iter().find(|s| s.store == id)
    }

    /// What is directly below a row of a user.
    pub(super) fn held_below(&self, uid: u32, held: Held) -> Vec<RowKey> {
        let keys: Vec<Held> = match held {
            Held::All => self
                .share(uid)
                .map(|s| s.groups.iter().map(|g| Held::Group(g.category)).collect())
                .unwrap_or_default(),
            Held::Group(category) => self.group_share(uid, category).map_or_else(Vec::new, |g| {
                let stores = g.stores.iter().map(|s| Held::Store(category, s.store));
                stores.chain(g.folders.iter().map(|(dir, _)| Held::Folder(*dir))).collect()
            }),
            Held::Store(category, id) => self
                .store_share(uid, category, id)
                .map(|s| s.items.iter().map(|(id, _)| Held::Item(*id)).collect())
                .unwrap_or_default(),
            // Of what several own, nobody keeps which part is whose.
            Held::Item(id) => self
                .item(id)
                .filter(|i| i.measure.owners == Owners::One(uid))
                .map(|i| i.children.iter().map(|c| Held::Item(*c)).collect())
                .unwrap_or_default(),
            Held::Folder(_) => Vec::new(),
        };
        keys.into_iter().map(|held| RowKey::Of(uid, held)).collect()
    }

    /// The row one above a row of a user.
    pub(super) fn held_above(&self, uid: u32, held: Held) -> Option<RowKey> {
        let above = match held {
            Held::All => return None,
            Held::Group(_) => Held::All,
            Held::Store(category, _) => Held::Group(category),
            Held::Folder(_) => Held::Group(Category::Other),
            Held::Item(id) => {
                let item = self.item(id)?;
                item.parent.map_or(Held::Store(item.category, item.store), Held::Item)
            }
        };
        Some(RowKey::Of(uid, above))
    }

    /// The numbers of a row of a user: what that user holds.
    pub(super) fn held_measure(&self, uid: u32, held: Held) -> Measure {
        let of = |usage: Usage| Measure { usage, owners: Owners::One(uid), ..Measure::default() };
        let found = match held {
            Held::All => self.share(uid).map(|s| of(s.usage)),
            Held::Group(category) => self.group_share(uid, category).map(|g| of(g.usage)),
            Held::Store(category, id) => self.store_share(uid, category, id).map(|s| of(s.usage)),
            Held::Item(id) => self.item(id).map(|item| match item.measure.owners {
                Owners::Several(_) => {
                    let store = self.store_share(uid, item.category, item.store);
                    let part = store.and_then(|s| s.items.iter().find(|(i, _)| *i == id));
                    Measure { owners: item.measure.owners, ..of(part.map(|(_, u)| *u).unwrap_or_default()) }
                }
                _ => item.measure,
            }),
            Held::Folder(dir) => {
                let group = self.group_share(uid, Category::Other);
                group.and_then(|g| g.folders.iter().find(|(d, _)| *d == dir)).map(|(_, u)| of(*u))
            }
        };
        found.unwrap_or_default()
    }

    /// The name of a row of a user, safe to show.
    pub(super) fn held_name(&self, uid: u32, held: Held) -> String {
        match held {
            Held::All => self.people.name(uid),
            Held::Folder(dir) => text::path(&self.tree.path(dir.into())),
            _ => self.row_name(RowKey::Of(uid, held).plain()),
        }
    }

    /// What happens if a row of a user is deleted.
    pub(super) fn held_verdict(&self, uid: u32, held: Held) -> Verdict {
        match held {
            Held::Item(id) => self.verdict(id),
            Held::Folder(_) => Verdict::LookFirst,
            _ => {
                let all = self.held_below(uid, held).into_iter().map(|k| self.row_verdict(k));
                let (free, kept): (Vec<Verdict>, Vec<Verdict>) = all.partition(|v| v.removable());
                free.into_iter().max().or_else(|| kept.into_iter().min()).unwrap_or(Verdict::LookFirst)
            }
        }
    }

    /// The items that are marked with a row of a user: all in it that are theirs alone and may go. What several own is
    /// marked one by one, and so is everything else.
    pub fn marked_with(&self, uid: u32, held: Held) -> Vec<ItemId> {
        let stores: Vec<&StoreShare> = match held {
            Held::All => {
                let groups = self.share(uid).map_or(&[][..], |s| &s.groups);
                groups.iter().flat_map(|g| &g.stores).collect()
            }
            Held::Group(c) => self.group_share(uid, c).map_or_else(Vec::new, |g| g.stores.iter().collect()),
            Held::Store(c, id) => self.store_share(uid, c, id).into_iter().collect(),
            Held::Item(_) | Held::Folder(_) => Vec::new(),
        };
        let theirs = |id: &ItemId| self.item(*id).is_some_and(|i| i.measure.owners == Owners::One(uid));
        let items = stores.into_iter().flat_map(|s| s.items.iter().map(|(id, _)| *id));
        items.filter(theirs).filter(|id| self.may_be_marked(RowKey::Item(*id))).collect()
    }
}
