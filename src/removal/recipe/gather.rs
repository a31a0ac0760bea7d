//! Reads what is in an environment: records of packages, never what is in the packages. Links are not followed, and
//! nothing is read outside of it.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::Recipe;
use super::conda::Package;
use super::pip::{Dist, Kind};
use crate::model::node;
use crate::removal::facts::sentence;
use crate::sys::beneath;
use crate::sys::read::{Range, open_folder_beneath, read_beneath};
use crate::text;

/// A record of conda names every file of its package: those of the largest take some MiB.
const RECORD: usize = 32 << 20;
/// Of what describes a Python package the head is of interest.
const ABOUT: usize = 64 << 10;

/// Reads an environment.
///
/// # Errors
/// If a part of it could not be read: then nobody knows all that is in it.
pub fn read(path: &Path) -> Result<Recipe, String> {
    let root = beneath::open_folder(path).map_err(|e| sentence(&e))?;
    let env = Folder { root: &root };
    let mut recipe = Recipe { root: path.to_path_buf(), ..Recipe::default() };
    let top = env.list(Path::new("")).map_err(|e| sentence(&e))?;
    let mut owned: FxHashSet<String> = FxHashSet::default();
    if has_folder(&top, "conda-meta") {
        let packages = env.records()?;
        owned.extend(packages.iter().flat_map(|p| p.dists.iter().cloned()));
        recipe.conda = Some(packages);
    } else {
        recipe.python = env.read(Path::new("pyvenv.cfg"), ABOUT).and_then(|cfg| python(&cfg));
    }
    for site in env.sites(&top)? {
        env.dists(&site, &owned, &mut recipe.pip)?;
    }
    Ok(recipe)
}

/// The version of Python that `pyvenv.cfg` says.
fn python(cfg: &[u8]) -> Option<String> {
    let cfg = String::from_utf8_lossy(cfg);
    let pairs = || cfg.lines().filter_map(|l| l.split_once('='));
    let value = |key: &str| pairs().find(|(k, _)| k.trim().eq_ignore_ascii_case(key)).map(|(_, v)| v.trim());
    let version = value("version_info").or_else(|| value("version"))?;
    Some(text::plain(version.split(".final").next().unwrap_or(version)))
}

type Names = Vec<(OsString, Option<node::Kind>)>;

fn has_folder(names: &Names, name: &str) -> bool {
    names.iter().any(|(n, kind)| n == name && !matches!(kind, Some(node::Kind::Link | node::Kind::File)))
}

/// An environment's folder, open.
struct Folder<'a> {
    root: &'a OwnedFd,
}

