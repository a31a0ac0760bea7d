//! A table as it is written, and what is wrong with it, said with line and column. What each key means is at the top of
//! `assets/catalog.toml`.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::pattern::Pattern;
use crate::model::category::Category;
use crate::model::verdict::Verdict;

/// A table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub id: Spanned<Id>,
    pub name: Line,
    pub category: Group,
    pub verdict: Answer,
    #[serde(default)]
    pub env: Vec<Variable>,
    #[serde(default)]
    pub path: Vec<Spot>,
    pub items: Items,
    #[serde(default)]
    pub protect: Vec<Pattern>,
    #[serde(default)]
    pub partial: Vec<Pattern>,
    #[serde(default)]
    pub archives: Vec<Pattern>,
    #[serde(default)]
    pub except: Vec<Except>,
    pub kind: Option<Line>,
    pub note: Option<Line>,
    pub hint: Line,
    pub source: Option<Line>,
}

/// What is something else than the other items.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Except {
    pub r#match: Pattern,
    pub verdict: Answer,
    pub kind: Option<Line>,
    pub category: Option<Group>,
    pub note: Option<Line>,
    #[serde(default)]
    pub leftover: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalog {
    #[serde(default)]
    cache: Vec<Table>,
}

/// What is wrong, and where: both count from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub line: usize,
    pub column: usize,
    pub why: String,
}

impl Broken {
    /// At a byte of a text.
    pub fn at(text: &[u8], byte: usize, why: impl Into<String>) -> Self {
        let before = &text[..byte.min(text.len())];
        let line = before.split(|b| *b == b'\n').count();
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        Self { line, column, why: why.into() }
    }

    fn of(text: &str, error: &toml::de::Error) -> Self {
        let Range { start, .. } = error.span().unwrap_or_default();
        Self::at(text.as_bytes(), start, error.message())
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.why)
    }
}

/// The tables of a text, and what is wrong with the others.
pub fn parse(text: &str) -> (Vec<Table>, Vec<Broken>) {
    let whole = match toml::from_str::<Catalog>(text) {
        Ok(catalog) => return (catalog.cache, Vec::new()),
        Err(error) => Broken::of(text, &error),
    };
    // One broken table does not cost the others: each is read by itself, at the line where it stands.
    let (mut tables, mut broken) = (Vec::new(), Vec::new());
    for part in parts(text) {
        match toml::from_str::<Catalog>(&part) {
            Ok(catalog) => tables.extend(catalog.cache),
            Err(error) => broken.push(Broken::of(&part, &error)),
        }
    }
    if broken.is_empty() {
        return (Vec::new(), vec![whole]);
    }
    (tables, broken)
}

/// Each table of a text by itself, with as many empty lines in front as there are lines before it.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for (n, line) in text.split_inclusive('\n').enumerate() {
        let begins = line.trim_start().strip_prefix("[[").and_then(|rest| rest.split_once("]]"));
        if begins.is_some_and(|(name, _)| name.trim() == "cache") {
            parts.push("\n".repeat(n));
        }
        if let Some(last) = parts.last_mut() {
            last.push_str(line);
        }
    }
    parts
}

/// A stable id.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Id(pub String);

impl TryFrom<String> for Id {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > 40 || !text.bytes().all(plain) {
            return Err(format!(
                "`{}` is no id: small letters, digits and `-`, at most 40",
                text.escape_debug()
            ));
        }
        if text == "other" {
            return Err("`other` is what is no cache at all".into());
        }
        Ok(Self(text))
    }
}

/// A line of text that is shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Line(pub String);

impl TryFrom<String> for Line {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim().trim_end_matches('.');
        match text.chars().any(char::is_control) {
            _ if text.is_empty() => Err("a text that says nothing".into()),
            true => Err("one line of text, without control characters".into()),
            false => Ok(Self(crate::text::plain(text))),
        }
    }
}

/// A group that a cache can be in.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Category")]
pub struct Group(pub Category);

impl TryFrom<Category> for Group {
    type Error = String;

    fn try_from(category: Category) -> Result<Self, String> {
        match category {
            Category::Trash | Category::HeldOpen | Category::Other => {
                Err(format!("`{}` is no group for caches", category.id()))
            }
            _ => Ok(Self(category)),
        }
    }
}

