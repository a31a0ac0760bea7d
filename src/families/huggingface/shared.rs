//! Contents that all repositories of a cache share: `blobs/<2 hex>/<hash>`, beside each `<hash>.refs`, the list of
//! the repository blobs that link to it, and `<hash>.lock`.
//!
//! The library frees a content only if its list can be read and names no link that is still there. This looks at
//! all links itself, and frees nothing that either of the two still needs.

use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use super::blobs::Is;
use super::link::Lead;
use super::partial::{Partial, partial};
use super::repo::{Repo, RepoName};
use crate::families::names::is_hex;
use crate::families::{File, Folder, Range, StoreView};
use crate::model::item::{BlobRef, Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The file that makes `blobs` a store of shared contents.
const MARKER: &str = ".huggingface-shared-blobs";

/// More lines than this has no list.
const CAP: usize = 1 << 20;

/// The shared contents of a cache.
#[derive(Debug, Default)]
pub struct Shared<'a> {
    marker: Option<File<'a>>,
    payloads: Vec<Payload<'a>>,
    by_hash: FxHashMap<&'a str, usize>,
    /// Lists and locks of contents that are gone.
    orphans: Vec<File<'a>>,
    /// Unfinished lists and markers.
    temp: Vec<File<'a>>,
}

#[derive(Debug)]
struct Payload<'a> {
    file: File<'a>,
    list: Option<File<'a>>,
    lock: Option<File<'a>>,
    links: usize,
    users: Users,
    blob: Option<BlobRef>,
}

/// What is known of who needs a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Users {
    /// All of them were seen.
    Seen,
    /// There is no list of them.
    Unlisted,
    /// One may be in what could not be read.
    Unsure,
}

impl<'a> Shared<'a> {
    /// Reads the store of shared contents, if the cache has one of the version that is known.
    pub fn read(store: &'a StoreView<'_>, root: &Folder<'a>) -> Self {
        let mut shared = Self::default();
        let Some(folder) = root.folder("blobs") else { return shared };
        let Some(marker) = folder.file(MARKER).filter(|m| m.kind == Kind::File) else { return shared };
        if store.read(marker.node, Range::Head, 16).as_deref() != Some(b"1\n") {
            return shared;
        }
        shared.marker = Some(marker);
        let unfinished = |f: &File<'_>| f.name().starts_with(MARKER) && is_temp(f);
        shared.temp.extend(folder.files().into_iter().filter(unfinished));
        for prefix in folder.folders().into_iter().filter(|f| is_hex(f.name(), 2)) {
            shared.read_prefix(&prefix);
        }
        shared
    }

    fn read_prefix(&mut self, prefix: &Folder<'a>) {
        let files = prefix.files();
        let is_hash = |name: &str| is_hex(name, 64) && name.starts_with(prefix.name());
        for file in files.iter().filter(|f| f.kind == Kind::File && is_hash(f.name())) {
            self.by_hash.insert(file.name(), self.payloads.len());
            let users = Users::Unlisted;
            self.payloads.push(Payload { file: *file, list: None, lock: None, links: 0, users, blob: None });
        }
        for file in files.into_iter().filter(|f| f.kind == Kind::File) {
            let Some((hash, end)) = file.name().split_once('.') else { continue };
            let payload = self.by_hash.get(hash).map(|at| &mut self.payloads[*at]);
            match (end, payload) {
                _ if !is_hash(hash) => {}
                ("refs", Some(payload)) => payload.list = Some(file),
                ("lock", Some(payload)) => payload.lock = Some(file),
                ("refs" | "lock", None) => self.orphans.push(file),
                (end, _) if end.starts_with("refs.") && is_temp(&file) => self.temp.push(file),
                _ => {}
            }
        }
    }

    /// The shared content a link of a repository leads to, or that it is gone; nothing if the link leads elsewhere.
    pub fn link(&mut self, lead: &Lead) -> Option<Is> {
        let Lead::Inside(path) = lead else { return None };
        let hash = std::str::from_utf8(lead.last()).ok().filter(|h| is_hex(h, 64))?;
        if self.marker.is_none() || path.parent() != Some(&Path::new("blobs").join(&hash[..2])) {
            return None;
        }
        let Some(at) = self.by_hash.get(hash).copied() else { return Some(Is::Gone) };
        self.payloads[at].links += 1;
        Some(Is::Shared(at))
    }

