//! The person's own tables: every `*.toml` in `caches.d` of mldu's configuration folder, in the schema of
//! `assets/catalog.toml`. What is broken costs only itself, and is said with file, line and column.

use std::path::Path;

use super::Declared;
use super::table::{Broken, Table, Variable, parse};
use crate::env::Env;
use crate::model::problem::Problem;

/// The folder below mldu's configuration folder.
pub const FOLDER: &str = "caches.d";

/// The families of this world's own tables, and what is wrong with the others. Ids that are taken are refused.
pub fn load(env: &Env, taken: &[&str]) -> (Vec<Declared>, Vec<Problem>) {
    let folder = env.config().join(FOLDER);
    let (mut own, mut problems): (Vec<Declared>, Vec<Problem>) = (Vec::new(), Vec::new());
    // Editors leave hidden files beside the one they are changing.
    let is_table = |name: &[u8]| name.ends_with(b".toml") && !name.starts_with(b".");
    for name in env.list_some(&folder, |name| is_table(name.as_encoded_bytes())) {
        let path = folder.join(name);
        let mut complain =
            |broken: &dyn std::fmt::Display| problems.push(Problem::new(&path, Problem::LOAD, broken));
        let Some(bytes) = env.read_small(&path) else {
            complain(&"it cannot be read, is no file, or is larger than 1 MiB");
            continue;
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                complain(&Broken::at(error.as_bytes(), at, "this is not UTF-8"));
                continue;
            }
        };
        let (tables, broken) = parse(&text);
        for one in &broken {
            complain(one);
        }
        for table in tables {
            let at = table.id.span().start;
            let id = table.id.as_ref().0.clone();
            let mine = own.iter().any(|d| d.about.id == id);
            if mine || taken.contains(&&*id) {
                let why = if mine { "another of your tables" } else { "a family of mldu" };
                complain(&Broken::at(text.as_bytes(), at, format!("the id `{id}` is taken by {why}")));
                continue;
            }
            if let Some(why) = no_place(env, &table) {
                complain(&Broken::at(text.as_bytes(), at, why));
            }
            own.push(Declared::new(table, &source(&path)));
        }
    }
    (own, problems)
}

fn source(path: &Path) -> String {
    format!("your own table, {}", crate::text::path(path))
}

/// Why the variable that is set names no place: programs would look for it in the folder they are started in.
fn no_place(env: &Env, table: &Table) -> Option<String> {
    let set = table.env.iter().find(|v| env.var(&v.name).is_some())?;
    let Variable { name, .. } = set;
    let bad = set.values(env).into_iter().find(|value| !super::is_absolute(value))?;
    Some(format!("the variable {name} is `{}`, which is not an absolute path", crate::text::plain(&bad)))
}
