//! A plan as a file: made by day, looked through, carried out later. It holds what was marked and how that looked, and
//! no step: to carry it out everything is scanned, found and planned anew, and what is not as it was is left out.
//!
//! README, "A plan for later", says what each field means. Fields are added within `"schema": 1`, never changed.

mod again;
pub mod file;
mod fingerprint;
mod form;
mod path;

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

pub use again::{Boot, Found, Here, is_gone};
pub use form::{Entry, LeftOut, Made, OnMount, PLAN, SCHEMA, Saved, Scan, Target, Totals, With};
pub use path::PathField;

use super::plan::{Action, How, Line, Plan, Step};
use crate::model::inventory::Inventory;
use crate::model::item::ItemId;
use crate::model::marks::{Mark, Marks};
use crate::model::measure::{Selection, measure};
use crate::model::node::{Kind, NodeId};
use crate::model::verdict::Verdict;
use crate::text;

/// What a plan on the screen gives for a file: all but where and by whom it is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    how: How,
    totals: Totals,
    entries: Vec<Entry>,
    left_out: Vec<LeftOut>,
}

impl Contents {
    /// Takes them from a plan and the marks it was made of.
    pub fn of(plan: &Plan, inventory: &Inventory, marks: &Marks) -> Self {
        let mut steps: Vec<Vec<&Step>> = vec![Vec::new(); plan.lines.len()];
        for step in plan.steps() {
            steps[step.line()].push(step);
        }
        let mut with = inside(plan, inventory, marks);
        let lines = plan.lines.iter().zip(&steps).enumerate();
        let entries = lines
            .map(|(at, (line, steps))| entry(inventory, line, steps, with.remove(&at).unwrap_or_default()));
        let left_out = plan.refused.iter().map(|r| LeftOut {
            path: PathField::new(&r.path),
            name: r.name.clone(),
            reason: r.reason.clone(),
        });
        let mounts = plan.changes.iter().map(|c| OnMount {
            path: PathField::new(&c.mount.path),
            fstype: c.mount.fstype.clone(),
            frees: c.frees,
        });
        Self {
            how: plan.how,
            totals: Totals {
                items: plan.lines.len(),
                bytes: plan.size.on_disk,
                files: plan.size.files,
                frees: plan.frees,
                frees_perhaps: plan.doubt.all(),
                frees_later: plan.later,
                mounts: mounts.collect(),
            },
            entries: entries.collect(),
            left_out: left_out.collect(),
        }
    }

    /// How many things go.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing goes.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Saved {
    /// Puts a plan for a file together.
    pub fn new(contents: Contents, made: Made, scan: Scan) -> Self {
        let Contents { how, totals, entries, left_out } = contents;
        let how = how.id().to_string();
        Self { schema: SCHEMA, mldu: PLAN.into(), made, scan, how, totals, entries, left_out }
    }

    /// How it was planned.
    pub fn how(&self) -> Option<How> {
        How::ALL.into_iter().find(|h| h.id() == self.how)
    }

    /// Why it is no plan for this machine, if so.
    pub fn is_elsewhere(&self, here: &Made) -> Option<String> {
        let there = &self.made;
        let other = match (&there.machine, &here.machine) {
            (Some(one), Some(other)) => one != other,
            (None, None) => there.host != here.host,
            _ => true,
        };
        other.then(|| {
            let host = text::plain(&there.host);
            format!("it was made on another machine ({host}); `mldu plan -o FILE` makes one here")
        })
    }
}

/// What was marked and is no line of its own, because it goes with a folder: by line.
fn inside(plan: &Plan, inventory: &Inventory, marks: &Marks) -> FxHashMap<usize, Vec<With>> {
    let of: FxHashMap<NodeId, usize> = plan.steps().iter().map(|s| (s.target().node, s.line())).collect();
    let own: FxHashMap<Mark, usize> = plan.lines.iter().enumerate().map(|(at, l)| (l.mark, at)).collect();
    let tree = &inventory.tree;
    let line_of = |node: &NodeId| {
        let above = tree.ancestors(node.dir).map(NodeId::dir);
        std::iter::once(*node).chain(above).find_map(|n| of.get(&n).copied())
    };
    let mut with: FxHashMap<usize, Vec<With>> = FxHashMap::default();
    for mark in marks.sorted().into_iter().filter(|m| !own.contains_key(m)) {
        let nodes = match mark {
            Mark::Item(id) => inventory.nodes_of(id),
            Mark::Node(node) => vec![node],
        };
        let lines: Option<Vec<usize>> = nodes.iter().map(line_of).collect();
        let Some(line) = lines.and_then(|l| l.first().copied()) else { continue };
        let (path, key) = known_by(inventory, mark);
        let (family, store) = store_of(inventory, mark);
        let verdict = match mark {
            Mark::Item(id) => inventory.verdict(id),
            Mark::Node(_) => Verdict::LookFirst,
        };
        with.entry(line).or_default().push(With { path: PathField::new(&path), key, family, store, verdict });
    }
    with
}

