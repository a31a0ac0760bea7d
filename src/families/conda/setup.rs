//! Where conda and mamba are installed and what their configuration files name.
//!
//! Search paths: conda 26.7, `conda/base/constants.py`, `SEARCH_PATH`, and `conda/base/context.py`; libmamba 2.8,
//! `src/api/configuration.cpp`, `compute_default_rc_sources` and `get_root_prefix`. A broken file counts as empty.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use yaml_serde::Value;

use crate::env::Env;
use crate::text;

/// A configuration file is larger than this only by mistake, or to be a burden.
const RC: usize = 64 << 10;

/// What is installed, and what is configured.
#[derive(Debug, Default)]
pub struct Setup {
    /// Package caches that something names, and what does.
    pub pkgs: Vec<(PathBuf, String)>,
    /// Folders of conda-build that something names, and what does.
    pub build: Vec<(PathBuf, String)>,
    /// Prefixes that conda or mamba is installed in.
    pub roots: Vec<PathBuf>,
    /// Folders whose folders are environments.
    pub envs: Vec<PathBuf>,
}

/// What is read of a configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rc {
    pkgs_dirs: Value,
    #[serde(alias = "envs_path")]
    envs_dirs: Value,
    #[serde(alias = "root_dir")]
    root_prefix: Value,
    croot: Value,
    bld_path: Value,
    #[serde(rename = "conda-build", alias = "conda_build")]
    conda_build: Value,
}

/// A configuration file, and the homes its `~` means.
struct RcFile {
    path: PathBuf,
    homes: Vec<PathBuf>,
}

impl Setup {
    /// Looks around.
    pub fn read(env: &Env) -> Self {
        let mut setup = Self { roots: installs(env), ..Self::default() };
        if let Some(value) = env.text("CONDA_PKGS_DIRS") {
            let paths = value.split(',').map(str::trim).filter(|p| !p.is_empty());
            setup.pkgs.extend(paths.map(|p| (env.expand(Path::new(p)), "$CONDA_PKGS_DIRS".into())));
        }
        for name in ["CONDA_CROOT", "CONDA_BLD_PATH"] {
            setup.build.extend(env.folder(name).map(|path| (path, format!("${name}"))));
        }
        for name in ["CONDA_ENVS_DIRS", "CONDA_ENVS_PATH"] {
            let paths = env.text(name).unwrap_or_default().split(':').filter(|p| !p.is_empty());
            setup.envs.extend(paths.map(|p| env.expand(Path::new(p))));
        }
        // What is found last wins, so it is told first.
        for file in rc_files(env, &setup.roots).into_iter().rev() {
            setup.add(env, &file);
        }
        setup.roots.retain(|root| is_install(env, root));
        let below = setup.roots.iter().map(|root| root.join("envs"));
        let own = env.homes().map(|home| home.join(".conda/envs"));
        let defaults: Vec<PathBuf> = below.chain(own).collect();
        setup.envs.extend(defaults);
        setup
    }

    /// Adds what a configuration file names.
    fn add(&mut self, env: &Env, file: &RcFile) {
        let Some(bytes) = env.read_small(&file.path).filter(|b| b.len() <= RC) else { return };
        let Ok(rc) = yaml_serde::from_slice::<Rc>(&bytes) else { return };
        let by = text::short_path(&file.path, env.home());
        let paths = |value: &Value| file.paths(env, value);
        self.pkgs.extend(paths(&rc.pkgs_dirs).into_iter().map(|p| (p, by.clone())));
        self.envs.extend(paths(&rc.envs_dirs));
        self.roots.extend(paths(&rc.root_prefix));
        let root_dir = rc.conda_build.get("root-dir").cloned().unwrap_or_default();
        let build = [rc.croot, rc.bld_path, root_dir];
        self.build.extend(build.iter().flat_map(&paths).map(|p| (p, by.clone())));
    }

