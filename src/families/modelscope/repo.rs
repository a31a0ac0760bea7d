//! Repositories in the cache, in the form of now and those of before.

use super::{SHELVES, TEMP, unfinished};
use crate::families::{File, Folder, Range, StoreView};
use crate::model::item::{Found, NewItem};
use crate::model::node::Kind;
use crate::model::verdict::Verdict;
use crate::text;

/// What versions before 1.38 leave in each repository.
const INDEX: [&str; 3] = [".msc", ".mdl", ".mv"];

/// Finds the repositories of a kind: `<owner>--<name>/` now, `<owner>/<name>/` before.
pub fn shelf(store: &StoreView<'_>, shelf: &Folder<'_>, kind: &'static str, found: &mut Found) {
    for folder in shelf.folders().iter().filter(|f| f.has_folder("snapshots")) {
        if folder.name().contains("--") {
            found.items.push(repository(store, folder, kind));
        }
    }
    found.items.extend(shelf.folder(TEMP).map(|f| unfinished(store, &f)));
    owners(store, shelf, kind, true, found);
}

/// Finds the repositories of before in a folder of owners. If that is not sure to be one, only an index tells.
pub fn owners(store: &StoreView<'_>, base: &Folder<'_>, kind: &'static str, sure: bool, found: &mut Found) {
    let other = |f: &Folder<'_>| {
        f.name().starts_with('.')
            || f.name() == "hub"
            || f.has_folder("snapshots")
            || SHELVES.iter().any(|(shelf, _)| *shelf == f.name())
    };
    for owner in base.folders().into_iter().filter(|f| !other(f)) {
        let links: Vec<File<'_>> = owner.files().into_iter().filter(|f| f.kind == Kind::Link).collect();
        for folder in owner.folders() {
            let indexed = INDEX.iter().any(|i| folder.has_file(i));
            if !indexed && !sure {
                continue;
            }
            let name = format!("{}/{}", owner.shown(), folder.shown().replace("___", "."));
            let mut item = NewItem::new(kind, name, Verdict::ReDownload).body(folder.node());
            item.version = revision(store, &folder);
            for link in links.iter().filter(|l| l.name().replace('.', "___") == folder.name()) {
                item = item.pointer(link.node);
            }
            item.origin = Some(address(kind, &item.name));
            if !indexed {
                item.verdict = Verdict::LookFirst;
                item = item.note("no index in it says that ModelScope fetched it");
            }
            found.items.push(with_partials(store, item, &folder));
        }
    }
}

/// A repository of now: its revisions are copies, not links.
fn repository(store: &StoreView<'_>, folder: &Folder<'_>, kind: &'static str) -> NewItem {
    let name = folder.shown().replace("--", "/");
    let mut item = NewItem::new(kind, name.clone(), Verdict::ReDownload).body(folder.node());
    item.origin = Some(address(kind, &name));
    for snapshot in folder.folder("snapshots").map(|s| s.folders()).unwrap_or_default() {
        let revision = NewItem::new("revision", snapshot.shown(), Verdict::ReDownload).body(snapshot.node());
        let mut revision = judge(store, revision.origin(address(kind, &name)), &snapshot);
        let partials = partials(&snapshot);
        revision.without.extend(partials.iter().map(|f| f.node));
        item.children.push(revision);
        item.children.extend(partials.iter().map(|f| partial(store, f)));
    }
    judge(store, item, folder)
}

/// A folder that somebody fetched a repository to, outside of the cache.
pub fn copy(store: &StoreView<'_>, root: &Folder<'_>) -> Option<NewItem> {
    let name = store.path().file_name().map(|n| text::display(n.as_encoded_bytes())).unwrap_or_default();
    let mut item = NewItem::new("copy", name.replace("___", "."), Verdict::LookFirst).key("copy");
    for file in root.files() {
        item = item.body(file.node);
    }
    for folder in root.folders() {
        item = item.body(folder.node());
    }
    item.version = revision(store, root);
    let item = item.note("fetched by ModelScope to a folder of its own; what else is in it nobody noted");
    (!item.parts.is_empty()).then(|| judge(store, item, root))
}

/// `master` out of `.mv`: `Revision:master,CreatedAt:1733000000`.
fn revision(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<String> {
    let file = folder.file(".mv").filter(|f| f.is_regular() && f.size <= 1024)?;
    let bytes = store.read(file.node, Range::Head, 1024)?;
    let line = String::from_utf8_lossy(&bytes).into_owned();
    let revision = line.strip_prefix("Revision:")?.split(',').next()?.trim();
    (!revision.is_empty()).then(|| text::plain(revision))
}

fn address(kind: &str, name: &str) -> String {
    let shelf = SHELVES.iter().find(|(_, k)| *k == kind).map_or("models", |(shelf, _)| shelf);
    format!("https://modelscope.cn/{shelf}/{name}")
}

/// `<file>.incomplete`, `<file>.parallel_tmp`, and the parts `<file>_<from>_<to>` of a large file.
fn is_partial(name: &str) -> bool {
    let number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let part = || {
        let (rest, to) = name.rsplit_once('_')?;
        let (file, from) = rest.rsplit_once('_')?;
        let (from, to) = (from.parse::<u64>().ok()?, to.parse::<u64>().ok()?);
        // The library cuts at whole mebibytes.
        Some(file.contains('.') && from < to && from % (1 << 20) == 0)
    };
    let cut = name.rsplit('_').next().is_some_and(number) && part() == Some(true);
    name.ends_with(".incomplete") || name.ends_with(".parallel_tmp") || cut
}

fn partials<'a>(folder: &Folder<'a>) -> Vec<File<'a>> {
    let all = folder.walk().into_iter().flat_map(|f| f.files());
    all.filter(|f| f.is_regular() && is_partial(f.name())).collect()
}

/// A repository in one folder: only what is unfinished in it makes it more than one thing.
fn with_partials(store: &StoreView<'_>, mut item: NewItem, folder: &Folder<'_>) -> NewItem {
    let partials = partials(folder);
    if !partials.is_empty() {
        let mut files = NewItem::new("files", "files", item.verdict).body(folder.node()).key("files");
        files.without.extend(partials.iter().map(|f| f.node));
        item.children.push(judge(store, files, folder));
        item.children.extend(partials.iter().map(|f| partial(store, f)));
    }
    judge(store, item, folder)
}

fn partial(store: &StoreView<'_>, file: &File<'_>) -> NewItem {
    let item = NewItem::new("partial", file.shown(), Verdict::Safe).body(file.node);
    if store.is_live(file) {
        return NewItem { verdict: Verdict::InUse, ..item.note("being written") };
    }
    item.leftover().note("the next download of this file could go on from it")
}

fn judge(store: &StoreView<'_>, item: NewItem, folder: &Folder<'_>) -> NewItem {
    if store.is_live_below(folder) {
        return NewItem { verdict: Verdict::InUse, ..item.note("written a moment ago or open") };
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_files_are_known_by_their_names() {
        for (name, is) in [
            ("model.safetensors.incomplete", true),
            ("model.safetensors.parallel_tmp", true),
            ("model.safetensors_0_167772159", true),
            ("model.safetensors_167772160_335544319", true),
            ("model.safetensors", false),
            ("data_2024_2025", false),
            ("data.csv_2024_2025", false),
            ("data.csv_9_3", false),
            ("tokens_0_10", false),
            ("_", false),
        ] {
            assert_eq!(is_partial(name), is, "{name}");
        }
    }
}
