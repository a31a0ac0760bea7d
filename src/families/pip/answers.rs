//! Answers of servers: mostly the wheels that were downloaded, whatever pip calls them.
//!
//! What an answer is, its headers say (`x-pypi-file-project`, only of `PyPI`), or else what it begins and ends with. Up to
//! pip 23.2 a file holds headers and content, since then `HASH` holds the headers and `HASH.body` the content.

use std::collections::BTreeMap;

use crate::families::wheels::{Dist, by_project, in_use, leaves, of_info, of_sdist, project};
use crate::families::{File, Folder, Range, StoreView, names};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;
use crate::text;

/// Headers are some hundred bytes.
const HEADERS: usize = 16 << 10;

/// A wheel's table of contents names its metadata last.
const TABLE: usize = 64 << 10;

/// What an answer is.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// A wheel or a source archive.
    Package(Dist),
    /// A list of what there is, or what one says of itself.
    Index,
    /// Something else.
    Unknown,
}

/// The answers of pip since 23.3.
pub fn pairs(store: &StoreView<'_>, http: &Folder<'_>) -> Vec<NewItem> {
    let mut all = Answers::default();
    for (top, folder) in leaves(http) {
        let mut stems: BTreeMap<&str, Vec<File<'_>>> = BTreeMap::new();
        for file in folder.files().into_iter().filter(File::is_regular) {
            if let Some(stem) = file.name().get(..56).filter(|stem| names::is_hex(stem, 56)) {
                stems.entry(stem).or_default().push(file);
            }
        }
        let alone = stems.len() == 1 && folder.folders().is_empty();
        for (stem, files) in stems {
            let of = |ending: &str| files.iter().find(|f| &f.name()[56..] == ending);
            for file in files.iter().filter(|f| f.name().rsplit_once('.').is_some_and(|(_, e)| e == "tmp")) {
                all.partial(store, file, stem);
            }
            match (of(""), of(".body")) {
                (Some(head), Some(body)) => {
                    let answer = answer(store, head, body);
                    let parts: Vec<File<'_>> = [head, body].into_iter().chain(of(".lock")).copied().collect();
                    let whole = alone && parts.len() == folder.files().len();
                    all.add(store, answer, &parts, whole.then_some(&top));
                }
                (Some(half), None) | (None, Some(half)) => all.partial(store, half, stem),
                (None, None) => {}
            }
        }
    }
    all.finish(false)
}

/// The answers of pip up to 23.2. `superseded` says that a newer pip uses this cache too.
pub fn old(store: &StoreView<'_>, http: &Folder<'_>, superseded: bool) -> Vec<NewItem> {
    let mut all = Answers::default();
    for (top, folder) in leaves(http) {
        let files = folder.files();
        let alone = files.len() == 1 && folder.folders().is_empty();
        for file in files.iter().filter(|f| f.is_regular()) {
            if names::is_hex(file.name(), 56) {
                all.add(store, whole_answer(store, file), &[*file], alone.then_some(&top));
            } else if file.name().get(..56).is_some_and(|stem| names::is_hex(stem, 56)) {
                all.partial(store, file, &file.name()[..56]);
            }
        }
    }
    all.finish(superseded)
}

#[derive(Default)]
struct Answers {
    packages: Vec<NewItem>,
    index: Option<NewItem>,
    unknown: Option<NewItem>,
    partial: Vec<NewItem>,
}

