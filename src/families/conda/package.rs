//! The names of conda packages: `NAME-VERSION-BUILD`, with `.conda` or `.tar.bz2` behind it for an archive.

use crate::text;

/// The parts of a package's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its build.
    pub build: &'a str,
}

impl Package<'_> {
    /// What a person calls it, safe to show.
    pub fn shown(&self) -> String {
        text::plain(&format!("{} {} {}", self.name, self.version, self.build))
    }
}

/// The parts of `NAME-VERSION-BUILD`, if a name has that form. A version has a digit.
pub fn split(stem: &str) -> Option<Package<'_>> {
    let mut parts = stem.rsplitn(3, '-');
    let (build, version, name) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |part: &str, more: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let fits = plain(name, "._-+") && !name.starts_with(['.', '-']) && plain(build, "._+");
    let is_version = plain(version, "._+!~") && version.bytes().any(|b| b.is_ascii_digit());
    (fits && is_version).then_some(Package { name, version, build })
}

/// The name of an archive without its ending, if it has the form of a package's.
pub fn archive_stem(file: &str) -> Option<&str> {
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    split(stem).map(|_| stem)
}

/// Whether a name is that of a platform's folder in a channel: `linux-64`, `noarch`
/// (conda, `base/constants.py`, `PLATFORMS`).
pub fn is_platform(name: &str) -> bool {
    let system = |s: &str| matches!(s, "linux" | "osx" | "win" | "freebsd" | "zos" | "emscripten" | "wasi");
    let machine = |m: &str| !m.is_empty() && m.bytes().all(|b| b.is_ascii_alphanumeric());
    name == "noarch" || name.split_once('-').is_some_and(|(s, m)| system(s) && machine(m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_three_parts_the_name_may_have_more() {
        let p = split("scikit-learn-1.4.0-py311hc009520_0").expect("a package");
        assert_eq!((p.name, p.version, p.build), ("scikit-learn", "1.4.0", "py311hc009520_0"));
        assert_eq!(p.shown(), "scikit-learn 1.4.0 py311hc009520_0");
        assert!(split("_libgcc_mutex-0.1-main").is_some());
        for no in ["numpy-1.26", "my-notes-final", "a b-1.0-0", "-1.0-0", ".x-1.0-0", "x-1.0-", "é-1.0-0"] {
            assert_eq!(split(no), None, "{no}");
        }
        assert_eq!(archive_stem("x-1.0-0.conda"), Some("x-1.0-0"));
        assert_eq!(archive_stem("x-1.0-0.tar.bz2"), Some("x-1.0-0"));
        assert_eq!(archive_stem("x-1.0-0.tar.gz"), None);
        assert_eq!(archive_stem("holiday.tar.bz2"), None);
    }

    #[test]
    fn platforms_are_known() {
        for yes in ["linux-64", "noarch", "osx-arm64", "win-32", "emscripten-wasm32", "linux-aarch64"] {
            assert!(is_platform(yes), "{yes}");
        }
        for no in ["pkgs", "linux", "linux-", "my-64", "linux-64-old", ""] {
            assert!(!is_platform(no), "{no}");
        }
    }
}
