//! Where trashed things go: the home's trash, one at the top of their mount, or one of our own in the highest folder that
//! is ours; or why there is none.

use std::io;
use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::model::node::Kind;
use crate::sys::beneath::{self, Identity};
use crate::sys::layers;
use crate::sys::mounts::{self, MountInfo};
use crate::sys::reserve;
use crate::text;

/// File systems where a rename of what came with the image is a copy.
const LAYERED: &[&str] = &["overlay", "aufs", "fuse.fuse-overlayfs"];

/// Where trashed things go, before anything is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The trash folder, with `files` and `info` in it.
    pub path: PathBuf,
    /// Paths in its records are relative to this; a home trash has absolute ones.
    pub top: Option<PathBuf>,
    /// Folders that have to be made first, outermost first.
    pub(super) missing: Vec<PathBuf>,
    /// It has to be noted where it is: other programs do not look there, or mldu does not look on every server.
    pub is_noted: bool,
}

impl Root {
    /// A home trash that is there.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), top: None, missing: Vec::new(), is_noted: false }
    }
}

/// Finds the trash for something on a mount, with room for one more record.
///
/// # Errors
/// Why there is none, as a sentence.
pub fn root_for(env: &Env, path: &Path, item: &Identity, table: &[MountInfo]) -> Result<Root, String> {
    let root = find(env, path, item, table)?;
    has_room(&root, env.uid() == 0)?;
    Ok(root)
}

/// Whether a record can be written: it takes a block and an inode, and so does each folder that is missing.
fn has_room(root: &Root, is_root: bool) -> Result<(), String> {
    let Some((there, _)) = nearest(&root.path) else { return Ok(()) };
    let Ok(space) = mounts::space(&there) else { return Ok(()) };
    let needed = 1 + root.missing.len() as u64;
    let bytes = needed * 4096;
    // Between what is left for users and what is free at all lies what is kept for root, and what not even root
    // gets (ext4 keeps some clusters for itself): only the file system knows.
    let fits =
        space.available >= bytes || (is_root && space.free >= bytes && reserve::probe(&there, bytes).is_ok());
    if !fits {
        return Err("no space left, not even for its record".into());
    }
    if space.inodes_available.is_some_and(|n| n < needed) {
        return Err("no inode left for its record".into());
    }
    Ok(())
}

fn find(env: &Env, path: &Path, item: &Identity, table: &[MountInfo]) -> Result<Root, String> {
    let mount = table.iter().find(|m| m.id == item.mount).or_else(|| mounts::holding(table, path));
    if let Some(mount) = mount {
        if LAYERED.contains(&mount.fstype.as_str()) && !is_of_this_container(path) {
            return Err("a container layer: moving what is in the image would copy it".into());
        }
        if mount.read_only {
            return Err("mounted read-only".into());
        }
    }
    if let Some(root) = home_trash(env, item) {
        return Ok(root);
    }
    let Some(mount) = mount else {
        return Err("it lies on another file system than the home trash".into());
    };
    let uid = env.uid();
    let shared = mount.path.join(".Trash");
    if let Ok(id) = look(&shared)
        && id.kind == Kind::Dir
        && id.mode & 0o1000 != 0
        && let Some(root) = usable(shared.join(uid.to_string()), Some(&mount.path), item, uid, false)
    {
        return Ok(Root { is_noted: mount.is_remote(), ..root });
    }
    let own = mount.path.join(format!(".Trash-{uid}"));
    if let Some(root) = usable(own, Some(&mount.path), item, uid, false) {
        return Ok(Root { is_noted: mount.is_remote(), ..root });
    }
    if let Some(root) = private(path, &mount.path, item, uid) {
        return Ok(root);
    }
    Err(if is_subvolume(path, item) {
        "it is a subvolume: only a copy of it could lie in the trash of another one".into()
    } else if let Some(trap) = trap(&mount.path.join(format!(".Trash-{uid}")), uid) {
        trap
    } else {
        format!("{} is another file system than your home, and not writable by you", text::path(&mount.path))
    })
}

/// Whether a thing on an overlay was made in this container: then it lies in the upper layer with all below it, and a
/// rename moves it like anywhere else. Without certainty it is not.
fn is_of_this_container(path: &Path) -> bool {
    beneath::open_parent(path).is_ok_and(|(parent, name)| layers::is_upper_alone(parent, name) == Some(true))
}