impl Answers {
    /// Adds an answer: its files, or the folder in which nothing else lies.
    fn add(&mut self, store: &StoreView<'_>, answer: Answer, files: &[File<'_>], top: Option<&Folder<'_>>) {
        let live = files.iter().any(|f| store.is_live(f));
        let put = |item: NewItem| match top {
            Some(top) => item.body(top.node()),
            None => files.iter().fold(item, |item, file| item.body(file.node)),
        };
        match answer {
            Answer::Package(dist) => {
                let item = NewItem::new("download", dist.name, Verdict::ReDownload).version(dist.version);
                let item = put(item);
                self.packages.push(if live { in_use(item) } else { item });
            }
            _ if live => {
                let name = files.first().map(|f| short(f.name())).unwrap_or_default();
                self.partial.push(in_use(put(NewItem::new("download", name, Verdict::Safe))));
            }
            Answer::Index => {
                let all = self
                    .index
                    .take()
                    .unwrap_or_else(|| NewItem::new("index", "index pages and metadata", Verdict::Safe));
                self.index = Some(put(all));
            }
            Answer::Unknown => {
                let all = self.unknown.take().unwrap_or_else(|| {
                    let item = NewItem::new("downloads", "downloads without a name", Verdict::ReDownload);
                    item.note("archives of sources, and answers that do not say what they are")
                });
                self.unknown = Some(put(all));
            }
        }
    }

    /// What was being written, or half of what a pair should be.
    fn partial(&mut self, store: &StoreView<'_>, file: &File<'_>, stem: &str) {
        let item = NewItem::new("partial", short(stem), Verdict::Safe).body(file.node);
        let note = "a download that was interrupted; pip fetches it anew";
        self.partial.push(if store.is_live(file) { in_use(item) } else { item.note(note).leftover() });
    }

    fn finish(self, superseded: bool) -> Vec<NewItem> {
        let kind = if superseded { "http" } else { "http-v2" };
        let mut items = by_project("download", self.packages);
        items.extend(self.index.map(|item| item.key(format!("{kind} index"))));
        items.extend(self.unknown.map(|item| item.key(format!("{kind} others"))));
        if superseded {
            for item in &mut items {
                outdate(item);
            }
        }
        items.extend(self.partial);
        items
    }
}

fn outdate(item: &mut NewItem) {
    if item.verdict != Verdict::InUse {
        item.leftover = true;
        item.key = if item.key.is_empty() { String::new() } else { format!("old {}", item.key) };
        item.notes.push("only pip up to 23.2 reads it; a newer one uses this cache too".into());
        item.children.iter_mut().for_each(|c| c.leftover = true);
    }
}

fn short(hash: &str) -> String {
    text::plain(hash.get(..8).unwrap_or(hash))
}

fn answer(store: &StoreView<'_>, head: &File<'_>, body: &File<'_>) -> Answer {
    let headers = store.read(head.node, Range::Head, HEADERS).unwrap_or_default();
    if let Some(dist) = by_headers(&headers) {
        return Answer::Package(dist);
    }
    if is_index(&headers) {
        return Answer::Index;
    }
    let first = store.read(body.node, Range::Head, 512).unwrap_or_default();
    let last = || store.read(body.node, Range::Tail, TABLE).unwrap_or_default();
    by_content(&first, last)
}

fn whole_answer(store: &StoreView<'_>, file: &File<'_>) -> Answer {
    let tail = store.read(file.node, Range::Tail, TABLE).unwrap_or_default();
    if let Some(dist) = by_headers(&tail) {
        return Answer::Package(dist);
    }
    let head = store.read(file.node, Range::Head, 512).unwrap_or_default();
    let starts = |magic: &[u8]| head.windows(magic.len()).take(64).position(|w| w == magic);
    match starts(b"PK\x03\x04").or_else(|| starts(b"\x1f\x8b\x08")) {
        Some(at) => by_content(&head[at..], || tail),
        None if is_index(&tail) => Answer::Index,
        None => Answer::Unknown,
    }
}

/// What `PyPI` says a file is of.
fn by_headers(headers: &[u8]) -> Option<Dist> {
    let name = header(headers, b"x-pypi-file-project")?;
    let version = header(headers, b"x-pypi-file-version").unwrap_or_default();
    let name = project(&name);
    (!name.is_empty()).then(|| Dist { name, version: text::plain(&version) })
}

fn is_index(headers: &[u8]) -> bool {
    let kind = header(headers, b"content-type").unwrap_or_default();
    ["text/html", "application/json", "application/vnd.pypi.simple", "text/plain"]
        .iter()
        .any(|k| kind.starts_with(k))
}

