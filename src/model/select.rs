//! What is chosen by rules in place of by eye: of all things those that answer to a selector, as marks; and what answers
//! to it but stays, with the reason. Pure: what becomes of the marks is the plan's business.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::category::Category;
use super::inventory::Inventory;
use super::item::{Item, ItemId};
use super::marks::{Mark, Marks};
use super::node::NodeId;
use super::rows::RowKey;
use super::verdict::Verdict;

/// Tells whether a path is meant; a folder may be meant where a file is not.
pub type Named = Box<dyn Fn(&Path, bool) -> bool>;

/// Rules about things. What says nothing lets all pass.
pub struct Selector {
    /// The groups, as they are on the screen; all if there are none.
    pub categories: Vec<Category>,
    /// The families, by their ids.
    pub families: Vec<String>,
    /// What a thing or where it lies is called. What is part of a thing so called is meant with it.
    pub names: Option<Named>,
    /// Only what was not changed for so many seconds, nor anything in it.
    pub older_than: Option<i64>,
    /// Only what takes so many bytes.
    pub min_size: u64,
    /// Only what is left over.
    pub leftovers: bool,
    /// What a thing is: family and kind.
    pub kinds: Vec<(&'static str, &'static str)>,
    /// Nothing that is worse to lose than this.
    pub worst: Verdict,
    /// Nothing that an environment hard-links: it gives back next to nothing, and is downloaded again.
    pub spare_linked: bool,
}

impl Default for Selector {
    fn default() -> Self {
        Self {
            categories: Vec::new(),
            families: Vec::new(),
            names: None,
            older_than: None,
            min_size: 0,
            leftovers: false,
            kinds: Vec::new(),
            worst: Verdict::Safe,
            spare_linked: true,
        }
    }
}

/// Why something that was meant stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stays {
    /// A process uses it, or it is being written.
    InUse,
    /// Something else needs it.
    Needed,
    /// This user may not remove it.
    Barred,
    /// Not all was read that might need it.
    Waits,
    /// It is somebody else's.
    Others,
    /// This environment hard-links it.
    Linked(ItemId),
    /// It is worse to lose than what was asked for.
    Verdict(Verdict),
}

/// What answers to a selector.
#[derive(Debug, Default)]
pub struct Selected {
    /// What goes.
    pub marks: Marks,
    /// What would go but for a reason, in the order of the stores.
    pub stays: Vec<(ItemId, Stays)>,
}

impl Selected {
    /// The chosen things.
    pub fn items(&self) -> impl Iterator<Item = ItemId> {
        let item = |m| if let Mark::Item(id) = m { Some(id) } else { None };
        self.marks.sorted().into_iter().filter_map(item)
    }
}

/// The topmost things that answer to a selector as a whole; of a thing that does not, its parts are asked. `now` is in
/// seconds since 1970.
pub fn select(inventory: &Inventory, selector: &Selector, now: i64) -> Selected {
    let linked = if selector.spare_linked { inventory.linked_packages() } else { FxHashMap::default() };
    let mut choice = Choice { inventory, selector, now, linked, selected: Selected::default() };
    for store in inventory.stores() {
        if !selector.families.is_empty() && !selector.families.iter().any(|f| f == store.family) {
            continue;
        }
        for id in &store.items {
            let Some(item) = inventory.item(*id) else { continue };
            // What nobody recognized is nothing that rules could be about.
            let asked = selector.categories.is_empty() || selector.categories.contains(&item.category);
            if asked && !item.is_rest {
                choice.visit(item, Met::default());
            }
        }
    }
    choice.selected
}

/// What the things above one answered to already: a part of something is as much that as the whole.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    name: bool,
    kind: bool,
    leftover: bool,
}

struct Choice<'a> {
    inventory: &'a Inventory,
    selector: &'a Selector,
    now: i64,
    linked: FxHashMap<ItemId, ItemId>,
    selected: Selected,
}

