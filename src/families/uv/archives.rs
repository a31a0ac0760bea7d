//! Unpacked wheels, and the links that say what they are.

use rustc_hash::{FxHashMap, FxHashSet};

use super::temporary;
use crate::families::venv::links;
use crate::families::wheels::{Dist, in_use, of_unpacked, of_wheel, project};
use crate::families::{File, Folder, Range, StoreView};
use crate::model::item::{Found, NewItem, Use};
use crate::model::node::{Kind, NodeId};
use crate::model::verdict::Verdict;
use crate::text;

/// A file that points to an archive is some hundred bytes, and somewhat more with the headers of an answer.
const POINTER: usize = 16 << 10;

/// What names archives in the cache.
pub struct Entry {
    /// The item it becomes, with what is its own.
    pub item: NewItem,
    /// The archives it names.
    pub archives: Vec<String>,
}

/// All unpacked wheels, and what names them.
#[derive(Default)]
pub struct Archives<'a> {
    buckets: Vec<Folder<'a>>,
    entries: Vec<Entry>,
    /// Files about packages that were never downloaded.
    metadata: Vec<NodeId>,
    /// Whether something that may name an archive could not be read or understood.
    pub unsure: bool,
    pointers: Vec<(NodeId, Vec<NodeId>, String)>,
}

impl<'a> Archives<'a> {
    /// Adds the bucket of archives.
    pub fn add(&mut self, bucket: &Folder<'a>) {
        self.buckets.push(*bucket);
    }

