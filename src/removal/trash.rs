//! The trash: a rename on the same mount, or a refusal with its reason. Never a copy.
//!
//! The layout is that of the FreeDesktop Trash specification 1.0, so other programs see and restore what lies here.
//! What mldu put here is told by `X-Mldu-*` lines in the record itself, which the specification lets readers ignore.

mod root;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::sys::beneath::{self, Identity};
use crate::text;

pub use root::{Root, root_for};

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
