//! Jupyter: the copies it keeps of files a person works on, and what its servers leave behind.
//!
//! Layout: `jupyter_server` 2.21, `services/contents/filecheckpoints.py` (`.ipynb_checkpoints/<stem>-checkpoint<ext>`, or
//! below `<temp>/jupyter_checkpoints/`), `services/contents/fileio.py` (`.~<name>`, `<name>.invalid`), `serverapp.py`;
//! `jupyter_core` 5.9, `paths.py`. A save copies the old file to `.~<name>`, cuts the file off and writes it anew: on a
//! full disk that copy may be all that is left of a notebook. So copies are never offered, whatever lies beside them.

use super::names::is_number;
use super::{About, Beside, Family, File, Listing, Marker, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Jupyter;

static ABOUT: About = About {
    id: "jupyter",
    name: "Jupyter",
    items: "a copy of a notebook, or a file of a running server",
    category: Category::Temporary,
    verdict: Verdict::Protected,
    markers: &[Marker::Name(CHECKPOINTS), Marker::Ext("ipynb"), Marker::Ext("ipynb.invalid")],
    hint: "a copy of a notebook comes back with the next save, if the notebook is still there and whole",
    source: "jupyter_server 2.21, services/contents/filecheckpoints.py, fileio.py, serverapp.py; jupyter_core 5.9, paths.py",
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

const CHECKPOINTS: &str = ".ipynb_checkpoints";

/// So much of the end of a file tells whether it ends as a notebook does.
const END: usize = 64;

/// Kernels of servers that nobody sees any more are left alone for this many seconds.
const QUIET: i64 = 7 * 86_400;

impl Family for Jupyter {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> = Place::var(env, "JUPYTER_RUNTIME_DIR", "runtime").into_iter().collect();
        places.extend(env.folder("JUPYTER_DATA_DIR").map(|dir| Place::new(dir.join("runtime"), "runtime")));
        places
            .extend(env.homes().map(|home| Place::new(env.data_of(home).join("jupyter/runtime"), "runtime")));
        places.push(Place::new(env.temp().join("jupyter_checkpoints"), "checkpoints elsewhere"));
        places
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if !folder.is_among_peoples() {
            return None;
        }
        if folder.name() == CHECKPOINTS {
            return Some("checkpoints");
        }
        let left = |name: &str| is_copy(name) || name.ends_with(".ipynb.invalid");
        (!folder.is_a_top() && folder.any_file(left)).then_some("copies")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let items = match store.role() {
            "runtime" => runtime(store),
            "copies" => copies(store),
            _ => checkpoints(store),
        };
        Found { items, ..Found::default() }
    }
}

/// The copy of a notebook made for a save.
fn is_copy(name: &str) -> bool {
    name.strip_prefix(".~").and_then(|n| n.strip_suffix(".ipynb")).is_some()
}

fn checkpoints(store: &StoreView<'_>) -> Vec<NewItem> {
    let mut items = Vec::new();
    for folder in store.root().walk() {
        for file in folder.files().into_iter().filter(File::is_regular) {
            let Some(original) = original(file.name()) else { continue };
            let item =
                NewItem::new("notebook copy", text::plain(&original), Verdict::Protected).body(file.node);
            // Copies of folders that may not be written to lie far from their originals.
            let beside = (store.role() == "checkpoints" && folder.node() == store.root().node())
                .then(|| store.beside(original.as_bytes(), END).ok())
                .flatten();
            let why = match beside {
                Some(beside) => compared(&original, i64::from(file.mtime), beside.as_ref()),
                None => "may be the only good copy",
            };
            items.push(item.note("as it was when it was last saved by hand").note(why));
        }
    }
    items
}

/// `train.ipynb` of `train-checkpoint.ipynb`.
fn original(copy: &str) -> Option<String> {
    let (stem, ext) = match copy.rsplit_once('.') {
        Some((stem, ext)) => (stem, format!(".{ext}")),
        None => (copy, String::new()),
    };
    let stem = stem.strip_suffix("-checkpoint").filter(|s| !s.is_empty())?;
    Some(format!("{stem}{ext}"))
}

/// What the file a copy is of says of the copy.
fn compared(name: &str, copied: i64, original: Option<&Beside>) -> &'static str {
    let Some(original) = original else {
        return "may be the only good copy: the file it is a copy of is gone";
    };
    let ends = original.tail.trim_ascii_end().ends_with(b"}");
    if original.size == 0 || (name.strip_suffix(".ipynb").is_some() && !ends) {
        return "may be the only good copy: the file it is a copy of is cut off";
    }
    if original.mtime < copied {
        return "may be the only good copy: the file it is a copy of is older";
    }
    "the file it is a copy of is newer and looks whole"
}

