//! Known places in a tree that is not this machine's: by their names below what looks like a home, and by their whole
//! path where it is the same everywhere (`/opt/conda`). All of them at once, one step a folder.

use std::path::{Component, Path};

use rustc_hash::FxHashMap;

use crate::env::Env;
use crate::families::{Claim, Families};

/// A folder on the way to a place.
#[derive(Default)]
struct Step {
    next: FxHashMap<Box<[u8]>, u16>,
    claim: Option<Claim>,
}

/// Steps that were made to a folder, as a number. Few differ, however large a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached(u32);

/// All places all families know.
pub struct Places {
    steps: Vec<Step>,
    reached: Vec<Vec<u16>>,
    numbers: FxHashMap<Vec<u16>, u32>,
}

/// The first step of a whole path, and of one below a home.
const ROOT: u16 = 0;
const HOME: u16 = 1;

/// Where installers put conda and mamba, in a home or below `/opt`. Its family knows them by what lies in them.
const INSTALLS: &[&str] = &["conda", "miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba"];

/// A world of which nothing is known but what may be in it.
fn world() -> Env {
    let mut env = Env::elsewhere();
    let home = env.home().to_path_buf();
    for folder in [&home, Path::new("/opt")] {
        for install in INSTALLS.iter().map(|name| folder.join(name)) {
            env = env.with_file(&install, "").with_file(install.join("pkgs/urls.txt"), "");
        }
    }
    let mamba = env.data_of(&home).join("mamba/pkgs/urls.txt");
    env.with_file(mamba, "")
}

impl Places {
    /// Those of a world of which nothing is known.
    pub fn known() -> Self {
        let env = world();
        let mut places = Self {
            steps: vec![Step::default(), Step::default()],
            reached: Vec::new(),
            numbers: FxHashMap::default(),
        };
        for known in Families::built_in().places(&env) {
            match known.place.path.strip_prefix(env.home()) {
                Ok(below) => places.add(HOME, below, known.claim),
                Err(_) => places.add(ROOT, &known.place.path, known.claim),
            }
        }
        // Nothing was reached, and the top of all.
        places.number(Vec::new());
        places.number(vec![ROOT]);
        places
    }

    fn add(&mut self, from: u16, path: &Path, claim: Claim) {
        let mut at = from;
        for part in path.components() {
            let name = match part {
                Component::Normal(name) => name.as_encoded_bytes(),
                Component::RootDir => continue,
                _ => return,
            };
            let fresh = self.steps.len() as u16;
            at = *self.steps[usize::from(at)].next.entry(name.into()).or_insert(fresh);
            if at == fresh {
                self.steps.push(Step::default());
            }
        }
        // All of a home, or of the disk, is no place; of two families the first has it.
        if at > HOME {
            self.steps[usize::from(at)].claim.get_or_insert(claim);
        }
    }

    fn number(&mut self, steps: Vec<u16>) -> Reached {
        let fresh = self.reached.len() as u32;
        let number = *self.numbers.entry(steps.clone()).or_insert(fresh);
        if number == fresh {
            self.reached.push(steps);
        }
        Reached(number)
    }

    /// What is reached at `/`.
    pub fn top(&mut self, is_home: bool) -> Reached {
        self.number(if is_home { vec![ROOT, HOME] } else { vec![ROOT] })
    }

    /// What is reached in a folder in one where `above` is reached.
    pub fn step(&mut self, above: Reached, name: &[u8], is_home: bool) -> Reached {
        let reached = &self.reached[above.0 as usize];
        if reached.is_empty() && !is_home {
            return above;
        }
        let mut steps: Vec<u16> =
            reached.iter().filter_map(|s| self.steps[usize::from(*s)].next.get(name).copied()).collect();
        steps.extend(is_home.then_some(HOME));
        self.number(steps)
    }

    /// Whose a folder is by where it is.
    pub fn claim(&self, at: Reached) -> Option<Claim> {
        self.reached[at.0 as usize].iter().find_map(|s| self.steps[usize::from(*s)].claim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(path: &str, home: &str) -> Option<&'static str> {
        let mut places = Places::known();
        let mut at = places.top(home == "/");
        let mut so_far = String::new();
        for name in path.split('/').filter(|n| !n.is_empty()) {
            so_far = format!("{so_far}/{name}");
            at = places.step(at, name.as_bytes(), so_far == home);
        }
        places.claim(at).map(|c| c.about().id)
    }

    #[test]
    fn places_are_known_below_any_home_and_nowhere_else() {
        assert_eq!(family("/home/ana/.keras", "/home/ana"), Some("keras"));
        assert_eq!(family("/home/ana/.cache/huggingface/hub", "/home/ana"), Some("huggingface"));
        assert_eq!(family("/home/ana/miniconda3/pkgs", "/home/ana"), Some("conda"));
        assert_eq!(family("/srv/x/.keras", "/home/ana"), None);
        assert_eq!(family("/home/ana", "/home/ana"), None);
        assert_eq!(family("/opt/conda/pkgs", ""), Some("conda"));
        assert_eq!(family("/.keras", "/"), Some("keras"));
    }
}