    /// The prefixes of known environments that are there: installs, folders of environments, and what conda wrote
    /// down of each home. Lines of what is long gone are normal there (conda, `core/envs_manager.py`).
    pub fn prefixes(&self, env: &Env) -> Vec<PathBuf> {
        let mut found = self.roots.clone();
        found.extend(env.folder("CONDA_PREFIX"));
        for folder in &self.envs {
            found.extend(env.list(folder).into_iter().map(|name| folder.join(name)));
        }
        for home in env.homes() {
            let list = env.read_small(&home.join(".conda/environments.txt")).unwrap_or_default();
            let lines = list.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
            found.extend(lines.map(|line| PathBuf::from(text::os_str(line))).filter(|p| p.is_absolute()));
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|prefix| seen.insert(prefix.clone()) && is_prefix(env, prefix));
        found
    }
}

impl RcFile {
    /// The folders a value names: one, or a list.
    fn paths(&self, env: &Env, value: &Value) -> Vec<PathBuf> {
        let names: Vec<&str> = match value {
            Value::String(name) => vec![name],
            Value::Sequence(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut paths = Vec::new();
        for name in names.into_iter().map(str::trim).filter(|n| !n.is_empty()) {
            let below = ["~", "$HOME", "${HOME}"].iter().find_map(|home| name.strip_prefix(home));
            match below.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                Some(rest) => {
                    let rest = rest.trim_start_matches('/');
                    paths.extend(self.homes.iter().map(|home| env.expand(&home.join(rest))));
                }
                None => paths.push(env.expand(Path::new(name))),
            }
        }
        paths
    }
}

/// Whether a folder is an environment's prefix (conda, `core/prefix_data.py`, `is_environment`).
fn is_prefix(env: &Env, path: &Path) -> bool {
    env.exists(&path.join("conda-meta/history"))
}

/// Whether conda or mamba keeps its things in a folder. Some programs make `/usr/local` one; that alone is so shared a
/// place that it takes the program to believe it.
fn is_install(env: &Env, path: &Path) -> bool {
    if path == Path::new("/usr/local") {
        return is_prefix(env, path) && env.exists(&path.join("bin/conda"));
    }
    is_prefix(env, path) || env.exists(&path.join("pkgs/urls.txt"))
}

/// Folders conda or mamba may be installed in, those that variables name first.
fn installs(env: &Env) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let named = [
        "CONDA_ROOT_PREFIX",
        "CONDA_ROOT",
        "CONDA_DIR",
        "MAMBA_ROOT_PREFIX",
        "MAMBA_DEFAULT_ROOT_PREFIX",
        "CONDA_PREFIX",
    ];
    found.extend(named.iter().filter_map(|name| env.folder(name)));
    let program = env.folder("CONDA_EXE");
    found.extend(program.and_then(|p| p.parent().and_then(Path::parent).map(Path::to_path_buf)));
    // An environment `ROOT/envs/NAME` says where its root is.
    let active = env.folder("CONDA_PREFIX");
    let above =
        active.as_deref().and_then(Path::parent).filter(|p| p.file_name().is_some_and(|n| n == "envs"));
    found.extend(above.and_then(Path::parent).map(Path::to_path_buf));
    for home in env.homes() {
        found.extend(installs_in(env, home));
        found.push(home.join(".conda/express"));
        found.push(env.data_of(home).join("mamba"));
    }
    for name in ["SCRATCH", "WORK"] {
        found.extend(env.folder(name).iter().flat_map(|folder| installs_in(env, folder)));
    }
    found.extend(installs_in(env, Path::new("/opt")));
    found.push(PathBuf::from("/usr/local"));
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|path| seen.insert(path.clone()) && is_install(env, path));
    found
}

/// Folders that installers name so: miniconda3, anaconda3, miniforge3, mambaforge, micromamba.
fn installs_in(env: &Env, folder: &Path) -> Vec<PathBuf> {
    let named_so = |name: &std::ffi::OsStr| {
        let name = name.as_encoded_bytes();
        let has = |part: &&str| name.windows(part.len()).any(|w| w.eq_ignore_ascii_case(part.as_bytes()));
        ["conda", "mamba", "forge"].iter().any(has)
    };
    env.list_some(folder, named_so).into_iter().map(|name| folder.join(name)).collect()
}

