//! The index cache: what the channels offer, one item a channel. It is fetched again by itself.
//!
//! Names: `<8 hex>[1].json`, `.info.json`, `.state.json`, `.q`, `.solv`, `.msgpack.zst` and `.tmp`
//! (conda, `gateways/repodata/__init__.py`, `RepodataCache`; libmamba, `core/subdir_index.cpp`); `repodata_shards.db`
//! and `shards/` hold parts of all channels. In a home's cache folder: `notices/`, and mamba's shards.

use std::collections::BTreeMap;

use super::leftovers;
use crate::families::names::{field, is_hex};
use crate::families::{File, Folder, Range, StoreView};
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// A file of so many bytes may say whose index it is.
const STATE: usize = 64 << 10;

/// The items of a folder `cache`, and its leftovers.
pub fn items(store: &StoreView<'_>, cache: &Folder<'_>) -> (Vec<NewItem>, Vec<NewItem>) {
    let mut channels: BTreeMap<&str, Vec<File<'_>>> = BTreeMap::new();
    let (mut items, mut left) = (Vec::new(), Vec::new());
    let mut shards = Vec::new();
    for file in cache.files().into_iter().filter(|f| f.kind == Kind::File) {
        if let Some(id) = channel_id(file.name()) {
            channels.entry(id).or_default().push(file);
        } else if file.name().starts_with("repodata_shards.db") && !leftovers::is_trash(file.name()) {
            shards.push(file);
        } else {
            left.extend(leftovers::of_file(store, cache, &file));
        }
    }
    for (id, files) in channels {
        items.push(channel(store, id, &files));
    }
    if !shards.is_empty() {
        let item = NewItem::new("index", "shards of all channels", Verdict::Safe);
        items.push(with_files(store, item, &shards));
    }
    if let Some(folder) = cache.folder("shards") {
        items.push(whole(store, &folder, NewItem::new("index", "shards of all channels", Verdict::Safe)));
    }
    (items, left)
}

/// What conda and mamba keep in the cache folder of a home.
pub fn user_cache(store: &StoreView<'_>) -> Found {
    let mut found = Found::default();
    let root = store.root();
    if let Some(folder) = root.folder("notices") {
        found.items.push(whole(
            store,
            &folder,
            NewItem::new("notices", "notices of channels", Verdict::Safe),
        ));
    }
    if let Some(cache) = root.folder_at("pkgs/cache") {
        let (items, left) = items(store, &cache);
        found.items.extend(items);
        found.items.extend(leftovers::group(left));
    }
    found
}

/// A folder as one item that is safe, unless it is being written.
pub fn whole(store: &StoreView<'_>, folder: &Folder<'_>, item: NewItem) -> NewItem {
    let item = item.body(folder.node());
    if store.is_fresh(folder.newest()) { leftovers::in_use(item) } else { item }
}

/// The first eight letters of a channel's files.
fn channel_id(file: &str) -> Option<&str> {
    let (id, rest) = file.split_at_checked(8)?;
    let rest = rest.strip_prefix('1').unwrap_or(rest);
    (is_hex(id, 8) && rest.starts_with('.')).then_some(id)
}

fn channel(store: &StoreView<'_>, id: &str, files: &[File<'_>]) -> NewItem {
    let url = files.iter().find_map(|file| url_of(store, file)).map(|url| text::redact_url(&url));
    let item = match &url {
        Some(url) => NewItem::new("index", channel_name(url), Verdict::Safe).origin(text::plain(url)),
        None => NewItem::new("index", id, Verdict::Safe).note("nothing says of which channel"),
    };
    with_files(store, item, files)
}

fn with_files(store: &StoreView<'_>, mut item: NewItem, files: &[File<'_>]) -> NewItem {
    for file in files {
        item = item.body(file.node);
    }
    let live = files.iter().any(|f| store.is_live(f));
    if live { leftovers::in_use(item) } else { item }
}

/// The address in `.info.json` or `.state.json`, or, as conda before 23.1 had it, at the head of the index itself.
fn url_of(store: &StoreView<'_>, file: &File<'_>) -> Option<String> {
    let name = file.name();
    let state = name.ends_with(".info.json") || name.ends_with(".state.json");
    if state && file.size <= STATE as u64 {
        let state = store.json(file.node, STATE)?;
        return field(&state, "url").or_else(|| field(&state, "_url")).filter(|u| u.contains("://"));
    }
    name.strip_suffix(".json").filter(|_| !state)?;
    let head = store.read(file.node, Range::Head, 4096)?;
    let head = String::from_utf8_lossy(&head);
    let (_, rest) = head.split_once("\"_url\":")?;
    let url = rest.trim_start().strip_prefix('"')?.split('"').next()?;
    url.contains("://").then(|| url.to_string())
}

/// `conda-forge/linux-64` out of an address; the host is said where it is not the usual one.
fn channel_name(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split('?').next().unwrap_or(path);
    let path = match path.rsplit_once('/') {
        Some((folder, file)) if file.contains(".json") || file.contains(".msgpack") => folder,
        _ => path.trim_end_matches('/'),
    };
    text::plain(path.strip_prefix("conda.anaconda.org/").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_named_by_their_address() {
        for (url, name) in [
            ("https://conda.anaconda.org/conda-forge/linux-64/repodata.json.zst", "conda-forge/linux-64"),
            ("https://repo.anaconda.com/pkgs/main/noarch", "repo.anaconda.com/pkgs/main/noarch"),
            ("https://h/t/***/c/noarch/repodata.json", "h/t/***/c/noarch"),
            ("https://conda.anaconda.org/x/noarch/repodata_shards.msgpack.zst", "x/noarch"),
        ] {
            assert_eq!(channel_name(url), name);
        }
    }

    #[test]
    fn files_of_a_channel_share_eight_letters() {
        for file in
            ["497deca9.json", "497deca91.json", "497deca9.info.json", "497deca9.a1b2.tmp", "497deca9.q"]
        {
            assert_eq!(channel_id(file), Some("497deca9"), "{file}");
        }
        for file in ["497deca.json", "497DECA9.json", "497deca92.json", "497deca9", "notes.json"] {
            assert_eq!(channel_id(file), None, "{file}");
        }
    }
}
