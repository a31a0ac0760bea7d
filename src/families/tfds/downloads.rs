//! `downloads/`: raw files with their `.INFO`, what was extracted from them, and `manual/`, which is a person's own.
//!
//! Source: `core/download/{download_manager,resource,extractor,kaggle}.py` of 4.9.10. A file without its `.INFO` counts as
//! not downloaded. Since 4.9.7 each data set has a folder of its own in here.

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::in_use;
use super::unfinished::{self, is_unfinished};
use crate::families::names::field;
use crate::families::{File, Folder, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;
use crate::text;

/// The largest `.INFO` that is read; they have a few hundred bytes.
const INFO: usize = 64 << 10;

/// How the library names what it extracts: `<METHOD>.<file>`.
const METHODS: [&str; 7] = ["TAR", "TAR_GZ", "TAR_STREAM", "TAR_GZ_STREAM", "GZIP", "ZIP", "BZIP2"];

/// What lies in `downloads/`.
pub fn items(store: &StoreView<'_>, downloads: &Folder<'_>, found: &mut Vec<NewItem>) {
    let mut archives = Archives::default();
    for folder in downloads.folders() {
        match folder.bytes() {
            b"extracted" => {}
            b"manual" => manual(store, &folder, &mut archives, found),
            _ => data_set(store, &folder, &mut archives, found),
        }
    }
    files(store, downloads, &mut archives, found);
    if let Some(folder) = downloads.folder("extracted") {
        extracted(store, &folder, &archives, found);
    }
}

/// What archives are called, by the name they have on disk.
#[derive(Default)]
struct Archives {
    downloaded: FxHashMap<Vec<u8>, String>,
    by_hand: FxHashMap<Vec<u8>, String>,
}

/// What a person placed here. No program brings it back.
fn manual(store: &StoreView<'_>, folder: &Folder<'_>, archives: &mut Archives, found: &mut Vec<NewItem>) {
    for below in folder.walk() {
        archives.by_hand.extend(below.files().iter().map(|f| (f.bytes.to_vec(), f.shown())));
    }
    let own = |name: String, live: bool| {
        let item =
            NewItem::new("manual", name, Verdict::LookFirst).note("placed by hand: no program fetches it");
        if live { in_use(item) } else { item }
    };
    for entry in folder.folders() {
        found.push(own(entry.shown(), store.is_fresh(entry.touched())).body(entry.node()));
    }
    for file in folder.files() {
        found.push(own(file.shown(), store.is_live(&file)).body(file.node));
    }
}

/// A folder in `downloads/`: one data set's downloads, or whatever the kaggle tool or a person put there.
fn data_set(store: &StoreView<'_>, folder: &Folder<'_>, archives: &mut Archives, found: &mut Vec<NewItem>) {
    if let Some(of) = is_unfinished(folder.name()) {
        found.push(unfinished::folder(store, folder, text::plain(of)));
        return;
    }
    let before = found.len();
    let mut todo = vec![*folder];
    while let Some(at) = todo.pop() {
        files(store, &at, archives, found);
        for below in at.folders().into_iter().rev() {
            match is_unfinished(below.name()) {
                Some(of) => found.push(unfinished::folder(store, &below, text::plain(of))),
                None => todo.push(below),
            }
        }
    }
    if found.len() == before && !folder.is_empty() {
        let item = NewItem::new("folder", folder.shown(), Verdict::LookFirst).body(folder.node());
        let item = item.note("no .INFO: fetched by the kaggle tool, or put there by hand");
        found.push(if store.is_fresh(folder.touched()) { in_use(item) } else { item });
    }
}

/// The files of one folder, each with its `.INFO`.
fn files(store: &StoreView<'_>, folder: &Folder<'_>, archives: &mut Archives, found: &mut Vec<NewItem>) {
    let all: Vec<File<'_>> = folder.files().into_iter().filter(File::is_regular).collect();
    let by_name: FxHashMap<&[u8], &File<'_>> = all.iter().map(|f| (f.bytes, f)).collect();
    for file in &all {
        if let Some(of) = file.bytes.strip_suffix(b".INFO") {
            if !by_name.contains_key(of) && is_named_by_tfds(&String::from_utf8_lossy(of)) {
                found.push(lone_info(store, file));
            }
            continue;
        }
        let info = by_name.get(&[file.bytes, b".INFO"].concat()[..]);
        if let Some(of) = is_unfinished(file.name()) {
            found.push(unfinished::file(store, file, text::plain(of)));
        } else if let Some(info) = info {
            let item = download(store, file, info);
            archives.downloaded.insert(file.bytes.to_vec(), item.name.clone());
            found.push(item);
        } else if is_named_by_tfds(file.name()) {
            found.push(orphan(store, file));
        }
    }
}

fn download(store: &StoreView<'_>, file: &File<'_>, info: &File<'_>) -> NewItem {
    let item = NewItem::new("download", file.shown(), Verdict::LookFirst).body(file.node).pointer(info.node);
    if store.is_live(file) || store.is_live(info) {
        return in_use(item);
    }
    let Some(info) = store.json(info.node, INFO) else {
        return item.note("its .INFO cannot be understood");
    };
    let mut item = item;
    if let Some(name) = field(&info, "original_fname") {
        item.name = name;
    }
    let users: Vec<String> = strings(&info, "dataset_names").map(text::plain).collect();
    if !users.is_empty() {
        item = item.note(format!("fetched for {}", users.join(", ")));
    }
    let web = |url: &&str| ["https://", "http://", "ftp://", "gs://"].iter().any(|s| url.starts_with(s));
    match strings(&info, "urls").find(web) {
        Some(url) => {
            item.verdict = Verdict::ReDownload;
            item.origin(text::plain(&text::redact_url(url)))
        }
        None => item.note("no address is recorded that it could be fetched from"),
    }
}

fn strings<'a>(info: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    info.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn orphan(store: &StoreView<'_>, file: &File<'_>) -> NewItem {
    let item = NewItem::new("download", file.shown(), Verdict::Safe).body(file.node).leftover();
    if store.is_live(file) { in_use(item) } else { item.note("its .INFO is gone, so tfds does not see it") }
}

