//! What is what in a store of a table: each thing in it is the first of these that means it: protected, partial, an
//! exception, an archive, an item. What none means is left to *other files*.

use super::Declared;
use super::pattern::Pattern;
use super::table::{Except, Items};
use crate::families::{File, Folder, StoreView};
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// Endings of archives that lie beside what was unpacked from them.
const ARCHIVES: [&str; 8] = [".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip", ".gz", ".bz2"];

const LIVE: &str = "written less than ten minutes ago, or open";

/// A file or folder of a store.
#[derive(Clone, Copy)]
enum Thing<'a> {
    File(File<'a>),
    Folder(Folder<'a>),
}

/// A folder that is to be looked into, its path, and the item it is a part of.
type Todo<'a> = (Folder<'a>, Vec<&'a [u8]>, Option<usize>);

/// Goes through a store.
pub struct Sort<'a> {
    family: &'a Declared,
    store: &'a StoreView<'a>,
    found: Found,
    todo: Vec<Todo<'a>>,
}

impl<'a> Sort<'a> {
    /// What is in a store.
    pub fn run(family: &'a Declared, store: &'a StoreView<'a>) -> Found {
        let mut sort = Self { family, store, found: Found::default(), todo: Vec::new() };
        let whole = matches!(family.table.items, Items::Whole);
        if whole {
            let item = sort.item(family.kind, family.about.name.into(), family.about.verdict);
            let is_fresh = store.is_fresh(store.root().newest());
            sort.found.items.push(live(item.key("all"), is_fresh));
        }
        sort.todo.push((store.root(), Vec::new(), None));
        while let Some((folder, path, around)) = sort.todo.pop() {
            for file in folder.files() {
                sort.take(Thing::File(file), &folder, &path, around);
            }
            for below in folder.folders().into_iter().rev() {
                sort.take(Thing::Folder(below), &folder, &path, around);
            }
        }
        if whole && sort.found.items.first().is_some_and(|item| item.parts.is_empty()) {
            sort.found.items.remove(0);
        }
        sort.found.problems = store.take_problems();
        sort.found
    }

