//! What to scan, and how.

use std::path::PathBuf;
use std::sync::Arc;

use super::exclude::Exclude;
use super::import::Import;
use crate::env::Env;
use crate::families::Families;
use crate::model::mount::Mount;

/// How directories are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// By descriptors, where the system has the calls.
    #[default]
    Native,
    /// Through walkdir.
    Portable,
}

/// What to scan, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The world.
    pub env: Arc<Env>,
    /// The families in it.
    pub families: Arc<Families>,
    /// What was asked for; empty means all that is known.
    pub roots: Vec<PathBuf>,
    /// Stay on the file systems of the roots.
    pub one_fs: bool,
    /// What is left out.
    pub exclude: Arc<Exclude>,
    /// Walking threads; 0 means four a core, at least 8 and at most 16: on a cold disk most of them wait for it.
    pub threads: usize,
    /// How directories are read.
    pub backend: Backend,
    /// The time, seconds since 1970.
    pub now: i64,
    /// Mounts to show in place of the real ones, for pictures.
    pub shown_mounts: Option<Vec<Mount>>,
    /// An export to read in place of the disk.
    pub import: Option<Arc<Import>>,
}

impl Settings {
    /// A scan of all that is known in this world.
    pub fn new(env: Arc<Env>, now: i64) -> Self {
        Self {
            families: Arc::new(Families::of(&env)),
            env,
            roots: Vec::new(),
            one_fs: false,
            exclude: Arc::default(),
            threads: 0,
            backend: Backend::Native,
            now,
            shown_mounts: None,
            import: None,
        }
    }

    /// Puts another world in its place.
    pub fn enter(&mut self, env: Arc<Env>) {
        self.families = Arc::new(Families::of(&env));
        self.env = env;
    }
}
