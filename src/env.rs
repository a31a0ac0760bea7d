//! The only reader of environment variables and home folders. Everything below asks this value, so a test or the
//! demo can put another world in its place.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::sys::mounts;
use crate::sys::user::{self, Account};

/// How long a server of homes has to answer before the screen is there. After two that did not, no other is asked.
const PATIENCE: Duration = Duration::from_millis(250);

/// The largest configuration file that is read.
const SMALL: u64 = 1 << 20;

/// Where things are for whom: variables, homes, and small reads of configuration.
#[derive(Debug, Clone)]
pub struct Env {
    vars: BTreeMap<OsString, OsString>,
    home: PathBuf,
    others: Vec<PathBuf>,
    state: PathBuf,
    config: PathBuf,
    accounts: Vec<Account>,
    uid: u32,
    /// In a fixed world: files that are not on the disk, and the only folder of the disk that may be looked at.
    fixed: Option<Fixed>,
}

#[derive(Debug, Clone, Default)]
struct Fixed {
    files: BTreeMap<PathBuf, Vec<u8>>,
    disk: PathBuf,
}

impl Env {
    /// The world as it is, with the homes of others as far as they can be read: root's reach is everything.
    pub fn real() -> Self {
        let vars: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        let base = directories::BaseDirs::new();
        let accounts = user::accounts(Path::new("/etc/passwd"));
        let uid = user::effective();
        let home = base.as_ref().map_or_else(|| passwd_home(&accounts, uid), |b| b.home_dir().to_path_buf());
        let config = base.as_ref().map_or_else(|| home.join(".config"), |b| b.config_dir().to_path_buf());
        let state = base
            .as_ref()
            .and_then(|b| b.state_dir().map(Path::to_path_buf))
            .unwrap_or_else(|| home.join(".local/state"));
        let others = other_homes(&accounts, &home);
        Self {
            vars,
            others,
            state: state.join("mldu"),
            config: config.join("mldu"),
            home,
            accounts,
            uid,
            fixed: None,
        }
    }

    /// A world of its own: no variable is set, and of the disk only what lies below `home` is seen.
    pub fn fixed(home: impl Into<PathBuf>) -> Self {
        let home = home.into();
        Self {
            vars: BTreeMap::new(),
            others: Vec::new(),
            state: home.join(".local/state/mldu"),
            config: home.join(".config/mldu"),
            accounts: Vec::new(),
            uid: user::effective(),
            fixed: Some(Fixed { files: BTreeMap::new(), disk: home.clone() }),
            home,
        }
    }

    /// A world of which nothing is known and of whose disk nothing is seen: another machine's. No disk has a path
    /// with the byte that is in its home.
    pub fn elsewhere() -> Self {
        Self::fixed("/\0").with_var("TMPDIR", "/tmp")
    }

