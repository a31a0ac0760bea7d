//! Files of unfinished work among the blobs, refs and trees, told by their names.

use std::path::Path;

use crate::families::names::is_hex;
use crate::families::{File, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;

/// What an unfinished file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// `<etag>.<8 hex>.incomplete`: of one process only.
    Dead,
    /// `<etag>.incomplete` of earlier versions, `<etag>.downloadInProgress` of llama.cpp: can be gone on with.
    Resumable,
    /// The file that was put aside while another takes its place.
    Aside,
    /// A name something has until it is finished.
    Temp,
}

/// What a name of unfinished work says.
pub fn partial(name: &str) -> Option<Partial> {
    if let Some(stem) = name.strip_suffix(".incomplete") {
        return Some(if ends_in_hex8(stem) { Partial::Dead } else { Partial::Resumable });
    }
    if name.ends_with(".downloadInProgress") {
        return Some(Partial::Resumable);
    }
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
    match end {
        "old" if name.starts_with('.') && ends_in_hex8(stem) => Some(Partial::Aside),
        "new" | "shared" if name.starts_with('.') && ends_in_hex8(stem) => Some(Partial::Temp),
        "tmp" if ends_in_hex8(stem) || stem.starts_with("tmp") => Some(Partial::Temp),
        "" if name.strip_prefix("tmp_").is_some_and(|u| u.len() == 36) => Some(Partial::Temp),
        _ => None,
    }
}

/// Whether a file of unfinished work may still be written: it says so itself, or its lock is held.
pub fn is_live(store: &StoreView<'_>, file: &File<'_>) -> bool {
    store.is_live(file) || is_locked(store, file)
}

/// Whether somebody holds `.locks/<repository>/<etag>.lock`, which the library does as long as it writes
/// `<repository>/blobs/<etag>….incomplete` (`huggingface_hub` 2.4.0, `file_download.py`).
fn is_locked(store: &StoreView<'_>, file: &File<'_>) -> bool {
    let below = store.below(file.node);
    let mut names = below.iter();
    let (Some(repo), Some("blobs")) = (names.next(), names.next().and_then(|n| n.to_str())) else {
        return false;
    };
    let shown = file.shown();
    let etag = shown.trim_start_matches('.').split('.').next().unwrap_or_default();
    store.is_held(&Path::new(".locks").join(repo).join(format!("{etag}.lock")))
}

fn ends_in_hex8(stem: &str) -> bool {
    stem.rsplit_once('.').is_some_and(|(_, tail)| is_hex(tail, 8))
}

impl Partial {
    /// The item of such a file.
    pub fn item(self, store: &StoreView<'_>, file: &File<'_>) -> NewItem {
        let stem: String = file.shown().trim_start_matches('.').chars().take(8).collect();
        let (kind, name) = match self {
            Self::Dead | Self::Resumable => ("partial", format!("unfinished download {stem}")),
            Self::Aside | Self::Temp => ("temp", file.shown()),
        };
        let item = NewItem::new(kind, name, Verdict::Safe).body(file.node);
        if is_live(store, file) {
            let item = NewItem { verdict: Verdict::InUse, ..item };
            return item.note("being written");
        }
        let item = item.leftover();
        match self {
            Self::Dead => item.note("never resumed by the library"),
            Self::Resumable => item.note("the next download of this file could go on from it"),
            Self::Aside => {
                let item = NewItem { verdict: Verdict::ReDownload, ..item };
                item.note("put aside while another file took its place")
            }
            Self::Temp => item.note("left by a program that was stopped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_files_are_known_by_their_names() {
        let etag = "ab".repeat(32);
        for (name, meant) in [
            (format!("{etag}.0badc0de.incomplete"), Some(Partial::Dead)),
            (format!("{etag}.incomplete"), Some(Partial::Resumable)),
            (format!("{etag}.downloadInProgress"), Some(Partial::Resumable)),
            (format!(".{etag}.0badc0de.old"), Some(Partial::Aside)),
            (format!(".{etag}.0badc0de.new"), Some(Partial::Temp)),
            (format!(".{etag}.0badc0de.shared"), Some(Partial::Temp)),
            ("main.0badc0de.tmp".into(), Some(Partial::Temp)),
            ("tmp_01234567-89ab-cdef-0123-456789abcdef".into(), Some(Partial::Temp)),
            (etag, None),
            ("notes.old".into(), None),
            ("tmp_mine".into(), None),
            ("v1.tmp".into(), None),
        ] {
            assert_eq!(partial(&name), meant, "{name}");
        }
    }
}
