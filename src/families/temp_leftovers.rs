//! What killed programs leave in the folder for temporary files: `AutoGraph`'s sources, checkpoints that were being saved,
//! models that were being converted.
//!
//! Layout: tensorflow 2.21, `python/autograph/pyct/loader.py` (`__autograph_generated_file????????.py`, removed when a
//! program ends by itself); `tempfile` of Python (`tmp` and eight of `a-z0-9_`); `lite/python/lite.py` and
//! `trt_convert.py` (a `SavedModel` in such a folder); fsspec, `LocalFileOpener` (a whole checkpoint in such a file, moved to
//! its place when it is written). A name that Python made up says nothing, so things are known by what is in them. The
//! folder is looked at only if something in it bears such a name.

use super::names::zip_first;
use super::{About, Family, File, Folder, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct TempLeftovers;

static ABOUT: About = About {
    id: "temp-leftovers",
    name: "Leftovers of killed programs",
    items: "what one program left: generated sources, a model, a checkpoint",
    category: Category::Temporary,
    verdict: Verdict::LookFirst,
    hint: "nobody asks for what is safe here; a checkpoint or a model may exist nowhere else",
    source: "tensorflow 2.21, autograph/pyct/loader.py, lite/python/lite.py; fsspec, LocalFileOpener",
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

const AUTOGRAPH: &str = "__autograph_generated_file";

/// A program that runs needs its sources to explain an error: after a day nobody waits for that any more.
const DAY: i64 = 86_400;

/// A checkpoint is larger than this; a smaller file is not worth a question.
const LARGE: u64 = 1 << 20;

impl Family for TempLeftovers {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let temp = env.temp();
        let ours = |name: &std::ffi::OsStr| name.to_str().is_some_and(|n| is_autograph(n) || is_made_up(n));
        let some = env.list_some(&temp, ours);
        let known = some.iter().any(|name| {
            let path = temp.join(name);
            name.to_str().is_some_and(is_autograph)
                || env.length(&path).is_some_and(|length| length >= LARGE)
                || env.exists(&path.join("saved_model.pb"))
        });
        known.then(|| Place::new(temp, "temporary files")).into_iter().collect()
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let files: Vec<File<'_>> = root.files().into_iter().filter(File::is_regular).collect();
        let (old, new): (Vec<_>, Vec<_>) = files
            .iter()
            .filter(|f| is_autograph(f.name()))
            .partition(|f| store.now() - i64::from(f.mtime) >= DAY && !store.is_live(f));
        if !old.is_empty() {
            let item = sources(&old, Verdict::Safe).key("autograph").leftover();
            found.items.push(item.note("the programs that wrote them were killed"));
        }
        if !new.is_empty() {
            let item = sources(&new, Verdict::LookFirst).key("autograph of today");
            found.items.push(item.note("written within a day: a program may need them to explain an error"));
        }
        let unnamed = files.iter().filter(|f| is_made_up(f.name()) && f.size >= LARGE);
        found.items.extend(unnamed.filter_map(|f| checkpoint(store, f)));
        let folders = root.folders();
        found.items.extend(folders.iter().filter(|f| is_made_up(f.name())).filter_map(|f| model(store, f)));
        found
    }
}

fn is_autograph(name: &str) -> bool {
    name.strip_prefix(AUTOGRAPH).and_then(|rest| rest.strip_suffix(".py")).is_some_and(is_random)
}

/// As `tempfile` makes names up.
fn is_made_up(name: &str) -> bool {
    name.strip_prefix("tmp").is_some_and(is_random)
}

fn is_random(rest: &str) -> bool {
    rest.len() == 8 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn sources(files: &[&File<'_>], verdict: Verdict) -> NewItem {
    let name = text::counted(files.len() as u64, "AutoGraph source", "AutoGraph sources");
    files.iter().fold(NewItem::new("generated sources", name, verdict), |item, file| item.body(file.node))
}

/// A file in which torch began to write a checkpoint.
fn checkpoint(store: &StoreView<'_>, file: &File<'_>) -> Option<NewItem> {
    let head = store.read(file.node, Range::Head, 512)?;
    zip_first(&head).filter(|first| first.ends_with(b"/data.pkl"))?;
    let item = NewItem::new("checkpoint", file.shown(), Verdict::LookFirst).body(file.node).leftover();
    Some(if store.is_live(file) {
        let item = NewItem { verdict: Verdict::InUse, ..item };
        item.note("being written")
    } else {
        item.note("a checkpoint on its way to its place, and its program was killed; it may be whole")
    })
}

/// A model that a converter, or somebody's code, put into a temporary folder.
fn model(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    folder.file("saved_model.pb").filter(File::is_regular)?;
    let item = NewItem::new("model", folder.shown(), Verdict::LookFirst).body(folder.node()).leftover();
    Some(if store.is_live_below(folder) {
        let item = NewItem { verdict: Verdict::InUse, ..item };
        item.note("being written")
    } else {
        item.note("a SavedModel, as TensorFlow's converters leave it when they are killed")
    })
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn leftovers_are_known_by_what_is_in_them() {
        let f = Fixture::new();
        for name in ["abcdefgh", "12345678"] {
            f.kib(&format!("tmp/__autograph_generated_file{name}.py"), 1);
        }
        f.kib("tmp/__autograph_generated_filequ_te_00.py", 1);
        f.age("tmp/__autograph_generated_filequ_te_00.py", 3600);
        let mut zip = vec![0; 30];
        zip[..4].copy_from_slice(b"PK\x03\x04");
        zip[26] = 16;
        zip.extend(b"archive/data.pkl");
        zip.resize(2 << 20, 0);
        f.file("tmp/tmpa1b2c3d4", &zip);
        f.file("tmp/tmpzzzzzzzz", vec![b'x'; 2 << 20]);
        f.kib("tmp/tmpmodel_01/saved_model.pb", 4);
        f.kib("tmp/tmpother_01/data.txt", 4);
        f.kib("tmp/mine.txt", 4);
        for folder in ["tmp/tmpmodel_01", "tmp/tmpother_01"] {
            f.age(folder, 86_400);
        }
        let outline = f.outline();
        for line in [
            "temporary: temp-leftovers temporary files ~/tmp\n",
            "  !generated sources \"2 AutoGraph sources\" [safe] 8 8 {the programs that wrote them were killed}\n",
            "  generated sources \"1 AutoGraph source\" [look-first] 4 4 {written within a day: ",
            "  !checkpoint \"tmpa1b2c3d4\" [look-first] 2048 2048 {a checkpoint on its way",
            "  !model \"tmpmodel_01\" [look-first] 8 8 {a SavedModel, as",
        ] {
            assert!(outline.contains(line), "{line}\n{outline}");
        }
        assert!(!outline.contains("tmpzzzzzzzz") && !outline.contains("tmpother_01"), "{outline}");
    }

    #[test]
    fn a_folder_without_such_names_is_left_alone() {
        let f = Fixture::new();
        f.kib("tmp/tmpdir/x", 4);
        f.kib("tmp/tmpABCDEFGH", 4);
        f.kib("tmp/tmpfolder_0/x", 4);
        assert_eq!(f.outline(), "");
    }
}
