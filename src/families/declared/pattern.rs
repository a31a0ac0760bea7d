//! Which names of a store a table means: a path below it, with `*` and `?` within one name, and `**/` in front for any
//! depth. A `/` behind means folders only. Names are bytes, and no other character means anything but itself.

use serde::Deserialize;

/// A path with wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    parts: Vec<Vec<u8>>,
    anywhere: bool,
    folders_only: bool,
    /// So many names in front have no wildcard: they say nothing about the one thing that was met.
    fixed: usize,
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (anywhere, rest) = text.strip_prefix("**/").map_or((false, &*text), |rest| (true, rest));
        let (folders_only, rest) = rest.strip_suffix('/').map_or((false, rest), |rest| (true, rest));
        let parts: Vec<Vec<u8>> = rest.split('/').map(|part| part.as_bytes().to_vec()).collect();
        if parts.iter().any(|p| p.is_empty() || p == b"." || p == b"..") {
            return Err(format!("`{text}` is no path below the cache: names, with `/` between them"));
        }
        if parts.iter().any(|p| p.windows(2).any(|w| w == b"**")) {
            return Err(format!("`{text}`: `**/` stands in front of a pattern or nowhere"));
        }
        let fixed = parts.iter().take_while(|p| !is_wild(p)).count();
        Ok(Self { parts, anywhere, folders_only, fixed })
    }
}

fn is_wild(part: &[u8]) -> bool {
    part.iter().any(|b| matches!(b, b'*' | b'?'))
}

impl Pattern {
    /// Everything at the top.
    pub fn top() -> Self {
        Self { parts: vec![b"*".to_vec()], anywhere: false, folders_only: false, fixed: 0 }
    }

    /// Whether it means the thing with this path below the store.
    pub fn means(&self, path: &[&[u8]], is_folder: bool) -> bool {
        let tail = match path.len().checked_sub(self.parts.len()) {
            Some(more) if more == 0 || self.anywhere => &path[more..],
            _ => return false,
        };
        (is_folder || !self.folders_only) && tail.iter().zip(&self.parts).all(|(name, part)| like(part, name))
    }

    /// Whether something deeper than this can be meant.
    pub fn reaches(&self, depth: usize) -> bool {
        self.anywhere || self.parts.len() > depth
    }

    /// The names of a path that tell it from others the pattern means.
    pub fn telling<'a, 'p>(&self, path: &'p [&'a [u8]]) -> &'p [&'a [u8]] {
        let last = path.len().saturating_sub(1);
        if self.anywhere { path } else { &path[self.fixed.min(last)..] }
    }
}

/// Whether a name is like a pattern with `*` and `?`.
fn like(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where to go on if what comes next does not fit: the last star takes one more.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(b) if *b == b'?' || *b == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(pattern: &str, path: &str) -> bool {
        let pattern = Pattern::try_from(pattern.to_string()).expect("a pattern");
        let parts: Vec<&[u8]> = path.trim_end_matches('/').split('/').map(str::as_bytes).collect();
        pattern.means(&parts, path.ends_with('/'))
    }

    #[test]
    fn a_pattern_means_names_at_its_own_depth() {
        for (pattern, path, wanted) in [
            ("*.pt", "a.pt", true),
            ("*.pt", "sub/a.pt", false),
            ("model/*.pth", "model/craft.pth", true),
            ("model/*.pth", "model/x/craft.pth", false),
            ("**/*.tmp", "a/b/c.tmp", true),
            ("**/*.tmp", "c.tmp", true),
            ("*/tmp.pid_*", "KEY/tmp.pid_7_x/", true),
            ("*/", "folder/", true),
            ("*/", "file", false),
            ("a?c*e", "abcde", true),
            ("a?c*e", "ace", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("[ab]", "a", false),
        ] {
            assert_eq!(means(pattern, path), wanted, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_that_leads_out_is_none() {
        for text in ["", "/", "/etc", "../x", "a//b", "a/../b", "a/**", "./a"] {
            assert!(Pattern::try_from(text.to_string()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_thing_is_called_by_what_tells_it_from_others() {
        let telling = |pattern: &str, path: &str| {
            let pattern = Pattern::try_from(pattern.to_string()).expect("a pattern");
            let parts: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
            pattern.telling(&parts).join(&b'/')
        };
        assert_eq!(telling("model/*.pth", "model/craft.pth"), b"craft.pth");
        assert_eq!(telling("*/*", "py311_cu121/fused"), b"py311_cu121/fused");
        assert_eq!(telling("model/temp.zip", "model/temp.zip"), b"temp.zip");
        assert_eq!(telling("**/*.tmp", "a/b.tmp"), b"a/b.tmp");
    }
}
