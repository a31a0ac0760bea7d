//! Writes the packed bytes of a directory.

use super::name::Shared;
use super::{
    Access, FileFacts, LINKED, OWNED, PREDICTED, pack_newest, predicted_blocks, put, raw, take, unfold_time,
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
    /// Where a record begins whose name is compared with others: neither the first nor the last, if there are three, as
    /// those are more often of another kind.
    sample: usize,
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
        self.sample = 0;
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
        self.sample = self.sample_with_next();
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
        self.sample = self.sample_with_next();
        self.records.push(kind as u8 | LINKED);
        put_bytes(&mut self.records, name);
        put(&mut self.records, u64::from(slot.0));
        put(&mut self.links, u64::from(slot.0));
        self.newest = self.newest.max(mtime);
    }

    /// Where the sample is once one more record is there.
    fn sample_with_next(&self) -> usize {
        let next = self.records.len();
        if next > 2 * self.sample { next } else { self.sample }
    }

    /// The names written so far.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        raw(&self.records, 0).map(|r| r.name)
    }

    /// Adds the records another thread wrote for the same directory.
    pub fn append(&mut self, other: &Self) {
        self.sample = if self.records.is_empty() { other.sample } else { self.sample_with_next() };
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
        for record in raw(&other.records, 0) {
            self.records.push(record.flags);
            put_bytes(&mut self.records, record.name);
            let mut rest = record.numbers;
            put(&mut self.records, take(&mut rest));
            if record.flags & LINKED != 0 {
                continue;
            }
            if record.flags & PREDICTED == 0 {
                put(&mut self.records, take(&mut rest));
            }
            let mtime = i64::from(unfold_time(from, take(&mut rest)));
            put(&mut self.records, zigzag(mtime - i64::from(to)));
            self.records.extend_from_slice(rest);
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
        // While a directory is written nobody knows what its names share.
        let shared = Shared::of(&self.records, self.sample);
        shared.put(&mut head);
        if shared.is_empty() {
            head.extend_from_slice(&self.records);
        } else {
            for record in raw(&self.records, 0) {
                let (flags, own) = shared.split(record.name);
                head.push(record.flags | flags);
                put_bytes(&mut head, own);
                head.extend_from_slice(record.numbers);
            }
        }
        Block::from(head)
    }
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
