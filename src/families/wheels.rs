//! What the installers of Python packages have in common: names of wheels and source archives, what is being written,
//! and downloads grouped by project.
//!
//! Names: the binary distribution format and the source distribution file name, packaging.python.org; PEP 376 for
//! `dist-info`.

use std::collections::BTreeMap;

use super::{Folder, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;
use crate::text;

/// A package and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dist {
    /// Its name, safe to show, written as indexes write it.
    pub name: String,
    /// Its version, safe to show.
    pub version: String,
}

impl Dist {
    fn new(name: &str, version: &str) -> Option<Self> {
        let plain = |text: &str, more: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let fits = plain(name, "._-")
            && plain(version, "._-+!")
            && version.starts_with(|c: char| c.is_ascii_digit());
        fits.then(|| Self { name: project(name), version: version.into() })
    }
}

/// The name of a project as indexes write it: `Jinja2` is `jinja2`, `a_b` is `a-b` (PEP 503).
pub fn project(name: &str) -> String {
    text::plain(&name.to_ascii_lowercase().replace(['_', '.'], "-"))
}

/// What a wheel is of: `NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl`.
pub fn of_wheel(file: &str) -> Option<Dist> {
    let parts: Vec<&str> = file.strip_suffix(".whl")?.split('-').collect();
    matches!(parts.len(), 5 | 6).then(|| Dist::new(parts[0], parts[1]))?
}

/// What a source archive is of.
pub fn of_sdist(file: &str) -> Option<Dist> {
    let endings = [".tar.gz", ".tgz", ".tar.bz2", ".zip"];
    let stem = endings.iter().find_map(|e| file.strip_suffix(e))?;
    let (name, version) = stem.rsplit_once('-')?;
    Dist::new(name, version)
}

/// What a folder or file of metadata is of: `NAME-VERSION.dist-info`, `NAME-VERSION-py3.11.egg-info`.
pub fn of_info(name: &str) -> Option<Dist> {
    let stem = name.strip_suffix(".dist-info").or_else(|| name.strip_suffix(".egg-info"))?;
    let mut parts = stem.split('-');
    Dist::new(parts.next()?, parts.next()?)
}

/// What an unpacked wheel is of: the folder of metadata in it says so.
pub fn of_unpacked(folder: &Folder<'_>) -> Option<Dist> {
    folder.folders().iter().filter(|f| f.name().ends_with(".dist-info")).find_map(|f| of_info(f.name()))
}

/// Folders with files below one, each with the topmost folder above it in which nothing else lies: caches spread entries
/// over folders by the letters of a hash, and those go with the last entry in them.
pub fn leaves<'a>(root: &Folder<'a>) -> Vec<(Folder<'a>, Folder<'a>)> {
    let mut found = Vec::new();
    let mut todo: Vec<(Folder<'a>, Folder<'a>)> = root.folders().into_iter().map(|f| (f, f)).collect();
    todo.reverse();
    while let Some((top, folder)) = todo.pop() {
        let below = folder.folders();
        let alone = folder.records().next().is_none() && folder.stores().is_empty();
        match below[..] {
            [only] if alone => todo.push((top, only)),
            [] if alone => {}
            [] => found.push((top, folder)),
            _ => {
                if !alone {
                    found.push((folder, folder));
                }
                todo.extend(below.into_iter().rev().map(|f| (f, f)));
            }
        }
    }
    found
}

/// Something that is being written.
pub fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, leftover: false, ..item }
        .note("written less than ten minutes ago, or open")
}

/// A folder as one item that is in use while something is being written in it.
pub fn whole(store: &StoreView<'_>, folder: &Folder<'_>, item: NewItem) -> NewItem {
    let item = item.body(folder.node());
    if store.is_live_below(folder) { in_use(item) } else { item }
}

/// Downloads by project: one by itself, several of a project as one item made of them. Those that are in use stay by
/// themselves, so that the others may go.
pub fn by_project(kind: &'static str, all: Vec<NewItem>) -> Vec<NewItem> {
    let mut items = Vec::new();
    let mut projects: BTreeMap<String, Vec<NewItem>> = BTreeMap::new();
    for item in all {
        if item.verdict == Verdict::InUse {
            items.push(item);
        } else {
            projects.entry(item.name.clone()).or_default().push(item);
        }
    }
    for (name, mut children) in projects {
        if children.len() == 1 {
            items.extend(children.pop());
            continue;
        }
        let verdict = children.iter().map(|c| c.verdict).max().unwrap_or(Verdict::LookFirst);
        let mut versions: Vec<&str> = children.iter().filter_map(|c| c.version.as_deref()).collect();
        versions.sort_unstable();
        versions.dedup();
        let note = match versions[..] {
            [] | [_] => text::counted(children.len() as u64, "file", "files"),
            _ => text::counted(versions.len() as u64, "version", "versions"),
        };
        let mut group = NewItem::new(kind, name, verdict).note(note);
        group.key = format!("{kind}s of {}", group.name);
        group.version = match versions[..] {
            [version] => Some(version.to_string()),
            _ => None,
        };
        group.leftover = children.iter().all(|c| c.leftover);
        group.waits = children.iter().any(|c| c.waits);
        group.parts = children.iter().flat_map(|c| c.parts.iter().copied()).collect();
        group.children = children;
        items.push(group);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(dist: Option<Dist>, name: &str, version: &str) {
        let dist = dist.expect("a package");
        assert_eq!((dist.name.as_str(), dist.version.as_str()), (name, version));
    }

    #[test]
    fn names_say_what_and_which() {
        is(of_wheel("six-1.17.0-py2.py3-none-any.whl"), "six", "1.17.0");
        is(of_wheel("flash_attn-2.5-1-cp311-cp311-linux_x86_64.whl"), "flash-attn", "2.5");
        is(of_wheel("torch-2.3.0+cu121-cp311-cp311-linux_x86_64.whl"), "torch", "2.3.0+cu121");
        is(of_sdist("docopt-0.6.2.tar.gz"), "docopt", "0.6.2");
        is(of_sdist("scikit-learn-1.4.0.zip"), "scikit-learn", "1.4.0");
        is(of_info("Jinja2-3.1.dist-info"), "jinja2", "3.1");
        is(of_info("old-1.0-py3.11.egg-info"), "old", "1.0");
        for no in ["six.whl", "a-b-c-d-e.whl", "\u{202e}x-1.0-py3-none-any.whl", "x-1.0-py3-none.whl"] {
            assert_eq!(of_wheel(no), None, "{no}");
        }
        assert_eq!(of_sdist("notes-final.tar.gz"), None);
        assert_eq!(of_info("x.dist-info"), None);
    }
}
