//! poetry's cache. The environments of projects lie in it too; those are Python environments, and no part of it.
//!
//! Layout: poetry 2.5, `config/config.py`, `utils/cache.py` (`ArtifactCache`), `locations.py`; a real cache of 2.5.1.

use super::configuration;
use super::wheels::{by_project, in_use, leaves, of_sdist, of_wheel, whole};
use super::{About, Family, Folder, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Poetry;

static ABOUT: About = About {
    id: "poetry",
    name: "poetry",
    items: "what was downloaded, or an archive",
    category: Category::PackageCaches,
    verdict: Verdict::ReDownload,
    markers: &[],
    hint: "poetry downloads and builds again what it needs; environments hold copies",
    source: "poetry 2.5, config/config.py, utils/cache.py, locations.py",
    ..About::DEFAULT
};

const CACHE: &str = "cache";

impl Family for Poetry {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "POETRY_CACHE_DIR", CACHE).into_iter().collect();
        for home in env.homes() {
            let file = env.config_of(home).join("pypoetry/config.toml");
            let by = text::short_path(&file, env.home());
            places.extend(
                configuration::folder(env, &file, &["cache-dir"]).map(|path| Place::named(path, CACHE, by)),
            );
            places.push(Place::new(env.cache_of(home).join("pypoetry"), CACHE));
        }
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        if let Some(artifacts) = root.folder("artifacts") {
            let all =
                leaves(&artifacts).iter().flat_map(|(top, folder)| downloads(store, top, folder)).collect();
            found.items.extend(by_project("download", all));
        }
        for index in root.folder_at("cache/repositories").map(|r| r.folders()).unwrap_or_default() {
            let item = NewItem::new("index", format!("index of {}", index.shown()), Verdict::Safe);
            found.items.push(whole(store, &index, item));
        }
        found
    }
}

/// What lies in `aa/bb/cc/REST/`: a wheel, or sources and the wheels built from them.
fn downloads(store: &StoreView<'_>, top: &Folder<'_>, folder: &Folder<'_>) -> Vec<NewItem> {
    let files = folder.files();
    let has_sources = files.iter().any(|f| of_sdist(f.name()).is_some());
    let mut items = Vec::new();
    for file in files.iter().filter(|f| f.is_regular()) {
        let (dist, built) = match (of_wheel(file.name()), of_sdist(file.name())) {
            (Some(dist), _) => (dist, has_sources),
            (None, Some(dist)) => (dist, false),
            (None, None) => continue,
        };
        let verdict = if built { Verdict::Rebuild } else { Verdict::ReDownload };
        let mut item = NewItem::new("download", dist.name, verdict).version(dist.version);
        let alone = files.len() == 1 && folder.folders().is_empty();
        item = if alone { item.body(top.node()) } else { item.body(file.node) };
        if built {
            item.kind = "built wheel";
            item = item.note("built on this machine; to build it again may take compilers and time");
        }
        items.push(if store.is_live(file) { in_use(item) } else { item });
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    #[test]
    fn downloads_are_grouped_and_environments_stay_apart() {
        let f = Fixture::new();
        let at = ".cache/pypoetry";
        let rest = "b25e76cf857f973e876f1cf61ab00fcfb0e21981d68dc5128b357f4eb9";
        f.kib(&format!("{at}/artifacts/d7/9b/84/{rest}/idna-3.20-py3-none-any.whl"), 64);
        f.kib(&format!("{at}/artifacts/d7/9b/85/{rest}/idna-3.19-py3-none-any.whl"), 64);
        f.kib(&format!("{at}/artifacts/33/03/7d/{rest}/docopt-0.6.2.tar.gz"), 24);
        f.kib(&format!("{at}/artifacts/33/03/7d/{rest}/docopt-0.6.2-py2.py3-none-any.whl"), 16);
        f.kib(&format!("{at}/artifacts/33/03/7d/{rest}/notes"), 4);
        f.kib(&format!("{at}/cache/repositories/PyPI/_http_/3/6/a/b/0/36ab.body"), 8);
        f.file(
            &format!("{at}/virtualenvs/po-DloK0xit-py3.11/pyvenv.cfg"),
            "home = /usr/bin\nversion = 3.11.7\n",
        );
        f.folder(&format!("{at}/virtualenvs/po-DloK0xit-py3.11/bin"));
        f.age_all(at);
        let outline = f.outline();
        let lines: Vec<&str> = outline.lines().collect();
        assert_eq!(
            lines,
            [
                "environments: venv env ~/.cache/pypoetry/virtualenvs/po-DloK0xit-py3.11",
                "  environment \"po\" 3.11.7 [look-first] 12 12 {0 packages, made by venv; no project beside it says what was in it}",
                "package-caches: poetry cache ~/.cache/pypoetry",
                "  download \"docopt\" 0.6.2 [rebuild] 40 40 {2 files}",
                "    built wheel \"docopt\" 0.6.2 [rebuild] 16 16 {built on this machine; to build it again may take compilers and time}",
                "    download \"docopt\" 0.6.2 [re-download] 24 24",
                "  download \"idna\" [re-download] 144 144 {2 versions}",
                "    download \"idna\" 3.20 [re-download] 72 72",
                "    download \"idna\" 3.19 [re-download] 72 72",
                "  index \"index of PyPI\" [safe] 36 36",
                "  other \"other files\" [look-first] 48 4",
            ]
        );
    }

    #[test]
    fn places_are_what_the_variable_and_the_file_name() {
        let env = Env::fixed("/h").with_var("POETRY_CACHE_DIR", "/fast/po").with_file(
            "/h/.config/pypoetry/config.toml",
            "cache-dir = \"/data/po\"\n[virtualenvs]\nin-project = true\n",
        );
        let places: Vec<String> = Poetry.places(&env).iter().map(|p| p.path.display().to_string()).collect();
        assert_eq!(places, ["/fast/po", "/data/po", "/h/.cache/pypoetry"]);
    }
}