impl Choice<'_> {
    fn visit(&mut self, item: &Item, above: Met) {
        let met = Met {
            name: above.name || self.is_named(item),
            kind: above.kind || self.is_of_kind(item),
            leftover: above.leftover || item.leftover || !self.selector.leftovers,
        };
        let large = item.measure.usage.on_disk >= self.selector.min_size;
        let meant = met.name && met.kind && met.leftover && large && self.is_old(item);
        let stays = if meant { self.stays(item) } else { None };
        if meant && stays.is_none() && self.inventory.may_be_marked(RowKey::Item(item.id)) {
            self.selected.marks.insert(Mark::Item(item.id));
            return;
        }
        let before = (self.selected.marks.len(), self.selected.stays.len());
        for child in &item.children {
            if let Some(child) = self.inventory.item(*child) {
                self.visit(child, met);
            }
        }
        // Where its parts say more, they say it.
        let silent = before == (self.selected.marks.len(), self.selected.stays.len());
        if let Some(why) = stays.filter(|_| silent) {
            self.selected.stays.push((item.id, why));
        }
    }

    fn is_named(&self, item: &Item) -> bool {
        let Some(named) = &self.selector.names else { return true };
        let tree = &self.inventory.tree;
        named(Path::new(&item.name), false)
            || item.parts.iter().any(|p| named(&tree.path(p.node), p.node.is_dir()))
    }

    fn is_of_kind(&self, item: &Item) -> bool {
        let kinds = &self.selector.kinds;
        let family = self.inventory.store(item.store).map_or("", |s| s.family);
        kinds.is_empty() || kinds.contains(&(family, item.kind))
    }

    /// Whether nothing in it changed for long enough. Of what has no time, nobody knows.
    fn is_old(&self, item: &Item) -> bool {
        let Some(age) = self.selector.older_than else { return true };
        let newest = item.measure.newest;
        newest != 0 && self.now - i64::from(newest.max(self.newest_folder(item.id))) > age
    }

    /// The newest change of a folder in a thing. What was unpacked yesterday has files as old as the archive says.
    fn newest_folder(&self, id: ItemId) -> u32 {
        let (inventory, tree) = (self.inventory, &self.inventory.tree);
        let nodes = inventory.nodes_of(id);
        let mut todo: Vec<_> = nodes.iter().filter(|n| n.is_dir()).map(|n| n.dir).collect();
        let mut newest = 0;
        while let Some(dir) = todo.pop() {
            newest = newest.max(tree.facts(NodeId::dir(dir)).map_or(0, |f| f.mtime));
            todo.extend(tree.children(dir).filter(|d| !inventory.is_store_root(*d)));
        }
        newest
    }

    /// What it costs if a thing goes. No program makes an environment again by itself, so a person must have said that
    /// they mean environments.
    fn price(&self, item: &Item) -> Verdict {
        let rules = self.selector;
        let meant = rules.categories.contains(&Category::Environments) || !rules.families.is_empty();
        let made_by_hand = item.category == Category::Environments && item.verdict == Verdict::Rebuild;
        if made_by_hand && !meant { Verdict::LookFirst } else { item.verdict }
    }

    /// Why a thing must not go as a whole, although it is meant.
    fn stays(&self, item: &Item) -> Option<Stays> {
        let (inventory, id) = (self.inventory, item.id);
        let all: Vec<&Item> = inventory.descendants(id).filter_map(|d| inventory.item(d)).collect();
        let own = all.iter().map(|i| self.price(i)).filter(|v| v.removable()).max();
        if let Some(own) = own.filter(|v| *v > self.selector.worst) {
            return Some(Stays::Verdict(own));
        }
        // Secrets and settings are nobody's to ask for.
        if all.iter().any(|i| i.verdict == Verdict::Protected) {
            return Some(Stays::Verdict(Verdict::Protected));
        }
        let verdicts = || all.iter().map(|i| inventory.verdict(i.id));
        if verdicts().any(|v| v == Verdict::InUse) {
            // Of what is being written nothing says what it would be otherwise: it counts where it was asked for.
            let told = own.is_some() || self.selector.is_narrow();
            return Some(if told { Stays::InUse } else { Stays::Verdict(Verdict::InUse) });
        }
        if verdicts().any(|v| v == Verdict::Protected) {
            return Some(Stays::Needed);
        }
        if all.iter().any(|i| i.bar.is_some()) {
            return Some(Stays::Barred);
        }
        if !inventory.knows_all_users() && all.iter().any(|i| i.waits) {
            return Some(Stays::Waits);
        }
        // What its family does not call so is so by its owner.
        if verdicts().any(|v| v > self.selector.worst) {
            return Some(Stays::Others);
        }
        self.linked.get(&id).map(|by| Stays::Linked(*by))
    }
}

