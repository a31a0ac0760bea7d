//! Asking for the files of one directory: the inner loop of a scan.

use std::cell::Cell;

use crate::families::{self, Hints};
use crate::model::links::LinkedInode;
use crate::model::node::Kind;
use crate::model::packed::{BlockWriter, FileFacts};
use crate::model::problem::Problem;
use crate::sys::list::{Listed, Lister, Stat};
use crate::text;

use super::node::{Message, Node};
use super::task::Opened;
use super::walk::Walk;

/// Names of one directory, on their way to be asked for. Packed: kind, inode, length, name.
#[derive(Default)]
pub struct Names {
    pub bytes: Vec<u8>,
}

/// So many bytes of names are asked for by one thread; more go to others.
pub const CHUNK: usize = 64 * 1024;

impl Names {
    /// No names yet.
    pub fn begin() -> Self {
        NAMES.take()
    }

    /// Gives the memory back.
    pub fn end(mut self) {
        self.bytes.clear();
        NAMES.set(self);
    }

    /// Adds an entry of a listing.
    pub fn push(&mut self, entry: Listed<'_>) {
        self.bytes.push(entry.kind.map_or(u8::MAX, |k| k as u8));
        self.bytes.extend_from_slice(&entry.ino.to_le_bytes());
        self.bytes.extend_from_slice(&(entry.name.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(entry.name);
    }

    fn iter(&self) -> impl Iterator<Item = Listed<'_>> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (head, tail) = rest.split_at_checked(13)?;
            let ino = u64::from_le_bytes(head[1..9].try_into().ok()?);
            let len = u32::from_le_bytes(head[9..13].try_into().ok()?) as usize;
            let (name, tail) = tail.split_at(len);
            rest = tail;
            Some(Listed { name, kind: (head[0] != u8::MAX).then(|| Kind::from_bits(head[0])), ino })
        })
    }
}

thread_local! {
    // Memory of the last directory for the next one of the same thread: what a directory leaves behind is freed by
    // another thread, and pieces of all sizes between that and what is not would cost half as much again.
    static NAMES: Cell<Names> = Cell::default();
    static WRITER: Cell<BlockWriter> = Cell::default();
}

/// What asking for names gave.
#[derive(Default)]
pub struct Part {
    /// Its files.
    pub writer: BlockWriter,
    /// The names of its folders.
    pub folders: Vec<Box<[u8]>>,
    /// The families its names hint at.
    pub hints: Hints,
    /// How many files there were.
    pub entries: u64,
    /// The names of folders that are left out because a person asked for it.
    pub excluded: Vec<Box<[u8]>>,
    /// Whether files are left out for that reason.
    pub partial: bool,
    /// Whether something of it could not be read: then what is not there may be there all the same.
    pub torn: bool,
}

impl Part {
    /// Gives the memory back, unless it is that of a giant.
    pub fn end(mut self) {
        if self.writer.capacity() <= 4 * CHUNK {
            self.writer.clear();
            WRITER.set(self.writer);
        }
    }

    fn leave_out(&mut self, name: &[u8], kind: Option<Kind>) {
        if kind == Some(Kind::Dir) {
            self.excluded.push(name.into());
        } else {
            self.partial = true;
        }
    }

    /// Adds what another thread was told.
    pub fn append(&mut self, other: Self) {
        self.writer.append(&other.writer);
        self.folders.extend(other.folders);
        self.hints |= other.hints;
        self.entries += other.entries;
        self.excluded.extend(other.excluded);
        self.partial |= other.partial;
        self.torn |= other.torn;
    }
}

/// Asks for the files among the names, and puts the folders aside.
pub fn ask<L: Lister>(walk: &Walk<L>, opened: &Opened<L>, names: &Names) -> Part {
    let mut part = Part { writer: WRITER.take(), ..Part::default() };
    let node = &opened.node;
    let exclude = (!walk.exclude.is_empty()).then_some(&*walk.exclude);
    let path = exclude.filter(|e| e.asks_paths()).map(|_| node.path());
    let leaves_out = |name: &[u8], kind: Kind| {
        exclude.is_some_and(|e| e.leaves_out(path.as_deref(), name, kind == Kind::Dir))
    };
    for entry in names.iter() {
        if entry.kind.is_some_and(|kind| leaves_out(entry.name, kind)) {
            part.leave_out(entry.name, entry.kind);
            continue;
        }
        part.hints |= families::hints(entry.name);
        if entry.kind == Some(Kind::Dir) {
            part.folders.push(entry.name.into());
            continue;
        }
        part.entries += 1;
        // A further name of an inode that was asked for already tells nothing new.
        let trusted = node.plain && entry.kind == Some(Kind::File);
        if trusted && let Some((slot, mtime)) = walk.links.known(node.dev, entry.ino, walk.pass) {
            part.writer.linked(entry.name, Kind::File, slot, mtime);
            continue;
        }
        let stat = match walk.lister.stat(&opened.dir.dir, entry.name) {
            Ok(stat) => stat,
            Err(error) => {
                part.entries -= 1;
                if error.kind() != std::io::ErrorKind::NotFound {
                    part.torn = true;
                    let path = node.path().join(text::os_str(entry.name));
                    walk.send(Message::Problem(Problem::new(path, "stat", error)));
                }
                continue;
            }
        };
        if entry.kind.is_none() && leaves_out(entry.name, stat.kind) {
            part.entries -= 1;
            part.leave_out(entry.name, Some(stat.kind));
        } else if stat.kind == Kind::Dir {
            part.entries -= 1;
            part.folders.push(entry.name.into());
        } else if stat.nlink > 1 && stat.ino != 0 {
            let slot = walk.links.enter(linked(walk, node, &stat));
            part.writer.linked(entry.name, stat.kind, slot, clamp(stat.mtime));
        } else {
            part.writer.file(entry.name, facts(&stat), &opened.facts);
        }
    }
    part
}

fn linked<L: Lister>(walk: &Walk<L>, node: &Node, stat: &Stat) -> LinkedInode {
    LinkedInode {
        ino: stat.ino,
        size: stat.size,
        blocks: stat.blocks,
        nlink: u32::try_from(stat.nlink).unwrap_or(u32::MAX),
        uid: stat.uid,
        mtime: clamp(stat.mtime),
        dev: if stat.dev == node.st_dev { node.dev } else { walk.links.device(stat.dev) },
        kind: stat.kind,
        pass: walk.pass,
    }
}

/// Times before 1970 and after 2106 are kept as those.
fn clamp(seconds: i64) -> u32 {
    seconds.clamp(0, i64::from(u32::MAX)) as u32
}

/// What `stat` said, as the tree keeps it.
pub fn facts(stat: &Stat) -> FileFacts {
    FileFacts {
        kind: stat.kind,
        size: stat.size,
        blocks: stat.blocks,
        mtime: clamp(stat.mtime),
        uid: stat.uid,
    }
}
