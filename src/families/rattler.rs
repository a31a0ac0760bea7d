//! The cache of rattler, which pixi and py-rattler use: packages, indexes, environments of single commands. The
//! environments of projects that lie in it, and the cache of uv, are stores of their own.
//!
//! Layout: rattler 0.40, `crates/rattler_cache/src/package_cache/{mod,cache_key}.rs`; pixi 0.77, `pixi_config/src/lib.rs`
//! (`resolve_cache_root`), `pixi_consts/src/consts.rs`; a real cache of py-rattler 0.28. A package has no record of where it
//! is from, and is never linked to by symbolic links (`rattler/src/install/link.rs`: reflink, hard link, copy).

use super::conda::package::split;
use super::configuration;
use super::names::is_hex;
use super::wheels::{in_use, whole};
use super::{About, Family, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Rattler;

static ABOUT: About = About {
    id: "rattler",
    name: "rattler and pixi",
    items: "a package, an index, a cached environment",
    category: Category::Packages,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Name(".cache.lock")],
    hint: "pixi downloads again what it needs; environments keep what was linked or copied into them",
    source: "rattler 0.40, crates/rattler_cache/src/package_cache; pixi 0.77, pixi_config/src/lib.rs, pixi_consts",
    ..About::DEFAULT
};

/// All of the cache.
const ROOT: &str = "cache";
/// A folder of packages by itself.
const PKGS: &str = "pkgs";

impl Family for Rattler {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let named = ["PIXI_CACHE_DIR", "RATTLER_CACHE_DIR"];
        let mut places: Vec<Place> = named.iter().filter_map(|name| Place::var(env, name, ROOT)).collect();
        for home in env.homes() {
            for file in [home.join(".pixi/config.toml"), env.config_of(home).join("pixi/config.toml")] {
                let by = text::short_path(&file, env.home());
                places.extend(
                    configuration::folder(env, &file, &["cache", "root"])
                        .map(|path| Place::named(path, ROOT, by)),
                );
            }
            let cache = env.cache_of(home);
            places
                .extend([".pixi", "pixi", "rattler/cache"].map(|below| Place::new(cache.join(below), ROOT)));
        }
        places
    }

    /// A folder of packages with their locks; py-rattler lets anybody choose one.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let locked = |name: &str| split(name).is_some() && folder.has_file(&format!("{name}.lock"));
        let is_one = folder.has_file(".cache.lock") && folder.any_folder(locked);
        (is_one && folder.within != Some(ABOUT.id)).then_some(PKGS)
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        if store.role() == PKGS {
            packages(store, &root, &mut found);
            return found;
        }
        for folder in root.folders().iter().filter(|f| !f.is_empty()) {
            match folder.name() {
                "pkgs" => packages(store, folder, &mut found),
                "repodata" | "run-exports" | "conda-pypi-mapping" | "notices" => {
                    let item = NewItem::new("index", folder.shown(), Verdict::Safe);
                    found.items.push(whole(store, folder, item.category(Category::CondaTarballs)));
                }
                "exec" | "cached-envs-v0" | "cached-build-tool-envs-v0" | "cached-build-envs-v0" => {
                    let item = NewItem::new("environments", folder.shown(), Verdict::Rebuild);
                    let item = item.category(Category::Environments);
                    found.items.push(whole(
                        store,
                        folder,
                        item.note("pixi makes them again at the next run"),
                    ));
                }
                "git-v0" | "url-v0" | "backends-v0" => {
                    let item = NewItem::new("sources", folder.shown(), Verdict::ReDownload);
                    found.items.push(whole(store, folder, item.category(Category::PackageCaches)));
                }
                _ => {}
            }
        }
        found
    }
}

/// Packages, each with its lock, and extractions that were interrupted.
fn packages(store: &StoreView<'_>, folder: &Folder<'_>, found: &mut Found) {
    for package in folder.folders() {
        if let Some(item) = extraction(store, &package) {
            found.items.push(item);
        } else if let Some(mut item) = unpacked(store, &package) {
            if let Some(lock) = folder.file(&format!("{}.lock", package.name())) {
                item = item.pointer(lock.node);
            }
            found.items.push(item);
        }
    }
    for file in folder.files() {
        let of = file.name().strip_suffix(".lock").filter(|name| split(key(name).0).is_some());
        if of.is_some_and(|name| !folder.has_folder(name)) && !store.is_live(&file) {
            let item = NewItem::new("lock", file.shown(), Verdict::Safe).body(file.node);
            found.items.push(item.note("of a package that is not there").leftover());
        }
    }
}

fn unpacked(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let (stem, direct) = key(folder.name());
    let package = split(stem)?;
    // A channel may be a folder, or nobody's any more, and the cache does not say which one it was.
    let mut item = NewItem::new("package", package.shown(), Verdict::LookFirst);
    item = item.version(text::plain(package.version)).body(folder.node());
    item = item.note(if direct {
        "installed from an address or a file of its own, which may be gone"
    } else {
        "the cache does not say which channel it is from; of a public one, it is downloaded again"
    });
    if !folder.has_folder("info") {
        item = item.note("an unfinished extraction; rattler extracts it anew").leftover();
        item.verdict = item.verdict.min(Verdict::ReDownload);
    }
    // What is inside is as old as the package was built; the folder is as old as its extraction.
    Some(if store.is_fresh(folder.mtime()) { in_use(item) } else { item })
}

