//! What lies in the trashes, read back from their records, and which of it mldu put there.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::record;
use super::trash::decode;
use crate::env::Env;
use crate::sys::beneath::{self, Identity};
use crate::sys::mounts::{self, MountInfo};

/// A thing in a trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trashed {
    /// The trash folder.
    pub root: PathBuf,
    /// Its name in `files`; the record is `info/<name>.trashinfo`.
    pub name: OsString,
    /// Where it was.
    pub original: PathBuf,
    /// When it was trashed, `YYYY-MM-DDThh:mm:ss`, as its record says.
    pub date: String,
    /// Set if mldu trashed it.
    pub ours: Option<Ours>,
    /// Who it is now; none if only the record is left.
    pub identity: Option<Identity>,
}

/// What mldu wrote beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// The run.
    pub run: String,
    /// The item it was a part of.
    pub item: String,
    /// Inode number and birth time it had.
    pub id: String,
    /// Bytes of blocks.
    pub bytes: u64,
    /// Permissions, owner and group of the folder it was in.
    pub parent: Option<(u32, u32, u32)>,
}

impl Trashed {
    /// The file itself.
    pub fn file(&self) -> PathBuf {
        self.root.join("files").join(&self.name)
    }

    /// Its record.
    pub fn info(&self) -> PathBuf {
        let mut name = self.name.clone();
        name.push(".trashinfo");
        self.root.join("info").join(name)
    }

    /// Whether mldu trashed it, and it is still the same thing. A copy of a record vouches for nothing.
    pub fn is_ours(&self) -> bool {
        let (Some(ours), Some(now)) = (&self.ours, &self.identity) else { return false };
        let born = now.btime.map_or_else(|| "-".into(), |(s, n)| format!("{s}.{n:09}"));
        ours.id == format!("{}:{born}", now.ino)
    }
}

/// The trash folders there are: of the home, of every mount that answers, and those mldu made elsewhere.
pub fn roots(env: &Env, table: &[MountInfo]) -> Vec<PathBuf> {
    let uid = env.uid();
    let mut all: BTreeSet<PathBuf> = BTreeSet::new();
    let home = env.data_of(env.home()).join("Trash");
    all.extend(home.canonicalize());
    for mount in table.iter().filter(|m| !m.is_kernel() && !m.is_remote() && env.sees(&m.path)) {
        all.insert(mount.path.join(".Trash").join(uid.to_string()));
        all.insert(mount.path.join(format!(".Trash-{uid}")));
    }
    all.extend(record::roots(env));
    let mut dead: Vec<PathBuf> = Vec::new();
    all.into_iter().filter(|root| is_trash(root, table, &mut dead)).collect()
}

/// Whether a trash is there. One that was made on a server which does not answer any more is not waited for.
fn is_trash(root: &Path, table: &[MountInfo], dead: &mut Vec<PathBuf>) -> bool {
    let info = root.join("info");
    let look = move || info.symlink_metadata().is_ok_and(|m| m.is_dir());
    match mounts::holding(table, root) {
        Some(mount) if dead.contains(&mount.path) => false,
        Some(mount) if mount.is_remote() => mounts::within(mounts::PATIENCE, look).unwrap_or_else(|| {
            dead.push(mount.path.clone());
            false
        }),
        _ => look(),
    }
}

/// Everything in these trashes, oldest first. What cannot be read is passed over: it is not ours to judge.
pub fn read(roots: &[PathBuf]) -> Vec<Trashed> {
    let mut all: Vec<Trashed> = roots.iter().flat_map(|r| read_one(r)).collect();
    all.sort_by(|a, b| (&a.date, &a.original).cmp(&(&b.date, &b.original)));
    all
}

fn read_one(root: &Path) -> Vec<Trashed> {
    let Ok(info) = beneath::open_folder(&root.join("info")) else { return Vec::new() };
    let files = beneath::open_folder(&root.join("files")).ok();
    let names = beneath::list(&info).unwrap_or_default();
    let mut found = Vec::new();
    for (name, _) in names {
        let Some(stem) = name.as_bytes().strip_suffix(b".trashinfo") else { continue };
        let Ok(content) =
            crate::sys::read::read_beneath(&info, Path::new(&name), crate::sys::read::Range::Head, 64 * 1024)
        else {
            continue;
        };
        let stem = OsStr::from_bytes(stem).to_os_string();
        let identity = files.as_ref().and_then(|f| beneath::look(f, &stem).ok());
        found.extend(parse(root, stem, &content, identity));
    }
    found
}

/// Reads a record. Of a key that comes twice the first counts.
fn parse(root: &Path, name: OsString, content: &[u8], identity: Option<Identity>) -> Option<Trashed> {
    let value = |key: &str| {
        content.split(|b| *b == b'\n').find_map(|l| l.strip_prefix(key.as_bytes())?.strip_prefix(b"="))
    };
    let text = |key: &str| value(key).and_then(|v| std::str::from_utf8(v).ok()).map(str::to_string);
    let path = PathBuf::from(OsString::from_vec(decode(value("Path")?)));
    let original = if path.is_absolute() { path } else { top_of(root)?.join(path) };
    let parent = text("X-Mldu-Parent").and_then(|p| {
        let mut parts = p.split(':');
        let mode = u32::from_str_radix(parts.next()?, 8).ok()?;
        Some((mode, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    let ours = text("X-Mldu-Run").map(|run| Ours {
        run,
        item: value("X-Mldu-Item")
            .map(|v| String::from_utf8_lossy(&decode(v)).into_owned())
            .unwrap_or_default(),
        id: text("X-Mldu-Id").unwrap_or_default(),
        bytes: text("X-Mldu-Bytes").and_then(|b| b.parse().ok()).unwrap_or(0),
        parent,
    });
    Some(Trashed {
        root: root.to_path_buf(),
        name,
        original,
        date: text("DeletionDate").unwrap_or_default(),
        ours,
        identity,
    })
}

/// What relative paths in a trash are relative to: `top` of `top/.Trash-UID` and of `top/.Trash/UID`.
fn top_of(root: &Path) -> Option<&Path> {
    let name = root.file_name()?.as_bytes();
    if name.starts_with(b".Trash-") { root.parent() } else { root.parent()?.parent() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_others_are_read_and_are_not_ours() {
        let t = parse(
            Path::new("/data/.Trash-7"),
            "x".into(),
            b"[Trash Info]\nPath=a%20b/c\nPath=second\nDeletionDate=2026-01-02T03:04:05\nFoo=bar\n",
            None,
        )
        .expect("a record");
        assert_eq!(t.original, Path::new("/data/a b/c"));
        assert_eq!(t.date, "2026-01-02T03:04:05");
        assert!(t.ours.is_none() && !t.is_ours());
        let shared = parse(Path::new("/data/.Trash/7"), "x".into(), b"Path=c\n", None).expect("a record");
        assert_eq!(shared.original, Path::new("/data/c"));
        assert!(parse(Path::new("/t"), "x".into(), b"nothing", None).is_none());
    }
}
