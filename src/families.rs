//! Families know what lies in a cache: one file each, one line in [`REGISTRY`] each.
//!
//! They look and say. They never walk the disk, draw, or remove, and they know nothing of one another.

pub mod checkpoints;
pub mod clearml;
pub mod comet;
pub mod conda;
pub mod conda_env;
mod configuration;
pub mod declared;
pub mod dumps;
pub mod dvc;
mod events;
pub mod folder;
pub mod gpt4all;
pub mod hf_datasets;
pub mod hf_local;
pub mod huggingface;
pub mod huggingface_home;
pub mod hydra;
pub mod image_models;
pub mod inductor;
pub mod interrupted;
pub mod joblib;
pub mod jupyter;
pub mod kagglehub;
pub mod keras;
pub mod known;
pub mod listing;
pub mod llama_cpp;
pub mod lmstudio;
mod markers;
pub mod mlflow;
pub mod modelscope;
pub mod names;
pub mod neptune;
pub mod ollama;
pub mod paddle;
pub mod pdm;
pub mod pip;
pub mod poetry;
pub mod rattler;
pub mod ray;
pub mod scratch;
pub mod sentence_transformers;
pub mod subtree;
pub mod temp_leftovers;
pub mod tensorboard;
#[cfg(test)]
pub(crate) mod testing;
pub mod tf_data;
pub mod tfds;
pub mod tfhub;
pub mod torch;
pub mod torch_extensions;
pub mod trash;
pub mod ultralytics;
pub mod uv;
pub mod venv;
pub mod view;
pub mod virtualenv;
pub mod wandb;
mod wheels;
pub mod xla;

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::Found;
use crate::model::verdict::Verdict;
pub use folder::{File, Folder};
pub use known::{Families, KnownPlace};
pub use listing::Listing;
pub use markers::{Hints, hints};
pub use view::{Beside, Range, Reader, StoreView};

/// What a family is.
#[derive(Debug)]
pub struct About {
    /// Stable id, used in JSON and on the command line.
    pub id: &'static str,
    /// The software, as people call it.
    pub name: &'static str,
    /// What one of its items is, in words: `a model`, `a step of a run`.
    pub items: &'static str,
    /// The group of its items, unless an item says otherwise.
    pub category: Category,
    /// What happens to most of its items if they are deleted.
    pub verdict: Verdict,
    /// Names that make it worth asking this family whether a folder is its own: the folder's or one in it.
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
        items: "",
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
    /// This run of letters at the beginning, or behind a dot there, before anything that is no letter.
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
    &interrupted::InterruptedDeletions,
    &huggingface::HuggingFace,
    &hf_datasets::HfDatasets,
    &huggingface_home::HuggingFaceHome,
    &tfhub::TfHub,
    &keras::Keras,
    &tfds::Tfds,
    &torch::TorchHub,
    &kagglehub::KaggleHub,
    &ollama::Ollama,
    &modelscope::ModelScope,
    &sentence_transformers::SentenceTransformers,
    &llama_cpp::LlamaCpp,
    &lmstudio::LmStudio,
    &gpt4all::Gpt4All,
    &paddle::Paddle,
    &image_models::ImageModels,
    &hf_local::HfLocal,
    &conda::Conda,
    &conda_env::CondaEnv,
    &inductor::Inductor,
    &torch_extensions::TorchExtensions,
    &ultralytics::Ultralytics,
    &xla::Xla,
    &rattler::Rattler,
    &venv::Venv,
    &uv::Uv,
    &pip::Pip,
    &poetry::Poetry,
    &pdm::Pdm,
    &virtualenv::Virtualenv,
    &checkpoints::Checkpoints,
    &tensorboard::TensorBoard,
    &tf_data::TfData,
    &temp_leftovers::TempLeftovers,
    &wandb::Wandb,
    &mlflow::Mlflow,
    &dvc::Dvc,
    &clearml::ClearMl,
    &neptune::Neptune,
    &comet::Comet,
    &joblib::Joblib,
    &ray::Ray,
    &scratch::Scratch,
    &hydra::Hydra,
    // Folders of people in which a file or two is known, so they come last.
    &jupyter::Jupyter,
    &dumps::Dumps,
];

/// A folder found to be a store.
#[derive(Clone, Copy)]
pub struct Claim {
    /// Whose.
    pub family: &'static dyn Family,
    /// As what.
    pub role: &'static str,
}

impl Claim {
    /// Whose, in its own words.
    pub fn about(&self) -> &'static About {
        self.family.about()
    }
}

impl PartialEq for Claim {
    fn eq(&self, other: &Self) -> bool {
        (self.about().id, self.role) == (other.about().id, other.role)
    }
}

impl Eq for Claim {}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.role, self.about().id)
    }
}

/// All families that come with the program: those with code, then those declared in `assets/catalog.toml`.
pub fn all() -> &'static [&'static dyn Family] {
    static ALL: LazyLock<Vec<&'static dyn Family>> = LazyLock::new(|| {
        let declared = declared::built_in().iter().map(|d| d as &'static dyn Family);
        REGISTRY.iter().copied().chain(declared).collect()
    });
    &ALL
}

/// Whose store a folder is by its shape.
pub fn claim(hints: Hints, folder: &Listing<'_>) -> Option<Claim> {
    markers::hinted_at(hints).find_map(|family| family.claims(folder).map(|role| Claim { family, role }))
}
