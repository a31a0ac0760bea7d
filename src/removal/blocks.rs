//! Where the bytes of what is about to go lie: on its own, shared with a copy or a snapshot, compressed, or in the image
//! of a container. Looked at only on file systems where that can be, and not for ever: what was not asked is unknown.

use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::model::node::{Kind, NodeId};
use crate::model::usage::BLOCK;
use crate::sys::beneath::{self, Identity};
use crate::sys::descend::{Gather, Trail, descend};
use crate::sys::extents::{self, Kept};
use crate::sys::layers::{Layer, Overlay};
use crate::sys::mounts::MountInfo;
use crate::sys::read;

/// An inode, across all that goes: device and number.
pub type Key = (u64, u64);

/// Bytes on the disk, from here to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// The first byte.
    pub from: u64,
    /// The first byte behind it.
    pub to: u64,
    /// Whether somebody else has it too; otherwise it is compressed, and ends before `to`.
    pub shared: bool,
}

/// Where the blocks of some inodes lie. Together the numbers are what the inodes take, in bytes of blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Theirs alone: they come back.
    pub own: u64,
    /// In the image of a container: they do not.
    pub image: u64,
    /// Shared with a copy or a snapshot.
    pub shared: u64,
    /// Compressed: in truth they are less.
    pub packed: u64,
    /// Nobody said.
    pub unknown: u64,
    /// The places of what is shared or compressed.
    pub pieces: Vec<Piece>,
}

/// More pieces than this are not remembered for one target; they count as if none were the same.
const PIECES: usize = 1 << 18;

impl Split {
    /// All of it.
    pub fn all(&self) -> u64 {
        self.own + self.image + self.shared + self.packed + self.unknown
    }

    /// Takes in others.
    pub fn add(&mut self, other: &Self) {
        self.own += other.own;
        self.image += other.image;
        self.shared += other.shared;
        self.packed += other.packed;
        self.unknown += other.unknown;
        for piece in &other.pieces {
            self.piece(*piece);
        }
    }

    /// Remembers a place, as one with the last one where they touch.
    fn piece(&mut self, piece: Piece) {
        if let Some(last) = self
            .pieces
            .last_mut()
            .filter(|l| l.shared == piece.shared && (l.from..=l.to).contains(&piece.from))
        {
            last.to = last.to.max(piece.to);
        } else if self.pieces.len() < PIECES {
            self.pieces.push(piece);
        }
    }
}

/// What was found of one target.
#[derive(Debug, Clone, Default)]
pub struct OfTarget {
    /// The file system, as a number: places on different ones are not compared.
    pub pool: u64,
    /// Its inodes with one name.
    pub plain: Split,
    /// Names it has of inodes with several.
    pub names: Vec<Key>,
}

/// What was found of all targets.
#[derive(Debug, Clone, Default)]
pub struct Blocks {
    /// By target. Those on file systems where every byte is its file's own are not here.
    pub targets: FxHashMap<NodeId, OfTarget>,
    /// Inodes with several names: how many, and where their blocks lie.
    pub linked: FxHashMap<Key, (u32, Split)>,
}

/// What can be known of a file system.
#[derive(Debug, Clone, Copy)]
enum Ground {
    /// Files share blocks and are compressed, and it says which.
    Says,
    /// Layers of a container.
    Layers(Overlay),
    /// Files share blocks, and nobody says which.
    Silent,
}

impl Ground {
    fn of(mount: &MountInfo, table: &[MountInfo]) -> Option<Self> {
        match mount.fstype.as_str() {
            "btrfs" | "xfs" | "bcachefs" => Some(Self::Says),
            "overlay" => Some(Self::Layers(Overlay::of(mount, table))),
            // Snapshots are the rule on ZFS, and it knows no FIEMAP; layers outside the kernel have no handles.
            "zfs" | "aufs" | "fuse.fuse-overlayfs" => Some(Self::Silent),
            _ => None,
        }
    }
}

/// Files of this size are asked first of all: those below only while there is time for them.
const LARGE: u64 = 1 << 20;

/// So long all files are asked, and so long large ones alone.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(1500), Duration::from_secs(3));

impl Blocks {
    /// Whether something of a target lies in the image of a container.
    pub fn is_in_image(&self, node: NodeId) -> bool {
        self.targets.get(&node).is_some_and(|t| {
            let of = |key| self.linked.get(key).is_some_and(|(_, linked): &(u32, Split)| linked.image > 0);
            t.plain.image > 0 || t.names.iter().any(of)
        })
    }

