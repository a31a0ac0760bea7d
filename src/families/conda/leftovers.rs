//! What interrupted downloads, extractions and removals leave behind.

use super::package;
use crate::families::{File, Folder, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;

/// So many leftovers are shown one by one; more become one item.
const FEW: usize = 3;

/// Whether a name is that of something conda or mamba could not delete and renamed
/// (conda, `gateways/disk/delete.py`; libmamba, `core/util.cpp`). conda's own `clean` never finds the first.
pub fn is_trash(name: &str) -> bool {
    name.contains(".conda_trash") || name.ends_with(".mamba_trash")
}

/// The leftover a file is, if it is one.
pub fn of_file(store: &StoreView<'_>, folder: &Folder<'_>, file: &File<'_>) -> Option<NewItem> {
    let name = file.name();
    let unfinished = name.strip_suffix(".partial").or_else(|| name.strip_suffix(".part"));
    let (kind, shown, note) = if let Some(stem) = unfinished.and_then(package::archive_stem) {
        ("partial", package::split(stem)?.shown(), "an unfinished download")
    } else if is_trash(name) {
        ("trash", file.shown(), "could not be deleted when it was replaced")
    } else if name.strip_suffix(".c~").is_some_and(|n| package::archive_stem(n).is_some()) {
        ("temporary file", file.shown(), "set aside by an install that was interrupted")
    } else if is_download(name) {
        ("temporary file", file.shown(), "an unfinished download")
    } else if is_lock(folder, file) {
        ("lock", file.shown(), "nobody seems to hold this lock; a new one is made when needed")
    } else {
        return None;
    };
    let item = NewItem::new(kind, shown, Verdict::Safe).body(file.node);
    Some(if store.is_live(file) { in_use(item) } else { item.note(note).leftover() })
}

/// mamba locks a folder with a file of its name in it, and a file with one beside it (libmamba, `core/util.cpp`).
fn is_lock(folder: &Folder<'_>, file: &File<'_>) -> bool {
    let locked = file.name().strip_suffix(".lock").filter(|_| file.size <= 64);
    locked.is_some_and(|name| name == folder.name() || folder.has_file(name))
}

/// mamba downloads an index under `mambaf` or `mambashard` and ten letters (libmamba, `core/subdir_index.cpp`).
fn is_download(name: &str) -> bool {
    let rest = name.strip_prefix("mambashard").or_else(|| name.strip_prefix("mambaf"));
    rest.is_some_and(|r| r.len() == 10 && r.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The leftover a folder is by its name, if it is one.
pub fn of_folder(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let name = folder.name();
    let (kind, note) = if is_trash(name) {
        ("trash", "could not be deleted when it was replaced")
    } else if name.strip_suffix(".c~").is_some_and(|n| package::split(n).is_some()) {
        ("temporary folder", "set aside by an install that was interrupted")
    } else {
        return None;
    };
    Some(stale(store, folder, NewItem::new(kind, folder.shown(), Verdict::Safe).note(note)))
}

/// A folder that is left over, unless something is being written to it. An environment may link into it.
pub fn stale(store: &StoreView<'_>, folder: &Folder<'_>, item: NewItem) -> NewItem {
    let item = NewItem { waits: true, ..item.body(folder.node()) };
    if store.is_fresh(folder.newest().max(folder.mtime())) {
        in_use(NewItem { notes: Vec::new(), ..item })
    } else {
        item.leftover()
    }
}

/// Something that is being written.
pub fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, ..item }.note("written less than ten minutes ago, or open")
}

/// Many leftovers as one item, those that may go and those that may not apart.
pub fn group(leftovers: Vec<NewItem>) -> Vec<NewItem> {
    let (stale, mut rest): (Vec<NewItem>, Vec<NewItem>) =
        leftovers.into_iter().partition(|item| item.verdict == Verdict::Safe);
    if stale.len() <= FEW {
        rest.extend(stale);
        return rest;
    }
    let mut all = NewItem::new("leftovers", "leftovers of interrupted installs", Verdict::Safe)
        .key("leftovers")
        .note("unfinished downloads, extractions, temporary files and old locks")
        .leftover();
    all.waits = stale.iter().any(|item| item.waits);
    all.parts = stale.iter().flat_map(|item| item.parts.iter().copied()).collect();
    all.children = stale;
    rest.push(all);
    rest
}
