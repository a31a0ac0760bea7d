//! What lies in a trash already: `files/<name>` with `info/<name>.trashinfo` that says where it was.
//!
//! Layout: FreeDesktop Trash Specification 1.0 (home trash, `$topdir/.Trash/$uid`, `$topdir/.Trash-$uid`); what
//! trash-cli 0.26 and gvfs write. It may be a person's only copy, so nothing in it is ever called safe, but for infos
//! whose file is gone.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{About, Family, File, Folder, Listing, Marker, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::node::NodeId;
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Trash;

static ABOUT: About = About {
    id: "trash",
    name: "Trash",
    items: "a thing in the trash",
    category: Category::Trash,
    verdict: Verdict::LookFirst,
    // `files` is common; `info` beside it is not.
    markers: &[Marker::Name("info")],
    hint: "what leaves the trash is gone; until then it can be put back where it was",
    source: "FreeDesktop Trash Specification 1.0",
    // A cache in a trash is no cache: it may be the only copy, and goes or comes back as what was trashed.
    sealed: true,
    ..About::DEFAULT
};

/// A path has 4 KiB at most, three bytes for each when escaped.
const INFO: usize = 16 << 10;

impl Family for Trash {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        env.homes().map(|home| Place::new(env.data_of(home).join("Trash"), "trash")).collect()
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if !folder.has_folder("files") || !folder.has_folder("info") {
            return None;
        }
        let name = folder.name();
        let named = name == "Trash" || name.strip_prefix(".Trash-").is_some_and(is_number);
        // `.Trash/1000`: the name alone tells little, so nothing else may be there.
        let known: [&[u8]; 3] = [b"files", b"info", b"expunged"];
        let alone = is_number(name)
            && folder.folders.iter().all(|f| known.contains(f))
            && folder.files.iter().all(|f| *f == b"directorysizes");
        (named || alone).then_some("trash")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let (files, infos) = (root.folder("files"), root.folder("info"));
        let bodies = files.map(|f| bodies(&f)).unwrap_or_default();
        let claimed: FxHashSet<&[u8]> =
            files.map(|f| f.stores()).unwrap_or_default().iter().map(Folder::bytes).collect();
        // Where the files could not be listed, none of them is known to be gone.
        let listed = files.is_some_and(|f| f.is_listed());
        let mut told: FxHashSet<&[u8]> = FxHashSet::default();
        for file in infos.map(|f| f.files()).unwrap_or_default() {
            let Some(name) = file.bytes.strip_suffix(b".trashinfo").filter(|_| file.is_regular()) else {
                continue;
            };
            let info = Info::read(store, &file);
            let item = if let Some(body) = bodies.get(name) {
                told.insert(name);
                trashed(store, &info, name).body(*body).pointer(file.node)
            } else if listed && !claimed.contains(name) {
                gone(store, &info, name, &file)
            } else {
                let item = trashed(store, &info, name).pointer(file.node);
                item.note("what it describes is shown elsewhere, or could not be read")
            };
            found.items.push(item);
        }
        let mut orphans: Vec<(&&[u8], &NodeId)> =
            bodies.iter().filter(|(name, _)| !told.contains(*name)).collect();
        orphans.sort_unstable();
        for (name, node) in orphans {
            let item = NewItem::new("orphan", text::display(name), Verdict::LookFirst).body(*node).leftover();
            let emptied = std::str::from_utf8(name).is_ok_and(super::interrupted::is_aside);
            found.items.push(item.note(if emptied {
                "emptying it was interrupted; `mldu interrupted` finishes it"
            } else {
                "nothing says where it was"
            }));
        }
        found
    }
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

/// What lies in `files/`, by name.
fn bodies<'a>(files: &Folder<'a>) -> FxHashMap<&'a [u8], NodeId> {
    let folders = files.folders().into_iter().map(|f| (f.bytes(), f.node()));
    folders.chain(files.files().into_iter().map(|f| (f.bytes, f.node))).collect()
}

