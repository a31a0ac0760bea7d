//! Folders and files of a store, sorted by name, whatever order the disk has.

use super::subtree::Held;
use super::view::StoreView;
use crate::model::node::{DirId, Kind, NodeId};
use crate::model::packed::{self, FileRecord, Name};
use crate::text;

/// A folder of a store.
#[derive(Clone, Copy)]
pub struct Folder<'a> {
    view: &'a StoreView<'a>,
    id: DirId,
}

/// A file of a store.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Where it is.
    pub node: NodeId,
    /// Its name, as bytes.
    pub bytes: &'a [u8],
    /// Kind of file.
    pub kind: Kind,
    /// Length in bytes.
    pub size: u64,
    /// Bytes of blocks on disk.
    pub on_disk: u64,
    /// Last change, seconds since 1970.
    pub mtime: u32,
    /// How many names its inode has.
    pub nlink: u32,
}

/// A file of a store, its name alone: for those who look at all and ask about few.
pub(super) struct Named<'a> {
    /// Where its record is.
    at: u32,
    /// How many bytes the names before it have that are in pieces.
    before: usize,
    /// Its name.
    pub name: Name<'a>,
    /// Kind of file.
    pub kind: Kind,
}

impl<'a> File<'a> {
    /// Its name if it is text, else nothing.
    pub fn name(&self) -> &'a str {
        std::str::from_utf8(self.bytes).unwrap_or("")
    }

    /// Its name, safe to show.
    pub fn shown(&self) -> String {
        text::display(self.bytes)
    }

    /// Whether it is a file with content: no link, no pipe.
    pub fn is_regular(&self) -> bool {
        self.kind == Kind::File
    }
}

impl<'a> Folder<'a> {
    /// A folder of a view.
    pub(super) fn new(view: &'a StoreView<'a>, id: DirId) -> Self {
        Self { view, id }
    }

    /// Its number.
    pub fn id(&self) -> DirId {
        self.id
    }

    /// Its node.
    pub fn node(&self) -> NodeId {
        self.id.into()
    }

