//! What a process was started as: from which environment, and whether it is a Jupyter kernel. A Python environment runs
//! the Python of the system, so neither its executable nor an open file leads there; its arguments and variables do.
//!
//! `jupyter_client` 8 starts a kernel with `-f <runtime>/kernel-<id>.json`, `jupyter_server` 2 says in
//! `JPY_SESSION_NAME` for which notebook.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Arguments and variables are read so far.
const CAP: u64 = 256 << 10;

/// Variables that name the environment a process was started in.
const ENVIRONMENTS: &[&str] = &["VIRTUAL_ENV", "CONDA_PREFIX"];

/// What a process was started as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// The program by the name it was called, if that is a path.
    pub called: Option<PathBuf>,
    /// The environments it was started in.
    pub environments: Vec<PathBuf>,
    /// Set if it is a kernel.
    pub kernel: Option<Kernel>,
}

/// A running Jupyter kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// The file that says how to reach it.
    pub connection: PathBuf,
    /// The notebook it was started for, as far as it is told; a path below the server's folder, or a whole one.
    pub notebook: Option<PathBuf>,
}

impl Program {
    /// Reads it. Arguments may be read by everybody, variables by the owner and root.
    pub fn read(base: &Path, cwd: Option<&Path>) -> Self {
        Self::parse(&read(&base.join("cmdline")), &read(&base.join("environ")), cwd)
    }

    fn parse(arguments: &[u8], variables: &[u8], cwd: Option<&Path>) -> Self {
        let mut words = arguments.split(|b| *b == 0).map(|w| Path::new(OsStr::from_bytes(w)));
        let called = words.next().filter(|w| w.as_os_str().as_bytes().contains(&b'/'));
        let called = called.and_then(|w| if w.is_absolute() { Some(w.into()) } else { Some(cwd?.join(w)) });
        let value = |name: &str| {
            let lines = variables.split(|b| *b == 0);
            let mut values = lines.filter_map(|l| l.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
            values.next().filter(|v| !v.is_empty()).map(|v| PathBuf::from(OsStr::from_bytes(v)))
        };
        let kernel = words.find_map(connection).map(|connection| {
            let connection = match cwd {
                Some(cwd) => cwd.join(connection),
                None => connection,
            };
            Kernel { connection, notebook: value("JPY_SESSION_NAME") }
        });
        let environments = ENVIRONMENTS.iter().filter_map(|name| value(name)).filter(|p| p.is_absolute());
        Self { called, environments: environments.collect(), kernel }
    }
}

impl Kernel {
    /// What it is, safe to show.
    pub fn title(&self) -> String {
        let name = |p: &Path| p.file_name().map(|n| crate::text::display(n.as_bytes()));
        if let Some(notebook) = self.notebook.as_deref().and_then(name) {
            return format!("kernel of {notebook}");
        }
        let id = name(&self.connection).unwrap_or_default();
        let id = id.trim_start_matches("kernel-").trim_end_matches(".json");
        format!("kernel {}", crate::text::cut_end(id, 8))
    }
}

/// The connection file of a kernel, if an argument names one: `/…/kernel-<id>.json`, `-f=/…`, `--KernelApp.file=/…`.
fn connection(word: &Path) -> Option<PathBuf> {
    let name = word.file_name()?.as_bytes();
    if !(name.starts_with(b"kernel-") && name.ends_with(b".json")) {
        return None;
    }
    let bytes = word.as_os_str().as_bytes();
    let from = if bytes.starts_with(b"-") { bytes.iter().position(|b| *b == b'=')? + 1 } else { 0 };
    Some(PathBuf::from(OsStr::from_bytes(&bytes[from..])))
}

/// The command line of a process, safe to show and not too long. Addresses in it are told without passwords.
pub fn line(base: &Path) -> String {
    let arguments = read(&base.join("cmdline"));
    let words = arguments.split(|b| *b == 0).filter(|w| !w.is_empty()).take(64);
    let words: Vec<String> = words
        .map(crate::text::display)
        .map(|w| if w.contains("://") { crate::text::redact_url(&w) } else { w })
        .collect();
    crate::text::cut_end(&words.join(" "), 400)
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        // What cannot be read is not known: then it is empty.
        let _ = file.take(CAP).read_to_end(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_where_it_runs_from() {
        let p = |args: &[u8], vars: &[u8]| Program::parse(args, vars, Some(Path::new("/work")));
        let venv = p(b".venv/bin/python\0train.py\0", b"A=b\0VIRTUAL_ENV=/work/.venv\0CONDA_PREFIX=\0");
        assert_eq!(venv.called.as_deref(), Some(Path::new("/work/.venv/bin/python")));
        assert_eq!(venv.environments, [PathBuf::from("/work/.venv")]);
        assert_eq!(p(b"python\0/x/y\0", b"MY_VIRTUAL_ENV=/no\0"), Program::default());
        assert_eq!(Program::parse(b"./a\0", b"", None), Program::default());
        assert_eq!(p(b"", b""), Program::default());
    }

    #[test]
    fn kernels_are_known_by_their_connection_file() {
        let file = "/run/jupyter/kernel-0a0b0c0d-0123.json";
        for word in [file.to_string(), format!("-f={file}"), format!("--IPKernelApp.connection_file={file}")]
        {
            let args = format!("/env/bin/python\0-m\0ipykernel_launcher\0-f\0{word}\0");
            let p = Program::parse(args.as_bytes(), b"JPY_SESSION_NAME=/work/train.ipynb\0", None);
            let kernel = p.kernel.expect("a kernel");
            assert_eq!(kernel.connection, Path::new(file));
            assert_eq!(kernel.title(), "kernel of train.ipynb");
        }
        let p = Program::parse(format!("R\0{file}\0").as_bytes(), b"", None);
        assert_eq!(p.kernel.expect("a kernel").title(), "kernel 0a0b0c0…");
        assert_eq!(Program::parse(b"python\0/x/kernel-1.json.txt\0", b"", None).kernel, None);
    }

    #[test]
    fn a_command_line_is_safe_to_show() {
        let line = line(Path::new("/proc/self"));
        assert!(!line.is_empty() && !line.contains('\0'));
    }
}
