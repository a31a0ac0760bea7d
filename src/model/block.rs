//! The packed bytes of a directory ([`super::packed`]), many of them in one piece of memory.
//!
//! A directory's own allocation would cost more than its head. A [`Packer`] lays the blocks of a batch behind each
//! other, and keeps one copy of those that are alike: a package and the environments that link it name the same inodes
//! by the same names.

use std::hash::Hasher;
use std::ops::Deref;
use std::sync::Arc;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::packed;

/// The bytes of one directory, shared.
#[derive(Clone, Default)]
pub struct Block {
    chunk: Option<Arc<Box<[u8]>>>,
    at: u32,
    len: u32,
}

impl Block {
    /// Whether both are the same piece of memory.
    pub fn is(&self, other: &Self) -> bool {
        let (a, b): (&[u8], &[u8]) = (self, other);
        std::ptr::eq(a, b)
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let at = self.at as usize;
        self.chunk.as_ref().map_or(&[], |c| &c[at..at + self.len as usize])
    }
}

impl From<Vec<u8>> for Block {
    /// A block with memory of its own.
    fn from(bytes: Vec<u8>) -> Self {
        let len = bytes.len() as u32;
        Self { chunk: Some(Arc::new(bytes.into_boxed_slice())), at: 0, len }
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({} bytes)", self.len)
    }
}

/// A block of so many bytes stays where it is.
const ALONE: usize = 64 * 1024;

/// Puts blocks together.
#[derive(Debug, Default)]
pub struct Packer {
    /// Blocks with linked inodes; others are hardly ever alike.
    known: HashTable<Block>,
}

impl Packer {
    /// Moves the bytes of these blocks into one piece of memory of exactly the size they need.
    ///
    /// # Panics
    /// If there are more than 65,536 at a time.
    pub fn pack<'a>(&mut self, blocks: impl Iterator<Item = &'a mut Block>) {
        let mut fresh: Vec<(&mut Block, u64)> = Vec::new();
        let mut alike: Vec<(&mut Block, u64)> = Vec::new();
        let mut size = 0;
        let mut begun = HashTable::new();
        for block in blocks.filter(|b| b.len() < ALONE) {
            let hash = if packed::head(block).has_links() { hash_of(block) } else { 0 };
            if hash != 0
                && let Some(known) = self.known.find(hash, |k| **k == **block)
            {
                *block = known.clone();
            } else if hash != 0 && begun.find(hash, |i: &usize| **fresh[*i].0 == **block).is_some() {
                alike.push((block, hash));
            } else {
                if hash != 0 {
                    begun.insert_unique(hash, fresh.len(), |i| fresh[*i].1);
                }
                size += block.len();
                fresh.push((block, hash));
            }
        }
        let mut bytes = Vec::with_capacity(size);
        for (block, _) in &fresh {
            bytes.extend_from_slice(block);
        }
        let chunk = Arc::new(bytes.into_boxed_slice());
        let mut at = 0;
        for (block, hash) in fresh {
            let len = block.len() as u32;
            *block = Block { chunk: Some(Arc::clone(&chunk)), at, len };
            at = at.checked_add(len).expect("65,536 blocks of less than 64 KiB fit into 4 GiB");
            if hash != 0 {
                self.known.insert_unique(hash, block.clone(), |k| hash_of(k));
            }
        }
        for (block, hash) in alike {
            if let Some(known) = self.known.find(hash, |k| **k == **block) {
                *block = known.clone();
            }
        }
    }
}

/// Never 0.
fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish() | 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::links::LinkSlot;
    use crate::model::node::Kind;
    use crate::model::packed::{BlockWriter, FileFacts};

    const DIR: FileFacts = FileFacts { kind: Kind::Dir, size: 4096, blocks: 8, mtime: 100, uid: 0 };

    fn linked(name: &[u8], slots: &[u32]) -> Block {
        let mut w = BlockWriter::default();
        for slot in slots {
            w.linked(format!("f{slot}").as_bytes(), Kind::File, LinkSlot(*slot), 7);
        }
        w.finish(name, &DIR)
    }

    fn plain(name: &[u8]) -> Block {
        let mut w = BlockWriter::default();
        w.file(b"f", FileFacts { kind: Kind::File, ..DIR }, &DIR);
        w.finish(name, &DIR)
    }

    #[test]
    fn bytes_stay_and_blocks_that_are_alike_are_kept_once() {
        let mut packer = Packer::default();
        let mut blocks =
            [linked(b"numpy", &[1, 2]), plain(b"a"), Block::default(), linked(b"numpy", &[1, 2])];
        let before: Vec<Vec<u8>> = blocks.iter().map(|b| b.to_vec()).collect();
        packer.pack(blocks.iter_mut());
        let mut later = [linked(b"numpy", &[1, 2]), linked(b"numpy", &[1, 3]), linked(b"scipy", &[1, 2])];
        let wanted: Vec<Vec<u8>> = later.iter().map(|b| b.to_vec()).collect();
        packer.pack(later.iter_mut());
        assert_eq!(blocks.iter().map(|b| b.to_vec()).collect::<Vec<_>>(), before);
        assert_eq!(later.iter().map(|b| b.to_vec()).collect::<Vec<_>>(), wanted);
        let place = |b: &Block| b.as_ptr();
        assert_eq!(place(&blocks[0]), place(&blocks[3]));
        assert_eq!(place(&blocks[0]), place(&later[0]));
        assert_ne!(place(&blocks[0]), place(&later[1]));
    }

    #[test]
    fn a_large_block_is_not_copied() {
        let mut block = Block::from(vec![1; ALONE]);
        let at = block.as_ptr();
        Packer::default().pack(std::iter::once(&mut block));
        assert_eq!(block.as_ptr(), at);
    }
}
