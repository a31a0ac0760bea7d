//! What pip, uv and others installed, as requirements that pip takes: `name==version`, or the address it came from.
//! Text in, text out.
//!
//! Format: pip 26.2, `req/req_file.py`, `operations/freeze.py`; PEP 610 (`direct_url.json`), PEP 508. What setup.py left
//! (`.egg-info`, `.egg-link`, `.egg`): setuptools 65.

use serde::Deserialize;

use super::address::Address;
use crate::text;

/// A package that was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dist {
    /// Its name, safe to show.
    pub name: String,
    /// Its version, safe to show; empty if nothing says it.
    pub version: String,
    /// Where it came from.
    pub from: From,
}

/// Where a package came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// Some index: which one, nobody writes down.
    Index,
    /// This address; behind it what pip is told about it.
    Address(Address, String),
    /// A folder in which its sources are worked on.
    Editable(Address),
    /// It cannot be had again, and why.
    Nowhere(&'static str),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Direct {
    url: String,
    vcs_info: Option<Vcs>,
    dir_info: Option<Folder>,
    archive_info: Option<Archive>,
    subdirectory: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Vcs {
    vcs: String,
    commit_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Folder {
    editable: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Archive {
    hash: Option<String>,
    hashes: std::collections::BTreeMap<String, String>,
}

/// What lies in a folder of packages and describes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `.dist-info`
    Info,
    /// `.egg-info` that pip wrote: it lists its files.
    OldInfo,
    /// `.egg-info` or `.egg` by setup.py.
    Setup,
    /// `.egg-link`: its first line is a folder.
    Link,
}

impl Dist {
    /// Reads a package: its entry's name without the ending, its `METADATA` or `PKG-INFO` or the link, and where it
    /// came from, if something says so.
    pub fn read(kind: Kind, stem: &str, about: Option<&[u8]>, direct: Option<&[u8]>) -> Self {
        let about = String::from_utf8_lossy(about.unwrap_or_default()).into_owned();
        let (stem, version) = stem.split_once('-').unwrap_or((stem, ""));
        if kind == Kind::Link {
            let folder = about.lines().next().unwrap_or_default().trim();
            let url = format!("file://{}", crate::removal::trash::encode(folder.as_bytes()));
            let from = Address::of(&url).filter(|_| folder.starts_with('/'));
            let from = from.map_or(From::Nowhere("its folder is not named"), From::Editable);
            return Self { name: text::plain(stem), version: String::new(), from };
        }
        let head = || about.lines().take_while(|l| !l.trim().is_empty());
        let said = |key: &str| head().find_map(|l| l.strip_prefix(key)).map(str::trim);
        let version = said("Version:").unwrap_or(version.split("-py").next().unwrap_or_default());
        let name = said("Name:").filter(|n| is_name(n)).unwrap_or(stem);
        let from = match (kind, direct) {
            (Kind::Setup, _) => From::Nowhere("setup.py put it there"),
            _ if !is_name(name) => From::Nowhere("its name is not understood"),
            (_, Some(direct)) => From::of(direct),
            _ if !is_version(version) => From::Nowhere("nothing says which version it is"),
            _ => From::Index,
        };
        Self { name: text::plain(name), version: text::plain(version), from }
    }

    /// What a person calls it.
    pub fn shown(&self) -> String {
        if self.version.is_empty() { self.name.clone() } else { format!("{} {}", self.name, self.version) }
    }

    /// Whether its version is one that no public index has: `2.3.0+cu121`.
    pub fn is_special(&self) -> bool {
        self.from == From::Index && self.version.contains('+')
    }

    fn line(&self) -> Option<String> {
        let Self { name, version, .. } = self;
        match &self.from {
            From::Index => Some(format!("{name}=={version}")),
            From::Address(address, tail) => Some(format!("{name} @ {}{tail}", address.url)),
            From::Editable(address) => Some(format!("-e {}", address.url)),
            From::Nowhere(_) => None,
        }
    }
}

impl From {
    fn of(direct: &[u8]) -> Self {
        let Ok(said) = serde_json::from_slice::<Direct>(direct) else {
            return Self::Nowhere("where it came from cannot be read");
        };
        let plain =
            |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic() && b != b'#' && b != b'&');
        let Some(mut address) = Address::of(&said.url) else {
            return Self::Nowhere("where it came from is no address");
        };
        let folder = said.subdirectory.as_deref().filter(|s| plain(s));
        let below = folder.map(|s| format!("subdirectory={s}"));
        if let Some(vcs) = said.vcs_info {
            if !plain(&vcs.vcs) || !plain(&vcs.commit_id) {
                return Self::Nowhere("which commit it is, is not said");
            }
            address.url = format!("{}+{}@{}", vcs.vcs, address.url, vcs.commit_id);
            return Self::Address(address, below.map(|b| format!("#{b}")).unwrap_or_default());
        }
        if said.dir_info.is_some_and(|d| d.editable) {
            return Self::Editable(address);
        }
        let archive = said.archive_info.unwrap_or_default();
        let sha = archive.hashes.get("sha256").cloned();
        let sha = sha.or_else(|| archive.hash.and_then(|h| h.strip_prefix("sha256=").map(str::to_string)));
        let sha = sha.filter(|h| h.len() == 64 && h.bytes().all(|b| b.is_ascii_hexdigit()));
        let tail: Vec<String> = sha.map(|h| format!("sha256={h}")).into_iter().chain(below).collect();
        Self::Address(address, if tail.is_empty() { String::new() } else { format!("#{}", tail.join("&")) })
    }

    /// The address, if it came from one.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Address(address, _) | Self::Editable(address) => Some(address),
            Self::Index | Self::Nowhere(_) => None,
        }
    }
}

