//! KaggleHub's cache, where presets of keras-hub lie too: models, data sets, competitions and outputs of notebooks.
//!
//! Layout: kagglehub 1.0.2 `cache.py`, `http_resolver.py`, `clients.py` (`download_file`), `handle.py` (`to_url`). What is
//! complete has a marker beside it, for the whole or for each file; files are written under their final names.

use rustc_hash::FxHashSet;

use super::{About, Family, File, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{BlobRef, Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct KaggleHub;

static ABOUT: About = About {
    id: "kagglehub",
    name: "KaggleHub",
    items: "a version of a model, data set, competition or notebook",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    markers: &[
        Marker::Name("models"),
        Marker::Name("datasets"),
        Marker::Name("competitions"),
        Marker::Name("notebooks"),
    ],
    hint: "kagglehub downloads it again; some things need a login and accepted terms",
    source: "kagglehub 1.0.2, cache.py, http_resolver.py, config.py",
    ..About::DEFAULT
};

/// The folders it makes.
const SHELVES: [&str; 4] = ["models", "datasets", "competitions", "notebooks"];

/// Credentials belong into `~/.kaggle`, but people put them anywhere.
const SECRETS: [&str; 3] = ["kaggle.json", "access_token", "credentials.json"];

/// Markers of whole notebooks have this name for every version: an f-string without its f (`cache.py`).
const NOTEBOOK: &str = "output-{handle.version!s}";

impl Family for KaggleHub {
    fn about(&self) -> &About {
        &ABOUT
    }

    /// It does not look at `XDG_CACHE_HOME`.
    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "KAGGLEHUB_CACHE", "cache").into_iter().collect();
        places.extend(env.homes().map(|home| Place::new(home.join(".cache/kagglehub"), "cache")));
        places
    }

    /// A folder of that name with nothing in it but what belongs there; the Python package has files.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let known = |name: &&[u8]| SHELVES.iter().any(|s| s.as_bytes() == *name);
        let only = folder.files.iter().all(|f| SECRETS.iter().any(|s| s.as_bytes() == *f))
            && folder.folders.iter().all(known);
        (folder.name == b"kagglehub" && only && !folder.folders.is_empty()).then_some("cache")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        for file in root.files().iter().filter(|f| SECRETS.contains(&f.name())) {
            found.items.push(NewItem::new("secret", file.shown(), Verdict::Protected).body(file.node));
        }
        for owner in children(&root, "models") {
            for model in owner.folders() {
                for framework in model.folders() {
                    for variation in framework.folders() {
                        let name = joined(&[&owner, &model, &framework, &variation]);
                        Shelf::new(store, "model", &variation, &variation, name).versions(&mut found);
                    }
                }
            }
        }
        for owner in children(&root, "datasets") {
            for dataset in owner.folders() {
                let Some(versions) = dataset.folder("versions") else { continue };
                let name = joined(&[&owner, &dataset]);
                Shelf::new(store, "dataset", &dataset, &versions, name).versions(&mut found);
            }
        }
        for owner in children(&root, "notebooks") {
            for notebook in owner.folders() {
                let Some(versions) = notebook.folder_at("output/versions") else { continue };
                let name = joined(&[&owner, &notebook]);
                Shelf::new(store, "notebook", &notebook, &versions, name).versions(&mut found);
            }
        }
        if let Some(shelf) = root.folder("competitions") {
            Shelf::new(store, "competition", &shelf, &shelf, String::new()).competitions(&mut found);
        }
        found
    }
}

/// The owners below a shelf.
fn children<'a>(root: &Folder<'a>, shelf: &str) -> Vec<Folder<'a>> {
    root.folder(shelf).map(|f| f.folders()).unwrap_or_default()
}