/// The path and the key of something marked.
fn known_by(inventory: &Inventory, mark: Mark) -> (PathBuf, String) {
    match mark {
        Mark::Item(id) => {
            let key = inventory.item(id).map(|i| i.key.to_string());
            (item_path(inventory, id), key.unwrap_or_default())
        }
        Mark::Node(node) => {
            let path = inventory.tree.path(node);
            let key = file_key(&path);
            (path, key)
        }
    }
}

/// Where an item is: its first part.
fn item_path(inventory: &Inventory, id: ItemId) -> PathBuf {
    let first = inventory.item(id).and_then(|i| i.parts.first());
    first.map(|p| inventory.tree.path(p.node)).unwrap_or_default()
}

/// What a plain file or folder is known by.
fn file_key(path: &Path) -> String {
    format!("file:{}", text::path(path))
}

fn store_of(inventory: &Inventory, mark: Mark) -> (Option<String>, Option<PathField>) {
    let Mark::Item(id) = mark else { return (None, None) };
    let store = inventory.item(id).and_then(|i| inventory.store(i.store));
    store
        .map(|s| (s.family.to_string(), PathField::new(&inventory.tree.path(s.root.into()))))
        .map_or((None, None), |(family, path)| (Some(family), Some(path)))
}

fn entry(inventory: &Inventory, line: &Line, steps: &[&Step], with: Vec<With>) -> Entry {
    let newest = steps.iter().map(|s| s.target().seen.newest).max().filter(|n| *n > 0);
    let (family, store) = store_of(inventory, line.mark);
    Entry {
        path: PathField::new(&line.path),
        key: known_by(inventory, line.mark).1,
        family,
        store,
        kind: line.kind.into(),
        name: line.name.clone(),
        category: line.category.id().into(),
        verdict: line.verdict,
        action: word(line.action).into(),
        bytes: line.size.on_disk,
        files: line.size.files,
        newest: newest.and_then(|n| text::rfc3339(i64::from(n))),
        frees: line.frees,
        frees_later: line.later,
        notes: line.notes.clone(),
        targets: steps.iter().map(|s| Target::of(inventory, s)).collect(),
        with,
    }
}

/// What is done with something, as a word.
fn word(action: Action) -> &'static str {
    match action {
        Action::Trash => "trash",
        Action::Delete => "delete",
    }
}

impl Target {
    /// How something is that a plan takes.
    fn of(inventory: &Inventory, step: &Step) -> Self {
        let (tree, node, seen, it) =
            (&inventory.tree, step.target().node, &step.target().seen, step.identity());
        Self {
            path: PathField::new(step.path()),
            kind: kind(it.kind).into(),
            dev: it.dev,
            ino: it.ino,
            born: it.btime.map(moment),
            uid: it.uid,
            size: it.size,
            mtime: moment(it.mtime),
            ctime: moment(it.ctime),
            names: it.nlink,
            bytes: seen.on_disk,
            files: seen.files,
            held: measure(tree, &Selection::new(tree, [node], [])).held_files,
            digest: node.is_dir().then(|| fingerprint::of(tree, node.dir)),
        }
    }
}

/// A time with all its digits. They are compared as they are written.
fn moment((seconds, nanos): (i64, u32)) -> String {
    match text::rfc3339(seconds) {
        Some(text) => format!("{}.{nanos:09}Z", text.trim_end_matches('Z')),
        // A file system may keep any number.
        None => format!("{seconds}.{nanos:09}"),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Dir => "folder",
        Kind::Link => "link",
        Kind::Special => "special",
    }
}
