//! The tree in ncdu's JSON, format 1.2 (<https://dev.yorhel.nl/ncdu/jsonfmt>), written as it is walked: nothing is
//! held but the way down. It opens nothing; the bytes go where they are told to.
//!
//! Names are written as ncdu 1.9 to 2 write them: the bytes as they are, also those that are not UTF-8, and only
//! quotes, backslashes, control characters and DEL escaped. The fields of its extended mode (`uid`, `mtime`, `mode`)
//! are there; `gid` is not, because the tree does not keep it. `unread` is our own: a folder above what was scanned.

use std::io::{self, Write};

use crate::model::inventory::Inventory;
use crate::model::links::DevId;
use crate::model::node::{DirId, Kind};
use crate::model::packed::FileRecord;
use crate::model::tree::{DirState, Tree};
use crate::model::usage::BLOCK;
use crate::text;

/// Who writes, for the head of the file.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// Seconds since 1970.
    pub now: i64,
    /// The machine.
    pub host: &'a str,
}

/// The owner of what came from an export that names none.
const NOBODY: u32 = u32::MAX;

/// What a symbolic link's `mode` is everywhere on Linux.
const LINK_MODE: u32 = 0o120_777;

/// Writes all that was scanned.
///
/// # Errors
/// What the writer says.
pub fn write(inventory: &Inventory, author: Author<'_>, out: &mut impl Write) -> io::Result<()> {
    let tree = &inventory.tree;
    out.write_all(b"[1,2,{\"progname\":\"mldu\",\"progver\":\"")?;
    out.write_all(env!("CARGO_PKG_VERSION").as_bytes())?;
    write!(out, "\",\"timestamp\":{}", author.now.max(0))?;
    if !author.host.is_empty() {
        out.write_all(b",\"host\":")?;
        string(author.host.as_bytes(), out)?;
    }
    out.write_all(b"}")?;
    let top = top(tree);
    let path = tree.path(top.into());
    open(tree, top, path.as_os_str().as_encoded_bytes(), None, out)?;
    // The folders still to come at each level of the way down.
    let mut way = vec![(top, folders(tree, top))];
    while let Some((parent, next)) = way.last_mut() {
        if let Some(id) = next.pop() {
            let parent = *parent;
            open(tree, id, tree.dir_name(id), Some(parent), out)?;
            way.push((id, folders(tree, id)));
        } else {
            way.pop();
            out.write_all(b"]")?;
        }
    }
    out.write_all(b"]\n")
}

/// The one folder that holds all that was scanned.
fn top(tree: &Tree) -> DirId {
    let mut at = Tree::ROOT;
    while tree.get(at).is_some_and(|d| d.state == DirState::Unread) {
        let mut inside = tree.children(at);
        match (inside.next(), inside.next()) {
            (Some(only), None) => at = only,
            _ => break,
        }
    }
    at
}

/// The folders in one, last name first, so that two exports of one tree are alike.
fn folders(tree: &Tree, id: DirId) -> Vec<DirId> {
    let mut all: Vec<DirId> = tree.children(id).collect();
    all.sort_unstable_by(|a, b| tree.dir_name(*b).cmp(tree.dir_name(*a)));
    all
}

/// Begins a folder: its own facts, then its files. Who calls this closes the bracket.
fn open(tree: &Tree, id: DirId, name: &[u8], parent: Option<DirId>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b",\n[{\"name\":")?;
    string(name, out)?;
    let Some(dir) = tree.get(id) else { return out.write_all(b"}") };
    let facts = dir.facts();
    let counted = dir.state.has_files();
    if counted {
        sizes(facts.size, facts.blocks, out)?;
    }
    if dir.state != DirState::Unread {
        let above = parent.and_then(|p| tree.get(p)).filter(|p| p.state != DirState::Unread);
        let dev = tree.links().dev(dir.dev);
        if dev != 0 && above.is_none_or(|p| p.dev != dir.dev) {
            write!(out, ",\"dev\":{dev}")?;
        }
        if dir.ino != 0 {
            write!(out, ",\"ino\":{}", dir.ino)?;
        }
        extended(dir.uid, dir.mtime, out)?;
    }
    out.write_all(match dir.state {
        DirState::Listed | DirState::Partial | DirState::Gone => b"}",
        DirState::Failed => b",\"read_error\":true}",
        DirState::Excluded => b",\"excluded\":\"pattern\"}",
        DirState::Skipped => b",\"excluded\":\"otherfs\"}",
        DirState::Unread => b",\"unread\":true}",
    })?;
    for file in tree.files(id) {
        self::file(tree, dir.dev, &file, out)?;
    }
    Ok(())
}

