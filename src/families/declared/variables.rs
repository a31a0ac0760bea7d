//! The variables that move a cache, from `assets/variables.toml`: what to say to whoever wants the next one elsewhere.

use std::sync::LazyLock;

use serde::Deserialize;

/// A variable that moves a cache.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Another variable that moves this too; may be empty.
    #[serde(default)]
    pub within: String,
    /// The families whose stores it moves.
    pub families: Vec<String>,
    /// What the folder is called below one that a person names.
    pub below: String,
    /// What moves.
    pub moves: String,
    /// Who does not honor it, or only half; empty where everybody does.
    #[serde(default)]
    pub partly: String,
}

#[derive(Deserialize)]
struct Asset {
    variable: Vec<Variable>,
}

/// All of them, in the order of the table.
pub fn all() -> &'static [Variable] {
    static ALL: LazyLock<Vec<Variable>> = LazyLock::new(|| {
        let asset: Asset =
            toml::from_str(include_str!("../../../assets/variables.toml")).expect("the table is well formed");
        asset.variable
    });
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;
    use crate::families;

    /// The proof that a variable does what the table says: the family that reads it looks there.
    #[test]
    fn every_variable_moves_a_place_of_each_of_its_families() {
        for variable in all() {
            let to = format!("/moved/{}", variable.below);
            let env = Env::fixed("/home/ana").with_var(&variable.name, &to);
            for id in &variable.families {
                let family = families::all().iter().find(|f| f.about().id == id).expect(id);
                // An environment has to be there to be a place.
                let made = ["one", "one/conda-meta/history"].map(|below| format!("{to}/{below}"));
                let made = made.into_iter().fold(env.clone(), |env, file| env.with_file(file, ""));
                let moved = |env: &Env| family.places(env).iter().any(|p| p.path.starts_with(&to));
                assert!(moved(&env) || moved(&made), "{} does not move {id}", variable.name);
            }
        }
    }

    #[test]
    fn names_and_folders_are_told_once_and_fit_a_shell() {
        let mut seen = std::collections::BTreeSet::new();
        for v in all() {
            assert!(seen.insert(&v.name) && seen.insert(&v.below), "{} or {} comes twice", v.name, v.below);
            assert!(v.name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
            assert!(
                v.below.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b)),
                "{}",
                v.below
            );
            assert!(v.within.is_empty() || seen.contains(&v.within), "{}", v.name);
            assert!(!v.families.is_empty() && !v.moves.ends_with('.') && !v.partly.ends_with('.'));
        }
    }
}
