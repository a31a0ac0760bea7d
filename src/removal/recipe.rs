//! What was in an environment, written down before it goes, so that it can be made again: `…-explicit.txt` for the
//! packages of conda, `…-pip.txt` for those of pip and uv. What no list brings back is said by name.
//!
//! `conda` and `pip` are text in, text out; `gather` reads an environment, `keep` writes.

mod address;
pub mod conda;
mod gather;
mod keep;
pub mod pip;

use std::path::{Path, PathBuf};

use super::draft::Environment;
use crate::env::Env;
use crate::text;
use conda::Package;
use pip::{Dist, From};

/// So many names are said; of the others only their number.
const NAMES: usize = 4;

/// What is in an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// Where it is.
    root: PathBuf,
    /// The packages of conda; nothing where conda is not.
    pub conda: Option<Vec<Package>>,
    /// What pip, uv and others installed.
    pub pip: Vec<Dist>,
    /// What `pyvenv.cfg` says: the version of Python.
    python: Option<String>,
}

/// What a look at an environment gave, before anything is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// How many packages there are, and what of them is lost, in words; or why that is not known.
    pub found: Result<Found, String>,
    /// The folder the lists would be written to, or why there is none.
    pub folder: Result<PathBuf, String>,
}

/// What the lists would say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Packages of conda.
    pub conda: u64,
    /// Packages of pip and others.
    pub pip: u64,
    /// What cannot be made again from the lists, in words.
    pub lost: Vec<String>,
}

/// What became of the lists of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The environment's name, safe to show.
    pub name: String,
    /// The files, and what they say; or why there are none.
    pub files: Result<(Vec<PathBuf>, Found), String>,
}

/// Looks at an environment, and where its lists would go. Nothing is written.
pub fn look(env: &Env, environment: &Environment) -> Ready {
    let recipe = gather::read(&environment.path);
    let bytes = recipe.as_ref().map_or(0, |r| r.texts(environment, "").iter().map(|t| t.1.len()).sum());
    Ready { found: recipe.map(|r| r.found()), folder: keep::folder(env, environment, bytes) }
}

/// Writes the lists of an environment, and reads them back: they are on the disk, and nothing is missing in them. If
/// not, nothing is left of them. `date` is `20261121-031200`.
pub fn write(env: &Env, environment: &Environment, date: &str) -> Written {
    let files = gather::read(&environment.path).and_then(|recipe| {
        let files = keep::write(env, environment, &recipe, date)?;
        Ok((files, recipe.found()))
    });
    Written { name: environment.name.clone(), files }
}

/// Why an environment may not be deleted for good after this look: nothing would say what was in it.
pub fn why_not(ready: Option<&Ready>) -> Option<String> {
    let why = match ready {
        None => "it was not looked at".to_string(),
        Some(Ready { found: Err(why), .. } | Ready { folder: Err(why), .. }) => why.clone(),
        Some(_) => return None,
    };
    Some(format!("its list could not be written: {why}"))
}

/// What a plan says of the lists of an environment.
pub fn words(ready: Option<&Ready>) -> String {
    match ready {
        Some(Ready { found: Ok(found), folder: Ok(folder) }) => {
            let mut words =
                format!("its list ({}) is written to {} first", found.counted(), text::path(folder));
            if !found.lost.is_empty() {
                words.push_str(&format!("; what that does not bring back: {}", found.lost.join("; ")));
            }
            words
        }
        other => format!("{}; only the trash keeps what was in it", why_not(other).unwrap_or_default()),
    }
}

impl Recipe {
    /// What the lists say, in numbers and words.
    pub fn found(&self) -> Found {
        let conda = self.conda.as_ref().map_or(0, |c| c.len() as u64);
        Found { conda, pip: self.pip.len() as u64, lost: self.lost() }
    }

