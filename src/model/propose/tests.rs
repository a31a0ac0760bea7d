//! Proposals on made-up stores: what is chosen, that it is enough, and that nothing in it could be spared.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::model::category::Category;
use crate::model::inventory::{Inventory, ScanEvent};
use crate::model::item::{Found, NewItem, NewStore};
use crate::model::tree::testing::{Entry, kib, linked, tree};

const KIB: u64 = 1024;

fn aged(mtime: u32, entry: Entry) -> Entry {
    Entry { mtime, ..entry }
}

fn store(inventory: &mut Inventory, root: &str, category: Category, found: Found) {
    let root = inventory.tree.find(Path::new(root)).expect(root).dir;
    inventory.apply(ScanEvent::Store(Box::new(NewStore {
        root,
        family: "test",
        role: "test",
        category,
        unclaimed: category,
        hint: "",
        together: false,
        ordered: false,
        found,
    })));
}

/// One store of items that are folders of their names, each with its verdict.
fn box_of(files: &[(&str, Entry)], items: &[(&str, Verdict)]) -> Inventory {
    let mut inventory = Inventory::new(tree(files));
    let mut found = Found::default();
    for (name, verdict) in items {
        let at = inventory.tree.find(Path::new(&format!("/s/{name}"))).expect(name);
        found.items.push(NewItem::new("model", *name, *verdict).body(at));
    }
    store(&mut inventory, "/s", Category::Hub, found);
    inventory.apply(ScanEvent::Finished { stopped: false });
    inventory.refresh();
    inventory
}

fn names(inventory: &Inventory, proposal: &Proposal) -> Vec<String> {
    let mut names: Vec<String> =
        proposal.items().iter().map(|id| inventory.item(*id).expect("there").name.clone()).collect();
    names.sort();
    names
}

fn of(inventory: &Inventory, wanted: u64, look_first: bool) -> (Vec<String>, u64, bool, u64) {
    let p = propose(inventory, &|_| true, None, wanted * KIB, look_first);
    assert_eq!(p.frees, inventory.frees_of(&p.items()));
    (names(inventory, &p), p.frees / KIB, p.enough, p.look_first / KIB)
}

fn all(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_string()).collect()
}

#[test]
fn safe_goes_before_fetched_before_made_again_and_oldest_first() {
    let i = box_of(
        &[
            ("s/old/f", aged(100, kib(10))),
            ("s/new/f", aged(900, kib(10))),
            ("s/model/f", aged(50, kib(100))),
            ("s/env/f", aged(10, kib(1000))),
            ("s/run/f", aged(1, kib(5000))),
            ("s/token/f", aged(1, kib(9000))),
        ],
        &[
            ("old", Verdict::Safe),
            ("new", Verdict::Safe),
            ("model", Verdict::ReDownload),
            ("env", Verdict::Rebuild),
            ("run", Verdict::LookFirst),
            ("token", Verdict::Protected),
        ],
    );
    assert_eq!(of(&i, 1, false), (all(&["old"]), 10, true, 0));
    assert_eq!(of(&i, 11, false), (all(&["new", "old"]), 20, true, 0));
    assert_eq!(of(&i, 21, false), (all(&["model", "new", "old"]), 120, true, 0));
    assert_eq!(of(&i, 121, false), (all(&["env", "model", "new", "old"]), 1120, true, 0));
    // What has to be looked at is told, and proposed only if that was asked for.
    assert_eq!(of(&i, 2000, false), (all(&["env", "model", "new", "old"]), 1120, false, 5000));
    assert_eq!(of(&i, 2000, true), (all(&["env", "model", "new", "old", "run"]), 6120, true, 0));
    assert!(!of(&i, 7000, true).2);
    assert_eq!(of(&i, 0, false), (vec![], 0, true, 0));
}

