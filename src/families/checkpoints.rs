//! Checkpoints of training runs, wherever they lie: a store is the folder that directly holds the steps of a run.
//!
//! Every kind of run is a file in `checkpoints/` and a line in [`KINDS`]; how a step is judged is the same for all
//! of them and lies in [`run`]. A folder is claimed only where names prove a sequence: two steps of one kind, or one
//! and what points to it. Loose weights and `SavedModel` folders are nobody's run.

mod accelerate;
mod agents;
mod backup;
mod bundle;
mod dcp;
mod deepspeed;
mod folders;
mod lightning;
mod links;
mod megatron;
mod metrics;
mod nemo;
mod orbax;
mod pointer;
mod ray;
mod run;
mod sequence;
mod series;
mod template;
mod trainer;
mod whole;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use super::{About, Family, Folder, Listing, Marker, StoreView, events};
use crate::model::category::Category;
use crate::model::item::Found;
use crate::model::verdict::Verdict;
use run::Run;

/// A way in which software lays out the steps of a run.
struct Kind {
    /// What a store of this kind is called.
    role: &'static str,
    /// Names that make it worth asking.
    markers: &'static [Marker],
    /// Whether the names in a folder prove that it holds such a run.
    claims: fn(&Listing<'_>) -> bool,
    /// Says what the steps are. Called only where `claims` holds.
    steps: fn(&mut Run<'_>),
}

/// All kinds, most particular first. A folder may hold several: each takes what those before it left.
static KINDS: &[&Kind] = &[
    &trainer::KIND,
    &ray::KIND,
    &orbax::KIND,
    &bundle::KIND,
    &backup::KIND,
    &deepspeed::KIND,
    &megatron::KIND,
    &accelerate::KIND,
    &dcp::KIND,
    &agents::KIND,
    &lightning::KIND,
    &series::KIND,
];

/// The family.
pub struct Checkpoints;

static ABOUT: LazyLock<About> = LazyLock::new(|| {
    let markers: Vec<Marker> = KINDS.iter().flat_map(|k| k.markers).copied().collect();
    About {
        id: "checkpoints",
        name: "Checkpoints",
        items: "a step of a run",
        category: Category::Checkpoints,
        verdict: Verdict::LookFirst,
        markers: markers.leak(),
        hint: "only training again brings a checkpoint back; keep the best, the latest and the last complete one",
        source: "transformers, accelerate, DeepSpeed, Megatron-LM, NeMo, torch, orbax, flax, tensorflow, keras, lightning, \
                 mmengine, fvcore, fairseq, timm, ultralytics, composer, ray, stable-baselines3; \
                 versions in families/checkpoints/*.rs",
        together: true,
        ordered: true,
        unclaimed: Some(Category::Other),
        ..About::DEFAULT
    }
});

impl Family for Checkpoints {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if !may_be_a_run(folder) {
            return None;
        }
        KINDS.iter().find(|k| (k.claims)(folder)).map(|k| k.role)
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut run = Run::new(store);
        for kind in KINDS {
            if with_listing(&store.root(), kind.claims) {
                (kind.steps)(&mut run);
            }
        }
        links::follow(&mut run);
        let (mut items, title) = run.finish();
        items.extend(events::items(store, &store.root()));
        Found { items, title, ..Found::default() }
    }
}

/// What is in a cache belongs to that cache, and a step is no run of its own.
fn may_be_a_run(folder: &Listing<'_>) -> bool {
    let own = match folder.within {
        None => true,
        Some(family) if family == ABOUT.id => !run::is_step_folder(folder.name()),
        Some(_) => folder.is_among_peoples(),
    };
    own && !folder.is_a_top()
}

/// Asks of a scanned folder what is asked of one while it is being walked.
fn with_listing<T>(folder: &Folder<'_>, ask: impl FnOnce(&Listing<'_>) -> T) -> T {
    let (folders, files) = (folder.folders(), folder.files());
    let folders: Vec<&[u8]> = folders.iter().map(Folder::bytes).collect();
    let files: Vec<&[u8]> = files.iter().map(|f| f.bytes).collect();
    let look = |below: &str| {
        let Some(at) = folder.folder_at(below) else { return Vec::new() };
        let (folders, files) = (at.folders(), at.files());
        folders.iter().map(Folder::bytes).chain(files.iter().map(|f| f.bytes)).map(Box::from).collect()
    };
    ask(&Listing { name: folder.bytes(), folders: &folders, files: &files, within: None, look: &look })
}
