//! One repository of the cache: `models--org--name`, with its revisions, its refs, and what no revision needs.

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use super::blobs::{Blobs, Is};
use super::is_noise;
use super::partial::{self, Partial, partial};
use super::shared::Shared;
use super::snapshot::Snapshot;
use crate::families::{File, Folder, Range, StoreView};
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The kinds of repository: beginning of the folder's name, what it is, beginning of its address.
const KINDS: [(&str, &str, &str); 4] = [
    ("models--", "model", ""),
    ("datasets--", "dataset", "datasets/"),
    ("spaces--", "space", "spaces/"),
    ("kernels--", "kernel", "kernels/"),
];

/// What the name of a repository's folder says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoName {
    /// `model`, `dataset` …
    pub kind: &'static str,
    /// `org/name`, or a name alone.
    pub id: String,
    path: &'static str,
}

impl RepoName {
    /// Reads the name of a folder. An id has letters, digits, `-`, `_` and `.`, and no two dashes in a row
    /// (`utils/_validators.py`), so the library reads every `--` as a slash.
    pub fn parse(name: &str) -> Option<Self> {
        let (kind, rest) = KINDS.iter().find_map(|k| Some((k, name.strip_prefix(k.0)?)))?;
        let id = rest.replace("--", "/");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let part = |p: &str| !p.is_empty() && p != "." && p != ".." && p.chars().all(plain);
        id.split('/').all(part).then_some(Self { kind: kind.1, id, path: kind.2 })
    }

    fn url(&self, store: &StoreView<'_>) -> String {
        let endpoint = store.env().text("HF_ENDPOINT").unwrap_or("https://huggingface.co");
        let endpoint = text::plain(&text::redact_url(endpoint.trim_end_matches('/')));
        format!("{endpoint}/{}{}", self.path, self.id)
    }
}

/// A name for a commit: branch, tag, pull request.
#[derive(Debug)]
pub struct Ref<'a> {
    /// The name, safe to show.
    pub name: String,
    /// The file that says it.
    pub file: File<'a>,
    commit: String,
}

/// A repository.
pub struct Repo<'a> {
    /// Its folder.
    pub folder: Folder<'a>,
    /// Its blobs.
    pub blobs: Blobs<'a>,
    /// Where links lead that leave it for another repository.
    pub elsewhere: Vec<PathBuf>,
    name: RepoName,
    snapshots: Vec<Snapshot<'a>>,
    refs: Vec<Ref<'a>>,
    partials: Vec<(File<'a>, Partial)>,
    strange: u64,
    /// Whether every link of every revision could be read.
    whole: bool,
    live: bool,
}

impl<'a> Repo<'a> {
    /// Reads a folder, if it is a repository.
    pub fn read(store: &'a StoreView<'_>, folder: Folder<'a>, shared: &mut Shared<'a>) -> Option<Self> {
        let name = RepoName::parse(folder.name())?;
        let known = ["blobs", "snapshots", "refs", ".no_exist", "trees"];
        if !known[..3].iter().any(|n| folder.has_folder(n)) {
            return None;
        }
        let mut blobs = Blobs::read(store, folder.folder("blobs"), shared);
        blobs.whole &= folder.is_listed() && folder.has_folder("blobs") == folder.folder("blobs").is_some();
        let mut repo = Self {
            folder,
            elsewhere: blobs.elsewhere.clone(),
            blobs,
            name,
            snapshots: Vec::new(),
            refs: Vec::new(),
            partials: Vec::new(),
            strange: 0,
            whole: true,
            live: false,
        };
        repo.strange += repo.blobs.strange;
        repo.strange += folder.folders().iter().filter(|f| !known.contains(&f.name())).count() as u64;
        repo.strange += folder.files().iter().filter(|f| !is_noise(f.bytes)).count() as u64;
        repo.read_refs(store);
        repo.read_snapshots(store, shared);
        repo.partials.append(&mut repo.blobs.partials);
        repo.live = repo.partials.iter().any(|(file, _)| partial::is_live(store, file));
        Some(repo)
    }