#[test]
fn what_turned_out_not_to_be_needed_is_left_out() {
    let i = box_of(
        &[("s/a/f", aged(100, kib(5))), ("s/b/f", aged(200, kib(7))), ("s/c/f", aged(300, kib(100)))],
        &[("a", Verdict::Safe), ("b", Verdict::ReDownload), ("c", Verdict::ReDownload)],
    );
    // The large one is enough without the other of its class; what is safe stays in.
    assert_eq!(of(&i, 50, false), (all(&["a", "c"]), 105, true, 0));
    assert_eq!(of(&i, 108, false), (all(&["a", "b", "c"]), 112, true, 0));
}

#[test]
fn what_names_elsewhere_hold_frees_nothing_and_is_not_chosen() {
    let i = box_of(
        &[
            ("s/linked/f", linked(7, 2, 500)),
            ("s/twin1/f", aged(100, linked(8, 2, 60))),
            ("s/twin2/f", aged(200, linked(8, 2, 60))),
            ("s/own/f", aged(900, kib(10))),
            ("elsewhere/f", linked(7, 2, 500)),
        ],
        &[
            ("linked", Verdict::Safe),
            ("twin1", Verdict::Safe),
            ("twin2", Verdict::Safe),
            ("own", Verdict::Safe),
        ],
    );
    // Alone the twins give nothing back; both together do.
    assert_eq!(of(&i, 60, false), (all(&["twin1", "twin2"]), 60, true, 0));
    assert_eq!(of(&i, 100, false), (all(&["own", "twin1", "twin2"]), 70, false, 0));
}

/// Two revisions with a blob both hold and one of their own each, and the refs beside them.
fn repository(parent: Verdict) -> Inventory {
    let mut inventory = Inventory::new(tree(&[
        ("s/r/refs/main", aged(100, kib(1))),
        ("s/r/blobs/both", aged(100, kib(40))),
        ("s/r/blobs/old", aged(100, kib(20))),
        ("s/r/blobs/new", aged(500, kib(30))),
        ("s/r/snapshots/old/l", aged(100, kib(1))),
        ("s/r/snapshots/new/l", aged(500, kib(1))),
    ]));
    let at = |path: &str| inventory.tree.find(Path::new(path)).expect(path);
    let mut found = Found::default();
    let both = found.blob(vec![at("/s/r/blobs/both")]);
    let mut repo = NewItem::new("model", "r", parent).body(at("/s/r"));
    for name in ["old", "new"] {
        let own = found.blob(vec![at(&format!("/s/r/blobs/{name}"))]);
        let mut revision =
            NewItem::new("revision", name, Verdict::ReDownload).body(at(&format!("/s/r/snapshots/{name}")));
        revision.holds = vec![both, own];
        repo.children.push(revision);
    }
    found.items.push(repo);
    store(&mut inventory, "/s", Category::Hub, found);
    inventory.apply(ScanEvent::Finished { stopped: false });
    inventory.refresh();
    inventory
}

#[test]
fn a_whole_goes_part_by_part_and_as_one_when_all_of_it_goes() {
    let i = repository(Verdict::ReDownload);
    assert_eq!(of(&i, 20, false), (all(&["old"]), 21, true, 0));
    assert_eq!(of(&i, 22, false), (all(&["new"]), 31, true, 0), "the newer alone is enough");
    assert_eq!(of(&i, 60, false), (all(&["r"]), 93, true, 0), "the refs go with the last");
    assert_eq!(of(&i, 94, false), (all(&["r"]), 93, false, 0));
    // Where the whole is more than its parts, its parts go alone.
    let i = repository(Verdict::LookFirst);
    assert_eq!(of(&i, 93, false), (all(&["new", "old"]), 92, false, 1));
    assert_eq!(of(&i, 93, true), (all(&["r"]), 93, true, 0));
}

