//! Environments of conda, mamba and pixi: every folder with `conda-meta/history`. One item is the whole prefix.
//!
//! Layout: conda 26.7, `conda/core/prefix_data.py`, `conda/models/records.py`; CEP 22 for `frozen`; pixi 0.77 for
//! `conda-meta/pixi`. Which packages an environment links into is asked of its links themselves: mamba records hard
//! links whatever it made (libmamba 2.8, `src/core/link.cpp`).

mod contents;
mod pip;
mod records;

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::conda::setup::Setup;
use super::names::field;
use super::{About, Family, Folder, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem, Use};
use crate::model::verdict::Verdict;
use crate::text;
use contents::Contents;
use pip::Pip;
use records::Records;

/// The family.
pub struct CondaEnv;

static ABOUT: About = About {
    id: "conda-env",
    name: "conda environments",
    items: "an environment",
    category: Category::Environments,
    verdict: Verdict::Rebuild,
    markers: &[Marker::Name("conda-meta")],
    hint: "mldu writes down first what `conda list --explicit` and `pip freeze` say; conda create --file makes it again from \
           that",
    source: "conda 26.7, core/prefix_data.py, models/records.py; libmamba 2.8, core/link.cpp",
    ..About::DEFAULT
};

/// An environment's folder.
const PREFIX: &str = "prefix";

/// Files of no package that take more than this make a person look first: nobody installs them again.
const CRUMBS: u64 = 1 << 20;

/// A file of conda's own that says something about the environment is at most so large.
const SMALL: usize = 64 << 10;

impl Family for CondaEnv {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        Setup::read(env).prefixes(env).into_iter().map(|path| Place::new(path, PREFIX)).collect()
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        // An environment without packages has this folder alone; a folder of sources has no `bin` beside it.
        let usual = ["bin", "lib", "share", "etc", "condabin", "Scripts", "Library"];
        let filled = usual.iter().any(|name| folder.has_folder(name));
        let empty = folder.folders.len() == 1;
        (folder.has_folder("conda-meta") && (filled || empty)).then_some(PREFIX)
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let Some(meta) = root.folder("conda-meta") else { return found };
        let Some(history) = meta.file("history") else { return found };
        let (records, mut owned) = Records::read(store, &meta);
        let pip = Pip::read(store, &mut owned);
        let contents = Contents::read(store, &records, &owned);
        let pixi = Pixi::read(store, &meta);
        let name = name_of(store, pixi.as_ref());
        let user = format!("environment {name}");
        found.uses =
            contents.links.iter().map(|path| Use { user: user.clone(), path: path.clone() }).collect();
        let mut item = NewItem::new("environment", name, Verdict::Rebuild).body(root.node());
        item.version = records.python();
        item.waits = true;
        let mut said = Said { verdict: Verdict::Rebuild, notes: vec![counted(&records, &pip)] };
        if let Some(why) = kept(store, &meta) {
            said = said.at_least(Verdict::Protected, Some(why.into()));
        } else if store.is_fresh(history.mtime.max(meta.mtime())) {
            said = said.at_least(Verdict::InUse, Some("changed less than ten minutes ago".into()));
        }
        said = said.at_least(Verdict::LookFirst, records.not_from_the_web());
        said = said.at_least(Verdict::LookFirst, pip.not_from_the_web());
        said = said.at_least(Verdict::LookFirst, settings(store, &meta));
        let hidden = contents.hidden.then(|| "some of it could not be read".to_string());
        said = said.at_least(Verdict::LookFirst, hidden);
        said = said.at_least(Verdict::LookFirst, pixi.as_ref().and_then(|p| p.lost(store)));
        let weight = if contents.bytes > CRUMBS { Verdict::LookFirst } else { Verdict::Rebuild };
        said = said.at_least(weight, contents.unowned());
        item.verdict = said.verdict;
        item.notes = said.notes;
        item.origin = pixi.as_ref().and_then(|p| p.shown(store.env()));
        item.leftover = pixi.is_some_and(|p| p.is_gone(store.env()));
        item.children = contents.trash;
        found.items.push(item);
        found
    }
}