fn trashed(store: &StoreView<'_>, info: &Info, name: &[u8]) -> NewItem {
    let kind = if info.ours { "trashed by mldu" } else { "trashed" };
    let mut item = NewItem::new(kind, info.name().unwrap_or(text::display(name)), Verdict::LookFirst);
    match info.origin(store.path()) {
        Ok(origin) => item.origin = Some(text::path(&origin)),
        Err(why) => item = item.note(why),
    }
    match &info.deleted {
        Some(date) => item.note(format!("trashed {date}")),
        None => item,
    }
}

/// An info whose file is gone: a few bytes nobody misses, unless something is just being trashed.
fn gone(store: &StoreView<'_>, info: &Info, name: &[u8], file: &File<'_>) -> NewItem {
    let item = NewItem::new("info", info.name().unwrap_or(text::display(name)), Verdict::Safe);
    let item = item.body(file.node).leftover();
    if store.is_live(file) {
        return NewItem {
            verdict: Verdict::InUse,
            ..item.note("written less than ten minutes ago, or open")
        };
    }
    item.note("what it describes is gone: emptied elsewhere, or never moved here")
}

/// What a `.trashinfo` says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Info {
    /// Where the thing was, decoded; relative to the folder that holds the trash, or absolute.
    path: Option<Vec<u8>>,
    /// When it was trashed, local time.
    deleted: Option<String>,
    /// Whether mldu trashed it.
    ours: bool,
    /// What is wrong with it.
    broken: Option<&'static str>,
}

impl Info {
    fn read(store: &StoreView<'_>, file: &File<'_>) -> Self {
        match store.read(file.node, Range::Head, INFO) {
            Some(content) => Self::parse(&content),
            None => Self { broken: Some("its info cannot be read"), ..Self::default() },
        }
    }

    /// The first `Path` and `DeletionDate` of the first group count, as the specification says.
    fn parse(content: &[u8]) -> Self {
        let mut info = Self::default();
        if content.is_empty() {
            info.broken = Some("its info is empty: nothing says where it was");
            return info;
        }
        let mut lines = content.split_inclusive(|b| *b == b'\n');
        if lines.next().map(line_content) != Some(b"[Trash Info]") {
            info.broken = Some("its info is none: nothing says where it was");
            return info;
        }
        let (mut path, mut date) = (None, None);
        for line in lines.take_while(|l| !l.starts_with(b"[")) {
            if let Some(value) = line.strip_prefix(b"Path=") {
                // Without a new line it is torn, or reaches beyond what was read.
                path.get_or_insert(value.ends_with(b"\n").then_some(line_content(value)));
            } else if let Some(value) = line.strip_prefix(b"DeletionDate=") {
                date.get_or_insert(line_content(value));
            } else if line.starts_with(b"X-Mldu-Run=") {
                info.ours = true;
            }
        }
        info.deleted = date.and_then(readable_date);
        match path.map(|p| p.and_then(percent_decoded)) {
            Some(Some(path)) => info.path = Some(path),
            Some(None) => info.broken = Some("its info holds a path that cannot be decoded"),
            None => info.broken = Some("its info does not say where it was"),
        }
        info
    }

    /// What the thing was called, safe to show.
    fn name(&self) -> Option<String> {
        let path = self.path.as_deref()?;
        let name = path.rsplit(|b| *b == b'/').find(|part| !part.is_empty())?;
        (name != b"." && name != b"..").then(|| text::display(name))
    }

    /// Where it was.
    fn origin(&self, trash: &Path) -> Result<PathBuf, &'static str> {
        let Some(path) = &self.path else {
            return Err(self.broken.unwrap_or("its info does not say where it was"));
        };
        let path = Path::new(text::os_str(path));
        if path.components().any(|c| c == std::path::Component::ParentDir) {
            return Err("its info holds a path with `..`, which is not to be trusted");
        }
        Ok(if path.is_absolute() { path.to_path_buf() } else { top(trash).join(path) })
    }
}

