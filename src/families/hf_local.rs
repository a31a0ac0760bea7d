//! A folder that somebody downloaded a repository of the Hugging Face Hub to (`hf download --local-dir`): no cache,
//! but beside the files lies what they were when they came.
//!
//! Layout: `huggingface_hub` 2.4.0, `_local_folder.py`: for each `<file>` there is
//! `.cache/huggingface/download/<file>.metadata` with three lines: commit, etag, time. A file that is no newer than
//! that time is as it came. Which repository it was is written nowhere.

use std::collections::BTreeMap;

use super::{About, Family, File, Folder, Listing, Marker, Range, StoreView};
use crate::families::names::is_hex;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::node::NodeId;
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct HfLocal;

static ABOUT: About = About {
    id: "huggingface-local",
    name: "Hugging Face downloads",
    items: "a downloaded copy of a repository",
    category: Category::Hub,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Name(".cache")],
    hint: "`hf download --local-dir` fetches the commit again, from the repository you know it was",
    source: "huggingface_hub 2.4.0, _local_folder.py",
    sealed: true,
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

const META: &str = ".cache/huggingface";

/// What makes a folder the home of somebody or the cache of all programs.
const OTHERS: [&str; 8] =
    [".ssh", ".config", ".local", "Downloads", ".X11-unix", "lost+found", ".bashrc", ".profile"];

/// Repositories have folders in folders, but not many.
const DEPTH: u8 = 32;

impl Family for HfLocal {
    fn about(&self) -> &About {
        &ABOUT
    }

    /// Only a folder that is there for the download: no other folders in it, and most of its files from there.
    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let others = OTHERS.iter().any(|o| folder.has_folder(o) || folder.has_file(o));
        if folder.within.is_some() || others || !folder.has_folder(".cache") {
            return None;
        }
        let meta = folder.names_in(META);
        let has = |name: &str| meta.iter().any(|m| m == name);
        let marked = has("download") && (has(".gitignore") || has("CACHEDIR.TAG"));
        // What is being uploaded from here is somebody's own.
        if !marked || ["hub", "token", "stored_tokens", "upload"].iter().any(|n| has(n)) {
            return None;
        }
        let came = folder.names_in(&format!("{META}/download"));
        let visible = |names: &[&[u8]]| -> Vec<String> {
            let shown = names.iter().filter(|n| **n != b".cache");
            shown.map(|n| String::from_utf8_lossy(n).into_owned()).collect()
        };
        let files = visible(folder.files);
        let known = files.iter().filter(|f| came.contains(&format!("{f}.metadata"))).count();
        let folders = visible(folder.folders);
        let whole = folders.iter().all(|f| came.contains(f) || f == ".git" || f == "__pycache__");
        (whole && known * 2 >= files.len() && known + folders.len() > 0).then_some("copy")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let Some(meta) = root.folder_at(META) else { return found };
        let Some(download) = meta.folder("download") else { return found };
        let mut came = Came::default();
        let (nodes, _) = came.take(store, &root, &download, 0);
        let partial: Vec<File<'_>> = download
            .walk()
            .iter()
            .flat_map(Folder::files)
            .filter(|f| f.is_regular() && f.name().ends_with(".incomplete"))
            .collect();
        if !nodes.is_empty() {
            found.items.push(came.item(store, &nodes, &meta, &download, &partial));
        }
        for file in &partial {
            let item = NewItem::new("partial", unfinished(file), Verdict::Safe).body(file.node);
            found.items.push(if store.is_live(file) {
                NewItem { verdict: Verdict::InUse, ..item.note("being written") }
            } else {
                item.leftover().note("left by a download that was stopped")
            });
        }
        found
    }
}

fn unfinished(file: &File<'_>) -> String {
    format!("unfinished download {}", file.shown().chars().take(8).collect::<String>())
}

/// What came from the Hub and is as it was.
#[derive(Default)]
struct Came {
    /// How many files came with each commit.
    commits: BTreeMap<String, u64>,
    changed: u64,
    live: bool,
}

