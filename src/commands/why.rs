//! `mldu why`: why can it not be saved? Ends with [`Exit::Limit`] when it cannot.

use std::path::{Path, PathBuf};

use super::{Exit, complain, print};
use crate::diagnose::{answer, look, verdict};
use crate::env::Env;
use crate::report::why::{Style, json, text};
use crate::settings::Settings;
use crate::sys::{self, mounts};
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
    let answer = answer::of(&host, &facts, &verdict);
    let said = if as_json {
        match serde_json::to_string(&json(&answer)) {
            Ok(text) => text + "\n",
            Err(e) => return complain(&format!("the answer could not be written: {e}")),
        }
    } else {
        text(&answer, Style::printed(env.home(), settings.units, settings.ascii))
    };
    match print(&said) {
        Exit::Done if verdict.blocked => Exit::Limit,
        other => other,
    }
}

/// The folder of the notebooks, where nobody says it: the one folder that was named, or else the current one.
pub fn folder(env: &Env, named: &[PathBuf]) -> PathBuf {
    let here = env.current();
    let [one] = named else { return here };
    let one = here.join(one);
    // What does not answer may be a folder; whoever looks into it says so.
    let asked = one.clone();
    let is_folder = mounts::within(mounts::PATIENCE, move || asked.is_dir()).unwrap_or(true);
    if is_folder { one } else { here }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_that_was_named_is_that_of_the_notebooks() {
        let tmp = tempfile::tempdir().expect("a folder");
        let home = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir(home.join("work")).expect("made");
        std::fs::write(home.join("file"), "").expect("written");
        let env = Env::fixed(&home);
        let named = |paths: &[&str]| folder(&env, &paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(named(&["work"]), home.join("work"));
        for other in [&[][..], &["file"], &["no"], &["work", "file"]] {
            assert_eq!(named(other), home, "{other:?}");
        }
    }
}
