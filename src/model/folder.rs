//! One folder, open: what is directly in it, in order. Put together once per change; a frame reads only what it shows.

use rustc_hash::FxHashMap;

use super::node::{DirId, NodeId};
use super::packed::Name;
use super::recent::Recent;
use super::tree::{DirState, Tree};
use super::usage::Usage;
use crate::text;

/// What the entries of a folder are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// Size.
    #[default]
    Size,
    /// Name.
    Name,
    /// Number of files.
    Files,
    /// Newest change.
    Newest,
    /// Bytes written lately.
    Recent,
}

/// How a folder is looked at.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Sorted by what.
    pub by: By,
    /// The other way round.
    pub flipped: bool,
    /// Whether lengths of files count, not blocks on disk.
    pub apparent: bool,
    /// Only names that contain this; lower case, empty for all.
    pub filter: String,
    /// What was changed at this moment or later was written lately; seconds since 1970.
    pub since: u32,
}

impl Look {
    /// The bytes that count.
    pub fn bytes(&self, usage: Usage) -> u64 {
        if self.apparent { usage.apparent } else { usage.on_disk }
    }
}

/// A folder and what is directly in it.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// The entries, in order.
    pub nodes: Vec<NodeId>,
    /// How many there are without the filter.
    pub all: usize,
    /// The largest entry: bytes that count.
    pub largest: u64,
    /// The entry of which most was written lately: bytes that count.
    pub freshest: u64,
    /// What was written lately in all.
    pub recent: Usage,
    fresh: FxHashMap<DirId, Usage>,
}

impl Folder {
    /// Opens a directory. Costs its own entries, and the folders below with something recent in them.
    pub fn open(tree: &Tree, dir: DirId, look: &Look) -> Self {
        let mut folder = Self::default();
        let mut recent = Recent::default();
        recent.add_files(tree, dir, look.since);
        for child in tree.children(dir) {
            if tree.newest(child) >= look.since {
                let below = Recent::below(tree, child, look.since);
                let usage = below.usage(tree);
                recent.join(below);
                folder.freshest = folder.freshest.max(look.bytes(usage));
                folder.fresh.insert(child, usage);
            }
        }
        folder.recent = recent.usage(tree);
        let mut keyed: Vec<(u64, NodeId)> = Vec::new();
        let mut shared: Option<Vec<u8>> = None;
        let mut take = |folder: &mut Self, name: Name<'_>, node: NodeId, facts: &Facts| {
            folder.all += 1;
            folder.largest = folder.largest.max(look.bytes(facts.usage));
            folder.freshest = folder.freshest.max(look.bytes(facts.recent));
            if !look.filter.is_empty() && !contains(&name.bytes(), &look.filter) {
                return;
            }
            if look.by == By::Name {
                match &mut shared {
                    None => shared = Some(name.bytes().to_ascii_lowercase()),
                    Some(s) => s.truncate(shared_length(s, name)),
                }
            }
            keyed.push((facts.key(look), node));
        };
        for child in tree.children(dir) {
            let Some(d) = tree.get(child) else { continue };
            if d.state == DirState::Unread && tree.total(child).files == 0 {
                continue;
            }
            let recent = folder.fresh.get(&child).copied().unwrap_or_default();
            let facts = Facts { usage: tree.total(child), newest: tree.newest(child), recent };
            take(&mut folder, tree.dir_name(child).into(), child.into(), &facts);
        }
        for file in tree.files(dir) {
            let usage = Usage { on_disk: file.on_disk(), apparent: file.facts.size, files: 1 };
            let newest = file.facts.mtime;
            let recent = if newest >= look.since { usage } else { Usage::default() };
            take(&mut folder, file.name, NodeId { dir, at: file.at }, &Facts { usage, newest, recent });
        }
        if look.by == By::Name {
            sort_by_name(tree, &mut keyed, shared.map_or(0, |s| s.len()));
        } else {
            // Equal things keep an order that does not depend on threads: folders by name, files as on the disk.
            keyed.sort_unstable_by(|a, b| {
                b.0.cmp(&a.0).then_with(|| match (a.1.is_dir(), b.1.is_dir()) {
                    (true, true) => compare(tree.name(a.1), tree.name(b.1)),
                    (false, false) => a.1.at.cmp(&b.1.at),
                    (a, b) => b.cmp(&a),
                })
            });
        }
        if look.flipped {
            keyed.reverse();
        }
        folder.nodes = keyed.into_iter().map(|(_, node)| node).collect();
        folder
    }

    /// What was written lately at or below an entry.
    pub fn recent_of(&self, tree: &Tree, node: NodeId, since: u32) -> Usage {
        if node.is_dir() {
            return self.fresh.get(&node.dir).copied().unwrap_or_default();
        }
        let file = tree.file(node).filter(|f| f.facts.mtime >= since);
        file.map_or(Usage::default(), |f| Usage { on_disk: f.on_disk(), apparent: f.facts.size, files: 1 })
    }
}

struct Facts {
    usage: Usage,
    newest: u32,
    recent: Usage,
}