#[test]
fn what_is_not_allowed_and_what_lies_in_a_trash_is_never_chosen() {
    let i = repository(Verdict::ReDownload);
    let named = |name: &str| i.items().find(|i| i.name == name).expect(name).id;
    let only = |ids: &'static [&'static str]| {
        let ids: Vec<ItemId> = ids.iter().map(|n| named(n)).collect();
        names(&i, &propose(&i, &move |id| ids.contains(&id), None, 1, true))
    };
    assert_eq!(only(&["r"]), ["r"], "as one, if its parts may not go by themselves");
    assert_eq!(only(&["new"]), ["new"]);
    assert!(only(&[]).is_empty());
    let mut inventory = Inventory::new(tree(&[("t/files/x", kib(10))]));
    let at = inventory.tree.find(Path::new("/t/files/x")).expect("there");
    let item = NewItem::new("thing", "x", Verdict::Safe).body(at);
    store(&mut inventory, "/t", Category::Trash, Found { items: vec![item], ..Found::default() });
    inventory.refresh();
    assert_eq!(of(&inventory, 1, true), (vec![], 0, false, 0));
}

#[test]
fn what_lies_on_another_mount_is_not_chosen() {
    let mut i = box_of(
        &[("s/here/f", kib(10)), ("s/mnt/there/f", kib(20))],
        &[("here", Verdict::Safe), ("mnt/there", Verdict::Safe)],
    );
    let mount = |path: &str, dev| Mount {
        path: path.into(),
        fstype: "ext4".into(),
        source: "/dev/x".into(),
        id: 0,
        dev,
        read_only: false,
        space: None,
    };
    i.mounts = vec![mount("/", 1), mount("/s/mnt", 2)];
    let on = |at: usize| names(&i, &propose(&i, &|_| true, Some(&i.mounts[at]), u64::MAX, false));
    assert_eq!((on(0), on(1)), (all(&["here"]), all(&["mnt/there"])));
    // Two folders of one file system have the same room.
    i.mounts[1].dev = 1;
    let on = |at: usize| names(&i, &propose(&i, &|_| true, Some(&i.mounts[at]), u64::MAX, false));
    assert_eq!((on(0), on(1)), (all(&["here", "mnt/there"]), all(&["here", "mnt/there"])));
}

/// One thing in a made-up store: bytes of its own, a linked inode or none, a shared file or none, age, verdict; below it
/// others of the kind.
type Thing = (u64, u64, usize, u32, usize);

fn thing() -> impl Strategy<Value = Thing> {
    (0_u64..5, 0_u64..5, 0_usize..4, 0_u32..5, 0_usize..8)
}

fn verdict(n: usize) -> Verdict {
    use Verdict::{LookFirst, Protected, ReDownload, Rebuild, Safe};
    [Safe, Safe, ReDownload, ReDownload, Rebuild, Rebuild, LookFirst, Protected][n]
}

/// A store of things, some of them made of others; `outside` names of inodes lie elsewhere.
fn made_up(things: &[(Thing, Vec<Thing>)], outside: u32) -> Inventory {
    let mut files: Vec<(String, Entry)> = Vec::new();
    let mut names = [outside; 5];
    let flat = || {
        things.iter().enumerate().flat_map(|(i, (top, below))| {
            let children = below.iter().enumerate().map(move |(j, t)| (format!("s/t{i}/c{j}"), *t));
            std::iter::once((format!("s/t{i}"), *top)).chain(children)
        })
    };
    for (_, (_, ino, ..)) in flat() {
        names[ino as usize] += 1;
    }
    for (path, (own, ino, _, age, _)) in flat() {
        files.push((format!("{path}/own"), aged(age, kib(own))));
        if ino > 0 {
            files.push((format!("{path}/linked"), aged(age, linked(ino, names[ino as usize], 10 + ino))));
        }
    }
    for blob in 0..4 {
        files.push((format!("s/blobs/b{blob}"), aged(3, kib(7 + blob))));
    }
    let entries: Vec<(&str, Entry)> = files.iter().map(|(p, e)| (p.as_str(), *e)).collect();
    let mut inventory = Inventory::new(tree(&entries));
    let at = |path: String| inventory.tree.find(Path::new(&path)).expect("there");
    let mut found = Found::default();
    let blobs: Vec<_> = (0..4).map(|b| found.blob(vec![at(format!("/s/blobs/b{b}"))])).collect();
    let made = |path: String, t: &Thing, holds: bool| {
        let mut item = NewItem::new("thing", path.clone(), verdict(t.4)).body(at(path));
        if holds && t.2 > 0 {
            item.holds = vec![blobs[t.2]];
        }
        item
    };
    for (i, (top, below)) in things.iter().enumerate() {
        let mut item = made(format!("/s/t{i}"), top, below.is_empty());
        for (j, t) in below.iter().enumerate() {
            item.children.push(made(format!("/s/t{i}/c{j}"), t, true));
        }
        found.items.push(item);
    }
    store(&mut inventory, "/s", Category::Hub, found);
    inventory.apply(ScanEvent::Finished { stopped: false });
    inventory.refresh();
    inventory
}