impl Selector {
    /// Whether it says what things it is about, not only how old or large they are.
    pub fn is_narrow(&self) -> bool {
        let lists = self.categories.is_empty() && self.families.is_empty() && self.kinds.is_empty();
        !lists || self.names.is_some() || self.leftovers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::{Holder, ScanEvent};
    use crate::model::item::{Found, NewItem, NewStore};
    use crate::model::people::People;
    use crate::model::tree::testing::{Entry, kib, linked, tree};

    const NOW: i64 = 1_795_230_720;
    const DAY: i64 = 86_400;

    /// A hub with a young repository of two revisions and an old one, and a cache of packages.
    fn inventory() -> Inventory {
        let old = (NOW - 40 * DAY) as u32;
        let aged = |n, mtime| Entry { mtime, ..kib(n) };
        let mut inventory = Inventory::new(tree(&[
            ("hub/young/new/w", aged(10, (NOW - DAY) as u32)),
            ("hub/young/old/w", aged(20, old)),
            ("hub/old/w", aged(30, old)),
            ("hub/timeless/w", aged(5, 0)),
            ("hub/mine/w", aged(7, old)),
            ("hub/stuff/w", aged(7, old)),
            ("pkgs/linked/lib", linked(7, 2, 100)),
            ("pkgs/free/lib", aged(50, old)),
            ("pkgs/needed/lib", aged(50, old)),
            ("pkgs/archive", aged(8, old)),
            ("envs/e/lib", linked(7, 2, 100)),
        ]));
        let at = |path: &str| inventory.tree.find(Path::new(path)).expect(path);
        let item = |kind, path: &str, verdict| {
            let name = path.rsplit('/').next().unwrap_or_default();
            NewItem::new(kind, name, verdict).body(at(path))
        };
        let mut young = item("model", "/hub/young", Verdict::ReDownload);
        young.name = "acme/young".into();
        young.children = vec![
            item("revision", "/hub/young/new", Verdict::ReDownload),
            item("revision", "/hub/young/old", Verdict::ReDownload).leftover(),
        ];
        let hub = vec![
            young,
            item("model", "/hub/old", Verdict::ReDownload),
            item("model", "/hub/timeless", Verdict::Safe),
            item("model", "/hub/mine", Verdict::LookFirst),
        ];
        let package = |path| NewItem { waits: true, ..item("package", path, Verdict::Safe) };
        let pkgs = vec![
            package("/pkgs/linked").category(Category::Packages),
            package("/pkgs/free").category(Category::Packages),
            package("/pkgs/needed").category(Category::Packages),
            item("tarball", "/pkgs/archive", Verdict::Safe),
        ];
        let env = vec![item("environment", "/envs/e", Verdict::Rebuild)];
        for (family, root, category, items) in [
            ("hf", "/hub", Category::Hub, hub),
            ("conda", "/pkgs", Category::CondaTarballs, pkgs),
            ("conda-env", "/envs/e", Category::Environments, env),
        ] {
            let mut found = Found { items, ..Found::default() };
            if family == "conda-env" {
                let path = "/pkgs/needed/lib".into();
                found.uses.push(crate::model::item::Use { user: "environment e".into(), path });
            }
            let root = inventory.tree.find(Path::new(root)).expect("there").dir;
            inventory.apply(ScanEvent::Store(Box::new(NewStore {
                root,
                family,
                role: "",
                category,
                unclaimed: category,
                hint: "",
                together: false,
                ordered: false,
                found,
            })));
        }
        inventory.apply(ScanEvent::Started { roots: vec!["/".into()], mounts: vec![], whole: true });
        inventory.apply(ScanEvent::Finished { stopped: false });
        inventory.refresh();
        inventory
    }

    fn names(inventory: &Inventory, selector: &Selector) -> Vec<String> {
        let selected = select(inventory, selector, NOW);
        let mut names: Vec<String> =
            selected.items().filter_map(|id| inventory.item(id)).map(|i| i.name.clone()).collect();
        names.sort();
        names
    }

    fn stays(inventory: &Inventory, selector: &Selector) -> Vec<(String, Stays)> {
        let told = select(inventory, selector, NOW).stays.into_iter();
        let name = |id| inventory.item(id).expect("there").name.clone();
        let mut told: Vec<(String, Stays)> = told.map(|(id, why)| (name(id), why)).collect();
        told.sort();
        told
    }

    fn hub(worst: Verdict) -> Selector {
        Selector { families: vec!["hf".into()], worst, ..Selector::default() }
    }

    #[test]
    fn without_a_rule_all_that_is_safe_goes_and_packages_in_use_by_environments_stay() {
        let i = inventory();
        assert_eq!(names(&i, &Selector::default()), ["archive", "free", "timeless"]);
        let told = stays(&i, &Selector::default());
        let env = i.items().find(|i| i.name == "e").expect("there").id;
        assert!(told.contains(&("linked".into(), Stays::Linked(env))), "{told:?}");
        assert!(told.contains(&("needed".into(), Stays::Needed)), "{told:?}");
        assert!(told.contains(&("mine".into(), Stays::Verdict(Verdict::LookFirst))), "{told:?}");
        let all = Selector { spare_linked: false, ..Selector::default() };
        assert_eq!(names(&i, &all), ["archive", "free", "linked", "timeless"]);
    }

    #[test]
    fn each_rule_leaves_out_what_does_not_answer_to_it() {
        let i = inventory();
        let of = |s: Selector| names(&i, &s);
        assert_eq!(of(hub(Verdict::Rebuild)), ["acme/young", "old", "timeless"]);
        assert_eq!(of(hub(Verdict::LookFirst)), ["acme/young", "mine", "old", "timeless"]);
        let categories = vec![Category::Packages];
        assert_eq!(of(Selector { categories, ..Selector::default() }), ["free"]);
        let kinds = vec![("conda", "tarball"), ("hf", "package")];
        assert_eq!(of(Selector { kinds, ..Selector::default() }), ["archive"]);
        assert_eq!(of(Selector { min_size: 25 << 10, ..hub(Verdict::Rebuild) }), ["acme/young", "old"]);
        assert_eq!(of(Selector { min_size: 1 << 30, ..hub(Verdict::Rebuild) }), [""; 0]);
        assert_eq!(of(Selector { leftovers: true, ..hub(Verdict::Rebuild) }), ["old"], "of the young one");
    }

    #[test]
    fn an_old_part_of_a_young_thing_goes_and_what_has_no_time_stays() {
        let i = inventory();
        let older = |days: i64, names: Option<Named>| Selector {
            older_than: Some(days * DAY),
            names,
            ..hub(Verdict::Rebuild)
        };
        assert_eq!(names(&i, &older(30, None)), ["old", "old"], "a revision and a repository");
        assert_eq!(names(&i, &older(50, None)), [""; 0]);
        // A part of what is called so is meant with it.
        let young: Named = Box::new(|path, _| path == Path::new("acme/young"));
        let selector = older(30, Some(young));
        assert_eq!(names(&i, &selector), ["old"]);
        let selected = select(&i, &selector, NOW);
        let only = i.item(selected.items().next().expect("one")).expect("there");
        assert_eq!(only.kind, "revision");
        // Tomorrow's things are not old.
        assert!(select(&i, &older(0, None), NOW - 60 * DAY).marks.is_empty());
    }

    #[test]
    fn names_are_those_of_things_and_of_where_they_lie() {
        let i = inventory();
        let by = |wanted: &'static str| {
            let named: Named = Box::new(move |path, _| path == Path::new(wanted));
            names(&i, &Selector { names: Some(named), worst: Verdict::Rebuild, ..Selector::default() })
        };
        assert_eq!(by("acme/young"), ["acme/young"]);
        assert_eq!(by("/hub/old"), ["old"]);
        assert_eq!(by("/hub"), [""; 0]);
    }

