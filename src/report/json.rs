//! The stable JSON of `mldu report --json`, schema 1. README, "JSON", says what each number means.

mod held;
mod users;

use std::path::Path;

use serde::Serialize;

use super::Tell;
use crate::model::category::Category;
use crate::model::inventory::Inventory;
use crate::model::item::{ItemId, Store};
use crate::model::measure::{Measure, Owners};
use crate::model::problem::Problem;
use crate::model::rows::RowKey;
use crate::text;

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Report {
    schema: u32,
    version: &'static str,
    scan: Scan,
    mounts: Vec<MountRow>,
    /// Unless it is told by users.
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<CategoryRow>>,
    /// Only if it is told by users.
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<users::UserRow>>,
    /// Only if nothing but leftovers is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    leftovers: Option<LeftoverRow>,
    /// Unless it is no scan of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_open: Option<held::HeldRow>,
    problems: Vec<ProblemRow>,
}

#[derive(Debug, Serialize)]
struct Scan {
    roots: Vec<PathText>,
    entries: u64,
    directories: u64,
    bytes: u64,
    apparent_bytes: u64,
    shared_between_groups: u64,
    not_counted: Vec<held::NotCountedRow>,
    seconds: f64,
    problems: u64,
    /// `complete` or `stopped`.
    state: &'static str,
    /// Only if it is no scan of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    imported: Option<ImportedRow>,
}

/// All leftovers as one set.
#[derive(Debug, Serialize)]
struct LeftoverRow {
    items: u64,
    bytes: u64,
    frees: u64,
}

#[derive(Debug, Serialize)]
struct ImportedRow {
    from: String,
    by: String,
    at: Option<String>,
    host: Option<String>,
}

#[derive(Debug, Serialize)]
struct MountRow {
    #[serde(flatten)]
    path: PathField,
    fstype: String,
    bytes_total: Option<u64>,
    bytes_available: Option<u64>,
    inodes_total: Option<u64>,
    inodes_available: Option<u64>,
}

#[derive(Debug, Serialize)]
struct CategoryRow {
    id: &'static str,
    label: &'static str,
    bytes: u64,
    frees: u64,
    files: u64,
    stores: Vec<StoreRow>,
}

#[derive(Debug, Serialize)]
struct StoreRow {
    family: &'static str,
    #[serde(flatten)]
    path: PathField,
    owner: Option<String>,
    owner_uid: Option<u32>,
    bytes: u64,
    files: u64,
    items: Vec<ItemRow>,
}

/// An environment with the packages only it uses.
#[derive(Debug, Serialize)]
struct TogetherRow {
    packages: usize,
    bytes: u64,
    frees: u64,
}

#[derive(Debug, Serialize)]
struct ItemRow {
    id: String,
    kind: &'static str,
    name: String,
    version: Option<String>,
    origin: Option<String>,
    #[serde(flatten)]
    path: PathField,
    owner: Option<String>,
    owner_uid: Option<u32>,
    bytes: u64,
    apparent_bytes: u64,
    frees: u64,
    frees_apparent: u64,
    files: u64,
    newest: Option<String>,
    verdict: &'static str,
    leftover: bool,
    barred: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_its_packages: Option<TogetherRow>,
    /// Only if processes were seen to use it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    in_use: Vec<held::UserRow>,
    notes: Vec<String>,
    items: Vec<ItemRow>,
}

#[derive(Debug, Serialize)]
struct ProblemRow {
    #[serde(flatten)]
    path: PathField,
    operation: &'static str,
    error: String,
}

/// A path as text. What is not UTF-8 in it is replaced; then the bytes are there too.
#[derive(Debug, Serialize)]
pub struct PathField {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_b64: Option<String>,
}

impl PathField {
    /// A path.
    pub fn new(path: &Path) -> Self {
        let exact = path.to_str();
        Self {
            path: path.to_string_lossy().into_owned(),
            path_b64: exact.is_none().then(|| base64(path.as_os_str().as_encoded_bytes())),
        }
    }
}