fn joined(folders: &[&Folder<'_>]) -> String {
    folders.iter().map(|f| f.shown()).collect::<Vec<_>>().join("/")
}

/// Where versions of one thing lie, and where the markers that belong to them lie.
struct Shelf<'a, 'v> {
    store: &'v StoreView<'v>,
    kind: &'static str,
    name: String,
    markers: Folder<'a>,
    data: Folder<'a>,
}

impl<'a, 'v> Shelf<'a, 'v> {
    fn new(
        store: &'v StoreView<'v>,
        kind: &'static str,
        markers: &Folder<'a>,
        data: &Folder<'a>,
        name: String,
    ) -> Self {
        Self { store, kind, name, markers: *markers, data: *data }
    }

    /// Each version that is there, then what is left of others.
    fn versions(&self, found: &mut Found) {
        let versions: Vec<Folder<'_>> =
            self.data.folders().into_iter().filter(|f| is_number(f.name())).collect();
        let common = self.common_marker(versions.len(), found);
        for folder in &versions {
            let version = folder.name();
            let stem = if self.kind == "notebook" { NOTEBOOK } else { version };
            let mut item = self.entry(folder, stem, &self.folder_of_marks(version), common);
            item.name.clone_from(&self.name);
            item.version = Some(version.to_string());
            item.origin = Some(self.origin(version));
            found.items.push(item);
        }
        let there: FxHashSet<&str> = versions.iter().map(Folder::name).collect();
        self.leftovers(found, |stem| match self.kind {
            "notebook" => stem == NOTEBOOK && !there.is_empty(),
            _ => there.contains(stem),
        });
    }

    /// Each competition, which has no version.
    fn competitions(&self, found: &mut Found) {
        let all: Vec<Folder<'_>> = self.data.folders().into_iter().filter(|f| is_slug(f.name())).collect();
        for folder in &all {
            let mut item = self.entry(folder, folder.name(), folder.name(), None);
            item.name = folder.shown();
            if item.leftover {
                // Any folder could be called like a competition.
                item.verdict = Verdict::LookFirst;
            }
            item.origin = Some(format!("https://www.kaggle.com/competitions/{}", folder.shown()));
            found.items.push(item);
        }
        let there: FxHashSet<&str> = all.iter().map(Folder::name).collect();
        self.leftovers(found, |stem| there.contains(stem));
    }

    /// The one marker all versions of a notebook share: it goes with the last of them.
    fn common_marker(&self, versions: usize, found: &mut Found) -> Option<BlobRef> {
        let marker = self.markers.file(&format!("{NOTEBOOK}.complete"));
        let marker = marker.filter(|_| self.kind == "notebook" && versions > 1)?;
        Some(found.blob(vec![marker.node]))
    }

    /// The folder below `.complete` that holds the markers of single files of a version.
    fn folder_of_marks(&self, version: &str) -> String {
        if self.kind == "notebook" { format!("output-{version}") } else { version.to_string() }
    }

    fn origin(&self, version: &str) -> String {
        match self.kind {
            "model" => format!("https://www.kaggle.com/models/{}/{version}", self.name),
            "dataset" => format!("https://www.kaggle.com/datasets/{}/versions/{version}", self.name),
            _ => format!("https://www.kaggle.com/code/{}/versions/{version}", self.name),
        }
    }

    /// A version or competition, with its markers.
    fn entry(&self, folder: &Folder<'_>, stem: &str, marks: &str, common: Option<BlobRef>) -> NewItem {
        let mut item = NewItem::new(self.kind, "", Verdict::ReDownload).body(folder.node());
        let whole = self.markers.file(&format!("{stem}.complete"));
        if let Some(common) = common {
            item.holds.push(common);
        } else if let Some(marker) = &whole {
            item = item.pointer(marker.node);
        }
        let single = self.markers.folder(".complete").and_then(|all| all.folder(marks));
        if let Some(single) = &single {
            item = item.pointer(single.node());
        }
        if self.store.is_live_below(folder) {
            return in_use(item);
        }
        match (whole, single) {
            (Some(_), _) => item,
            (None, Some(single)) => match self.unmarked(folder, &single) {
                0 => item,
                n => item.note(format!(
                    "{} unfinished: kagglehub goes on or begins anew",
                    text::counted(n, "file is", "files are")
                )),
            },
            (None, None) => {
                item.note("no marker says it is complete, so kagglehub downloads it again").leftover()
            }
        }
    }

    /// How many files of a version have no marker of their own.
    fn unmarked(&self, folder: &Folder<'_>, marks: &Folder<'_>) -> u64 {
        let below = |at: &Folder<'_>, root: &Folder<'_>| {
            let path = self.store.below(at.node());
            path.strip_prefix(self.store.below(root.node()))
                .map(std::path::Path::to_path_buf)
                .unwrap_or_default()
        };
        let marked: FxHashSet<std::path::PathBuf> = marks
            .walk()
            .iter()
            .flat_map(|f| f.files().into_iter().map(|m| below(f, marks).join(text::os_str(m.bytes))))
            .collect();
        let files = folder.walk();
        let all = files.iter().flat_map(|f| {
            f.files().into_iter().filter(File::is_regular).map(|m| {
                let mut name = m.bytes.to_vec();
                name.extend_from_slice(b".complete");
                below(f, folder).join(text::os_str(&name))
            })
        });
        all.filter(|path| !marked.contains(path)).count() as u64
    }

    /// Archives that were not unpacked, and markers of what is not there any more.
    fn leftovers(&self, found: &mut Found, is_there: impl Fn(&str) -> bool) {
        for file in self.markers.files().iter().filter(|f| f.is_regular()) {
            if let Some(stem) = file.name().strip_suffix(".archive") {
                let name = match self.kind {
                    "competition" => text::plain(stem),
                    "notebook" => self.name.clone(),
                    _ => format!("{} {}", self.name, text::plain(stem)),
                };
                if self.kind == "competition" || stem == NOTEBOOK || is_number(stem) {
                    let item = NewItem::new("partial", name, Verdict::Safe).body(file.node).leftover();
                    found.items.push(if self.store.is_live(file) {
                        in_use(item)
                    } else {
                        item.note("the archive of an interrupted download; kagglehub would go on with it")
                    });
                }
            } else if let Some(stem) = file.name().strip_suffix(".complete")
                && (self.kind == "competition" || stem == NOTEBOOK || is_number(stem))
                && !is_there(stem)
            {
                found.items.push(self.marker(file.shown()).body(file.node));
            }
        }
        for marks in self.markers.folder(".complete").map(|f| f.folders()).unwrap_or_default() {
            let version = if self.kind == "notebook" {
                marks
                    .name()
                    .strip_prefix("output-")
                    .map(|v| if self.data.has_folder(v) { NOTEBOOK } else { "" })
            } else {
                Some(marks.name())
            };
            if version.is_some_and(|v| !is_there(v)) && !self.store.is_live_below(&marks) {
                found.items.push(self.marker(marks.shown()).body(marks.node()));
            }
        }
    }

    fn marker(&self, shown: String) -> NewItem {
        let of = if self.name.is_empty() { shown } else { format!("{} {shown}", self.name) };
        NewItem::new("marker", of, Verdict::Safe).note("marks something that is not there").leftover()
    }
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

/// What Kaggle calls things in addresses.
fn is_slug(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
}

fn in_use(item: NewItem) -> NewItem {
    NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    const OLD: i64 = 30 * 86_400;
    const LIVE: &str = "{written less than ten minutes ago, or open}";

    #[test]
    fn the_environment_comes_first_and_xdg_counts_for_nothing() {
        let env = Env::fixed("/h").with_var("KAGGLEHUB_CACHE", "/k").with_var("XDG_CACHE_HOME", "/fast");
        let places = KaggleHub.places(&env);
        let shown: Vec<String> = places.iter().map(|p| p.path.display().to_string()).collect();
        assert_eq!(shown, ["/k", "/h/.cache/kagglehub"]);
        assert_eq!(places[0].named_by.as_deref(), Some("$KAGGLEHUB_CACHE"));
    }

    #[test]
    fn models_have_markers_for_the_whole_or_for_each_file() {
        let f = Fixture::new();
        let v = |name: &str| format!(".cache/kagglehub/models/keras/bert/keras/bert_base_en/{name}");
        f.kib(&v("1/model.weights.h5"), 8);
        f.file(&v("1.complete"), "");
        f.kib(&v("2/model.weights.h5"), 8);
        f.kib(&v("2/assets/vocab.txt"), 4);
        f.file(&v(".complete/2/model.weights.h5.complete"), "");
        f.file(&v(".complete/2/assets/vocab.txt.complete"), "");
        f.kib(&v("3/model.weights.h5"), 8);
        f.kib(&v("3/config.json"), 4);
        f.file(&v(".complete/3/config.json.complete"), "");
        f.kib(&v("4/model.weights.h5"), 8);
        f.kib(&v("5/model.weights.h5"), 8);
        f.kib(&v("6.archive"), 4);
        f.kib(&v("7.archive"), 4);
        f.file(&v("8.complete"), "");
        f.file(&v(".complete/9/a.complete"), "");
        f.kib(&v("notes.archive"), 4);
        f.file(".cache/kagglehub/kaggle.json", "{\"key\": \"s3cret\"}");
        f.age_all(".cache/kagglehub");
        f.age(&v("5/model.weights.h5"), 3);
        f.age(&v("7.archive"), 3);
        let name = "keras/bert/keras/bert_base_en";
        let inventory = f.scan();
        let outline = crate::families::testing::outline(&inventory, &f.home());
        assert_eq!(
            outline,
            format!(
                "hub: kagglehub cache ~/.cache/kagglehub\n\
                 \x20 secret \"kaggle.json\" [protected] 4 4\n\
                 \x20 model \"{name}\" 1 [re-download] 12 12\n\
                 \x20 model \"{name}\" 2 [re-download] 28 28\n\
                 \x20 model \"{name}\" 3 [re-download] 20 20 {{1 file is unfinished: kagglehub goes on or begins anew}}\n\
                 \x20 !model \"{name}\" 4 [re-download] 12 12 {{no marker says it is complete, so kagglehub downloads it again}}\n\
                 \x20 model \"{name}\" 5 [in-use] 12 12 {LIVE}\n\
                 \x20 !partial \"{name} 6\" [safe] 4 4 {{the archive of an interrupted download; kagglehub would go on with it}}\n\
                 \x20 !partial \"{name} 7\" [in-use] 4 4 {LIVE}\n\
                 \x20 !marker \"{name} 8.complete\" [safe] 0 0 {{marks something that is not there}}\n\
                 \x20 !marker \"{name} 9\" [safe] 4 4 {{marks something that is not there}}\n\
                 \x20 other \"other files\" [look-first] 32 4\n"
            )
        );
        let item = inventory.items().find(|i| i.version.as_deref() == Some("1")).expect("version 1");
        let roles: Vec<_> = item.parts.iter().map(|p| (p.node.is_dir(), p.role)).collect();
        assert_eq!(
            roles,
            [(true, crate::model::item::Role::Body), (false, crate::model::item::Role::Pointer)]
        );
        assert_eq!(
            item.origin.as_deref(),
            Some("https://www.kaggle.com/models/keras/bert/keras/bert_base_en/1")
        );
    }

    #[test]
    fn data_sets_competitions_and_notebooks() {
        let f = Fixture::new();
        let k = |name: &str| format!(".cache/kagglehub/{name}");
        f.kib(&k("datasets/ann/cats/versions/3/a.csv"), 8);
        f.file(&k("datasets/ann/cats/3.complete"), "");
        f.kib(&k("datasets/ann/cats/versions/4/a.csv"), 4);
        f.kib(&k("datasets/ann/cats/4.archive"), 4);
        f.kib(&k("competitions/titanic/train.csv"), 8);
        f.file(&k("competitions/titanic.complete"), "");
        f.kib(&k("competitions/digits/train.csv"), 8);
        f.file(&k("competitions/.complete/digits/train.csv.complete"), "");
        f.file(&k("competitions/gone.complete"), "");
        f.kib(&k("competitions/half/train.csv"), 4);
        f.kib(&k("competitions/My Notes/a.txt"), 4);
        f.kib(&k("notebooks/bob/one/output/versions/1/out.csv"), 8);
        f.file(&k(&format!("notebooks/bob/one/{NOTEBOOK}.complete")), "");
        f.kib(&k("notebooks/bob/two/output/versions/1/out.csv"), 8);
        f.kib(&k("notebooks/bob/two/output/versions/2/out.csv"), 8);
        f.kib(&k(&format!("notebooks/bob/two/{NOTEBOOK}.complete")), 4);
        f.file(&k("notebooks/bob/two/.complete/output-2/out.csv.complete"), "");
        f.file(&k("notebooks/bob/two/.complete/output-9/out.csv.complete"), "");
        f.age_all(".cache/kagglehub");
        let outline = f.outline();
        assert_eq!(
            outline,
            "hub: kagglehub cache ~/.cache/kagglehub\n\
             \x20 dataset \"ann/cats\" 3 [re-download] 12 12\n\
             \x20 !dataset \"ann/cats\" 4 [re-download] 8 8 {no marker says it is complete, so kagglehub downloads it again}\n\
             \x20 !partial \"ann/cats 4\" [safe] 4 4 {the archive of an interrupted download; kagglehub would go on with it}\n\
             \x20 notebook \"bob/one\" 1 [re-download] 12 12\n\
             \x20 notebook \"bob/two\" 1 [re-download] 16 12\n\
             \x20 notebook \"bob/two\" 2 [re-download] 20 16\n\
             \x20 !marker \"bob/two output-9\" [safe] 4 4 {marks something that is not there}\n\
             \x20 competition \"digits\" [re-download] 16 16\n\
             \x20 !competition \"half\" [look-first] 8 8 {no marker says it is complete, so kagglehub downloads it again}\n\
             \x20 competition \"titanic\" [re-download] 12 12\n\
             \x20 !marker \"gone.complete\" [safe] 0 0 {marks something that is not there}\n\
             \x20 other \"other files\" [look-first] 72 8\n"
        );
    }

    #[test]
    fn a_cache_is_known_by_its_shape_and_the_package_is_not_one() {
        let f = Fixture::new();
        f.kib("scratch/kagglehub/datasets/ann/cats/versions/3/a.csv", 4);
        f.file("scratch/kagglehub/datasets/ann/cats/3.complete", "");
        f.file("site-packages/kagglehub/__init__.py", "");
        f.kib("site-packages/kagglehub/models/a.py", 4);
        f.kib("src/kagglehub/models/a/b/c/d/1/x", 4);
        f.kib("src/kagglehub/tests/a.py", 4);
        f.kib("work/datasets/ann/cats/versions/3/a.csv", 4);
        f.age_all("scratch");
        assert_eq!(
            f.outline(),
            "hub: kagglehub cache ~/scratch/kagglehub\n\
             \x20 dataset \"ann/cats\" 3 [re-download] 8 8\n"
        );
    }

    #[test]
    fn hostile_names_and_content_do_no_harm() {
        use std::os::unix::ffi::OsStrExt;
        let f = Fixture::new();
        let odd = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J");
        let at = f.folder(".cache/kagglehub/competitions").join(odd);
        std::fs::create_dir(&at).expect("a folder");
        f.file(".cache/kagglehub/competitions/.complete/x", "");
        f.file(".cache/kagglehub/models/a", "");
        f.file(".cache/kagglehub/datasets/a/b/versions", "");
        f.link("/etc", ".cache/kagglehub/datasets/a/c");
        f.folder(".cache/kagglehub/models/a2/b/c/d/1.complete");
        f.folder(".cache/kagglehub/models/a2/b/c/d/1");
        f.folder(".cache/kagglehub/kaggle.json");
        f.age_all(".cache/kagglehub/models");
        f.age(".cache/kagglehub/competitions", OLD);
        let outline = f.outline();
        assert!(!outline.contains('\u{1b}') && !outline.contains("problem"), "{outline}");
        assert!(outline.contains("!model \"a2/b/c/d\" 1 [re-download]"), "{outline}");
    }
}