    #[test]
    fn an_environment_goes_only_where_environments_are_meant() {
        let i = inventory();
        let named = |categories: Vec<Category>, worst| {
            let name: Named = Box::new(|path, _| path == Path::new("e"));
            names(&i, &Selector { names: Some(name), categories, worst, ..Selector::default() })
        };
        assert_eq!(named(vec![], Verdict::Rebuild), [""; 0]);
        assert_eq!(named(vec![], Verdict::LookFirst), ["e"]);
        assert_eq!(named(vec![Category::Environments], Verdict::Rebuild), ["e"]);
        let families = vec!["conda-env".into()];
        assert_eq!(names(&i, &Selector { families, worst: Verdict::Rebuild, ..Selector::default() }), ["e"]);
    }

    #[test]
    fn what_is_in_use_waits_or_is_not_theirs_stays_with_its_reason() {
        let mut i = inventory();
        let holder = Holder { pid: 7, command: "python".into(), user: "ana".into(), how: "open" };
        i.set_in_use(&[("/hub/young/old/w".into(), holder)]);
        let told = stays(&i, &hub(Verdict::Rebuild));
        assert!(told.contains(&("old".into(), Stays::InUse)), "{told:?}");
        assert_eq!(names(&i, &hub(Verdict::Rebuild)), ["new", "old", "timeless"], "the rest of it goes");
        // What would stay anyway is not told as in use.
        let told = stays(&i, &Selector::default());
        assert!(!told.iter().any(|(_, why)| *why == Stays::InUse), "{told:?}");
        i.whole = false;
        let told = stays(&i, &Selector { worst: Verdict::LookFirst, ..Selector::default() });
        assert!(told.contains(&("free".into(), Stays::Waits)), "{told:?}");
        i.whole = true;
        i.people = People { me: Some(4242), ..People::default() };
        assert_eq!(names(&i, &Selector::default()), [""; 0]);
        let told = stays(&i, &Selector::default());
        assert!(told.contains(&("archive".into(), Stays::Others)), "{told:?}");
    }
}
