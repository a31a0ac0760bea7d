//! One revision of a repository: the folder `snapshots/<commit>`, in which each file is a link to a blob, or the
//! file itself where links are not to be had.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::blobs::{Blobs, Is};
use super::contents::{Index, Tree};
use super::is_noise;
use super::link::Lead;
use super::shared::Shared;
use crate::families::{File, Folder, StoreView};
use crate::model::item::NewItem;
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// A revision.
pub struct Snapshot<'a> {
    /// Its folder.
    pub folder: Folder<'a>,
    /// The blobs it links to, each once.
    pub blobs: Vec<usize>,
    /// Where links lead that leave the repository for another one.
    pub elsewhere: Vec<PathBuf>,
    /// Whether all its links could be read.
    pub whole: bool,
    below: PathBuf,
    blobs_below: PathBuf,
    /// The listing of its commit.
    tree: Option<File<'a>>,
    /// Its files by path, with length where they are no links; those that are missing are not there.
    present: FxHashMap<String, Option<u64>>,
    files: u64,
    links: u64,
    missing: u64,
    outside: u64,
    newest: u32,
    shards: Vec<(u64, u64)>,
}

impl<'a> Snapshot<'a> {
    /// Reads a revision and says of the blobs which of them it links to.
    pub fn read(
        store: &'a StoreView<'_>,
        folder: Folder<'a>,
        tree: Option<File<'a>>,
        blobs: &mut Blobs<'a>,
        shared: &Shared<'a>,
    ) -> Self {
        let below = store.below(folder.node());
        let repo = below.parent().and_then(Path::parent).unwrap_or(Path::new(""));
        let mut s = Self {
            folder,
            blobs: Vec::new(),
            elsewhere: Vec::new(),
            whole: true,
            blobs_below: repo.join("blobs"),
            below,
            tree,
            present: FxHashMap::default(),
            files: 0,
            links: 0,
            missing: 0,
            outside: 0,
            newest: 0,
            shards: Vec::new(),
        };
        let mut indexes: Vec<(String, File<'a>)> = Vec::new();
        let mut todo = vec![(folder, String::new())];
        while let Some((at, prefix)) = todo.pop() {
            let name = |f: &Folder<'_>| String::from_utf8_lossy(f.bytes()).into_owned();
            todo.extend(at.folders().into_iter().map(|f| (f, format!("{prefix}{}/", name(&f)))));
            for file in at.files().into_iter().filter(|f| !is_noise(f.bytes)) {
                let content = s.enter(store, &at, &file, &prefix, blobs, shared);
                if let Some(content) = content.filter(|_| is_index(file.name())) {
                    indexes.push((prefix.clone(), content));
                }
            }
        }
        s.blobs.sort_unstable();
        s.blobs.dedup();
        for (prefix, file) in indexes {
            s.shards.extend(Index::read(store, &file).map(|index| s.count(&prefix, &index)));
        }
        s
    }

    /// Takes in a file; returns the one that has its content.
    fn enter(
        &mut self,
        store: &StoreView<'_>,
        folder: &Folder<'_>,
        file: &File<'a>,
        prefix: &str,
        blobs: &mut Blobs<'a>,
        shared: &Shared<'a>,
    ) -> Option<File<'a>> {
        self.files += 1;
        self.newest = self.newest.max(file.mtime);
        let path = || format!("{prefix}{}", String::from_utf8_lossy(file.bytes));
        if file.kind != Kind::Link {
            // A second name of a file is nobody's only copy.
            let size = (file.nlink == 1).then_some(file.size);
            self.present.insert(path(), size);
            return (file.kind == Kind::File).then_some(*file);
        }
        self.links += 1;
        let lead = Lead::read(store, folder, file);
        self.whole &= lead != Lead::Unknown;
        match self.target(&lead, blobs) {
            Target::Blob(at) => {
                blobs.all[at].linked = true;
                self.blobs.push(at);
                match blobs.all[at].is {
                    Is::Gone => self.missing += 1,
                    Is::Elsewhere => self.outside += 1,
                    Is::Content | Is::Shared(_) => drop(self.present.insert(path(), None)),
                }
                let content = blobs.content(at, shared)?;
                self.newest = self.newest.max(content.mtime);
                Some(content)
            }
            Target::Missing => {
                self.missing += 1;
                None
            }
            Target::Here => {
                self.present.insert(path(), None);
                None
            }
            Target::Outside => {
                self.outside += 1;
                None
            }
        }
    }

