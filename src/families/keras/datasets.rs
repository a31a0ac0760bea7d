//! `datasets/`: what `get_file` fetched, archives together with what was unpacked from them.
//!
//! Naming: keras 3.15.1 `utils/file_utils.py` (`get_file`), keras 2.15.0 `utils/data_utils.py`, `datasets/*.py` of both.
//! Keras 3 unpacks on every call, but fetches the archive again if that is missing; so the two are one thing to a
//! person, and only the unpacked part comes back for free.

use super::{
    LIVE, TORN, TORN_UNKNOWN, UNRECORDED, in_use, is_torn, known_file, unknown_file, unknown_folder,
};
use crate::families::names::{tar_first, zip_first};
use crate::families::{File, Folder, Range, StoreView};
use crate::model::category::Category;
use crate::model::item::NewItem;
use crate::model::node::NodeId;
use crate::model::verdict::Verdict;

const BASE: &str = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/";
const CIFAR: &str = "https://www.cs.toronto.edu/~kriz/";

/// Files that are there under the name they have at their origin.
const FILES: [(&str, &str); 7] = [
    ("mnist.npz", "MNIST"),
    ("imdb.npz", "IMDB reviews"),
    ("imdb_word_index.json", "IMDB word index"),
    ("reuters.npz", "Reuters newswire"),
    ("reuters_word_index.json", "Reuters word index"),
    ("boston_housing.npz", "Boston housing"),
    ("california_housing.npz", "California housing"),
];

/// The four files of Fashion-MNIST, in a folder of their own.
pub(super) const FASHION: [&str; 4] = [
    "train-labels-idx1-ubyte.gz",
    "train-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
];

/// Archives that Keras unpacks, by the name of the unpacked folder.
const ARCHIVES: [(&str, &str, &str); 4] = [
    ("cifar-10-batches-py-target", "CIFAR-10", "cifar-10-python.tar.gz"),
    ("cifar-100-python-target", "CIFAR-100", "cifar-100-python.tar.gz"),
    ("cifar-10-batches-py", "CIFAR-10 (Keras 2)", "cifar-10-python.tar.gz"),
    ("cifar-100-python", "CIFAR-100 (Keras 2)", "cifar-100-python.tar.gz"),
];

/// What lies in `datasets/`.
pub fn items(store: &StoreView<'_>, folder: &Folder<'_>, found: &mut Vec<NewItem>) {
    let first = found.len();
    let files: Vec<File<'_>> = folder.files().into_iter().filter(File::is_regular).collect();
    let folders = folder.folders();
    let units = pair(store, &files, &folders);
    for entry in folders.iter().filter(|f| !units.iter().any(|u| u.has(f.node()))) {
        found.push(match entry.name() {
            "fashion-mnist" => fashion(store, entry),
            _ => lone_folder(store, entry),
        });
    }
    for file in files.iter().filter(|f| !units.iter().any(|u| u.has(f.node))) {
        found.push(lone_file(store, file));
    }
    found.extend(units.iter().map(|unit| unit.item(store, &units)));
    for item in &mut found[first..] {
        item.category = Some(Category::Datasets);
    }
}

/// How an unpacked part is named after its archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Keras 3, which unpacks on every call.
    Keras3,
    /// Keras 2, which unpacks if the folder is missing.
    Keras2,
    /// By what the archive holds or is called.
    Likely,
}

/// An archive, or several with one name, and what was unpacked.
struct Unit<'a> {
    name: &'a str,
    archives: Vec<File<'a>>,
    unpacked: Vec<(NodeId, String, u32, How)>,
}