fn file(tree: &Tree, dir_dev: DevId, file: &FileRecord<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b",\n{\"name\":")?;
    string(&file.name.bytes(), out)?;
    let facts = &file.facts;
    sizes(facts.size, facts.blocks, out)?;
    let inode = file.link.map(|slot| tree.links().get(slot));
    if let Some(inode) = inode.filter(|i| i.dev != dir_dev) {
        write!(out, ",\"dev\":{}", tree.links().dev(inode.dev))?;
    }
    extended(facts.uid, facts.mtime, out)?;
    if facts.kind == Kind::Link {
        write!(out, ",\"mode\":{LINK_MODE}")?;
    }
    if let Some(inode) = inode {
        write!(out, ",\"ino\":{},\"hlnkc\":true", inode.ino)?;
        // An export that does not say how many names there are says so by leaving it out; so do we.
        if inode.nlink != u32::MAX {
            write!(out, ",\"nlink\":{}", inode.nlink)?;
        }
    }
    out.write_all(if facts.kind == Kind::File { b"}" } else { b",\"notreg\":true}" })
}

fn sizes(size: u64, blocks: u64, out: &mut impl Write) -> io::Result<()> {
    // ncdu reads nothing larger than this.
    let limit = i64::MAX as u64;
    if size > 0 {
        write!(out, ",\"asize\":{}", size.min(limit))?;
    }
    if blocks > 0 {
        write!(out, ",\"dsize\":{}", blocks.saturating_mul(BLOCK).min(limit))?;
    }
    Ok(())
}

fn extended(uid: u32, mtime: u32, out: &mut impl Write) -> io::Result<()> {
    // ncdu reads nothing larger than this as a number of a user.
    if uid != NOBODY && i32::try_from(uid).is_ok() {
        write!(out, ",\"uid\":{uid}")?;
    }
    if mtime > 0 {
        write!(out, ",\"mtime\":{mtime}")?;
    }
    Ok(())
}

/// Writes bytes as a JSON string, the way ncdu does.
fn string(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|b| matches!(b, 0..0x20 | b'"' | b'\\' | 0x7f)) {
        out.write_all(&rest[..at])?;
        match rest[at] {
            b'"' => out.write_all(b"\\\"")?,
            b'\\' => out.write_all(b"\\\\")?,
            b'\n' => out.write_all(b"\\n")?,
            b'\r' => out.write_all(b"\\r")?,
            b'\t' => out.write_all(b"\\t")?,
            other => write!(out, "\\u00{other:02x}")?,
        }
        rest = &rest[at + 1..];
    }
    out.write_all(rest)?;
    out.write_all(b"\"")
}

/// What went wrong with writing, in words.
pub fn trouble(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::BrokenPipe => "the export could not be written: who reads it went away".into(),
        _ => format!("the export could not be written: {}", text::plain(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::testing::{kib, linked, tree};

    fn written(tree: Tree) -> String {
        let mut out = Vec::new();
        write(&Inventory::new(tree), Author { now: 1_700_000_000, host: "gpu07" }, &mut out)
            .expect("written");
        String::from_utf8(out).expect("these names are text")
    }

    #[test]
    fn it_is_the_format_of_ncdu() {
        let text = written(tree(&[("a/f", kib(4)), ("a/l", linked(7, 2, 4)), ("b/l", linked(7, 2, 4))]));
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value[0], 1);
        assert_eq!(value[2]["progname"], "mldu");
        assert_eq!(value[2]["host"], "gpu07");
        assert_eq!(value[3][0]["name"], "/");
        assert_eq!(value[3][1][0]["name"], "a");
        assert_eq!(value[3][1][1]["asize"], 4096);
        assert_eq!(value[3][1][2]["hlnkc"], true);
        assert_eq!(value[3][1][2]["nlink"], 2);
        assert_eq!(value[3][2][1]["ino"], 7);
    }

    #[test]
    fn names_are_bytes_and_only_what_json_forbids_is_escaped() {
        let mut out = Vec::new();
        string(b"a\"b\\c\n\x01\x7f\xff\xc3\xa9", &mut out).expect("written");
        assert_eq!(out, b"\"a\\\"b\\\\c\\n\\u0001\\u007f\xff\xc3\xa9\"");
    }
}
