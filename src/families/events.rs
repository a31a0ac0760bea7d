//! TensorBoard event files and profiles, for the families in whose folders they lie.
//!
//! Layout: tensorboard 2.21, `backend/event_processing/io_wrapper.py:53` (an event file is one whose name contains
//! `tfevents`), `summary/writer/event_file_writer.py:76` (`events.out.tfevents.<time>.<host>.<pid>.<uid>`),
//! tensorboardX 2.6.5 (no pid), `plugins/profile/<stamp>/`. Records: `tensorflow/core/lib/io/record_writer.h`;
//! fields: `tensorflow/core/util/event.proto`.

use super::{File, Folder, Listing, Range, StoreView};
use crate::model::category::Category;
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;
use crate::text;

/// The family whose stores are made of these.
pub const FAMILY: &str = "tensorboard";

/// Where profiles lie below a log folder.
const PROFILES: &str = "plugins/profile";

/// An event file without results has at most this many bytes; many such files do have some.
const SMALL: u64 = 512;

/// Whether a file of this name is an event file.
pub fn is_event_file(name: &str) -> bool {
    name.contains("tfevents")
}

/// Whether a folder holds event files or profiles.
pub fn has_events(folder: &Listing<'_>) -> bool {
    folder.any_file(is_event_file)
        || (folder.has_folder("plugins") && folder.names_in(PROFILES).iter().any(|n| is_stamp(n)))
}

/// The event files of a folder as one item, the empty ones as leftovers, and its profiles.
pub fn items(store: &StoreView<'_>, folder: &Folder<'_>) -> Vec<NewItem> {
    let (empty, full): (Vec<File<'_>>, Vec<File<'_>>) = folder
        .files()
        .into_iter()
        .filter(|f| is_event_file(f.name()))
        .partition(|f| !store.is_live(f) && says_nothing(store, f));
    let mut items: Vec<NewItem> = full_item(store, &full).into_iter().collect();
    items.extend(profiles(store, folder));
    items.extend(empty.iter().map(empty_item));
    for item in &mut items {
        item.category = Some(Category::Logs);
    }
    items
}

fn full_item(store: &StoreView<'_>, files: &[File<'_>]) -> Option<NewItem> {
    let newest = files.iter().map(|f| f.mtime).max()?;
    let mut item = NewItem::new("run", run_name(store), Verdict::LookFirst);
    for file in files {
        item = item.body(file.node);
    }
    let named: Vec<(i64, String)> = files.iter().filter_map(|f| named(f.name())).collect();
    if let Some((began, host)) = named.iter().min() {
        let on = if host.is_empty() { String::new() } else { format!(" on {}", text::plain(host)) };
        item = item.note(format!("began {}{on}", minute(*began)));
    }
    item = item.note(format!("last written {}", minute(i64::from(newest))));
    if files.len() > 1 {
        item = item.note(text::counted(files.len() as u64, "event file", "event files"));
    }
    if files.iter().any(|f| store.is_live(f)) {
        item.verdict = Verdict::InUse;
        item = item.note("being written: what comes after would be lost with it");
    }
    Some(item.key("events"))
}

/// The folder's name and that of the one above: `runs/Nov21_03-12-00_gpu07`.
fn run_name(store: &StoreView<'_>) -> String {
    let mut names: Vec<&std::ffi::OsStr> = store.path().iter().rev().take(2).collect();
    names.reverse();
    text::path(&names.iter().collect::<std::path::PathBuf>())
}

/// When the file of this name was begun, and on which host. A host may have dots in its name.
fn named(name: &str) -> Option<(i64, String)> {
    let (_, rest) = name.split_once("tfevents.")?;
    let (time, rest) = rest.split_once('.').unwrap_or((rest, ""));
    let time: i64 = time.parse().ok().filter(|_| time.len() == 10)?;
    let rest = rest.strip_suffix(".v2").unwrap_or(rest);
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let host = match rest.rsplitn(3, '.').collect::<Vec<_>>()[..] {
        [uid, pid, host] if number(uid) && number(pid) => host,
        _ => rest,
    };
    Some((time, host.to_string()))
}

fn minute(seconds: i64) -> String {
    let time = text::rfc3339(seconds).unwrap_or_default();
    time.get(..16).map_or_else(String::new, |t| format!("{} UTC", t.replace('T', " ")))
}

fn empty_item(file: &File<'_>) -> NewItem {
    let note = if file.name().ends_with(".profile-empty") {
        "a dummy of the old profiler"
    } else {
        "no results in it: its writer was opened and closed"
    };
    NewItem::new("event file", file.shown(), Verdict::Safe).body(file.node).note(note).leftover()
}

