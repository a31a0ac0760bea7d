//! Python environments: every folder with `pyvenv.cfg`, whoever made it. One item is the whole environment.
//!
//! Layout: PEP 405 and `CPython` 3.11 `Lib/venv/__init__.py`; virtualenv 21.15 `create/creator.py`, `create/pyenv_cfg.py`;
//! uv 0.13 (`uv venv`, `uv tool`); pipenv 2026.10 `project.py` (`.project`); poetry 2.5 `utils/env/env_manager.py`;
//! pdm 2.29 `cli/commands/venv/utils.py`; pipx 1.7 `paths.py`.

mod contents;
mod project;

use std::path::{Path, PathBuf};

use super::{About, Family, Folder, Listing, Marker, Place, Range, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem, Use};
use crate::model::node::NodeId;
use crate::model::verdict::Verdict;
use crate::text;
use contents::Contents;
pub(super) use contents::links;
use project::Project;

/// The family.
pub struct Venv;

static ABOUT: About = About {
    id: "venv",
    name: "Python environments",
    items: "an environment",
    category: Category::Environments,
    verdict: Verdict::Rebuild,
    markers: &[Marker::Name("pyvenv.cfg")],
    hint: "mldu writes down first what `pip freeze` says; uv sync, poetry install, pipenv sync or pip install -r make it again from \
           what the project says",
    source: "PEP 405; CPython 3.11, Lib/venv; virtualenv 21.15, create/; uv 0.13; pipenv 2026.10; poetry 2.5; pdm 2.29; pipx 1.7",
    together: true,
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

/// An environment's folder.
const ENV: &str = "env";

/// A `pyvenv.cfg` is some lines.
const CFG: usize = 64 << 10;

/// So many names are said; of the others only their number.
const NAMES: usize = 3;

impl Family for Venv {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let is_one = |path: &PathBuf| env.exists(&path.join("pyvenv.cfg"));
        let mut found: Vec<PathBuf> = env.folder("VIRTUAL_ENV").into_iter().collect();
        for folder in shelves(env) {
            found.extend(env.list(&folder).into_iter().map(|name| folder.join(name)));
        }
        found.into_iter().filter(is_one).map(|path| Place::new(path, ENV)).collect()
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        // uv knows best what the environments in its cache are.
        let filled = folder.has_folder("bin") || folder.has_folder("Scripts");
        let is_one = folder.has_file("pyvenv.cfg") && filled && !folder.is_a_top();
        (is_one && folder.within != Some("uv")).then_some(ENV)
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        let root = store.root();
        let Some(config) = Config::read(store, &root) else { return found };
        let inside = Contents::read(store, &root);
        let project = Project::of(store, &root, &inside);
        let who = format!("environment {}", project.name);
        let mut uses: Vec<PathBuf> = inside.links.clone();
        uses.extend(config.home.iter().flat_map(|h| [h.clone(), store.env().real_path(h)]));
        uses.retain(|path| !path.starts_with(store.path()));
        uses.sort();
        uses.dedup();
        found.uses = uses.into_iter().map(|path| Use { user: who.clone(), path }).collect();

        let mut item = NewItem::new("environment", project.name.clone(), Verdict::Rebuild);
        item.version.clone_from(&config.version);
        item = item.note(counted(inside.packages, &config.maker));
        let mut said = Said(item);
        if store.env().folder("VIRTUAL_ENV").is_some_and(|p| store.env().real_path(&p) == store.path()) {
            said.at_least(Verdict::Protected, Some("active in this shell".into()));
        } else if store.is_fresh(inside.changed.max(config.changed)) {
            said.at_least(Verdict::InUse, Some("changed less than ten minutes ago".into()));
        }
        said.at_least(Verdict::LookFirst, project.lost(store));
        said.at_least(Verdict::LookFirst, inside.not_from_the_web(project.folder.as_deref()));
        said.at_least(Verdict::LookFirst, inside.hidden.then(|| "some of it could not be read".to_string()));
        let others = Others::of(&root);
        said.at_least(Verdict::LookFirst, others.named());
        said.at_least(Verdict::Rebuild, inside.needs(store));
        let gone = config.gone(store);
        let dead = gone.is_some();
        said.at_least(Verdict::Rebuild, gone);
        let mut item = said.0;
        item.leftover = dead || project.is_gone(store);
        // What a person put there is not of the environment.
        item = if others.nodes.is_empty() {
            item.body(root.node())
        } else {
            others.own.iter().fold(item, |item, node| item.body(*node)).key("environment")
        };
        found.items.push(item);
        found
    }
}