/// Finds what belongs together.
fn pair<'a>(store: &StoreView<'_>, files: &[File<'a>], folders: &[Folder<'a>]) -> Vec<Unit<'a>> {
    let mut units: Vec<Unit<'a>> = Vec::new();
    for file in files {
        let mut unit = Unit { name: file.name(), archives: vec![*file], unpacked: Vec::new() };
        let mut known_to = None;
        for (name, how) in certain(file.name()) {
            let Some(folder) = folders.iter().find(|f| f.name() == name) else { continue };
            if let Some(at) = units.iter().position(|u| u.has(folder.node())) {
                known_to = Some(at);
            } else {
                unit.unpacked.push((folder.node(), folder.shown(), folder.touched(), how));
                if !name.ends_with("_extracted") {
                    unit.name = folder.name();
                }
            }
        }
        match known_to {
            // `data.v1.zip` and `data.v2.zip` are both unpacked into `data_extracted`.
            Some(at) if unit.unpacked.is_empty() => units[at].archives.push(*file),
            _ if unit.unpacked.is_empty() => {}
            _ => units.push(unit),
        }
    }
    // What is only likely comes second, so that it takes nothing from what is certain.
    for file in files.iter().filter(|f| !units.iter().any(|u| u.has(f.node))).collect::<Vec<_>>() {
        if let Some(unit) =
            likely(store, file, files, folders).filter(|u| !units.iter().any(|t| t.overlaps(u)))
        {
            units.push(unit);
        }
    }
    units
}

/// The folders that `get_file` unpacks an archive of this name into.
fn certain(file: &str) -> Vec<(String, How)> {
    let mut names = Vec::new();
    if let Some(name) = file.strip_suffix("_archive") {
        names.push((name.to_string(), How::Keras3));
    }
    if let Some((name, _)) = file.split_once('.') {
        names.push((format!("{name}_extracted"), How::Keras3));
    }
    if let Some(name) = file.strip_suffix(".tar.gz") {
        names.push((name.to_string(), How::Keras2));
    }
    names.retain(|(name, _)| !name.is_empty());
    names
}

/// The endings of archives that Keras 2 unpacks right into `datasets/`.
const ENDS: [&str; 8] = [".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".tar", ".zip", ".gz"];

/// What Keras 2 unpacked right into `datasets/`: named like the archive, or like its first entry.
fn likely<'a>(
    store: &StoreView<'_>,
    archive: &File<'a>,
    files: &[File<'a>],
    folders: &[Folder<'a>],
) -> Option<Unit<'a>> {
    let stem = ENDS.iter().find_map(|end| archive.name().strip_suffix(end)).filter(|s| !s.is_empty())?;
    let head = store.read(archive.node, Range::Head, 512).unwrap_or_default();
    let entry = zip_first(&head).or_else(|| tar_first(&head)).unwrap_or_default();
    let inside =
        entry.split(|b| *b == b'/').find(|part| !part.is_empty() && *part != b".").unwrap_or_default();
    let fits = |name: &[u8]| name == stem.as_bytes() || (name == inside && entry.contains(&b'/'));
    let folder = folders.iter().find(|f| f.name() != "fashion-mnist" && fits(f.bytes()));
    let unpacked = if let Some(f) = folder {
        (f.node(), f.shown(), f.touched(), How::Likely)
    } else {
        let file = files.iter().find(|f| f.bytes == stem.as_bytes())?;
        (file.node, file.shown(), file.mtime, How::Likely)
    };
    Some(Unit { name: archive.name(), archives: vec![*archive], unpacked: vec![unpacked] })
}

impl Unit<'_> {
    fn has(&self, node: NodeId) -> bool {
        self.archives.iter().any(|a| a.node == node) || self.unpacked.iter().any(|u| u.0 == node)
    }

    fn overlaps(&self, other: &Unit<'_>) -> bool {
        other.archives.iter().any(|a| self.has(a.node)) || other.unpacked.iter().any(|u| self.has(u.0))
    }

    fn is_live(&self, store: &StoreView<'_>) -> bool {
        self.archives.iter().any(|a| store.is_live(a)) || self.unpacked.iter().any(|u| store.is_fresh(u.2))
    }

    /// The unit as one item, with its archive and what was unpacked as parts that can go alone.
    fn item(&self, store: &StoreView<'_>, all: &[Unit<'_>]) -> NewItem {
        let known = ARCHIVES.iter().find(|a| a.0 == self.name);
        let live = self.is_live(store);
        let verdict = match known {
            _ if live => Verdict::InUse,
            Some(_) => Verdict::ReDownload,
            None => Verdict::LookFirst,
        };
        let name = known.map_or_else(|| crate::text::plain(self.name), |k| k.1.into());
        let mut item = NewItem::new("dataset", name, verdict);
        item.origin = known.map(|k| format!("{CIFAR}{}", k.2));
        let whole = self.archives.iter().all(|a| !is_torn(store, a));
        for archive in &self.archives {
            item = item.body(archive.node);
            let mut child = NewItem::new("archive", archive.shown(), verdict).body(archive.node).leftover();
            if known.is_some() {
                child = child.note("without it Keras downloads again, though it is unpacked");
            }
            item.children.push(if is_torn(store, archive) { child.note(TORN_UNKNOWN) } else { child });
        }
        for (node, shown, _, how) in &self.unpacked {
            item = item.body(*node);
            item.children.push(extracted(*node, shown, *how, known.is_some(), whole, live));
        }
        if live {
            return item.note(LIVE);
        }
        if known.is_none() {
            return item.note(UNRECORDED);
        }
        let newer = all.iter().any(|u| u.name.strip_suffix("-target") == Some(self.name));
        if newer { item.note("Keras 3 has its own copy; this one is for Keras 2").leftover() } else { item }
    }
}

