//! Acting on one entry of one folder by descriptor: look, open, rename, remove. No path is resolved twice, no link is
//! followed, no mount is crossed.
//!
//! `openat2` does it where it is there (Linux 5.6); older kernels and strict sandboxes get the same by steps.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags, StatxAttributes, StatxFlags,
    StatxTimestamp, openat, openat2, statx,
};
use rustix::io::Errno;

use crate::model::node::Kind;

/// Who an entry is, and what it was when looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The mount it lies on; 0 where the kernel does not say (before 5.8).
    pub mount: u64,
    /// Device.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Kind of file.
    pub kind: Kind,
    /// Permissions.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Names.
    pub nlink: u32,
    /// Length in bytes.
    pub size: u64,
    /// Blocks of 512 bytes on disk.
    pub blocks: u64,
    /// Last change of content: seconds, nanoseconds.
    pub mtime: (i64, u32),
    /// Last change of anything.
    pub ctime: (i64, u32),
    /// When it was made, where the file system says so.
    pub btime: Option<(i64, u32)>,
    /// Whether something is mounted here.
    pub is_mount: bool,
}

impl Identity {
    /// Whether this is still the same thing: the same inode, not one that got its number again.
    pub fn same_thing(&self, other: &Self) -> bool {
        (self.dev, self.ino, self.kind, self.btime) == (other.dev, other.ino, other.kind, other.btime)
    }

    /// Whether it is the same thing with the same content. Folders are compared by what is in them, elsewhere.
    pub fn unchanged(&self, other: &Self) -> bool {
        self.same_thing(other)
            && (self.kind == Kind::Dir || (self.size, self.mtime) == (other.size, other.mtime))
    }
}

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const LIST: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);

/// Set once `openat2` turned out not to be there.
static STEPWISE: AtomicBool = AtomicBool::new(false);

/// Opens the folder at an absolute path in which no component is a link.
///
/// # Errors
/// What the system says; `ELOOP` if a link is in the way.
pub fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let mut at = openat(CWD, "/", FOLDER, Mode::empty())?;
    // A path may be longer than the system takes at once.
    for piece in pieces(path)? {
        at = open_piece(&at, &piece)?;
    }
    Ok(at)
}

/// A path in pieces of at most 2000 bytes.
fn pieces(path: &Path) -> io::Result<Vec<Vec<&OsStr>>> {
    let odd = || io::Error::new(io::ErrorKind::InvalidInput, "not an absolute path without `..`");
    if !path.is_absolute() {
        return Err(odd());
    }
    let mut pieces: Vec<Vec<&OsStr>> = Vec::new();
    let mut length = usize::MAX;
    for part in path.components() {
        match part {
            Component::RootDir => {}
            Component::Normal(name) => {
                if length > 2000 {
                    pieces.push(Vec::new());
                    length = 0;
                }
                length += name.len() + 1;
                if let Some(piece) = pieces.last_mut() {
                    piece.push(name);
                }
            }
            _ => return Err(odd()),
        }
    }
    Ok(pieces)
}

fn open_piece(at: &OwnedFd, names: &[&OsStr]) -> io::Result<OwnedFd> {
    if !STEPWISE.load(Ordering::Relaxed) {
        let path: std::path::PathBuf = names.iter().collect();
        let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::BENEATH;
        match openat2(at, &path, FOLDER, Mode::empty(), resolve) {
            Err(Errno::NOSYS | Errno::PERM) => STEPWISE.store(true, Ordering::Relaxed),
            other => return Ok(other?),
        }
    }
    let mut folder: Option<OwnedFd> = None;
    for name in names {
        let next = match &folder {
            Some(fd) => openat(fd, *name, FOLDER, Mode::empty())?,
            None => openat(at, *name, FOLDER, Mode::empty())?,
        };
        folder = Some(next);
    }
    folder.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

/// Opens the folder that holds `path`, and returns it with the last name of the path.
///
/// # Errors
/// What the system says; `/` has no folder that holds it.
pub fn open_parent(path: &Path) -> io::Result<(OwnedFd, &OsStr)> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this has no folder above it"));
    };
    Ok((open_folder(parent)?, name))
}

/// Opens a folder inside an open one, to list it. It must not be a link, nor on another mount.
///
/// # Errors
/// What the system says; `EXDEV` for a mount point.
pub fn open_inside(folder: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    if !STEPWISE.load(Ordering::Relaxed) {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS;
        match openat2(&folder, name, LIST, Mode::empty(), resolve) {
            Err(Errno::NOSYS | Errno::PERM) => STEPWISE.store(true, Ordering::Relaxed),
            other => return Ok(other?),
        }
    }
    let inner = openat(&folder, name, LIST, Mode::empty())?;
    if mount_of(&inner)? != mount_of(&folder)? {
        return Err(Errno::XDEV.into());
    }
    Ok(inner)
}