    /// Looks at what lies at these nodes: who they were a moment ago, and where.
    pub fn look<'a>(
        targets: impl Iterator<Item = (NodeId, &'a Path, &'a Identity)>,
        table: &[MountInfo],
    ) -> Self {
        let began = Instant::now();
        let until = (began + PATIENCE.0, began + PATIENCE.1);
        let mut grounds: FxHashMap<u64, Option<(Ground, u64)>> = FxHashMap::default();
        let mut blocks = Self::default();
        for (node, path, identity) in targets {
            let ground = *grounds.entry(identity.mount).or_insert_with(|| {
                let mount = table.iter().find(|m| m.id == identity.mount)?;
                Some((Ground::of(mount, table)?, mount.dev))
            });
            let Some((ground, pool)) = ground else { continue };
            let held = OfTarget { pool, ..OfTarget::default() };
            let mut asker = Asker { ground, until, held, linked: &mut blocks.linked };
            if !matches!(ground, Ground::Silent) {
                // What could not be looked at is not among what was found, and so unknown.
                let _ = asker.target(path);
            }
            let held = asker.held;
            blocks.targets.insert(node, held);
        }
        blocks
    }
}

struct Asker<'a> {
    ground: Ground,
    until: (Instant, Instant),
    held: OfTarget,
    linked: &'a mut FxHashMap<Key, (u32, Split)>,
}

impl Asker<'_> {
    fn target(&mut self, path: &Path) -> io::Result<()> {
        let (parent, name) = beneath::open_parent(path)?;
        let it = beneath::look(&parent, name)?;
        self.count(&parent, name, &it);
        if it.kind == Kind::Dir {
            let top = beneath::open_inside(&parent, name)?;
            let _ = descend(top, &Mutex::new(self), &mut || ())?;
        }
        Ok(())
    }

    fn count(&mut self, folder: &OwnedFd, name: &OsStr, it: &Identity) {
        if it.kind == Kind::Dir || it.nlink < 2 {
            let found = self.ask(folder, name, it);
            self.held.plain.add(&found);
            return;
        }
        let key = (it.dev, it.ino);
        self.held.names.push(key);
        if !self.linked.contains_key(&key) {
            let found = self.ask(folder, name, it);
            self.linked.insert(key, (it.nlink, found));
        }
    }

    fn ask(&self, folder: &OwnedFd, name: &OsStr, it: &Identity) -> Split {
        let all = it.blocks * BLOCK;
        if all == 0 {
            return Split::default();
        }
        if let Ground::Layers(overlay) = &self.ground {
            match overlay.layer(folder, name, it) {
                Layer::Upper | Layer::Copied => {}
                Layer::Image => return Split { image: all, ..Split::default() },
                Layer::Unknown => return Split { unknown: all, ..Split::default() },
            }
        }
        if it.kind != Kind::File {
            return Split { own: all, ..Split::default() };
        }
        if it.size < LARGE && Instant::now() > self.until.0 {
            return Split { unknown: all, ..Split::default() };
        }
        self.extents(folder, name, all).unwrap_or(Split { unknown: all, ..Split::default() })
    }

    /// Asks for every piece of a file. Blocks that are no piece of it (the file system's own records of where the
    /// pieces are, room kept for it to grow) are its own.
    fn extents(&self, folder: &OwnedFd, name: &OsStr, all: u64) -> io::Result<Split> {
        let file = read::open_beneath(folder, Path::new(name))?;
        let mut found = Split::default();
        let (mut told, mut pieces) = (0_u64, 0_u32);
        let flow = extents::each(&file, &mut |e| {
            told = told.saturating_add(e.length);
            match e.kept {
                Kept::Own => {}
                Kept::Shared => found.shared = found.shared.saturating_add(e.length),
                Kept::Packed => found.packed = found.packed.saturating_add(e.length),
                Kept::Pending => found.unknown = found.unknown.saturating_add(e.length),
                Kept::Inline => found.unknown = all,
            }
            if matches!(e.kept, Kept::Shared | Kept::Packed) {
                let to = e.start.saturating_add(e.length);
                found.piece(Piece { from: e.start, to, shared: e.kept == Kept::Shared });
            }
            pieces += 1;
            // The clock is looked at now and then: it costs as much as a piece.
            let late = pieces.is_multiple_of(1024) && Instant::now() > self.until.1;
            if late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if flow.is_break() {
            found.unknown = found.unknown.saturating_add(all.saturating_sub(told));
        }
        Ok(found.within(all))
    }
}

impl Split {
    /// As much as the inode takes, and what is in doubt before what is its own.
    fn within(mut self, all: u64) -> Self {
        self.unknown = self.unknown.min(all);
        self.shared = self.shared.min(all - self.unknown);
        self.packed = self.packed.min(all - self.unknown - self.shared);
        self.own = all - self.unknown - self.shared - self.packed;
        self
    }
}

impl Gather for &mut Asker<'_> {
    fn file(&mut self, folder: &OwnedFd, name: &OsStr, _: &Trail) -> ControlFlow<()> {
        if Instant::now() > self.until.1 {
            return ControlFlow::Break(());
        }
        if let Ok(it) = beneath::look(folder, name) {
            self.count(folder, name, &it);
        }
        ControlFlow::Continue(())
    }

    fn leave(&mut self, parent: &OwnedFd, name: &OsStr, at: &Trail) -> ControlFlow<()> {
        self.file(parent, name, at)
    }

    fn failed(&mut self, _: &OsStr, _: &Trail, _: io::Error) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