/// A package's name without the hash of where it is from, and whether there is one.
fn key(name: &str) -> (&str, bool) {
    name.rsplit_once('-').filter(|(_, hash)| is_hex(hash, 64)).map_or((name, false), |(stem, _)| (stem, true))
}

/// `.NAME-VERSION-BUILDxxxxxx`: an extraction that runs or was interrupted.
fn extraction(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let name = folder.name().strip_prefix('.')?;
    let stem = name.get(..name.len().checked_sub(6)?)?;
    let random = name[stem.len()..].bytes().all(|b| b.is_ascii_alphanumeric());
    let package = split(key(stem).0).filter(|_| random)?;
    let item = NewItem::new("extraction", package.shown(), Verdict::Safe).leftover();
    Some(whole(store, folder, item.note("an extraction that was interrupted")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    const OLD: i64 = 30 * 86_400;

    fn package(f: &Fixture, at: &str) {
        f.file(&format!("{at}/info/index.json"), "{}");
        f.kib(&format!("{at}/lib/x.so"), 8);
        for below in ["/info", "/lib", ""] {
            f.age(&format!("{at}{below}"), OLD);
        }
    }

    #[test]
    fn packages_indexes_and_environments_of_a_cache() {
        let f = Fixture::new();
        let at = ".cache/rattler/cache";
        package(&f, &format!("{at}/pkgs/zlib-1.3-h1_0"));
        f.file(&format!("{at}/pkgs/zlib-1.3-h1_0.lock"), [0; 40]);
        package(&f, &format!("{at}/pkgs/own-1.0-0-{}", "0a".repeat(32)));
        f.kib(&format!("{at}/pkgs/.numpy-2.0-py311_0aZ3f9k/lib/x"), 4);
        for below in ["", "/lib"] {
            f.age(&format!("{at}/pkgs/.numpy-2.0-py311_0aZ3f9k{below}"), OLD);
        }
        f.kib(&format!("{at}/pkgs/.other/x"), 4);
        f.file(&format!("{at}/pkgs/gone-1.0-0.lock"), [0; 40]);
        f.file(&format!("{at}/pkgs/.cache.lock"), "");
        f.kib(&format!("{at}/repodata/0a1b2c3d.json"), 16);
        f.age(&format!("{at}/repodata"), OLD);
        f.kib(&format!("{at}/uv-cache/archive-v0/x/y"), 4);
        f.kib(&format!("{at}/uv-cache/simple-v28/pypi/y"), 4);
        f.file(&format!("{at}/uv-cache/CACHEDIR.TAG"), "");
        f.age_all(at);
        let outline = f.outline();
        let lines: Vec<&str> = outline.lines().collect();
        assert_eq!(
            lines,
            [
                "conda-tarballs: rattler cache ~/.cache/rattler/cache",
                "  index \"repodata\" [safe] 20 20",
                "packages: rattler cache ~/.cache/rattler/cache",
                "  !extraction \"numpy 2.0 py311_0\" [safe] 12 12 {an extraction that was interrupted}",
                "  package \"own 1.0 0\" 1.0 [look-first] 24 24 {installed from an address or a file of its own, which may be gone}",
                "  package \"zlib 1.3 h1_0\" 1.3 [look-first] 28 28 {the cache does not say which channel it is from; of a public one, it is downloaded again}",
                "  !lock \"gone-1.0-0.lock\" [safe] 4 4 {of a package that is not there}",
                "  other \"other files\" [look-first] 16 8",
                "package-caches: uv cache ~/.cache/rattler/cache/uv-cache",
                "  index \"simple cache\" [safe] 12 12",
                "  other \"other files\" [look-first] 16 12",
            ]
        );
    }

    #[test]
    fn a_folder_of_packages_is_known_by_its_locks() {
        let f = Fixture::new();
        package(&f, "data/pk/zlib-1.3-h1_0");
        f.file("data/pk/zlib-1.3-h1_0.lock", [0; 40]);
        f.file("data/pk/.cache.lock", "");
        package(&f, "data/no/zlib-1.3-h1_0");
        f.file("data/no/.cache.lock", "");
        let outline = f.outline();
        assert!(
            outline.starts_with("packages: rattler pkgs ~/data/pk\n") && !outline.contains("data/no"),
            "{outline}"
        );
    }

    #[test]
    fn places_are_what_variables_and_files_name() {
        let env = Env::fixed("/h")
            .with_var("RATTLER_CACHE_DIR", "/fast/r")
            .with_file("/h/.pixi/config.toml", "[cache]\nroot = \"~/pc\"\n");
        let places: Vec<String> = Rattler.places(&env).iter().map(|p| p.path.display().to_string()).collect();
        assert_eq!(
            places,
            ["/fast/r", "/h/pc", "/h/.cache/.pixi", "/h/.cache/pixi", "/h/.cache/rattler/cache"]
        );
    }
}