    /// Sets a variable.
    #[must_use]
    pub fn with_var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// Adds a configuration file that need not be on the disk.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        self.fixed.get_or_insert_default().files.insert(path.into(), content.into());
        self
    }

    /// Adds the home of another person.
    #[must_use]
    pub fn with_home(mut self, home: impl Into<PathBuf>) -> Self {
        self.others.push(home.into());
        self
    }

    /// Adds an account.
    #[must_use]
    pub fn with_account(mut self, uid: u32, name: &str) -> Self {
        self.accounts.push(Account { uid, name: name.into(), home: self.home.clone() });
        self
    }

    /// Acts for a user, whoever runs this process.
    #[must_use]
    pub fn with_uid(mut self, uid: u32) -> Self {
        self.uid = uid;
        self
    }

    /// Lets more of the disk be seen than the home.
    #[must_use]
    pub fn with_disk(mut self, folder: impl Into<PathBuf>) -> Self {
        self.fixed.get_or_insert_default().disk = folder.into();
        self
    }

    /// The value of a variable that is set to something. An empty one counts as unset: libraries differ in what
    /// they do with it, and none of them means a cache by it.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.vars.get(OsStr::new(name)).map(OsString::as_os_str).filter(|v| !v.is_empty())
    }

    /// The value of a variable, if it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.var(name).and_then(OsStr::to_str)
    }

    /// A variable that names a folder, with `~` and `$NAME` expanded.
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(|v| self.expand(Path::new(v)))
    }

    /// The home folder of the person.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The person's home first, then those of others that may be read.
    pub fn homes(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.home.as_path()).chain(self.others.iter().map(PathBuf::as_path))
    }

    /// The cache folder of a home: `$XDG_CACHE_HOME` for one's own, `.cache` for the others.
    pub fn cache_of(&self, home: &Path) -> PathBuf {
        self.xdg_of(home, "XDG_CACHE_HOME", ".cache")
    }

    /// The data folder of a home: `$XDG_DATA_HOME` for one's own, `.local/share` for the others.
    pub fn data_of(&self, home: &Path) -> PathBuf {
        self.xdg_of(home, "XDG_DATA_HOME", ".local/share")
    }

    /// The configuration folder of a home: `$XDG_CONFIG_HOME` for one's own, `.config` for the others.
    pub fn config_of(&self, home: &Path) -> PathBuf {
        self.xdg_of(home, "XDG_CONFIG_HOME", ".config")
    }

    fn xdg_of(&self, home: &Path, var: &str, default: &str) -> PathBuf {
        let own = (home == self.home).then(|| self.folder(var)).flatten();
        own.filter(|p| p.is_absolute()).unwrap_or_else(|| home.join(default))
    }

    /// Where temporary files go.
    pub fn temp(&self) -> PathBuf {
        let named = ["TMPDIR", "TEMP", "TMP"].iter().find_map(|v| self.folder(v));
        named.unwrap_or_else(|| match &self.fixed {
            Some(fixed) => fixed.disk.join("tmp"),
            None => PathBuf::from("/tmp"),
        })
    }

    /// Where mldu keeps its own records.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Where mldu's own settings are.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// The user this process acts for.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The accounts of the machine.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// `path` with a leading `~` and with `$NAME` and `${NAME}` replaced, made absolute.
    pub fn expand(&self, path: &Path) -> PathBuf {
        let mut out = PathBuf::new();
        for (i, part) in path.components().enumerate() {
            match part {
                Component::Normal(name) if i == 0 && name == "~" => out.push(&self.home),
                Component::Normal(name) => match name.to_str().filter(|n| n.contains('$')) {
                    Some(text) => out.push(self.expand_vars(text)),
                    None => out.push(name),
                },
                other => out.push(other),
            }
        }
        if out.is_absolute() { out } else { self.current().join(out) }
    }

    fn expand_vars(&self, text: &str) -> OsString {
        let mut out = OsString::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push(&rest[..at]);
            let tail = &rest[at + 1..];
            let (name, after) = match tail.strip_prefix('{').and_then(|t| t.split_once('}')) {
                Some(found) => found,
                None => {
                    tail.split_at(tail.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tail.len()))
                }
            };
            match self.var(name) {
                Some(value) => out.push(value),
                None => out.push(&rest[at..rest.len() - after.len()]),
            }
            rest = after;
        }
        out.push(rest);
        out
    }

    /// The current folder.
    pub fn current(&self) -> PathBuf {
        if self.fixed.is_some() {
            return self.home.clone();
        }
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
    }

    /// Whether the current folder is still there.
    pub fn has_current(&self) -> bool {
        self.fixed.is_some() || std::env::current_dir().is_ok()
    }

    /// The content of a small configuration file, if it is there and may be read.
    pub fn read_small(&self, path: &Path) -> Option<Vec<u8>> {
        if let Some(fixed) = &self.fixed {
            if let Some(content) = fixed.files.get(path) {
                return Some(content.clone());
            }
            if !path.starts_with(&fixed.disk) {
                return None;
            }
        }
        let meta = std::fs::metadata(path).ok()?;
        (meta.is_file() && meta.len() <= SMALL).then(|| std::fs::read(path).ok())?
    }

    /// The names in a folder, sorted; none if it cannot be read.
    pub fn list(&self, folder: &Path) -> Vec<OsString> {
        self.list_some(folder, |_| true)
    }

    /// Those that are of interest: a home may hold a million others.
    pub fn list_some(&self, folder: &Path, wanted: impl Fn(&OsStr) -> bool) -> Vec<OsString> {
        let mut names: Vec<OsString> = Vec::new();
        if let Some(fixed) = &self.fixed {
            names.extend(
                fixed
                    .files
                    .keys()
                    .filter(|p| p.parent() == Some(folder))
                    .filter_map(|p| p.file_name())
                    .filter(|name| wanted(name))
                    .map(OsStr::to_os_string),
            );
        }
        if self.sees(folder) {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            names.extend(entries.map(|e| e.file_name()).filter(|name| wanted(name)));
        }
        names.sort();
        names.dedup();
        names
    }

    /// The length of a file, if one is at this path.
    pub fn length(&self, path: &Path) -> Option<u64> {
        if let Some(content) = self.fixed.as_ref().and_then(|f| f.files.get(path)) {
            return Some(content.len() as u64);
        }
        let meta = self.sees(path).then(|| path.symlink_metadata().ok()).flatten()?;
        meta.is_file().then_some(meta.len())
    }

    /// Whether something is at this path.
    pub fn exists(&self, path: &Path) -> bool {
        self.fixed.as_ref().is_some_and(|f| f.files.contains_key(path))
            || (self.sees(path) && path.symlink_metadata().is_ok())
    }

    /// The path without links on the way; as it is where that cannot be known.
    pub fn real_path(&self, path: &Path) -> PathBuf {
        let real = self.sees(path).then(|| path.canonicalize().ok()).flatten();
        real.filter(|p| self.sees(p)).unwrap_or_else(|| path.to_path_buf())
    }

    /// Whether this world reaches that far: always, or below the one folder of a fixed one.
    pub fn sees(&self, path: &Path) -> bool {
        self.fixed.as_ref().is_none_or(|f| path.starts_with(&f.disk))
    }

    /// Whether this is a world of its own.
    pub fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }
}

