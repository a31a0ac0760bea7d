//! The diagnosis as text, 80 columns wide, and as JSON. It comes as values: this knows nothing of how it was made.

use std::path::Path;

use serde::Serialize;

use super::json::PathField;
use crate::text::{self, Units};

/// Columns of a terminal.
const COLUMNS: usize = 80;

/// One of the places where Jupyter writes.
#[derive(Debug, Clone)]
pub struct PlaceRow<'a> {
    /// What is written there.
    pub word: &'static str,
    /// Where.
    pub path: &'a Path,
    /// The mount it is on.
    pub mount: Option<&'a Path>,
    /// Bytes left there for this user.
    pub available: Option<u64>,
    /// Share of inodes in use, in percent.
    pub inodes: Option<u64>,
    /// What became of a write: `ok`, `ENOSPC`, `-` …
    pub written: String,
}

/// A check.
#[derive(Debug, Clone)]
pub struct CheckRow {
    /// How bad it is, in one word for programs.
    pub level: &'static str,
    /// In one word for people.
    pub word: &'static str,
    /// What was checked.
    pub check: &'static str,
    /// What was found.
    pub sentence: String,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// Machine.
    pub host: &'a str,
    /// Who asks, by name and number.
    pub user: (&'a str, u32),
    /// Whether saving is blocked.
    pub blocked: bool,
    /// The word it begins with.
    pub word: &'static str,
    /// The mount it is about, if something is wrong with one.
    pub mount: Option<&'a Path>,
    /// The answer.
    pub sentence: &'a str,
    /// What to do.
    pub way_on: &'a str,
    /// The places.
    pub places: Vec<PlaceRow<'a>>,
    /// The checks.
    pub checks: Vec<CheckRow>,
}

/// For people.
pub fn text(answer: &Answer<'_>, home: &Path, units: Units, ascii: bool) -> String {
    let mut out = String::new();
    let (name, uid) = answer.user;
    let who = format!("{}  {name} ({uid})", answer.host);
    let title = if answer.blocked { "WHY CAN'T JUPYTER SAVE?" } else { "CAN JUPYTER SAVE?" };
    let gap = COLUMNS.saturating_sub(text::width(title) + text::width(&who));
    out.push_str(&format!("{title}{}{who}\n\n", " ".repeat(gap)));
    paragraph(&mut out, answer.word, answer.sentence);
    if !answer.way_on.is_empty() {
        paragraph(&mut out, "", answer.way_on);
    }
    out.push_str(&format!(
        "\n{:<11}{:<31}{:<13}{:>10} {:>6}  {}\n",
        "WRITES", "WHERE", "ON", "FREE", "INODES", "TEST"
    ));
    for place in &answer.places {
        let path = text::cut_middle(&text::short_path(place.path, home), 30);
        let mount = place.mount.map(|m| text::cut_middle(&text::path(m), 12)).unwrap_or_default();
        let free = place.available.map_or_else(|| "-".into(), |b| text::size(b, units));
        let inodes = place.inodes.map_or_else(|| "-".into(), |p| format!("{p}%"));
        let (path, mount) = (fit(&path, 31), fit(&mount, 13));
        let line = format!("{:<11}{path}{mount}{free:>10} {inodes:>6}  {}", place.word, place.written);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push('\n');
    for check in &answer.checks {
        let front = format!("{} {:<10} ", fit(check.word, 9), check.check);
        for (i, line) in text::wrap(&check.sentence, COLUMNS - text::width(&front)).iter().enumerate() {
            let front = if i == 0 { front.clone() } else { " ".repeat(text::width(&front)) };
            out.push_str(&format!("{front}{line}\n"));
        }
    }
    if ascii { text::ascii(&out) } else { out }
}

fn paragraph(out: &mut String, word: &str, sentence: &str) {
    let front = fit(word, 11);
    for (i, line) in text::wrap(sentence, COLUMNS - 11).iter().enumerate() {
        out.push_str(if i == 0 { front.as_str() } else { "           " });
        out.push_str(line);
        out.push('\n');
    }
}

fn fit(text: &str, columns: usize) -> String {
    let pad = columns.saturating_sub(text::width(text));
    format!("{text}{}", " ".repeat(pad))
}

/// The stable JSON of `mldu why --json`.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    schema: u32,
    host: &'a str,
    user: &'a str,
    uid: u32,
    blocked: bool,
    word: &'static str,
    mount: Option<PathField>,
    sentence: &'a str,
    way_on: &'a str,
    places: Vec<PlaceJson>,
    checks: Vec<CheckJson<'a>>,
}

#[derive(Debug, Serialize)]
struct PlaceJson {
    writes: &'static str,
    #[serde(flatten)]
    path: PathField,
    mount: Option<PathField>,
    bytes_available: Option<u64>,
    inodes_percent: Option<u64>,
    test: String,
}

#[derive(Debug, Serialize)]
struct CheckJson<'a> {
    check: &'static str,
    level: &'static str,
    sentence: &'a str,
}

/// For programs.
pub fn json<'a>(answer: &'a Answer<'_>) -> Json<'a> {
    let place = |p: &PlaceRow<'_>| PlaceJson {
        writes: p.word,
        path: PathField::new(p.path),
        mount: p.mount.map(PathField::new),
        bytes_available: p.available,
        inodes_percent: p.inodes,
        test: p.written.clone(),
    };
    let check = |c: &'a CheckRow| CheckJson { check: c.check, level: c.level, sentence: &c.sentence };
    Json {
        schema: 1,
        host: answer.host,
        user: answer.user.0,
        uid: answer.user.1,
        blocked: answer.blocked,
        word: answer.word,
        mount: answer.mount.map(PathField::new),
        sentence: answer.sentence,
        way_on: answer.way_on,
        places: answer.places.iter().map(place).collect(),
        checks: answer.checks.iter().map(check).collect(),
    }
}