    fn take(&mut self, thing: Thing<'a>, of: &Folder<'a>, above: &[&'a [u8]], around: Option<usize>) {
        let mut path = above.to_vec();
        path.push(match thing {
            Thing::File(file) => file.bytes,
            Thing::Folder(folder) => folder.bytes(),
        });
        let mut inside = around;
        if let Some(mut item) = self.named(thing, of, &path, around.is_some()) {
            match thing {
                Thing::File(file) => item = item.body(file.node),
                Thing::Folder(folder) => item = item.body(folder.node()),
            }
            if let Some(around) = around {
                self.found.items[around].without.extend(item.parts.iter().map(|p| p.node));
            }
            inside = Some(self.found.items.len());
            self.found.items.push(item);
        } else if path.len() == 1 && matches!(self.family.table.items, Items::Whole) {
            let node = match thing {
                Thing::File(file) if !file.is_regular() => return,
                Thing::File(file) => file.node,
                Thing::Folder(folder) => folder.node(),
            };
            let whole = &mut self.found.items[0];
            *whole = std::mem::replace(whole, NewItem::new("", "", Verdict::LookFirst)).body(node);
            inside = Some(0);
        }
        if let Thing::Folder(folder) = thing
            && self.family.reaches(path.len(), inside.is_some())
            && inside.is_none_or(|at| self.found.items[at].verdict != Verdict::Protected)
        {
            self.todo.push((folder, path, inside));
        }
    }

    /// The item that something is, if a rule means it. In an item there are only exceptions from it.
    fn named(&self, thing: Thing<'a>, of: &Folder<'a>, path: &[&[u8]], inside: bool) -> Option<NewItem> {
        let table = &self.family.table;
        let is_folder = matches!(thing, Thing::Folder(_));
        let means = |patterns: &'a [Pattern]| patterns.iter().find(|p| p.means(path, is_folder));
        if let Some(pattern) = means(&table.protect) {
            return Some(self.item("settings", name(pattern, path), Verdict::Protected));
        }
        // A link is not what it leads to.
        if matches!(thing, Thing::File(file) if !file.is_regular()) {
            return None;
        }
        if let Some(pattern) = means(&table.partial) {
            let item = self.item("partial", name(pattern, path), Verdict::Safe);
            return Some(self.dead(item.leftover(), thing, "partial, and nobody writes it any more"));
        }
        if let Some((rule, kind)) = self.family.excepted().find(|(e, _)| e.r#match.means(path, is_folder)) {
            return Some(self.except(rule, kind, thing, path));
        }
        if inside {
            return None;
        }
        if let Some(pattern) = means(&table.archives).filter(|_| !is_folder) {
            let item = self.item("archive", name(pattern, path), self.family.about.verdict);
            let unpacked = path.last().and_then(|name| unpacked(of, name));
            return Some(self.fresh(
                match unpacked {
                    Some(beside) => item.note(format!("unpacked beside it: {beside}")).leftover(),
                    None => item,
                },
                thing,
            ));
        }
        let shown = match (&table.items, is_folder) {
            (Items::Files, false) | (Items::Folders, true) | (Items::Entries, _) if path.len() == 1 => {
                name(&Pattern::top(), path)
            }
            (Items::Like(patterns), _) => name(patterns.iter().find(|p| p.means(path, is_folder))?, path),
            _ => return None,
        };
        let item = self.item(self.family.kind, shown, self.family.about.verdict);
        Some(self.fresh(item, thing))
    }

    fn item(&self, kind: &'static str, name: String, verdict: Verdict) -> NewItem {
        let mut item = NewItem::new(kind, name, verdict);
        // The table's note is about its items, not about what is an exception from them.
        if kind == self.family.kind {
            item.notes.extend(self.family.table.note.iter().map(|n| n.0.clone()));
        }
        item
    }

    fn except(&self, rule: &Except, kind: &'static str, thing: Thing<'_>, path: &[&[u8]]) -> NewItem {
        let mut item = NewItem::new(kind, name(&rule.r#match, path), rule.verdict.0);
        item.category = rule.category.map(|c| c.0);
        item.leftover = rule.leftover;
        item.notes.extend(rule.note.iter().map(|n| n.0.clone()));
        match rule.verdict.0 {
            Verdict::Safe => self.dead(item, thing, ""),
            _ => self.fresh(item, thing),
        }
    }

    /// What is safe only if nobody writes it any more.
    fn dead(&self, item: NewItem, thing: Thing<'_>, note: &str) -> NewItem {
        let is_live = match thing {
            Thing::File(file) => self.store.is_live(&file),
            Thing::Folder(folder) => self.store.is_live_below(&folder),
        };
        if is_live || note.is_empty() { live(item, is_live) } else { item.note(note) }
    }

    fn fresh(&self, item: NewItem, thing: Thing<'_>) -> NewItem {
        let changed = match thing {
            Thing::File(file) => file.mtime,
            Thing::Folder(folder) => folder.newest(),
        };
        live(item, self.store.is_fresh(changed))
    }
}

/// What is being written does not go, whatever it is.
fn live(mut item: NewItem, is_live: bool) -> NewItem {
    if is_live && item.verdict != Verdict::Protected {
        item.verdict = Verdict::InUse;
        item.notes.push(LIVE.into());
    }
    item
}

fn name(pattern: &Pattern, path: &[&[u8]]) -> String {
    let names: Vec<String> = pattern.telling(path).iter().map(|n| text::display(n)).collect();
    names.join("/")
}

/// The name beside an archive that is its own without the ending.
fn unpacked(of: &Folder<'_>, archive: &[u8]) -> Option<String> {
    let archive = std::str::from_utf8(archive).ok()?;
    let stem = ARCHIVES.iter().find_map(|end| archive.strip_suffix(end)).filter(|stem| !stem.is_empty())?;
    (of.has_folder(stem) || of.has_file(stem)).then(|| text::plain(stem))
}
