//! The files of a directory as packed bytes: one block a directory, one record a file.
//!
//! A block is a head (the directory's name and sums, which linked inodes it names, and what many of its names begin
//! or end with) and then its records. A record costs about ten bytes more than what its name has of its own. Nothing
//! here is ever grown in place, so peak memory is final memory.

mod name;
mod writer;

use super::links::{LinkSlot, LinkTable};
use super::node::Kind;
use super::usage::{BLOCK, Usage};
use name::Shared;

pub use name::Name;
pub use writer::BlockWriter;

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
    pub name: Name<'a>,
    /// What is known of it.
    pub facts: FileFacts,
    /// Set if the inode has more than one name.
    pub link: Option<LinkSlot>,
    /// How many names its inode has, scanned or not.
    pub nlink: u32,
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
    /// How far from the directory's own change the times of its files are counted, folded.
    base: u64,
    /// Whether one of its files with one name belongs to somebody else than the directory.
    pub mixed: bool,
    /// What the person who looks may do with its entries.
    pub access: Access,
    /// Encoded list of linked inodes, read with [`Head::links`].
    links: &'a [u8],
    /// What names of its files have in common.
    shared: Shared<'a>,
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
    let base = take(&mut rest);
    let links = take_bytes(&mut rest);
    let shared = Shared::take(&mut rest);
    Head {
        name,
        itself,
        plain,
        unregular,
        newest,
        base,
        mixed,
        access,
        links,
        shared,
        records: block.len() - rest.len(),
    }
}

/// The name of a block's directory: the first that lies there.
pub fn dir_name(mut block: &[u8]) -> &[u8] {
    if block.is_empty() { block } else { take_bytes(&mut block) }
}

/// What `stat` said of the directory itself. Two of its facts are not in the block.
pub fn own_facts(block: &[u8], mtime: u32, uid: u32) -> FileFacts {
    let itself = head(block).itself;
    FileFacts { kind: Kind::Dir, size: itself.apparent, blocks: itself.on_disk / BLOCK, mtime, uid }
}

/// What the records of a block are relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// A time near those of the files: many are written within a minute, and no minute of their directory's.
    mtime: u32,
    /// The directory's owner.
    uid: u32,
    /// What names have in common.
    shared: Shared<'a>,
    /// Where the records begin.
    records: u32,
}

/// What the records of a directory's block are relative to, by the directory's own change and owner.
pub fn origin(block: &[u8], mtime: u32, uid: u32) -> Origin<'_> {
    let head = head(block);
    Origin { mtime: unfold_time(mtime, head.base), uid, shared: head.shared, records: head.records as u32 }
}

/// A time by its distance from another.
fn unfold_time(base: u32, delta: u64) -> u32 {
    (i64::from(base) + unzigzag(delta)).clamp(0, i64::from(u32::MAX)) as u32
}

/// Reads the record at `at`.
pub fn record<'a>(block: &'a [u8], at: u32, origin: Origin<'a>, links: &LinkTable) -> (FileRecord<'a>, u32) {
    let mut rest = &block[at as usize..];
    let flags = rest[0];
    rest = &rest[1..];
    let name = origin.shared.name(flags, take_bytes(&mut rest));
    let kind = Kind::from_bits(flags);
    let (facts, link, nlink) = if flags & LINKED != 0 {
        let slot = LinkSlot(take(&mut rest) as u32);
        let inode = links.get(slot);
        let facts = FileFacts {
            kind: inode.kind,
            size: inode.size,
            blocks: inode.blocks,
            mtime: inode.mtime,
            uid: inode.uid,
        };
        (facts, Some(slot), inode.nlink)
    } else {
        let size = take(&mut rest);
        let mut blocks = predicted_blocks(kind, size);
        if flags & PREDICTED == 0 {
            blocks = (blocks as i64 + unzigzag(take(&mut rest))) as u64;
        }
        let mtime = unfold_time(origin.mtime, take(&mut rest));
        let uid = if flags & OWNED == 0 { origin.uid } else { take(&mut rest) as u32 };
        (FileFacts { kind, size, blocks, mtime, uid }, None, 1)
    };
    let next = (block.len() - rest.len()) as u32;
    (FileRecord { at, name, facts, link, nlink }, next)
}

/// All records of a block, in the order of the directory.
pub fn records<'a>(
    block: &'a [u8],
    origin: Origin<'a>,
    links: &'a LinkTable,
) -> impl Iterator<Item = FileRecord<'a>> + use<'a> {
    let mut at = origin.records;
    std::iter::from_fn(move || {
        ((at as usize) < block.len()).then(|| {
            let (record, next) = record(block, at, origin, links);
            at = next;
            record
        })
    })
}

/// A file of a block, its name alone: for those who look at all and ask about few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// Where the record begins in the block.
    pub at: u32,
    /// Name, as bytes.
    pub name: Name<'a>,
    /// Kind of file.
    pub kind: Kind,
}

/// The names of all records of a block, in the order of the directory.
pub fn names(block: &[u8]) -> impl Iterator<Item = Named<'_>> {
    let head = head(block);
    raw(block, head.records).map(move |r| Named {
        at: r.at,
        name: head.shared.name(r.flags, r.name),
        kind: Kind::from_bits(r.flags),
    })
}