/// Whether something is a file system within a file system, with nothing mounted there (Btrfs).
fn is_subvolume(path: &Path, item: &Identity) -> bool {
    let above = path.parent().and_then(|p| look(p).ok());
    item.kind == Kind::Dir && above.is_some_and(|a| a.mount == item.mount && a.dev != item.dev)
}

/// Why a trash that is there may not be trusted: where everybody may write, anybody can have put it there.
fn trap(trash: &Path, uid: u32) -> Option<String> {
    [trash.to_path_buf(), trash.join("info"), trash.join("files")].iter().find_map(|part| {
        let id = look(part).ok()?;
        let why = match id.kind {
            Kind::Link => "is a link",
            Kind::Dir if id.uid != uid => "belongs to somebody else",
            Kind::Dir if id.mode & 0o022 != 0 => "is no safe place: others may write to it",
            Kind::Dir => return None,
            _ => "is no folder",
        };
        Some(format!("{} {why}", text::path(part)))
    })
}

fn home_trash(env: &Env, item: &Identity) -> Option<Root> {
    let data = env.data_of(env.home());
    // Under sudo the variables may still name the user's home: then root would leave a folder there the user
    // cannot use any more.
    let owner = nearest(&data)?.1.uid;
    if owner != env.uid() {
        return None;
    }
    usable(data.join("Trash"), None, item, env.uid(), true)
}

/// The folder at or above `path` that is there, and who it is.
fn nearest(path: &Path) -> Option<(PathBuf, Identity)> {
    path.ancestors().find_map(|p| Some((p.to_path_buf(), look_through(p).ok()?)))
}

/// Whether a trash folder can be used: it is a folder of ours that only we may write, on the same mount as what goes
/// there; or it can be made.
fn usable(path: PathBuf, top: Option<&Path>, item: &Identity, uid: u32, deep: bool) -> Option<Root> {
    let path = if deep { resolve(&path)? } else { path };
    let mut missing = Vec::new();
    for part in [path.clone(), path.join("info"), path.join("files")] {
        match look(&part) {
            Ok(id) => {
                let ours = id.kind == Kind::Dir && id.uid == uid && id.mode & 0o022 == 0;
                if !ours || (id.mount, id.dev) != (item.mount, item.dev) {
                    return None;
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => missing.push(part),
            Err(_) => return None,
        }
    }
    if missing.contains(&path) {
        let (above, id) = nearest(&path)?;
        let may_write = beneath::may_write(&above);
        if !may_write || (id.mount, id.dev) != (item.mount, item.dev) {
            return None;
        }
        // In a home the folders above the trash may have to be made too.
        let between: Vec<PathBuf> =
            path.ancestors().skip(1).take_while(|p| *p != above).map(Path::to_path_buf).collect();
        if !between.is_empty() && !deep {
            return None;
        }
        missing = between.into_iter().rev().chain(missing).collect();
    }
    Some(Root { path, top: top.map(Path::to_path_buf), missing, is_noted: false })
}

/// A path whose existing part is resolved, so that it holds no link: a home may be reached through one.
fn resolve(path: &Path) -> Option<PathBuf> {
    let (above, _) = nearest(path)?;
    let rest = path.strip_prefix(&above).ok()?;
    let real = above.canonicalize().ok()?;
    Some(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
}

/// A trash of our own inside the highest folder that is ours on the same mount: the usual `/data/ana`.
fn private(path: &Path, top: &Path, item: &Identity, uid: u32) -> Option<Root> {
    let above: Vec<&Path> = path.ancestors().skip(1).take_while(|p| p.starts_with(top)).collect();
    let ours = above.into_iter().rev().find(|p| {
        look(p).is_ok_and(|id| {
            id.uid == uid && (id.mount, id.dev) == (item.mount, item.dev) && beneath::may_write(p)
        })
    })?;
    let root = usable(ours.join(format!(".Trash-{uid}")), Some(ours), item, uid, false)?;
    Some(Root { is_noted: true, ..root })
}

fn look(path: &Path) -> io::Result<Identity> {
    let (parent, name) = beneath::open_parent(path)?;
    beneath::look(parent, name)
}

fn look_through(path: &Path) -> io::Result<Identity> {
    let real = path.canonicalize()?;
    beneath::look_at(beneath::open_folder(&real)?)
}