fn lone_info(store: &StoreView<'_>, file: &File<'_>) -> NewItem {
    let item = NewItem::new("info", file.shown(), Verdict::Safe).body(file.node).leftover();
    // It is written a moment before its file is put in place.
    if store.is_live(file) { in_use(item) } else { item.note("describes a download that is not there") }
}

/// Whether a name ends, but for its extension, in a sha256 in base64url (`resource.get_dl_fname`). Names that people
/// give are not so mixed.
fn is_named_by_tfds(name: &str) -> bool {
    let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
    ends.filter_map(|end| name.as_bytes()[..end].last_chunk::<43>()).any(|hash| {
        let count = |test: fn(&u8) -> bool| hash.iter().filter(|b| test(b)).count();
        let letters = hash.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b));
        // The last of 43 letters carries four bits.
        let last = b"AEIMQUYcgkosw048".contains(&hash[42]);
        letters
            && last
            && count(u8::is_ascii_uppercase) >= 5
            && count(u8::is_ascii_lowercase) >= 5
            && count(u8::is_ascii_digit) >= 2
    })
}

/// `extracted/<METHOD>.<file>`, a file or a folder, which may well be called `….tar.gz`.
fn extracted(store: &StoreView<'_>, folder: &Folder<'_>, archives: &Archives, found: &mut Vec<NewItem>) {
    for entry in folder.folders() {
        if let Some(of) = is_unfinished(entry.name()) {
            found.push(unfinished::folder(store, &entry, text::plain(of)));
        } else if let Some(item) = extraction(entry.bytes(), archives) {
            let item = item.body(entry.node());
            found.push(if store.is_fresh(entry.touched()) { in_use(item) } else { item });
        }
    }
    for file in folder.files().iter().filter(|f| f.is_regular()) {
        if let Some(of) = is_unfinished(file.name()) {
            found.push(unfinished::file(store, file, text::plain(of)));
        } else if let Some(item) = extraction(file.bytes, archives) {
            let item = item.body(file.node);
            found.push(if store.is_live(file) { in_use(item) } else { item });
        }
    }
}

fn extraction(name: &[u8], archives: &Archives) -> Option<NewItem> {
    let of = METHODS.iter().find_map(|m| name.strip_prefix(m.as_bytes())?.strip_prefix(b"."))?;
    let new = |name: String, verdict| NewItem::new("extracted", name, verdict);
    if let Some(name) = archives.downloaded.get(of) {
        return Some(new(name.clone(), Verdict::Rebuild).note("extracted again from the download beside it"));
    }
    if let Some(name) = archives.by_hand.get(of) {
        let note = "extracted again from the archive in manual";
        return Some(new(name.clone(), Verdict::Rebuild).note(note));
    }
    let shown = text::display(of);
    Some(if is_named_by_tfds(&String::from_utf8_lossy(of)) {
        new(shown, Verdict::ReDownload)
            .note("its archive is gone, so tfds downloads it again anyway")
            .leftover()
    } else {
        // Extracted from something a person had: perhaps the only copy.
        new(shown, Verdict::LookFirst).note("its archive is gone, and it was none that tfds downloaded")
    })
}

#[cfg(test)]
mod tests {
    use super::is_named_by_tfds;

    #[test]
    fn names_of_downloads_are_told_from_those_people_give() {
        for real in [
            "127.0.0.1_8765_flower_photos_fdpXCN_t06_rhKJjVECSt41aYXrUE_prfLr26Enc3M.tgz",
            "127.0.0.1_8765_jena_2016J2opeB1r1hnV0R1gXPq6kMySkC-u17uFKFRRrs1qZRo.csv",
            "cs.toronto.edu_kriz_cifar-10-pythonfdpXCN_t06_rhKJjVECSt41aYXrUE_prfLr26Enc3M.tar.gz",
            "xJ2opeB1r1hnV0R1gXPq6kMySkC-u17uFKFRRrs1qZRo",
        ] {
            assert!(is_named_by_tfds(real), "{real}");
        }
        for other in [
            "train.csv",
            "",
            "my_very_long_experiment_results_of_2024_final_version_12.csv",
            "MyVeryLongExperimentResultsOf2024FinalVersion12c!.csv",
            "127.0.0.1_8765_jena_2016J2opeB1r1hnV0R1gXPq6kMySkC-u17uFKFRRrs1qZRp.csv",
            "J2opeB1r1hnV0R1gXPq6kMySkC-u17uFKFRRrs1qZ.csv",
            "é",
        ] {
            assert!(!is_named_by_tfds(other), "{other}");
        }
    }
}
