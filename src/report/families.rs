//! The families as they describe themselves: a list for people, grouped and 80 columns wide, or all that is known of a
//! few; and JSON of the same. What is where was looked up by the one who asks.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::json::PathField;
use crate::model::category::Category;
use crate::model::verdict::Verdict;
use crate::text;

/// Columns of a terminal.
const COLUMNS: usize = 80;

/// A family, and where it is in this world.
#[derive(Debug, Clone)]
pub struct Row {
    /// Stable id.
    pub id: &'static str,
    /// The software.
    pub name: &'static str,
    /// What one item is.
    pub items: &'static str,
    /// The group of most of its items.
    pub category: Category,
    /// What happens to most of them if they are deleted.
    pub verdict: Verdict,
    /// How to get them back.
    pub hint: &'static str,
    /// Where the layout is written down.
    pub source: &'static str,
    /// Whether it is one of the person's own tables.
    pub is_own: bool,
    /// Whether it is recognized anywhere, too.
    pub by_shape: bool,
    /// Where it is looked for.
    pub places: Vec<PlaceRow>,
}

/// A place of a family.
#[derive(Debug, Clone)]
pub struct PlaceRow {
    /// The folder.
    pub path: PathBuf,
    /// What it is to the family.
    pub role: &'static str,
    /// The variable or file that names it.
    pub named_by: Option<String>,
    /// Whether something is there.
    pub exists: bool,
}

/// All of them, by group: a line each.
pub fn list(rows: &[Row], home: &Path, ascii: bool) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(if ascii { text::ascii(text) } else { text.to_string() }.trim_end());
        out.push('\n');
    };
    let id = rows.iter().map(|r| text::width(r.id)).max().unwrap_or(0).min(22);
    for category in Category::all() {
        let of: Vec<&Row> = rows.iter().filter(|r| r.category == category).collect();
        if of.is_empty() {
            continue;
        }
        line(category.label());
        for row in of {
            let there = row.places.iter().filter(|p| p.exists).count();
            let place = row.places.iter().find(|p| p.exists).map(|p| text::short_path(&p.path, home));
            let place = match (place, there) {
                (Some(path), 1) => path,
                (Some(path), n) => format!("{path} +{}", n - 1),
                (None, _) => String::new(),
            };
            let front = format!("  {} {}", fit(row.id, id), fit(row.name, 24));
            let front = format!("{front} {:<11} ", row.verdict.label());
            let room = COLUMNS.saturating_sub(text::width(&front));
            line(&format!("{front}{}", text::cut_middle(&place, room)));
        }
        line("");
    }
    let own = rows.iter().filter(|r| r.is_own).count();
    let own = if own > 0 { format!(", {own} of them your own tables") } else { String::new() };
    line(&format!("{}{own}. A path: it is there.", text::counted(rows.len() as u64, "family", "families")));
    line("`mldu families ID` says all that is known of one.");
    out
}

fn fit(text: &str, columns: usize) -> String {
    let cut = text::cut_end(text, columns);
    let pad = columns.saturating_sub(text::width(&cut));
    cut + &" ".repeat(pad)
}

/// All that is known of each.
pub fn pages(rows: &[Row], home: &Path, ascii: bool) -> String {
    let mut out = String::new();
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        out.push_str(&page(row, home));
    }
    if ascii { text::ascii(&out) } else { out }
}

