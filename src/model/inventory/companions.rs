//! What an environment shares its inodes with: packages that no other environment links. Neither gives back much
//! alone; together they give back what a person expects of the environment.

use rustc_hash::FxHashMap;

use super::{Inventory, ScanState};
use crate::model::category::Category;
use crate::model::item::{Item, ItemId};
use crate::model::links::LinkSlot;
use crate::model::measure::{Measure, Met, Selection, each_owned};
use crate::text::{self, Units};

/// An environment with the packages only it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// The packages.
    pub packages: Vec<ItemId>,
    /// What all of it takes and gives.
    pub measure: Measure,
}

/// Whose names of an inode were seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Nobodys,
    /// This environment's, by its place in the list.
    One(u32),
    Several,
}

impl Inventory {
    /// The environment together with the packages whose inodes it alone links; nothing if there are none. All are
    /// looked at when one is first asked for; while things are still being read, that would be for nothing.
    pub fn with_its_packages(&self, environment: ItemId) -> Option<&Together> {
        let is_one = self.item(environment).is_some_and(|i| i.category == Category::Environments);
        if !is_one || self.state == ScanState::Running {
            return None;
        }
        self.together.get_or_init(|| self.find_companions()).get(&environment)
    }

    /// The same in words.
    pub(super) fn together_words(&self, environment: ItemId) -> Option<String> {
        let together = self.with_its_packages(environment)?;
        Some(format!(
            "{} it: {} come back if they go together",
            text::counted(
                together.packages.len() as u64,
                "package is linked by nothing but",
                "packages are linked by nothing but"
            ),
            text::size(together.measure.frees, Units::Binary),
        ))
    }

    /// Looks at all environments and all packages once.
    fn find_companions(&self) -> FxHashMap<ItemId, Together> {
        let of = |category: &[Category]| -> Vec<ItemId> {
            let mut all: Vec<ItemId> = self
                .items()
                .filter(|i| category.contains(&i.category) && i.parent.is_none() && !i.is_rest)
                .map(|i| i.id)
                .collect();
            all.sort_unstable();
            all
        };
        let environments = of(&[Category::Environments]);
        let mut seen = vec![(Whose::Nobodys, 0_u32); self.tree.links().bound()];
        for (at, id) in (0..).zip(&environments) {
            for (slot, names) in self.linked_by(*id) {
                let (whose, count) = &mut seen[slot.0 as usize];
                *count += names;
                *whose = if *count == names { Whose::One(at) } else { Whose::Several };
            }
        }
        let mut found: FxHashMap<ItemId, Vec<ItemId>> = FxHashMap::default();
        for package in of(&[Category::Packages, Category::PackageCaches]) {
            if !self.verdict(package).removable() {
                continue;
            }
            let mut whose = Whose::Nobodys;
            for (slot, names) in self.linked_by(package) {
                let (environment, count) = seen[slot.0 as usize];
                // A name that was not seen may be anybody's.
                if count + names < self.tree.links().get(slot).nlink {
                    whose = Whose::Several;
                }
                whose = match (whose, environment) {
                    (whose, Whose::Nobodys) => whose,
                    (Whose::Nobodys, environment) => environment,
                    (whose, environment) if whose == environment => whose,
                    _ => Whose::Several,
                };
            }
            if let Whose::One(at) = whose {
                found.entry(environments[at as usize]).or_default().push(package);
            }
        }
        let measured = found.into_iter().map(|(environment, packages)| {
            let all: Vec<ItemId> = std::iter::once(environment).chain(packages.iter().copied()).collect();
            (environment, Together { measure: self.measure_set(&all), packages })
        });
        measured.collect()
    }

    /// The packages of which an environment names an inode too, each with the first such environment. Alone they give
    /// back next to nothing.
    pub fn linked_packages(&self) -> FxHashMap<ItemId, ItemId> {
        let mut by: FxHashMap<LinkSlot, ItemId> = FxHashMap::default();
        let mut all: Vec<&Item> = self.items().filter(|i| i.parent.is_none() && !i.is_rest).collect();
        all.sort_unstable_by_key(|i| i.id);
        for environment in all.iter().filter(|i| i.category == Category::Environments) {
            for slot in self.linked_by(environment.id).into_keys() {
                by.entry(slot).or_insert(environment.id);
            }
        }
        let packages =
            all.iter().filter(|i| matches!(i.category, Category::Packages | Category::PackageCaches));
        let linked = |i: &&&Item| {
            let found = self.linked_by(i.id).into_keys().filter_map(|slot| by.get(&slot)).min().copied();
            found.map(|environment| (i.id, environment))
        };
        if by.is_empty() { FxHashMap::default() } else { packages.filter_map(|i| linked(&i)).collect() }
    }

    /// The inodes with several names that an item names, and how often.
    fn linked_by(&self, id: ItemId) -> FxHashMap<LinkSlot, u32> {
        let mut names: FxHashMap<LinkSlot, u32> = FxHashMap::default();
        let selection = Selection::new(&self.tree, self.nodes_of(id), self.holes_of(id));
        each_owned(&self.tree, &selection, &mut |met| {
            if let Met::Name(_, slot) = met {
                *names.entry(slot).or_default() += 1;
            }
        });
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::ScanEvent;
    use crate::model::inventory::testing::store;
    use crate::model::tree::testing::{kib, linked, tree};

    #[test]
    fn a_package_belongs_to_the_one_environment_that_links_it() {
        let mut inventory = Inventory::new(tree(&[
            ("pkgs/own/a", linked(7, 2, 100)),
            ("pkgs/own/info", kib(3)),
            ("pkgs/both/a", linked(8, 3, 200)),
            ("pkgs/backed-up/a", linked(9, 3, 400)),
            ("pkgs/copied/a", kib(50)),
            ("pkgs/of-two/a", linked(10, 2, 10)),
            ("pkgs/of-two/b", linked(11, 2, 10)),
            ("envs/one/a", linked(7, 2, 100)),
            ("envs/one/b", linked(8, 3, 200)),
            ("envs/one/c", linked(9, 3, 400)),
            ("envs/one/d", linked(10, 2, 10)),
            ("envs/two/b", linked(8, 3, 200)),
            ("envs/two/d", linked(11, 2, 10)),
        ]));
        let packages = ["/pkgs/own", "/pkgs/both", "/pkgs/backed-up", "/pkgs/copied", "/pkgs/of-two"];
        let pkgs = store(&inventory.tree, "/pkgs", Category::Packages, Category::Packages, &packages);
        inventory.apply(pkgs);
        for env in ["/envs/one", "/envs/two"] {
            let event = store(&inventory.tree, env, Category::Environments, Category::Environments, &[env]);
            inventory.apply(event);
        }
        inventory.apply(ScanEvent::Finished { stopped: false });
        inventory.refresh();
        let named = |name: &str| inventory.items().find(|i| i.name == name).expect(name).id;
        let together = inventory.with_its_packages(named("/envs/one")).expect("one package");
        assert_eq!(together.packages, [named("/pkgs/own")]);
        assert_eq!(together.measure.frees / 1024, 103);
        assert_eq!(inventory.item(named("/envs/one")).expect("there").measure.frees, 0);
        assert_eq!(inventory.with_its_packages(named("/envs/two")), None);
        let said = inventory.notes(named("/envs/one")).join("; ");
        assert!(
            said.contains("1 package is linked by nothing but it: 103.0 KiB come back if they go together"),
            "{said}"
        );
    }
}
