//! Where a package is from, and whether it can be had from there again.

use rustc_hash::FxHashMap;

use crate::families::{Folder, Range, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;
use crate::text;

/// Of a list of origins, so much is read: the newest lines are at its end.
const LIST: usize = 8 << 20;

/// Where a package is from. The addresses are as the file has them, secrets and all; [`Origin::shown`] is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From the web, for everybody.
    Web(String),
    /// From the web, with a login.
    Private(String),
    /// From this machine, or from something that is no web address.
    Elsewhere(String),
    /// Nobody wrote it down.
    Unknown,
}

impl Origin {
    /// What an address says. conda writes `<unknown>` where it knows none, and `<TOKEN>` for a token it hides.
    pub fn of(url: &str) -> Self {
        let url = url.split('#').next().unwrap_or(url).trim();
        if url.is_empty() || url == "<unknown>" {
            return Self::Unknown;
        }
        let Some((scheme, rest)) = url.split_once("://") else { return Self::Elsewhere(url.into()) };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Self::Elsewhere(url.into());
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, host) = authority.rsplit_once('@').map_or((None, authority), |(l, h)| (Some(l), h));
        let host = host.to_ascii_lowercase();
        if host.is_empty() || ["localhost", "127.", "[::1]", "0.0.0.0"].iter().any(|l| host.starts_with(l)) {
            return Self::Elsewhere(url.into());
        }
        let token = path.starts_with("t/") || path.contains("/t/") || path.contains(['<', '?']);
        if login.is_some() || token { Self::Private(url.into()) } else { Self::Web(url.into()) }
    }

    /// The address, safe to show.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Web(url) | Self::Private(url) => Some(text::plain(&text::redact_url(url))),
            // Without a scheme there is no telling what part of it is a secret.
            Self::Elsewhere(url) if url.contains("://") || !url.contains('@') => {
                Some(text::plain(&text::redact_url(url)))
            }
            Self::Elsewhere(_) | Self::Unknown => None,
        }
    }

    /// What becomes of something from there.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Web(_) => Verdict::Safe,
            Self::Private(_) => Verdict::ReDownload,
            Self::Elsewhere(_) | Self::Unknown => Verdict::LookFirst,
        }
    }

    /// Why, where it is not obvious.
    fn note(&self) -> Option<&'static str> {
        match self {
            Self::Web(_) => None,
            Self::Private(_) => Some("from a private channel: to fetch it again takes a login"),
            Self::Elsewhere(_) => Some("from no web address, so this may be the only copy"),
            Self::Unknown => Some("nothing says where it is from"),
        }
    }

    /// Tells an item what its origin says of it.
    pub fn judge(&self, mut item: NewItem) -> NewItem {
        item.verdict = self.verdict();
        item.origin = self.shown();
        item.notes.extend(self.note().map(str::to_string));
        item
    }
}

/// The addresses of an `urls.txt`, by file name; of several for one name the last counts
/// (conda, `core/package_cache_data.py`, `UrlsData`).
#[derive(Debug, Default)]
pub struct Urls {
    by_file: FxHashMap<String, String>,
}

impl Urls {
    /// Reads the list of a folder, if it has one.
    pub fn read(store: &StoreView<'_>, folder: &Folder<'_>) -> Self {
        let mut urls = Self::default();
        let Some(file) = folder.file("urls.txt") else { return urls };
        let Some(bytes) = store.read(file.node, Range::Tail, LIST) else { return urls };
        let text = String::from_utf8_lossy(&bytes);
        // Where the beginning was left out, the first line is torn.
        let torn = usize::from(file.size > LIST as u64);
        for line in text.lines().skip(torn) {
            let url = line.split('#').next().unwrap_or(line).trim();
            if let Some((_, name)) = url.rsplit_once('/').filter(|(_, name)| !name.is_empty()) {
                urls.by_file.insert(name.to_string(), url.to_string());
            }
        }
        urls
    }

    /// The address of a file.
    pub fn of(&self, file: &str) -> Option<&str> {
        self.by_file.get(file).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_web_gives_everybody_is_safe() {
        for (url, verdict, shown) in [
            (
                "https://conda.anaconda.org/conda-forge/noarch/x.conda",
                Verdict::Safe,
                Some("https://conda.anaconda.org/conda-forge/noarch/x.conda"),
            ),
            ("HTTP://host/c/x.conda#0a1b", Verdict::Safe, Some("HTTP://host/c/x.conda")),
            ("https://h/t/ab-1/c/x.conda", Verdict::ReDownload, Some("https://h/t/***/c/x.conda")),
            ("https://h/t/<TOKEN>/c/x.conda", Verdict::ReDownload, Some("https://h/t/***/c/x.conda")),
            ("https://me:pw@h/c/x.conda", Verdict::ReDownload, Some("https://***@h/c/x.conda")),
            ("https://h/c/x.conda?sig=s3cret", Verdict::ReDownload, Some("https://h/c/x.conda?***")),
            ("http://localhost:8000/c/x.conda", Verdict::LookFirst, Some("http://localhost:8000/c/x.conda")),
            ("http://127.0.0.1/c/x.conda", Verdict::LookFirst, Some("http://127.0.0.1/c/x.conda")),
            ("file:///opt/c/x.conda", Verdict::LookFirst, Some("file:///opt/c/x.conda")),
            ("s3://bucket/x.conda", Verdict::LookFirst, Some("s3://bucket/x.conda")),
            ("me:pw@host/x.conda", Verdict::LookFirst, None),
            ("https://", Verdict::LookFirst, Some("https://")),
            ("<unknown>", Verdict::LookFirst, None),
            ("", Verdict::LookFirst, None),
        ] {
            let origin = Origin::of(url);
            assert_eq!((origin.verdict(), origin.shown().as_deref()), (verdict, shown), "{url}");
        }
    }
}