/// A name as PEP 508 has it.
fn is_name(name: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inside = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    ends(name.chars().next()) && ends(name.chars().last()) && name.chars().all(inside)
}

fn is_version(version: &str) -> bool {
    version.starts_with(|c: char| c.is_ascii_digit() || c == 'v')
        && version.chars().all(|c| c.is_ascii_alphanumeric() || ".!+-_".contains(c))
}

/// The list. `head` are lines of comment.
pub fn write(dists: &[Dist], head: &[String]) -> String {
    let mut out: String = head.iter().flat_map(|line| ["# ", line, "\n"]).collect();
    let mut sorted: Vec<&Dist> = dists.iter().collect();
    sorted.sort_by_cached_key(|d| (d.name.to_ascii_lowercase(), d.version.clone()));
    for dist in sorted {
        if dist.from.address().is_some_and(|a| a.private) {
            out.push_str(&format!("# a login was left out of the address of {}:\n", dist.name));
        }
        match (dist.line(), &dist.from) {
            (Some(line), From::Editable(_)) => out.push_str(&format!("{line}  # {}", dist.shown())),
            (Some(line), _) => out.push_str(&line),
            (None, From::Nowhere(why)) => out.push_str(&format!("# lost: {}: {why}", dist.shown())),
            (None, _) => {}
        }
        out.push('\n');
    }
    out
}

/// A list as it is read back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Requirements without their comments.
    pub lines: Vec<String>,
    /// What a comment says is lost.
    pub lost: Vec<String>,
}

/// Reads a list as pip does, as far as mldu writes it.
///
/// # Errors
/// The line that is no requirement.
pub fn parse(list: &str) -> Result<Read, String> {
    let mut read = Read::default();
    for line in list.lines() {
        if let Some(lost) = line.strip_prefix("# lost: ") {
            read.lost.push(lost.to_string());
            continue;
        }
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let line = line.split(" #").next().unwrap_or(line).trim_end();
        let at = |url: &str| {
            let bare = url.split('#').next().unwrap_or(url);
            Address::of(bare).is_some_and(|a| a.url == bare && !a.private)
        };
        let known = match (line.strip_prefix("-e "), line.split_once(" @ "), line.split_once("==")) {
            (Some(url), _, _) => at(url),
            (None, Some((name, url)), _) => is_name(name) && at(url),
            (None, None, Some((name, version))) => is_name(name) && is_version(version),
            _ => false,
        };
        if !known {
            return Err(format!("not understood: {}", text::plain(line)));
        }
        read.lines.push(line.to_string());
    }
    Ok(read)
}

