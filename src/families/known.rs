//! The families of a world: those that come with the program, and the person's own tables.

use std::path::PathBuf;

use rustc_hash::FxHashSet;

use super::{Claim, Family, Place, all, declared};
use crate::env::Env;
use crate::model::problem::Problem;

/// All families there are in a world. Asked for once in a run, since the person's own tables are files.
#[derive(Clone, Default)]
pub struct Families {
    own: Vec<&'static dyn Family>,
    problems: Vec<Problem>,
}

/// A place and whose it is.
#[derive(Debug, Clone)]
pub struct KnownPlace {
    /// Where.
    pub place: Place,
    /// Whose, as what.
    pub claim: Claim,
}

impl Families {
    /// Those that come with the program alone.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Those that come with the program, and those of the person in this world. They live as long as the program.
    pub fn of(env: &Env) -> Self {
        let taken: Vec<&str> = all().iter().map(|f| f.about().id).collect();
        let (own, problems) = declared::own::load(env, &taken);
        let own = own.into_iter().map(|d| &*Box::leak(Box::new(d)) as &'static dyn Family);
        Self { own: own.collect(), problems }
    }

    /// All of them; where two know one place, the first has it.
    pub fn iter(&self) -> impl Iterator<Item = &'static dyn Family> {
        all().iter().chain(&self.own).copied()
    }

    /// Whether it is one of the person's own tables.
    pub fn is_own(&self, id: &str) -> bool {
        self.own.iter().any(|f| f.about().id == id)
    }

    /// The family with this id.
    pub fn find(&self, id: &str) -> Option<&'static dyn Family> {
        self.iter().find(|f| f.about().id == id)
    }

    /// What was wrong with the person's own tables.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// All places all of them know in a world.
    pub fn places(&self, env: &Env) -> Vec<KnownPlace> {
        let of = |family| {
            let claim = move |place: Place| KnownPlace { claim: Claim { family, role: place.role }, place };
            self.places_of(family, env).into_iter().map(claim)
        };
        self.iter().flat_map(of).collect()
    }

    /// The places one of them knows in a world, each once.
    pub fn places_of(&self, family: &dyn Family, env: &Env) -> Vec<Place> {
        let mut seen: FxHashSet<PathBuf> = FxHashSet::default();
        family.places(env).into_iter().filter(|place| seen.insert(place.path.clone())).collect()
    }
}

impl std::fmt::Debug for Families {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|f| f.about().id)).finish()
    }
}