/// Folders in which tools keep environments apart from projects.
fn shelves(env: &Env) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = ["UV_TOOL_DIR", "WORKON_HOME", "POETRY_VIRTUALENVS_PATH"]
        .iter()
        .filter_map(|name| env.folder(name))
        .collect();
    all.extend(env.folder("PIPX_HOME").map(|p| p.join("venvs")));
    all.extend(env.folder("POETRY_CACHE_DIR").map(|p| p.join("virtualenvs")));
    for home in env.homes() {
        let data = env.data_of(home);
        all.extend(["uv/tools", "pipx/venvs", "virtualenvs", "pdm/venvs"].map(|below| data.join(below)));
        all.push(home.join(".local/pipx/venvs"));
        all.push(home.join(".virtualenvs"));
        all.push(env.cache_of(home).join("pypoetry/virtualenvs"));
    }
    all
}

/// An item on its way, and its notes.
struct Said(NewItem);

impl Said {
    /// Raises the verdict if there is a reason, and notes it.
    fn at_least(&mut self, verdict: Verdict, why: Option<String>) {
        if let Some(why) = why {
            self.0.verdict = self.0.verdict.max(verdict);
            self.0.notes.push(why);
        }
    }
}

fn counted(packages: u64, maker: &str) -> String {
    format!("{}, made by {maker}", text::counted(packages, "package", "packages"))
}

/// What `pyvenv.cfg` says.
struct Config {
    home: Option<PathBuf>,
    version: Option<String>,
    maker: String,
    changed: u32,
}

impl Config {
    fn read(store: &StoreView<'_>, root: &Folder<'_>) -> Option<Self> {
        let file = root.file("pyvenv.cfg")?;
        let bytes = store.read(file.node, Range::Head, CFG)?;
        let lines = String::from_utf8_lossy(&bytes);
        let value = |key: &str| {
            let mut pairs = lines.lines().filter_map(|line| line.split_once('='));
            pairs.find(|(k, _)| k.trim().eq_ignore_ascii_case(key)).map(|(_, v)| v.trim())
        };
        let version = value("version_info").or_else(|| value("version"));
        let maker = match (value("uv"), value("virtualenv")) {
            (Some(version), _) => format!("uv {version}"),
            (_, Some(version)) => format!("virtualenv {version}"),
            _ => "venv".into(),
        };
        Some(Self {
            home: value("home").map(PathBuf::from).filter(|p| p.is_absolute()),
            version: version.map(|v| text::plain(v.split(".final").next().unwrap_or(v))),
            maker: text::plain(&maker),
            changed: file.mtime,
        })
    }

    /// What of its Python is not there any more. What this world does not reach is not gone.
    fn gone(&self, store: &StoreView<'_>) -> Option<String> {
        let env = store.env();
        let home = self.home.as_deref().filter(|h| env.sees(h) && !env.exists(h))?;
        Some(format!("does not run any more: its Python in {} is gone", text::short_path(home, env.home())))
    }
}

/// What lies in an environment's own folder and is not of it: some people make the environment where the project is.
struct Others {
    own: Vec<NodeId>,
    nodes: Vec<NodeId>,
    names: Vec<String>,
}

impl Others {
    fn of(root: &Folder<'_>) -> Self {
        let usual = |name: &str| {
            const USUAL: [&str; 20] = [
                "bin",
                "lib",
                "lib64",
                "include",
                "share",
                "etc",
                "man",
                "doc",
                "local",
                "Scripts",
                "Lib",
                "Include",
                "pyvenv.cfg",
                ".gitignore",
                "CACHEDIR.TAG",
                ".lock",
                ".project",
                "uv-receipt.toml",
                "pipx_metadata.json",
                "pip-selfcheck.json",
            ];
            USUAL.contains(&name)
        };
        let mut others = Self { own: Vec::new(), nodes: Vec::new(), names: Vec::new() };
        let folders = root.folders().into_iter().map(|f| {
            // pipenv makes `src` for checkouts before there are any.
            (f.node(), usual(f.name()) || (f.name() == "src" && f.is_empty()), f.shown())
        });
        let files = root.files().into_iter().map(|f| (f.node, usual(f.name()), f.shown()));
        for (node, is_own, name) in folders.chain(files) {
            if is_own {
                others.own.push(node);
            } else {
                others.nodes.push(node);
                others.names.push(name);
            }
        }
        others
    }

    fn named(&self) -> Option<String> {
        some_of(&self.names).map(|names| format!("other things lie in its folder: {names}"))
    }
}

/// Some names and how many more, if there are any.
fn some_of(names: &[String]) -> Option<String> {
    let shown = names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        n if n > NAMES => Some(format!("{shown} and {} more", text::full_count((n - NAMES) as u64))),
        _ => Some(shown),
    }
}

/// A folder's name, safe to show.
fn shown(path: &Path) -> Option<String> {
    path.file_name().map(|name| text::display(name.as_encoded_bytes()))
}

#[cfg(test)]
mod tests;