    fn target(&mut self, lead: &Lead, blobs: &Blobs<'_>) -> Target {
        if let Lead::Inside(path) = lead {
            if path.parent() == Some(&self.blobs_below) {
                return blobs.find(lead.last()).map_or(Target::Missing, Target::Blob);
            }
            if path.starts_with(&self.below) {
                return Target::Here;
            }
            self.elsewhere.push(path.clone());
        }
        // A cache that was moved, or has a second path, may have links that name the old one: a blob of that name is
        // the content all the same, and must not look unused.
        blobs.find(lead.last()).map_or(Target::Outside, Target::Blob)
    }

    /// How many pieces of weights an index names, and how many are there.
    fn count(&self, prefix: &str, index: &Index) -> (u64, u64) {
        let (mut all, mut here) = (0, 0);
        for shard in index.shards() {
            all += 1;
            here += u64::from(self.present.contains_key(&format!("{prefix}{shard}")));
        }
        (all, here)
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.files == 0 && self.folder.is_whole()
    }

    /// Its commit, as it is written on the disk.
    pub fn commit(&self) -> &'a str {
        self.folder.name()
    }

    /// The item of this revision, without what it holds.
    pub fn item(&self, store: &StoreView<'_>, refs: &[&super::repo::Ref<'_>], url: &str) -> NewItem {
        let commit = self.folder.shown();
        let short: String = commit.chars().take(8).collect();
        let names: Vec<&str> = refs.iter().map(|r| r.name.as_str()).collect();
        let name = if names.is_empty() { "detached".into() } else { names.join(", ") };
        let mut item = NewItem::new("revision", name, Verdict::ReDownload)
            .version(short)
            .origin(format!("{url}/tree/{commit}"))
            .body(self.folder.node());
        for r in refs {
            item = item.pointer(r.file.node);
        }
        if let Some(tree) = self.tree {
            item = item.pointer(tree.node);
        }
        if names.is_empty() {
            item = item.leftover().note("no branch or tag names it any more, or it was fetched by its hash");
        }
        self.judge(store, item)
    }

    fn judge(&self, store: &StoreView<'_>, mut item: NewItem) -> NewItem {
        if self.is_empty() {
            item.verdict = Verdict::Safe;
            item = item.leftover().note("empty");
        }
        if self.missing > 0 {
            let files = text::counted(self.missing, "file", "files");
            item = item.leftover().note(format!("{files} missing, so it does not load without the network"));
        }
        if self.outside > 0 {
            let links = text::counted(self.outside, "link leads", "links lead");
            item = item.note(format!("{links} out of the repository; what is there is not touched"));
        }
        let tree = self.tree.and_then(|t| Tree::read(store, &t)).unwrap_or_default();
        let have = tree.files.keys().filter(|f| self.present.contains_key(*f)).count();
        if have < tree.files.len() && self.missing == 0 {
            item =
                item.note(format!("partial: {have} of {} files", text::full_count(tree.files.len() as u64)));
        }
        for (all, here) in self.shards.iter().filter(|(all, here)| here < all && *here > 0) {
            item = item.note(format!("{} of {all} weight files missing", all - here));
        }
        let own = self.own_files(&tree);
        if own > 0 {
            item.verdict = item.verdict.max(Verdict::LookFirst);
            let files = text::counted(own, "file is", "files are");
            item = item.note(format!("{files} no part of the download and may be somebody's own"));
        }
        if store.is_fresh(if self.files > 0 { self.newest } else { self.folder.mtime() }) {
            item.verdict = Verdict::InUse;
            item = item.note("written a moment ago");
        }
        item
    }

    /// Files that did not come from the Hub: they are no links though others are, or the listing of the commit does
    /// not know them. What Python compiled is nobody's work.
    fn own_files(&self, tree: &Tree) -> u64 {
        let files = self.present.iter().filter_map(|(path, size)| size.map(|size| (path, size)));
        let own = |(path, size): &(&String, u64)| match tree.files.get(*path) {
            Some(listed) => listed.size.is_some_and(|s| s != *size),
            None => self.links > 0 || !tree.files.is_empty(),
        };
        let compiled = |path: &str| path.split('/').any(|part| part == "__pycache__");
        files.filter(|(path, _)| !compiled(path)).filter(own).count() as u64
    }
}

/// What a link of a revision means.
enum Target {
    /// A blob of the repository.
    Blob(usize),
    /// A blob that is not there.
    Missing,
    /// A file of the same revision.
    Here,
    /// Something out of the repository.
    Outside,
}

fn is_index(name: &str) -> bool {
    name.ends_with(".safetensors.index.json") || name.ends_with(".bin.index.json")
}
