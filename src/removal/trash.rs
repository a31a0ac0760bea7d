//! The trash: a rename on the same mount, or a refusal with its reason. Never a copy.
//!
//! The layout is that of the FreeDesktop Trash specification 1.0, so other programs see and restore what lies here.
//! What mldu put here is told by `X-Mldu-*` lines in the record itself, which the specification lets readers ignore.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
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
    missing: Vec<PathBuf>,
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

/// What the record of a trashed thing says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it was.
    pub path: &'a Path,
    /// When, in local time, `YYYY-MM-DDThh:mm:ss`.
    pub date: &'a str,
    /// Which run of mldu.
    pub run: &'a str,
    /// The item it is a part of.
    pub item: &'a str,
    /// Which of how many parts of that item.
    pub part: (usize, usize),
    /// Bytes of blocks.
    pub bytes: u64,
    /// Permissions and owner of the folder it was in, to make that again.
    pub parent: (u32, u32, u32),
}

/// An open trash.
#[derive(Debug)]
pub struct Trash {
    root: Root,
    info: OwnedFd,
    files: OwnedFd,
}

impl Trash {
    /// Opens a trash, and makes what is missing of it.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(root: Root) -> io::Result<Self> {
        let mut made: Vec<&PathBuf> = Vec::new();
        let opened = (|| {
            for path in &root.missing {
                let (parent, name) = beneath::open_parent(path)?;
                match beneath::mkdir(&parent, name, 0o700) {
                    Ok(()) => made.push(path),
                    Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(e) => return Err(e),
                }
            }
            let info = ours(&root.path.join("info"))?;
            let files = ours(&root.path.join("files"))?;
            Ok((info, files))
        })();
        match opened {
            Ok((info, files)) => Ok(Self { root, info, files }),
            Err(e) => {
                // What was begun is not left half made.
                for path in made.into_iter().rev() {
                    if let Ok((parent, name)) = beneath::open_parent(path) {
                        let _ = beneath::rmdir(parent, name);
                    }
                }
                Err(e)
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root.path
    }

    /// Moves an entry of an open folder here, if it is still who it was. Returns its name in the trash.
    ///
    /// # Errors
    /// What the system says; then everything is as it was.
    pub fn put(
        &self,
        parent: &OwnedFd,
        name: &OsStr,
        identity: &Identity,
        record: &Record<'_>,
    ) -> io::Result<OsString> {
        // Long names are cut: the record keeps the whole path, and `.trashinfo` has to fit behind.
        let mut trashed = name.as_bytes()[..name.len().min(200)].to_vec();
        trashed.push(b'.');
        trashed.extend_from_slice(beneath::random_hex().as_bytes());
        let trashed = OsString::from_vec(trashed);
        let mut info = trashed.clone();
        info.push(".trashinfo");
        beneath::write_new(&self.info, &info, &self.content(identity, record))?;
        let moved = beneath::rename(parent, name, &self.files, &trashed);
        let moved =
            moved.map_err(|e| (true, e)).and_then(|()| self.arrived(parent, name, identity, &trashed));
        match moved {
            Ok(()) => Ok(trashed),
            Err((is_back, e)) => {
                if is_back {
                    let _ = beneath::unlink(&self.info, &info);
                }
                Err(e)
            }
        }
    }

    /// Makes sure that what came is what was meant. Something else goes back to where it was, and so does what cannot
    /// be looked at; an error says whether it did. What has to stay keeps its record.
    fn arrived(
        &self,
        parent: &OwnedFd,
        name: &OsStr,
        identity: &Identity,
        trashed: &OsStr,
    ) -> Result<(), (bool, io::Error)> {
        let (is_other, why) = match beneath::look(&self.files, trashed) {
            Ok(arrived) if arrived.same_thing(identity) => return Ok(()),
            Ok(_) => (true, io::Error::other("changed at the last moment")),
            Err(e) => (false, e),
        };
        if beneath::rename(&self.files, trashed, parent, name).is_ok() {
            return Err((true, why));
        }
        if !is_other {
            return Ok(());
        }
        let at = text::path(&self.root.path.join("files").join(trashed));
        Err((false, io::Error::other(format!("something else took its place, and lies in {at} now"))))
    }

    fn content(&self, identity: &Identity, record: &Record<'_>) -> Vec<u8> {
        let path = match &self.root.top {
            Some(top) => record.path.strip_prefix(top).unwrap_or(record.path),
            None => record.path,
        };
        let born = identity.btime.map_or_else(|| "-".into(), |(s, n)| format!("{s}.{n:09}"));
        let (mode, uid, gid) = record.parent;
        format!(
            "[Trash Info]\nPath={}\nDeletionDate={}\nX-Mldu-Version=1\nX-Mldu-Run={}\nX-Mldu-Item={}\nX-Mldu-Part={}/{}\n\
             X-Mldu-Id={}:{born}\nX-Mldu-Bytes={}\nX-Mldu-Parent={mode:o}:{uid}:{gid}\n",
            encode(path.as_os_str().as_bytes()),
            record.date,
            record.run,
            encode(record.item.as_bytes()),
            record.part.0,
            record.part.1,
            identity.ino,
            record.bytes,
        )
        .into_bytes()
    }
}

/// Opens a folder that only we may write.
///
/// # Errors
/// What the system says, or that it is not.
pub fn ours(path: &Path) -> io::Result<OwnedFd> {
    let fd = beneath::open_folder(path)?;
    let id = beneath::look_at(&fd)?;
    if id.uid == crate::sys::user::effective() && id.mode & 0o022 == 0 {
        Ok(fd)
    } else {
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the trash folder belongs to somebody else or others may write to it",
        ))
    }
}

/// Percent-encodes bytes as the specification asks: everything but unreserved characters and `/`.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for b in bytes {
        if b.is_ascii_alphanumeric() || b"-._~/".contains(b) {
            out.push(char::from(*b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// Undoes [`encode`]. A percent sign without two hexadecimal digits stands for itself.
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((b, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|d| *b == b'%' && d.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok());
        out.push(byte.unwrap_or(*b));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_path_survives_its_record(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert!(text.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(decode(text.as_bytes()), bytes);
        }
    }

    #[test]
    fn half_a_percent_sign_stands_for_itself() {
        assert_eq!(decode(b"a%2"), b"a%2");
        assert_eq!(decode(b"%zz%20"), b"%zz ");
        assert_eq!(decode(b"%+1"), b"%+1");
    }
}
