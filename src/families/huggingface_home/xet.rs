//! The cache of hf-xet, which moves files in chunks: `xet/<endpoint>/{chunk-cache,shard-cache,staging}` and
//! `xet/logs`.

use crate::families::{Folder, StoreView};
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// An upload may wait long for its next chunk: only after a day is it surely over.
const DAY: i64 = 86_400;

/// Finds what hf-xet keeps.
pub fn xet(store: &StoreView<'_>, folder: &Folder<'_>, found: &mut Found) {
    for inner in folder.folders() {
        if inner.name() == "logs" {
            found.items.extend(logs(store, &inner));
        } else if is_endpoint(inner.name()) {
            endpoint(store, &inner, found);
        }
    }
}

/// The first 16 characters of an address, all but letters and digits as `_`, then `-` and 16 of a hash:
/// `https___cas_serv-tGqkUaZf_CUyJc9B`.
fn is_endpoint(name: &str) -> bool {
    name.split_once('-').is_some_and(|(address, hash)| {
        (address.starts_with("https___") || address.starts_with("http___") || address.starts_with("local"))
            && hash.len() == 16
    })
}

fn endpoint(store: &StoreView<'_>, folder: &Folder<'_>, found: &mut Found) {
    let of = folder.shown();
    for inner in folder.folders() {
        let (kind, what, note) = match inner.name() {
            "chunk-cache" => {
                ("chunk cache", "chunks of", "parts of files that were downloaded; newer versions keep none")
            }
            "shard-cache" => {
                ("shard cache", "shards of", "an index that spares uploads; made again by itself")
            }
            "staging" => {
                found.items.extend(staging(store, &inner, &of));
                continue;
            }
            _ => continue,
        };
        let mut item = NewItem::new(kind, format!("{what} {of}"), Verdict::Safe).body(inner.node());
        item.leftover = kind == "chunk cache";
        found.items.push(super::live(store, &inner, item.note(note)));
    }
}

/// What an upload has put together. An empty folder is always there.
fn staging(store: &StoreView<'_>, folder: &Folder<'_>, of: &str) -> Option<NewItem> {
    let files: Vec<_> = folder.walk().iter().flat_map(Folder::files).collect();
    let newest = files.iter().map(|f| f.mtime).max()?;
    let item = NewItem::new("staging", format!("upload to {of}"), Verdict::Safe).body(folder.node());
    let live = store.now() - i64::from(newest) < DAY || files.iter().any(|f| store.is_live(f));
    Some(if live {
        let item = NewItem { verdict: Verdict::InUse, ..item };
        item.note("an upload may still be going on")
    } else {
        item.leftover().note("left by an upload that was stopped")
    })
}

fn logs(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let mut item = NewItem::new("logs", "logs of hf-xet", Verdict::Safe).key("xet/logs");
    for file in folder.files() {
        let log = file.name().starts_with("xet_") && file.name().strip_suffix(".log").is_some();
        if log && !store.is_live(&file) {
            item = item.body(file.node);
        }
    }
    (!item.parts.is_empty()).then_some(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_known_by_their_names() {
        assert!(is_endpoint("https___cas_serv-tGqkUaZf_CUyJc9B"));
        assert!(is_endpoint("http___127_0_0_1-I3gxQGHqlfbd_nll"));
        assert!(!is_endpoint("https___cas_serv"));
        assert!(!is_endpoint("my-folder"));
        assert!(!is_endpoint("logs"));
    }
}
