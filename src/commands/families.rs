//! `mldu families`: what mldu knows, as each family says it of itself, and where that is on this machine.

use super::{Exit, complain, print, warn};
use crate::env::Env;
use crate::families::{Families, Family};
use crate::report::families::{PlaceRow, Row, json, list, pages};
use crate::text;

/// Runs it: all families, or those asked for in full.
pub fn run(families: &Families, env: &Env, ids: &[String], as_json: bool, ascii: bool) -> Exit {
    for problem in families.problems() {
        warn(problem);
    }
    let mut chosen: Vec<&'static dyn Family> = Vec::new();
    for id in ids {
        let Some(family) = families.find(id) else {
            complain(&format!("there is no family `{}`; `mldu families` lists them all", text::plain(id)));
            return Exit::Usage;
        };
        chosen.push(family);
    }
    if ids.is_empty() {
        chosen.extend(families.iter());
    }
    let rows: Vec<Row> = chosen.into_iter().map(|family| row(family, families, env)).collect();
    if as_json {
        return match serde_json::to_string(&json(&rows)) {
            Ok(text) => print(&(text + "\n")),
            Err(e) => complain(&format!("the list could not be written: {e}")),
        };
    }
    print(&if ids.is_empty() { list(&rows, env.home(), ascii) } else { pages(&rows, env.home(), ascii) })
}

fn row(family: &'static dyn Family, families: &Families, env: &Env) -> Row {
    let about = family.about();
    let places = families.places_of(family, env).into_iter().map(|place| PlaceRow {
        exists: env.exists(&place.path),
        path: place.path,
        role: place.role,
        named_by: place.named_by,
    });
    Row {
        id: about.id,
        name: about.name,
        items: about.items,
        category: about.category,
        verdict: about.verdict,
        hint: about.hint,
        source: about.source,
        is_own: families.is_own(about.id),
        by_shape: !about.markers.is_empty(),
        places: places.collect(),
    }
}
