//! A box of files in a temporary folder, scanned for real: what the tests of families are made of.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::env::Env;
use crate::model::inventory::Inventory;
use crate::model::item::{Item, ItemId};
use crate::model::rows::RowKey;
use crate::scan::{Session, Settings};

/// The time of every test scan: 2026-11-21 03:12 UTC.
pub const NOW: i64 = 1_795_230_720;

/// A temporary home.
pub struct Fixture {
    _dir: tempfile::TempDir,
    /// Its world; add variables to it.
    pub env: Env,
}

impl Fixture {
    /// An empty home.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let home = dir.path().canonicalize().expect("it has a path").join("home");
        std::fs::create_dir(&home).expect("a home");
        Self { env: Env::fixed(&home), _dir: dir }
    }

    /// The home.
    pub fn home(&self) -> PathBuf {
        self.env.home().to_path_buf()
    }

    /// A path in the home.
    pub fn path(&self, below: &str) -> PathBuf {
        self.home().join(below)
    }

    /// Makes a folder and those above it.
    pub fn folder(&self, below: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }

    /// Writes a file, 30 days old.
    pub fn file(&self, below: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("below home")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        self.age(below, 30 * 86_400);
        path
    }

    /// Writes a file of so many KiB, 30 days old.
    pub fn kib(&self, below: &str, n: usize) -> PathBuf {
        self.file(below, vec![b'x'; n * 1024])
    }

    /// Makes a symbolic link.
    pub fn link(&self, target: &str, below: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("below home")).expect("a folder");
        std::os::unix::fs::symlink(target, path).expect("a link");
    }

    /// Gives a file a second name.
    pub fn hard_link(&self, from: &str, below: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("below home")).expect("a folder");
        std::fs::hard_link(self.path(from), path).expect("a second name");
    }

    /// Makes a file or folder so many seconds old, as seen at [`NOW`].
    pub fn age(&self, below: &str, seconds: i64) {
        let file = std::fs::File::open(self.path(below)).expect("a file or folder");
        let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs((NOW - seconds) as u64);
        file.set_modified(then).expect("a time");
    }

    /// Makes a folder and all folders below it 30 days old: making files in them made them new.
    pub fn age_all(&self, below: &str) {
        for entry in walkdir::WalkDir::new(self.path(below)).into_iter().flatten() {
            let path = entry.path().strip_prefix(self.home()).expect("below home").to_path_buf();
            if entry.file_type().is_dir() {
                self.age(path.to_str().expect("text"), 30 * 86_400);
            }
        }
    }

    /// Makes a symbolic link that is 30 days old.
    pub fn old_link(&self, target: &str, below: &str) {
        self.link(target, below);
        crate::sys::reserve::date_link(&self.path(below), NOW - 30 * 86_400).expect("a time");
    }

    /// Scans the whole home.
    pub fn scan(&self) -> Inventory {
        let settings = Settings::new(Arc::new(self.env.clone()), NOW);
        Session::new(settings).expect("threads").run()
    }

    /// Scans and writes down what was recognized.
    pub fn outline(&self) -> String {
        outline(&self.scan(), &self.home())
    }
}

/// All stores and items in a fixed form, one a line:
/// `category: family role ~/path` and below it `  kind "name" version [verdict] size frees {notes}`.
/// Sizes are in KiB, without the rest of each store; `!` marks a leftover.
pub fn outline(inventory: &Inventory, home: &Path) -> String {
    let mut out = String::new();
    for category in inventory.categories() {
        let mut stores = inventory.below(RowKey::Category(category));
        stores.sort_by_key(|k| inventory.row_name(*k));
        for key in stores {
            let RowKey::Store(_, id) = key else { continue };
            let Some(store) = inventory.store(id) else { continue };
            let path = crate::text::short_path(&inventory.tree.path(store.root.into()), home);
            let title = store.title.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
            let _ = writeln!(out, "{}: {} {} {path}{title}", category.id(), store.family, store.role);
            for item in inventory.items_in(store, category) {
                line(inventory, item, 1, &mut out);
            }
            // What lies beside a run is everything else on the screen; here it stands with its store.
            if category == store.category && store.unclaimed != category {
                for item in inventory.items_in(store, store.unclaimed) {
                    line(inventory, item, 1, &mut out);
                }
            }
        }
    }
    for problem in &inventory.problems.kept {
        let path = crate::text::short_path(&problem.path, home);
        let _ = writeln!(out, "problem: {} {path}: {}", problem.operation, problem.error);
    }
    out
}

fn line(inventory: &Inventory, id: ItemId, depth: usize, out: &mut String) {
    let Some(item) = inventory.item(id) else { return };
    if item.is_rest && item.parts.is_empty() {
        return;
    }
    let Item { kind, name, .. } = item;
    let version = item.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
    let left = if item.leftover { "!" } else { "" };
    let verdict = inventory.verdict(id).id();
    let (size, frees) = (item.measure.usage.on_disk / 1024, item.measure.frees / 1024);
    let notes = inventory.notes(id).join("; ");
    let notes = if notes.is_empty() { String::new() } else { format!(" {{{notes}}}") };
    let pad = "  ".repeat(depth);
    let _ = writeln!(out, "{pad}{left}{kind} \"{name}\"{version} [{verdict}] {size} {frees}{notes}");
    for child in &item.children {
        line(inventory, *child, depth + 1, out);
    }
}