fn passwd_home(accounts: &[Account], uid: u32) -> PathBuf {
    accounts.iter().find(|a| a.uid == uid).map_or_else(|| PathBuf::from("/"), |a| a.home.clone())
}

/// The homes of people: a folder of their own that is there, can be listed, and is no system folder.
fn other_homes(accounts: &[Account], own: &Path) -> Vec<PathBuf> {
    let system = [
        "/",
        "/bin",
        "/dev",
        "/etc",
        "/nonexistent",
        "/proc",
        "/run",
        "/sbin",
        "/sys",
        "/usr/sbin",
        "/usr/bin",
    ];
    let mut homes: Vec<PathBuf> = accounts
        .iter()
        .filter(|a| a.uid == 0 || (1000..65_000).contains(&a.uid) || a.name == "ollama")
        .map(|a| a.home.clone())
        .filter(|h| h.is_absolute() && h != own && !system.iter().any(|s| h == Path::new(s)))
        .collect();
    homes.sort();
    homes.dedup();
    let table = mounts::read();
    let mut dead: Vec<PathBuf> = Vec::new();
    homes.retain(|home| match mounts::holding(&table, home) {
        // Nobody's home is mounted by looking for caches.
        Some(mount) if mount.is_kernel() => false,
        Some(mount) if mount.is_remote() => {
            let (home, is_dead) = (home.clone(), dead.len() > 1 || dead.contains(&mount.path));
            let list = move || std::fs::read_dir(home).is_ok();
            let told = if is_dead { Some(false) } else { mounts::within(PATIENCE, list) };
            told.unwrap_or_else(|| {
                dead.push(mount.path.clone());
                false
            })
        }
        _ => std::fs::read_dir(home).is_ok(),
    });
    homes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_world_sees_nothing_of_this_machine() {
        let env = Env::fixed("/nowhere/home");
        assert_eq!(env.var("PATH"), None);
        assert_eq!(env.read_small(Path::new("/etc/passwd")), None);
        assert!(env.list(Path::new("/")).is_empty());
        assert!(!env.exists(Path::new("/etc")));
        assert_eq!(env.temp(), Path::new("/nowhere/home/tmp"));
    }

    #[test]
    fn paths_expand_as_in_a_shell() {
        let env = Env::fixed("/h").with_var("DATA", "/data").with_var("EMPTY", "");
        for (given, meant) in [
            ("~/x", "/h/x"),
            ("$DATA/y", "/data/y"),
            ("${DATA}z/y", "/dataz/y"),
            ("/a/$NOPE/b", "/a/$NOPE/b"),
            ("rel", "/h/rel"),
            ("/a/~/b", "/a/~/b"),
        ] {
            assert_eq!(env.expand(Path::new(given)), Path::new(meant), "{given}");
        }
        assert_eq!(env.var("EMPTY"), None);
    }

    #[test]
    fn links_on_the_way_are_followed_only_within_this_world() {
        let tmp = tempfile::tempdir().expect("a folder");
        let home = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir_all(home.join("data/conda")).expect("a folder");
        std::os::unix::fs::symlink("data/conda", home.join("conda")).expect("a link");
        std::os::unix::fs::symlink("/usr", home.join("out")).expect("a link");
        let env = Env::fixed(&home);
        assert_eq!(env.real_path(&home.join("conda")), home.join("data/conda"));
        assert_eq!(env.real_path(&home.join("out")), home.join("out"));
        assert_eq!(env.real_path(&home.join("none/x")), home.join("none/x"));
        assert_eq!(env.real_path(Path::new("/usr/../etc")), Path::new("/usr/../etc"));
    }

    #[test]
    fn only_the_own_home_honors_the_variables() {
        let env = Env::fixed("/h").with_var("XDG_CACHE_HOME", "/fast");
        assert_eq!(env.cache_of(Path::new("/h")), Path::new("/fast"));
        assert_eq!(env.cache_of(Path::new("/other")), Path::new("/other/.cache"));
    }
}
