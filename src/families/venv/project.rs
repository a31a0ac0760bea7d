//! Which project an environment is of, and whether that still says what was in it.

use std::path::{Path, PathBuf};

use super::contents::Contents;
use super::shown;
use crate::families::{Folder, Range, StoreView};
use crate::text;

/// Files of which one is enough to make an environment again.
const RECIPES: [&str; 14] = [
    "pyproject.toml",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile.lock",
    "Pipfile",
    "requirements.txt",
    "requirements",
    "requirements-dev.txt",
    "setup.py",
    "setup.cfg",
    "tox.ini",
    "noxfile.py",
];

/// A path in a file of its own is short.
const PATH: usize = 4 << 10;

/// Who made an environment for what.
enum Maker {
    /// A program that somebody installed.
    Tool(&'static str),
    /// Nobody says more.
    Anybody,
}

/// Whose an environment is.
pub struct Project {
    /// What a person calls the environment, safe to show.
    pub name: String,
    /// The folder of its project, which may be gone.
    pub folder: Option<PathBuf>,
    maker: Maker,
    /// Whether the environment itself names that folder.
    named: bool,
}

impl Project {
    /// Finds out by what lies in the environment and beside it.
    pub fn of(store: &StoreView<'_>, root: &Folder<'_>, contents: &Contents) -> Self {
        let (path, env) = (store.path(), store.env());
        let own = shown(path).unwrap_or_else(|| text::path(path));
        for (file, tool) in [("uv-receipt.toml", "uv tool"), ("pipx_metadata.json", "pipx")] {
            if root.has_file(file) {
                return Self { name: own, folder: None, maker: Maker::Tool(tool), named: false };
            }
        }
        let is_project = |folder: &Path| RECIPES.iter().any(|name| env.exists(&folder.join(name)));
        if let Some(folder) = named_project(store, root) {
            let name = shown(&folder).unwrap_or(own);
            return Self { name, folder: Some(folder), maker: Maker::Anybody, named: true };
        }
        if is_project(path) {
            let folder = Some(path.to_path_buf());
            return Self { name: own, folder, maker: Maker::Anybody, named: false };
        }
        let above = path.parent();
        let runner = above.filter(|p| p.file_name().is_some_and(|n| n == ".tox" || n == ".nox"));
        let beside = runner.map_or(above, Path::parent);
        let usual = matches!(own.as_str(), ".venv" | "venv" | "env" | ".env" | "virtualenv" | ".virtualenv");
        if let Some(folder) = beside.filter(|p| usual || runner.is_some() || is_project(p)) {
            let project = shown(folder).unwrap_or_else(|| text::path(folder));
            let name = if usual { project } else { format!("{project}:{own}") };
            return Self { name, folder: Some(folder.to_path_buf()), maker: Maker::Anybody, named: false };
        }
        // poetry and pdm keep environments apart, but install the project itself into them.
        let edited = contents.local.iter().find(|l| l.editable && is_project(&l.path));
        let name = without_hash(&own).to_string();
        Self { name, folder: edited.map(|l| l.path.clone()), maker: Maker::Anybody, named: false }
    }

    /// Why it cannot simply be made again, if there is a reason.
    pub fn lost(&self, store: &StoreView<'_>) -> Option<String> {
        if let Maker::Tool(tool) = self.maker {
            return Some(format!("a program that someone installed with `{tool}`"));
        }
        let env = store.env();
        let Some(folder) = &self.folder else {
            return Some("no project beside it says what was in it".into());
        };
        if RECIPES.iter().any(|name| env.exists(&folder.join(name))) {
            return None;
        }
        let at = text::short_path(folder, env.home());
        Some(if self.is_gone(store) {
            format!("its project {at} is gone")
        } else {
            format!("nothing in {at} says what was in it")
        })
    }

    /// Whether the project that the environment names is gone.
    pub fn is_gone(&self, store: &StoreView<'_>) -> bool {
        let env = store.env();
        self.named && self.folder.as_ref().is_some_and(|p| env.sees(p) && !env.exists(p))
    }
}

/// The project that pipenv and virtualenvwrapper note in `.project`.
fn named_project(store: &StoreView<'_>, root: &Folder<'_>) -> Option<PathBuf> {
    let file = root.file(".project").filter(|f| f.is_regular() && f.size <= PATH as u64)?;
    let bytes = store.read(file.node, Range::Head, PATH)?;
    let path = PathBuf::from(text::os_str(bytes.trim_ascii()));
    path.is_absolute().then_some(path)
}

/// `NAME-HASH-py3.11` of poetry and `NAME-HASH-3.11` of pdm, without what tells two of one name apart.
fn without_hash(name: &str) -> &str {
    let python = |v: &str| {
        let v = v.strip_prefix("py").unwrap_or(v);
        v.contains('.') && v.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    let Some((rest, _)) = name.rsplit_once('-').filter(|(_, v)| python(v)) else { return name };
    // The hash has eight letters, and a dash may be one of them.
    let cut = rest.len().checked_sub(9).filter(|at| rest.as_bytes()[*at] == b'-');
    cut.and_then(|at| rest.get(..at)).filter(|n| !n.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_tells_two_apart() {
        for (name, short) in [
            ("po-DloK0xit-py3.11", "po"),
            ("a-b-D-oK0xit-py3.11", "a-b"),
            ("web-ab12cd34-3.12", "web"),
            ("tools-3.11", "tools-3.11"),
            ("é-py3.1", "é-py3.1"),
            ("plain", "plain"),
        ] {
            assert_eq!(without_hash(name), short, "{name}");
        }
    }
}