impl Folder<'_> {
    fn list(&self, below: &Path) -> std::io::Result<Names> {
        let mut names = beneath::list(open_folder_beneath(self.root, below)?)?;
        names.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(names.into_iter().map(|e| (e.name, e.kind)).collect())
    }

    /// A file's beginning; nothing if it is not there or cannot be read.
    fn read(&self, below: &Path, cap: usize) -> Option<Vec<u8>> {
        read_beneath(self.root, below, Range::Head, cap).ok()
    }

    /// A record for each file of `conda-meta`, read or not.
    fn records(&self) -> Result<Vec<Package>, String> {
        let meta = Path::new("conda-meta");
        let names = self.list(meta).map_err(|e| format!("conda-meta: {}", sentence(&e)))?;
        let mut packages = Vec::new();
        for (name, _) in names {
            let shown = text::display(name.as_encoded_bytes());
            let Some(stem) = shown.strip_suffix(".json").filter(|s| !s.is_empty() && !s.starts_with('.'))
            else {
                continue;
            };
            let json = self.read(&meta.join(&name), RECORD).filter(|json| json.len() < RECORD);
            packages.push(json.map_or_else(|| Package::unreadable(stem), |json| Package::read(stem, &json)));
        }
        Ok(packages)
    }

    /// Folders of Python packages.
    fn sites(&self, top: &Names) -> Result<Vec<PathBuf>, String> {
        let mut libs: Vec<PathBuf> =
            ["lib", "lib64"].iter().filter(|l| has_folder(top, l)).map(PathBuf::from).collect();
        let local = PathBuf::from("local");
        if has_folder(top, "local") && has_folder(&self.listed(&local)?, "lib") {
            libs.push(local.join("lib"));
        }
        let mut sites = Vec::new();
        for lib in libs {
            for (python, kind) in self.listed(&lib)? {
                let name = python.to_string_lossy().into_owned();
                let folder = !matches!(kind, Some(node::Kind::Link | node::Kind::File));
                if folder && (name.starts_with("python") || name.starts_with("pypy")) {
                    let inside = self.listed(&lib.join(&python))?;
                    let names =
                        ["site-packages", "dist-packages"].into_iter().filter(|s| has_folder(&inside, s));
                    sites.extend(names.map(|site| lib.join(&python).join(site)));
                }
            }
        }
        Ok(sites)
    }

    fn listed(&self, below: &Path) -> Result<Names, String> {
        self.list(below).map_err(|e| format!("{}: {}", text::path(below), sentence(&e)))
    }

    /// The Python packages of a folder, but for those that conda put there.
    fn dists(&self, site: &Path, owned: &FxHashSet<String>, found: &mut Vec<Dist>) -> Result<(), String> {
        for (name, kind) in self.listed(site)? {
            let path = site.join(&name);
            let Some((stem, what)) = name.to_str().and_then(|n| n.rsplit_once('.')) else { continue };
            let is_file = kind == Some(node::Kind::File);
            if !matches!(what, "dist-info" | "egg-info" | "egg" | "egg-link")
                || path.to_str().is_some_and(|p| owned.contains(p))
                // What pip could not remove while it was in use.
                || stem.starts_with('~')
            {
                continue;
            }
            let about = |file: &str| self.read(&path.join(file), ABOUT);
            found.extend(match (what, is_file) {
                ("dist-info", false) => {
                    let record = self.read(&path.join("RECORD"), 1).is_some();
                    let metadata = about("METADATA");
                    let direct = OsStr::new("direct_url.json");
                    let direct =
                        self.is_there(&path, direct).then(|| about("direct_url.json").unwrap_or_default());
                    // A folder with nothing in it is what is left of a package.
                    (record || metadata.is_some())
                        .then(|| Dist::read(Kind::Info, stem, metadata.as_deref(), direct.as_deref()))
                }
                ("egg-info", false) => {
                    let by_pip = self.is_there(&path, OsStr::new("installed-files.txt"));
                    let kind = if by_pip { Kind::OldInfo } else { Kind::Setup };
                    Some(Dist::read(kind, stem, about("PKG-INFO").as_deref(), None))
                }
                ("egg-info", true) => {
                    Some(Dist::read(Kind::Setup, stem, self.read(&path, ABOUT).as_deref(), None))
                }
                ("egg-link", _) => {
                    Some(Dist::read(Kind::Link, stem, self.read(&path, ABOUT).as_deref(), None))
                }
                ("egg", _) => {
                    Some(Dist::read(Kind::Setup, stem, about("EGG-INFO/PKG-INFO").as_deref(), None))
                }
                _ => None,
            });
        }
        Ok(())
    }

    fn is_there(&self, below: &Path, name: &OsStr) -> bool {
        open_folder_beneath(self.root, below).is_ok_and(|f| beneath::look(f, name).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn put(root: &Path, path: &str, content: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("below")).expect("made");
        fs::write(path, content).expect("written");
    }

    fn shown(recipe: &Recipe) -> Vec<String> {
        recipe.pip.iter().map(Dist::shown).collect()
    }

    #[test]
    fn what_conda_installed_is_told_from_what_pip_did() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        let site = "lib/python3.11/site-packages";
        put(
            &root,
            "conda-meta/numpy-2.0-0.json",
            &format!(
                r#"{{"name":"numpy","url":"https://h/c/linux-64/numpy-2.0-0.conda","files":["{site}/numpy-2.0.dist-info/METADATA"]}}"#
            ),
        );
        put(&root, "conda-meta/history", "");
        put(&root, "conda-meta/broken-1-0.json", "{");
        put(&root, &format!("{site}/numpy-2.0.dist-info/METADATA"), "Name: numpy\nVersion: 2.0\n");
        put(&root, &format!("{site}/six-1.17.0.dist-info/METADATA"), "Name: six\nVersion: 1.17.0\n");
        put(&root, &format!("{site}/mine-0.1.dist-info/RECORD"), "x\n");
        put(&root, &format!("{site}/mine-0.1.dist-info/direct_url.json"), "{torn");
        put(&root, &format!("{site}/old-0.2-py3.11.egg-info/PKG-INFO"), "Name: old\nVersion: 0.2\n");
        put(&root, &format!("{site}/~ix-1.16.0.dist-info/METADATA"), "Name: six\n");
        fs::create_dir(root.join(site).join("empty-1.dist-info")).expect("made");
        put(&root, "lib/python3.11/os.py", "");
        std::os::unix::fs::symlink("python3.11", root.join("lib/python3.1")).expect("linked");
        let recipe = read(&root).expect("read");
        assert_eq!(shown(&recipe), ["mine 0.1", "old 0.2", "six 1.17.0"]);
        let names: Vec<&str> = recipe.conda.iter().flatten().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["broken-1-0", "numpy"]);
        let found = recipe.found();
        assert_eq!((found.conda, found.pip), (2, 3));
        assert_eq!(found.counted(), "5 packages, 3 of them from pip");
        assert_eq!(
            found.lost,
            [
                "no address is known of: broken-1-0",
                "cannot be had again: mine 0.1 (where it came from cannot be read), old 0.2 (setup.py put it there)",
                "without a checksum: numpy",
            ]
        );
    }

    #[test]
    fn what_only_this_machine_has_is_said_by_name() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        let site = "lib/python3.11/site-packages";
        put(&root, "pyvenv.cfg", "home = /usr/bin\nversion_info = 3.11.7.final.0\n");
        for (name, direct) in [
            ("in", format!("file://{}/src/in", root.display())),
            ("out", "file:///w/out".to_string()),
            ("private", "https://me:pw@h/private-1.whl".to_string()),
        ] {
            put(
                &root,
                &format!("{site}/{name}-1.dist-info/METADATA"),
                &format!("Name: {name}\nVersion: 1\n"),
            );
            let direct = format!(r#"{{"url":"{direct}","dir_info":{{"editable":true}}}}"#);
            put(&root, &format!("{site}/{name}-1.dist-info/direct_url.json"), &direct);
        }
        put(&root, &format!("{site}/torch-2.dist-info/METADATA"), "Name: torch\nVersion: 2.3.0+cu121\n");
        let recipe = read(&root).expect("read");
        assert_eq!((recipe.conda.as_ref(), recipe.python.as_deref()), (None, Some("3.11.7")));
        assert_eq!(
            recipe.found().lost,
            [
                "its sources lie in the environment and go with it: in 1",
                "only from files or servers of this machine: out 1",
                "only with a login, which is not written down: private 1",
                "by its version not from PyPI, but from an index nobody wrote down: torch 2.3.0+cu121",
            ]
        );
    }

    #[test]
    fn links_are_not_followed_out_of_it() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        put(&root, "other/six-1.dist-info/METADATA", "Name: six\nVersion: 1\n");
        fs::create_dir_all(root.join("env/lib/python3.11")).expect("made");
        std::os::unix::fs::symlink(root.join("other"), root.join("env/lib/python3.11/site-packages"))
            .expect("linked");
        assert!(read(&root.join("env")).expect("read").pip.is_empty());
        std::os::unix::fs::symlink("env", root.join("link")).expect("linked");
        assert!(read(&root.join("link")).is_err());
    }
}
