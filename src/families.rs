//! Families know what lies in a cache: one file each, one line in [`REGISTRY`] each.
//!
//! They look and say. They never walk the disk, draw, or remove, and they know nothing of one another.

pub mod checkpoints;
pub mod conda;
pub mod conda_env;
mod configuration;
pub mod declared;
mod events;
pub mod folder;
pub mod hf_datasets;
pub mod huggingface;
pub mod huggingface_home;
pub mod kagglehub;
pub mod keras;
pub mod listing;
mod markers;
pub mod names;
pub mod pdm;
pub mod pip;
pub mod poetry;
pub mod rattler;
pub mod subtree;
pub mod tensorboard;
#[cfg(test)]
pub(crate) mod testing;
pub mod tfds;
pub mod tfhub;
pub mod torch;
pub mod trash;
pub mod uv;
pub mod venv;
pub mod view;
pub mod virtualenv;
mod wheels;

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::Found;
use crate::model::verdict::Verdict;
pub use folder::{File, Folder};
pub use listing::Listing;
pub use markers::{Hints, hints};
pub use view::{Range, Reader, StoreView};

/// What a family is.
#[derive(Debug)]
pub struct About {
    /// Stable id, used in JSON and on the command line.
    pub id: &'static str,
    /// The software, as people call it.
    pub name: &'static str,
    /// The group of its items, unless an item says otherwise.
    pub category: Category,
    /// What happens to most of its items if they are deleted.
    pub verdict: Verdict,
    /// Names that make it worth asking this family whether a folder is its own.
    pub markers: &'static [Marker],
    /// How to get deleted things back.
    pub hint: &'static str,
    /// Where the layout is written down: project, file, version.
    pub source: &'static str,
    /// Whether a process inside a store means that all its items are in use.
    pub together: bool,
    /// Whether the order of the items means something.
    pub ordered: bool,
    /// Whether its stores are of one piece: nothing in them is recognized by shape as somebody else's. A downloaded
    /// repository may hold checkpoints and event files, which are none of this box's runs.
    pub sealed: bool,
    /// The group of what nobody claims in a store: its own, or everything else where the store is a folder in which
    /// people keep other things too.
    pub unclaimed: Option<Category>,
}

impl About {
    /// What most families say; meant to be filled in.
    pub const DEFAULT: Self = Self {
        id: "",
        name: "",
        category: Category::Other,
        verdict: Verdict::LookFirst,
        markers: &[],
        hint: "",
        source: "",
        together: false,
        ordered: false,
        sealed: false,
        unclaimed: None,
    };
}

/// A name that hints at a family.
#[derive(Debug, Clone, Copy)]
pub enum Marker {
    /// Exactly this name.
    Name(&'static str),
    /// This after the last dot; `a.b` asks for the last two dots.
    Ext(&'static str),
    /// This run of letters at the beginning, before anything that is no letter.
    Stem(&'static str),
    /// Digits alone.
    Digits,
}

/// A folder a family looks after, by where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub path: PathBuf,
    /// What it is to the family.
    pub role: &'static str,
    /// The variable or file that names it; such a folder should be there.
    pub named_by: Option<String>,
}

impl Place {
    /// A default place: it is fine if it is missing.
    pub fn new(path: impl Into<PathBuf>, role: &'static str) -> Self {
        Self { path: path.into(), role, named_by: None }
    }

    /// A place that a variable or a file names.
    pub fn named(path: impl Into<PathBuf>, role: &'static str, by: impl Into<String>) -> Self {
        Self { path: path.into(), role, named_by: Some(by.into()) }
    }

    /// The place a variable names, if it is set.
    pub fn var(env: &Env, name: &str, role: &'static str) -> Option<Self> {
        env.folder(name).map(|path| Self::named(path, role, format!("${name}")))
    }
}

/// The software that owns a cache layout.
pub trait Family: Sync + Send {
    /// What it is.
    fn about(&self) -> &About;

    /// Where its folders are: variables first, then configuration, then defaults.
    fn places(&self, _env: &Env) -> Vec<Place> {
        Vec::new()
    }

    /// Whether a folder is its own by its shape alone, and as what.
    fn claims(&self, _folder: &Listing<'_>) -> Option<&'static str> {
        None
    }

    /// What is in a store.
    fn items(&self, store: &StoreView<'_>) -> Found;
}

/// All families with code of their own, most particular first: where two claim one folder by shape, the first wins.
pub static REGISTRY: &[&dyn Family] = &[
    &trash::Trash,
    &huggingface::HuggingFace,
    &hf_datasets::HfDatasets,
    &huggingface_home::HuggingFaceHome,
    &tfhub::TfHub,
    &keras::Keras,
    &tfds::Tfds,
    &torch::TorchHub,
    &kagglehub::KaggleHub,
    &conda::Conda,
    &conda_env::CondaEnv,
    &rattler::Rattler,
    &venv::Venv,
    &uv::Uv,
    &pip::Pip,
    &poetry::Poetry,
    &pdm::Pdm,
    &virtualenv::Virtualenv,
    &checkpoints::Checkpoints,
    &tensorboard::TensorBoard,
];

/// A family by its place in [`all`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FamilyId(pub u8);

/// A folder found to be a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Whose.
    pub family: FamilyId,
    /// As what.
    pub role: &'static str,
}

/// All families: those with code, then those declared in `assets/catalog.toml`.
pub fn all() -> &'static [&'static dyn Family] {
    static ALL: LazyLock<Vec<&'static dyn Family>> = LazyLock::new(|| {
        let declared = declared::built_in().iter().map(|d| d as &'static dyn Family);
        REGISTRY.iter().copied().chain(declared).collect()
    });
    &ALL
}

/// The family with this number.
pub fn get(id: FamilyId) -> &'static dyn Family {
    all()[usize::from(id.0)]
}

/// Whose store a folder is by its shape.
pub fn claim(hints: Hints, folder: &Listing<'_>) -> Option<Claim> {
    let asked = (0..128).filter(|i| hints & (1 << i) != 0);
    asked.into_iter().find_map(|i| {
        let family = FamilyId(i);
        get(family).claims(folder).map(|role| Claim { family, role })
    })
}

/// A place and whose it is.
#[derive(Debug, Clone)]
pub struct KnownPlace {
    /// Where.
    pub place: Place,
    /// Whose, as what.
    pub claim: Claim,
}

/// All places all families know in this world.
pub fn places(env: &Env) -> Vec<KnownPlace> {
    let mut known: Vec<KnownPlace> = Vec::new();
    for (i, family) in all().iter().enumerate() {
        for place in family.places(env) {
            if known.iter().any(|k| k.place.path == place.path && k.claim.family.0 as usize == i) {
                continue;
            }
            let claim = Claim { family: FamilyId(i as u8), role: place.role };
            known.push(KnownPlace { place, claim });
        }
    }
    known
}
