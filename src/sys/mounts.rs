//! What is mounted where, and what is left on it.
//!
//! `/proc/self/mountinfo` is read as bytes: a mount point need not be UTF-8 (the `procfs` crate 0.18 fails then).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::mount::{Mount, Space};

/// A line of `/proc/self/mountinfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountInfo {
    /// The kernel's number for the mount.
    pub id: u64,
    /// Device number as the kernel prints it.
    pub dev: u64,
    /// Which folder of the file system is mounted.
    pub root: PathBuf,
    /// Where.
    pub path: PathBuf,
    /// Type.
    pub fstype: String,
    /// What is mounted.
    pub source: String,
    /// Whether the mount or the file system is read-only.
    pub read_only: bool,
    /// Options of the file system, as the kernel writes them.
    pub options: String,
}

/// Types the kernel makes up: nothing on them takes disk space.
const KERNEL: &[&str] = &[
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "fuse.lxcfs",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// Types whose server may not answer.
const REMOTE: &[&str] = &[
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "orangefs",
    "smb3",
    "smbfs",
    "virtiofs",
];

impl MountInfo {
    /// Whether the kernel makes this file system up.
    pub fn is_kernel(&self) -> bool {
        KERNEL.contains(&self.fstype.as_str())
    }

    /// Whether asking it may take for ever: network file systems and FUSE.
    pub fn is_remote(&self) -> bool {
        REMOTE.contains(&self.fstype.as_str()) || self.fstype.starts_with("fuse")
    }
}

/// All mounts this process sees, or none where the system does not say.
pub fn read() -> Vec<MountInfo> {
    std::fs::read("/proc/self/mountinfo").map(|text| parse(&text)).unwrap_or_default()
}

/// Parses mountinfo (Documentation/filesystems/proc.rst, section 3.5).
pub fn parse(text: &[u8]) -> Vec<MountInfo> {
    text.split(|b| *b == b'\n').filter_map(line).collect()
}

fn line(line: &[u8]) -> Option<MountInfo> {
    let words: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
    let dash = words.iter().position(|w| *w == b"-")?;
    let number = |w: &[u8]| std::str::from_utf8(w).ok()?.parse::<u64>().ok();
    let (major, minor) = {
        let at = words.get(2)?.iter().position(|b| *b == b':')?;
        (number(&words[2][..at])?, number(&words[2][at + 1..])?)
    };
    // The second is how ext4 says that it closed itself after an error (since Linux 6.14).
    let read_only = |w: &[u8]| w.split(|b| *b == b',').any(|o| o == b"ro" || o == b"emergency_ro");
    let text = |w: &[u8]| crate::text::display(&unescape(w));
    Some(MountInfo {
        id: number(words[0])?,
        dev: makedev(major, minor),
        root: PathBuf::from(OsString::from_vec(unescape(words.get(3)?))),
        path: PathBuf::from(OsString::from_vec(unescape(words.get(4)?))),
        fstype: text(words.get(dash + 1)?),
        source: text(words.get(dash + 2)?),
        read_only: read_only(words.get(5)?) || words.get(dash + 3).is_some_and(|w| read_only(w)),
        options: words.get(dash + 3).map(|w| text(w)).unwrap_or_default(),
    })
}

/// `st_dev` of a device, as glibc puts it together.
fn makedev(major: u64, minor: u64) -> u64 {
    ((major & 0xffff_f000) << 32) | ((major & 0xfff) << 8) | ((minor & 0xffff_ff00) << 12) | (minor & 0xff)
}

/// Undoes the kernel's `\040` for space, tab, newline and backslash.
fn unescape(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((b, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|d| *b == b'\\' && d.iter().all(|c| (b'0'..=b'7').contains(c)));
        if let Some(d) = octal {
            out.push((d[0] - b'0').wrapping_mul(64) + (d[1] - b'0') * 8 + (d[2] - b'0'));
            rest = &tail[3..];
        } else {
            out.push(*b);
            rest = tail;
        }
    }
    out
}

/// What is left on the file system that holds `path`.
///
/// # Errors
/// What the system says.
pub fn space(path: &Path) -> std::io::Result<Space> {
    let s = rustix::fs::statvfs(path)?;
    let inodes = (s.f_files > 0).then_some(s.f_files);
    Ok(Space {
        total: s.f_blocks.saturating_mul(s.f_frsize),
        available: s.f_bavail.saturating_mul(s.f_frsize),
        free: s.f_bfree.saturating_mul(s.f_frsize),
        inodes,
        inodes_available: inodes.map(|_| s.f_favail),
    })
}

/// Calls something that may never return in a thread of its own and waits for it no longer than this.
pub fn within<T: Send + 'static>(limit: Duration, call: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tx, rx) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("may-hang".into())
        .spawn(move || {
            let _ = tx.send(call());
        })
        .ok()?;
    rx.recv_timeout(limit).ok()
}

