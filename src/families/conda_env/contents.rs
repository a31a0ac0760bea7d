//! What lies in an environment: links that lead out of it, and files that belong to no package.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::pip::BY_PIP;
use super::records::{Owned, Record, Records, Within};
use crate::families::conda::is_trash;
use crate::families::names::leads_to;
use crate::families::{File, StoreView};
use crate::model::item::NewItem;
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text::{self, Units};

/// So many links are read. One that leads out is enough for a package, so this is far more than ever needed.
const LINKS: usize = 200_000;

/// What lies in an environment.
#[derive(Debug, Default)]
pub struct Contents {
    /// What it links into: paths outside of it, or in its own package cache.
    pub links: Vec<PathBuf>,
    /// Bytes of files of no package.
    pub bytes: u64,
    /// Whether some of it could not be read.
    pub hidden: bool,
    files: u64,
    by_folder: FxHashMap<String, u64>,
    /// What conda or mamba could not delete, and what an interrupted install set aside, as an item each.
    pub trash: Vec<NewItem>,
}

impl Contents {
    /// Looks at every file of the environment; stores inside it are not of it.
    pub fn read(store: &StoreView<'_>, records: &Records, owned: &Owned) -> Self {
        let mut contents = Self::default();
        let mut links = Links::new(store, records);
        let mut trash: Vec<File<'_>> = Vec::new();
        let mut aside: Vec<File<'_>> = Vec::new();
        let mut path = Vec::new();
        let mut room = Vec::new();
        let mut todo = vec![(store.root(), 0)];
        while let Some((folder, above)) = todo.pop() {
            // Parents come first, so what is beyond them belongs to a folder that is done.
            path.truncate(above);
            if folder.node() != store.root().node() {
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(folder.bytes());
            }
            todo.extend(folder.folders().into_iter().rev().map(|f| (f, path.len())));
            contents.hidden |= !folder.is_listed();
            let within = Within::new(&path);
            let below = Path::new(text::os_str(&path));
            let counts = counts(below);
            for name in folder.names() {
                let called = name.name.bytes_in(&mut room);
                let whose = owned.get(&within, called);
                if whose.is_some() && name.kind != Kind::Link {
                    continue;
                }
                let file = folder.record(&name);
                if file.kind == Kind::Link {
                    links.follow(below, &file, whose);
                }
                if whose.is_none() && is_trash(file.name()) {
                    trash.push(file);
                } else if whose.is_none() && was_set_aside(&within, called, owned) {
                    // A rename leaves a file as old as it was; its folder is as old as the rename.
                    let since = store.now() - i64::from(file.mtime.max(folder.mtime()));
                    if !store.is_live(&file) && (since >= DAY || store.is_alone()) {
                        aside.push(file);
                    }
                } else if whose.is_none() && counts && !is_by_product(below, &file) {
                    contents.add(below, &file);
                }
            }
        }
        contents.links = links.finish();
        contents.trash = trash_item(store, &trash).into_iter().chain(aside_item(&aside)).collect();
        contents
    }

    fn add(&mut self, below: &Path, file: &File<'_>) {
        self.files += 1;
        self.bytes += file.on_disk;
        let top: PathBuf = below.components().take(2).collect();
        *self.by_folder.entry(text::path(&top)).or_default() += file.on_disk;
    }

    /// What belongs to no package, in words.
    pub fn unowned(&self) -> Option<String> {
        let most = self.by_folder.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))?;
        let place = if most.0.is_empty() { "its own folder" } else { most.0 };
        let files = text::counted(self.files, "file", "files");
        let size = text::size(self.bytes, Units::Binary);
        let belong = if self.files == 1 { "belongs" } else { "belong" };
        Some(format!("{files} ({size}) {belong} to no package, most in {place}"))
    }
}

/// Whether files of a folder may be somebody's: not those of conda's own bookkeeping, nor of what lies in an install
/// beside the base environment.
fn counts(below: &Path) -> bool {
    let top = below.components().next().map(|c| c.as_os_str().as_encoded_bytes());
    !matches!(top, Some(b"conda-meta" | b"pkgs" | b"envs" | b"conda-bld"))
}

/// What programs write into an environment by themselves.
fn is_by_product(below: &Path, file: &File<'_>) -> bool {
    let cached = below.components().any(|c| c.as_os_str() == "__pycache__");
    let top = below.as_os_str().is_empty();
    cached
        || file.name().strip_suffix(".pyc").is_some()
        || (top && matches!(file.name(), "CACHEDIR.TAG" | ".nonadmin"))
}

fn trash_item(store: &StoreView<'_>, files: &[File<'_>]) -> Option<NewItem> {
    let stale: Vec<&File<'_>> = files.iter().filter(|f| !store.is_live(f)).collect();
    if stale.is_empty() {
        return None;
    }
    let item = NewItem::new("trash", "what could not be deleted", Verdict::Safe).key("trash").leftover();
    let item = stale.iter().fold(item, |item, file| item.body(file.node));
    Some(item.note("conda or mamba renamed it because it was in use; both may forget it"))
}

