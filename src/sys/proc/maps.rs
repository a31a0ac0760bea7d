//! `/proc/PID/maps`: which files a process has mapped (Documentation/filesystems/proc.rst, 1.1). Model loaders close the
//! descriptor and keep the mapping, so without this a model in use looks idle.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A file that is mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The range of addresses, as `/proc/PID/map_files` calls it.
    pub range: String,
    /// Bytes of it.
    pub length: u64,
    /// Device, as mountinfo calls it; `stat` names another on Btrfs.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// The path; of a deleted file with ` (deleted)` behind it.
    pub path: PathBuf,
}

/// The files in `/proc/PID/maps`, each once.
pub fn files(maps: &[u8]) -> Vec<Mapping> {
    let mut all: Vec<Mapping> = Vec::new();
    for mapping in maps.split(|b| *b == b'\n').filter_map(line) {
        match all.last_mut() {
            Some(last) if (last.ino, &last.path) == (mapping.ino, &mapping.path) => {
                last.length += mapping.length;
            }
            _ => all.push(mapping),
        }
    }
    all
}

fn line(line: &[u8]) -> Option<Mapping> {
    let at = line.iter().position(|b| *b == b'/')?;
    let head = std::str::from_utf8(&line[..at]).ok()?;
    let mut words = head.split_ascii_whitespace();
    let range = words.next()?;
    let (from, to) = range.split_once('-')?;
    let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
    let (major, minor) = words.nth(2)?.split_once(':')?;
    let dev = rustix::fs::makedev(u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
    Some(Mapping {
        range: range.to_string(),
        length: to.saturating_sub(from),
        dev,
        ino: words.next()?.parse().ok()?,
        path: PathBuf::from(OsString::from_vec(unescape_newlines(&line[at..]))),
    })
}

/// A newline in a name is written `\012` there.
fn unescape_newlines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((b, tail)) = rest.split_first() {
        if rest.starts_with(b"\\012") {
            out.push(b'\n');
            rest = &rest[4..];
        } else {
            out.push(*b);
            rest = tail;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn lines_give_files_once() {
        let text = b"7f0000-7f1000 r--p 00000000 fe:01 123   /a/b c.so\n7f1000-7f2000 r-xp 00001000 fe:01 123   /a/b c.so\n\
            7f2-7f3 rw-p 0 00:00 0 \n7f3-7f4 rw-p 0 00:00 0 [heap]\n7f5-7f6 r--p 0 00:27 5 /x\\012y (deleted)\n";
        let all = files(text);
        let paths: Vec<&Path> = all.iter().map(|m| m.path.as_path()).collect();
        assert_eq!(paths, [Path::new("/a/b c.so"), Path::new("/x\ny (deleted)")]);
        assert_eq!((all[0].ino, all[0].length, all[0].dev), (123, 0x2000, rustix::fs::makedev(0xfe, 1)));
        assert_eq!((all[1].range.as_str(), all[1].dev), ("7f5-7f6", rustix::fs::makedev(0, 0x27)));
    }
}
