//! `mldu why`: why can it not be saved? Ends with [`Exit::Limit`] when it cannot.

use std::path::Path;

use super::{Exit, complain, print};
use crate::diagnose::facts::{Cause, Facts, Written};
use crate::diagnose::look;
use crate::diagnose::verdict::{self, Level};
use crate::env::Env;
use crate::report::why::{Answer, CheckRow, PlaceRow, json, text};
use crate::settings::Settings;
use crate::sys;
use crate::text::path;

/// Looks, and answers for notebooks in a folder.
pub fn run(settings: &Settings, env: &Env, notebooks: Option<&Path>, as_json: bool) -> Exit {
    if notebooks.is_none_or(Path::is_relative) && !env.has_current() {
        return complain("the folder you are in was removed: go to another, or name one (`mldu why FOLDER`)");
    }
    let here = env.current();
    let notebooks = notebooks.map_or_else(|| here.clone(), |p| here.join(p));
    if look::is_missing(env, &notebooks) {
        return complain(&format!("{}: there is no such folder", path(&notebooks)));
    }
    let facts = look::look(env, &notebooks, settings.read_only);
    let verdict = verdict::of(&facts, settings.units);
    let host = sys::user::host();
    let answer = Answer {
        host: &host,
        user: (&facts.user, facts.uid),
        blocked: verdict.blocked,
        word: verdict.word,
        mount: verdict.mount.as_deref(),
        sentence: &verdict.sentence,
        way_on: &verdict.way_on,
        places: places(&facts),
        checks: verdict
            .findings
            .iter()
            .map(|f| CheckRow {
                level: id(f.level),
                word: f.word,
                check: f.check,
                sentence: f.sentence.clone(),
            })
            .collect(),
    };
    let said = if as_json {
        match serde_json::to_string(&json(&answer)) {
            Ok(text) => text + "\n",
            Err(e) => return complain(&format!("the answer could not be written: {e}")),
        }
    } else {
        text(&answer, env.home(), settings.units, settings.ascii)
    };
    match print(&said) {
        Exit::Done if verdict.blocked => Exit::Limit,
        other => other,
    }
}

fn places(facts: &Facts) -> Vec<PlaceRow<'_>> {
    let row = |p| {
        let p: &crate::diagnose::facts::Place = p;
        let space = p.mount.as_ref().and_then(|m| m.space);
        PlaceRow {
            word: p.purpose.word(),
            path: &p.path,
            mount: p.mount.as_ref().map(|m| m.path.as_path()),
            available: space.map(|s| s.available),
            inodes: space.and_then(|s| s.inode_percent()),
            written: written(&p.written),
        }
    };
    facts.places.iter().map(row).collect()
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