/// A transaction that took longer than this does not come back for what it set aside.
const DAY: i64 = 86_400;

/// Whether a file is one that conda renamed for the time of an install or a removal (conda, `core/path_actions.py`,
/// `CONDA_TEMP_EXTENSION`; `cli/main_clean.py` looks for `.trash`, too). Emacs calls its copy of a C file so, so the name
/// without the ending must be that of a package's file, or one that no C file has.
fn was_set_aside(within: &Within, name: &[u8], owned: &Owned) -> bool {
    let Some(stem) = name.strip_suffix(b".c~").or_else(|| name.strip_suffix(b".trash")) else { return false };
    let has = |part: &[u8]| stem.windows(part.len()).any(|w| w == part);
    let ends = [&b".py"[..], b".pyc", b".json", b".a", b".pth"].iter().any(|end| stem.ends_with(end));
    owned.get(within, stem).is_some() || (name.ends_with(b".c~") && (has(b".so") || ends))
}

fn aside_item(files: &[File<'_>]) -> Option<NewItem> {
    if files.is_empty() {
        return None;
    }
    let item = NewItem::new("temporary file", "what was set aside", Verdict::Safe).key("aside").leftover();
    let item = files.iter().fold(item, |item, file| item.body(file.node));
    Some(item.note("set aside by an install or a removal that was interrupted"))
}

/// Finds what an environment links into.
struct Links<'v, 'a> {
    store: &'v StoreView<'a>,
    records: &'v Records,
    /// Packages that are known to be linked into.
    done: FxHashSet<u32>,
    found: FxHashSet<PathBuf>,
    read: usize,
}

impl<'v, 'a> Links<'v, 'a> {
    fn new(store: &'v StoreView<'a>, records: &'v Records) -> Self {
        let mut links =
            Self { store, records, done: FxHashSet::default(), found: FxHashSet::default(), read: 0 };
        for (number, record) in records.all.iter().enumerate().filter(|(_, r)| r.soft) {
            links.found.extend(record.sources.iter().cloned());
            links.done.insert(number as u32);
        }
        links
    }

    /// Reads a link that is still of interest.
    fn follow(&mut self, below: &Path, link: &File<'_>, owner: Option<u32>) {
        if owner.is_some_and(|o| self.done.contains(&o)) {
            return;
        }
        self.read += 1;
        if self.read == LINKS {
            let root = self.store.root().node();
            self.store.problem(root, "read link", "too many links; what the others lead to is not known");
        }
        if self.read >= LINKS {
            return;
        }
        let Some(target) = self.store.read_link(link.node) else { return };
        let base = self.store.path();
        let target = leads_to(&base.join(below), Path::new(text::os_str(&target)));
        if !leads_out(base, &target) {
            return;
        }
        match owner {
            // Thousands of links into one folder are one thing to need.
            Some(BY_PIP) => self.found.insert(target.parent().unwrap_or(&target).to_path_buf()),
            // A package may come with links of its own that lead elsewhere; only one into its folder settles it.
            Some(number) => {
                match self.records.all.get(number as usize).and_then(|r| package_of(&target, r)) {
                    Some(package) => {
                        self.done.insert(number);
                        self.found.insert(package)
                    }
                    None => self.found.insert(target),
                }
            }
            None => self.found.insert(target),
        };
    }

    /// The paths as they are written and as they are without links on the way, since the tree knows only those.
    fn finish(self) -> Vec<PathBuf> {
        let env = self.store.env();
        let mut real: FxHashSet<PathBuf> = self.found.iter().map(|p| env.real_path(p)).collect();
        real.extend(self.found);
        let base = self.store.path();
        let mut all: Vec<PathBuf> = real.into_iter().filter(|p| leads_out(base, p)).collect();
        all.sort();
        all
    }
}

/// Whether a path lies outside of an environment, or in the package cache beside the base environment.
fn leads_out(base: &Path, path: &Path) -> bool {
    !path.starts_with(base) || path.starts_with(base.join("pkgs"))
}

/// The folder of the package a link leads into: the part of its target that has the name of the folder the package
/// was linked from.
fn package_of(target: &Path, record: &Record) -> Option<PathBuf> {
    let is_it = |folder: &&Path| {
        let name = folder.file_name();
        name.is_some() && record.sources.iter().any(|source| source.file_name() == name)
    };
    target.ancestors().find(is_it).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_by_their_text() {
        let at = |target: &str| leads_to(Path::new("/o/env/lib"), Path::new(target));
        assert_eq!(at("libx.so.1"), Path::new("/o/env/lib/libx.so.1"));
        assert_eq!(at("../../pkgs/x-1-0/lib/x"), Path::new("/o/pkgs/x-1-0/lib/x"));
        assert_eq!(at("../../../../../../etc"), Path::new("/etc"));
        assert!(
            !leads_out(Path::new("/o"), &at("../lib/x")) && leads_out(Path::new("/o"), &at("../../pkgs/x"))
        );
    }
}