/// What an interrupted save left beside a notebook.
fn copies(store: &StoreView<'_>) -> Vec<NewItem> {
    let root = store.root();
    let mut items = Vec::new();
    for file in root.files().into_iter().filter(File::is_regular) {
        if let Some(name) = file.name().strip_prefix(".~").filter(|_| is_copy(file.name())) {
            let original = root.file(name).filter(File::is_regular).map(|f| Beside {
                size: f.size,
                mtime: i64::from(f.mtime),
                tail: store.read(f.node, Range::Tail, END).unwrap_or_default(),
            });
            let item = NewItem::new("notebook copy", text::plain(name), Verdict::Protected).body(file.node);
            let item = item.note("made for a save that did not end");
            items.push(item.note(compared(name, i64::from(file.mtime), original.as_ref())));
        } else if file.name().ends_with(".ipynb.invalid") {
            let item = NewItem::new("invalid notebook", file.shown(), Verdict::LookFirst).body(file.node);
            items
                .push(item.note("what Jupyter could not read, put aside when it took the copy in its place"));
        }
    }
    items
}

/// Files of servers and kernels. Secrets stay; what a server left that is gone is safe.
fn runtime(store: &StoreView<'_>) -> Vec<NewItem> {
    let root = store.root();
    let is_running = |pid: &str| store.env().exists(&std::path::Path::new("/proc").join(pid));
    let files: Vec<File<'_>> = root.files().into_iter().filter(File::is_regular).collect();
    let serving = files.iter().filter_map(|f| server(f.name())).any(is_running);
    let mut items = Vec::new();
    for file in &files {
        if file.name().ends_with("cookie_secret") {
            let item = NewItem::new("secret", file.shown(), Verdict::Protected).body(file.node);
            items.push(item.note("signs the cookies of those who are logged in"));
        } else if let Some(pid) = server(file.name()) {
            let item = NewItem::new("server", file.shown(), Verdict::Safe).body(file.node);
            items.push(if is_running(pid) || store.is_live(file) {
                NewItem {
                    verdict: Verdict::InUse,
                    ..item.note("a process bears that number, or it was just written")
                }
            } else {
                item.leftover().note("the server is gone")
            });
        } else if let Some(kernel) = file.name().strip_prefix("kernel-").and_then(|n| n.strip_suffix(".json"))
        {
            let item = NewItem::new("kernel", file.shown(), Verdict::Safe).body(file.node);
            let running = serving || store.is_live(file) || (is_number(kernel) && is_running(kernel));
            let quiet = store.now() - i64::from(file.mtime) > QUIET;
            items.push(match (running, quiet) {
                (true, _) => {
                    NewItem { verdict: Verdict::InUse, ..item.note("a server runs, and may have begun it") }
                }
                (false, true) => {
                    item.leftover().note("how to reach a kernel; no server is left that began it")
                }
                _ => NewItem {
                    verdict: Verdict::LookFirst,
                    ..item.note("how to reach a kernel, begun within a week")
                },
            });
        }
    }
    items
}