impl Facts {
    /// What entries are sorted by, the largest first. Names are keyed later, when it is known what all begin with.
    fn key(&self, look: &Look) -> u64 {
        match look.by {
            By::Size => look.bytes(self.usage),
            By::Files => self.usage.files,
            By::Newest => u64::from(self.newest),
            By::Recent => look.bytes(self.recent),
            By::Name => 0,
        }
    }
}

/// Sorts by name without regard to case. Eight letters behind what all names begin with decide nearly always, so a
/// million numbered pictures are sorted as numbers.
fn sort_by_name(tree: &Tree, keyed: &mut [(u64, NodeId)], shared: usize) {
    for (key, node) in keyed.iter_mut() {
        let mut head = [0; 8];
        for (to, from) in head.iter_mut().zip(tree.name(*node).iter().skip(shared)) {
            *to = from.to_ascii_lowercase();
        }
        *key = u64::from_be_bytes(head);
    }
    keyed.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| compare(tree.name(a.1), tree.name(b.1))).then_with(|| a.1.cmp(&b.1))
    });
}

fn compare(a: Name<'_>, b: Name<'_>) -> std::cmp::Ordering {
    let lower = |b: u8| b.to_ascii_lowercase();
    a.iter().map(lower).cmp(b.iter().map(lower)).then_with(|| a.iter().cmp(b.iter()))
}

/// How far a name begins with what others begin with, in lower case.
fn shared_length(shared: &[u8], name: Name<'_>) -> usize {
    shared.iter().zip(name.iter()).take_while(|(a, b)| **a == b.to_ascii_lowercase()).count()
}

/// Whether a name, as it is shown, contains a text in lower case.
fn contains(name: &[u8], text: &str) -> bool {
    let usual = |b: &u8| b.is_ascii_graphic() && *b != b'\\';
    if text.is_ascii() && name.iter().all(usual) {
        return name.windows(text.len()).any(|w| w.eq_ignore_ascii_case(text.as_bytes()));
    }
    text::display(name).to_lowercase().contains(text)
}

#[cfg(test)]
mod tests {
    use super::super::tree::testing::{Entry, kib, tree};
    use super::*;
    use std::path::Path;

    fn at(mtime: u32, e: Entry) -> Entry {
        Entry { mtime, ..e }
    }

    fn example() -> Tree {
        tree(&[
            ("d/img_10", at(50, kib(1))),
            ("d/img_9", at(10, kib(8))),
            ("d/IMG_2", at(90, kib(4))),
            ("d/sub/a", at(20, kib(2))),
            ("d/sub/b", at(95, kib(1))),
            ("d/Other/x", at(5, Entry { size: 1 << 30, ..kib(2) })),
        ])
    }

    fn names(t: &Tree, look: &Look) -> String {
        let dir = t.find(Path::new("/d")).expect("scanned").dir;
        let folder = Folder::open(t, dir, look);
        let names: Vec<String> = folder.nodes.iter().map(|n| text::display(&t.name(*n).bytes())).collect();
        names.join(" ")
    }

    #[test]
    fn entries_come_in_every_order_and_the_other_way_round() {
        let t = example();
        let by = |by| names(&t, &Look { by, since: 60, ..Look::default() });
        assert_eq!(by(By::Size), "img_9 IMG_2 sub Other img_10");
        assert_eq!(by(By::Name), "img_10 IMG_2 img_9 Other sub");
        assert_eq!(by(By::Files), "sub Other img_10 img_9 IMG_2");
        assert_eq!(by(By::Newest), "sub IMG_2 img_10 img_9 Other");
        assert_eq!(by(By::Recent), "IMG_2 sub Other img_10 img_9");
        let flipped = Look { flipped: true, ..Look::default() };
        assert_eq!(names(&t, &flipped), "img_10 Other sub IMG_2 img_9");
        let apparent = Look { apparent: true, ..Look::default() };
        assert_eq!(names(&t, &apparent), "Other img_9 IMG_2 sub img_10");
    }

    #[test]
    fn a_filter_looks_at_names_without_regard_to_case() {
        let t = example();
        let with = |filter: &str| names(&t, &Look { filter: filter.into(), ..Look::default() });
        assert_eq!(with("img_"), "img_9 IMG_2 img_10");
        assert_eq!(with("oth"), "Other");
        assert_eq!(with("é"), "");
        assert_eq!(with(&"long".repeat(99)), "");
        assert!(contains("Été".as_bytes(), "été"));
        assert!(contains(b"a\x1b[2J", "\\e["));
    }

    #[test]
    fn sums_of_the_folder_do_not_depend_on_the_filter() {
        let t = example();
        let dir = t.find(Path::new("/d")).expect("scanned").dir;
        let look = Look { since: 60, filter: "sub".into(), ..Look::default() };
        let folder = Folder::open(&t, dir, &look);
        assert_eq!((folder.nodes.len(), folder.all), (1, 5));
        assert_eq!((folder.largest, folder.freshest, folder.recent.on_disk), (8 << 10, 4 << 10, 5 << 10));
        assert_eq!(folder.recent_of(&t, folder.nodes[0], 60).on_disk, 1 << 10);
        assert_eq!(folder.recent_of(&t, t.find(Path::new("/d/img_9")).expect("there"), 60).on_disk, 0);
    }
}
