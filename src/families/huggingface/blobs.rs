//! The blobs of one repository: contents by hash, some of them links to contents that all repositories share.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::is_noise;
use super::link::Lead;
use super::partial::{Partial, partial};
use super::shared::Shared;
use crate::families::names::is_hex;
use crate::families::{File, Folder, StoreView};
use crate::model::item::{BlobRef, Found};
use crate::model::node::Kind;

/// A blob.
#[derive(Debug)]
pub struct Blob<'a> {
    /// The file or link.
    pub file: File<'a>,
    /// What it is.
    pub is: Is,
    /// Whether a revision links to it.
    pub linked: bool,
    held: Vec<BlobRef>,
}

/// What a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// The content itself.
    Content,
    /// A link to this shared content.
    Shared(usize),
    /// A link to shared content that is not there.
    Gone,
    /// A link out of the repository, which is not followed.
    Elsewhere,
}

/// The blobs of a repository.
#[derive(Debug, Default)]
pub struct Blobs<'a> {
    /// The blobs, by name.
    pub all: Vec<Blob<'a>>,
    by_name: FxHashMap<&'a [u8], usize>,
    /// Unfinished ones.
    pub partials: Vec<(File<'a>, Partial)>,
    /// What has no place here.
    pub strange: u64,
    /// Whether all was read.
    pub whole: bool,
    /// Where links lead that leave the repository for another one.
    pub elsewhere: Vec<PathBuf>,
}

impl<'a> Blobs<'a> {
    /// Reads the `blobs` folder of a repository, and tells the shared contents who links to them.
    pub fn read(store: &'a StoreView<'_>, folder: Option<Folder<'a>>, shared: &mut Shared<'a>) -> Self {
        let Some(folder) = folder else { return Self { whole: true, ..Self::default() } };
        let strange = folder.folders().len() as u64;
        let mut blobs = Self { whole: folder.is_whole(), strange, ..Self::default() };
        for file in folder.files() {
            if let Some(partial) = partial(file.name()) {
                blobs.partials.push((file, partial));
            } else if file.kind == Kind::Special || file.bytes.ends_with(b".lock") || is_noise(file.bytes) {
                blobs.strange += u64::from(file.kind == Kind::Special);
            } else {
                let is = if file.kind == Kind::Link {
                    blobs.follow(&Lead::read(store, &folder, &file), shared)
                } else {
                    Is::Content
                };
                blobs.by_name.insert(file.bytes, blobs.all.len());
                blobs.all.push(Blob { file, is, linked: false, held: Vec::new() });
            }
        }
        blobs
    }

    fn follow(&mut self, lead: &Lead, shared: &mut Shared<'a>) -> Is {
        self.whole &= *lead != Lead::Unknown;
        let is = shared.link(lead);
        if let (None, Lead::Inside(path)) = (is, lead) {
            self.elsewhere.push(path.clone());
        }
        is.unwrap_or(Is::Elsewhere)
    }

    /// The blob of this name.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The file that has the content of a blob, if that is in the cache.
    pub fn content(&self, at: usize, shared: &Shared<'a>) -> Option<File<'a>> {
        match self.all[at].is {
            Is::Content => Some(self.all[at].file),
            Is::Shared(payload) => Some(shared.file(payload)),
            Is::Gone | Is::Elsewhere => None,
        }
    }

    /// What an item holds that needs this blob.
    pub fn hold(&mut self, at: usize, shared: &mut Shared<'a>, found: &mut Found) -> Vec<BlobRef> {
        let blob = &mut self.all[at];
        if blob.held.is_empty() {
            blob.held.push(found.blob(vec![blob.file.node]));
            if let Is::Shared(payload) = blob.is {
                blob.held.push(shared.hold(payload, found));
            }
        }
        blob.held.clone()
    }

    /// Whether a name is one the library gives: the sha256 of a large file, the git hash of a small one.
    pub fn is_hash(name: &str) -> bool {
        is_hex(name, 64) || is_hex(name, 40)
    }
}