    /// Adds what names archives.
    pub fn entry(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Notes that something could not be read.
    pub fn looked(&mut self, bucket: &Folder<'_>) {
        self.unsure |= !bucket.is_whole();
    }

    /// Reads the bucket of wheels: beside a link to an archive, files of the same name say where it is from.
    pub fn wheels(&mut self, store: &StoreView<'_>, bucket: &Folder<'a>) {
        self.looked(bucket);
        for folder in bucket.walk() {
            let mut groups: FxHashMap<&str, Vec<File<'a>>> = FxHashMap::default();
            let mut order = Vec::new();
            for file in folder.files() {
                let stem = stem(file.name());
                let group = groups.entry(stem).or_default();
                if group.is_empty() {
                    order.push(stem);
                }
                group.push(file);
            }
            for stem in order {
                self.wheel(store, &folder, stem, &groups[stem]);
            }
        }
    }

    fn wheel(&mut self, store: &StoreView<'_>, folder: &Folder<'_>, stem: &str, files: &[File<'_>]) {
        let pointer = files.iter().find(|f| matches!(ending(f.name()), "http" | "rev"));
        let Some(link) = files.iter().find(|f| f.kind == Kind::Link) else {
            let nodes: Vec<NodeId> = files.iter().map(|f| f.node).collect();
            match pointer.filter(|f| f.size <= POINTER as u64) {
                Some(file) => self.pointers.push((file.node, nodes, folder.shown())),
                None => self.metadata.extend(nodes),
            }
            return;
        };
        let Some(id) = archive_of(store, link) else { return };
        let mut item = NewItem::new("package", folder.shown(), Verdict::ReDownload);
        item.version = stem.split('-').next().filter(|v| !v.is_empty()).map(text::plain);
        item = files.iter().fold(item, |item, file| item.pointer(file.node));
        self.entries.push(Entry { item: told(store, item, pointer), archives: vec![id] });
    }

    /// Reads the bucket of environments: those of scripts and projects lie in it, those of tools in archives.
    pub fn environments(&mut self, store: &StoreView<'_>, bucket: &Folder<'a>) {
        self.looked(bucket);
        for folder in bucket.folders() {
            if folder.has_file("pyvenv.cfg") {
                let name = folder.name().rsplit_once('-').map_or(folder.name(), |(name, _)| name);
                let item =
                    NewItem::new("environment", text::plain(name), Verdict::Rebuild).body(folder.node());
                let item = item.note("uv makes it again at the next run of its script or project");
                let busy = store.is_live_below(&folder);
                let item = if busy { in_use(item) } else { item };
                self.entries.push(Entry { item, archives: Vec::new() });
                continue;
            }
            for link in folder.files().iter().filter(|f| f.kind == Kind::Link) {
                let Some(id) = archive_of(store, link) else { continue };
                let mut item = NewItem::new("environment", "of a program run once", Verdict::Rebuild);
                item = item.pointer(link.node).note("uv makes it again at the next `uvx` or `uv run --with`");
                if let Some(lock) = folder.file(&format!("{}.lock", link.name())) {
                    item = item.pointer(lock.node);
                }
                self.entries.push(Entry { item, archives: vec![id] });
            }
        }
    }

    /// Makes items of all that was read.
    pub fn finish(mut self, store: &StoreView<'_>, found: &mut Found) {
        let buckets = std::mem::take(&mut self.buckets);
        let all: Vec<Folder<'_>> = buckets.iter().flat_map(Folder::folders).collect();
        let ids: FxHashSet<&str> = all.iter().map(Folder::name).collect();
        self.read_pointers(store, &ids);
        let mut names: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (at, entry) in self.entries.iter().enumerate() {
            for id in &entry.archives {
                names.entry(id.clone()).or_default().push(at);
            }
        }
        for folder in all {
            let holders = names.get(folder.name()).map(Vec::as_slice).unwrap_or_default();
            Self::needs(store, &folder, found);
            match holders {
                [] => found.items.extend(self.unnamed(store, &folder)),
                [at] => {
                    let item =
                        std::mem::replace(&mut self.entries[*at].item, NewItem::new("", "", Verdict::Safe));
                    self.entries[*at].item = unpacked(store, item, &folder).body(folder.node());
                }
                several => {
                    let blob = found.blob(vec![folder.node()]);
                    for at in several {
                        let item = std::mem::replace(
                            &mut self.entries[*at].item,
                            NewItem::new("", "", Verdict::Safe),
                        );
                        self.entries[*at].item = unpacked(store, item, &folder);
                        self.entries[*at].item.holds.push(blob);
                    }
                }
            }
        }
        for entry in self.entries {
            let mut item = entry.item;
            let lost =
                !entry.archives.is_empty() && !entry.archives.iter().any(|id| ids.contains(id.as_str()));
            if lost && item.kind == "package" {
                item = item.note("what it names is not there any more").leftover();
                item.verdict = Verdict::Safe;
            }
            found.items.push(item);
        }
        if !self.metadata.is_empty() {
            let item = NewItem::new("index", "metadata of packages", Verdict::Safe).key("metadata");
            found.items.push(self.metadata.iter().fold(item, |item, node| item.body(*node)));
        }
    }

    /// Without links, a pointer has the archive's name in it.
    fn read_pointers(&mut self, store: &StoreView<'_>, ids: &FxHashSet<&str>) {
        for (node, nodes, name) in std::mem::take(&mut self.pointers) {
            let bytes = store.read(node, Range::Head, POINTER).unwrap_or_default();
            match named_in(&bytes, ids) {
                Some(id) => {
                    let mut item = NewItem::new("package", name, Verdict::ReDownload);
                    item = nodes.iter().fold(item, |item, node| item.pointer(*node));
                    item.origin = origin(&bytes);
                    self.entries.push(Entry { item, archives: vec![id] });
                }
                None => self.metadata.extend(nodes),
            }
        }
    }

    /// What an environment in the cache needs of it.
    fn needs(store: &StoreView<'_>, folder: &Folder<'_>, found: &mut Found) {
        if folder.has_file("pyvenv.cfg") {
            let paths = links(store, folder);
            let user = "an environment of a program run once".to_string();
            found.uses.extend(paths.into_iter().map(|path| Use { user: user.clone(), path }));
        }
    }

    /// An archive that nothing names.
    fn unnamed(&self, store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
        if let Some(item) = temporary(store, folder) {
            return Some(item);
        }
        if !is_id(folder.name()) {
            return None;
        }
        let mut item = NewItem::new("package", folder.shown(), Verdict::Safe).body(folder.node());
        item = unpacked(store, item, folder);
        if item.verdict == Verdict::InUse {
            return Some(item);
        }
        if self.unsure {
            item.verdict = Verdict::LookFirst;
            return Some(item.note("some of the cache could not be understood, and may still name it"));
        }
        Some(item.note("nothing in the cache names it any more; `uv cache prune` removes it too").leftover())
    }
}

/// Whether a name is one that uv gives archives: 21 letters up to 0.9, now 16 (uv, `crates/uv-cache/src/archive.rs`).
fn is_id(name: &str) -> bool {
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    letters && matches!(name.len(), 16 | 21)
}

/// An archive's item, named by what lies in it. An environment may be linked into it.
fn unpacked(store: &StoreView<'_>, mut item: NewItem, folder: &Folder<'_>) -> NewItem {
    if let Some(Dist { name, version }) = of_unpacked(folder).filter(|_| item.kind == "package") {
        (item.name, item.version) = (name, Some(version));
    }
    item.waits = true;
    // What is inside is as old as the wheel says; the folder is as old as its unpacking.
    if item.verdict != Verdict::InUse && store.is_fresh(folder.mtime()) { in_use(item) } else { item }
}

/// What a pointer says of where a package is from: `.http` is an answer, `.rev` is about a file of this machine.
fn told(store: &StoreView<'_>, mut item: NewItem, pointer: Option<&File<'_>>) -> NewItem {
    match pointer {
        Some(file) if ending(file.name()) == "http" => {
            item.origin = store.read(file.node, Range::Head, POINTER).as_deref().and_then(origin);
            item
        }
        Some(_) => {
            item.verdict = Verdict::LookFirst;
            item.note("from a file of this machine, which may be gone")
        }
        None => item,
    }
}

/// The address in an answer that uv kept.
fn origin(bytes: &[u8]) -> Option<String> {
    let at = bytes.windows(8).position(|w| w == b"https://")?;
    let end = bytes[at..].iter().position(|b| !b.is_ascii_graphic()).map_or(bytes.len(), |n| at + n);
    let url = std::str::from_utf8(&bytes[at..end]).ok()?;
    // What follows in the file may look as if it were of the address.
    let url = url.find(".whl").map_or(url, |n| &url[..n + 4]);
    Some(text::plain(&text::redact_url(url)))
}

/// The first archive named in some bytes.
fn named_in(bytes: &[u8], ids: &FxHashSet<&str>) -> Option<String> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    bytes.split(|b| !is_part(b)).filter_map(|run| std::str::from_utf8(run).ok()).find_map(|run| {
        // The length before a name may look like a letter, and the next field may follow at once.
        let known =
            |len: usize| (0..=run.len().checked_sub(len)?).find_map(|at| ids.get(run.get(at..at + len)?));
        known(16).or_else(|| known(21)).map(|id| (*id).to_string())
    })
}

/// The archive a link leads to: `…/archive-v0/ID`.
pub fn archive_of(store: &StoreView<'_>, link: &File<'_>) -> Option<String> {
    let target = store.read_link(link.node)?;
    let target = std::str::from_utf8(&target).ok()?;
    let (above, id) = target.trim_end_matches('/').rsplit_once('/')?;
    above.rsplit('/').next().is_some_and(|name| name.starts_with("archive-v")).then(|| id.to_string())
}

/// What follows the last dot of a name.
fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// A name without what tells an entry's files apart.
fn stem(name: &str) -> &str {
    let endings = [".http", ".rev", ".msgpack", ".lock"];
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// What a file or link in a folder of built wheels is of.
pub fn wheel_in(folder: &Folder<'_>) -> Option<Dist> {
    folder.files().iter().find_map(|f| of_wheel(f.name())).map(|d| Dist { name: project(&d.name), ..d })
}
