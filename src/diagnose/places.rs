//! Where Jupyter writes when a person saves: five places, often on different mounts.
//!
//! `jupyter_core` 5.9, `paths.py` (`jupyter_data_dir`, `jupyter_runtime_dir`); `IPython` 9, `paths.py` (`get_ipython_dir`),
//! `core/history.py`; `nbformat` 5.10, `sign.py` (`nbsignatures.db`).

use std::path::{Path, PathBuf};

use crate::env::Env;

/// What is written at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// The notebooks themselves.
    Notebooks,
    /// Whether a notebook is trusted.
    Signatures,
    /// The files by which kernels are reached.
    Kernels,
    /// What was typed.
    History,
    /// Temporary files.
    Temp,
}

impl Purpose {
    /// All of them, in the order of the screen.
    pub const ALL: [Self; 5] = [Self::Notebooks, Self::Signatures, Self::Kernels, Self::History, Self::Temp];

    /// The word on the screen and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Notebooks => "notebooks",
            Self::Signatures => "signatures",
            Self::Kernels => "kernels",
            Self::History => "history",
            Self::Temp => "temp",
        }
    }

    /// What does not work when this cannot be written.
    pub fn loss(self) -> &'static str {
        match self {
            Self::Notebooks => "notebooks cannot be saved",
            Self::Signatures => "notebooks cannot be saved, because Jupyter signs them there",
            Self::Kernels => "no kernel can be started",
            Self::History => "what is typed is not remembered",
            Self::Temp => "programs that need temporary files fail",
        }
    }

    /// Whether work is over without it. Signatures are needed: `jupyter_server` signs a notebook before it writes it, and
    /// ends with 500 if that fails (`filemanager.py`, `check_and_sign`; `nbformat`'s `sign.py` catches nothing there).
    pub fn blocks(self) -> bool {
        self != Self::History
    }

    /// The variable that moves it, but for notebooks, which lie where somebody works.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Self::Notebooks => None,
            Self::Signatures => Some("JUPYTER_DATA_DIR"),
            Self::Kernels => Some("JUPYTER_RUNTIME_DIR"),
            Self::History => Some("IPYTHONDIR"),
            Self::Temp => Some("TMPDIR"),
        }
    }

    /// A file in it that must be open to this user if it is there.
    pub fn file(self) -> Option<&'static str> {
        (self == Self::Signatures).then_some("nbsignatures.db")
    }
}

/// The five places, for notebooks in a folder.
pub fn all(env: &Env, notebooks: &Path) -> [(Purpose, PathBuf); 5] {
    let data = env.folder("JUPYTER_DATA_DIR").unwrap_or_else(|| env.data_of(env.home()).join("jupyter"));
    let runtime = env.folder("JUPYTER_RUNTIME_DIR").unwrap_or_else(|| data.join("runtime"));
    let ipython = env.folder("IPYTHONDIR").unwrap_or_else(|| env.home().join(".ipython"));
    [
        (Purpose::Notebooks, notebooks.to_path_buf()),
        (Purpose::Signatures, data),
        (Purpose::Kernels, runtime),
        (Purpose::History, ipython.join("profile_default")),
        (Purpose::Temp, env.temp()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_move_the_places() {
        let shown = |env: &Env| {
            let all = all(env, Path::new("/work"));
            all.map(|(p, path)| format!("{} {}", p.word(), path.display())).join("\n")
        };
        let env = Env::fixed("/h");
        assert_eq!(
            shown(&env),
            "notebooks /work\nsignatures /h/.local/share/jupyter\nkernels /h/.local/share/jupyter/runtime\n\
             history /h/.ipython/profile_default\ntemp /h/tmp"
        );
        let moved =
            env.with_var("JUPYTER_DATA_DIR", "/d").with_var("IPYTHONDIR", "/i").with_var("TMPDIR", "/t");
        assert_eq!(
            shown(&moved),
            "notebooks /work\nsignatures /d\nkernels /d/runtime\nhistory /i/profile_default\ntemp /t"
        );
    }
}