/// A record whose numbers nobody asked for.
struct Raw<'a> {
    at: u32,
    flags: u8,
    /// What its name has of its own.
    name: &'a [u8],
    numbers: &'a [u8],
}

/// The records from a place on.
fn raw(block: &[u8], from: usize) -> impl Iterator<Item = Raw<'_>> {
    let mut rest = &block[from..];
    std::iter::from_fn(move || {
        let at = (block.len() - rest.len()) as u32;
        let (&flags, tail) = rest.split_first()?;
        rest = tail;
        let name = take_bytes(&mut rest);
        let linked = flags & LINKED != 0;
        let numbers = if linked {
            1
        } else {
            2 + usize::from(flags & PREDICTED == 0) + usize::from(flags & OWNED != 0)
        };
        let (numbers, tail) = rest.split_at(length_of(rest, numbers));
        rest = tail;
        Some(Raw { at, flags, name, numbers })
    })
}

/// How many bytes so many numbers take.
fn length_of(bytes: &[u8], numbers: usize) -> usize {
    let mut ends = (0..).zip(bytes).filter(|(_, b)| **b < 0x80);
    ends.nth(numbers - 1).map_or(bytes.len(), |(at, _)| at + 1)
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

#[inline]
fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

#[inline]
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

#[inline]
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

    /// Of few letters, with a usual beginning and end or without, or of any bytes.
    fn any_name() -> impl Strategy<Value = Vec<u8>> {
        let usual = ("(img_|im|i|)", "[im_.jpg]{0,12}", "(\\.jpg|g|\\.j|)")
            .prop_map(|(a, b, c)| [a, b, c].concat().into_bytes())
            .prop_filter("a name has a letter", |n| !n.is_empty());
        let every = prop::collection::vec(any::<u8>(), 1..255);
        let long = (any::<u8>(), 100_usize..300).prop_map(|(b, n)| vec![b & 1; n]);
        prop_oneof![8 => usual, 2 => every, 1 => long]
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            dir in facts(),
            name: Vec<u8>,
            access in prop::sample::select(vec![Access::Open, Access::Sticky, Access::Closed]),
            files in prop::collection::vec((any_name(), facts(), any::<bool>()), 0..40),
        ) {
            let links = LinkTable::default();
            let mut w = BlockWriter::default();
            let mut whole = BlockWriter::default();
            whole.set_access(access);
            let mut plain = Usage::default();
            let mut slots = vec![];
            for (i, (name, f, linked)) in files.iter().enumerate() {
                // Now and then another thread goes on.
                if i % 7 == 6 {
                    whole.append(&w);
                    w.clear();
                }
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
            whole.append(&w);
            let w = whole;
            prop_assert_eq!(w.names().collect::<Vec<_>>(), files.iter().map(|f| &f.0[..]).collect::<Vec<_>>());
            let block = w.finish(&name, &dir);
            let head = head(&block);
            prop_assert_eq!(head.name, &name[..]);
            prop_assert_eq!(super::dir_name(&block), &name[..]);
            prop_assert_eq!(head.itself.apparent, dir.size);
            prop_assert_eq!(head.plain, plain);
            let odd = files.iter().filter(|f| !f.2 && f.1.kind != Kind::File).map(|f| f.1.size).sum::<u64>();
            prop_assert_eq!(head.unregular, odd);
            prop_assert_eq!(head.mixed, files.iter().any(|f| !f.2 && f.1.uid != dir.uid));
            prop_assert_eq!(head.access, access);
            prop_assert_eq!(head.links().collect::<Vec<_>>(), slots);
            prop_assert_eq!(head.newest, files.iter().map(|f| f.1.mtime).max().unwrap_or(0));
            let all: Vec<Vec<u8>> = super::names(&block).map(|n| n.name.bytes().into_owned()).collect();
            prop_assert_eq!(all, files.iter().map(|f| f.0.clone()).collect::<Vec<_>>());
            let origin = origin(&block, dir.mtime, dir.uid);
            let back: Vec<_> = records(&block, origin, &links).collect();
            prop_assert_eq!(back.len(), files.len());
            for (r, (name, f, linked)) in back.iter().zip(&files) {
                prop_assert_eq!(&*r.name.bytes(), &name[..]);
                prop_assert!(r.name == name[..]);
                prop_assert_eq!(&r.facts, f);
                prop_assert_eq!(r.link.is_some(), *linked);
                prop_assert_eq!(&record(&block, r.at, origin, &links).0, r);
                prop_assert!(r.at > 0);
            }
        }
    }

    #[test]
    fn a_usual_file_costs_its_name_and_a_few_bytes() {
        let dir = FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime: 1_700_000_000, uid: 1000 };
        let weights = FileFacts { kind: Kind::File, size: 5_000_000_000, blocks: 9_765_632, ..dir };
        let block = |n: u32| {
            let mut w = BlockWriter::default();
            for i in 0..n {
                // Written a minute apart, on another day than the folder was made.
                w.file(b"model.safetensors", FileFacts { mtime: 1_600_000_000 + i * 60, ..weights }, &dir);
            }
            w.finish(b"", &dir).len()
        };
        let one = (block(100) - block(50)).div_ceil(50);
        assert!(one <= b"model.safetensors".len() + 9, "{one} bytes");
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
