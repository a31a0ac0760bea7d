//! What a person wants left out: glob patterns as du and ncdu know them.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::text;

/// Patterns of what is not read.
///
/// Without a slash a pattern is a name, wherever it is; with one inside it is the end of a path; with one in front the
/// whole path; with one behind it means folders only. `*` and `?` do not cross a slash, `**` does.
#[derive(Debug, Clone, Default)]
pub struct Exclude {
    /// Names of anything, and of folders only.
    names: [GlobSet; 2],
    /// Paths of anything, and of folders only.
    paths: [GlobSet; 2],
    /// As they were given.
    given: Vec<String>,
}

impl Exclude {
    /// Understands patterns of what is left out.
    ///
    /// # Errors
    /// Which one is none, and why.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        Self::of("--exclude", patterns)
    }

    /// Understands patterns that an option of this name means.
    ///
    /// # Errors
    /// Which one is none, and why.
    pub fn of<'a>(option: &str, patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut names = [GlobSetBuilder::new(), GlobSetBuilder::new()];
        let mut paths = [GlobSetBuilder::new(), GlobSetBuilder::new()];
        let mut given = Vec::new();
        for pattern in patterns {
            given.push(pattern.to_string());
            let bare = pattern.trim_end_matches('/');
            if bare.is_empty() {
                return Err(format!("{option} {}: that would be all there is", text::plain(pattern)));
            }
            let folders = usize::from(bare.len() < pattern.len());
            let (list, glob) = match bare.find('/') {
                None => (&mut names, bare.to_string()),
                Some(0) => (&mut paths, bare.to_string()),
                Some(_) => (&mut paths, format!("**/{bare}")),
            };
            let glob = GlobBuilder::new(&glob)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|e| format!("{option} {}: {}", text::plain(pattern), e.kind()))?;
            list[folders].add(glob);
        }
        let build = |[all, folders]: [GlobSetBuilder; 2]| -> Result<[GlobSet; 2], String> {
            let build = |b: GlobSetBuilder| b.build().map_err(|e| format!("{option}: {e}"));
            Ok([build(all)?, build(folders)?])
        };
        Ok(Self { names: build(names)?, paths: build(paths)?, given })
    }

    /// The patterns in a file, one a line; blank lines and those that begin with `#` are none.
    pub fn lines(file: &str) -> impl Iterator<Item = &str> {
        file.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
    }

    /// The patterns, as they were given.
    pub fn given(&self) -> &[String] {
        &self.given
    }

    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.names.iter().chain(&self.paths).all(GlobSet::is_empty)
    }

    /// Whether paths have to be known to tell.
    pub fn asks_paths(&self) -> bool {
        !self.paths.iter().all(GlobSet::is_empty)
    }

    /// Whether an entry of a folder is left out. `folder` is needed only if [`Exclude::asks_paths`].
    pub fn leaves_out(&self, folder: Option<&Path>, name: &[u8], is_folder: bool) -> bool {
        let name = Path::new(text::os_str(name));
        let sets = 1 + usize::from(is_folder);
        self.names[..sets].iter().any(|s| s.is_match(name))
            || folder.is_some_and(|f| {
                let path = f.join(name);
                self.paths[..sets].iter().any(|s| s.is_match(&path))
            })
    }

    /// Whether a folder lies in something that is left out, or is it.
    pub fn covers(&self, folder: &Path) -> bool {
        !self.is_empty()
            && folder.ancestors().any(|at| match (at.parent(), at.file_name()) {
                (Some(above), Some(name)) => self.leaves_out(Some(above), name.as_encoded_bytes(), true),
                _ => false,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_path_ends_whole_paths_and_folders() {
        let e = Exclude::new(["*.pyc", "node_modules/", "data/raw", "/mnt/big*", "a?b", "x/**/y"])
            .expect("patterns");
        let out = |path: &str, is_folder| {
            let path = Path::new(path);
            let name = path.file_name().expect("a name").as_encoded_bytes();
            e.leaves_out(path.parent(), name, is_folder)
        };
        for path in ["/p/m.pyc", "/h/data/raw", "/mnt/big1", "/z/a-b", "/x/1/2/y", "/q/x/y"] {
            assert!(out(path, false), "{path}");
        }
        for path in ["/p/m.py", "/h/data/raw2", "/h/mnt/big1", "/mnt/big1/f", "/z/a/b", "/p/node_modules"] {
            assert!(!out(path, false), "{path}");
        }
        assert!(out("/p/node_modules", true));
        assert!(e.covers(Path::new("/p/node_modules/a/b")) && !e.covers(Path::new("/p/modules")));
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        for bad in ["[a", "/", "{x"] {
            let why = Exclude::new([bad]).expect_err(bad);
            assert!(why.contains(bad), "{why}");
        }
        assert!(Exclude::new([]).expect("none").is_empty());
        assert_eq!(Exclude::lines("# no\n\n*.o\n b \n").collect::<Vec<_>>(), ["*.o", " b "]);
    }
}
