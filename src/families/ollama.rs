//! Ollama's models: `manifests/<host>/<namespace>/<model>/<tag>` says which `blobs/sha256-<64 hex>` a model is made
//! of; models share blobs. Around it lie the key that signs for the machine, and what the desktop program keeps.
//!
//! Layout: ollama, `manifest/{manifest,paths,layer}.go`, `server/{images,download,fixblobs}.go`,
//! `types/model/name.go`, `envconfig/config.go`, as of August 2026. Since then a manifest is a blob, too, and
//! `manifests-v2/…/<tag>` a link to it (or a hard link, or a copy); a manifest may be a list of others.

mod blobs;
mod home;
mod manifest;
#[cfg(test)]
mod tests;

use super::{About, Family, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::Found;
use crate::model::verdict::Verdict;
use blobs::{Blobs, Named};

/// The family.
pub struct Ollama;

static ABOUT: About = About {
    id: "ollama",
    name: "Ollama",
    items: "a model with its tag",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    markers: &[Marker::Name("manifests"), Marker::Name("manifests-v2"), Marker::Name("id_ed25519")],
    hint: "`ollama pull` fetches it again; a model that was made here comes back by `ollama create` alone",
    source: "ollama, manifest/manifest.go, manifest/paths.go, manifest/layer.go, server/images.go, server/download.go",
    ..About::DEFAULT
};

/// Where manifests lie, what counts first.
const MANIFESTS: [&str; 2] = ["manifests-v2", "manifests"];

/// The home of the account that the installer makes for the service.
const SERVICE: &str = "/usr/share/ollama/.ollama";

impl Family for Ollama {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let named = Place::var(env, "OLLAMA_MODELS", "models");
        // A folder with other things in it is none of Ollama's before Ollama was there.
        let own = |p: &Place| {
            !env.exists(&p.path)
                || env.list(&p.path).iter().any(|n| MANIFESTS.iter().any(|m| n == m) || n == "blobs")
        };
        let mut places: Vec<Place> = named.into_iter().filter(own).collect();
        places.extend(env.homes().map(|h| Place::new(h.join(".ollama"), "home")));
        places.push(Place::new(SERVICE, "home"));
        places
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if folder.within.is_some() {
            return None;
        }
        if folder.name == b".ollama" {
            return (folder.has_folder("models") || folder.has_file("id_ed25519")).then_some("home");
        }
        let shaped = folder.has_folder("blobs") && MANIFESTS.iter().any(|m| folder.has_folder(m));
        let named = || folder.names_in("blobs").iter().any(|name| Named::parse(name).is_some());
        (shaped && !folder.is_a_top() && named()).then_some("models")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let models = if store.role() == "home" {
            found.items.extend(home::items(store, &root));
            root.folder("models")
        } else {
            Some(root)
        };
        if let Some(models) = models {
            let mut blobs = Blobs::read(store, &models);
            found.items.extend(manifest::models(store, &models, &mut blobs));
            blobs.enter(store, &mut found);
        }
        found
    }
}