    fn read_refs(&mut self, store: &StoreView<'_>) {
        let Some(refs) = self.folder.folder("refs") else { return };
        let mut todo = vec![(refs, String::new())];
        while let Some((at, prefix)) = todo.pop() {
            todo.extend(at.folders().into_iter().map(|f| (f, format!("{prefix}{}/", f.shown()))));
            for file in at.files().into_iter().filter(|f| !is_noise(f.bytes)) {
                if let Some(partial) = partial(file.name()) {
                    self.partials.push((file, partial));
                    continue;
                }
                let content = (file.kind == Kind::File && file.size <= 256)
                    .then(|| store.read(file.node, Range::Head, 256))
                    .flatten();
                let Some(content) = content else {
                    self.strange += 1;
                    continue;
                };
                let commit = String::from_utf8_lossy(&content).trim().to_string();
                self.refs.push(Ref { name: format!("{prefix}{}", file.shown()), file, commit });
            }
        }
        self.refs.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn read_snapshots(&mut self, store: &'a StoreView<'_>, shared: &Shared<'a>) {
        let trees = self.folder.folder("trees");
        for file in trees.iter().flat_map(Folder::files) {
            if let Some(partial) = partial(file.name()) {
                self.partials.push((file, partial));
            }
        }
        let Some(snapshots) = self.folder.folder("snapshots") else {
            self.whole = !self.folder.has_folder("snapshots") && self.folder.is_listed();
            return;
        };
        self.whole = snapshots.is_whole();
        self.strange += snapshots.files().iter().filter(|f| !is_noise(f.bytes)).count() as u64;
        for folder in snapshots.folders() {
            let tree = trees.and_then(|t| t.file(&format!("{}.json", folder.name())));
            let tree = tree.filter(|t| t.kind == Kind::File);
            let snapshot = Snapshot::read(store, folder, tree, &mut self.blobs, shared);
            self.whole &= snapshot.whole;
            self.elsewhere.extend(snapshot.elsewhere.iter().cloned());
            self.snapshots.push(snapshot);
        }
    }

    /// Whether something is being downloaded into it.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Its item, with its revisions and what none of them needs.
    pub fn item(
        &mut self,
        store: &StoreView<'_>,
        shared: &mut Shared<'a>,
        elsewhere: &FxHashSet<PathBuf>,
        found: &mut Found,
    ) -> NewItem {
        let url = self.name.url(store);
        let mut item = NewItem::new(self.name.kind, self.name.id.clone(), Verdict::ReDownload)
            .origin(url.clone())
            .body(self.folder.node());
        item.children = self.revisions(store, &url, shared, found);
        item.children.extend(self.unreferenced(store, shared, elsewhere, found));
        item.children.extend(self.partials.iter().map(|(file, partial)| partial.item(store, file)));
        self.judge(store, item)
    }

    fn revisions(
        &mut self,
        store: &StoreView<'_>,
        url: &str,
        shared: &mut Shared<'a>,
        found: &mut Found,
    ) -> Vec<NewItem> {
        let mut by_commit: FxHashMap<&str, Vec<&Ref<'_>>> = FxHashMap::default();
        for r in &self.refs {
            by_commit.entry(&r.commit).or_default().push(r);
        }
        let mut items = Vec::new();
        for snapshot in &self.snapshots {
            let refs = by_commit.get(snapshot.commit()).map_or(&[][..], Vec::as_slice);
            let mut item = snapshot.item(store, refs, url);
            for blob in &snapshot.blobs {
                item.holds.extend(self.blobs.hold(*blob, shared, found));
            }
            if !self.whole && item.verdict < Verdict::LookFirst {
                item.verdict = Verdict::LookFirst;
                item = item.note("not every revision could be read, so another may need its files");
            }
            if self.live && item.verdict != Verdict::InUse {
                item.verdict = Verdict::InUse;
                item = item.note("something is being downloaded into this repository");
            }
            items.push(item);
        }
        items
    }

    /// Blobs no revision links to: a download was stopped, or a revision was removed by hand.
    fn unreferenced(
        &mut self,
        store: &StoreView<'_>,
        shared: &mut Shared<'a>,
        elsewhere: &FxHashSet<PathBuf>,
        found: &mut Found,
    ) -> Vec<NewItem> {
        let mut groups: [(&str, Verdict, &str, Vec<usize>); 4] = [
            ("unreferenced", Verdict::Safe, "no revision links to them", Vec::new()),
            (
                "unclear",
                Verdict::LookFirst,
                "not every revision could be read, so one may need them",
                Vec::new(),
            ),
            ("borrowed", Verdict::LookFirst, "another repository links to them", Vec::new()),
            ("new", Verdict::InUse, "written a moment ago, and no revision links to them yet", Vec::new()),
        ];
        for (at, blob) in self.blobs.all.iter().enumerate().filter(|(_, b)| !b.linked) {
            if !Blobs::is_hash(blob.file.name()) {
                self.strange += 1;
                continue;
            }
            let group = if self.live || store.is_live(&blob.file) {
                3
            } else if elsewhere.contains(&store.below(blob.file.node)) {
                2
            } else {
                usize::from(!self.whole)
            };
            groups[group].3.push(at);
        }
        let full = groups.into_iter().filter(|g| !g.3.is_empty());
        full.map(|(what, verdict, note, blobs)| {
            let files = if blobs.len() == 1 { "blob" } else { "blobs" };
            let name = format!("{} {what} {files}", text::full_count(blobs.len() as u64));
            let mut item = NewItem::new("blobs", name, verdict).key(what).note(note);
            item.leftover = verdict == Verdict::Safe;
            for at in blobs {
                item = item.body(self.blobs.all[at].file.node);
                if let Is::Shared(payload) = self.blobs.all[at].is {
                    item.holds.push(shared.hold(payload, found));
                }
            }
            item
        })
        .collect()
    }

    fn judge(&self, store: &StoreView<'_>, mut item: NewItem) -> NewItem {
        let commits: FxHashSet<&str> = self.snapshots.iter().map(Snapshot::commit).collect();
        let dangling: Vec<&str> = self
            .refs
            .iter()
            .filter(|r| !commits.contains(r.commit.as_str()))
            .map(|r| r.name.as_str())
            .collect();
        let nothing = self.blobs.all.is_empty()
            && self.partials.is_empty()
            && self.strange == 0
            && self.whole
            && self.snapshots.iter().all(Snapshot::is_empty);
        if nothing {
            let fresh = store.is_fresh(self.folder.newest());
            item.verdict = if fresh { Verdict::InUse } else { Verdict::Safe };
            item.leftover = !fresh;
            return item.note(if fresh { "written a moment ago" } else { "nothing was downloaded" });
        }
        if let [first, more @ ..] = &dangling[..] {
            item = item.note(match more.len() {
                0 => format!("{first} names a commit that is not here"),
                n => format!("{first} and {n} more name commits that are not here"),
            });
        }
        if item.children.iter().any(|c| c.verdict == Verdict::LookFirst) {
            item.verdict = Verdict::LookFirst;
        }
        if self.strange > 0 {
            item.verdict = Verdict::LookFirst;
            let entries = text::counted(self.strange, "entry", "entries");
            item = item.note(format!("{entries} in it did not come from the library"));
        }
        if self.live {
            item.verdict = Verdict::InUse;
            item = item.note("something is being downloaded into it");
        }
        item
    }
}
