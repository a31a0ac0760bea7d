//! Writing a plan to a file and reading it: whole or not at all, and only from where nobody else can write it.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{PLAN, SCHEMA, Saved};
use crate::removal::facts::sentence;
use crate::sys::user::Names;
use crate::sys::{read, replace};
use crate::text;

/// Memory-backed on every Linux: where a plan fits when the disks are full.
const MEMORY: &str = "/dev/shm";

/// Larger than this is no plan.
const MOST: u64 = 256 << 20;

/// Why a plan was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaved {
    /// As a sentence on the file, which it does not name.
    pub why: String,
    /// Whether there was no room for it.
    pub is_full: bool,
}

impl Unsaved {
    /// Where there is room, if that is what it needed.
    pub fn instead(&self, file: &Path) -> Option<PathBuf> {
        let is_for_it = self.is_full && !file.starts_with(MEMORY);
        file.file_name().filter(|_| is_for_it).map(|name| Path::new(MEMORY).join(name))
    }
}

/// What tells whether a file is a plan, and which.
#[derive(Debug, Deserialize)]
struct Head {
    #[serde(default)]
    schema: u32,
    #[serde(default)]
    mldu: String,
}

/// The plan as text, for people to look through.
///
/// # Errors
/// None that anybody could make happen.
pub fn json(saved: &Saved) -> Result<String, String> {
    serde_json::to_string_pretty(saved).map(|text| text + "\n").map_err(|e| e.to_string())
}

/// Writes a plan. What is at that place already is replaced only if it is a plan too, or empty. Nobody else can read or
/// write it.
///
/// # Errors
/// Why not.
pub fn write(path: &Path, saved: &Saved) -> Result<(), Unsaved> {
    let no = |why: String| Unsaved { why, is_full: false };
    if path.metadata().is_ok_and(|m| m.is_file() && m.len() > 0) && !is_plan(path) {
        return Err(no("something else is there; choose another name".into()));
    }
    let text = json(saved).map_err(no)?;
    if text.len() as u64 > MOST {
        let most = text::size(MOST, text::Units::Binary);
        return Err(no(format!("the plan would be larger than {most}; make several")));
    }
    replace::write_private(path, |out| out.write_all(text.as_bytes())).map_err(|e| match e.kind() {
        ErrorKind::StorageFull => Unsaved { why: "no space left there".into(), is_full: true },
        ErrorKind::QuotaExceeded => Unsaved { why: "your quota there is used up".into(), is_full: true },
        ErrorKind::NotFound => no("there is no such folder".into()),
        _ => no(text::plain(&sentence(&e))),
    })
}

/// Reads a plan that `uid` may carry out.
///
/// # Errors
/// Why not, as a sentence about the file.
pub fn read(path: &Path, uid: u32, names: &Names) -> Result<Saved, String> {
    let about = |why: String| format!("{}: {why}", text::path(path));
    let file = read::open_regular(path).map_err(|e| about(text::plain(&e.to_string())))?;
    let meta = file.metadata().map_err(|e| about(e.to_string()))?;
    if meta.uid() != uid && meta.uid() != 0 {
        let owner = names.get(meta.uid());
        let why = format!(
            "it is {owner}'s, who can change what goes; look through it, then copy it and apply the copy"
        );
        return Err(about(why));
    }
    if meta.mode() & 0o022 != 0 {
        let mode = meta.mode() & 0o7777;
        let why = format!(
            "others may write it (mode {mode:o}), so they say what goes; look through it, then chmod go-w"
        );
        return Err(about(why));
    }
    let text = text_of(file).map_err(about)?;
    known(&text).map_err(about)?;
    let saved: Saved = serde_json::from_slice(&text)
        .map_err(|e| about(format!("no whole plan: {}", text::plain(&e.to_string()))))?;
    if saved.how().is_none() {
        return Err(about(format!("`how` is none that is known: {}", text::plain(&saved.how))));
    }
    Ok(saved)
}

/// Whether a file is a plan, of whatever schema.
fn is_plan(path: &Path) -> bool {
    let head = |text: Vec<u8>| serde_json::from_slice::<Head>(&text).ok();
    read::open_regular(path).ok().and_then(|f| head(text_of(f).ok()?)).is_some_and(|h| h.mldu == PLAN)
}

fn text_of(file: std::fs::File) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    file.take(MOST + 1).read_to_end(&mut text).map_err(|e| text::plain(&e.to_string()))?;
    if text.len() as u64 > MOST {
        return Err(format!("no plan of mldu: larger than {}", text::size(MOST, text::Units::Binary)));
    }
    Ok(text)
}

/// Whether this is a plan, of a schema that is known.
fn known(text: &[u8]) -> Result<(), String> {
    let head: Head = serde_json::from_slice(text)
        .map_err(|e| format!("no plan of mldu: {}", text::plain(&e.to_string())))?;
    if head.mldu != PLAN {
        return Err("no plan of mldu: it does not say `\"mldu\": \"plan\"`".into());
    }
    match head.schema {
        SCHEMA => Ok(()),
        newer if newer > SCHEMA => {
            Err(format!("a newer mldu made it (schema {newer}, this one knows {SCHEMA})"))
        }
        odd => Err(format!("no plan of mldu: there is no schema {odd}")),
    }
}
