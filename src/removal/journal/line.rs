//! One line of the log: a JSON object. Fields are added within `"schema": 1`, never changed; a line that is torn, of
//! another schema or of something else is no line.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::removal::trash::{decode, encode};
use crate::sys::alive::Process;
use crate::sys::beneath::Identity;
use crate::text;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// A run begins.
    #[default]
    Begin,
    /// What is about to be done with one thing; written before anything happens to it.
    Step,
    /// What became of it.
    Done,
    /// A run is over.
    End,
}

/// What a run does, or does with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// To the trash.
    #[default]
    Trash,
    /// For good.
    Delete,
    /// Some to the trash, some for good.
    Mixed,
    /// Back from the trash.
    Undo,
    /// Out of the trash for good.
    Empty,
    /// What an interrupted run left is finished.
    Finish,
    /// What an interrupted run left is put back.
    Back,
}

impl What {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trash => "trash",
            Self::Delete => "delete",
            Self::Mixed => "mixed",
            Self::Undo => "undo",
            Self::Empty => "empty",
            Self::Finish => "finish",
            Self::Back => "back",
        }
    }
}

/// What became of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// It lies in a trash.
    Trashed,
    /// It is gone.
    Deleted,
    /// Some of it is gone.
    Partly,
    /// It stayed where it was.
    Kept,
    /// It is where it was again.
    Restored,
    /// The run stopped before it.
    Unreached,
}

impl Became {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trashed => "trashed",
            Self::Deleted => "deleted",
            Self::Partly => "partly",
            Self::Kept => "kept",
            Self::Restored => "restored",
            Self::Unreached => "unreached",
        }
    }
}

/// The process that wrote the begin of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Who {
    host: String,
    boot: String,
    space: String,
    pid: u32,
    started: u64,
}

impl From<Process> for Who {
    fn from(p: Process) -> Self {
        Self { host: p.host, boot: p.boot, space: p.space, pid: p.pid, started: p.started }
    }
}

impl From<Who> for Process {
    fn from(w: Who) -> Self {
        Self { host: w.host, boot: w.boot, space: w.space, pid: w.pid, started: w.started }
    }
}

/// What a mount got back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Back {
    /// Where, safe to show.
    pub mount: String,
    /// Bytes the plan said.
    pub estimated: u64,
    /// Bytes that came back; `None` if the file system did not say in time.
    pub measured: Option<i64>,
}

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// 1.
    pub schema: u32,
    /// When, UTC, RFC 3339 with microseconds.
    pub at: String,
    /// The run.
    pub run: String,
    /// What the line is about.
    pub event: Event,
    /// What is done.
    pub what: What,
    /// Of a step: which of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// Where it is, or was, if that is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its bytes with everything but letters, digits and `-._~/` as `%NN`, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_encoded: Option<String>,
    /// The trash it lies in, encoded in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash: Option<String>,
    /// Its name between the two phases of deleting, beside its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aside: Option<String>,
    /// Inode number and birth time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The item it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Which of how many parts of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<(usize, usize)>,
    /// Its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Bytes of blocks; of a run, what the plan said comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Inodes of it, itself included; of a run, its steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Became>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Who>,
    /// Of the end of a run: whether somebody stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<bool>,
    /// Of the end of a run: what mounts got back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Back>,
}

impl Line {
    /// A line of now.
    pub fn now(run: &str, event: Event, what: What) -> Self {
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        Self { schema: 1, at, run: run.into(), event, what, ..Self::default() }
    }

    /// About this path.
    #[must_use]
    pub fn about(mut self, path: &Path) -> Self {
        match path.to_str() {
            Some(text) => self.path = Some(text.into()),
            None => self.path_encoded = Some(encode(path.as_os_str().as_bytes())),
        }
        self
    }

    /// In this trash.
    #[must_use]
    pub fn trash(mut self, root: &Path) -> Self {
        self.trash = Some(encode(root.as_os_str().as_bytes()));
        self
    }

    /// With this outcome. Secrets in the reason are left out.
    #[must_use]
    pub fn became(mut self, outcome: Became, reason: Option<&str>) -> Self {
        self.outcome = Some(outcome);
        self.reason = reason.map(text::redact);
        self
    }

    /// The path it is about, with its very bytes.
    pub fn path(&self) -> Option<PathBuf> {
        match (&self.path, &self.path_encoded) {
            (Some(text), _) => Some(PathBuf::from(text)),
            (None, Some(code)) => Some(PathBuf::from(OsStr::from_bytes(&decode(code.as_bytes())))),
            (None, None) => None,
        }
    }

    /// The trash it lies in, with its very bytes.
    pub fn trash_root(&self) -> Option<PathBuf> {
        self.trash.as_ref().map(|code| PathBuf::from(OsStr::from_bytes(&decode(code.as_bytes()))))
    }

    /// When, in seconds since 1970.
    pub fn seconds(&self) -> Option<i64> {
        self.at.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
    }

    /// The line as it is written, with its end.
    pub fn text(&self) -> Vec<u8> {
        // There is nothing in it that JSON has no words for.
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// Reads one back.
    pub fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(text).ok().filter(|l| l.schema == 1)
    }
}

/// How a thing is told from others that get its inode number later, as the records in the trash do it.
pub fn id_of(it: &Identity) -> String {
    let born = it.btime.map_or_else(|| "-".into(), |(s, n)| format!("{s}.{n:09}"));
    format!("{}:{born}", it.ino)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_path_and_any_reason_survive_in_one_line(path: Vec<u8>, reason: String) {
            let path = Path::new(OsStr::from_bytes(&path));
            let line = Line::now("0a0b", Event::Done, What::Delete).about(path).became(Became::Kept, Some(&reason));
            let text = line.text();
            prop_assert_eq!(text.iter().position(|b| *b == b'\n'), Some(text.len() - 1));
            let back = Line::read(&text).expect("a line");
            prop_assert_eq!(back.path(), Some(path.to_path_buf()));
            prop_assert_eq!(back, line);
        }

        #[test]
        fn half_a_line_is_none(cut in 1_usize..60) {
            let text = Line::now("0a0b", Event::Done, What::Trash).about(Path::new("/x")).text();
            prop_assert!(Line::read(&text[..text.len() - 1 - cut.min(text.len() - 2)]).is_none());
        }
    }

    #[test]
    fn what_is_said_holds_no_token() {
        let why = "not found: https://me:s3cret@host/t/tok-1/x?sig=abc";
        let line = Line::now("0a0b", Event::Done, What::Trash).became(Became::Kept, Some(why));
        let text = String::from_utf8(line.text()).expect("text");
        assert!(["s3cret", "tok-1", "abc"].iter().all(|s| !text.contains(s)), "{text}");
        assert!(Line::read(br#"{"schema":2,"at":"","run":"","event":"end","what":"trash"}"#).is_none());
    }
}
