//! What TFDS calls things it has not finished. The naming turned round in 4.9.5: from an ending to a beginning.
//!
//! Source: `core/constants.py`, `core/utils/{file_utils,py_utils}.py`, `core/download/{extractor,download_manager}.py` of
//! 4.9.10 and 4.9.3. Nothing tells whether their maker still runs, and some data sets take many hours.

use super::in_use;
use crate::families::names::is_hex;
use crate::families::{File, Folder, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;

/// A builder may be silent for so many seconds.
const PATIENCE: i64 = 86_400;

/// What an unfinished thing would have become, if this is the name of one.
pub fn is_unfinished(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".todelete").unwrap_or(name);
    let of = name.strip_prefix("incomplete.").and_then(beginning).or_else(|| ending(name))?;
    (!of.is_empty()).then_some(of)
}

/// `XXXXXX_1.2.3`, `<32 hex>_<METHOD>.<file>` or `<32 hex>.<file>` after `incomplete.`.
fn beginning(rest: &str) -> Option<&str> {
    let (id, of) = rest.split_once('_').filter(|(id, _)| is_random(id)).or_else(|| {
        let (id, of) = rest.split_at_checked(32)?;
        Some((id, of.strip_prefix(['_', '.'])?))
    })?;
    (is_random(id) || is_hex(id, 32)).then_some(of)
}

/// `1.2.3.incompleteXXXXXX`, `<METHOD>.<file>.incomplete_<32 hex>`, `<file>.incomplete.<32 hex>` and, in every
/// release, `<file>.tmp.<32 hex>`.
fn ending(name: &str) -> Option<&str> {
    if let Some((of, _)) = name.rsplit_once(".tmp.").filter(|(_, id)| is_hex(id, 32)) {
        return Some(of);
    }
    let (of, id) = name.rsplit_once(".incomplete")?;
    let hex = id.strip_prefix(['_', '.']).is_some_and(|id| is_hex(id, 32));
    (hex || is_random(id)).then_some(of)
}

/// Six capitals and digits.
fn is_random(id: &str) -> bool {
    id.len() == 6 && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// An unfinished folder.
pub fn folder(store: &StoreView<'_>, folder: &Folder<'_>, name: String) -> NewItem {
    let item = NewItem::new("unfinished", name, Verdict::Safe).body(folder.node()).leftover();
    judged(store, item, store.is_live_below(folder), folder.touched())
}

/// An unfinished file.
pub fn file(store: &StoreView<'_>, file: &File<'_>, name: String) -> NewItem {
    let item = NewItem::new("unfinished", name, Verdict::Safe).body(file.node).leftover();
    judged(store, item, store.is_live(file), file.mtime)
}

fn judged(store: &StoreView<'_>, item: NewItem, live: bool, touched: u32) -> NewItem {
    if live {
        in_use(item)
    } else if store.now() - i64::from(touched) < PATIENCE {
        let item =
            item.note("younger than a day, and some data sets take many hours: its maker may still run");
        NewItem { verdict: Verdict::LookFirst, ..item }
    } else {
        item.note("never resumed: tfds begins anew")
    }
}

#[cfg(test)]
mod tests {
    use super::is_unfinished;

    #[test]
    fn both_namings_are_known() {
        let hex = "0123456789abcdef".repeat(2);
        for (name, of) in [
            ("incomplete.996U1R_1.2.3".to_string(), Some("1.2.3")),
            (format!("incomplete.{hex}_TAR_GZ.a.tgz"), Some("TAR_GZ.a.tgz")),
            (format!("incomplete.{hex}_TAR_GZ.a.tgz.todelete"), Some("TAR_GZ.a.tgz")),
            (format!("incomplete.{hex}.dataset_info.json"), Some("dataset_info.json")),
            ("1.2.3.incompleteAB12CD".into(), Some("1.2.3")),
            (format!("ZIP.a.zip.incomplete_{hex}"), Some("ZIP.a.zip")),
            (format!("a.tfrecord-00000-of-00001.incomplete.{hex}"), Some("a.tfrecord-00000-of-00001")),
            (format!("a.zip.tmp.{hex}"), Some("a.zip")),
            ("incomplete.notes_1.2.3".into(), None),
            ("incomplete.".into(), None),
            ("incomplete.996U1R_".into(), None),
            ("incomplete.é".repeat(20), None),
            ("1.2.3.incomplete".into(), None),
            ("my.incomplete.data".into(), None),
            ("a.tmp.zip".into(), None),
            (format!("incomplete.{hex}"), None),
            ("1.2.3".into(), None),
        ] {
            assert_eq!(is_unfinished(&name), of, "{name}");
        }
    }
}