fn extracted(node: NodeId, shown: &str, how: How, known: bool, whole: bool, live: bool) -> NewItem {
    let free = whole && (how == How::Keras3 || (known && how == How::Keras2));
    let verdict = match free {
        _ if live => Verdict::InUse,
        true => Verdict::Rebuild,
        false => Verdict::LookFirst,
    };
    let item = NewItem::new("extracted", shown, verdict).body(node);
    match (live, free) {
        (true, _) => item,
        _ if !whole => item.note("the archive beside it is truncated, so this may be all there is"),
        (_, true) => item.note("unpacked again from the archive beside it; changes made in it would be lost"),
        _ => item.note("probably unpacked from the archive beside it"),
    }
}

/// A folder without its archive.
fn lone_folder(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let Some((_, name, origin)) = ARCHIVES.iter().find(|a| a.0 == folder.name()) else {
        let item = unknown_folder(store, folder);
        let orphan = item.verdict == Verdict::LookFirst && folder.name().ends_with("_extracted");
        return if orphan { item.note("the archive it was unpacked from is gone") } else { item };
    };
    let item = NewItem::new("dataset", *name, Verdict::ReDownload)
        .body(folder.node())
        .origin(format!("{CIFAR}{origin}"));
    if store.is_fresh(folder.touched()) {
        return in_use(item);
    }
    item.note("its archive is gone, so Keras downloads again anyway").leftover()
}

/// A file with nothing unpacked from it.
fn lone_file(store: &StoreView<'_>, file: &File<'_>) -> NewItem {
    if let Some((there, name)) = FILES.iter().find(|f| f.0 == file.name()) {
        let item = NewItem::new("dataset", *name, Verdict::ReDownload).body(file.node);
        return known_file(store, file, item.origin(format!("{BASE}{there}")));
    }
    let archive = file.name().strip_suffix("_archive").or_else(|| file.name().strip_suffix(".tar.gz"));
    if let Some((_, name, origin)) = ARCHIVES.iter().find(|a| Some(a.0) == archive) {
        let item = NewItem::new("dataset", *name, Verdict::ReDownload).body(file.node);
        return known_file(store, file, item.origin(format!("{CIFAR}{origin}")));
    }
    let kind =
        if archive.is_some() || ENDS.iter().any(|e| file.name().ends_with(e)) { "archive" } else { "file" };
    unknown_file(store, file, kind, UNRECORDED)
}

/// The folder of Fashion-MNIST; whatever else lies in it is not part of it.
fn fashion(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let all = folder.files();
    let (own, others): (Vec<_>, Vec<_>) =
        all.iter().partition(|f| f.is_regular() && FASHION.contains(&f.name()));
    if own.is_empty() {
        return unknown_folder(store, folder);
    }
    let mut item =
        NewItem::new("dataset", "Fashion-MNIST", Verdict::ReDownload).key("fashion-mnist").origin(BASE);
    if others.is_empty() && folder.folders().is_empty() && folder.stores().is_empty() {
        item = item.body(folder.node());
    } else {
        item = own.iter().fold(item, |item, file: &&File<'_>| item.body(file.node));
    }
    if own.iter().any(|f| store.is_live(f)) {
        return in_use(item);
    }
    // Nothing checks these four: a short one stays for ever.
    if own.iter().any(|f| f.size == 0) { item.note(TORN).leftover() } else { item }
}