/// Whether a list says all there is to say of these packages, and nothing else.
///
/// # Errors
/// What is wrong with it.
pub fn verify(list: &str, dists: &[Dist]) -> Result<(), String> {
    let mut read = parse(list)?;
    let mut wanted = Read::default();
    for dist in dists {
        match (&dist.from, dist.line()) {
            (From::Nowhere(why), _) => wanted.lost.push(format!("{}: {why}", dist.shown())),
            (_, line) => wanted.lines.extend(line),
        }
    }
    for all in [&mut read, &mut wanted] {
        all.lines.sort();
        all.lost.sort();
    }
    if read == wanted { Ok(()) } else { Err("not every package is in it as it was".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str, version: &str, direct: Option<&str>) -> Dist {
        let about = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nVersion: 9\n");
        Dist::read(Kind::Info, "stem-0", Some(about.as_bytes()), direct.map(str::as_bytes))
    }

    fn dists() -> Vec<Dist> {
        let sha = "ab".repeat(32);
        vec![
            info("Six", "1.17.0", None),
            info("torch", "2.3.0+cu121", None),
            info("mine", "0.1", Some(r#"{"url":"file:///w/my%20lib","dir_info":{"editable":true}}"#)),
            info("copy", "0.2", Some(r#"{"url":"file:///w/copy","dir_info":{}}"#)),
            info(
                "repo",
                "3",
                Some(
                    r#"{"url":"https://t0ken@github.com/o/r","vcs_info":{"vcs":"git","commit_id":"0a1b"},"subdirectory":"py"}"#,
                ),
            ),
            info(
                "wheel-file",
                "1",
                Some(&format!(
                    r#"{{"url":"https://h/x-1-py3-none-any.whl","archive_info":{{"hashes":{{"sha256":"{sha}"}}}}}}"#
                )),
            ),
            Dist::read(Kind::Link, "old", Some(b"/w/old\n."), None),
            Dist::read(Kind::Setup, "made-0.3-py3.11", None, None),
            Dist::read(Kind::OldInfo, "legacy-1.2-py3.8", None, None),
            Dist::read(Kind::Info, "nothing", None, None),
            info("bad name", "1\u{1b}", Some("{")),
        ]
    }

    #[test]
    fn a_list_is_one_that_pip_takes() {
        let list = write(&dists(), &["by hand".into()]);
        let sha = "ab".repeat(32);
        assert_eq!(
            list,
            format!(
                "# by hand\ncopy @ file:///w/copy\nlegacy==1.2\n# lost: made 0.3: setup.py put it there\n\
                 -e file:///w/my%20lib  # mine 0.1\n# lost: nothing: nothing says which version it is\n\
                 -e file:///w/old  # old\n\
                 # a login was left out of the address of repo:\n\
                 repo @ git+https://github.com/o/r@0a1b#subdirectory=py\n\
                 Six==1.17.0\n# lost: stem 1\\e: where it came from cannot be read\ntorch==2.3.0+cu121\n\
                 wheel-file @ https://h/x-1-py3-none-any.whl#sha256={sha}\n"
            )
        );
        assert_eq!(verify(&list, &dists()), Ok(()));
        assert_eq!(dists().iter().filter(|d| d.is_special()).count(), 1);
    }

    #[test]
    fn a_list_that_lacks_or_changes_something_is_not_taken() {
        let list = write(&dists(), &[]);
        for (from, to) in [
            ("Six==1.17.0\n", ""),
            ("Six==1.17.0", "Six==1.17.1"),
            ("# lost: made", "# gone: made"),
            ("@0a1b", "@0a1c"),
            ("-e file:///w/old", "-e file:///w/other"),
            ("legacy==1.2", "legacy>=1.2"),
            ("https://github.com", "https://t0ken@github.com"),
        ] {
            assert!(list.contains(from) && verify(&list.replace(from, to), &dists()).is_err(), "{from}");
        }
    }
}
