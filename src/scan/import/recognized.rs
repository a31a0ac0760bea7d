//! Runs families over an imported tree. They see names, sizes and times; of the contents of files, and of what uses
//! them, an export says nothing. So nothing is called safe here that was not looked at there.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Sender;

use super::build::Found;
use super::places::{Places, Reached};
use crate::env::Env;
use crate::families::subtree::SubTree;
use crate::families::{self, About, Claim, Listing, Range, Reader, StoreView};
use crate::model::inventory::ScanEvent;
use crate::model::item::{NewItem, NewStore};
use crate::model::links::LinkTable;
use crate::model::node::DirId;
use crate::model::packed;
use crate::model::tree::{DirState, ListedDir};
use crate::model::verdict::Verdict;
use crate::scan::recognize::{Job, recognize};
use crate::text;

/// A store deeper than this is none: no program could open it by its path.
const DEEPEST: u32 = 1024;

/// What a family is told that wants to read something.
const NOT_THERE: &str = "an export holds no contents";

/// What a person is told of what a family wanted to read something of.
const NOT_READ: &str = "an export holds no contents; its own machine can say more of it";

/// What a person is told of what would be safe.
const NOT_SEEN: &str = "an export does not say whether it is needed or in use; look on that machine";

/// What is known of a folder when those in it are looked at.
struct At {
    reached: Reached,
    store: Option<&'static About>,
    depth: u32,
}

/// Recognizes all stores and sends them, inner ones first. `now` is the time of the export.
pub fn send(found: Found, links: &Arc<LinkTable>, now: i64, sink: &Sender<ScanEvent>, cancel: &AtomicBool) {
    let (claims, mut stores) = claims(&found, cancel);
    drop(found);
    let env = Env::elsewhere();
    for (root, path, claim, within) in claims.into_iter().rev() {
        if cancel.load(Ordering::Relaxed) {
            return;
        }
        let job = Job { tree: stores.take(root, within), root, path, claim, guessed: true, phase: 0 };
        let nothing = Nothing::default();
        let mut store = recognize(&job, &env, links, now, &nothing);
        let view = StoreView::new(&job.tree, Arc::clone(links), job.root, &job.path, "", &nothing, &env, now);
        be_careful(&mut store, &view, &nothing.tried.borrow());
        if !job.came_to_nothing(&store) {
            let _ = sink.send(ScanEvent::Store(Box::new(store)));
        }
    }
}

type Stores = Vec<(DirId, PathBuf, Claim, bool)>;

/// All stores, outer ones first, and the folders that lie in one.
fn claims(found: &Found, cancel: &AtomicBool) -> (Stores, SubTree) {
    let family = Families { found, inside: Inside::new(&found.dirs) };
    let mut places = Places::known();
    let mut seen: Vec<At> = Vec::with_capacity(found.dirs.len());
    let mut claims = Vec::new();
    let mut stores = SubTree::default();
    for dir in &found.dirs {
        if cancel.load(Ordering::Relaxed) {
            break;
        }
        let above = dir.parent.map(|p| &seen[p.0 as usize]);
        let is_home = family.is_home(dir, above.map_or(0, |a| a.depth));
        let reached = match above {
            Some(above) => places.step(above.reached, name(dir), is_home),
            None => places.top(is_home),
        };
        let depth = above.map_or(0, |a| a.depth + 1);
        let around = above.and_then(|a| a.store);
        let claim = (dir.state == DirState::Listed && depth < DEEPEST)
            .then(|| places.claim(reached).or_else(|| family.by_shape(dir, around)))
            .flatten();
        if let Some(claim) = claim {
            claims.push((dir.id, family.path(dir), claim, around.is_some()));
        }
        let store = claim.as_ref().map(Claim::about).or(around);
        if store.is_some() {
            stores.insert(dir);
        }
        seen.push(At { reached, store, depth });
    }
    (claims, stores)
}

/// Asks families about folders of the tree.
struct Families<'a> {
    found: &'a Found,
    inside: Inside,
}

