//! Which files some process holds a lock on, from `/proc/locks`. Unlike descriptors it tells those of other users too.
//! A lock file that is there proves nothing; one that is held does.

use std::path::Path;

/// A lock that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Device, as `st_dev`.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Who holds it; none of a lock that belongs to an open file and not to a process.
    pub pid: Option<u32>,
}

/// All locks that are held on this machine, as far as it is told here: a container sees its own alone.
#[derive(Debug, Clone, Default)]
pub struct Locks(Vec<Lock>);

impl Locks {
    /// Reads them; none where the system does not say.
    pub fn read() -> Self {
        std::fs::read_to_string(Path::new("/proc/locks")).map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(line).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without those of processes whose open files can be listed: what such a process holds is seen there. This
    /// process is not looked into, so its own stay; and those of containers, to whom paths mean something else.
    #[must_use]
    pub fn of_strangers(mut self) -> Self {
        let mounts_of = |who: &str| std::fs::read_link(format!("/proc/{who}/ns/mnt")).ok();
        let ours = mounts_of("self");
        let is_open_book = |pid: u32| {
            mounts_of(&pid.to_string()).is_some_and(|theirs| ours.as_ref() == Some(&theirs))
                && std::fs::read_dir(format!("/proc/{pid}/fd")).is_ok()
        };
        self.0.retain(|lock| lock.pid.is_none_or(|pid| pid == std::process::id() || !is_open_book(pid)));
        self
    }

    /// Those that may be on a device.
    #[must_use]
    pub fn near(&self, dev: u64) -> Self {
        Self(self.0.iter().filter(|lock| may_be_one(lock.dev, dev)).copied().collect())
    }

    /// The lock on an inode. File systems that make up their device (Btrfs, overlay) name another one in `stat` than
    /// here: there the inode number alone decides, so that rather too much is taken for used.
    pub fn on(&self, dev: u64, ino: u64) -> Option<Lock> {
        self.0.iter().find(|l| l.ino == ino && may_be_one(l.dev, dev)).copied()
    }
}

fn may_be_one(a: u64, b: u64) -> bool {
    let made_up = |dev| rustix::fs::major(dev) == 0;
    a == b || (made_up(a) && made_up(b))
}

/// A line of `/proc/locks` (Documentation/filesystems/proc.rst): number, kind, how, for what, process,
/// `major:minor:inode`, range. One with an arrow waits for the lock of another.
fn line(line: &str) -> Option<Lock> {
    let mut words = line.split_ascii_whitespace().skip(1);
    if !matches!(words.next()?, "FLOCK" | "POSIX" | "OFDLCK") {
        return None;
    }
    let pid = words.nth(2)?.parse().ok();
    let mut place = words.next()?.split(':');
    let mut hex = || u32::from_str_radix(place.next()?, 16).ok();
    let dev = rustix::fs::makedev(hex()?, hex()?);
    Some(Lock { dev, ino: place.next()?.parse().ok()?, pid })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn held_locks_are_read_and_those_who_wait_are_not() {
        let locks = Locks::parse(
            "1: FLOCK  ADVISORY  WRITE 1360 fe:0a:12984364 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 1361 fe:0a:12984364 0 EOF\n\
             2: OFDLCK ADVISORY  READ -1 00:2a:7 0 EOF\n3: LEASE  ACTIVE READ 9 fe:0a:8 0 EOF\nnonsense\n4: POSIX\n",
        );
        let dev = rustix::fs::makedev(0xfe, 0x0a);
        assert_eq!(locks.0.len(), 2);
        assert_eq!(locks.on(dev, 12_984_364).and_then(|l| l.pid), Some(1360));
        assert_eq!(locks.on(dev, 8), None);
        // Another subvolume of the same Btrfs.
        assert_eq!(locks.on(rustix::fs::makedev(0, 77), 7).map(|l| l.pid), Some(None));
        assert_eq!(locks.on(dev, 7), None);
    }

    #[test]
    fn a_lock_that_is_held_is_seen_until_it_is_let_go() {
        let tmp = tempfile::tempdir().expect("a folder");
        let file = std::fs::File::create(tmp.path().join("x.lock")).expect("a file");
        let meta = file.metadata().expect("stat");
        assert_eq!(Locks::read().on(meta.dev(), meta.ino()), None);
        file.lock().expect("locked");
        if std::path::Path::new("/proc/locks").exists() {
            assert_eq!(
                Locks::read().on(meta.dev(), meta.ino()).and_then(|l| l.pid),
                Some(std::process::id())
            );
        }
        file.unlock().expect("unlocked");
        assert_eq!(Locks::read().on(meta.dev(), meta.ino()), None);
    }
}
