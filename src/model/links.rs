//! Inodes that have several names. Their facts are kept once, whoever met them first.
//!
//! The table is shared by all walking threads (each shard has its own lock) and later by the tree. It costs
//! memory only for inodes with more than one link.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::node::Kind;
use super::usage::{BLOCK, Usage};

/// A device, by its place in the table of devices met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct DevId(pub u16);

/// An inode with several links, by its place in the [`LinkTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkSlot(pub u32);

/// What is known of an inode with several links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkedInode {
    /// Inode number.
    pub ino: u64,
    /// File length in bytes.
    pub size: u64,
    /// Blocks of 512 bytes on disk.
    pub blocks: u64,
    /// How many names it has in all, scanned or not.
    pub nlink: u32,
    /// Owner.
    pub uid: u32,
    /// Last change of content, seconds since 1970.
    pub mtime: u32,
    /// Device.
    pub dev: DevId,
    /// Kind of file.
    pub kind: Kind,
    /// The scan that last asked the disk; older facts are asked again.
    pub pass: u8,
}

impl LinkedInode {
    /// What it takes, once.
    pub fn usage(&self) -> Usage {
        Usage { on_disk: self.blocks * BLOCK, apparent: self.size, files: 1 }
    }
}

const SHARD_BITS: u32 = 4;
const SHARDS: usize = 1 << SHARD_BITS;

#[derive(Debug, Default)]
struct Shard {
    index: HashTable<u32>,
    inodes: Vec<LinkedInode>,
}

/// Bits of the filter in front of the table: 256 KiB, so that it stays in the processor's cache.
const FILTER_BITS: u32 = 21;

/// All inodes with several links that were met.
#[derive(Debug)]
pub struct LinkTable {
    /// A bit for each inode that may be in the table. Of the files of a disk few are: most are told without a lock.
    filter: Box<[AtomicU64]>,
    shards: [Mutex<Shard>; SHARDS],
    devices: RwLock<Vec<u64>>,
}

impl Default for LinkTable {
    fn default() -> Self {
        let filter = std::iter::repeat_with(AtomicU64::default).take(1 << (FILTER_BITS - 6)).collect();
        Self { filter, shards: Default::default(), devices: RwLock::default() }
    }
}

impl LinkTable {
    /// The short number of a device (`st_dev`).
    pub fn device(&self, dev: u64) -> DevId {
        let find = |list: &[u64]| list.iter().position(|d| *d == dev).map(|i| DevId(i as u16));
        if let Some(id) = find(&self.devices.read().unwrap_or_else(PoisonError::into_inner)) {
            return id;
        }
        let mut devices = self.devices.write().unwrap_or_else(PoisonError::into_inner);
        find(&devices).unwrap_or_else(|| {
            devices.push(dev);
            DevId((devices.len() - 1) as u16)
        })
    }

    /// The `st_dev` behind a short number.
    pub fn dev(&self, id: DevId) -> u64 {
        let devices = self.devices.read().unwrap_or_else(PoisonError::into_inner);
        devices.get(usize::from(id.0)).copied().unwrap_or(0)
    }

    /// Where the inode is and when it was changed, if it was met in this pass already. Its facts need not be asked
    /// from the disk again.
    pub fn known(&self, dev: DevId, ino: u64, pass: u8) -> Option<(LinkSlot, u32)> {
        let hash = hash_of(dev, ino);
        let (word, bit) = self.filter_bit(hash);
        if word.load(Ordering::Relaxed) & bit == 0 {
            return None;
        }
        let shard = self.shard(hash);
        let at = *shard.index.find(hash, |i| is(&shard.inodes, *i, dev, ino))?;
        let inode = &shard.inodes[at as usize];
        (inode.pass == pass).then(|| (slot(hash, at), inode.mtime))
    }

    /// Enters an inode, or renews what is known of it.
    pub fn enter(&self, inode: LinkedInode) -> LinkSlot {
        let hash = hash_of(inode.dev, inode.ino);
        let (word, bit) = self.filter_bit(hash);
        word.fetch_or(bit, Ordering::Relaxed);
        let mut guard = self.shard(hash);
        let shard = &mut *guard;
        if let Some(at) = shard.index.find(hash, |i| is(&shard.inodes, *i, inode.dev, inode.ino)).copied() {
            shard.inodes[at as usize] = inode;
            return slot(hash, at);
        }
        let at = shard.inodes.len() as u32;
        if shard.inodes.len() == shard.inodes.capacity() {
            // Grow by a quarter, not by half or double: peak memory is a promise.
            let more = (shard.inodes.len() / 4).max(64);
            shard.inodes.reserve_exact(more);
        }
        shard.inodes.push(inode);
        let inodes = &shard.inodes;
        shard.index.insert_unique(hash, at, |i| {
            let other = &inodes[*i as usize];
            hash_of(other.dev, other.ino)
        });
        slot(hash, at)
    }

