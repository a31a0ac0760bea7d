//! `mldu where`: which variable moves which cache, whether it is set, and the lines that move them elsewhere.

use std::path::PathBuf;

use super::{Exit, complain, print};
use crate::env::Env;
use crate::families::Families;
use crate::families::declared::variables;
use crate::report::places::{Form, Row, json, lines, list};

/// What is asked for.
pub struct Asked {
    /// The folder the lines are to name; none lists what there is.
    pub folder: Option<PathBuf>,
    /// What the lines are for.
    pub form: Form,
    /// All variables, not only those that matter here.
    pub all: bool,
    /// As JSON.
    pub json: bool,
}

/// Runs it.
pub fn run(families: &Families, env: &Env, asked: &Asked, ascii: bool) -> Exit {
    let folder = asked.folder.as_deref();
    let folder = folder.map(|f| if f.is_absolute() { f.to_path_buf() } else { env.current().join(f) });
    let rows: Vec<Row> = variables::all()
        .iter()
        .map(|v| (v.within.is_empty(), row(v, families, env)))
        .filter(|(own, r)| asked.all || r.set.is_some() || (*own && !r.here.is_empty()))
        .map(|(_, row)| row)
        .collect();
    if asked.json {
        return match serde_json::to_string(&json(&rows, folder.as_deref())) {
            Ok(text) => print(&(text + "\n")),
            Err(e) => complain(&format!("the list could not be written: {e}")),
        };
    }
    let Some(folder) = folder else { return print(&list(&rows, env.home(), ascii)) };
    // A line for a shell cannot carry other bytes through all the places it is pasted into.
    if folder.to_str().is_none() || folder.as_os_str().as_encoded_bytes().contains(&b'\n') {
        return complain("the name of that folder is not text on one line; choose another");
    }
    if rows.is_empty() {
        return complain(
            "no cache is here that a variable moves, and none is set; --all writes all variables",
        );
    }
    print(&lines(&rows, &folder, asked.form))
}

fn row(variable: &'static variables::Variable, families: &Families, env: &Env) -> Row {
    let of = variable.families.iter().filter_map(|id| families.find(id));
    let mut here: Vec<PathBuf> = of
        .flat_map(|family| families.places_of(family, env))
        .map(|place| place.path)
        .filter(|path| env.exists(path))
        .collect();
    here.sort();
    here.dedup();
    Row {
        name: &variable.name,
        moves: &variable.moves,
        partly: &variable.partly,
        below: &variable.below,
        set: env.folder(&variable.name),
        here,
    }
}