/// The process of `jpserver-4711.json`, `jpserver-4711-open.html` and their older cousins.
fn server(name: &str) -> Option<&str> {
    let rest = ["jpserver-", "nbserver-"].iter().find_map(|p| name.strip_prefix(p))?;
    let pid = rest.strip_suffix("-open.html").or_else(|| rest.strip_suffix(".json"))?;
    let pid = pid.strip_prefix("file-to-run-").unwrap_or(pid);
    is_number(pid).then_some(pid)
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    const WHOLE: &str = "{\n \"cells\": []\n}\n";

    #[test]
    fn copies_are_protected_and_say_what_became_of_the_original() {
        let f = Fixture::new();
        for name in ["whole", "cut", "older", "gone", "empty"] {
            f.file(&format!("work/.ipynb_checkpoints/{name}-checkpoint.ipynb"), WHOLE);
        }
        f.file("work/.ipynb_checkpoints/train-checkpoint.py", "x = 1\n");
        f.file("work/.ipynb_checkpoints/notes.txt", "mine\n");
        f.file("work/whole.ipynb", WHOLE);
        f.age("work/whole.ipynb", 86_400);
        f.file("work/cut.ipynb", "{\n \"cells\": [");
        f.file("work/older.ipynb", WHOLE);
        f.age("work/older.ipynb", 60 * 86_400);
        f.file("work/empty.ipynb", "");
        f.file("work/train.py", "x = 2\n");
        f.age("work/train.py", 86_400);
        // At the top of a home, too.
        f.folder(".ssh");
        f.file(".ipynb_checkpoints/a-checkpoint.ipynb", WHOLE);
        f.link("/etc/passwd", "a.ipynb");
        f.file("tmp/jupyter_checkpoints/data/ro/b-checkpoint.ipynb", WHOLE);
        assert_eq!(
            f.outline(),
            "temporary: jupyter checkpoints ~/.ipynb_checkpoints\n\
             \x20 notebook copy \"a.ipynb\" [protected] 4 4 {as it was when it was last saved by hand; may be the only good copy}\n\
             temporary: jupyter checkpoints elsewhere ~/tmp/jupyter_checkpoints\n\
             \x20 notebook copy \"b.ipynb\" [protected] 4 4 {as it was when it was last saved by hand; may be the only good copy}\n\
             temporary: jupyter checkpoints ~/work/.ipynb_checkpoints\n\
             \x20 notebook copy \"cut.ipynb\" [protected] 4 4 {as it was when it was last saved by hand; may be the only good copy: the file it is a copy of is cut off}\n\
             \x20 notebook copy \"empty.ipynb\" [protected] 4 4 {as it was when it was last saved by hand; may be the only good copy: the file it is a copy of is cut off}\n\
             \x20 notebook copy \"gone.ipynb\" [protected] 4 4 {as it was when it was last saved by hand; may be the only good copy: the file it is a copy of is gone}\n\
             \x20 notebook copy \"older.ipynb\" [protected] 4 4 {as it was when it was last saved by hand; may be the only good copy: the file it is a copy of is older}\n\
             \x20 notebook copy \"train.py\" [protected] 4 4 {as it was when it was last saved by hand; the file it is a copy of is newer and looks whole}\n\
             \x20 notebook copy \"whole.ipynb\" [protected] 4 4 {as it was when it was last saved by hand; the file it is a copy of is newer and looks whole}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }

    #[test]
    fn what_an_interrupted_save_left_is_protected() {
        let f = Fixture::new();
        f.file("work/.~a.ipynb", WHOLE);
        f.file("work/a.ipynb", "{\n \"cells\": [");
        f.file("work/.~b.ipynb", WHOLE);
        f.file("work/.~c\u{1b}[2J.ipynb", WHOLE);
        f.file("work/c\u{1b}[2J.ipynb", WHOLE);
        f.file("work/d.ipynb.invalid", "{");
        f.file("work/.~lock.report.odt#", "");
        f.kib("work/data.csv", 16);
        // What lies below such a folder is recognized as anywhere.
        f.kib("work/runs/epoch_1.pt", 8);
        f.kib("work/runs/epoch_2.pt", 8);
        f.file("plain/notes.ipynb", WHOLE);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints series ~/work/runs (2 steps, latest epoch 2)\n\
             \x20 step \"epoch 1\" [look-first] 8 8\n\
             \x20 step \"epoch 2\" [look-first] 8 8 {latest}\n\
             temporary: jupyter copies ~/work\n\
             \x20 notebook copy \"a.ipynb\" [protected] 4 4 {made for a save that did not end; may be the only good copy: the file it is a copy of is cut off}\n\
             \x20 notebook copy \"b.ipynb\" [protected] 4 4 {made for a save that did not end; may be the only good copy: the file it is a copy of is gone}\n\
             \x20 notebook copy \"c\\e[2J.ipynb\" [protected] 4 4 {made for a save that did not end; the file it is a copy of is newer and looks whole}\n\
             \x20 invalid notebook \"d.ipynb.invalid\" [look-first] 4 4 {what Jupyter could not read, put aside when it took the copy in its place}\n\
             \x20 other \"other files\" [look-first] 28 24\n"
        );
    }

    #[test]
    fn of_a_server_that_is_gone_the_files_are_safe_and_its_secrets_stay() {
        let mut f = Fixture::new();
        let at = ".local/share/jupyter/runtime";
        for name in ["jpserver-100.json", "jpserver-100-open.html", "jpserver-file-to-run-100-open.html"] {
            f.file(&format!("{at}/{name}"), "{}");
        }
        f.file(&format!("{at}/kernel-0a0b0c0d-0123-4567-89ab-0123456789ab.json"), "{\"key\": \"x\"}");
        f.file(&format!("{at}/kernel-300.json"), "{}");
        f.file(&format!("{at}/kernel-new.json"), "{}");
        f.age(&format!("{at}/kernel-new.json"), 86_400);
        f.file(&format!("{at}/jupyter_cookie_secret"), "x");
        f.file(&format!("{at}/mine.txt"), "x");
        f.env = f.env.clone().with_file("/proc/300", "");
        assert_eq!(
            f.outline(),
            "temporary: jupyter runtime ~/.local/share/jupyter/runtime\n\
             \x20 !server \"jpserver-100-open.html\" [safe] 4 4 {the server is gone}\n\
             \x20 !server \"jpserver-100.json\" [safe] 4 4 {the server is gone}\n\
             \x20 !server \"jpserver-file-to-run-100-open.html\" [safe] 4 4 {the server is gone}\n\
             \x20 secret \"jupyter_cookie_secret\" [protected] 4 4 {signs the cookies of those who are logged in}\n\
             \x20 !kernel \"kernel-0a0b0c0d-0123-4567-89ab-0123456789ab.json\" [safe] 4 4 {how to reach a kernel; no server is left that began it}\n\
             \x20 kernel \"kernel-300.json\" [in-use] 4 4 {a server runs, and may have begun it}\n\
             \x20 kernel \"kernel-new.json\" [look-first] 4 4 {how to reach a kernel, begun within a week}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
        f.file(&format!("{at}/nbserver-200.json"), "{}");
        f.env = f.env.clone().with_file("/proc/200", "");
        let serving = f.outline();
        assert_eq!(serving.matches("[in-use]").count(), 4, "{serving}");
    }
}
