//! The package caches of conda, mamba and micromamba (`pkgs`), conda-build's folder, and what both keep in the cache
//! folder of a home.
//!
//! Layout: conda 26.7, `conda/base/context.py`, `conda/core/package_cache_data.py`, `conda/core/path_actions.py`,
//! `conda/gateways/repodata/__init__.py`; libmamba 2.8, `src/core/package_cache.cpp`, `src/core/package_fetcher.cpp`.
//! rattler's `pkgs` (pixi) has no `urls.txt` and no archives; it is no store of this family.

mod build;
pub mod flags;
mod index;
mod leftovers;
mod origin;
pub(super) mod package;
pub(super) mod setup;
mod shelf;

pub(super) use leftovers::is_trash;
pub(super) use origin::Origin;

use super::{About, Family, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::Found;
use crate::model::verdict::Verdict;
use setup::Setup;

/// The family.
pub struct Conda;

static ABOUT: About = About {
    id: "conda",
    name: "conda",
    items: "a downloaded archive, or an extracted package",
    category: Category::CondaTarballs,
    verdict: Verdict::Safe,
    markers: &[Marker::Name("urls.txt"), Marker::Ext("conda"), Marker::Ext("tar.bz2")],
    hint: "conda and mamba download and extract again what they need; environments keep what they hard-linked or copied",
    source: "conda 26.7, core/package_cache_data.py, core/path_actions.py; libmamba 2.8, package_cache.cpp",
    ..About::DEFAULT
};

/// A package cache.
const PKGS: &str = "pkgs";
/// Where conda-build works and puts what it built.
const BUILD: &str = "bld";
/// What conda and mamba keep in the cache folder of a home.
const USER: &str = "cache";

impl Family for Conda {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let setup = Setup::read(env);
        let mut places: Vec<Place> = Vec::new();
        places.extend(setup.pkgs.iter().map(|(path, by)| Place::named(path, PKGS, by)));
        places.extend(setup.build.iter().map(|(path, by)| Place::named(path, BUILD, by)));
        for root in &setup.roots {
            places.push(Place::new(root.join("pkgs"), PKGS));
            places.push(Place::new(root.join("conda-bld"), BUILD));
        }
        for home in env.homes() {
            places.push(Place::new(home.join(".conda/pkgs"), PKGS));
            places.push(Place::new(home.join(".mamba/pkgs"), PKGS));
            places.push(Place::new(home.join("conda-bld"), BUILD));
            places.push(Place::new(env.cache_of(home).join("conda"), USER));
        }
        places
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        // mamba gives each folder of its nested layout an urls.txt; they belong to the cache above. A channel's
        // folder has such a name too.
        if package::is_platform(folder.name()) {
            return None;
        }
        let named = matches!(folder.name(), "pkgs" | "pkgs32");
        let extracted = |stem: &str| folder.has_folder(stem);
        let paired = || folder.any_file(|f| package::archive_stem(f).is_some_and(extracted));
        if !folder.has_file("urls.txt") {
            return (named && paired()).then_some(PKGS);
        }
        let archive = || folder.any_file(|f| package::archive_stem(f).is_some());
        let modern = || folder.any_file(|f| f.strip_suffix(".conda").and_then(package::split).is_some());
        let unpacked = || folder.any_folder(|f| package::split(f).is_some());
        let nested = || folder.has_folder("https") || folder.has_folder("no_channel");
        let cache = folder.has_folder("cache");
        let is_one = (named && (archive() || unpacked() || cache || nested()))
            || modern()
            || paired()
            || (cache && (unpacked() || nested()));
        is_one.then_some(PKGS)
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        match store.role() {
            BUILD => build::items(store),
            USER => index::user_cache(store),
            _ => shelf::items(store),
        }
    }
}

#[cfg(test)]
mod tests;
