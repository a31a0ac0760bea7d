//! pdm's cache. With `install.cache` on, environments are made of links into `packages/`.
//!
//! Layout: pdm 2.29, `models/caches.py`, `models/cached_package.py`, `project/config.py`, `cli/commands/cache.py`.

use super::wheels::{by_project, in_use, leaves, of_wheel, whole};
use super::{About, Family, Folder, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Pdm;

static ABOUT: About = About {
    id: "pdm",
    name: "pdm",
    items: "a package, a wheel, an interpreter",
    category: Category::PackageCaches,
    verdict: Verdict::ReDownload,
    markers: &[],
    hint: "pdm downloads and builds again what it needs; environments that are linked into packages break until pdm sync",
    source: "pdm 2.29, models/caches.py, models/cached_package.py, project/config.py",
    ..About::DEFAULT
};

const CACHE: &str = "cache";
/// Interpreters it installed.
const PYTHONS: &str = "pythons";

/// The list of environments that use a package has a line each.
const USERS: usize = 256 << 10;

impl Family for Pdm {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "PDM_CACHE_DIR", CACHE).into_iter().collect();
        for home in env.homes() {
            places.push(Place::new(env.cache_of(home).join("pdm"), CACHE));
            places.push(Place::new(env.data_of(home).join("pdm/python"), PYTHONS));
        }
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        for folder in store.root().folders() {
            if store.role() == PYTHONS {
                found.items.push(interpreter(store, &folder));
                continue;
            }
            match folder.name() {
                "packages" => {
                    let all = folder.folders().iter().filter_map(|f| package(store, f)).collect();
                    found.items.extend(by_project("package", all));
                }
                "wheels" => {
                    let all = leaves(&folder).iter().flat_map(|(top, f)| built(store, top, f)).collect();
                    found.items.extend(by_project("built wheel", all));
                }
                "http" if !folder.is_empty() => {
                    let item = NewItem::new("downloads", "answers of servers", Verdict::ReDownload);
                    found.items.push(whole(store, &folder, item));
                }
                "metadata" | "hashes" | "self-check" if !folder.is_empty() => {
                    let item = NewItem::new("index", folder.shown(), Verdict::Safe);
                    found.items.push(whole(store, &folder, item));
                }
                _ => {}
            }
        }
        found
    }
}

fn interpreter(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let item =
        NewItem::new("interpreter", folder.shown(), Verdict::LookFirst).category(Category::Environments);
    let item =
        item.note("`pdm python install` fetches it again, but environments made of it break until then");
    NewItem { waits: true, ..whole(store, folder, item) }
}

/// An unpacked wheel: `NAME.whl.cache/`, with the environments that use it in `.referrers`.
fn package(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let dist = of_wheel(folder.name().strip_suffix(".cache")?)?;
    let item = NewItem::new("package", dist.name, Verdict::ReDownload).version(dist.version);
    let mut item = NewItem { waits: true, ..item.body(folder.node()) };
    let users =
        folder.file(".referrers").and_then(|f| store.read(f.node, Range::Head, USERS)).unwrap_or_default();
    let users = users.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    if users > 0 {
        let users = crate::text::counted(users as u64, "environment", "environments");
        item = item.note(format!("pdm installed it into {users}, some of which may be gone"));
    }
    // What is inside is as old as the wheel says; the folder is as old as its unpacking.
    Some(if store.is_fresh(folder.mtime()) { in_use(item) } else { item })
}

/// Wheels that were built from sources: `aa/bb/cc/REST/*.whl`.
fn built(store: &StoreView<'_>, top: &Folder<'_>, folder: &Folder<'_>) -> Vec<NewItem> {
    let mut items = Vec::new();
    let alone = folder.files().len() == 1 && folder.folders().is_empty();
    for file in folder.files().iter().filter(|f| f.is_regular()) {
        let Some(dist) = of_wheel(file.name()) else { continue };
        let item = NewItem::new("built wheel", dist.name, Verdict::Rebuild).version(dist.version);
        let item = if alone { item.body(top.node()) } else { item.body(file.node) };
        let item = item.note("built on this machine; to build it again may take compilers and time");
        items.push(if store.is_live(file) { in_use(item) } else { item });
    }
    items
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    const OLD: i64 = 30 * 86_400;

    #[test]
    fn a_package_that_an_environment_is_linked_into_is_kept() {
        let f = Fixture::new();
        let at = ".cache/pdm";
        for (name, users) in [("six-1.17.0", "/gone/lib/six-1.17.0.dist-info\n"), ("idna-3.20", "")] {
            let package = format!("{at}/packages/{name}-py3-none-any.whl.cache");
            f.kib(&format!("{package}/x.py"), 8);
            f.file(&format!("{package}/.referrers"), users);
            f.age(&package, OLD);
        }
        f.kib(&format!("{at}/wheels/0a/1b/2c/3d/slow-1.0-cp311-cp311-linux_x86_64.whl"), 32);
        f.kib(&format!("{at}/http/a/b/c"), 4);
        f.kib(&format!("{at}/metadata/x.json"), 4);
        f.kib(".local/share/pdm/python/cpython@3.12.1/bin/python3", 8);
        f.file("work/pd/pyproject.toml", "");
        let env = "work/pd/.venv";
        f.file(&format!("{env}/pyvenv.cfg"), "home = /usr/bin\nversion = 3.11.7\n");
        f.folder(&format!("{env}/bin"));
        let target = f.path(&format!("{at}/packages/six-1.17.0-py3-none-any.whl.cache/x.py"));
        f.link(target.to_str().expect("text"), &format!("{env}/lib/python3.11/site-packages/x.py"));
        f.age(&format!("{env}/lib/python3.11/site-packages"), OLD);
        f.age(".cache/pdm/http", OLD);
        f.age(".cache/pdm/metadata", OLD);
        f.age(".cache/pdm/http/a", OLD);
        f.age(".cache/pdm/http/a/b", OLD);
        for below in ["", "/cpython@3.12.1", "/cpython@3.12.1/bin"] {
            f.age(&format!(".local/share/pdm/python{below}"), OLD);
        }
        let outline = f.outline();
        let lines: Vec<&str> = outline.lines().collect();
        assert_eq!(
            lines,
            [
                "environments: pdm pythons ~/.local/share/pdm/python",
                "  interpreter \"cpython@3.12.1\" [look-first] 16 16 {`pdm python install` fetches it again, but environments made of it break until then}",
                "environments: venv env ~/work/pd/.venv",
                "  environment \"pd\" 3.11.7 [rebuild] 28 28 {0 packages, made by venv; linked into ~/.cache/pdm and needs it}",
                "package-caches: pdm cache ~/.cache/pdm",
                "  downloads \"answers of servers\" [re-download] 16 16",
                "  index \"metadata\" [safe] 8 8",
                "  package \"idna\" 3.20 [re-download] 12 12",
                "  package \"six\" 1.17.0 [protected] 16 16 {pdm installed it into 1 environment, some of which may be gone; environment pd links into it and would break}",
                "  built wheel \"slow\" 1.0 [rebuild] 48 48 {built on this machine; to build it again may take compilers and time}",
            ]
        );
    }
}