/// What a table may say of what happens if something is deleted. What is in use is seen, not declared.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Verdict")]
pub struct Answer(pub Verdict);

impl TryFrom<Verdict> for Answer {
    type Error = String;

    fn try_from(verdict: Verdict) -> Result<Self, String> {
        match verdict {
            Verdict::InUse => Err("what is in use is seen, and cannot be declared".into()),
            _ => Ok(Self(verdict)),
        }
    }
}

/// A variable that names a folder: `NAME`, `NAME/below`, or `NAME:` for a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Variable {
    pub name: String,
    pub below: Option<PathBuf>,
    pub is_list: bool,
}

impl TryFrom<String> for Variable {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (name, below) = match text.split_once('/') {
            Some((name, below)) => (name, Some(below_path(below).ok_or_else(|| not_below(&text))?)),
            None => (&*text, None),
        };
        let (name, is_list) = name.strip_suffix(':').map_or((name, false), |name| (name, true));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!("`{}` is no name of a variable", text.escape_debug()));
        }
        Ok(Self { name: name.into(), below, is_list })
    }
}

/// A default folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub enum Spot {
    /// Below each home.
    Home(PathBuf),
    /// Below the cache folder of each home.
    Cache(PathBuf),
    /// Below the data folder of each home.
    Data(PathBuf),
    /// Below the configuration folder of each home.
    Config(PathBuf),
    /// Below the folder for temporary files.
    Temp(PathBuf),
    /// The same for all.
    Root(PathBuf),
}

/// Makes a spot of a path below where it begins.
type Make = fn(PathBuf) -> Spot;

/// So many folders from the root there is nothing but system folders and what belongs to many.
const TOP: usize = 2;

impl TryFrom<String> for Spot {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let kinds: [(&str, Make); 5] = [
            ("~/", Self::Home),
            ("cache:", Self::Cache),
            ("data:", Self::Data),
            ("config:", Self::Config),
            ("temp:", Self::Temp),
        ];
        if let Some((rest, make)) = kinds.iter().find_map(|(p, make)| Some((text.strip_prefix(p)?, make))) {
            return below_path(rest).map(make).ok_or_else(|| not_below(&text));
        }
        match text.strip_prefix('/').map(below_path) {
            _ if text == "~" => Err("`~` is a home, and no cache".into()),
            Some(Some(below)) if below.components().count() >= TOP => {
                Ok(Self::Root(Path::new("/").join(below)))
            }
            Some(_) => Err(format!("`{text}` is no cache: too near the root of the disk")),
            None => Err(format!(
                "`{}` is not absolute: it begins with `/`, `~/`, `cache:`, `data:`, `config:` or `temp:`",
                text.escape_debug()
            )),
        }
    }
}

/// A path that stays below where it begins, and is not the same.
fn below_path(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let stays = path.components().all(|c| matches!(c, Component::Normal(_)));
    (stays && path.components().next().is_some() && !text.contains('\0')).then(|| path.components().collect())
}

fn not_below(text: &str) -> String {
    format!("`{}` names no folder below", text.escape_debug())
}

/// What one item is.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Many(Vec<String>),
}

/// What one item of a table is.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub enum Items {
    /// All of it.
    Whole,
    /// Each file at the top.
    Files,
    /// Each folder at the top.
    Folders,
    /// Each of both.
    Entries,
    /// Each thing that one of these means.
    Like(Vec<Pattern>),
}

impl TryFrom<Written> for Items {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let pattern = |text: String| {
            // `folder` for `folders` is no pattern, but a slip.
            if text.contains(['*', '?', '/']) {
                return Pattern::try_from(text);
            }
            Err(format!(
                "unknown items `{}`, expected whole, files, folders, entries, or patterns like `model/*.pt`",
                text.escape_debug()
            ))
        };
        match written {
            Written::One(text) => match &*text {
                "whole" => Ok(Self::Whole),
                "files" => Ok(Self::Files),
                "folders" => Ok(Self::Folders),
                "entries" => Ok(Self::Entries),
                _ => Ok(Self::Like(vec![pattern(text)?])),
            },
            Written::Many(texts) if texts.is_empty() => Err("no items at all".into()),
            Written::Many(texts) => texts.into_iter().map(pattern).collect::<Result<_, _>>().map(Self::Like),
        }
    }
}