impl Came {
    /// Takes in a folder and what is known of it; returns what in it came, and whether that is all of it.
    fn take(
        &mut self,
        store: &StoreView<'_>,
        folder: &Folder<'_>,
        meta: &Folder<'_>,
        depth: u8,
    ) -> (Vec<NodeId>, bool) {
        let mut nodes = Vec::new();
        let mut all = folder.is_listed() && folder.stores().is_empty();
        for file in folder.files() {
            if self.came(store, &file, meta) {
                self.live |= store.is_live(&file);
                nodes.push(file.node);
            } else {
                all = false;
            }
        }
        for inner in folder.folders().iter().filter(|f| depth > 0 || f.bytes() != b".cache") {
            let known = (depth < DEPTH).then(|| meta.folder(inner.name())).flatten();
            let Some(known) = known else {
                all = false;
                continue;
            };
            let (inside, whole) = self.take(store, inner, &known, depth + 1);
            if whole && !inside.is_empty() {
                nodes.push(inner.node());
            } else {
                nodes.extend(inside);
                all = false;
            }
        }
        (nodes, all)
    }

    fn came(&mut self, store: &StoreView<'_>, file: &File<'_>, meta: &Folder<'_>) -> bool {
        let known = meta.file(&format!("{}.metadata", file.name())).filter(File::is_regular);
        let Some(known) = known.filter(|_| file.is_regular()) else { return false };
        let Some((commit, time)) = store.read(known.node, Range::Head, 512).as_deref().and_then(read) else {
            return false;
        };
        // The library, too, allows a second.
        if f64::from(file.mtime) - 1.0 > time {
            self.changed += 1;
            return false;
        }
        *self.commits.entry(commit).or_default() += 1;
        true
    }