impl Families<'_> {
    /// Whether a folder is somebody's home, or may be: what was exported is somebody's, too.
    fn is_home(&self, dir: &ListedDir, parent_depth: u32) -> bool {
        let parent = dir.parent.map(|p| name(&self.found.dirs[p.0 as usize]));
        dir.id == self.found.root
            || self.found.homely.contains(&dir.id)
            || (parent == Some(b"") && name(dir) == b"root")
            || (parent_depth == 1 && parent.is_some_and(|p| p == b"home" || p == b"Users"))
    }

    /// Whose a folder is by its shape.
    fn by_shape(&self, dir: &ListedDir, around: Option<&'static About>) -> Option<Claim> {
        let hints = *self.found.hints.get(&dir.id)?;
        if around.is_some_and(|about| about.sealed) {
            return None;
        }
        let folders: Vec<&[u8]> = self.inside.of(dir.id).map(|id| name(&self.found.dirs[id])).collect();
        let files: Vec<_> = files(dir).collect();
        let files: Vec<&[u8]> = files.iter().map(|f| &**f).collect();
        let look = |below: &str| self.names_at(dir, below).unwrap_or_default();
        let within = around.map(|about| about.id);
        families::claim(
            hints,
            &Listing { name: name(dir), folders: &folders, files: &files, within, look: &look },
        )
    }

    fn names_at(&self, dir: &ListedDir, below: &str) -> Option<Vec<Box<[u8]>>> {
        let mut at = dir;
        for step in below.split('/').map(str::as_bytes) {
            at = self.inside.of(at.id).map(|id| &self.found.dirs[id]).find(|d| name(d) == step)?;
        }
        let folders = self.inside.of(at.id).map(|id| name(&self.found.dirs[id]));
        Some(folders.map(Into::into).chain(files(at).map(|f| f.into_owned().into())).collect())
    }

    fn path(&self, dir: &ListedDir) -> PathBuf {
        let parent = |d: &&ListedDir| d.parent.map(|p| &self.found.dirs[p.0 as usize]);
        let mut names: Vec<&[u8]> = std::iter::successors(Some(dir), parent).map(name).collect();
        names.push(b"/");
        names.iter().rev().filter(|n| !n.is_empty()).map(|n| text::os_str(n)).collect()
    }
}

fn files(dir: &ListedDir) -> impl Iterator<Item = Cow<'_, [u8]>> {
    packed::names(&dir.block).map(|n| n.name.bytes())
}

fn name(dir: &ListedDir) -> &[u8] {
    packed::dir_name(&dir.block)
}

/// Which folders lie in which.
struct Inside {
    first: Vec<u32>,
    next: Vec<u32>,
}

impl Inside {
    fn new(dirs: &[ListedDir]) -> Self {
        let mut inside = Self { first: vec![u32::MAX; dirs.len()], next: vec![u32::MAX; dirs.len()] };
        for dir in dirs {
            if let Some(parent) = dir.parent {
                inside.next[dir.id.0 as usize] = inside.first[parent.0 as usize];
                inside.first[parent.0 as usize] = dir.id.0;
            }
        }
        inside
    }

    fn of(&self, id: DirId) -> impl Iterator<Item = usize> + '_ {
        let some = |n: u32| (n != u32::MAX).then_some(n as usize);
        std::iter::successors(some(self.first[id.0 as usize]), move |at| some(self.next[*at]))
    }
}

/// Reads nothing: there is nothing to read. What was to be read is noted.
#[derive(Default)]
struct Nothing {
    tried: RefCell<BTreeSet<PathBuf>>,
}

impl Reader for Nothing {
    fn read(&self, path: &Path, _: Range, _: usize) -> io::Result<Vec<u8>> {
        self.tried.borrow_mut().insert(path.into());
        Err(io::Error::other(NOT_THERE))
    }

    fn read_link(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.tried.borrow_mut().insert(path.into());
        Err(io::Error::other(NOT_THERE))
    }

    fn may_be_used(&self) -> bool {
        false
    }

    fn is_open(&self, _: &Path) -> bool {
        false
    }
}

/// Takes back what only a look at the machine itself could tell. `tried`: what the family wanted to read, and could
/// not; what it says of such an item it says of something that it took for broken.
fn be_careful(store: &mut NewStore, view: &StoreView<'_>, tried: &BTreeSet<PathBuf>) {
    // That no content could be read is so for all of them, and nobody's trouble.
    store.found.problems.retain(|p| p.error != NOT_THERE);
    let was_tried = |item: &NewItem| {
        let below = |path: PathBuf| tried.range(path.clone()..).next().is_some_and(|t| t.starts_with(&path));
        item.parts.iter().any(|part| below(view.below(part.node)))
    };
    let mut todo: Vec<&mut NewItem> = store.found.items.iter_mut().collect();
    while let Some(item) = todo.pop() {
        if was_tried(item) && item.verdict != Verdict::Protected {
            item.verdict = item.verdict.max(Verdict::LookFirst);
            item.leftover = false;
            item.notes = vec![NOT_READ.into()];
        }
        if item.verdict == Verdict::Safe {
            item.verdict = Verdict::LookFirst;
            item.notes.push(NOT_SEEN.into());
        }
        todo.extend(item.children.iter_mut());
    }
}