/// The mount a descriptor is on: from `statx`, or from its fdinfo on kernels before 5.8.
fn mount_of(fd: impl AsFd) -> io::Result<u64> {
    let found = look_at(&fd)?;
    if found.mount != 0 {
        return Ok(found.mount);
    }
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd()))?;
    let id = info.lines().find_map(|l| l.strip_prefix("mnt_id:")).and_then(|n| n.trim().parse().ok());
    id.ok_or_else(|| io::Error::other("the kernel does not say which mount this is"))
}

/// Looks at an entry of a folder. Links are not followed, nothing is mounted by looking.
///
/// # Errors
/// What the system says.
pub fn look(folder: impl AsFd, name: &OsStr) -> io::Result<Identity> {
    identity(folder, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT)
}

/// Looks at an open folder itself.
///
/// # Errors
/// What the system says.
pub fn look_at(folder: impl AsFd) -> io::Result<Identity> {
    identity(folder, OsStr::new(""), AtFlags::EMPTY_PATH | AtFlags::NO_AUTOMOUNT)
}

fn identity(folder: impl AsFd, name: &OsStr, flags: AtFlags) -> io::Result<Identity> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME | StatxFlags::MNT_ID;
    let st = statx(folder, name, flags, wanted)?;
    let has = |flag: StatxFlags| st.stx_mask & flag.bits() != 0;
    let time = |t: &StatxTimestamp| (t.tv_sec, t.tv_nsec);
    let kind = match FileType::from_raw_mode(u32::from(st.stx_mode)) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Dir,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    };
    Ok(Identity {
        mount: if has(StatxFlags::MNT_ID) { st.stx_mnt_id } else { 0 },
        dev: rustix::fs::makedev(st.stx_dev_major, st.stx_dev_minor),
        ino: st.stx_ino,
        kind,
        mode: u32::from(st.stx_mode) & 0o7777,
        uid: st.stx_uid,
        gid: st.stx_gid,
        nlink: st.stx_nlink,
        size: st.stx_size,
        blocks: st.stx_blocks,
        mtime: time(&st.stx_mtime),
        ctime: time(&st.stx_ctime),
        btime: has(StatxFlags::BTIME).then(|| time(&st.stx_btime)),
        is_mount: st.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
    })
}

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: OsString,
    /// Inode number, as the listing says.
    pub ino: u64,
    /// Kind, where the listing says so.
    pub kind: Option<Kind>,
}

impl Entry {
    /// Whether it is a folder, by a look at it if the listing does not say.
    pub fn is_dir(&self, folder: impl AsFd) -> bool {
        let kind = self.kind.or_else(|| look(folder, &self.name).ok().map(|i| i.kind));
        kind == Some(Kind::Dir)
    }
}

/// The names in a folder, without `.` and `..`. All are read before any is returned, so that removing them cannot
/// confuse the listing.
///
/// # Errors
/// What the system says.
pub fn list(folder: impl AsFd) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    // A descriptor of its own: the given one may be good for names only, and its position is not ours.
    let readable = openat(folder, ".", LIST, Mode::empty())?;
    for entry in rustix::fs::Dir::new(readable)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::RegularFile => Some(Kind::File),
            FileType::Directory => Some(Kind::Dir),
            FileType::Symlink => Some(Kind::Link),
            FileType::Unknown => None,
            _ => Some(Kind::Special),
        };
        entries.push(Entry { name: OsStr::from_bytes(name).to_os_string(), ino: entry.ino(), kind });
    }
    Ok(entries)
}

/// Renames an entry, never over another.
///
/// # Errors
/// What the system says: `EEXIST`, `EXDEV`, `ENOSPC` …
pub fn rename(from: impl AsFd, name: &OsStr, to: impl AsFd, new: &OsStr) -> io::Result<()> {
    match rustix::fs::renameat_with(&from, name, &to, new, RenameFlags::NOREPLACE) {
        // NFS, Lustre and old ZFS do not know the flag. Where it matters the new name is random.
        Err(Errno::INVAL | Errno::NOSYS)
            if look(&to, new).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) =>
        {
            Ok(rustix::fs::renameat(from, name, to, new)?)
        }
        other => Ok(other?),
    }
}