/// A verdict on its way, and why.
struct Said {
    verdict: Verdict,
    notes: Vec<String>,
}

impl Said {
    /// Raises the verdict if there is a reason, and notes it.
    fn at_least(mut self, verdict: Verdict, why: Option<String>) -> Self {
        if let Some(why) = why {
            self.verdict = self.verdict.max(verdict);
            self.notes.push(why);
        }
        self
    }
}

fn counted(records: &Records, pip: &Pip) -> String {
    let packages = text::counted(records.all.len() as u64, "package", "packages");
    match pip.count {
        0 => packages,
        n => format!("{packages}, {} from pip", text::full_count(n)),
    }
}

/// Why an environment is never removed, if there is a reason.
fn kept(store: &StoreView<'_>, meta: &Folder<'_>) -> Option<&'static str> {
    let path = store.path();
    if is_shared(path, store.env()) {
        return Some("more than conda lives in this folder");
    }
    if is_base(store) {
        return Some("conda itself lives here");
    }
    if is_named(store.env(), path, &["CONDA_PREFIX"]) {
        return Some("active in this shell");
    }
    meta.has_file("frozen").then_some("frozen: conda refuses to change it, too")
}

/// Whether other things live in a prefix: the system's folders, and what holds a home.
fn is_shared(path: &Path, env: &Env) -> bool {
    let system = ["/", "/usr", "/usr/local", "/opt", "/home", "/root"];
    system.iter().any(|s| path == Path::new(s)) || env.homes().any(|h| env.real_path(h).starts_with(path))
}

/// Whether one of these variables names this folder.
fn is_named(env: &Env, path: &Path, variables: &[&str]) -> bool {
    variables.iter().filter_map(|name| env.folder(name)).any(|named| env.real_path(&named) == path)
}

/// Whether conda or mamba itself is installed here, or keeps its things here.
fn is_base(store: &StoreView<'_>) -> bool {
    let (root, path, env) = (store.root(), store.path(), store.env());
    let program = env.folder("CONDA_EXE").map(|p| env.real_path(&p));
    if program.is_some_and(|p| p.parent().and_then(Path::parent) == Some(path)) {
        return true;
    }
    let named =
        ["CONDA_ROOT_PREFIX", "CONDA_ROOT", "CONDA_DIR", "MAMBA_ROOT_PREFIX", "MAMBA_DEFAULT_ROOT_PREFIX"];
    if is_named(env, path, &named) || (root.has_folder("envs") && root.has_folder("pkgs")) {
        return true;
    }
    // Old versions of conda linked their program into every environment.
    let real = |folder: &str, name: &str| {
        let file = root.folder(folder).and_then(|f| f.file(name));
        file.is_some_and(|f| f.kind == crate::model::node::Kind::File)
    };
    let inside = path.parent().and_then(Path::file_name).is_some_and(|above| above == "envs");
    !inside && (real("condabin", "conda") || real("condabin", "mamba") || real("bin", "conda"))
}

/// Settings that a person made in the environment and no list of packages brings back
/// (conda, `core/prefix_data.py`, `conda-meta/state` and `pinned`).
fn settings(store: &StoreView<'_>, meta: &Folder<'_>) -> Option<String> {
    let variables = meta.file("state").filter(|f| f.size > 0).is_some_and(|file| {
        // What cannot be read may be what someone set.
        let state = store.json(file.node, SMALL);
        state.is_none_or(|s| s.get("env_vars").and_then(Value::as_object).is_none_or(|v| !v.is_empty()))
    });
    let pinned = meta.file("pinned").is_some_and(|file| file.size > 0);
    match (variables, pinned) {
        (true, true) => Some("keeps variables and pinned versions that someone set".into()),
        (true, false) => Some("keeps variables that someone set".into()),
        (false, true) => Some("keeps pinned versions that someone set".into()),
        (false, false) => None,
    }
}