    fn item(
        &self,
        store: &StoreView<'_>,
        nodes: &[NodeId],
        meta: &Folder<'_>,
        download: &Folder<'_>,
        partial: &[File<'_>],
    ) -> NewItem {
        let name = store.path().file_name().map(|n| text::display(n.as_encoded_bytes())).unwrap_or_default();
        let mut item = NewItem::new("copy", name, Verdict::LookFirst).key("copy");
        for node in nodes {
            item = item.body(*node);
        }
        let beside = ["CACHEDIR.TAG", ".gitignore"].into_iter().filter_map(|name| meta.file(name));
        for file in beside {
            item = item.pointer(file.node);
        }
        if let Some(trees) = meta.folder("trees") {
            item = item.pointer(trees.node());
        }
        item = item.pointer(download.node());
        item.without.extend(partial.iter().map(|f| f.node));
        let most = self.commits.iter().max_by_key(|(_, n)| **n).map(|(commit, _)| commit);
        if let Some(commit) = most {
            item = item.version(&commit[..8]);
            let note = match self.commits.len() {
                1 => format!("a copy of commit {commit}; of which repository is not written down"),
                n => format!("copies from {n} commits, most of them {commit}"),
            };
            item = item.note(note);
        }
        if self.changed > 0 {
            let files = text::counted(self.changed, "file was", "files were");
            item = item.note(format!("{files} changed since and stay"));
        }
        if self.live {
            return NewItem { verdict: Verdict::InUse, ..item.note("written a moment ago or open") };
        }
        item
    }
}

/// Commit and time out of what is known of a file.
fn read(bytes: &[u8]) -> Option<(String, f64)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.lines().map(str::trim);
    let commit = lines.next().filter(|c| is_hex(c, 40))?;
    let time = lines.nth(1)?.parse().ok().filter(|t: &f64| t.is_finite())?;
    Some((commit.to_string(), time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::{Fixture, NOW};

    fn came(f: &Fixture, root: &str, file: &str, kib: usize) {
        f.kib(&format!("{root}/{file}"), kib);
        let known = format!("{}\n{}\n{}.25\n", "a1".repeat(20), "b2".repeat(32), NOW - 30 * 86_400);
        f.file(&format!("{root}/{META}/download/{file}.metadata"), known);
        f.file(&format!("{root}/{META}/download/{file}.lock"), "");
        f.file(&format!("{root}/{META}/.gitignore"), "*");
    }

    #[test]
    fn a_copy_says_of_which_commit_it_is_and_leaves_out_what_was_changed() {
        let f = Fixture::new();
        came(&f, "data/tiny-llm", "model.safetensors", 64);
        came(&f, "data/tiny-llm", "README.md", 4);
        came(&f, "data/tiny-llm", "onnx/model.onnx", 16);
        came(&f, "data/tiny-llm", "onnx/sub/config.json", 4);
        came(&f, "data/tiny-llm", "config.json", 4);
        f.age("data/tiny-llm/config.json", 86_400);
        f.kib("data/tiny-llm/notes.txt", 4);
        let etag = "c3".repeat(32);
        let download = format!("data/tiny-llm/{META}/download");
        f.kib(&format!("{download}/q1w2e3r4=.{etag}.0badc0de.incomplete"), 32);
        f.kib(&format!("{download}/zzzzzzzz=.{etag}.incomplete"), 8);
        f.age(&format!("{download}/zzzzzzzz=.{etag}.incomplete"), 4);
        let outline = f.outline();
        let note = format!(
            "a copy of commit {}; of which repository is not written down; 1 file was changed since and stay",
            "a1".repeat(20)
        );
        assert!(
            outline.starts_with(&format!(
                "hub: huggingface-local copy ~/data/tiny-llm\n\
                 \x20 copy \"tiny-llm\" a1a1a1a1 [look-first] 132 132 {{{note}}}\n\
                 \x20 !partial \"unfinished download q1w2e3r4\" [safe] 32 32 {{left by a download that was stopped}}\n\
                 \x20 partial \"unfinished download zzzzzzzz\" [in-use] 8 8 {{being written}}\n\
                 \x20 other \"other files\" [look-first]"
            )),
            "{outline}"
        );
    }

    #[test]
    fn folders_of_people_are_not_taken_for_copies() {
        let f = Fixture::new();
        // One file of many, a project around it, a home, an upload.
        came(&f, "project", "model.safetensors", 4);
        f.kib("project/src/train.py", 4);
        came(&f, "mixed", "model.safetensors", 4);
        f.kib("mixed/a", 4);
        f.kib("mixed/b", 4);
        came(&f, "other/home", "model.safetensors", 4);
        f.folder("other/home/.ssh");
        came(&f, "upload", "model.safetensors", 4);
        f.file(&format!("upload/{META}/upload/mine.metadata"), "1\n");
        f.kib("plain/.cache/huggingface/download/x", 4);
        assert_eq!(f.outline(), "");
    }

    #[test]
    fn broken_metadata_proves_nothing() {
        let f = Fixture::new();
        for (file, known) in [
            ("empty", String::new()),
            ("short", "a1".repeat(20)),
            ("etag", format!("main\nx\n{NOW}\n")),
            ("time", format!("{}\nx\nNaN\n", "a1".repeat(20))),
            ("bytes", "\u{fffd}\n\n\n".into()),
        ] {
            f.kib(&format!("copy/{file}"), 4);
            f.file(&format!("copy/{META}/download/{file}.metadata"), known);
        }
        f.file(&format!("copy/{META}/CACHEDIR.TAG"), "");
        f.folder("copy/dir");
        f.folder(&format!("copy/{META}/download/dir/x.metadata"));
        f.file("copy/dir/x", "");
        f.link("/etc/passwd", "copy/linked");
        f.file(&format!("copy/{META}/download/linked.metadata"), format!("{}\nx\n{NOW}\n", "a1".repeat(20)));
        let outline = f.outline();
        assert!(!outline.contains("copy \""), "{outline}");
        assert!(!outline.contains("problem") && !outline.contains("[safe]"), "{outline}");
    }
}
