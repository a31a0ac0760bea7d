//! The files of a directory as packed bytes: one block a directory, one record a file.
//!
//! A block is a head (the directory's name and sums, and which linked inodes it names) and then its records.
//! A record costs about ten bytes more than the file's name. Nothing here is ever grown in place, so peak
//! memory is final memory.

use super::block::Block;
use super::links::{LinkSlot, LinkTable};
use super::node::Kind;
use super::usage::{BLOCK, Usage};

const LINKED: u8 = 4;
const OWNED: u8 = 8;
const PREDICTED: u8 = 16;

/// What the person who looks may do with the entries of a directory, as far as its permissions say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Access {
    /// Remove them.
    #[default]
    Open = 0,
    /// Remove their own, and all of them if the directory is theirs (the sticky bit).
    Sticky = 1,
    /// Nothing.
    Closed = 2,
}

impl Access {
    fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Open,
            1 => Self::Sticky,
            _ => Self::Closed,
        }
    }
}

/// What `stat` said of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFacts {
    /// Kind of file.
    pub kind: Kind,
    /// File length in bytes.
    pub size: u64,
    /// Blocks of 512 bytes on disk.
    pub blocks: u64,
    /// Last change of content, seconds since 1970 (clamped to 1970…2106).
    pub mtime: u32,
    /// Owner.
    pub uid: u32,
}

/// A file as read back from a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRecord<'a> {
    /// Where the record begins in the block.
    pub at: u32,
    /// Name, as bytes.
    pub name: &'a [u8],
    /// What is known of it.
    pub facts: FileFacts,
    /// Set if the inode has more than one name.
    pub link: Option<LinkSlot>,
}

impl FileRecord<'_> {
    /// Bytes of blocks on disk.
    pub fn on_disk(&self) -> u64 {
        self.facts.blocks * BLOCK
    }
}

/// The sums of a directory's files that have one name only, and of the directory itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head<'a> {
    /// The directory's own name.
    pub name: &'a [u8],
    /// The directory's own blocks and length; `files` is 1.
    pub itself: Usage,
    /// Its files with one name.
    pub plain: Usage,
    /// Bytes of `plain.apparent` that are not content of regular files (symbolic links).
    pub unregular: u64,
    /// Newest change of any of its files, seconds since 1970; 0 without files.
    pub newest: u32,
    /// Whether one of its files with one name belongs to somebody else than the directory.
    pub mixed: bool,
    /// What the person who looks may do with its entries.
    pub access: Access,
    /// Encoded list of linked inodes, read with [`Head::links`].
    links: &'a [u8],
    /// Where the records begin.
    records: usize,
}

impl<'a> Head<'a> {
    /// Whether the directory names inodes that have several names.
    pub fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// The linked inodes this directory names; one that has two names here comes twice.
    pub fn links(&self) -> impl Iterator<Item = LinkSlot> + use<'a> {
        let mut rest = self.links;
        std::iter::from_fn(move || (!rest.is_empty()).then(|| LinkSlot(take(&mut rest) as u32)))
    }
}

/// Reads the head of a block. An empty block (a directory that was not listed) has an empty head.
pub fn head(block: &[u8]) -> Head<'_> {
    if block.is_empty() {
        return Head::default();
    }
    let mut rest = block;
    let name = take_bytes(&mut rest);
    let itself =
        Usage { apparent: take(&mut rest), on_disk: take(&mut rest).saturating_mul(BLOCK), files: 1 };
    let plain = Usage {
        files: take(&mut rest),
        apparent: take(&mut rest),
        on_disk: take(&mut rest).saturating_mul(BLOCK),
    };
    let unregular = take(&mut rest);
    let (newest, mixed, access) = unpack_newest(take(&mut rest));
    let links = take_bytes(&mut rest);
    Head { name, itself, plain, unregular, newest, mixed, access, links, records: block.len() - rest.len() }
}

/// What `stat` said of the directory itself. Two of its facts are not in the block.
pub fn own_facts(block: &[u8], mtime: u32, uid: u32) -> FileFacts {
    let itself = head(block).itself;
    FileFacts { kind: Kind::Dir, size: itself.apparent, blocks: itself.on_disk / BLOCK, mtime, uid }
}

/// Where the next change time lies, relative to the directory's own.
fn unfold_time(base: u32, delta: u64) -> u32 {
    (i64::from(base) + unzigzag(delta)).clamp(0, i64::from(u32::MAX)) as u32
}