fn page(row: &Row, home: &Path) -> String {
    let mut out = format!("{}  {}\n", row.id, row.name);
    let mut field = |label: &str, content: &str| {
        let label = format!("  {label:<13}");
        let room = COLUMNS - label.len();
        for (i, line) in text::wrap(content, room).iter().enumerate() {
            let front = if i == 0 { label.clone() } else { " ".repeat(label.len()) };
            out.push_str(format!("{front}{line}").trim_end());
            out.push('\n');
        }
    };
    field("group", &format!("{} ({})", row.category.label(), row.category.id()));
    field("if deleted", &format!("mostly {}", row.verdict.label()));
    field("items", row.items);
    for (i, place) in row.places.iter().enumerate() {
        let mark = if place.exists { "there" } else { "not there" };
        let by = place.named_by.as_ref().map(|by| format!(", by {}", text::plain(by))).unwrap_or_default();
        let path = text::short_path(&place.path, home);
        field(if i == 0 { "places" } else { "" }, &format!("{path}  ({}, {mark}{by})", place.role));
    }
    if row.by_shape {
        let (label, and) = if row.places.is_empty() { ("places", "") } else { ("", "and ") };
        field(label, &format!("{and}wherever it is known by its shape"));
    } else if row.places.is_empty() {
        field("places", "nowhere here, now");
    }
    field("to get back", row.hint);
    field("layout", row.source);
    out
}

/// The stable JSON of `mldu families --json`.
#[derive(Debug, Serialize)]
pub struct Listed {
    schema: u32,
    version: &'static str,
    families: Vec<FamilyJson>,
}

#[derive(Debug, Serialize)]
struct FamilyJson {
    id: &'static str,
    name: &'static str,
    category: &'static str,
    verdict: &'static str,
    items: &'static str,
    hint: &'static str,
    source: &'static str,
    own: bool,
    by_shape: bool,
    places: Vec<PlaceJson>,
}

#[derive(Debug, Serialize)]
struct PlaceJson {
    #[serde(flatten)]
    path: PathField,
    role: &'static str,
    named_by: Option<String>,
    exists: bool,
}

/// The families as JSON.
pub fn json(rows: &[Row]) -> Listed {
    let place = |p: &PlaceRow| PlaceJson {
        path: PathField::new(&p.path),
        role: p.role,
        named_by: p.named_by.as_deref().map(text::plain),
        exists: p.exists,
    };
    let family = |r: &Row| FamilyJson {
        id: r.id,
        name: r.name,
        category: r.category.id(),
        verdict: r.verdict.id(),
        items: r.items,
        hint: r.hint,
        source: r.source,
        own: r.is_own,
        by_shape: r.by_shape,
        places: r.places.iter().map(place).collect(),
    };
    Listed { schema: 1, version: env!("CARGO_PKG_VERSION"), families: rows.iter().map(family).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &'static str, category: Category, path: &str, exists: bool) -> Row {
        Row {
            id,
            name: "A library with a rather long name, longer than there is room",
            items: "a model",
            category,
            verdict: Verdict::ReDownload,
            hint: "load it again, which takes a while, and needs the network, and sometimes a login, too",
            source: "lib 1.2, lib/cache.py",
            is_own: false,
            by_shape: true,
            places: vec![PlaceRow {
                path: path.into(),
                role: "models",
                named_by: Some("$LIB_HOME".into()),
                exists,
            }],
        }
    }

    #[test]
    fn a_list_is_grouped_and_fits() {
        let rows = [
            row("later", Category::Datasets, "/h/.cache/a/very/long/path/that/does/not/fit/in/here", true),
            row("a-rather-long-id-of-a-family", Category::Hub, "/h/none", false),
        ];
        let out = list(&rows, Path::new("/h"), false);
        assert!(out.lines().all(|l| text::width(l) <= COLUMNS), "{out}");
        assert!(
            out.starts_with("Hub modules and models\n  a-rather") && out.contains("\n\nDatasets\n"),
            "{out}"
        );
        assert!(out.contains("~/.cache") && !out.contains("none"), "{out}");
        assert!(list(&rows, Path::new("/h"), true).is_ascii());
    }

    #[test]
    fn a_page_says_all_and_fits() {
        let out = pages(&[row("lib", Category::Hub, "/h/.lib", false)], Path::new("/h"), false);
        assert!(out.lines().all(|l| text::width(l) <= COLUMNS), "{out}");
        for said in ["a model", "~/.lib  (models, not there, by $LIB_HOME)", "by its shape", "lib/cache.py"] {
            assert!(out.contains(said), "{said}\n{out}");
        }
    }
}