/// A path in a list of paths: a string, or an object where it is not UTF-8.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum PathText {
    Text(String),
    Bytes(PathField),
}

impl PathText {
    fn new(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_string()),
            None => Self::Bytes(PathField::new(path)),
        }
    }
}

/// The report on an inventory, told by groups.
pub fn report(inventory: &Inventory) -> Report {
    report_of(inventory, Tell::Groups)
}

/// The report on an inventory. Who holds what must have been worked out before that is told.
pub fn report_of(inventory: &Inventory, tell: Tell) -> Report {
    let total = inventory.total();
    let categories = (tell != Tell::Users).then(|| categories(inventory, tell));
    let left = (tell == Tell::Leftovers).then(|| inventory.measure_leftovers());
    Report {
        schema: 1,
        version: env!("CARGO_PKG_VERSION"),
        scan: Scan {
            roots: inventory.roots.iter().map(|r| PathText::new(r)).collect(),
            entries: inventory.progress.entries,
            directories: inventory.progress.directories,
            bytes: total.on_disk,
            apparent_bytes: total.apparent,
            shared_between_groups: inventory.shared_between_groups(),
            not_counted: inventory.not_counted().iter().map(held::not_counted).collect(),
            seconds: inventory.progress.seconds,
            problems: inventory.problems.count,
            state: if inventory.state == crate::model::inventory::ScanState::Complete {
                "complete"
            } else {
                "stopped"
            },
            imported: inventory.imported.as_ref().map(|i| ImportedRow {
                from: i.from.clone(),
                by: i.by.clone(),
                at: i.at.and_then(text::rfc3339),
                host: (!i.host.is_empty()).then(|| i.host.clone()),
            }),
        },
        mounts: inventory.mounts.iter().map(mount).collect(),
        categories,
        users: (tell == Tell::Users).then(|| users::users(inventory)),
        leftovers: left.map(|m| LeftoverRow {
            items: inventory.leftover_items().len() as u64,
            bytes: m.usage.on_disk,
            frees: m.frees,
        }),
        held_open: inventory.imported.is_none().then(|| held::held(&inventory.held_open)),
        problems: inventory.problems.kept.iter().map(problem).collect(),
    }
}

fn categories(inventory: &Inventory, tell: Tell) -> Vec<CategoryRow> {
    let mut rows: Vec<CategoryRow> =
        inventory.groups().iter().map(|g| category(inventory, g.category, tell)).collect();
    rows.push(other(inventory, tell));
    rows.retain(|c| tell == Tell::Groups || !c.stores.is_empty());
    rows.sort_by_key(|c| std::cmp::Reverse(c.bytes));
    rows
}

fn mount(m: &crate::model::mount::Mount) -> MountRow {
    MountRow {
        path: PathField::new(&m.path),
        fstype: m.fstype.clone(),
        bytes_total: m.space.map(|s| s.total),
        bytes_available: m.space.map(|s| s.available),
        inodes_total: m.space.and_then(|s| s.inodes),
        inodes_available: m.space.and_then(|s| s.inodes_available),
    }
}

fn problem(p: &Problem) -> ProblemRow {
    ProblemRow { path: PathField::new(&p.path), operation: p.operation, error: p.error.clone() }
}

fn category(inventory: &Inventory, category: Category, tell: Tell) -> CategoryRow {
    let group = inventory.groups().iter().find(|g| g.category == category);
    let measure = group.map(|g| g.measure).unwrap_or_default();
    let stores = group.map_or(&[][..], |g| &g.stores);
    let mut rows: Vec<StoreRow> = stores
        .iter()
        .filter_map(|(id, m)| inventory.store(*id).map(|s| store(inventory, s, category, m, tell)))
        .collect();
    rows.retain(|s| tell == Tell::Groups || !s.items.is_empty());
    rows.sort_by_key(|s| std::cmp::Reverse(s.bytes));
    CategoryRow {
        id: category.id(),
        label: category.label(),
        bytes: measure.usage.on_disk,
        frees: measure.frees,
        files: measure.usage.files,
        stores: rows,
    }
}