    fn listed(&self) -> Option<&'a Held> {
        self.view.tree.get(self.id)
    }

    /// Its name as bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.listed().map_or(&[], |d| packed::dir_name(&d.block))
    }

    /// Its name if it is text, else nothing.
    pub fn name(&self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or("")
    }

    /// Its name, safe to show.
    pub fn shown(&self) -> String {
        text::display(self.bytes())
    }

    /// Its last change, seconds since 1970.
    pub fn mtime(&self) -> u32 {
        self.listed().map_or(0, |d| d.mtime)
    }

    /// Whether it could be listed.
    pub fn is_listed(&self) -> bool {
        self.listed().is_some_and(|d| d.state == crate::model::tree::DirState::Listed)
    }

    /// Whether all at and below it was read and is of this store. Only then is what is not seen there not there.
    pub fn is_whole(&self) -> bool {
        let mine = |f: &Folder<'_>| !self.view.tree.is_inner(f.id);
        self.walk().iter().all(|f| f.is_listed() && f.every_folder().iter().all(mine))
    }

    /// The folders in it that are not stores of their own, by name.
    pub fn folders(&self) -> Vec<Folder<'a>> {
        let mut all: Vec<Folder<'a>> =
            self.every_folder().into_iter().filter(|f| !self.view.tree.is_inner(f.id)).collect();
        // A name is looked up in the block: once for each, not for each comparison.
        all.sort_by_cached_key(Folder::bytes);
        all
    }

    /// The folders in it that are stores of their own, by name. What lies in them is not this store's to judge.
    pub fn stores(&self) -> Vec<Folder<'a>> {
        let mut all: Vec<Folder<'a>> =
            self.every_folder().into_iter().filter(|f| self.view.tree.is_inner(f.id)).collect();
        // A name is looked up in the block: once for each, not for each comparison.
        all.sort_by_cached_key(Folder::bytes);
        all
    }

    fn every_folder(&self) -> Vec<Folder<'a>> {
        self.view.tree.children(self.id).map(|id| Folder { view: self.view, id }).collect()
    }

    /// The folder of this name, unless it is a store of its own.
    pub fn folder(&self, name: &str) -> Option<Folder<'a>> {
        self.every_folder()
            .into_iter()
            .find(|f| f.bytes() == name.as_bytes() && !self.view.tree.is_inner(f.id))
    }

    /// The folder at a path below.
    pub fn folder_at(&self, path: &str) -> Option<Folder<'a>> {
        path.split('/').try_fold(*self, |at, name| at.folder(name))
    }

    /// Whether it holds a folder of this name, be it a store of its own or not.
    pub fn has_folder(&self, name: &str) -> bool {
        self.every_folder().iter().any(|f| f.bytes() == name.as_bytes())
    }

    /// Its files, by name.
    pub fn files(&self) -> Vec<File<'a>> {
        let mut all: Vec<File<'a>> = self.records().collect();
        all.sort_by(|a, b| a.bytes.cmp(b.bytes));
        all
    }

    /// Its files, in the order of the disk.
    pub(super) fn records(&self) -> impl Iterator<Item = File<'a>> {
        let id = self.id;
        let links = &self.view.links;
        self.listed().into_iter().flat_map(move |dir| {
            let mut before = 0;
            packed::records(&dir.block, dir.origin(), links).map(move |r| {
                let whole = dir.whole(r.name, before);
                before += in_pieces(r.name);
                file(id, &r, whole)
            })
        })
    }

    /// The names of its files, in the order of the disk.
    pub(super) fn names(&self) -> impl Iterator<Item = Named<'a>> {
        let mut before = 0;
        self.listed().map(|d| packed::names(&d.block)).into_iter().flatten().map(move |n| {
            let named = Named { at: n.at, before, name: n.name, kind: n.kind };
            before += in_pieces(n.name);
            named
        })
    }

    /// What is known of a file of this folder.
    pub(super) fn record(&self, named: &Named<'a>) -> File<'a> {
        let dir = self.listed().expect("its name was read there");
        let record = packed::record(&dir.block, named.at, dir.origin(), &self.view.links).0;
        file(self.id, &record, dir.whole(named.name, named.before))
    }

    /// The file of this name.
    pub fn file(&self, name: &str) -> Option<File<'a>> {
        self.names().find(|f| f.name == *name.as_bytes()).map(|f| self.record(&f))
    }

    /// Whether it holds a file of this name.
    pub fn has_file(&self, name: &str) -> bool {
        self.names().any(|f| f.name == *name.as_bytes())
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.every_folder().is_empty() && self.names().next().is_none()
    }

    /// This folder and all below it that belong to this store, parents first.
    pub fn walk(&self) -> Vec<Folder<'a>> {
        let mut all = Vec::new();
        let mut todo = vec![*self];
        while let Some(folder) = todo.pop() {
            todo.extend(folder.folders().into_iter().rev());
            all.push(folder);
        }
        all
    }

    /// The newest change of any file at or below it, seconds since 1970; its own if it has none.
    pub fn newest(&self) -> u32 {
        let files =
            self.walk().iter().filter_map(Folder::listed).map(|d| packed::head(&d.block).newest).max();
        files.filter(|n| *n > 0).unwrap_or_else(|| self.mtime())
    }

    /// The newest change at or below it, folders included. What is being unpacked has files as old as the archive
    /// says, but its folders are new.
    pub fn touched(&self) -> u32 {
        let all = self.walk();
        let folders = all.iter().map(Folder::mtime).max().unwrap_or(0);
        let files = all.iter().filter_map(Folder::listed).map(|d| packed::head(&d.block).newest).max();
        folders.max(files.unwrap_or(0))
    }
}

/// How much of the folder's names in pieces this one is.
fn in_pieces(name: Name<'_>) -> usize {
    if name.whole().is_none() { name.len() } else { 0 }
}

fn file<'a>(dir: DirId, r: &FileRecord<'_>, name: &'a [u8]) -> File<'a> {
    File {
        node: NodeId { dir, at: r.at },
        bytes: name,
        kind: r.facts.kind,
        size: r.facts.size,
        on_disk: r.on_disk(),
        mtime: r.facts.mtime,
        nlink: r.nlink,
    }
}
