//! The report as a table of text, for a person without a terminal, or a log.

mod users;

use std::path::Path;

use super::Tell;

use crate::model::category::Category;
use crate::model::headline::headline;
use crate::model::inventory::{Inventory, ScanState};
use crate::model::rows::{self, Lens, RowKey};
use crate::text::{self, Units};

/// How it is written.
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    /// Units of sizes.
    pub units: Units,
    /// The home, written as `~`.
    pub home: &'a Path,
    /// The time, for ages, seconds since 1970.
    pub now: i64,
    /// Whether the reader is root.
    pub is_root: bool,
    /// Whether only ASCII may be written.
    pub ascii: bool,
    /// What is told.
    pub tell: Tell,
}

/// So many stores of a group are listed; a training box can have thousands of runs.
const STORES: usize = 12;

/// The table.
pub fn table(inventory: &Inventory, style: Style<'_>) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        let text = if style.ascii { text::ascii(&text) } else { text };
        out.push_str(text.trim_end());
        out.push('\n');
    };
    if let Some(import) = &inventory.imported {
        let of = if import.host.is_empty() { String::new() } else { format!("{}, ", import.host) };
        let when = import.at.and_then(text::rfc3339).map(|at| format!(" on {at}")).unwrap_or_default();
        line(format!("Import: {of}from {}, written by {}{when}", import.from, import.by));
    }
    for m in &inventory.mounts {
        let Some(s) = m.space else {
            line(format!("{}  {}  does not answer", text::path(&m.path), m.fstype));
            continue;
        };
        let inodes = s
            .inode_percent()
            .map(|p| format!("  inodes {p}%, {} free", text::count(s.inodes_available.unwrap_or(0))));
        line(format!(
            "{}  {}  {}%  {} free of {}{}",
            text::path(&m.path),
            m.fstype,
            s.percent(),
            text::size(s.available, style.units),
            text::size(s.total, style.units),
            inodes.unwrap_or_default()
        ));
    }
    if let Some(h) = headline(inventory, style.is_root, style.units) {
        line(format!("{}  {}: {}", h.word, text::path(&h.mount.path), h.sentence));
    }
    let (safe, fetched) = inventory.can_go(None);
    line(format!(
        "Can go now: {} safe + {} you can download again",
        text::size(safe, style.units),
        text::size(fetched, style.units)
    ));
    line(String::new());
    match style.tell {
        Tell::Groups => groups(inventory, style, &mut line),
        Tell::Users => users::lines(inventory, style).into_iter().for_each(&mut line),
        Tell::Leftovers => leftovers(inventory, style, &mut line),
    }
    line(String::new());
    for n in inventory.not_counted() {
        let size = text::size(n.bytes, style.units);
        let held = match n.held_open {
            0 => String::new(),
            bytes => format!("; {} of it are the deleted files above", text::size(bytes, style.units)),
        };
        line(format!("{size} on {} not counted: {}{held}", text::path(&n.mount), n.why));
    }
    let p = inventory.progress;
    line(format!(
        "{} in {:.1} s{}",
        text::counted(p.entries, "entry", "entries"),
        p.seconds,
        if inventory.state == ScanState::Stopped { ", stopped before the end" } else { "" }
    ));
    if inventory.problems.count > 0 {
        line(format!("{}:", text::counted(inventory.problems.count, "problem", "problems")));
        for p in inventory.problems.kept.iter().take(20) {
            line(format!("  {} {}: {}", p.operation, text::path(&p.path), text::plain(&p.error)));
        }
        if inventory.problems.count > 20 {
            line(format!("  and {} more; --json has all", inventory.problems.count - 20));
        }
    }
    out
}

const HEADER: [&str; 6] = ["SIZE", "FREES", "FILES", "AGE", "NAME", "IF DELETED"];

fn header() -> String {
    let [size, frees, files, age, name, verdict] = HEADER;
    format!("{size:>10} {frees:>10} {files:>6} {age:>5}  {name:<44}  {verdict}")
}

/// Groups and the largest stores of each.
fn groups(inventory: &Inventory, style: Style<'_>, line: &mut impl FnMut(String)) {
    line(header());
    let mut keys: Vec<RowKey> = inventory.categories().into_iter().map(RowKey::Category).collect();
    if inventory.rest().usage.files > 0 {
        keys.push(RowKey::Rest);
    }
    if !inventory.held_open.is_empty() {
        keys.push(RowKey::Category(Category::HeldOpen));
    }
    keys.sort_by_key(|k| std::cmp::Reverse(inventory.row_measure(*k).usage.on_disk));
    if keys.is_empty() {
        line("Nothing was found.".into());
    }
    for key in keys {
        line(row(inventory, key, 0, style));
        let mut stores = inventory.below(key);
        stores.sort_by_key(|k| std::cmp::Reverse(inventory.row_measure(*k).usage.on_disk));
        for store in stores.iter().take(STORES) {
            line(row(inventory, *store, 1, style));
        }
        if stores.len() > STORES {
            line(format!("{:>36}  and {} more; --json has all", "", stores.len() - STORES));
        }
    }
}

/// What is left over, with what leads to it.
fn leftovers(inventory: &Inventory, style: Style<'_>, line: &mut impl FnMut(String)) {
    let lens = Lens { leftovers: true, ..Lens::default() };
    let rows = rows::rows(inventory, &lens);
    line(header());
    if rows.is_empty() {
        line("Nothing is left over.".into());
    }
    for r in rows {
        let is_one = matches!(r.key, RowKey::Item(id) if inventory.line(id).any(|i| inventory.item(i).is_some_and(|i| i.leftover)));
        if is_one {
            line(row(inventory, r.key, usize::from(r.depth), style));
        } else {
            line(format!("{:>36}{}{}", "", "  ".repeat(usize::from(r.depth)), name(inventory, r.key, style)));
        }
    }
    let all = inventory.measure_leftovers();
    let n = text::counted(inventory.leftover_items().len() as u64, "leftover", "leftovers");
    let (size, frees) = (text::size(all.usage.on_disk, style.units), text::size(all.frees, style.units));
    line(format!("{n}: {size}, {frees} come back if all of them go"));
}

fn name(inventory: &Inventory, key: RowKey, style: Style<'_>) -> String {
    let store = if let RowKey::Store(_, id) = key { inventory.store(id) } else { None };
    store.map_or_else(
        || inventory.row_name(key),
        |s| {
            let path = text::short_path(&inventory.tree.path(s.root.into()), style.home);
            let path = match &s.title {
                Some(title) => format!("{path}  {title}"),
                None => path,
            };
            let people = &inventory.people;
            let owners = inventory.row_measure(key).owners;
            match people.owner(owners).filter(|_| people.are_others(owners)) {
                Some(owner) => format!("{path}  ({owner})"),
                None => path,
            }
        },
    )
}

fn row(inventory: &Inventory, key: RowKey, depth: usize, style: Style<'_>) -> String {
    let m = inventory.row_measure(key);
    let name = format!("{}{}", "  ".repeat(depth), name(inventory, key, style));
    let age = if m.newest > 0 { text::age(i64::from(m.newest), style.now) } else { String::new() };
    let pad = 44_usize.saturating_sub(text::width(&name));
    format!(
        "{:>10} {:>10} {:>6} {:>5}  {name}{}  {}",
        text::size(m.usage.on_disk, style.units),
        if key == RowKey::Rest { String::new() } else { text::size(m.frees, style.units) },
        text::count(m.usage.files),
        age,
        " ".repeat(pad),
        if inventory.is_barred(key) { "not yours" } else { inventory.row_word(key) }
    )
}