fn store(
    inventory: &Inventory,
    store: &Store,
    category: Category,
    measure: &Measure,
    tell: Tell,
) -> StoreRow {
    let items = inventory.items_in(store, category);
    StoreRow {
        family: store.family,
        path: PathField::new(&inventory.tree.path(store.root.into())),
        owner: inventory.people.owner(measure.owners),
        owner_uid: uid(measure.owners),
        bytes: measure.usage.on_disk,
        files: measure.usage.files,
        items: items.into_iter().filter_map(|id| item(inventory, id, tell)).collect(),
    }
}

/// The one user who owns something.
fn uid(owners: Owners) -> Option<u32> {
    if let Owners::One(uid) = owners { Some(uid) } else { None }
}

fn item(inventory: &Inventory, id: ItemId, tell: Tell) -> Option<ItemRow> {
    if tell == Tell::Leftovers && !inventory.leads_to_leftover(id) {
        return None;
    }
    let item = inventory.item(id)?;
    let store = inventory.store(item.store)?;
    let node = item.parts.first().map_or(store.root.into(), |p| p.node);
    let path = if item.is_rest { inventory.tree.path(store.root.into()) } else { inventory.tree.path(node) };
    let m = &item.measure;
    Some(ItemRow {
        id: item.key.to_string(),
        kind: item.kind,
        name: item.name.clone(),
        version: item.version.clone(),
        origin: item.origin.clone(),
        path: PathField::new(&path),
        owner: inventory.people.owner(m.owners),
        owner_uid: uid(m.owners),
        bytes: m.usage.on_disk,
        apparent_bytes: m.usage.apparent,
        frees: m.frees,
        frees_apparent: m.frees_apparent,
        files: m.usage.files,
        newest: (m.newest > 0).then(|| text::rfc3339(i64::from(m.newest))).flatten(),
        verdict: inventory.verdict(id).id(),
        leftover: item.leftover,
        barred: item.bar.map(|bar| inventory.bar_words(bar)),
        with_its_packages: inventory.with_its_packages(id).map(|t| TogetherRow {
            packages: t.packages.len(),
            bytes: t.measure.usage.on_disk,
            frees: t.measure.frees,
        }),
        in_use: held::users(inventory.holders(id)),
        notes: inventory.notes(id),
        items: item.children.iter().filter_map(|c| self::item(inventory, *c, tell)).collect(),
    })
}

/// Everything else: a store for each folder that was asked for.
fn other(inventory: &Inventory, tell: Tell) -> CategoryRow {
    let rest = inventory.rest();
    let loose = inventory.below(RowKey::Rest).into_iter().filter_map(|key| {
        let RowKey::Store(category, id) = key else { return None };
        inventory.store(id).map(|s| store(inventory, s, category, &inventory.row_measure(key), tell))
    });
    let roots = inventory.rest_below(RowKey::Rest);
    let stores = roots.into_iter().filter_map(|key| {
        let RowKey::Node(node) = key else { return None };
        let m = inventory.row_measure(key);
        Some(StoreRow {
            family: "other",
            path: PathField::new(&inventory.tree.path(node)),
            owner: None,
            owner_uid: None,
            bytes: m.usage.on_disk,
            files: m.usage.files,
            items: Vec::new(),
        })
    });
    CategoryRow {
        id: Category::Other.id(),
        label: Category::Other.label(),
        bytes: rest.usage.on_disk,
        frees: rest.frees,
        files: rest.usage.files,
        stores: if tell == Tell::Groups {
            loose.chain(stores).collect()
        } else {
            loose.filter(|s| !s.items.is_empty()).collect()
        },
    }
}

/// Base64 of RFC 4648.
/// Bytes as text, as RFC 4648 has it.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0_u32, |n, b| (n << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(LETTERS[(n >> (18 - 6 * i)) as usize & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_usual_one() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(b"\xff\xfe"), "//4=");
    }
}
