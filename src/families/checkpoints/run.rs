//! The steps of a run and what is said of them, the same for every kind.
//!
//! A complete step is always `look first`. An incomplete one is `safe` only if a later step is complete, nothing
//! names it, and nobody writes it; one that is being written is `in use`.

use rustc_hash::FxHashSet;

use super::template::Template;
use crate::families::view::FRESH;
use crate::families::{File, Folder, StoreView};
use crate::model::item::NewItem;
use crate::model::node::NodeId;
use crate::model::verdict::Verdict;

/// A run that was written to within this many seconds is probably still being trained.
const ALIVE: i64 = 3600;

/// How far a step got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// All of it is there, as far as one can tell.
    Whole,
    /// Something of it is missing, and why one thinks so.
    Torn(String),
    /// It still has the name its writer gives to what is not finished.
    Unfinished(String),
}

/// A file or folder of a step.
#[derive(Clone, Copy)]
pub enum Thing<'a> {
    File(File<'a>),
    Folder(Folder<'a>),
}

impl<'a> Thing<'a> {
    /// Its name, if it is text, else nothing.
    pub fn name(&self) -> &'a str {
        match self {
            Self::File(file) => file.name(),
            Self::Folder(folder) => folder.name(),
        }
    }

    fn node(&self) -> NodeId {
        match self {
            Self::File(file) => file.node,
            Self::Folder(folder) => folder.node(),
        }
    }

    /// Whether somebody may be writing it.
    fn is_live(&self, store: &StoreView<'_>) -> bool {
        match self {
            Self::File(file) => store.is_live(file),
            Self::Folder(folder) => {
                let mut files = folder.walk().into_iter().flat_map(|f| f.files());
                store.is_fresh(folder.newest()) || files.any(|f| store.is_live(&f))
            }
        }
    }
}

/// A step of a run.
pub struct Step<'a> {
    /// Numbers to put it in order by; steps without any come last.
    pub order: Option<Vec<u64>>,
    /// What a person calls it.
    pub name: String,
    /// The same in the title of the run.
    pub short: String,
    /// How far it got.
    pub state: State,
    /// Whether it is never `safe`, though it may be incomplete.
    pub careful: bool,
    /// Whether the run's own files call it the latest.
    pub latest: bool,
    /// What a person should know.
    pub notes: Vec<String>,
    /// Links that point to it and go with it.
    pub pointers: Vec<NodeId>,
    things: Vec<Thing<'a>>,
}

impl<'a> Step<'a> {
    /// A complete step made of one thing.
    pub fn new(thing: Thing<'a>, order: Option<Vec<u64>>, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            order,
            short: name.clone(),
            name,
            state: State::Whole,
            careful: false,
            latest: false,
            notes: Vec::new(),
            pointers: Vec::new(),
            things: vec![thing],
        }
    }

    /// A step that is a file.
    pub fn file(file: &File<'a>, order: Option<Vec<u64>>, name: impl Into<String>) -> Self {
        Self::new(Thing::File(*file), order, name)
    }

    /// A step that is a folder.
    pub fn folder(folder: &Folder<'a>, order: Option<Vec<u64>>, name: impl Into<String>) -> Self {
        Self::new(Thing::Folder(*folder), order, name)
    }

    /// Adds another thing it consists of.
    pub fn and(&mut self, thing: Thing<'a>) {
        self.things.push(thing);
    }

    /// Sets what the title says of it.
    #[must_use]
    pub fn short(mut self, short: impl Into<String>) -> Self {
        self.short = short.into();
        self
    }

    /// Adds something a person should know.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Whether a thing of this name is a part of it.
    pub fn holds(&self, name: &str) -> bool {
        !name.is_empty() && self.things.iter().any(|t| t.name() == name)
    }

    /// Calls it the latest, because the file of this name says so.
    pub fn be_latest(&mut self, pointer: &str) {
        self.latest = true;
        self.note(format!("the file {pointer} names it"));
    }
}

/// A run folder while its kinds say what is in it.
pub struct Run<'a> {
    /// The store.
    pub store: &'a StoreView<'a>,
    /// Its folder.
    pub folder: Folder<'a>,
    taken: FxHashSet<NodeId>,
    series: Vec<Series<'a>>,
    others: Vec<NewItem>,
}

impl<'a> Run<'a> {
    /// A run of which nothing is known yet.
    pub fn new(store: &'a StoreView<'a>) -> Self {
        let folder = store.root();
        Self { store, folder, taken: FxHashSet::default(), series: Vec::new(), others: Vec::new() }
    }

