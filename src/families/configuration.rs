//! The one thing asked of the TOML files that installers read: the folder that a key names.

use std::path::{Path, PathBuf};

use crate::env::Env;

/// The folder a key names, inside of tables that the keys before it name. A broken file counts as empty.
pub fn folder(env: &Env, file: &Path, keys: &[&str]) -> Option<PathBuf> {
    let bytes = env.read_small(file)?;
    let said: toml::Value = toml::from_str(std::str::from_utf8(&bytes).ok()?).ok()?;
    let value = keys.iter().try_fold(&said, |at, key| at.get(key))?;
    value.as_str().filter(|path| !path.is_empty()).map(|path| env.expand(Path::new(path)))
}