/// Whether no record of an event file holds more than its version and who wrote it.
fn says_nothing(store: &StoreView<'_>, file: &File<'_>) -> bool {
    if file.size > SMALL {
        return false;
    }
    file.size == 0
        || store.read(file.node, Range::Head, SMALL as usize).is_some_and(|b| only_versions(&b) == Some(true))
}

/// Walks through records: length (8), its checksum (4), an event, its checksum (4). Nothing if they make no sense.
fn only_versions(mut bytes: &[u8]) -> Option<bool> {
    while !bytes.is_empty() {
        let len = usize::try_from(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?)).ok()?;
        let end = len.checked_add(12)?;
        if !is_version(bytes.get(12..end)?)? {
            return Some(false);
        }
        bytes = bytes.get(end.checked_add(4)?..)?;
    }
    Some(true)
}

/// Whether an event has no fields but time (1), step (2), file version (3) and source (10).
fn is_version(mut event: &[u8]) -> Option<bool> {
    while let Some((tag, rest)) = event.split_first() {
        event = match tag {
            0x09 => rest.get(8..)?,
            0x10 => rest.get(rest.iter().position(|b| b & 0x80 == 0)? + 1..)?,
            0x1a | 0x52 => rest.get(1 + usize::from(*rest.first().filter(|n| **n < 0x80)?)..)?,
            _ => return Some(false),
        };
    }
    Some(true)
}

/// `2026_11_21_15_08_05`
fn is_stamp(name: &str) -> bool {
    let parts: Vec<&str> = name.split('_').collect();
    parts.len() == 6
        && parts.iter().enumerate().all(|(i, p)| p.len() == if i == 0 { 4 } else { 2 })
        && parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_digit()))
}

fn profiles(store: &StoreView<'_>, folder: &Folder<'_>) -> Vec<NewItem> {
    let folders = folder.folder_at(PROFILES).map(|f| f.folders()).unwrap_or_default();
    let profile = |stamp: &Folder<'_>| {
        let name = stamp.name();
        let shown = format!("{} {}", name[..10].replace('_', "-"), name[11..].replace('_', ":"));
        let item = NewItem::new("profile", shown, Verdict::Rebuild).body(stamp.node());
        if store.is_fresh(stamp.newest()) || stamp.files().iter().any(|f| store.is_live(f)) {
            let item = NewItem { verdict: Verdict::InUse, ..item };
            return item.note("written less than ten minutes ago, or open");
        }
        item.note("recorded by the profiler, no result of the training; often most of a log folder")
    };
    folders.iter().filter(|f| is_stamp(f.name())).map(profile).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A record as writers make it; checksums are not looked at.
    pub fn record(event: &[u8]) -> Vec<u8> {
        let mut out = (event.len() as u64).to_le_bytes().to_vec();
        out.extend([0; 4]);
        out.extend(event);
        out.extend([0; 4]);
        out
    }

    #[test]
    fn a_file_of_versions_alone_says_nothing() {
        let version = record(b"\x09\0\0\0\0\0\0\0\0\x1a\x0dbrain.Event:2");
        let source = record(b"\x09\0\0\0\0\0\0\0\0\x1a\x0dbrain.Event:2\x52\x03abc");
        let scalar = record(b"\x09\0\0\0\0\0\0\0\0\x10\x81\x01\x2a\x03abc");
        assert_eq!(only_versions(&version), Some(true));
        assert_eq!(only_versions(&source), Some(true));
        assert_eq!(only_versions(&[version.clone(), scalar].concat()), Some(false));
        for cut in 1..version.len() {
            assert_ne!(only_versions(&version[..cut]), Some(true), "cut at {cut}");
        }
        assert_eq!(only_versions(&[0xff; 40]), None);
    }

    #[test]
    fn names_tell_when_and_where() {
        let is = |name: &str, time: i64, host: &str| {
            assert_eq!(named(name), Some((time, host.to_string())), "{name}");
        };
        is("events.out.tfevents.1795273684.vm.23482.0", 1_795_273_684, "vm");
        is("events.out.tfevents.1795273684.gpu07.lab.org.28680.1.v2", 1_795_273_684, "gpu07.lab.org");
        is("events.out.tfevents.1795273684.gpu07.lab.org", 1_795_273_684, "gpu07.lab.org");
        is("events.out.tfevents.1795273684", 1_795_273_684, "");
        assert_eq!(named("my.tfevents.x"), None);
    }
}
