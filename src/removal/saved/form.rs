//! The form of a plan in a file: what is written, and what is read again.

use serde::{Deserialize, Serialize};

use super::path::PathField;
use crate::model::verdict::Verdict;

/// The only schema there is.
pub const SCHEMA: u32 = 1;

/// What the field `mldu` says in a plan.
pub const PLAN: &str = "plan";

/// A plan in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// 1.
    pub schema: u32,
    /// `plan`: what of mldu this file is.
    pub mldu: String,
    /// By whom, when and where it was made.
    pub made: Made,
    /// What was scanned for it.
    pub scan: Scan,
    /// `safe-for-good`, `trash` or `for-good`.
    pub how: String,
    /// What it came to, to be read by people.
    #[serde(default)]
    pub totals: Totals,
    /// What is to go.
    pub entries: Vec<Entry>,
    /// What was marked and stays, to be read by people.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// By whom, when and where a plan was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// When, UTC, RFC 3339.
    #[serde(default)]
    pub at: String,
    /// The name of the user.
    #[serde(default)]
    pub by: String,
    /// The number of the user.
    #[serde(default)]
    pub uid: u32,
    /// The machine's name.
    pub host: String,
    /// The machine's number; none where it has none.
    pub machine: Option<String>,
    /// The boot of the machine; empty where the kernel does not say.
    #[serde(default)]
    pub boot: String,
    /// The version of mldu.
    #[serde(default)]
    pub version: String,
}

/// What was scanned for a plan, and is scanned again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// The folders that were asked for; none means all that is known.
    #[serde(default)]
    pub roots: Vec<PathField>,
    /// Whether it stayed on their file systems.
    #[serde(default)]
    pub one_file_system: bool,
    /// What was left out.
    #[serde(default)]
    pub exclude: Vec<String>,
}

/// What a plan came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Things.
    pub items: usize,
    /// What they take.
    pub bytes: u64,
    /// Inodes.
    pub files: u64,
    /// Bytes that come back at once, for certain.
    pub frees: u64,
    /// Bytes that may come back besides.
    pub frees_perhaps: u64,
    /// Bytes that come back once the trash is emptied.
    pub frees_later: u64,
    /// Where.
    pub mounts: Vec<OnMount>,
}

/// A mount that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnMount {
    /// Where.
    #[serde(flatten)]
    pub path: PathField,
    /// Its file system.
    pub fstype: String,
    /// Bytes that come back there at once, for certain.
    pub frees: u64,
}

/// One thing that is to go: what was marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it is.
    #[serde(flatten)]
    pub path: PathField,
    /// What it is known by in its store; of a plain file or folder, `file:` and its path.
    pub key: String,
    /// Whose layout its store has; none of a plain file or folder.
    #[serde(default)]
    pub family: Option<String>,
    /// Where that store is.
    #[serde(default)]
    pub store: Option<PathField>,
    /// What it is.
    #[serde(default)]
    pub kind: String,
    /// Its name, safe to show.
    #[serde(default)]
    pub name: String,
    /// Its group.
    #[serde(default)]
    pub category: String,
    /// What happens when it goes.
    pub verdict: Verdict,
    /// `trash` or `delete`.
    pub action: String,
    /// What it takes.
    #[serde(default)]
    pub bytes: u64,
    /// Inodes.
    #[serde(default)]
    pub files: u64,
    /// The newest change of a file in it, UTC, RFC 3339.
    #[serde(default)]
    pub newest: Option<String>,
    /// Bytes that come back at once with it and the entries above, for certain.
    #[serde(default)]
    pub frees: u64,
    /// Bytes that come back once its trash is emptied.
    #[serde(default)]
    pub frees_later: u64,
    /// What a person should know.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The files and folders it consists of, and how they were.
    pub targets: Vec<Target>,
    /// What lies in it, was marked too, and goes with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<With>,
}

/// Something marked inside of a marked folder that goes as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct With {
    /// Where it is.
    #[serde(flatten)]
    pub path: PathField,
    /// See [`Entry::key`].
    pub key: String,
    /// See [`Entry::family`].
    #[serde(default)]
    pub family: Option<String>,
    /// See [`Entry::store`].
    #[serde(default)]
    pub store: Option<PathField>,
    /// See [`Entry::verdict`].
    pub verdict: Verdict,
}

/// A file or folder, and how it was when it was planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Where it is.
    #[serde(flatten)]
    pub path: PathField,
    /// `file`, `folder`, `link` or `special`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Device; another number after a boot is still the same where `born` is.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// When it was made, where the file system says so: UTC, RFC 3339, with all digits.
    pub born: Option<String>,
    /// Owner.
    pub uid: u32,
    /// Length in bytes.
    pub size: u64,
    /// Last change of content.
    pub mtime: String,
    /// Last change of anything.
    pub ctime: String,
    /// How many names it has.
    pub names: u32,
    /// What it takes on the disk, of a folder with all below it.
    #[serde(default)]
    pub bytes: u64,
    /// Inodes, of a folder with all below it.
    #[serde(default)]
    pub files: u64,
    /// Inodes below it that other names hold too.
    #[serde(default)]
    pub held: u64,
    /// Of a folder: names, kinds, lengths and times of all below it, as one number.
    pub digest: Option<String>,
}

/// Something that was marked and stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Where it is.
    #[serde(flatten)]
    pub path: PathField,
    /// Its name, safe to show.
    #[serde(default)]
    pub name: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}