/// Removes a file, link or the like.
///
/// # Errors
/// What the system says.
pub fn unlink(folder: impl AsFd, name: &OsStr) -> io::Result<()> {
    Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?)
}

/// Removes an empty folder.
///
/// # Errors
/// What the system says.
pub fn rmdir(folder: impl AsFd, name: &OsStr) -> io::Result<()> {
    Ok(rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR)?)
}

/// Makes a folder with these permissions, whatever the umask.
///
/// # Errors
/// What the system says.
pub fn mkdir(folder: impl AsFd, name: &OsStr, mode: u32) -> io::Result<()> {
    rustix::fs::mkdirat(&folder, name, Mode::from_raw_mode(mode & 0o7777 & !0o077 | 0o700))?;
    if mode & 0o077 != 0
        && let Err(e) = rustix::fs::chmodat(&folder, name, Mode::from_raw_mode(mode), AtFlags::empty())
    {
        let _ = rmdir(&folder, name);
        return Err(e.into());
    }
    Ok(())
}

/// Writes a new file of its own, in one write, and waits until it is on the disk. On any error nothing is left.
///
/// # Errors
/// What the system says.
pub fn write_new(folder: impl AsFd, name: &OsStr, content: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = openat(&folder, name, flags, Mode::from_raw_mode(0o600))?;
    let written = (|| {
        let n = rustix::io::write(&fd, content)?;
        if n != content.len() {
            return Err(io::Error::from(Errno::NOSPC));
        }
        rustix::fs::fsync(&fd)?;
        Ok(())
    })();
    if written.is_err() {
        let _ = unlink(&folder, name);
    }
    written
}

/// Appends to a file of its own, which is made if it is not there. Links are not followed.
///
/// # Errors
/// What the system says.
pub fn append(folder: impl AsFd, name: &OsStr, content: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = openat(folder, name, flags, Mode::from_raw_mode(0o600))?;
    let n = rustix::io::write(&fd, content)?;
    if n == content.len() { Ok(()) } else { Err(Errno::NOSPC.into()) }
}

/// Whether this process may write in a folder, by what the system says of its permissions.
pub fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Whether an open failed because a component of the path is a link.
pub fn is_link_in_the_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// Sixteen random hexadecimal digits.
pub fn random_hex() -> String {
    let mut bytes = [0_u8; 8];
    let ok =
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK).is_ok_and(|n| n == 8);
    if !ok {
        use std::hash::{BuildHasher, Hasher};
        // Without the call: the seed the standard library draws for its hash maps.
        bytes = std::collections::hash_map::RandomState::new().build_hasher().finish().to_le_bytes();
    }
    format!("{:016x}", u64::from_le_bytes(bytes))
}

/// Brings everything written to a file system to the disk, so that what is free is known.
///
/// # Errors
/// What the system says.
pub fn sync(path: &Path) -> io::Result<()> {
    let fd = openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?;
    Ok(rustix::fs::syncfs(fd)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_never_followed() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir_all(root.join("real/inner")).expect("made");
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).expect("linked");
        assert!(open_folder(&root.join("real/inner")).is_ok());
        assert!(open_folder(&root.join("link/inner")).is_err());
        assert!(open_folder(Path::new("usr")).is_err() && open_folder(Path::new("/usr/../usr")).is_err());
        let link = root.join("link");
        let (parent, name) = open_parent(&link).expect("the folder that holds it");
        assert_eq!(look(&parent, name).expect("looked at").kind, Kind::Link);
        assert!(open_inside(&parent, name).is_err());
    }

    #[test]
    fn a_rename_never_replaces() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        std::fs::write(root.join("a"), b"a").expect("written");
        std::fs::write(root.join("b"), b"b").expect("written");
        let fd = open_folder(&root).expect("open");
        let error = rename(&fd, OsStr::new("a"), &fd, OsStr::new("b")).expect_err("b is there");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        rename(&fd, OsStr::new("a"), &fd, OsStr::new("c")).expect("c is free");
        assert_eq!(std::fs::read(root.join("b")).expect("read"), b"b");
    }

    #[test]
    fn what_was_not_written_whole_is_not_left() {
        let tmp = tempfile::tempdir().expect("a folder");
        let fd = open_folder(&tmp.path().canonicalize().expect("a path")).expect("open");
        write_new(&fd, OsStr::new("x"), b"content").expect("written");
        assert_eq!(
            write_new(&fd, OsStr::new("x"), b"other").expect_err("there").kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read(tmp.path().join("x")).expect("read"), b"content");
        assert_ne!(random_hex(), random_hex());
        assert_eq!(random_hex().len(), 16);
    }
}
