//! A plan from a file meets the disk as it is now: what was marked is found again by its key and its place, and of what
//! was found only that stays marked which is as it was. Nothing is taken from the file but that.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Entry, PathField, Saved, Target, With, file_key, item_path, word};
use crate::model::inventory::Inventory;
use crate::model::item::{Item, ItemId};
use crate::model::marks::{Mark, Marks};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::removal::draft::Refusal;
use crate::removal::plan::{Line, Plan, Step};
use crate::text;

/// What can be done about something that is not as it was.
const ANEW: &str = "`mldu plan -o FILE` makes a new plan of it";

/// What of a saved plan is there, and what is not.
#[derive(Debug, Default)]
pub struct Found {
    /// What is to be planned.
    pub marks: Marks,
    /// What is gone already.
    pub gone: Vec<PathBuf>,
    /// What is there and is not found, or not as it was.
    pub left_out: Vec<Refusal>,
    /// Which entry a mark is of.
    entries: FxHashMap<Mark, usize>,
    /// What an entry marks.
    marked: FxHashMap<usize, Vec<Mark>>,
}

/// What something marked is known by.
struct Known<'a> {
    path: &'a PathField,
    key: &'a str,
    family: Option<&'a str>,
    store: Option<&'a PathField>,
}

impl<'a> From<&'a Entry> for Known<'a> {
    fn from(e: &'a Entry) -> Self {
        Self { path: &e.path, key: &e.key, family: e.family.as_deref(), store: e.store.as_ref() }
    }
}

impl<'a> From<&'a With> for Known<'a> {
    fn from(w: &'a With) -> Self {
        Self { path: &w.path, key: &w.key, family: w.family.as_deref(), store: w.store.as_ref() }
    }
}

/// The items of an inventory by their keys.
type ByKey<'a> = FxHashMap<&'a str, Vec<ItemId>>;

impl Found {
    /// Finds what was marked again.
    pub fn new(inventory: &Inventory, saved: &Saved) -> Self {
        let inner = saved.entries.iter().flat_map(|e| &e.with).map(|w| w.key.as_str());
        let wanted: FxHashSet<&str> = saved.entries.iter().map(|e| e.key.as_str()).chain(inner).collect();
        let mut items: ByKey<'_> = FxHashMap::default();
        for item in inventory.items().filter(|i| wanted.contains(&*i.key)) {
            items.entry(&item.key).or_default().push(item.id);
        }
        let mut found = Self::default();
        for (at, entry) in saved.entries.iter().enumerate() {
            let Some(mark) = find(inventory, &items, &entry.into()) else {
                found.missing(entry);
                continue;
            };
            // What was in it and is not there any more makes it another thing; that shows when it is compared.
            let inner: Vec<Mark> =
                entry.with.iter().filter_map(|w| find(inventory, &items, &w.into())).collect();
            let worse = entry.with.iter().find_map(|w| {
                let Mark::Item(id) = find(inventory, &items, &w.into())? else { return None };
                let (item, now) = (inventory.item(id)?, inventory.verdict(id));
                (now > w.verdict).then(|| format!("{} in it is {}", item.name, now_and_then(now, w.verdict)))
            });
            if let Some(why) = worse {
                found.leave(entry, why);
                continue;
            }
            for mark in std::iter::once(mark).chain(inner) {
                found.marks.insert(mark);
                found.entries.insert(mark, at);
                found.marked.entry(at).or_default().push(mark);
            }
        }
        found
    }

    /// Unmarks what is not as it was, by a plan of all that is marked. Says whether that was anything: then what is
    /// left has to be planned anew, since it may go in another way without that.
    pub fn drop_changed(
        &mut self,
        inventory: &Inventory,
        saved: &Saved,
        plan: &Plan,
        here: Here<'_>,
    ) -> bool {
        let then: FxHashMap<&Path, &Target> =
            saved.entries.iter().flat_map(|e| &e.targets).map(|t| (t.path.path(), t)).collect();
        let mut steps: Vec<Vec<&Step>> = vec![Vec::new(); plan.lines.len()];
        for step in plan.steps() {
            steps[step.line()].push(step);
        }
        let mut changed: FxHashMap<usize, String> = FxHashMap::default();
        for (line, steps) in plan.lines.iter().zip(&steps) {
            let Some(at) = self.entry_of(inventory, line.mark) else { continue };
            let entry = &saved.entries[at];
            let why = if self.entries.contains_key(&line.mark) {
                judged(line, entry, here.as_planned)
                    .or_else(|| steps.iter().find_map(|s| compared(inventory, s, entry, &then, here.boot)))
                    .or_else(|| torn(entry))
            } else {
                Some("something in it must stay now, so it would not go as it was planned".to_string())
            };
            if let Some(why) = why {
                changed.entry(at).or_insert(why);
            }
        }
        let any = !changed.is_empty();
        let mut changed: Vec<(usize, String)> = changed.into_iter().collect();
        changed.sort_unstable();
        for (at, why) in changed {
            for mark in self.marked.remove(&at).unwrap_or_default() {
                self.marks.remove(mark);
                self.entries.remove(&mark);
            }
            self.leave(&saved.entries[at], why);
        }
        any
    }

    /// The entry a line of a plan comes from: what was marked, or something it is made of.
    fn entry_of(&self, inventory: &Inventory, mark: Mark) -> Option<usize> {
        if let Some(at) = self.entries.get(&mark) {
            return Some(*at);
        }
        let Mark::Item(id) = mark else { return None };
        inventory.line(id).find_map(|above| self.entries.get(&Mark::Item(above)).copied())
    }

