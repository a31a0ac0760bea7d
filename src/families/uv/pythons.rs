//! Interpreters that uv installed. Environments are made of them and break without.

use crate::families::StoreView;
use crate::families::wheels::whole;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// `IMPLEMENTATION-VERSION-SYSTEM-MACHINE-LIBC/`, beside links of shorter names (uv, `crates/uv-python/src/managed.rs`).
pub fn installed(store: &StoreView<'_>) -> Found {
    let mut found = Found::default();
    for folder in store.root().folders() {
        if matches!(folder.name(), ".temp" | ".cache") {
            if !folder.is_empty() {
                let item = NewItem::new("partial", folder.shown(), Verdict::Safe).leftover();
                found.items.push(whole(store, &folder, item.note("downloads that were interrupted")));
            }
            continue;
        }
        let parts: Vec<&str> = folder.name().split('-').collect();
        let is_one = parts.len() >= 4 && parts[1].starts_with(|c: char| c.is_ascii_digit());
        if !is_one {
            continue;
        }
        let item = NewItem::new("interpreter", format!("{} {}", parts[0], parts[1]), Verdict::LookFirst);
        let mut item = item.category(Category::Environments).version(parts[1]);
        item.waits = true;
        let item =
            item.note("`uv python install` fetches it again, but environments made of it break until then");
        found.items.push(whole(store, &folder, item));
    }
    found
}

/// Archives of interpreters, kept where a variable says so.
pub fn downloads(store: &StoreView<'_>) -> Found {
    let mut found = Found::default();
    for file in store.root().files().iter().filter(|f| f.is_regular()) {
        let item = NewItem::new("download", file.shown(), Verdict::ReDownload).body(file.node);
        found.items.push(if store.is_live(file) { crate::families::wheels::in_use(item) } else { item });
    }
    found
}
