//! What was seen where Jupyter writes: values alone.

use std::path::PathBuf;

use super::places::Purpose;
use crate::model::held_open::HeldOpen;
use crate::model::mount::{Mount, Pressure};

/// What became of a real write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It worked.
    Done,
    /// It was not tried: mldu was started read-only.
    Skipped,
    /// It failed.
    Failed(Cause),
}

/// Why a write failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// `ENOSPC`: no bytes or no inodes for this user.
    Full,
    /// `EDQUOT`: this user has used up what is his.
    Quota,
    /// `EROFS`.
    ReadOnly,
    /// `EACCES`: the permissions.
    NotAllowed,
    /// `EPERM`: locked against everybody (`chattr +i`), or by a rule of the machine.
    Locked,
    /// `EIO` and the like: the disk itself.
    Broken(String),
    /// Nothing came back in time.
    NoAnswer,
    /// `ENOTCONN` and the like: what was behind the mount has ended.
    Gone(String),
    /// A link on the way leads to this, which is not there.
    Astray(PathBuf),
    /// Something else.
    Other(String),
}

/// One of the places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What is written there.
    pub purpose: Purpose,
    /// Where.
    pub path: PathBuf,
    /// The folder in which something would be made: the place, or the nearest one above that is there. If a file or a link
    /// is what is wrong: that one.
    pub at: PathBuf,
    /// Who owns that.
    pub owner: Option<u32>,
    /// The mount it lies on.
    pub mount: Option<Mount>,
    /// Whether it could be written.
    pub written: Written,
}

/// The memory that processes share as files, which is none of the places: `/dev/shm`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The mount it is.
    pub mount: Mount,
    /// Whether it could be written.
    pub written: Written,
}

/// A notebook that was cut off while it was saved, with the copy that holds what was in it before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The notebook.
    pub notebook: PathBuf,
    /// The copy beside it.
    pub copy: PathBuf,
}

/// What lies on a mount and could go, as far as it is known without a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lying {
    /// The mount.
    pub mount: PathBuf,
    /// Bytes.
    pub bytes: u64,
    /// How many things.
    pub things: u64,
}

/// What other programs put into trashes on a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The mount.
    pub mount: PathBuf,
    /// Bytes of what could be weighed.
    pub bytes: u64,
    /// How many things.
    pub things: u64,
    /// How many of them could not be weighed in time.
    pub unknown: u64,
}

/// Everything that was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The user, by name.
    pub user: String,
    /// Its number.
    pub uid: u32,
    /// The home: what is in it belongs to this user.
    pub home: PathBuf,
    /// Where Jupyter writes.
    pub places: Vec<Place>,
    /// Mounts on which the kernel has counted errors, with the number.
    pub errors: Vec<(PathBuf, u64)>,
    /// What mldu put into trashes.
    pub trash: Vec<Lying>,
    /// What other programs put there.
    pub foreign: Vec<Foreign>,
    /// Deleted files that processes hold open on the mounts of the places.
    pub held: HeldOpen,
    /// Notebooks that were cut off.
    pub torn: Vec<Torn>,
    /// Notebooks in the folder that this user may not write, though perhaps the folder.
    pub closed: Vec<PathBuf>,
    /// Shared memory, where there is some.
    pub shared: Option<Shared>,
}

impl Facts {
    /// The mounts of the places, each once.
    pub fn mounts(&self) -> Vec<&Mount> {
        let mut all: Vec<&Mount> = Vec::new();
        for mount in self.places.iter().filter_map(|p| p.mount.as_ref()) {
            if !all.iter().any(|m| m.path == mount.path) {
                all.push(mount);
            }
        }
        all
    }

    /// The mount on which something has to go: where a write failed for want of room, or else where little is left.
    pub fn to_free(&self) -> Option<&Mount> {
        let failed = |p: &&Place| matches!(&p.written, Written::Failed(Cause::Full | Cause::Quota));
        let worst = self.places.iter().filter(failed).min_by_key(|p| (!p.purpose.blocks(), p.purpose));
        let tight = |m: &&Mount| matches!(m.pressure(), Pressure::Bytes | Pressure::Inodes | Pressure::Low);
        worst.and_then(|p| p.mount.as_ref()).or_else(|| self.mounts().into_iter().find(tight))
    }
}