    /// What was not found: gone, or something else.
    fn missing(&mut self, entry: &Entry) {
        let is_gone = |t: &Target| is_gone(t.path.path());
        if !entry.targets.is_empty() && entry.targets.iter().all(is_gone) {
            self.gone.push(shown(entry).to_path_buf());
            return;
        }
        let what = text::plain(&entry.key);
        self.leave(entry, format!("something is there, but the scan did not find it as `{what}`"));
    }

    fn leave(&mut self, entry: &Entry, reason: String) {
        let (name, path) = (text::plain(&entry.name), shown(entry).to_path_buf());
        self.left_out.push(Refusal { name, path, reason, way_on: ANEW.into() });
    }
}

/// What is known of the machine and of the way.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// Whether the machine was not started anew since the plan was made.
    pub boot: Boot<'a>,
    /// Whether things go the way the file says, and not one that was asked for now.
    pub as_planned: bool,
}

/// The boots of the machine: of the plan, and now.
#[derive(Debug, Clone, Copy)]
pub struct Boot<'a> {
    /// Of the plan.
    pub then: &'a str,
    /// Of now.
    pub now: &'a str,
}

impl Boot<'_> {
    fn is_same(self) -> bool {
        !self.now.is_empty() && self.then == self.now
    }
}

/// Where an entry is, to be shown: of one that is no place itself the first of its parts.
fn shown(entry: &Entry) -> &Path {
    let first = entry.targets.first().map(|t| t.path.path());
    Some(entry.path.path()).filter(|p| !p.as_os_str().is_empty()).or(first).unwrap_or(Path::new(""))
}

/// Whether nothing is there, not even a link.
pub fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
}

/// Finds what was marked: the same key in the same store at the same place, letter for letter.
fn find(inventory: &Inventory, items: &ByKey<'_>, known: &Known<'_>) -> Option<Mark> {
    let tree = &inventory.tree;
    let Some(family) = known.family else {
        let node = tree.find(known.path.path())?;
        let path = tree.path(node);
        return (known.path.is(&path) && known.key == file_key(&path)).then_some(Mark::Node(node));
    };
    let is_it = |item: &Item| {
        let store = inventory.store(item.store).filter(|s| s.family == family);
        let there = store.zip(known.store).is_some_and(|(s, path)| path.is(&tree.path(s.root.into())));
        there && known.path.is(&item_path(inventory, item.id))
    };
    let all = items.get(known.key)?.iter().filter_map(|id| inventory.item(*id));
    all.into_iter().find(|i| is_it(i)).map(|i| Mark::Item(i.id))
}

fn now_and_then(now: Verdict, then: Verdict) -> String {
    format!("{} now; it was {}", now.label(), then.label())
}

/// Whether it would be worse now than it was that it goes.
fn judged(line: &Line, entry: &Entry, as_planned: bool) -> Option<String> {
    if line.verdict > entry.verdict {
        return Some(format!("it is {}", now_and_then(line.verdict, entry.verdict)));
    }
    let is_other = as_planned && entry.action == "trash" && word(line.action) != entry.action;
    is_other.then(|| "it would be deleted for good now; the plan said trash".to_string())
}

/// What is other about one of its files or folders.
fn compared(
    inventory: &Inventory,
    step: &Step,
    entry: &Entry,
    then: &FxHashMap<&Path, &Target>,
    boot: Boot<'_>,
) -> Option<String> {
    let known = then.get(step.path()).filter(|t| t.path.is(step.path()));
    let Some(then) = known else {
        let path = text::path(step.path());
        let holds = |t: &Target| step.path().starts_with(t.path.path());
        return Some(if entry.targets.iter().any(holds) {
            "something in it must stay now, so it would not go as it was planned".to_string()
        } else {
            format!("{path} belongs to it, and was not in the plan")
        });
    };
    let now = Target::of(inventory, step);
    let what = if entry.targets.len() == 1 { "it".to_string() } else { text::path(step.path()) };
    let is_there = (&now.kind, now.ino, &now.born) == (&then.kind, then.ino, &then.born)
        && (now.dev == then.dev || (!boot.is_same() && now.born.is_some()));
    if !is_there {
        return Some(format!("{what} is another {} now than the one that was planned", now.kind));
    }
    if now.uid != then.uid {
        return Some(format!("{what} belongs to somebody else now"));
    }
    if step.target().seen.kind == Kind::Dir {
        return below(&now, then).map(|why| format!("{why} in {what}, other than when it was planned"));
    }
    if (now.size, &now.mtime) != (then.size, &then.mtime) {
        return Some(format!("{what} was written to since it was planned"));
    }
    if now.names > then.names {
        return Some(format!("{what} has another name now, by which somebody may need it"));
    }
    // Fewer names change that time too, and nothing else of it.
    (now.names == then.names && now.ctime != then.ctime)
        .then(|| format!("the rights, the names or the content of {what} changed since it was planned"))
}

/// What is other below a folder.
fn below(now: &Target, then: &Target) -> Option<String> {
    if now.held > then.held {
        let more = text::counted(now.held - then.held, "file has", "files have");
        return Some(format!("{more} another name"));
    }
    if now.digest == then.digest {
        return None;
    }
    Some(match now.files.cmp(&then.files) {
        std::cmp::Ordering::Greater => {
            text::counted(now.files - then.files, "more thing is", "more things are")
        }
        std::cmp::Ordering::Less => {
            text::counted(then.files - now.files, "thing that was is gone", "things that were are gone")
        }
        std::cmp::Ordering::Equal => "something changed".into(),
    })
}

/// Whether a part of it is gone: what is left of it is another thing.
fn torn(entry: &Entry) -> Option<String> {
    let gone = entry.targets.iter().find(|t| is_gone(t.path.path()))?;
    Some(format!("a part of it is gone: {}", text::path(gone.path.path())))
}