/// Reads the record at `at`. `dir` is the directory's own facts, to which times and owners are relative.
pub fn record<'a>(block: &'a [u8], at: u32, dir: &FileFacts, links: &LinkTable) -> (FileRecord<'a>, u32) {
    let mut rest = &block[at as usize..];
    let flags = rest[0];
    rest = &rest[1..];
    let name = take_bytes(&mut rest);
    let kind = Kind::from_bits(flags);
    let (facts, link) = if flags & LINKED != 0 {
        let slot = LinkSlot(take(&mut rest) as u32);
        let inode = links.get(slot);
        let facts = FileFacts {
            kind: inode.kind,
            size: inode.size,
            blocks: inode.blocks,
            mtime: inode.mtime,
            uid: inode.uid,
        };
        (facts, Some(slot))
    } else {
        let size = take(&mut rest);
        let mut blocks = predicted_blocks(kind, size);
        if flags & PREDICTED == 0 {
            blocks = (blocks as i64 + unzigzag(take(&mut rest))) as u64;
        }
        let mtime = unfold_time(dir.mtime, take(&mut rest));
        let uid = if flags & OWNED == 0 { dir.uid } else { take(&mut rest) as u32 };
        (FileFacts { kind, size, blocks, mtime, uid }, None)
    };
    let next = (block.len() - rest.len()) as u32;
    (FileRecord { at, name, facts, link }, next)
}

/// All records of a block, in the order of the directory.
pub fn records<'a>(
    block: &'a [u8],
    dir: FileFacts,
    links: &'a LinkTable,
) -> impl Iterator<Item = FileRecord<'a>> + use<'a> {
    let mut at = head(block).records as u32;
    std::iter::from_fn(move || {
        ((at as usize) < block.len()).then(|| {
            let (record, next) = record(block, at, &dir, links);
            at = next;
            record
        })
    })
}

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
        put(&mut self.records, zigzag(i64::from(facts.mtime) - i64::from(dir.mtime)));
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
        let mut rest = &self.records[..];
        std::iter::from_fn(move || {
            let (flags, tail) = rest.split_first()?;
            rest = tail;
            let name = take_bytes(&mut rest);
            let linked = flags & LINKED != 0;
            let numbers = if linked {
                1
            } else {
                2 + usize::from(flags & PREDICTED == 0) + usize::from(flags & OWNED != 0)
            };
            for _ in 0..numbers {
                take(&mut rest);
            }
            Some(name)
        })
    }

    /// Adds the records another thread wrote for the same directory.
    pub fn append(&mut self, other: &Self) {
        self.records.extend_from_slice(&other.records);
        self.links.extend_from_slice(&other.links);
        self.plain += other.plain;
        self.unregular = self.unregular.saturating_add(other.unregular);
        self.newest = self.newest.max(other.newest);
        self.mixed |= other.mixed;
    }

    /// The finished block.
    pub fn finish(&self, name: &[u8], dir: &FileFacts) -> Block {
        // As much as is needed, or a little more: this lives until it is packed together with others.
        let mut head = Vec::with_capacity(name.len() + self.links.len() + self.records.len() + 40);
        put_bytes(&mut head, name);
        put(&mut head, dir.size);
        put(&mut head, dir.blocks);
        put(&mut head, self.plain.files);
        put(&mut head, self.plain.apparent);
        put(&mut head, self.plain.on_disk); // blocks, not bytes, while writing
        put(&mut head, self.unregular);
        put(&mut head, pack_newest(self.newest, self.mixed, self.access));
        put_bytes(&mut head, &self.links);
        head.extend_from_slice(&self.records);
        Block::from(head)
    }
}

/// The blocks a file of this length usually has: whole 4 KiB pages; short links lie in the inode (ext4: < 60).
fn predicted_blocks(kind: Kind, size: u64) -> u64 {
    match kind {
        Kind::File | Kind::Dir => size.div_ceil(4096).saturating_mul(8),
        Kind::Link => u64::from(size >= 60) * 8,
        Kind::Special => 0,
    }
}

/// A time of these days and three bits more take the five bytes that the time alone takes.
fn pack_newest(newest: u32, mixed: bool, access: Access) -> u64 {
    (u64::from(newest) << 3) | (u64::from(mixed) << 2) | access as u64
}

fn unpack_newest(n: u64) -> (u32, bool, Access) {
    ((n >> 3) as u32, n & 4 != 0, Access::from_bits(n as u8))
}

fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

fn put(out: &mut Vec<u8>, mut n: u64) {
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

fn take(rest: &mut &[u8]) -> u64 {
    let mut n = 0;
    let mut shift = 0;
    loop {
        let b = rest[0];
        *rest = &rest[1..];
        n |= u64::from(b & 0x7f) << shift;
        if b < 0x80 {
            return n;
        }
        shift += 7;
    }
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let len = take(rest) as usize;
    let (bytes, tail) = rest.split_at(len);
    *rest = tail;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::links::{DevId, LinkedInode};
    use proptest::prelude::*;

    fn facts() -> impl Strategy<Value = FileFacts> {
        (0u8..4, any::<u64>(), 0..u64::from(u32::MAX), any::<u32>(), any::<u32>()).prop_map(
            |(kind, size, blocks, mtime, uid)| FileFacts {
                kind: Kind::from_bits(kind),
                size: size >> 8,
                blocks,
                mtime,
                uid,
            },
        )
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            dir in facts(),
            name: Vec<u8>,
            access in prop::sample::select(vec![Access::Open, Access::Sticky, Access::Closed]),
            files in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..255), facts(), any::<bool>()), 0..40),
        ) {
            let links = LinkTable::default();
            let mut w = BlockWriter::default();
            w.set_access(access);
            let mut plain = Usage::default();
            let mut slots = vec![];
            for (i, (name, f, linked)) in files.iter().enumerate() {
                if *linked {
                    let slot = links.enter(LinkedInode {
                        ino: i as u64, size: f.size, blocks: f.blocks, nlink: 2, uid: f.uid, mtime: f.mtime,
                        dev: DevId(0), kind: f.kind, pass: 0,
                    });
                    slots.push(slot);
                    w.linked(name, f.kind, slot, f.mtime);
                } else {
                    plain += Usage { on_disk: f.blocks * BLOCK, apparent: f.size, files: 1 };
                    w.file(name, *f, &dir);
                }
            }
            prop_assert_eq!(w.names().collect::<Vec<_>>(), files.iter().map(|f| &f.0[..]).collect::<Vec<_>>());
            let block = w.finish(&name, &dir);
            let head = head(&block);
            prop_assert_eq!(head.name, &name[..]);
            prop_assert_eq!(head.itself.apparent, dir.size);
            prop_assert_eq!(head.plain, plain);
            let odd = files.iter().filter(|f| !f.2 && f.1.kind != Kind::File).map(|f| f.1.size).sum::<u64>();
            prop_assert_eq!(head.unregular, odd);
            prop_assert_eq!(head.links().collect::<Vec<_>>(), slots);
            prop_assert_eq!(head.newest, files.iter().map(|f| f.1.mtime).max().unwrap_or(0));
            prop_assert_eq!(head.mixed, files.iter().any(|f| !f.2 && f.1.uid != dir.uid));
            prop_assert_eq!(head.access, access);
            let back: Vec<_> = records(&block, dir, &links).collect();
            prop_assert_eq!(back.len(), files.len());
            for (r, (name, f, linked)) in back.iter().zip(&files) {
                prop_assert_eq!(r.name, &name[..]);
                prop_assert_eq!(&r.facts, f);
                prop_assert_eq!(r.link.is_some(), *linked);
                prop_assert_eq!(&record(&block, r.at, &dir, &links).0, r);
                prop_assert!(r.at > 0);
            }
        }
    }

    #[test]
    fn a_usual_file_costs_its_name_and_a_few_bytes() {
        let dir = FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime: 1_700_000_000, uid: 1000 };
        let mut w = BlockWriter::default();
        w.file(
            b"model.safetensors",
            FileFacts { kind: Kind::File, size: 5_000_000_000, blocks: 9_765_632, ..dir },
            &dir,
        );
        assert!(w.records.len() <= b"model.safetensors".len() + 9, "{}", w.records.len());
    }

    #[test]
    fn who_may_do_what_costs_nothing_beside_a_time() {
        let cost = |newest, mixed, access| {
            let mut out = Vec::new();
            put(&mut out, pack_newest(newest, mixed, access));
            out.len()
        };
        for newest in [1_795_230_720, u32::MAX] {
            assert_eq!(cost(newest, true, Access::Closed), 5);
        }
        assert_eq!(cost(0, false, Access::Open), 1);
    }
}