    /// What cannot be made again from the lists, or only here.
    fn lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        let mut say = |what: &str, names: Vec<String>| {
            if !names.is_empty() {
                lost.push(format!("{what}: {}", some_of(&names)));
            }
        };
        let conda = |wanted: fn(&Package) -> bool| -> Vec<String> {
            self.conda.iter().flatten().filter(|p| wanted(p)).map(|p| p.name.clone()).collect()
        };
        let pip = |wanted: &dyn Fn(&Dist) -> bool| -> Vec<String> {
            self.pip.iter().filter(|d| wanted(d)).map(Dist::shown).collect()
        };
        let inside = |d: &Dist| self.holds(d);
        let here = |d: &Dist| d.from.address().is_some_and(address::Address::is_here) && !self.holds(d);
        say("no address is known of", conda(|p| p.from.is_none()));
        let gone: Vec<String> = self
            .pip
            .iter()
            .filter_map(|d| match d.from {
                From::Nowhere(why) => Some(format!("{} ({why})", d.shown())),
                _ => None,
            })
            .collect();
        say("cannot be had again", gone);
        say("its sources lie in the environment and go with it", pip(&inside));
        let from_here = |p: &Package| p.from.as_ref().is_some_and(address::Address::is_here);
        say("only from files or servers of this machine", [conda(from_here), pip(&here)].concat());
        let behind = |p: &Package| p.from.as_ref().is_some_and(|a| a.private);
        let login = |d: &Dist| d.from.address().is_some_and(|a| a.private);
        say("only with a login, which is not written down", [conda(behind), pip(&login)].concat());
        say("by its version not from PyPI, but from an index nobody wrote down", pip(&Dist::is_special));
        say("without a checksum", conda(|p| p.from.is_some() && p.hash.is_none()));
        lost
    }

    /// Whether the sources of a package lie in the environment itself.
    fn holds(&self, dist: &Dist) -> bool {
        let path = dist.from.address().and_then(address::Address::path);
        path.is_some_and(|p| Path::new(text::os_str(&p)).starts_with(&self.root))
    }

    /// The lists, each with the end of its file's name.
    fn texts(&self, environment: &Environment, date: &str) -> Vec<(&'static str, String)> {
        let mut texts = Vec::new();
        let what = format!(
            "environment {} ({}), as mldu removed it{}",
            environment.name,
            text::path(&environment.path),
            if date.is_empty() { String::new() } else { format!(" on {date}") }
        );
        let mut lost: Vec<String> = self.lost().into_iter().map(|l| format!("note: {l}")).collect();
        if let Some(packages) = &self.conda {
            let again = "to make it again: conda create --name NAME --file THIS_FILE".to_string();
            let mut head = vec![what.clone(), again];
            if !self.pip.is_empty() {
                head.push(
                    "then, for what pip installed: python -m pip install --no-deps -r the list beside it"
                        .into(),
                );
            }
            head.append(&mut lost.clone());
            texts.push(("explicit", conda::write(packages, &head)));
        }
        if self.conda.is_none() || !self.pip.is_empty() {
            let mut head = vec![what];
            if self.conda.is_none() {
                let python =
                    self.python.as_deref().map(|v| format!(" (it was Python {v})")).unwrap_or_default();
                head.push(format!("to make it again{python}: python3 -m venv FOLDER, then"));
            }
            head.push("python -m pip install --no-deps -r THIS_FILE".into());
            head.push("which index each came from is not known: nothing in an environment says so".into());
            if self.conda.is_none() {
                head.append(&mut lost);
            }
            texts.push(("pip", pip::write(&self.pip, &head)));
        }
        texts
    }

    /// Whether a list that was read back is the one of this recipe.
    fn verify(&self, end: &str, list: &str) -> Result<(), String> {
        match (end, &self.conda) {
            ("explicit", Some(packages)) => conda::verify(list, packages),
            _ => pip::verify(list, &self.pip),
        }
    }
}

impl Found {
    /// How many packages, in words.
    pub fn counted(&self) -> String {
        let all = text::counted(self.conda + self.pip, "package", "packages");
        if self.conda > 0 && self.pip > 0 {
            return format!("{all}, {} of them from pip", text::full_count(self.pip));
        }
        all
    }
}

/// Some names and how many more.
fn some_of(names: &[String]) -> String {
    let shown = names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        n if n > NAMES => format!("{shown} and {} more", text::full_count((n - NAMES) as u64)),
        _ => shown,
    }
}
