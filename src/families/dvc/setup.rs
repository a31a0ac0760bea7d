//! DVC's configuration: where caches are, and whether workspaces link into them.
//!
//! Layout: dvc 3.67, `config.py`, `dirs.py`: system, global, repository and local configuration, in the format of
//! Python's `configparser`.

use std::path::{Path, PathBuf};

use crate::env::Env;

/// What the section `[cache]` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// Where the cache is, as it is written.
    pub dir: Option<String>,
    /// Kinds of links, in the order they are tried.
    pub kinds: Option<String>,
}

impl Cache {
    /// Reads a configuration.
    pub fn parse(content: &[u8]) -> Self {
        let mut cache = Self::default();
        let text = String::from_utf8_lossy(content);
        let mut inside = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                inside = line == "[cache]";
            } else if let Some((key, value)) = line.split_once('=').filter(|_| inside) {
                let value = Some(value.trim().to_string()).filter(|v| !v.is_empty());
                match key.trim() {
                    "dir" => cache.dir = value,
                    "type" => cache.kinds = value,
                    _ => {}
                }
            }
        }
        cache
    }

    /// This, and where it says nothing, what the other says.
    pub fn or(self, other: Self) -> Self {
        Self { dir: self.dir.or(other.dir), kinds: self.kinds.or(other.kinds) }
    }

    /// Whether workspaces may consist of symbolic links into the cache.
    pub fn links(&self) -> bool {
        self.kinds.as_ref().is_some_and(|k| k.split([',', ' ']).any(|k| k == "symlink"))
    }

    /// Where the cache is, if this was read from `file`. Paths are relative to the configuration's folder.
    pub fn path(&self, file: &Path) -> Option<PathBuf> {
        let dir = self.dir.as_ref().filter(|d| !d.contains("://"))?;
        let joined = file.parent()?.join(dir);
        let mut path = PathBuf::new();
        for part in joined.components() {
            match part {
                std::path::Component::ParentDir => {
                    path.pop();
                }
                std::path::Component::CurDir => {}
                other => path.push(other),
            }
        }
        path.is_absolute().then_some(path)
    }
}

/// The configurations of machine and persons, strongest first, that are there.
pub fn shared(env: &Env) -> Vec<(PathBuf, Cache)> {
    let named = env.folder("DVC_GLOBAL_CONFIG_DIR").into_iter();
    let homes = env.homes().map(|home| env.config_of(home).join("dvc"));
    let system = env.folder("DVC_SYSTEM_CONFIG_DIR").unwrap_or_else(|| PathBuf::from("/etc/xdg/dvc"));
    let files = named.chain(homes).chain([system]).map(|dir| dir.join("config"));
    files.filter_map(|file| Some((file.clone(), Cache::parse(&env.read_small(&file)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_of_the_cache_alone_counts() {
        let text = b"[core]\n  remote = s3\n['remote \"s3\"']\n    dir = nope\n[cache]\n    dir = ../../shared/dvc\n    type = reflink,symlink\n";
        let cache = Cache::parse(text);
        assert_eq!(cache.dir.as_deref(), Some("../../shared/dvc"));
        assert!(cache.links() && !Cache::parse(b"[cache]\ntype = hardlink").links());
        assert_eq!(cache.path(Path::new("/w/p/.dvc/config")), Some("/w/shared/dvc".into()));
        let remote = Cache::parse(b"[cache]\ndir = s3://bucket/x\n");
        assert_eq!(remote.path(Path::new("/w/p/.dvc/config")), None);
        assert_eq!(Cache::parse(b"\xff\x00[cache]"), Cache::default());
    }
}