/// A line without its end.
fn line_content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The folder that relative paths begin in: the one that holds `.Trash-1000`, `.Trash/1000` or the home trash.
fn top(trash: &Path) -> &Path {
    let above = trash.parent().unwrap_or(trash);
    if above.file_name().is_some_and(|n| n == ".Trash") { above.parent().unwrap_or(above) } else { above }
}

/// `2026-11-21T03:12:00` with a space for the `T`; anything else is no date.
fn readable_date(value: &[u8]) -> Option<String> {
    let pattern = b"dddd-dd-ddTdd:dd:dd";
    let fits = value.len() == pattern.len()
        && value.iter().zip(pattern).all(|(b, p)| if *p == b'd' { b.is_ascii_digit() } else { b == p });
    fits.then(|| String::from_utf8_lossy(value).replace('T', " "))
}

/// The bytes behind `%20` and its like; nothing if an escape is broken or would be no file name.
fn percent_decoded(value: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let (high, low) = (digit(tail.first()?)?, digit(tail.get(1)?)?);
            out.push((high * 16 + low) as u8);
            rest = &tail[2..];
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    (!out.is_empty() && !out.contains(&0)).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::{Fixture, outline};

    const HOME: &str = ".local/share/Trash";

    fn info(path: &str) -> String {
        format!("[Trash Info]\nPath={path}\nDeletionDate=2026-11-20T10:11:12\n")
    }

    #[test]
    fn each_home_has_a_trash() {
        let env = Env::fixed("/h").with_var("XDG_DATA_HOME", "/fast").with_home("/other");
        let shown: Vec<String> = Trash.places(&env).iter().map(|p| p.path.display().to_string()).collect();
        assert_eq!(shown, ["/fast/Trash", "/other/.local/share/Trash"]);
    }

    #[test]
    fn bytes_are_decoded_as_they_were() {
        for (written, meant) in [
            ("/a/b", Some(&b"/a/b"[..])),
            ("na%C3%AFve%20%2520", Some("na\u{ef}ve %20".as_bytes())),
            ("%ff%0a%1B", Some(b"\xff\n\x1b")),
            ("a+b", Some(b"a+b")),
            ("%", None),
            ("%4", None),
            ("a%zz", None),
            ("%+1", None),
            ("a%00b", None),
            ("", None),
        ] {
            assert_eq!(percent_decoded(written.as_bytes()).as_deref(), meant, "{written}");
        }
    }

    #[test]
    fn the_first_key_of_the_first_group_counts() {
        let parsed = Info::parse(
            b"[Trash Info]\r\nX-Other=1\nPath=/first\nPath=/second\nDeletionDate=yesterday\n\
              DeletionDate=2026-01-01T00:00:00\n[Other]\nX-Mldu-Run=no\n",
        );
        assert_eq!(parsed, Info { path: Some(b"/first".to_vec()), ..Info::default() });
        assert_eq!(
            Info::parse(b"Path=/a\n").broken,
            Some("its info is none: nothing says where it was"),
            "no header"
        );
        let torn = Info::parse(b"[Trash Info]\nPath=/data/mod");
        assert_eq!(torn.path, None, "`/data/model` may have been meant");
        assert_eq!(torn.broken, Some("its info holds a path that cannot be decoded"));
        let long = format!("[Trash Info]\nPath={}\n", "%41".repeat(INFO));
        assert_eq!(Info::parse(&long.as_bytes()[..INFO]).path, None);
        assert_eq!(readable_date(b"2026-01-01T00:00:0x"), None);
        assert_eq!(readable_date(b"2026-01-01T23:59:59").as_deref(), Some("2026-01-01 23:59:59"));
    }

    #[test]
    fn nothing_in_a_trash_is_safe_but_infos_without_a_file() {
        let f = Fixture::new();
        let t = |name: &str| format!("{HOME}/{name}");
        f.kib(&t("files/model/w.bin"), 8);
        f.file(&t("info/model.trashinfo"), info("/data/runs/my%20model"));
        f.kib(&t("files/x.1a2b"), 4);
        f.file(&t("info/x.1a2b.trashinfo"), info("/data/x.ckpt") + "X-Mldu-Run=7\nX-Mldu-Id=1\n");
        f.link("/etc", &t("files/lnk"));
        f.file(&t("info/lnk.trashinfo"), info("lnk"));
        f.kib(&t("files/torn"), 4);
        f.file(&t("info/torn.trashinfo"), "");
        f.kib(&t("files/up"), 4);
        f.file(&t("info/up.trashinfo"), info("../../etc/passwd"));
        f.kib(&t("files/bad"), 4);
        f.file(&t("info/bad.trashinfo"), info("/a/%zz"));
        f.file(&t("info/emptied.trashinfo"), info("/data/emptied"));
        f.file(&t("info/coming.trashinfo"), info("/data/coming"));
        f.age(&t("info/coming.trashinfo"), 2);
        f.kib(&t("files/orphan/deep"), 4);
        f.file(&t("directorysizes"), "1 2 model\n");
        f.file(&t("info/notes.txt"), "");
        let inventory = f.scan();
        let date = "trashed 2026-11-20 10:11:12";
        assert_eq!(
            outline(&inventory, &f.home()),
            format!(
                "trash: trash trash ~/.local/share/Trash\n\
                 \x20 trashed \"bad\" [look-first] 8 8 {{its info holds a path that cannot be decoded; {date}}}\n\
                 \x20 !info \"coming\" [in-use] 4 4 {{written less than ten minutes ago, or open}}\n\
                 \x20 !info \"emptied\" [safe] 4 4 {{what it describes is gone: emptied elsewhere, or never moved here}}\n\
                 \x20 trashed \"lnk\" [look-first] 4 4 {{{date}}}\n\
                 \x20 trashed \"my model\" [look-first] 16 16 {{{date}}}\n\
                 \x20 trashed \"torn\" [look-first] 4 4 {{its info is empty: nothing says where it was}}\n\
                 \x20 trashed \"passwd\" [look-first] 8 8 {{its info holds a path with `..`, which is not to be trusted; {date}}}\n\
                 \x20 trashed by mldu \"x.ckpt\" [look-first] 8 8 {{{date}}}\n\
                 \x20 !orphan \"orphan\" [look-first] 8 8 {{nothing says where it was}}\n\
                 \x20 other \"other files\" [look-first] 16 4\n"
            )
        );
        let origin = |name: &str| inventory.items().find(|i| i.name == name).and_then(|i| i.origin.clone());
        assert_eq!(origin("my model").as_deref(), Some("/data/runs/my model"));
        let relative = f.path(".local/share/lnk").display().to_string();
        assert_eq!(origin("lnk"), Some(relative), "relative to where the trash lies");
        assert_eq!(origin("passwd"), None);
        assert_eq!(inventory.can_go(None), (0, 0), "what lies in a trash never counts as free");
    }

    #[test]
    fn trashes_of_other_disks_are_known_by_their_shape() {
        let f = Fixture::new();
        for (trash, path) in
            [("data/.Trash-1000", "runs/a"), ("scratch/.Trash/1000", "runs/b"), ("snap/x/Trash", "runs/c")]
        {
            f.kib(&format!("{trash}/files/1"), 4);
            f.file(&format!("{trash}/info/1.trashinfo"), info(path));
        }
        // Look-alikes: numbers are years, too, and `info` lies beside `files` elsewhere.
        for other in ["photos/2024", "packages/dpkg", "data/.Trash-me"] {
            f.kib(&format!("{other}/files/1"), 4);
            f.file(&format!("{other}/info/1.trashinfo"), info("x"));
        }
        f.kib("photos/2024/raw/1.raw", 4);
        f.kib("Trash/files/1", 4);
        let inventory = f.scan();
        let date = "{trashed 2026-11-20 10:11:12}";
        assert_eq!(
            outline(&inventory, &f.home()),
            format!(
                "trash: trash trash ~/data/.Trash-1000\n\
                 \x20 trashed \"a\" [look-first] 8 8 {date}\n\
                 trash: trash trash ~/scratch/.Trash/1000\n\
                 \x20 trashed \"b\" [look-first] 8 8 {date}\n\
                 trash: trash trash ~/snap/x/Trash\n\
                 \x20 trashed \"c\" [look-first] 8 8 {date}\n"
            )
        );
        for (name, below) in [("a", "data/runs/a"), ("b", "scratch/runs/b"), ("c", "snap/x/runs/c")] {
            let item = inventory.items().find(|i| i.name == name).expect("it is there");
            assert_eq!(item.origin, Some(f.path(below).display().to_string()));
        }
    }

    #[test]
    fn a_cache_in_a_trash_is_no_cache() {
        let f = Fixture::new();
        let hash = "a".repeat(40);
        f.kib(&format!("{HOME}/files/{hash}/saved_model.pb"), 8);
        f.file(&format!("{HOME}/info/{hash}.trashinfo"), info(&format!("/tmp/m/{hash}")));
        f.file(&format!("{HOME}/files/{hash}.descriptor.txt"), "Module: https://tfhub.dev/x/y/1\n");
        f.file(
            &format!("{HOME}/info/{hash}.descriptor.txt.trashinfo"),
            info(&format!("/tmp/m/{hash}.descriptor.txt")),
        );
        f.file(&format!("{HOME}/files/.keras/keras.json"), "{}");
        f.file(&format!("{HOME}/info/.keras.trashinfo"), info("/home/me/.keras"));
        let date = "{trashed 2026-11-20 10:11:12}";
        assert_eq!(
            f.outline(),
            format!(
                "trash: trash trash ~/.local/share/Trash\n\
                 \x20 trashed \".keras\" [look-first] 12 12 {date}\n\
                 \x20 trashed \"{hash}.descriptor.txt\" [look-first] 8 8 {date}\n\
                 \x20 trashed \"{hash}\" [look-first] 16 16 {date}\n"
            )
        );
    }

    #[test]
    fn what_cannot_be_listed_is_not_gone() {
        let f = Fixture::new();
        f.file(&format!("{HOME}/info/a.trashinfo"), info("/data/a"));
        // A trash whose files lie behind a link: nobody looked there.
        f.link("/mnt/big", &format!("{HOME}/files"));
        assert_eq!(
            f.outline(),
            "trash: trash trash ~/.local/share/Trash\n\
             \x20 trashed \"a\" [look-first] 4 4 {trashed 2026-11-20 10:11:12; what it describes is shown elsewhere, or could not be read}\n\
             \x20 other \"other files\" [look-first] 8 0\n"
        );
    }

    #[test]
    fn hostile_names_and_content_do_no_harm() {
        use std::os::unix::ffi::OsStrExt;
        let f = Fixture::new();
        f.folder(&format!("{HOME}/files"));
        f.folder(&format!("{HOME}/info"));
        let odd = |dir: &str, end: &str| {
            let name = [b"\xff\x1b[2J", end.as_bytes()].concat();
            f.path(HOME).join(dir).join(std::ffi::OsStr::from_bytes(&name))
        };
        std::fs::write(odd("files", ""), "x").expect("a file");
        std::fs::write(odd("info", ".trashinfo"), info("/a/%1B%5B2J%FF")).expect("a file");
        f.file(&format!("{HOME}/info/.trashinfo"), info(&"%41".repeat(100_000)));
        f.file(&format!("{HOME}/info/root.trashinfo"), info("/"));
        f.kib(&format!("{HOME}/files/root"), 4);
        f.folder(&format!("{HOME}/info/folder.trashinfo"));
        f.link("/etc/passwd", &format!("{HOME}/info/link.trashinfo"));
        let outline = f.outline();
        assert!(!outline.contains('\u{1b}') && !outline.contains("problem"), "{outline}");
        assert!(outline.contains("trashed \"\\e[2J\\xff\" [look-first]"), "{outline}");
        assert!(outline.contains("trashed \"root\" [look-first]"), "{outline}");
    }
}
