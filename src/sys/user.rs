//! Who runs this process, and who owns what. Names come from `/etc/passwd` alone: in a static binary the system's
//! own look-up would load libraries of the host.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Mode, Uid};

use super::beneath;

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// User number.
    pub uid: u32,
    /// Name.
    pub name: String,
    /// Home folder.
    pub home: PathBuf,
}

/// The effective user number of this process.
pub fn effective() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The name of this machine, safe to show, without its domain.
pub fn host() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_bytes();
    crate::text::display(name.split(|b| *b == b'.').next().unwrap_or(name))
}

/// Whether this process runs with more rights than the user who started it (a set-uid bit).
pub fn is_elevated() -> bool {
    rustix::process::getuid() != rustix::process::geteuid()
}

/// All accounts of a file like `/etc/passwd`; lines that are not accounts are passed over.
pub fn accounts(file: &Path) -> Vec<Account> {
    std::fs::read(file).map(|text| parse(&text)).unwrap_or_default()
}

fn parse(text: &[u8]) -> Vec<Account> {
    let line = |line: &[u8]| {
        let fields: Vec<&[u8]> = line.split(|b| *b == b':').collect();
        let [name, _, uid, _, _, home, ..] = fields[..] else { return None };
        Some(Account {
            uid: std::str::from_utf8(uid).ok()?.parse().ok()?,
            name: crate::text::display(name),
            home: PathBuf::from(crate::text::os_str(home)),
        })
    };
    text.split(|b| *b == b'\n').filter_map(line).collect()
}

/// Names of users by number.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<u32, String>);

impl Names {
    /// The names in these accounts; the first account of a number names it.
    pub fn of(accounts: &[Account]) -> Self {
        let mut names = HashMap::new();
        for a in accounts {
            names.entry(a.uid).or_insert_with(|| a.name.clone());
        }
        Self(names)
    }

    /// The name of a user, or the number.
    pub fn get(&self, uid: u32) -> String {
        self.0.get(&uid).cloned().unwrap_or_else(|| uid.to_string())
    }
}

/// Gives an empty folder that was made a moment ago to somebody, with these permissions. Whoever put another one in its
/// place meanwhile gains nothing by it.
///
/// # Errors
/// What the system says, or that it is not empty or not ours.
pub fn give(
    folder: impl std::os::fd::AsFd,
    name: &std::ffi::OsStr,
    uid: u32,
    gid: u32,
    mode: u32,
) -> std::io::Result<()> {
    let fd = beneath::open_inside(folder, name)?;
    let is_new = beneath::look_at(&fd)?.uid == effective() && beneath::list(&fd)?.is_empty();
    if !is_new {
        return Err(std::io::Error::other("something else came to lie there"));
    }
    rustix::fs::fchown(&fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    // A change of owner clears bits that say whose rights a program gets.
    Ok(rustix::fs::fchmod(&fd, Mode::from_raw_mode(mode & 0o7777))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_and_nonsense_is_passed_over() {
        let all = parse(
            b"root:x:0:0:root:/root:/bin/bash\n# no\nana:x:1007:1007::/home/ana:/bin/sh\nx:y:z\n+::::::\n",
        );
        assert_eq!(all.len(), 2);
        assert_eq!(all[1], Account { uid: 1007, name: "ana".into(), home: "/home/ana".into() });
        let names = Names::of(&all);
        assert_eq!((names.get(1007), names.get(5)), ("ana".into(), "5".into()));
    }
}
