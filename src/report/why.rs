//! The diagnosis as rows for a screen, as text of 80 columns, and as JSON. It comes as values: this knows nothing of how
//! it was made.

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

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    /// The home, written as `~`.
    pub home: &'a Path,
    /// Units of sizes.
    pub units: Units,
    /// Whether only ASCII may be shown.
    pub ascii: bool,
    /// How many columns there are.
    pub columns: usize,
}

impl<'a> Style<'a> {
    /// As it is printed and copied.
    pub fn printed(home: &'a Path, units: Units, ascii: bool) -> Self {
        Self { home, units, ascii, columns: COLUMNS }
    }
}

/// What a piece of a row is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Worth a look.
    Strong,
    /// There if one looks for it.
    Dim,
    /// All is well.
    Good,
    /// It is not.
    Alarm,
}

/// A row: pieces, one after the other.
pub type Line = Vec<(String, Tone)>;

/// What is asked when nothing can be saved, or nobody looked yet.
pub const QUESTION: &str = "WHY CAN'T JUPYTER SAVE?";

/// The question, and who asks it on which machine.
pub fn title(answer: &Answer<'_>) -> (&'static str, String) {
    let (name, uid) = answer.user;
    let title = if answer.blocked { QUESTION } else { "CAN JUPYTER SAVE?" };
    (title, format!("{}  {name} ({uid})", answer.host))
}

/// For people.
pub fn text(answer: &Answer<'_>, style: Style<'_>) -> String {
    let (title, who) = title(answer);
    let gap = style.columns.saturating_sub(text::width(title) + text::width(&who)).max(1);
    let mut out = format!("{title}{}{who}\n\n", " ".repeat(gap));
    for line in lines(answer, style) {
        let line: String = line.into_iter().map(|(text, _)| text).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if style.ascii { text::ascii(&out) } else { out }
}

/// All below the title. What is longer than the columns is a command, to be copied as it is.
pub fn lines(answer: &Answer<'_>, style: Style<'_>) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    let tone = if answer.word == "OK" { Tone::Good } else { Tone::Alarm };
    paragraph(&mut out, (&fit(answer.word, 11), tone), answer.sentence, style);
    if !answer.way_on.is_empty() {
        paragraph(&mut out, (&fit("", 11), tone), answer.way_on, style);
    }
    out.push(Vec::new());
    places(&mut out, &answer.places, style);
    out.push(Vec::new());
    for row in &answer.checks {
        check(&mut out, row, style);
    }
    out
}

/// The table. Where it is narrow, the share of inodes is left to the checks.
fn places(out: &mut Vec<Line>, rows: &[PlaceRow<'_>], style: Style<'_>) {
    let wide = style.columns >= 70;
    let (mount, inodes) = if wide { (13, 7) } else { (12, 0) };
    let path = style.columns.saturating_sub(11 + mount + 10 + inodes + 8).max(8);
    let line = |word: &str, at: &str, on: &str, free: &str, share: &str| {
        let share = if wide { format!(" {share:>6}") } else { String::new() };
        format!("{word:<11}{}{}{free:>10}{share}  ", fit(at, path), fit(on, mount))
    };
    out.push(vec![(line("WRITES", "WHERE", "ON", "FREE", "INODES") + "TEST", Tone::Dim)]);
    for place in rows {
        let at = text::cut_middle(&text::short_path(place.path, style.home), path - 1);
        let on = place.mount.map(|m| text::cut_middle(&text::path(m), mount - 1)).unwrap_or_default();
        let free = place.available.map_or_else(|| "-".into(), |b| text::size(b, style.units));
        let share = place.inodes.map_or_else(|| "-".into(), |p| format!("{p}%"));
        let tone = match place.written.as_str() {
            "ok" => Tone::Good,
            "-" => Tone::Dim,
            _ => Tone::Alarm,
        };
        let row = line(place.word, &at, &on, &free, &share);
        out.push(vec![(row, Tone::Plain), (place.written.clone(), tone)]);
    }
}

fn check(out: &mut Vec<Line>, row: &CheckRow, style: Style<'_>) {
    let tone = match row.level {
        "ok" => Tone::Good,
        "note" => Tone::Strong,
        _ => Tone::Alarm,
    };
    let (word, name) = (fit(row.word, 9), format!(" {:<10} ", row.check));
    let at = text::width(&word) + text::width(&name);
    let mut parts = row.sentence.split('\n');
    let sentence = text::wrap(parts.next().unwrap_or(""), style.columns.saturating_sub(at));
    for (i, line) in sentence.into_iter().enumerate() {
        out.push(match i {
            0 => vec![(word.clone(), tone), (name.clone(), Tone::Plain), (line, Tone::Plain)],
            _ => vec![(" ".repeat(at), Tone::Plain), (line, Tone::Plain)],
        });
    }
    for command in parts {
        let command = if style.ascii { text::shell_in_ascii(command) } else { command.into() };
        out.push(vec![(format!("  {command}"), Tone::Strong)]);
    }
}

fn paragraph(out: &mut Vec<Line>, front: (&str, Tone), sentence: &str, style: Style<'_>) {
    let at = text::width(front.0);
    for (i, line) in text::wrap(sentence, style.columns.saturating_sub(at)).into_iter().enumerate() {
        let front = if i == 0 { (front.0.to_string(), front.1) } else { (" ".repeat(at), Tone::Plain) };
        out.push(vec![front, (line, Tone::Plain)]);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn answer<'a>(copy: &'a str, home: &'a Path) -> Answer<'a> {
        let place = |word, written: &str| PlaceRow {
            word,
            path: home,
            mount: Some(Path::new("/mnt/a long name")),
            available: Some(1 << 50),
            inodes: Some(100),
            written: written.into(),
        };
        let check = |level, word, sentence: &str| CheckRow {
            level,
            word,
            check: "held open",
            sentence: sentence.into(),
        };
        Answer {
            host: "gpu07",
            user: ("ana", 1007),
            blocked: true,
            word: "NO ANSWER",
            mount: None,
            sentence: "a word and another word and so on and on and on and on and on and on and on and on and on.",
            way_on: "",
            places: vec![place("notebooks", "ENOSPC"), place("signatures", "ok")],
            checks: vec![check("blocked", "READ-ONLY", "no"), check("note", "CUT OFF", copy)],
        }
    }

    #[test]
    fn it_fits_the_columns_but_for_what_is_copied() {
        let home = Path::new("/home/ana/a/rather/long/path/of/a/great/many/folders/in/folders");
        let name = "x".repeat(90);
        let said = format!("a sentence that is long enough to be wrapped somewhere in it\ncp -p '{name}ö'");
        let answer = answer(&said, home);
        let printed = |ascii| Style::printed(Path::new("/root"), Units::Binary, ascii);
        for columns in [58, 78, 80, 100] {
            let text = text(&answer, Style { columns, ..printed(false) });
            let (long, short): (Vec<&str>, Vec<&str>) = text.lines().partition(|l| l.starts_with("  cp -p"));
            assert!(short.iter().all(|l| text::width(l) <= columns), "{columns}: {text}");
            assert_eq!(long, [format!("  cp -p '{name}ö'")]);
            assert_eq!(
                text.contains("INODES") && text.contains("   100%  ENOSPC\n"),
                columns >= 70,
                "{text}"
            );
        }
        let text = text(&answer, printed(true));
        assert!(text.is_ascii() && text.contains(r"xx'$'\303\266'"), "{text}");
    }
}