/// The configuration files, those that count least first.
fn rc_files(env: &Env, roots: &[PathBuf]) -> Vec<RcFile> {
    let everyone: Vec<PathBuf> = env.homes().map(Path::to_path_buf).collect();
    let mut files = Vec::new();
    let mut folder = |folder: &Path, homes: &[PathBuf]| {
        let mut paths: Vec<PathBuf> =
            [".condarc", "condarc", ".mambarc", "mambarc"].iter().map(|name| folder.join(name)).collect();
        for parts in ["condarc.d", "mambarc.d"].map(|name| folder.join(name)) {
            let yaml = |name: &std::ffi::OsString| {
                Path::new(name).extension().is_some_and(|ext| ext == "yml" || ext == "yaml")
            };
            paths.extend(env.list(&parts).into_iter().filter(yaml).map(|name| parts.join(name)));
        }
        files.extend(paths.into_iter().map(|path| RcFile { path, homes: homes.to_vec() }));
    };
    for system in ["/etc/conda", "/var/lib/conda"] {
        folder(Path::new(system), &everyone);
    }
    for root in env.folder("CONDA_ROOT").iter().chain(roots) {
        folder(root, &everyone);
    }
    for home in env.homes() {
        let own = [home.to_path_buf()];
        let config = env.config_of(home);
        for base in [config.clone(), home.join(".config")] {
            folder(&base.join("conda"), &own);
            folder(&base.join("mamba"), &own);
            if config == home.join(".config") {
                break;
            }
        }
        folder(&home.join(".conda"), &own);
        folder(&home.join(".mamba"), &own);
        folder(home, &own);
    }
    if let Some(prefix) = env.folder("CONDA_PREFIX").filter(|p| !roots.contains(p)) {
        folder(&prefix, &everyone);
    }
    let own = vec![env.home().to_path_buf()];
    for name in ["CONDARC", "MAMBARC"] {
        files.extend(env.folder(name).map(|path| RcFile { path, homes: own.clone() }));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pkgs(env: &Env) -> Vec<String> {
        Setup::read(env).pkgs.iter().map(|(path, by)| format!("{} by {by}", path.display())).collect()
    }

    #[test]
    fn variables_come_before_files_and_later_files_before_earlier_ones() {
        let env = Env::fixed("/h")
            .with_home("/home/bo")
            .with_var("CONDA_PKGS_DIRS", "/fast/pkgs, ~/p2,")
            .with_var("CONDARC", "/h/rc.yml")
            .with_file("/etc/conda/condarc.d/site.yml", "pkgs_dirs: ['~/site', /shared/pkgs]\n")
            .with_file("/etc/conda/condarc.d/notes.txt", "pkgs_dirs: [/no]\n")
            .with_file("/h/.condarc", "pkgs_dirs:\n  - ~/own   #!top\nchannels: [defaults]\n")
            .with_file("/h/.mambarc", "pkgs_dirs: /one/string\n")
            .with_file("/home/bo/.condarc", "pkgs_dirs: [$HOME/theirs]\n")
            .with_file("/h/rc.yml", "pkgs_dirs: [/last]\n");
        assert_eq!(
            pkgs(&env),
            [
                "/fast/pkgs by $CONDA_PKGS_DIRS",
                "/h/p2 by $CONDA_PKGS_DIRS",
                "/last by ~/rc.yml",
                "/home/bo/theirs by /home/bo/.condarc",
                "/one/string by ~/.mambarc",
                "/h/own by ~/.condarc",
                "/h/site by /etc/conda/condarc.d/site.yml",
                "/home/bo/site by /etc/conda/condarc.d/site.yml",
                "/shared/pkgs by /etc/conda/condarc.d/site.yml",
            ]
        );
    }

    #[test]
    fn a_broken_or_hostile_file_is_as_good_as_none() {
        let bomb = format!(
            "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\npkgs_dirs: [*b,*b,*b]\n{}",
            "# long\n".repeat(20_000)
        );
        for content in [
            "pkgs_dirs: [unclosed\n",
            "pkgs_dirs:\n\t- tab\n",
            "- a list\n",
            "pkgs_dirs: {a: 1}\n",
            "pkgs_dirs: [1, null, [x]]\n",
            "conda-build: 7\n",
            "\u{0}\u{1}",
            "",
            &bomb,
        ] {
            let env = Env::fixed("/h").with_file("/h/.condarc", content);
            assert!(pkgs(&env).is_empty(), "{content:.40}");
        }
        let env = Env::fixed("/h").with_file("/h/.condarc", b"pkgs_dirs: ['/a\xff']\n".to_vec());
        assert!(pkgs(&env).is_empty());
    }

    #[test]
    fn installs_are_found_by_name_and_by_what_is_in_them() {
        let mut env = Env::fixed("/h")
            .with_var("CONDA_PREFIX", "/data/forge/envs/train")
            .with_var("CONDA_EXE", "/data/exe/bin/conda")
            .with_var("MAMBA_ROOT_PREFIX", "/data/mm")
            .with_file("/data/mm/pkgs/urls.txt", "")
            .with_file("/h/conda-notes", "")
            .with_file("/usr/local/conda-meta/history", "")
            .with_file("/data/mm/.mambarc", "envs_dirs: [/data/envs]\nroot_prefix: /data/rooted\n");
        for (folder, name) in [("/opt", "miniforge3"), ("/h", "Miniconda3-old"), ("/opt", "condiment")] {
            env = env.with_file(format!("{folder}/{name}"), "");
        }
        for prefix in [
            "/data/forge",
            "/data/forge/envs/train",
            "/data/exe",
            "/opt/miniforge3",
            "/h/Miniconda3-old",
            "/h/.local/share/mamba",
            "/opt/condiment",
            "/data/rooted",
        ] {
            env = env.with_file(format!("{prefix}/conda-meta/history"), "");
        }
        let setup = Setup::read(&env);
        let roots: Vec<String> = setup.roots.iter().map(|r| r.display().to_string()).collect();
        assert_eq!(
            roots,
            [
                "/data/mm",
                "/data/forge/envs/train",
                "/data/exe",
                "/data/forge",
                "/h/Miniconda3-old",
                "/h/.local/share/mamba",
                "/opt/miniforge3",
                "/data/rooted",
            ]
        );
        assert_eq!(setup.envs[0], Path::new("/data/envs"));
        let env = env.with_file("/usr/local/bin/conda", "");
        assert!(Setup::read(&env).roots.contains(&PathBuf::from("/usr/local")));
    }

    #[test]
    fn environments_are_found_in_folders_and_in_the_list_of_each_home() {
        let mut env = Env::fixed("/h")
            .with_home("/home/bo")
            .with_var("CONDA_ENVS_DIRS", "/envs:~/more")
            .with_file("/h/.conda/environments.txt", "/data/e1\n/gone\nrelative\n\n/data/e1\n")
            .with_file("/home/bo/.conda/environments.txt", "/data/e2\n");
        for name in ["/envs/a", "/envs/notes.txt", "/h/more/b", "/home/bo/.conda/envs/c"] {
            env = env.with_file(name, "");
        }
        for prefix in ["/envs/a", "/h/more/b", "/home/bo/.conda/envs/c", "/data/e1", "/data/e2"] {
            env = env.with_file(format!("{prefix}/conda-meta/history"), "");
        }
        let found: Vec<String> =
            Setup::read(&env).prefixes(&env).iter().map(|p| p.display().to_string()).collect();
        assert_eq!(found, ["/envs/a", "/h/more/b", "/home/bo/.conda/envs/c", "/data/e1", "/data/e2"]);
    }
}