    /// Its files that no kind took yet.
    pub fn files(&self) -> Vec<File<'a>> {
        self.folder.files().into_iter().filter(|f| !self.taken.contains(&f.node)).collect()
    }

    /// Its folders that no kind took yet.
    pub fn folders(&self) -> Vec<Folder<'a>> {
        self.folder.folders().into_iter().filter(|f| !self.taken.contains(&f.node())).collect()
    }

    /// Takes steps that follow one another in.
    pub fn add(&mut self, steps: Vec<Step<'a>>) {
        self.taken.extend(steps.iter().flat_map(|s| &s.things).map(Thing::node));
        if !steps.is_empty() {
            self.series.push(Series { steps });
        }
    }

    /// All steps found so far.
    pub fn steps(&mut self) -> impl Iterator<Item = &mut Step<'a>> {
        self.series.iter_mut().flat_map(|s| &mut s.steps)
    }

    /// Takes in something that is no step.
    pub fn add_other(&mut self, item: NewItem) {
        self.taken.extend(item.parts.iter().map(|p| p.node));
        self.others.push(item);
    }

    /// A small leftover of a writer: dead unless it is being written.
    pub fn add_leftover(&mut self, kind: &'static str, file: &File<'_>, note: &str) {
        let verdict = if self.store.is_live(file) { Verdict::InUse } else { Verdict::Safe };
        self.add_other(NewItem::new(kind, file.shown(), verdict).body(file.node).note(note).leftover());
    }

    /// All items, and the run in a few words.
    pub fn finish(self) -> (Vec<NewItem>, Option<String>) {
        let title = title(&self);
        let store = self.store;
        let mut items: Vec<NewItem> = self.series.into_iter().flat_map(|s| s.into_items(store)).collect();
        items.extend(self.others);
        (items, title)
    }
}

fn title(run: &Run<'_>) -> Option<String> {
    let numbered: Vec<&Series<'_>> = run.series.iter().filter(|s| s.is_numbered()).collect();
    let steps = numbered.iter().flat_map(|s| &s.steps);
    let count = steps.filter(|s| s.order.is_some() && !matches!(s.state, State::Unfinished(_))).count();
    let mut words = Vec::new();
    if count > 0 {
        words.push(crate::text::counted(count as u64, "step", "steps"));
        match &numbered[..] {
            [only] => words.extend(only.latest().map(|s| format!("latest {}", s.short))),
            several => words.push(format!("{} series", several.len())),
        }
    }
    let age = run.store.now() - i64::from(run.folder.newest());
    if age < ALIVE && !run.series.is_empty() {
        let minutes = age.max(0) / 60;
        words.push(if minutes == 0 {
            "written just now".into()
        } else {
            format!("written {minutes} min ago")
        });
    }
    (!words.is_empty()).then(|| words.join(", "))
}

/// Steps that follow one another.
struct Series<'a> {
    steps: Vec<Step<'a>>,
}

impl<'a> Series<'a> {
    fn is_numbered(&self) -> bool {
        self.steps.iter().any(|s| s.order.is_some())
    }

    fn last_whole(&self) -> Option<&Step<'a>> {
        self.steps.iter().filter(|s| s.state == State::Whole && s.order.is_some()).max_by_key(|s| &s.order)
    }

    /// The step that the run's files call the latest, or else the last complete one.
    fn latest(&self) -> Option<&Step<'a>> {
        self.steps.iter().find(|s| s.latest && s.order.is_some()).or_else(|| self.last_whole())
    }

    fn into_items(mut self, store: &StoreView<'_>) -> Vec<NewItem> {
        self.steps.sort_by(|a, b| (a.order.is_none(), &a.order).cmp(&(b.order.is_none(), &b.order)));
        let last_whole = self.last_whole().and_then(|s| s.order.clone());
        let torn_above = self.steps.iter().any(|s| matches!(s.state, State::Torn(_)) && s.order > last_whole);
        let called_latest = self.steps.iter().any(|s| s.latest);
        let judge = |mut step: Step<'a>| {
            let last = step.state == State::Whole && step.order.is_some() && step.order == last_whole;
            if step.latest || (last && !called_latest && !torn_above) {
                step.notes.insert(0, "latest".into());
            } else if last {
                step.notes.insert(0, "last complete".into());
            }
            let superseded = step.order.is_some() && step.order < last_whole;
            step.into_item(store, superseded, last_whole.is_some())
        };
        self.steps.into_iter().map(judge).collect()
    }
}

impl Step<'_> {
    fn into_item(self, store: &StoreView<'_>, superseded: bool, another_is_whole: bool) -> NewItem {
        let mut item = NewItem::new("step", self.name, Verdict::LookFirst);
        for thing in &self.things {
            item = item.body(thing.node());
        }
        for pointer in self.pointers {
            item = item.pointer(pointer);
        }
        item.notes = self.notes;
        let (why, dead) = match self.state {
            State::Whole => return item,
            State::Torn(why) => (format!("incomplete: {why}"), superseded),
            State::Unfinished(why) => {
                item.kind = "unfinished step";
                (why, another_is_whole)
            }
        };
        item.notes.insert(0, why);
        item.leftover = !self.careful;
        if self.things.iter().any(|t| t.is_live(store)) {
            item.verdict = Verdict::InUse;
            item.notes.push(format!("written less than {} minutes ago, or open", FRESH / 60));
        } else if dead && !self.careful && !self.latest {
            item.verdict = Verdict::Safe;
        }
        item
    }
}

/// Whether a folder's name is that of a step, not of a run.
pub fn is_step_folder(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let after = |prefix: &str| name.strip_prefix(prefix).is_some_and(number);
    number(name)
        || ["checkpoint-", "checkpoint_", "tmp-checkpoint-", "global_step", "step_", "ckpt_", "ckpt-"]
            .into_iter()
            .any(after)
        || name.contains(".orbax-checkpoint-tmp")
        || name.starts_with("global_step")
        || Template::of(name).is_some_and(|t| t.only_counts())
        || [".ckpt", "_temp"].into_iter().any(|end| name.ends_with(end))
}

/// The digits after a prefix, as a number.
pub fn number_after(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all.then(|| digits.parse().ok()).flatten()
}
