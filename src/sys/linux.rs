//! Reading directories on Linux: `openat`, `getdents64`, `fstatat` on descriptors. No path is ever put together,
//! so a tree may be deeper than `PATH_MAX`.

use std::cell::RefCell;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags, RawDir};

use super::list::{FsKind, Listed, Lister, Stat};
use crate::model::node::Kind;

const OPEN: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);

/// The Linux back end.
#[derive(Debug, Default, Clone, Copy)]
pub struct Native;

impl Lister for Native {
    type Dir = OwnedFd;

    fn open_root(&self, path: &Path) -> io::Result<OwnedFd> {
        Ok(rustix::fs::open(path, OPEN, Mode::empty())?)
    }

    fn open(&self, parent: &OwnedFd, name: &[u8]) -> io::Result<OwnedFd> {
        Ok(rustix::fs::openat(parent, name, OPEN, Mode::empty())?)
    }

    fn stat_dir(&self, dir: &OwnedFd) -> io::Result<Stat> {
        Ok(convert(&rustix::fs::fstat(dir)?))
    }

    fn stat(&self, dir: &OwnedFd, name: &[u8]) -> io::Result<Stat> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        Ok(convert(&rustix::fs::statat(dir, name, flags)?))
    }

    fn list(&self, dir: &OwnedFd, each: &mut dyn FnMut(Listed<'_>)) -> io::Result<()> {
        thread_local! {
            // 32 KiB: larger buffers measured no faster. One a thread, reused.
            static BUFFER: RefCell<Box<[MaybeUninit<u8>]>> = RefCell::new(Box::new([MaybeUninit::uninit(); 32 * 1024]));
        }
        BUFFER.with_borrow_mut(|buffer| {
            let mut entries = RawDir::new(dir, buffer);
            while let Some(entry) = entries.next() {
                let entry = entry?;
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    each(Listed { name, kind: kind(entry.file_type()), ino: entry.ino() });
                }
            }
            Ok(())
        })
    }

    fn may_write(&self, dir: &OwnedFd) -> bool {
        let wanted = Access::WRITE_OK | Access::EXEC_OK;
        rustix::fs::accessat(dir, ".", wanted, AtFlags::empty()).is_ok()
    }

    fn fs_kind(&self, dir: &OwnedFd) -> FsKind {
        rustix::fs::fstatfs(dir).map_or(FsKind::Other, |fs| fs_kind(fs.f_type as u64))
    }
}

fn kind(t: FileType) -> Option<Kind> {
    match t {
        FileType::RegularFile => Some(Kind::File),
        FileType::Directory => Some(Kind::Dir),
        FileType::Symlink => Some(Kind::Link),
        FileType::Unknown => None,
        _ => Some(Kind::Special),
    }
}

fn convert(st: &rustix::fs::Stat) -> Stat {
    Stat {
        dev: st.st_dev,
        ino: st.st_ino,
        kind: kind(FileType::from_raw_mode(st.st_mode)).unwrap_or(Kind::Special),
        nlink: st.st_nlink,
        uid: st.st_uid,
        mode: st.st_mode & 0o7777,
        size: st.st_size as u64,
        blocks: st.st_blocks as u64,
        mtime: st.st_mtime,
    }
}

/// Magic numbers of `linux/magic.h` (6.18). On the plain ones `d_ino` equals `st_ino`.
fn fs_kind(magic: u64) -> FsKind {
    match magic {
        // ext2/3/4, XFS, Btrfs, F2FS, tmpfs
        0xEF53 | 0x5846_5342 | 0x9123_683E | 0xF2F5_2010 | 0x0102_1994 => FsKind::Plain,
        // proc, sysfs, cgroup, cgroup2, devpts, debugfs, tracefs, securityfs, pstore, bpf, configfs, fusectl,
        // mqueue, hugetlbfs, binfmt_misc, autofs, efivarfs, nsfs, rpc_pipefs, selinuxfs, smackfs
        0x9FA0 | 0x6265_6572 | 0x0027_E0EB | 0x6367_7270 | 0x1CD1 | 0x6462_6720 | 0x7472_6163
        | 0x7363_6673 | 0x6165_676C | 0xCAFE_4A11 | 0x6265_6570 | 0x6573_5543 | 0x1980_0202 | 0x9584_58F6
        | 0x4249_4E4D | 0x0187 | 0xDE5E_81E4 | 0x6E73_6673 | 0x6759_6969 | 0xF97C_FF8C | 0x4341_5D53 => {
            FsKind::Kernel
        }
        _ => FsKind::Other,
    }
}
