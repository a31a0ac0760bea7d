//! What lies in the trashes, read back from their records, and which of it mldu put there.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::age;
use super::deletion;
use super::facts::sentence;
use super::record;
use super::trash::decode;
use crate::env::Env;
use crate::model::problem::Problem;
use crate::sys::beneath::{self, Identity};
use crate::sys::mounts::{self, MountInfo};
use crate::sys::read::{Range, read_beneath};

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
    /// That in seconds since 1970, by the clock that wrote it; none if it is no time.
    pub when: Option<i64>,
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
    /// Which of how many parts of it, if the record says so.
    pub part: Option<(usize, usize)>,
    /// Inode number and birth time it had.
    pub id: String,
    /// Bytes of blocks.
    pub bytes: u64,
    /// Permissions, owner and group of the folder it was in.
    pub parent: Option<(u32, u32, u32)>,
}

impl Trashed {
    /// What tells it from others of the same name: the first of the random digits mldu gave it.
    pub fn id(&self) -> Option<&str> {
        self.ours.as_ref()?;
        digits(&self.name).map(|d| &d[..8])
    }

    /// How old it is in seconds, if its date can be believed.
    pub fn age(&self, now: i64) -> Option<i64> {
        age::age(self.when, now)
    }

    /// Whether nothing says where it was: it lies in a trash without a record.
    pub fn is_orphan(&self) -> bool {
        self.original.as_os_str().is_empty()
    }

    /// Whether it is the rest of something whose emptying was interrupted.
    pub fn is_rest(&self) -> bool {
        self.name.as_bytes().starts_with(deletion::PREFIX.as_bytes())
    }

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
        ours.id == id_of(now)
    }
}

/// Inode number and birth time, as a record has them.
pub(super) fn id_of(it: &Identity) -> String {
    let born = it.btime.map_or_else(|| "-".into(), |(s, n)| format!("{s}.{n:09}"));
    format!("{}:{born}", it.ino)
}

