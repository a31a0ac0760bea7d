//! Raw downloads of what does not lie on the Hub: `<sha256 of the address>` with `<same>.json`, which says from
//! where; and what was unpacked from archives.

use rustc_hash::FxHashMap;

use super::is_lock;
use crate::families::names::is_hex;
use crate::families::{File, Folder, StoreView};
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The longest record of a download that is read.
const CAP: usize = 64 << 10;

/// Finds the downloads of a folder, and what was unpacked there.
pub fn downloads<'a>(
    store: &StoreView<'_>,
    folder: &Folder<'a>,
    locks: &mut Vec<File<'a>>,
    found: &mut Found,
) {
    let files = folder.files();
    let by_name: FxHashMap<&str, &File<'_>> = files.iter().map(|f| (f.name(), f)).collect();
    for file in files.iter().filter(|f| f.kind == Kind::File) {
        let name = file.name();
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
        match end {
            "json" if by_name.contains_key(stem) => {}
            "json" if is_download(stem) => found.items.extend(record(store, file)),
            "incomplete" if is_download(stem) => found.items.push(unfinished(store, file)),
            _ if is_lock(name) => locks.push(*file),
            _ if is_download(name) => {
                let record = by_name.get(format!("{name}.json").as_str()).copied();
                found.items.push(download(store, file, record));
            }
            _ => {}
        }
    }
    if let Some(inner) = folder.folder("extracted") {
        extracted(store, &inner, locks, found);
    }
}

/// `<sha256 of the address>[.<sha256 of the etag>][.py]`.
fn is_download(name: &str) -> bool {
    let name = name.strip_suffix(".py").unwrap_or(name);
    let (url, etag) = name.split_once('.').map_or((name, None), |(u, e)| (u, Some(e)));
    is_hex(url, 64) && etag.is_none_or(|e| is_hex(e, 64))
}

fn download(store: &StoreView<'_>, file: &File<'_>, record: Option<&File<'_>>) -> NewItem {
    let said = record.and_then(|r| store.json(r.node, CAP));
    let url = said.as_ref().and_then(|v| v["url"].as_str()).map(shown_url);
    let short = &file.name()[..8];
    let name = url.as_deref().and_then(|u| u.trim_end_matches('/').rsplit('/').next()).unwrap_or(short);
    let mut item = NewItem::new("download", name, Verdict::ReDownload).body(file.node);
    if let Some(record) = record {
        item = item.pointer(record.node);
    }
    match url {
        Some(url) => item = item.origin(url),
        None => item = item.leftover().note("no record says where it is from"),
    }
    if store.is_fresh(file.mtime) {
        item.verdict = Verdict::InUse;
        item.leftover = false;
        item = item.note("written a moment ago");
    }
    item
}

/// An address without what may be a secret in it: passwords, tokens, signatures.
fn shown_url(url: &str) -> String {
    let bare = url.split(['?', '#']).next().unwrap_or(url);
    text::plain(&text::redact_url(bare))
}

fn record(store: &StoreView<'_>, file: &File<'_>) -> Option<NewItem> {
    let item = NewItem::new("record", text::cut_end(&file.shown(), 9), Verdict::Safe).body(file.node);
    (!store.is_live(file)).then(|| item.leftover().note("of a download that is not there"))
}

fn unfinished(store: &StoreView<'_>, file: &File<'_>) -> NewItem {
    let short: String = file.name().chars().take(8).collect();
    let item = NewItem::new("partial", format!("unfinished download {short}"), Verdict::Safe).body(file.node);
    if store.is_live(file) {
        let item = NewItem { verdict: Verdict::InUse, ..item };
        return item.note("being written");
    }
    item.leftover().note("never resumed by the library")
}

/// What was unpacked: a file or folder by the sha256 of the archive's path.
pub fn extracted<'a>(
    store: &StoreView<'_>,
    folder: &Folder<'a>,
    locks: &mut Vec<File<'a>>,
    found: &mut Found,
) {
    let item = |name: &str, node, newest: u32| {
        let item = NewItem::new("extracted", format!("unpacked {}", &name[..8]), Verdict::Rebuild).body(node);
        if store.is_fresh(newest) {
            let item = NewItem { verdict: Verdict::InUse, ..item };
            return item.note("written a moment ago");
        }
        item.note("unpacked again while its archive exists")
    };
    for inner in folder.folders().iter().filter(|f| is_download(f.name())) {
        found.items.push(item(inner.name(), inner.node(), inner.newest().max(inner.mtime())));
    }
    for file in folder.files().into_iter().filter(|f| f.kind == Kind::File) {
        if is_download(file.name()) {
            found.items.push(item(file.name(), file.node, file.mtime));
        } else if is_lock(file.name()) {
            locks.push(file);
        }
    }
}
