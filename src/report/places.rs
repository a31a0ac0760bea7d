//! `mldu where` as text: what moves which cache, whether it is set here, and the lines that set it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::json::PathField;
use crate::text;

/// Columns of a terminal.
const COLUMNS: usize = 80;

/// A variable, and what it does here.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What it moves.
    pub moves: &'static str,
    /// Who does not honor it; may be empty.
    pub partly: &'static str,
    /// What its folder is called below one a person names.
    pub below: &'static str,
    /// Its value here.
    pub set: Option<PathBuf>,
    /// The stores it is about that are here.
    pub here: Vec<PathBuf>,
}

/// The form of the lines that set variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a shell's profile.
    Profile,
    /// For a Dockerfile.
    Dockerfile,
    /// For a compose file.
    Compose,
}

/// What moves what, and where it is now.
pub fn list(rows: &[Row], home: &Path, ascii: bool) -> String {
    let mut out = String::new();
    for row in rows {
        out.push_str(row.name);
        out.push_str(&match &row.set {
            Some(value) => format!("  = {}\n", text::short_path(value, home)),
            None => "  (not set)\n".to_string(),
        });
        paragraph(&mut out, "moves ", row.moves);
        paragraph(&mut out, "but: ", row.partly);
        for path in &row.here {
            let room = COLUMNS - 7;
            out.push_str(&format!("  here {}\n", text::cut_middle(&text::short_path(path, home), room)));
        }
    }
    if rows.is_empty() {
        out.push_str("no cache is here that a variable moves, and none is set; --all lists all variables\n");
    } else {
        out.push_str("`mldu where FOLDER` prints the lines that move them there.\n");
    }
    if ascii { text::ascii(&out) } else { out }
}

fn paragraph(out: &mut String, front: &str, content: &str) {
    if content.is_empty() {
        return;
    }
    for (i, line) in text::wrap(content, COLUMNS - 2 - front.len()).iter().enumerate() {
        let front = if i == 0 { front.to_string() } else { " ".repeat(front.len()) };
        out.push_str(&format!("  {front}{line}\n"));
    }
}

/// The lines that put all of them below a folder.
pub fn lines(rows: &[Row], folder: &Path, form: Form) -> String {
    let mut out = String::new();
    let margin = if form == Form::Compose { "  " } else { "" };
    if form == Form::Compose {
        out.push_str("environment:\n");
    }
    for (i, row) in rows.iter().enumerate() {
        if i > 0 && form != Form::Compose {
            out.push('\n');
        }
        for line in &text::wrap(row.moves, COLUMNS - 4) {
            out.push_str(&format!("{margin}# {line}\n"));
        }
        if !row.partly.is_empty() {
            for line in &text::wrap(&format!("but: {}", row.partly), COLUMNS - 4) {
                out.push_str(&format!("{margin}# {line}\n"));
            }
        }
        let value = folder.join(row.below).to_string_lossy().into_owned();
        out.push_str(&match form {
            Form::Profile => format!("export {}={}\n", row.name, text::shell(value.as_bytes())),
            Form::Dockerfile => format!("ENV {}={}\n", row.name, dockerfile(&value)),
            Form::Compose => format!("  {}: {}\n", row.name, compose(&value)),
        });
    }
    out
}

/// A value of `ENV`: in double quotes a backslash, a quote and a dollar sign need a backslash.
fn dockerfile(value: &str) -> String {
    if is_plain(value) {
        return value.to_string();
    }
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"").replace('$', r"\$"))
}

/// A YAML value in which compose replaces nothing: a dollar sign is written twice.
fn compose(value: &str) -> String {
    if is_plain(value) {
        return value.to_string();
    }
    format!("'{}'", value.replace('\'', "''").replace('$', "$$"))
}

fn is_plain(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+".contains(&b))
}

/// The stable JSON of `mldu where --json`.
#[derive(Debug, Serialize)]
pub struct Listed {
    schema: u32,
    variables: Vec<VariableJson>,
}

#[derive(Debug, Serialize)]
struct VariableJson {
    name: &'static str,
    moves: &'static str,
    partly: Option<&'static str>,
    set: Option<PathField>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<PathField>,
    here: Vec<PathField>,
}

/// The same as JSON.
pub fn json(rows: &[Row], folder: Option<&Path>) -> Listed {
    let variable = |r: &Row| VariableJson {
        name: r.name,
        moves: r.moves,
        partly: Some(r.partly).filter(|p| !p.is_empty()),
        set: r.set.as_deref().map(PathField::new),
        proposed: folder.map(|f| PathField::new(&f.join(r.below))),
        here: r.here.iter().map(|p| PathField::new(p)).collect(),
    };
    Listed { schema: 1, variables: rows.iter().map(variable).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            name: "LIB_HOME",
            moves: "all of the library: models and data sets and a good many other things that take space",
            partly: "Lib 3 alone: Lib 2 still writes to ~/.lib",
            below: "lib",
            set: None,
            here: vec!["/home/ana/.lib".into()],
        }
    }

    #[test]
    fn the_list_says_what_is_set_and_what_is_here() {
        let out = list(&[row()], Path::new("/home/ana"), false);
        assert!(out.starts_with("LIB_HOME  (not set)\n  moves all of"), "{out}");
        assert!(out.contains("  but: Lib 3 alone") && out.contains("  here ~/.lib\n"), "{out}");
        assert!(out.lines().all(|l| text::width(l) <= COLUMNS), "{out}");
        let set = Row { set: Some("/big/lib".into()), ..row() };
        assert!(list(&[set], Path::new("/home/ana"), true).contains("LIB_HOME  = /big/lib\n"));
    }

    #[test]
    fn values_survive_what_reads_them() {
        let odd = Path::new("/a b/it's $HOME \"x\"");
        let profile = lines(&[row()], odd, Form::Profile);
        assert!(profile.contains(r#"export LIB_HOME='/a b/it'\''s $HOME "x"/lib'"#), "{profile}");
        let run = std::process::Command::new("sh")
            .arg("-c")
            .arg(format!("{profile}printf %s \"$LIB_HOME\""))
            .output();
        let said = run.expect("there is a shell").stdout;
        assert_eq!(String::from_utf8_lossy(&said), r#"/a b/it's $HOME "x"/lib"#);
        let docker = lines(&[row()], odd, Form::Dockerfile);
        assert!(docker.contains(r#"ENV LIB_HOME="/a b/it's \$HOME \"x\"/lib""#), "{docker}");
        let compose = lines(&[row()], odd, Form::Compose);
        let read: serde_json::Value = yaml_serde::from_str(&compose).expect("YAML");
        assert_eq!(read["environment"]["LIB_HOME"], r#"/a b/it's $$HOME "x"/lib"#);
        assert!(lines(&[row()], Path::new("/data"), Form::Profile).contains("\nexport LIB_HOME=/data/lib\n"));
    }
}
