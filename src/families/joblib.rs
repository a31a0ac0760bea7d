//! joblib's `Memory`: results of functions, each in a folder named by the hash of its arguments.
//!
//! Layout: joblib 1.6, `memory.py`, `_store_backends.py`: `<location>/joblib/<module>/<function>/<hash>/` with
//! `output.pkl` and `metadata.json`, and `func_code.py` beside the hashes. The module may be several folders deep.

use super::names::is_hex;
use super::{About, Family, File, Folder, Listing, Marker, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Joblib;

static ABOUT: About = About {
    id: "joblib",
    name: "joblib Memory",
    items: "the results of one function",
    category: Category::CompileCaches,
    verdict: Verdict::Rebuild,
    markers: &[Marker::Name("joblib"), Marker::Name("func_code.py")],
    hint: "the function computes its results again, which may take as long as it took",
    source: "joblib 1.6, memory.py, _store_backends.py",
    ..About::DEFAULT
};

/// A `metadata.json` holds the arguments as text, cut by joblib.
const METADATA: usize = 64 << 10;

/// More results than this are not asked how long they took.
const ASKED: usize = 64;

impl Family for Joblib {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if !folder.is_among_peoples() {
            return None;
        }
        if folder.has_file("func_code.py") && folder.any_folder(|f| is_hex(f, 32)) {
            return Some("function");
        }
        let package = folder.has_file("__init__.py") || folder.folders.len() > 256;
        (folder.name() == "joblib"
            && !package
            && folder.folders.iter().take(4).any(|f| leads_to_code(folder, f)))
        .then_some("cache")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        for folder in root.walk() {
            let results: Vec<Folder<'_>> =
                folder.folders().into_iter().filter(|f| is_hex(f.name(), 32)).collect();
            let is_function =
                folder.has_file("func_code.py") || results.iter().any(|r| r.has_file("output.pkl"));
            if is_function {
                found.items.extend(function(store, &folder, &results));
            }
        }
        found
    }
}

/// Whether a function's code lies one or two folders below.
fn leads_to_code(folder: &Listing<'_>, module: &[u8]) -> bool {
    let Ok(module) = std::str::from_utf8(module) else { return false };
    let is_code = |names: &[String]| names.iter().any(|n| n == "func_code.py");
    let functions = folder.names_in(module);
    is_code(&functions)
        || functions.iter().take(4).any(|f| is_code(&folder.names_in(&format!("{module}/{f}"))))
}

fn function(store: &StoreView<'_>, folder: &Folder<'_>, results: &[Folder<'_>]) -> Vec<NewItem> {
    let mut item = NewItem::new("function", name(store, folder), Verdict::Rebuild);
    item = item.body(folder.node());
    let whole: Vec<&Folder<'_>> = results.iter().filter(|r| r.has_file("output.pkl")).collect();
    item = item.note(text::counted(whole.len() as u64, "result", "results"));
    if let Some(longest) = whole.iter().take(ASKED).filter_map(|r| seconds(store, r)).max_by(f64::total_cmp) {
        item = item.note(if longest < 1.0 {
            "each took less than a second".to_string()
        } else {
            format!("the longest took {}", duration(longest))
        });
    }
    if store.is_live_below(folder) {
        item.verdict = Verdict::InUse;
        return vec![item.note("written less than ten minutes ago, or open")];
    }
    let mut left: Vec<NewItem> = Vec::new();
    for result in results {
        for file in result.files().into_iter().filter(|f| f.is_regular() && is_partial(f)) {
            let torn = NewItem::new("partial", file.shown(), Verdict::Safe).body(file.node).leftover();
            item = item.without(file.node);
            left.push(torn.note("left over from an interrupted write: joblib begins anew"));
        }
    }
    left.insert(0, item);
    left
}

/// The function with its module; joblib writes a script's path with `-` for `/`.
fn name(store: &StoreView<'_>, folder: &Folder<'_>) -> String {
    let below = store.below(folder.node());
    if below.as_os_str().is_empty() {
        let names: Vec<_> = store.path().iter().rev().take(2).collect();
        return text::path(&names.iter().rev().collect::<std::path::PathBuf>());
    }
    text::path(&below)
}

/// How long a result took to compute.
fn seconds(store: &StoreView<'_>, result: &Folder<'_>) -> Option<f64> {
    let file = result.file("metadata.json").filter(File::is_regular)?;
    let metadata = store.json(file.node, METADATA)?;
    metadata.get("duration")?.as_f64().filter(|s| s.is_finite() && *s >= 0.0)
}

fn duration(seconds: f64) -> String {
    let seconds = seconds as u64;
    match seconds {
        0..120 => text::counted(seconds, "second", "seconds"),
        120..7200 => text::counted(seconds / 60, "minute", "minutes"),
        _ => text::counted(seconds / 3600, "hour", "hours"),
    }
}

/// `<file>.<32 hex>-<pid>-<thread>`
fn is_partial(file: &File<'_>) -> bool {
    let parts = || {
        let (_, random) = file.name().rsplit_once('.')?;
        let mut parts = random.splitn(3, '-');
        Some((parts.next()?, parts.next()?, parts.next()?))
    };
    let number = super::names::is_number;
    parts().is_some_and(|(id, pid, thread)| is_hex(id, 32) && number(pid) && number(thread))
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn a_function_is_an_item_and_says_how_long_it_took() {
        let f = Fixture::new();
        let results = "work/cache/joblib/__main__--home-ana-jl/f";
        f.file("work/cache/.gitignore", "# Created by joblib automatically.\n*\n");
        f.file(&format!("{results}/func_code.py"), "# first line: 3\n");
        for (n, took) in [("a", "0.5"), ("b", "7300.25"), ("c", "NaN")] {
            f.kib(&format!("{results}/{}/output.pkl", n.repeat(32)), 16);
            f.file(&format!("{results}/{}/metadata.json", n.repeat(32)), format!("{{\"duration\": {took}}}"));
        }
        f.kib(&format!("{results}/{}/output.pkl.{}-4711-139", "d".repeat(32), "0a".repeat(16)), 16);
        f.kib(&format!("work/cache/joblib/pkg/mod/g/{}/output.pkl", "e".repeat(32)), 8);
        f.kib("work/cache/joblib/pkg/notes.txt", 4);
        f.age_all("");
        assert_eq!(
            f.outline(),
            "compile-caches: joblib cache ~/work/cache/joblib\n\
             \x20 function \"__main__--home-ana-jl/f\" [rebuild] 84 84 {3 results; the longest took 2 hours}\n\
             \x20 !partial \"output.pkl.0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a-4711-139\" [safe] 16 16 {left over from an interrupted write: joblib begins anew}\n\
             \x20 function \"pkg/mod/g\" [rebuild] 16 16 {1 result}\n\
             \x20 other \"other files\" [look-first] 20 4\n"
        );
    }

    #[test]
    fn a_function_elsewhere_is_known_by_its_code_and_a_package_is_not() {
        let f = Fixture::new();
        f.file("moved/f/func_code.py", "# first line: 3\n");
        f.kib(&format!("moved/f/{}/output.pkl", "a".repeat(32)), 16);
        f.kib("lib/joblib/__init__.py", 4);
        f.kib("lib/joblib/test/data/x", 4);
        f.kib("src/func_code.py", 4);
        f.age_all("");
        f.age(&format!("moved/f/{}/output.pkl", "a".repeat(32)), 60);
        assert_eq!(
            f.outline(),
            "compile-caches: joblib function ~/moved/f\n\
             \x20 function \"moved/f\" [in-use] 28 28 {1 result; written less than ten minutes ago, or open}\n"
        );
    }
}
