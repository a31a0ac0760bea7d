//! Writes the packed bytes of a directory.

use super::{
    Access, FileFacts, LINKED, OWNED, PREDICTED, named, pack_newest, predicted_blocks, take, take_bytes,
    unfold_time,
};
use crate::model::block::Block;
use crate::model::links::LinkSlot;
use crate::model::node::Kind;
use crate::model::usage::Usage;

/// Puts the records of a directory together. Reused for the next directory, so it allocates once a thread.
#[derive(Debug, Default)]
pub struct BlockWriter {
    records: Vec<u8>,
    links: Vec<u8>,
    plain: Usage,
    unregular: u64,
    newest: u32,
    mixed: bool,
    access: Access,
    /// To which times are relative: that of the first file.
    base: Option<u32>,
}

impl BlockWriter {
    /// How many bytes it has memory for.
    pub fn capacity(&self) -> usize {
        self.records.capacity() + self.links.capacity()
    }

    /// Forgets what was written.
    pub fn clear(&mut self) {
        self.records.clear();
        self.links.clear();
        self.plain = Usage::default();
        self.unregular = 0;
        self.newest = 0;
        self.mixed = false;
        self.access = Access::Open;
        self.base = None;
    }

    /// Notes what the person who looks may do with the entries of the directory.
    pub fn set_access(&mut self, access: Access) {
        self.access = access;
    }

    /// Adds a file with one name.
    pub fn file(&mut self, name: &[u8], facts: FileFacts, dir: &FileFacts) {
        let predicted = predicted_blocks(facts.kind, facts.size);
        let mut flags = facts.kind as u8;
        if predicted == facts.blocks {
            flags |= PREDICTED;
        }
        if facts.uid != dir.uid {
            flags |= OWNED;
            self.mixed = true;
        }
        self.records.push(flags);
        put_bytes(&mut self.records, name);
        put(&mut self.records, facts.size);
        if predicted != facts.blocks {
            put(&mut self.records, zigzag(facts.blocks as i64 - predicted as i64));
        }
        let base = *self.base.get_or_insert(facts.mtime);
        put(&mut self.records, zigzag(i64::from(facts.mtime) - i64::from(base)));
        if facts.uid != dir.uid {
            put(&mut self.records, u64::from(facts.uid));
        }
        self.plain += Usage { on_disk: facts.blocks, apparent: facts.size, files: 1 };
        if facts.kind != Kind::File {
            self.unregular = self.unregular.saturating_add(facts.size);
        }
        self.newest = self.newest.max(facts.mtime);
    }

    /// Adds a name of an inode that has several.
    pub fn linked(&mut self, name: &[u8], kind: Kind, slot: LinkSlot, mtime: u32) {
        self.records.push(kind as u8 | LINKED);
        put_bytes(&mut self.records, name);
        put(&mut self.records, u64::from(slot.0));
        put(&mut self.links, u64::from(slot.0));
        self.newest = self.newest.max(mtime);
    }

    /// The names written so far.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        named(&self.records, 0).map(|n| n.name)
    }

    /// Adds the records another thread wrote for the same directory.
    pub fn append(&mut self, other: &Self) {
        match (self.base, other.base) {
            (Some(mine), Some(base)) if mine != base => self.append_moved(other, base, mine),
            _ => self.records.extend_from_slice(&other.records),
        }
        self.base = self.base.or(other.base);
        self.links.extend_from_slice(&other.links);
        self.plain += other.plain;
        self.unregular = self.unregular.saturating_add(other.unregular);
        self.newest = self.newest.max(other.newest);
        self.mixed |= other.mixed;
    }

    /// Adds records that are relative to another time.
    fn append_moved(&mut self, other: &Self, from: u32, to: u32) {
        let mut rest = &other.records[..];
        while let Some((flags, tail)) = rest.split_first() {
            rest = tail;
            self.records.push(*flags);
            put_bytes(&mut self.records, take_bytes(&mut rest));
            put(&mut self.records, take(&mut rest));
            if flags & LINKED != 0 {
                continue;
            }
            if flags & PREDICTED == 0 {
                put(&mut self.records, take(&mut rest));
            }
            let mtime = i64::from(unfold_time(from, take(&mut rest)));
            put(&mut self.records, zigzag(mtime - i64::from(to)));
            if flags & OWNED != 0 {
                put(&mut self.records, take(&mut rest));
            }
        }
    }

    /// The finished block.
    pub fn finish(&self, name: &[u8], dir: &FileFacts) -> Block {
        // As much as is needed, or a little more: this lives until it is packed together with others.
        let mut head = Vec::with_capacity(name.len() + self.links.len() + self.records.len() + 45);
        put_bytes(&mut head, name);
        put(&mut head, dir.size);
        put(&mut head, dir.blocks);
        put(&mut head, self.plain.files);
        put(&mut head, self.plain.apparent);
        put(&mut head, self.plain.on_disk); // blocks, not bytes, while writing
        put(&mut head, self.unregular);
        put(&mut head, pack_newest(self.newest, self.mixed, self.access));
        put(&mut head, self.base.map_or(0, |base| zigzag(i64::from(base) - i64::from(dir.mtime))));
        put_bytes(&mut head, &self.links);
        head.extend_from_slice(&self.records);
        Block::from(head)
    }
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

pub(super) fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
