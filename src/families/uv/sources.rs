//! What uv built from sources, and the repositories it cloned for that.

use super::archives::{Archives, Entry, archive_of, wheel_in};
use crate::families::wheels::{in_use, whole};
use crate::families::{Folder, Range, StoreView};
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// The list of what was fetched has a line for each branch.
const HEADS: usize = 64 << 10;

/// How deep the folder of one source lies below each shelf (uv, `crates/uv-cache/src/wheel.rs`): `pypi/NAME/VERSION`,
/// `index/HASH/NAME/VERSION`, `url/HASH`, `path/HASH`, `editable/HASH`, `git/HASH/COMMIT`.
const SHELVES: [(&str, usize); 6] =
    [("pypi", 2), ("index", 3), ("url", 1), ("path", 1), ("editable", 1), ("git", 2)];

/// Reads the bucket of source distributions: one item each, with the wheels built from it.
pub fn built<'a>(store: &StoreView<'_>, bucket: &Folder<'a>, archives: &mut Archives<'a>) {
    archives.looked(bucket);
    for (shelf, depth) in SHELVES {
        let Some(shelf) = bucket.folder(shelf) else { continue };
        let mut level = vec![shelf];
        for _ in 0..depth {
            level = level.iter().flat_map(Folder::folders).collect();
        }
        for folder in level {
            archives.entry(source(store, shelf.name(), &folder));
        }
    }
}

fn source(store: &StoreView<'_>, shelf: &str, folder: &Folder<'_>) -> Entry {
    let mut names = Vec::new();
    let mut dist = None;
    for below in folder.walk() {
        // What is in the sources is theirs.
        if !below.has_folder("src") && !below.has_file("metadata.msgpack") {
            continue;
        }
        dist = dist.or_else(|| wheel_in(&below));
        names.extend(
            below.files().iter().filter(|f| f.kind == Kind::Link).filter_map(|l| archive_of(store, l)),
        );
    }
    let version = folder.shown();
    let mut item = NewItem::new("built package", folder.shown(), Verdict::Rebuild);
    match (dist, shelf) {
        (Some(dist), _) => (item.name, item.version) = (dist.name, Some(dist.version)),
        (None, "pypi" | "index") => {
            let path = store.path_of(folder.node());
            let above = path.parent().and_then(std::path::Path::file_name);
            item.name = above.map(|n| text::display(n.as_encoded_bytes())).unwrap_or_default();
            item.version = Some(version);
        }
        (None, _) => item.name = format!("{shelf} {version}"),
    }
    let why = match shelf {
        "path" | "editable" => {
            "built from a folder or file here; to build it again may take compilers and time"
        }
        "git" => "built from a repository; to build it again may take compilers and time",
        _ => "built from source; to build it again may take compilers and time",
    };
    // The sources may be gone since, and this the only thing left of them.
    if matches!(shelf, "path" | "editable") {
        item.verdict = Verdict::LookFirst;
    }
    let item = whole(store, folder, item.note(why));
    Entry { item, archives: names }
}

/// Reads the bucket of repositories: `db/HASH` is a clone, `checkouts/HASH/COMMIT` are its work trees.
pub fn git(store: &StoreView<'_>, bucket: &Folder<'_>, found: &mut Found) {
    for clone in bucket.folder("db").map(|db| db.folders()).unwrap_or_default() {
        let url = fetched_from(store, &clone);
        let name = url.as_deref().and_then(|u| u.trim_end_matches('/').rsplit_once('/'));
        let name = name.map(|(_, name)| text::plain(name));
        let mut item = NewItem::new("repository", name.unwrap_or_else(|| clone.shown()), Verdict::ReDownload);
        let on_the_web = url.as_deref().is_some_and(|u| u.starts_with("https://") || u.starts_with("ssh://"));
        if !on_the_web {
            item.verdict = Verdict::LookFirst;
            item = item.note("nothing says that its origin can be had again");
        }
        item.origin = url.map(|u| text::plain(&text::redact_url(&u)));
        found.items.push(whole(store, &clone, item));
    }
    for checkouts in bucket.folder("checkouts").map(|c| c.folders()).unwrap_or_default() {
        let item = NewItem::new("checkout", checkouts.shown(), Verdict::Safe);
        found.items.push(whole(
            store,
            &checkouts,
            item.note("checked out again from the repository beside it"),
        ));
    }
    if let Some(locks) = bucket.folder("locks").filter(|l| !l.is_empty()) {
        let item = NewItem::new("locks", "locks of repositories", Verdict::Safe).body(locks.node());
        found.items.push(if store.is_live_below(&locks) { in_use(item) } else { item });
    }
}

/// Where a clone is from, secrets and all: each line of `FETCH_HEAD` ends with it.
fn fetched_from(store: &StoreView<'_>, clone: &Folder<'_>) -> Option<String> {
    let bare = clone.file("FETCH_HEAD");
    let heads = bare.or_else(|| clone.folder(".git").and_then(|git| git.file("FETCH_HEAD")))?;
    let bytes = store.read(heads.node, Range::Head, HEADS)?;
    let line = String::from_utf8_lossy(&bytes).lines().next().map(str::to_string)?;
    let url = line.rsplit([' ', '\t']).next().filter(|u| !u.is_empty())?;
    Some(url.to_string())
}