/// The sixteen random digits at the end of a name mldu gave.
fn digits(name: &OsStr) -> Option<&str> {
    let at = name.len().checked_sub(17)?;
    let digits = name.as_bytes()[at..].strip_prefix(b".")?;
    std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The trash folders there are: of the home, of every mount that answers, and those mldu made elsewhere. One of which
/// it cannot be told whether it is there is among them, so that reading it says why.
pub fn roots(env: &Env, table: &[MountInfo]) -> Vec<PathBuf> {
    let uid = env.uid();
    let mut own: BTreeSet<PathBuf> = record::roots(env).into_iter().collect();
    let home = env.data_of(env.home()).join("Trash");
    match home.canonicalize() {
        Ok(real) => _ = own.insert(real),
        Err(e) if is_missing(&e) => {}
        Err(_) => _ = own.insert(home),
    }
    let mut all = own.clone();
    for mount in table.iter().filter(|m| !m.is_kernel() && !m.is_remote() && env.sees(&m.path)) {
        all.insert(mount.path.join(".Trash").join(uid.to_string()));
        all.insert(mount.path.join(format!(".Trash-{uid}")));
    }
    // Whoever tries mldu out (its own tests do) keeps it from the trashes of the rest of the machine.
    if let Some(below) = env.folder("MLDU_ONLY_BELOW") {
        all.retain(|root| root.starts_with(&below));
    }
    let mut dead: Vec<PathBuf> = Vec::new();
    all.retain(|root| is_trash(root, &own, table, &mut dead));
    all.into_iter().collect()
}

/// Whether a trash is there, or it cannot be told. One that was made on a server which does not answer any more is not
/// waited for.
fn is_trash(root: &Path, own: &BTreeSet<PathBuf>, table: &[MountInfo], dead: &mut Vec<PathBuf>) -> bool {
    let info = root.join("info");
    let look = move || info.symlink_metadata();
    let found = match mounts::holding(table, root) {
        Some(mount) if dead.contains(&mount.path) => return false,
        Some(mount) if mount.is_remote() => {
            let Some(found) = mounts::within(mounts::PATIENCE, look) else {
                dead.push(mount.path.clone());
                return false;
            };
            found
        }
        _ => look(),
    };
    match found {
        Ok(info) => info.is_dir(),
        // Many mounts are closed to a user, and nothing of theirs is there.
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => own.contains(root),
        Err(e) => !is_missing(&e),
    }
}

/// The trashes mldu used whose place is missing or empty now, as a mount point without its file system is. What lies in
/// them cannot come back before that is mounted. Where other things lie there, the trash itself was removed.
pub fn absent(env: &Env) -> Vec<PathBuf> {
    let is_missing = |e: &std::io::Error| e.kind() == std::io::ErrorKind::NotFound;
    let gone = |root: &PathBuf| {
        root.symlink_metadata().is_err_and(|e| is_missing(&e))
            && root.parent().is_some_and(|top| match std::fs::read_dir(top) {
                Ok(mut entries) => entries.next().is_none(),
                Err(e) => is_missing(&e),
            })
    };
    record::kept(env).into_iter().filter(gone).collect()
}

/// What lies in these trashes without a record: nothing says where it was, so it is nobody's to remove.
pub fn orphans(roots: &[PathBuf]) -> Vec<Trashed> {
    let mut found = Vec::new();
    for root in roots {
        let (Ok(info), Ok(files)) =
            (beneath::open_folder(&root.join("info")), beneath::open_folder(&root.join("files")))
        else {
            continue;
        };
        for name in beneath::list(&files).unwrap_or_default().into_iter().map(|e| e.name) {
            let mut record = name.clone();
            record.push(".trashinfo");
            // Looked at before the record: one that comes into being meanwhile is no orphan.
            let Ok(identity) = beneath::look(&files, &name) else { continue };
            if beneath::look(&info, &record).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
                found.push(Trashed {
                    root: root.clone(),
                    name,
                    original: PathBuf::new(),
                    date: String::new(),
                    when: None,
                    ours: None,
                    identity: Some(identity),
                });
            }
        }
    }
    found.sort_by(|a, b| (&a.root, &a.name).cmp(&(&b.root, &b.name)));
    found
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Everything in all trashes there are, oldest first, and what of them could not be read.
pub fn everywhere(env: &Env) -> (Vec<Trashed>, Vec<Problem>) {
    let table = mounts::read();
    let (all, mut problems) = read_all(&roots(env, &table));
    if table.is_empty() {
        let error = "the mounts cannot be read from it, so their trashes were not looked into".into();
        problems.push(Problem { path: "/proc/self/mountinfo".into(), operation: "read", error });
    }
    (all, problems)
}

/// Everything in these trashes, oldest first. What cannot be read is passed over.
pub fn read(roots: &[PathBuf]) -> Vec<Trashed> {
    read_all(roots).0
}

/// Everything in these trashes, oldest first, and what of them could not be read: what that stands for stays in the
/// trash.
pub fn read_all(roots: &[PathBuf]) -> (Vec<Trashed>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut all: Vec<Trashed> = Vec::new();
    for root in roots {
        let mut note = |path: PathBuf, e: &io::Error| {
            // What was removed meanwhile is no problem.
            if e.kind() != io::ErrorKind::NotFound {
                problems.push(Problem { path, operation: "read", error: sentence(e) });
            }
        };
        if let Err(e) = read_one(root, &mut all, &mut note) {
            note(root.join("info"), &e);
        }
    }
    all.sort_by(|a, b| (&a.date, &a.original).cmp(&(&b.date, &b.original)));
    (all, problems)
}

fn read_one(
    root: &Path,
    found: &mut Vec<Trashed>,
    note: &mut dyn FnMut(PathBuf, &io::Error),
) -> io::Result<()> {
    let info = beneath::open_folder(&root.join("info"))?;
    let files = beneath::open_folder(&root.join("files")).inspect_err(|e| note(root.join("files"), e)).ok();
    for name in beneath::list(&info)?.into_iter().map(|e| e.name) {
        let Some(stem) = name.as_bytes().strip_suffix(b".trashinfo") else { continue };
        let content = match read_beneath(&info, Path::new(&name), Range::Head, 64 * 1024) {
            Ok(content) => content,
            Err(e) => {
                note(root.join("info").join(&name), &e);
                continue;
            }
        };
        let stem = OsStr::from_bytes(stem).to_os_string();
        let look = |f| beneath::look(f, &stem).inspect_err(|e| note(root.join("files").join(&stem), e)).ok();
        let identity = files.as_ref().and_then(look);
        found.extend(parse(root, stem, &content, identity));
    }
    Ok(())
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
    let part: Option<(usize, usize)> = text("X-Mldu-Part").and_then(|p| {
        let (at, of) = p.split_once('/')?;
        Some((at.parse().ok()?, of.parse().ok()?))
    });
    let ours = text("X-Mldu-Run").map(|run| Ours {
        run,
        item: value("X-Mldu-Item")
            .map(|v| String::from_utf8_lossy(&decode(v)).into_owned())
            .unwrap_or_default(),
        part,
        id: text("X-Mldu-Id").unwrap_or_default(),
        bytes: text("X-Mldu-Bytes").and_then(|b| b.parse().ok()).unwrap_or(0),
        parent,
    });
    let date = text("DeletionDate").unwrap_or_default();
    Some(Trashed {
        root: root.to_path_buf(),
        name,
        original,
        when: age::seconds(&date),
        date,
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