/// What a person calls the environment, safe to show.
fn name_of(store: &StoreView<'_>, pixi: Option<&Pixi>) -> String {
    if is_base(store) {
        return "base".into();
    }
    if let Some(name) = pixi.and_then(Pixi::name) {
        return name;
    }
    let path = store.path();
    let shown = |name: Option<&std::ffi::OsStr>| name.map(|n| text::display(n.as_encoded_bytes()));
    let (name, above) = (shown(path.file_name()), path.parent());
    let in_envs = above.is_some_and(|folder| {
        folder.file_name().is_some_and(|n| n == "envs")
            || Setup::read(store.env()).envs.iter().any(|e| store.env().real_path(e) == folder)
    });
    // `PROJECT/.pixi/envs/NAME`, for what pixi did not say itself.
    let project = above.and_then(Path::parent).filter(|p| p.file_name().is_some_and(|n| n == ".pixi"));
    let project = shown(project.and_then(Path::parent).and_then(Path::file_name));
    match (name, project) {
        (Some(name), Some(project)) if in_envs && !pixi.is_some_and(|p| p.tool) => {
            of_project(&project, &name)
        }
        (Some(name), _) if in_envs => name,
        _ => text::short_path(path, store.env().home()),
    }
}

fn of_project(project: &str, environment: &str) -> String {
    if environment == "default" { project.into() } else { format!("{project}:{environment}") }
}

/// What pixi says of an environment it made (`conda-meta/pixi`).
struct Pixi {
    manifest: Option<PathBuf>,
    environment: Option<String>,
    tool: bool,
}

impl Pixi {
    fn read(store: &StoreView<'_>, meta: &Folder<'_>) -> Option<Self> {
        let env = store.env();
        let above = store.path().parent()?;
        let mut tools = env
            .homes()
            .map(|home| home.join(".pixi/envs"))
            .chain(env.folder("PIXI_HOME").map(|h| h.join("envs")));
        let tool = tools.any(|folder| env.real_path(&folder) == above);
        let file = meta.file("pixi");
        if file.is_none() && !tool {
            return None;
        }
        let said = file.and_then(|f| store.json(f.node, SMALL)).unwrap_or_default();
        let manifest = said.get("manifest_path").and_then(Value::as_str).map(PathBuf::from);
        let manifest = manifest.filter(|m| m.is_absolute());
        Some(Self { manifest, environment: field(&said, "environment_name"), tool })
    }

    fn name(&self) -> Option<String> {
        let project = self.manifest.as_deref().filter(|_| !self.tool)?.parent()?.file_name()?;
        let project = text::display(project.as_encoded_bytes());
        Some(of_project(&project, self.environment.as_deref()?))
    }

    /// The manifest of the project, safe to show.
    fn shown(&self, env: &Env) -> Option<String> {
        self.manifest.as_ref().filter(|_| !self.tool).map(|m| text::short_path(m, env.home()))
    }

    /// Whether the project is gone as a whole.
    fn is_gone(&self, env: &Env) -> bool {
        let project = self.manifest.as_deref().and_then(Path::parent).filter(|_| !self.tool);
        project.is_some_and(|p| env.sees(p) && !env.exists(p))
    }

    /// Why it cannot simply be made again, if there is a reason.
    fn lost(&self, store: &StoreView<'_>) -> Option<String> {
        if self.tool {
            return Some("programs that someone installed with `pixi global`".into());
        }
        let locked = self.manifest.as_deref().and_then(Path::parent).map(|p| p.join("pixi.lock"));
        match locked {
            Some(lock) if store.env().exists(&lock) => None,
            Some(_) if self.is_gone(store.env()) => Some("pixi made it, but its project is gone".into()),
            Some(_) => Some("pixi made it, but its project has no pixi.lock any more".into()),
            None => Some("pixi made it, but does not say for which project".into()),
        }
    }
}

#[cfg(test)]
mod tests;
