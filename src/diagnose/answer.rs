//! Facts and verdict as the rows that the command line, the screen and the JSON show alike.

use super::facts::{Cause, Facts, Place, Written};
use super::verdict::{Finding, Level, Verdict};
use crate::report::why::{Answer, CheckRow, PlaceRow};

/// Puts them together.
pub fn of<'a>(host: &'a str, facts: &'a Facts, verdict: &'a Verdict) -> Answer<'a> {
    // What is wrong comes before what is not.
    let mut findings: Vec<&Finding> = verdict.findings.iter().collect();
    findings.sort_by_key(|f| std::cmp::Reverse(f.level));
    Answer {
        host,
        user: (&facts.user, facts.uid),
        blocked: verdict.blocked,
        word: verdict.word,
        mount: verdict.mount.as_deref(),
        sentence: &verdict.sentence,
        way_on: &verdict.way_on,
        places: facts.places.iter().map(place).collect(),
        checks: findings
            .into_iter()
            .map(|f| CheckRow {
                level: id(f.level),
                word: f.word,
                check: f.check,
                sentence: f.sentence.clone(),
            })
            .collect(),
    }
}

fn place(p: &Place) -> PlaceRow<'_> {
    let space = p.mount.as_ref().and_then(|m| m.space);
    PlaceRow {
        word: p.purpose.word(),
        path: &p.path,
        mount: p.mount.as_ref().map(|m| m.path.as_path()),
        available: space.map(|s| s.available),
        inodes: space.and_then(|s| s.inode_percent()),
        written: written(&p.written),
    }
}

/// As the system calls it: that is what people search for.
fn written(written: &Written) -> String {
    match written {
        Written::Done => "ok",
        Written::Skipped => "-",
        Written::Failed(cause) => match cause {
            Cause::Full => "ENOSPC",
            Cause::Quota => "EDQUOT",
            Cause::ReadOnly => "EROFS",
            Cause::NotAllowed => "EACCES",
            Cause::Locked => "EPERM",
            Cause::Broken(_) => "EIO",
            Cause::NoAnswer => "hangs",
            Cause::Gone(_) => "gone",
            Cause::Astray(_) => "ENOENT",
            Cause::Other(_) => "failed",
        },
    }
    .to_string()
}

fn id(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Note => "note",
        Level::Low => "low",
        Level::Blocked => "blocked",
    }
}
