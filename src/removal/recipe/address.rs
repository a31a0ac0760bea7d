//! Addresses of packages without what opens doors: logins, tokens and signed queries are never written down.

/// An address as it may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Without fragment and without secrets.
    pub url: String,
    /// Whether a secret was left out: without it nothing may come from there.
    pub private: bool,
}

/// Folders of a channel, by the platform they are for: what follows a `/t/` of this name is no token.
const PLATFORMS: [&str; 7] = ["linux-", "osx-", "win-", "emscripten-", "wasi-", "freebsd-", "zos-"];

impl Address {
    /// Takes an address apart as conda does (`common/url.py`: `split_anaconda_token`, `remove_auth`), and leaves a query
    /// out, too. Nothing if it is none, or if a part of it was hidden by whoever wrote it down.
    pub fn of(url: &str) -> Option<Self> {
        let url = url.split('#').next().unwrap_or(url).trim();
        let (scheme, rest) = url.split_once("://")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if scheme.is_empty() || !scheme.chars().all(plain) {
            return None;
        }
        let (rest, query) = rest.split_once('?').map_or((rest, false), |(rest, _)| (rest, true));
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (host, login) = match authority.rsplit_once('@') {
            // The name everybody logs in to a server of repositories with.
            Some(("git", _)) if scheme.ends_with("ssh") => (authority, false),
            Some((_, host)) => (host, true),
            None => (authority, false),
        };
        let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let (path, token) = if web { without_token(path) } else { (path.to_string(), false) };
        let url = format!("{scheme}://{host}{path}");
        // conda hides a token it finds anywhere, even in the names of folders: then the address leads nowhere.
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c);
        (!url.contains(odd)).then_some(Self { url, private: query || login || token })
    }

    /// Whether it leads to this machine alone.
    pub fn is_here(&self) -> bool {
        let Some((scheme, rest)) = self.url.split_once("://") else { return true };
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        let local = ["localhost", "127.", "0.0.0.0", "[::1]"].iter().any(|l| rest.starts_with(l));
        local || host.is_empty() || scheme.to_ascii_lowercase().ends_with("file")
    }

    /// The path, where it is one of this machine, without its escapes.
    pub fn path(&self) -> Option<Vec<u8>> {
        let path = self.url.split_once("file://")?.1;
        Some(crate::removal::trash::decode(path.as_bytes()))
    }
}

/// A path without `/t/<token>`.
fn without_token(path: &str) -> (String, bool) {
    let mut parts: Vec<&str> = path.split('/').collect();
    let platform = |p: &str| p == "noarch" || PLATFORMS.iter().any(|known| p.starts_with(known));
    let at = parts.windows(2).position(|two| two[0] == "t" && !two[1].is_empty() && !platform(two[1]));
    let Some(at) = at else { return (path.to_string(), false) };
    parts.drain(at..at + 2);
    (parts.join("/"), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_and_it_is_known() {
        for (url, written, private) in [
            ("https://h/c/noarch/x.conda", "https://h/c/noarch/x.conda", false),
            ("https://h/t/ab-1/c/noarch/x.conda", "https://h/c/noarch/x.conda", true),
            ("https://h/t/<TOKEN>/c/noarch/x.conda", "https://h/c/noarch/x.conda", true),
            ("https://h/t/linux-64/x.conda", "https://h/t/linux-64/x.conda", false),
            ("https://me:pw@h:8080/c/x.conda", "https://h:8080/c/x.conda", true),
            ("https://tok@h/c/x.conda#0a", "https://h/c/x.conda", true),
            ("https://h/c/x.conda?sig=s3cret", "https://h/c/x.conda", true),
            ("ssh://git@github.com/o/r", "ssh://git@github.com/o/r", false),
            ("ssh://git:pw@github.com/o/r", "ssh://github.com/o/r", true),
            ("file:///opt/t/old/x.conda", "file:///opt/t/old/x.conda", false),
        ] {
            let expected = Address { url: written.into(), private };
            assert_eq!(Address::of(url), Some(expected), "{url}");
        }
        for none in ["", "<unknown>", "/opt/x.conda", "file:///opt/c<TOKEN>nda/x.conda", "https://h/a b/x"] {
            assert_eq!(Address::of(none), None, "{none}");
        }
    }

    #[test]
    fn what_lies_here_is_told_from_what_the_web_has() {
        let here = |url: &str| Address::of(url).expect(url).is_here();
        assert!(here("file:///x") && here("http://localhost:80/x") && here("http://127.0.0.1/x"));
        assert!(here("git+file:///x") && !here("https://h/x") && !here("ssh://git@h/x") && !here("s3://b/x"));
        assert_eq!(Address::of("file:///a%20b/c").expect("one").path(), Some(b"/a b/c".to_vec()));
    }
}