    /// Takes the lists in, when all links are known.
    pub fn close(&mut self, store: &StoreView<'_>, root: &Folder<'_>, repos: &[Repo<'_>]) {
        let whole = repos.iter().filter(|r| r.blobs.whole).map(|r| r.folder.bytes());
        let seen: FxHashSet<&[u8]> = whole.collect();
        // A repository that is a link to another place, or could not be read: the library sees it and we do not.
        let hidden = |line: &str| {
            let name = line.split('/').next().unwrap_or(line);
            !seen.contains(name.as_bytes())
                && RepoName::parse(name).is_some()
                && (root.has_file(name) || root.has_folder(name))
        };
        for payload in &mut self.payloads {
            let Some(lines) = payload.list.and_then(|list| read_list(store, &list)) else { continue };
            payload.users = if lines.lines().any(hidden) { Users::Unsure } else { Users::Seen };
        }
    }

    /// The file of a content.
    pub fn file(&self, at: usize) -> File<'a> {
        self.payloads[at].file
    }

    /// What an item holds that needs this content.
    pub fn hold(&mut self, at: usize, found: &mut Found) -> BlobRef {
        let payload = &mut self.payloads[at];
        *payload.blob.get_or_insert_with(|| {
            let nodes = [Some(payload.file), payload.lock].into_iter().flatten().map(|f| f.node).collect();
            found.listed_blob(nodes, payload.list.iter().map(|f| f.node).collect())
        })
    }

    /// The items of what no repository has, and of what keeps the store together.
    pub fn items(&mut self, store: &StoreView<'_>, found: &mut Found) {
        let Some(marker) = self.marker else { return };
        self.keep(found);
        let (mut unused, mut unknown, mut new) = (Vec::new(), Vec::new(), Vec::new());
        for payload in self.payloads.iter().filter(|p| p.links == 0) {
            let live = [Some(payload.file), payload.lock].iter().flatten().any(|f| store.is_live(f));
            match payload.users {
                _ if live => new.push(payload),
                Users::Seen => unused.push(payload),
                Users::Unlisted | Users::Unsure => unknown.push(payload),
            }
        }
        let item = |what: &str, verdict, payloads: &[&Payload<'_>]| {
            let name = format!("{} {what} shared {}", payloads.len(), plural(payloads.len()));
            let mut item = NewItem::new("blobs", name, verdict).key(format!("shared/{what}"));
            for payload in payloads {
                let files = [Some(payload.file), payload.list, payload.lock];
                for file in files.into_iter().flatten() {
                    item = item.body(file.node);
                }
            }
            (!payloads.is_empty()).then_some(item)
        };
        let unused = item("unreferenced", Verdict::Safe, &unused);
        found.items.extend(unused.map(|i| i.leftover().note("no repository links to them")));
        let unknown = item("unlisted", Verdict::LookFirst, &unknown);
        found.items.extend(unknown.map(|i| {
            i.note("no link to them was seen, but who uses them is not known for sure; `hf cache prune` keeps them")
        }));
        let new = item("new", Verdict::InUse, &new);
        found.items.extend(new.map(|i| i.note("written a moment ago")));
        found.items.extend(self.leftovers(store));
        let item = NewItem::new("marker", "shared file store", Verdict::Protected).body(marker.node);
        found.items.push(item.note("the library knows the files that repositories share by it"));
    }

    /// Holds contents that the library itself would not free, so that no repository takes them along.
    fn keep(&mut self, found: &mut Found) {
        let kept: Vec<usize> = (0..self.payloads.len())
            .filter(|at| self.payloads[*at].links > 0 && self.payloads[*at].users != Users::Seen)
            .collect();
        if kept.is_empty() {
            return;
        }
        let name = format!("{} unlisted shared {} in use", kept.len(), plural(kept.len()));
        let mut item = NewItem::new("blobs", name, Verdict::Protected).key("shared/kept");
        item.holds = kept.into_iter().map(|at| self.hold(at, found)).collect();
        found
            .items
            .push(item.note("not all who link to them are known, so they stay when a repository goes"));
    }

    /// Lists, locks and temporary files without a content.
    fn leftovers(&self, store: &StoreView<'_>) -> Option<NewItem> {
        let idle = self.orphans.iter().chain(&self.temp).filter(|f| !store.is_live(f));
        let mut item = NewItem::new("temp", "leftovers of shared files", Verdict::Safe)
            .key("shared/leftovers")
            .leftover();
        for file in idle {
            item = item.body(file.node);
        }
        (!item.parts.is_empty()).then(|| item.note("lists and locks of files that are gone"))
    }
}

fn is_temp(file: &File<'_>) -> bool {
    partial(file.name()) == Some(Partial::Temp)
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "file" } else { "files" }
}

/// The lines of a list, if it is one the library would read.
fn read_list(store: &StoreView<'_>, list: &File<'_>) -> Option<String> {
    if list.size > CAP as u64 {
        return None;
    }
    let bytes = store.read(list.node, Range::Head, CAP)?;
    String::from_utf8(bytes)
        .map_err(|e| store.problem(list.node, "understand", text::plain(&e.to_string())))
        .ok()
}
