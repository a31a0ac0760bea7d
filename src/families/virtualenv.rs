//! What virtualenv keeps: wheels of pip and setuptools, unpacked ones, and what it knows of interpreters.
//!
//! Layout: virtualenv 21.15, `app_data/via_disk_folder.py`, `app_data/cache_migration.py`, `seed/embed/via_app_data/`; a
//! real one of 21.15.8. With `--symlink-app-data` environments are linked into `image/*/SymlinkPipInstall`.

use super::wheels::{in_use, of_wheel, whole};
use super::{About, Family, Folder, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Virtualenv;

static ABOUT: About = About {
    id: "virtualenv",
    name: "virtualenv",
    items: "the packages it seeds environments with",
    category: Category::PackageCaches,
    verdict: Verdict::ReDownload,
    markers: &[],
    hint: "virtualenv makes it again when it makes the next environment",
    source: "virtualenv 21.15, app_data/via_disk_folder.py, app_data/cache_migration.py",
    ..About::DEFAULT
};

const SEEDS: &str = "app data";

impl Family for Virtualenv {
    fn about(&self) -> &About {
        &ABOUT
    }

    /// Up to version 20.28 it lay among the data.
    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> =
            Place::var(env, "VIRTUALENV_OVERRIDE_APP_DATA", SEEDS).into_iter().collect();
        for home in env.homes() {
            places.push(Place::new(env.cache_of(home).join("virtualenv"), SEEDS));
            places.push(Place::new(env.data_of(home).join("virtualenv"), SEEDS));
        }
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        for folder in store.root().folders() {
            match folder.name() {
                "wheel" => seeds(store, &folder, &mut found),
                "py_info" | "unzip" if !folder.is_empty() => {
                    let item = NewItem::new("index", folder.shown(), Verdict::Safe);
                    found.items.push(whole(store, &folder, item));
                }
                _ => {}
            }
        }
        found
    }
}

fn seeds(store: &StoreView<'_>, wheels: &Folder<'_>, found: &mut Found) {
    for folder in wheels.folders() {
        if folder.name() == "house" {
            found.items.extend(house(store, &folder));
            continue;
        }
        for embed in folder.folder("embed").into_iter().filter(|e| !e.is_empty()) {
            let item = NewItem::new("index", format!("newer seeds for {}", folder.shown()), Verdict::Safe);
            found.items.push(whole(store, &embed, item));
        }
        for version in folder.folder("image").map(|i| i.folders()).unwrap_or_default() {
            for install in version.folders() {
                let item = NewItem::new(
                    "seeds",
                    format!("seeds for Python {}", folder.shown()),
                    Verdict::ReDownload,
                );
                let linked = install.name() == "SymlinkPipInstall";
                let item = if linked { item.note("environments may be linked into it") } else { item };
                let item = whole(store, &install, item);
                found.items.push(NewItem { waits: linked, ..item });
            }
        }
    }
}

/// Wheels as they were downloaded, and what is left of downloads that were interrupted.
fn house(store: &StoreView<'_>, folder: &Folder<'_>) -> Vec<NewItem> {
    let mut items = Vec::new();
    for file in folder.files().iter().filter(|f| f.is_regular()) {
        let Some(dist) = of_wheel(file.name()) else { continue };
        let item =
            NewItem::new("download", dist.name, Verdict::ReDownload).version(dist.version).body(file.node);
        items.push(if store.is_live(file) { in_use(item) } else { item });
    }
    for partial in folder.folders().iter().filter(|f| f.name().starts_with("download-")) {
        let item = NewItem::new("partial", partial.shown(), Verdict::Safe).leftover();
        items.push(whole(store, partial, item.note("a download that was interrupted")));
    }
    items
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    const OLD: i64 = 30 * 86_400;

    #[test]
    fn seeds_that_an_environment_is_linked_into_are_kept() {
        let f = Fixture::new();
        let at = ".cache/virtualenv";
        let image = format!("{at}/wheel/3.11/image/1");
        for install in ["CopyPipInstall", "SymlinkPipInstall"] {
            f.kib(&format!("{image}/{install}/pip-26.3-py3-none-any/pip/x.py"), 8);
            for below in ["", "/pip-26.3-py3-none-any", "/pip-26.3-py3-none-any/pip"] {
                f.age(&format!("{image}/{install}{below}"), OLD);
            }
        }
        f.kib(&format!("{at}/wheel/house/pip-26.3-py3-none-any.whl"), 16);
        f.folder(&format!("{at}/wheel/house/download-36zcv11m"));
        f.age(&format!("{at}/wheel/house/download-36zcv11m"), OLD);
        f.file(&format!("{at}/py_info/5/0a.json"), "{}");
        f.age(&format!("{at}/py_info/5"), OLD);
        f.age(&format!("{at}/py_info"), OLD);
        f.file("work/ve/pyproject.toml", "");
        f.file(
            "work/ve/.venv/pyvenv.cfg",
            "home = /usr/bin\nversion_info = 3.11.7.final.0\nvirtualenv = 21.15.8\n",
        );
        f.folder("work/ve/.venv/bin");
        let target = f.path(&format!("{image}/SymlinkPipInstall/pip-26.3-py3-none-any/pip"));
        f.link(target.to_str().expect("text"), "work/ve/.venv/lib/python3.11/site-packages/pip");
        f.age("work/ve/.venv/lib/python3.11/site-packages", OLD);
        let outline = f.outline();
        let lines: Vec<&str> = outline.lines().collect();
        assert_eq!(
            lines,
            [
                "environments: venv env ~/work/ve/.venv",
                "  environment \"ve\" 3.11.7 [rebuild] 28 28 {0 packages, made by virtualenv 21.15.8; linked into ~/.cache/virtualenv and needs it}",
                "package-caches: virtualenv app data ~/.cache/virtualenv",
                "  index \"py_info\" [safe] 12 12",
                "  seeds \"seeds for Python 3.11\" [re-download] 20 20",
                "  seeds \"seeds for Python 3.11\" [protected] 20 20 {environments may be linked into it; environment ve links into it and would break}",
                "  download \"pip\" 26.3 [re-download] 16 16",
                "  !partial \"download-36zcv11m\" [safe] 4 4 {a download that was interrupted}",
            ]
        );
    }
}
