//! What the fields of an export mean for the tree, where it says little.

use super::document::Entry;
use crate::model::links::DevId;
use crate::model::node::{DirId, Kind};
use crate::model::packed::{BlockWriter, FileFacts};
use crate::model::tree::{DirState, ListedDir};
use crate::model::usage::BLOCK;

/// The owner where none is named.
const NOBODY: u32 = u32::MAX;

/// A folder of which nothing is known but its name and number.
pub fn skeleton(id: DirId, parent: Option<DirId>, name: &[u8]) -> ListedDir {
    let facts = FileFacts { kind: Kind::Dir, size: 0, blocks: 0, mtime: 0, uid: NOBODY };
    ListedDir {
        id,
        parent,
        dev: DevId(0),
        ino: 0,
        uid: facts.uid,
        mtime: facts.mtime,
        state: DirState::Unread,
        block: BlockWriter::default().finish(name, &facts),
        kept: Vec::new(),
    }
}

/// What is said of a file or folder, as the tree keeps it.
pub fn facts(entry: &Entry, kind: Kind) -> FileFacts {
    FileFacts {
        kind,
        size: entry.asize,
        blocks: entry.dsize.div_ceil(BLOCK),
        mtime: u32::try_from(entry.mtime).unwrap_or(u32::MAX),
        uid: entry.uid.and_then(|uid| u32::try_from(uid).ok()).unwrap_or(NOBODY),
    }
}

/// What a file is. Without its mode, what is no regular file and has a length is a symbolic link: nothing else has.
pub fn kind(entry: &Entry) -> Kind {
    match entry.mode.map(|mode| mode & 0o170_000) {
        Some(0o120_000) => Kind::Link,
        Some(0o010_000 | 0o020_000 | 0o040_000 | 0o060_000 | 0o140_000) => Kind::Special,
        _ if !entry.notreg => Kind::File,
        _ if entry.asize > 0 => Kind::Link,
        _ => Kind::Special,
    }
}