/// Everything that may be chosen of these verdicts, as large as it may be.
fn everything(i: &Inventory, allowed: &dyn Fn(ItemId) -> bool, is: &dyn Fn(Verdict) -> bool) -> Vec<ItemId> {
    let mut found = Vec::new();
    let mut todo: Vec<ItemId> = i.items().filter(|i| i.parent.is_none()).map(|i| i.id).collect();
    while let Some(id) = todo.pop() {
        if i.offered_as(id).is_some_and(is) && allowed(id) {
            found.push(id);
        } else {
            todo.extend(&i.item(id).expect("there").children);
        }
    }
    found
}

proptest! {
    #[test]
    fn a_proposal_is_enough_and_no_more_than_is_needed(
        things in prop::collection::vec((thing(), prop::collection::vec(thing(), 0..3)), 1..6),
        outside in 0_u32..2,
        wanted in 0_u64..90,
        look_first in any::<bool>(),
        refused in prop::collection::vec(0_u32..12, 0..4),
        marked in prop::collection::vec(0_u32..12, 0..3),
    ) {
        let i = made_up(&things, outside);
        let allowed = |id: ItemId| !refused.contains(&id.0);
        let mut marks = Marks::default();
        for id in marked {
            marks.add(&i, &[ItemId(id)]);
        }
        let given: Vec<ItemId> = i.items().map(|i| i.id).filter(|id| marks.takes(&i, *id)).collect();
        let worst = if look_first { Verdict::LookFirst } else { Verdict::Rebuild };
        let wanted = wanted * KIB;
        let p = propose_beside(&i, &marks, &allowed, None, wanted, look_first);
        let ids = p.items();
        let with = |mut more: Vec<ItemId>| {
            more.extend(&given);
            i.frees_of(&more)
        };
        prop_assert_eq!(p.frees, i.frees_of(&ids));
        prop_assert_eq!(p.enough, p.frees >= wanted);
        prop_assert!(given.iter().all(|id| i.line(*id).any(|above| ids.contains(&above))), "marks stay");
        let most = with(everything(&i, &allowed, &|v| v <= worst));
        prop_assert!(p.enough || p.frees == most, "{} of {most}", p.frees);
        let new: Vec<ItemId> = ids.iter().copied().filter(|id| !given.contains(id)).collect();
        for id in &new {
            prop_assert!(allowed(*id), "{id:?} is not allowed");
            prop_assert!(i.offered_as(*id).is_some_and(|v| v <= worst));
            prop_assert!(!i.line(*id).skip(1).any(|above| ids.contains(&above)), "one in another");
        }
        let Some(last) = new.iter().filter_map(|id| i.offered_as(*id)).max() else { return Ok(()) };
        let before = with(everything(&i, &allowed, &|v| v < last));
        prop_assert!(before < wanted, "{last:?} was not needed: {before} come back without");
        for id in &new {
            let frees = with(ids.iter().copied().filter(|other| other != id).collect());
            prop_assert!(frees < p.frees, "{id:?} gives nothing back");
            if p.enough && i.offered_as(*id) == Some(last) {
                prop_assert!(frees < wanted, "{id:?} is not needed");
            }
        }
        if !p.enough && !look_first {
            let all = with(everything(&i, &allowed, &|v| v <= Verdict::LookFirst));
            prop_assert_eq!(p.look_first, all - most);
        }
    }
}