    /// The facts of an inode.
    ///
    /// # Panics
    /// If `slot` is from another table.
    pub fn get(&self, slot: LinkSlot) -> LinkedInode {
        let shard = lock(&self.shards[slot.0 as usize & (SHARDS - 1)]);
        shard.inodes[(slot.0 >> SHARD_BITS) as usize]
    }

    /// How many inodes are in the table.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|s| lock(s).inodes.len()).sum()
    }

    /// Whether no inode with several links was met.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more than the largest slot number in use.
    pub fn bound(&self) -> usize {
        self.shards.iter().map(|s| lock(s).inodes.len()).max().unwrap_or(0) << SHARD_BITS
    }

    /// The facts of an inode, if there is one at this place.
    pub fn find(&self, slot: LinkSlot) -> Option<LinkedInode> {
        let shard = lock(&self.shards[slot.0 as usize & (SHARDS - 1)]);
        shard.inodes.get((slot.0 >> SHARD_BITS) as usize).copied()
    }

    fn filter_bit(&self, hash: u64) -> (&AtomicU64, u64) {
        let at = hash & ((1 << FILTER_BITS) - 1);
        (&self.filter[(at >> 6) as usize], 1 << (at & 63))
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        lock(&self.shards[shard_of(hash)])
    }
}

/// A thread that panicked while holding a shard left it whole: every change is one push or one overwrite.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Inodes that follow one another, as those of one folder do, lie side by side in the filter and in the table, and in
/// the same shard: most of the cost of a look is waiting for memory, or for a lock that another thread had last.
fn hash_of(dev: DevId, ino: u64) -> u64 {
    const APART: u64 = 0x7f << 57;
    let neighbors = FxBuildHasher.hash_one((dev.0, ino >> 4));
    // The table tells entries of one place apart by the uppermost bits.
    let own = FxBuildHasher.hash_one((dev.0, ino));
    (((neighbors << 4) | (ino & 15)) & !APART) | (own & APART)
}

fn shard_of(hash: u64) -> usize {
    (hash >> 32) as usize & (SHARDS - 1)
}

fn slot(hash: u64, at: u32) -> LinkSlot {
    LinkSlot((at << SHARD_BITS) | shard_of(hash) as u32)
}

fn is(inodes: &[LinkedInode], at: u32, dev: DevId, ino: u64) -> bool {
    let i = &inodes[at as usize];
    i.ino == ino && i.dev == dev
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inode(ino: u64, pass: u8) -> LinkedInode {
        LinkedInode {
            ino,
            size: ino * 10,
            blocks: 8,
            nlink: 2,
            uid: 0,
            mtime: 0,
            dev: DevId(0),
            kind: Kind::File,
            pass,
        }
    }

    #[test]
    fn an_inode_is_entered_once_and_asked_again_in_a_later_pass() {
        let t = LinkTable::default();
        let slots: Vec<LinkSlot> = (0..5000).map(|i| t.enter(inode(i, 1))).collect();
        assert_eq!(t.len(), 5000);
        for i in 0..5000 {
            assert_eq!(t.known(DevId(0), i, 1), Some((slots[i as usize], 0)));
            assert_eq!(t.get(slots[i as usize]).size, i * 10);
        }
        assert_eq!(t.known(DevId(0), 7, 2), None);
        assert_eq!(t.known(DevId(1), 7, 1), None);
        assert_eq!(t.enter(inode(7, 2)), slots[7]);
        assert_eq!(t.len(), 5000);
    }

    #[test]
    fn devices_get_short_numbers() {
        let t = LinkTable::default();
        let (a, b) = (t.device(0xfe00), t.device(0x1234_5678_9abc));
        assert_ne!(a, b);
        assert_eq!(t.device(0xfe00), a);
        assert_eq!(t.dev(b), 0x1234_5678_9abc);
    }
}