/// The value of a header in msgpack: the name, then a string with its length before it.
fn header(bytes: &[u8], name: &[u8]) -> Option<String> {
    let at = bytes.windows(name.len()).rposition(|w| w.eq_ignore_ascii_case(name))? + name.len();
    let (len, start) = match *bytes.get(at)? {
        fixed @ 0xa0..=0xbf => (usize::from(fixed & 0x1f), at + 1),
        0xd9 => (usize::from(*bytes.get(at + 1)?), at + 2),
        _ => return None,
    };
    Some(String::from_utf8_lossy(bytes.get(start..start + len)?).into_owned())
}

/// What something is by its beginning, and a wheel by what its table of contents names.
fn by_content(first: &[u8], last: impl FnOnce() -> Vec<u8>) -> Answer {
    if first.starts_with(b"PK\x03\x04") {
        return info_in(&last()).map_or(Answer::Unknown, Answer::Package);
    }
    if let Some(dist) = gzip_name(first).and_then(|name| of_sdist(&format!("{name}.gz"))) {
        return Answer::Package(dist);
    }
    let text = first.trim_ascii_start();
    if text.starts_with(b"Metadata-Version:") || text.starts_with(b"<") || text.starts_with(b"{\"") {
        return Answer::Index;
    }
    Answer::Unknown
}

/// The folder of metadata that a table of contents names.
fn info_in(table: &[u8]) -> Option<Dist> {
    const ENDING: &[u8] = b".dist-info/";
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"._-+!".contains(&b);
    let mut from = 0;
    while let Some(at) = table[from..].windows(ENDING.len()).position(|w| w == ENDING).map(|n| from + n) {
        let start = table[..at].iter().rposition(|b| !is_part(*b)).map_or(0, |n| n + 1);
        let name = std::str::from_utf8(&table[start..at + ENDING.len() - 1]).ok();
        if let Some(dist) = name.and_then(of_info) {
            return Some(dist);
        }
        from = at + ENDING.len();
    }
    None
}

/// The name that gzip keeps of what it packed (RFC 1952, 2.3).
fn gzip_name(head: &[u8]) -> Option<&str> {
    let flags = *head.get(3).filter(|_| head.starts_with(b"\x1f\x8b\x08"))?;
    // A name alone, with no extra field before it.
    (flags & 0b0_1100 == 0b0_1000).then_some(())?;
    let name = head.get(10..)?.split(|b| *b == 0).next()?;
    std::str::from_utf8(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_say_what_they_are() {
        let said = b"\xa4ETag\xa1x\xb3X-PyPI-File-Project\xa5Torch\xb3x-pypi-file-version\xa52.3.0";
        assert_eq!(by_headers(said), Some(Dist { name: "torch".into(), version: "2.3.0".into() }));
        assert_eq!(header(b"\xacContent-Type\xd9\x03abc", b"content-type").as_deref(), Some("abc"));
        for cut in 0..said.len() {
            let _ = by_headers(&said[..cut]);
        }
        let table = b"x\0.dist-info/\0\x02\0idna-3.20.dist-info/RECORDPK\x05\x06";
        let wheel = by_content(b"PK\x03\x04", || table.to_vec());
        assert_eq!(wheel, Answer::Package(Dist { name: "idna".into(), version: "3.20".into() }));
        let sdist = by_content(b"\x1f\x8b\x08\x08\0\0\0\0\x02\xffdocopt-0.6.2.tar\0rest", Vec::new);
        assert_eq!(sdist, Answer::Package(Dist { name: "docopt".into(), version: "0.6.2".into() }));
        assert_eq!(by_content(b"\x1f\x8b\x08\0\0\0\0\0\x02\xff", Vec::new), Answer::Unknown);
        assert_eq!(by_content(b"<!DOCTYPE html>", Vec::new), Answer::Index);
        assert_eq!(by_content(b"", Vec::new), Answer::Unknown);
    }
}