/// How long a network file system has to answer.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The mount without its space: nobody is asked.
pub fn unasked(info: &MountInfo) -> Mount {
    Mount {
        path: info.path.clone(),
        fstype: info.fstype.clone(),
        source: info.source.clone(),
        id: info.id,
        dev: info.dev,
        read_only: info.read_only,
        space: None,
    }
}

/// Errors the kernel has counted on an ext4 file system since it was last checked (Documentation/ABI/testing/sysfs-fs-ext4).
pub fn counted_errors(dev: u64) -> Option<u64> {
    let number = format!("{}:{}", rustix::fs::major(dev), rustix::fs::minor(dev));
    let device = Path::new("/sys/dev/block").join(number).canonicalize().ok()?;
    let count = Path::new("/sys/fs/ext4").join(device.file_name()?).join("errors_count");
    std::fs::read_to_string(count).ok()?.trim().parse().ok()
}

/// The mount with its space, or without where it does not answer.
pub fn look(info: &MountInfo) -> Mount {
    let path = info.path.clone();
    let space = if info.is_remote() {
        within(PATIENCE, move || space(&path).ok()).flatten()
    } else {
        space(&path).ok()
    };
    Mount { space, ..unasked(info) }
}

/// The mount that holds `path`: of those at or above it the deepest, and of several there the last one mounted.
pub fn holding<'a>(all: &'a [MountInfo], path: &Path) -> Option<&'a MountInfo> {
    all.iter()
        .enumerate()
        .filter(|(_, m)| path.starts_with(&m.path))
        .max_by_key(|(i, m)| (m.path.as_os_str().len(), *i))
        .map(|(_, m)| m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mountinfo_is_read_with_odd_names() {
        let all = parse(
            b"36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n\
              40 35 0:35 / /x\xff ro - tmpfs tmpfs rw\n\
              garbage\n\
              41 35 8:1 / /y rw shared:2 - fuse.sshfs u@h:/ ro\n\
              42 35 7:0 / /z rw - ext4 /dev/loop0 rw,errors=remount-ro,emergency_ro\n",
        );
        assert_eq!(all.len(), 4);
        assert_eq!(all[0].path, Path::new("/mnt/a b"));
        assert_eq!(all[0].root, Path::new("/mnt1"));
        assert_eq!(all[0].dev, 98 << 8);
        assert_eq!(all[1].path.as_os_str().as_encoded_bytes(), b"/x\xff");
        assert!(all[1].read_only && all[2].read_only && all[3].read_only && !all[0].read_only);
        assert!(all[2].is_remote() && !all[1].is_remote());
    }

    #[test]
    fn the_deepest_and_latest_mount_holds_a_path() {
        let all = parse(
            b"1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /home rw - ext4 b rw\n3 1 8:3 / /home rw - ext4 c rw\n",
        );
        assert_eq!(holding(&all, Path::new("/home/x")).map(|m| m.id), Some(3));
        assert_eq!(holding(&all, Path::new("/homes")).map(|m| m.id), Some(1));
    }

    #[test]
    fn a_call_that_hangs_is_given_up() {
        let slow = within(Duration::from_millis(20), || std::thread::sleep(Duration::from_secs(5)));
        assert_eq!(slow, None);
        assert_eq!(within(Duration::from_secs(5), || 7), Some(7));
    }

    #[test]
    fn space_of_the_root_is_known() {
        let s = space(Path::new("/")).expect("the root answers");
        assert!(s.total > 0 && s.available <= s.free && s.free <= s.total);
    }
}
