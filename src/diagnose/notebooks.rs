//! Notebooks in a folder: which of them cannot be written, and how a whole one ends.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::sys::probe;

/// The notebooks that this user may not write: they cannot be saved, though others beside them can.
pub(super) fn closed(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|e| {
            let name = e.file_name();
            name.as_bytes().ends_with(b".ipynb") && !name.as_bytes().starts_with(b".~")
        })
        .map(|e| e.path())
        .filter(|path| !probe::may_write(path))
        .collect();
    all.sort();
    all
}

/// Whether the end of a file is that of a whole notebook: the brace that closes all of it. What is in it Jupyter indents,
/// so this one stands at the beginning of its line, unless all is in one line.
pub(super) fn ends(tail: &[u8]) -> bool {
    match tail.trim_ascii_end() {
        [rest @ .., b'}'] => rest.last() == Some(&b'\n') || !rest.contains(&b'\n'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brace_inside_is_not_the_end() {
        assert!(ends(b"}\n") && ends(b"{}") && ends(b" \"nbformat_minor\": 5\n}\n") && ends(b"or\": 5}"));
        for torn in [&b"  {\n   \"metadata\": {}"[..], b"  {\n   \"id\": 1\n  }", b"  ]\n", b""] {
            assert!(!ends(torn), "{}", String::from_utf8_lossy(torn));
        }
    }
}
