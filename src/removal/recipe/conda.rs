//! The packages of an environment as conda, mamba and pixi list them: `@EXPLICIT`, then an address with its checksum a
//! line. Text in, text out.
//!
//! Format: conda 26.7, `cli/main_list.py` (`print_explicit`, with `--md5`), `misc.py` (`explicit`); a checksum of
//! another kind than md5 is written as libmamba 2.8 does, `#sha256:…`. Packages come after those they need.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::address::Address;
use crate::text;

/// A package of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The name of its file, safe to show.
    pub file: String,
    /// Its name, safe to show.
    pub name: String,
    /// Where it can be had again.
    pub from: Option<Address>,
    /// What its file is known by: an md5, or `sha256:` and that.
    pub hash: Option<String>,
    /// The platform its channel's folder is for.
    subdir: Option<String>,
    needs: Vec<String>,
    /// Folders in which its Python packages are described, below the environment.
    pub dists: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Raw {
    name: String,
    version: String,
    build: String,
    r#fn: Option<String>,
    url: Option<String>,
    channel: Option<serde_json::Value>,
    md5: Option<String>,
    sha256: Option<String>,
    subdir: Option<String>,
    depends: Vec<String>,
    files: Vec<String>,
}

impl Package {
    /// Reads a record of `conda-meta`, whose file has this name. One that is not understood is a package nobody can say
    /// anything of.
    pub fn read(stem: &str, json: &[u8]) -> Self {
        let Ok(raw) = serde_json::from_slice::<Raw>(json) else { return Self::unreadable(stem) };
        let hex = |h: Option<String>, n: usize| h.filter(|h| is_hex(h, n)).map(|h| h.to_ascii_lowercase());
        let hash = hex(raw.md5, 32).or_else(|| hex(raw.sha256, 64).map(|h| format!("sha256:{h}")));
        let built = raw.channel.as_ref().and_then(|c| c.as_str()) == Some("local");
        let from = raw.url.as_deref().and_then(Address::of).filter(|a| is_archive(&a.url));
        let from = from.filter(|a| !built || a.is_here());
        let dists = raw.files.iter().filter_map(|f| dist_of(f)).collect::<std::collections::BTreeSet<_>>();
        let file = raw.r#fn.unwrap_or_else(|| format!("{}-{}-{}", raw.name, raw.version, raw.build));
        Self {
            file: text::plain(&file),
            name: text::plain(&raw.name),
            from,
            hash,
            subdir: raw.subdir.filter(|s| s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))),
            needs: raw
                .depends
                .iter()
                .filter_map(|d| d.split_whitespace().next())
                .map(str::to_string)
                .collect(),
            dists: dists.into_iter().collect(),
        }
    }

    /// One whose record cannot be read.
    pub fn unreadable(stem: &str) -> Self {
        let name = text::plain(stem);
        Self {
            file: name.clone(),
            name,
            from: None,
            hash: None,
            subdir: None,
            needs: Vec::new(),
            dists: Vec::new(),
        }
    }

    fn line(&self) -> Option<String> {
        let url = &self.from.as_ref()?.url;
        Some(match &self.hash {
            Some(hash) => format!("{url}#{hash}"),
            None => url.clone(),
        })
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_archive(url: &str) -> bool {
    [".conda", ".tar.bz2"].iter().any(|end| url.ends_with(end))
}

/// The folder of a Python package's description that a file lies in, or the file that is one.
fn dist_of(file: &str) -> Option<String> {
    let mut end = 0;
    for part in file.split('/') {
        end += part.len();
        if [".dist-info", ".egg-info", ".egg"].iter().any(|end| part.ends_with(end)) {
            return Some(file[..end].to_string());
        }
        end += 1;
    }
    None
}

/// The list. `head` are lines of comment.
pub fn write(packages: &[Package], head: &[String]) -> String {
    let mut out: String = head.iter().flat_map(|line| ["# ", line, "\n"]).collect();
    if let Some(platform) = platform(packages) {
        out.push_str(&format!("# platform: {platform}\n"));
    }
    out.push_str("@EXPLICIT\n");
    for package in in_order(packages) {
        let private = package.from.as_ref().is_some_and(|a| a.private);
        if private {
            out.push_str(&format!("# a login was left out of the address of {}:\n", package.file));
        }
        match package.line() {
            Some(line) => out.push_str(&line),
            None => out.push_str(&format!("# no URL for: {}", package.file)),
        }
        out.push('\n');
    }
    out
}

/// What most of the packages are for that are not for everything.
fn platform(packages: &[Package]) -> Option<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for subdir in packages.iter().filter_map(|p| p.subdir.as_deref()).filter(|s| *s != "noarch") {
        *counts.entry(subdir).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, n)| *n).map(|(s, _)| s)
}

/// Packages after those they need, else by their names. Older versions of conda link them in the order of the list.
fn in_order(packages: &[Package]) -> Vec<&Package> {
    let mut sorted: Vec<&Package> = packages.iter().collect();
    sorted.sort_by(|a, b| (&a.name, &a.file).cmp(&(&b.name, &b.file)));
    let by_name: FxHashMap<&str, usize> =
        sorted.iter().enumerate().map(|(i, p)| (p.name.as_str(), i)).collect();
    let (mut done, mut begun) = (Vec::new(), FxHashSet::default());
    for first in 0..sorted.len() {
        // A package, and the first of what it needs that was not looked at yet. Some packages need each other.
        let mut todo = vec![(first, 0)];
        while let Some((at, need)) = todo.pop() {
            if need == 0 && !begun.insert(at) {
                continue;
            }
            match sorted[at].needs.get(need) {
                None => done.push(sorted[at]),
                Some(name) => {
                    todo.push((at, need + 1));
                    todo.extend(by_name.get(name.as_str()).map(|next| (*next, 0)));
                }
            }
        }
    }
    done
}

/// A list as it is read back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Addresses with their checksums.
    pub lines: Vec<(String, Option<String>)>,
    /// Packages without an address.
    pub without: Vec<String>,
}

/// Reads a list as conda does.
///
/// # Errors
/// The line that is no part of such a list.
pub fn parse(list: &str) -> Result<Read, String> {
    let mut read = Read::default();
    let mut explicit = false;
    for line in list.lines().map(str::trim).filter(|l| !l.is_empty()) {
        if let Some(file) = line.strip_prefix("# no URL for: ") {
            read.without.push(file.to_string());
        } else if line == "@EXPLICIT" {
            explicit = true;
        } else if !line.starts_with('#') {
            let (url, hash) = line.split_once('#').map_or((line, None), |(url, hash)| (url, Some(hash)));
            let known = |h: &str| is_hex(h, 32) || h.strip_prefix("sha256:").is_some_and(|h| is_hex(h, 64));
            let address = Address::of(url).is_some_and(|a| a.url == url && is_archive(url));
            if !explicit || !address || !hash.is_none_or(known) {
                return Err(format!("not understood: {}", text::plain(line)));
            }
            read.lines.push((url.to_string(), hash.map(str::to_string)));
        }
    }
    if explicit { Ok(read) } else { Err("without @EXPLICIT".into()) }
}

/// Whether a list says all there is to say of these packages, and nothing else.
///
/// # Errors
/// What is wrong with it.
pub fn verify(list: &str, packages: &[Package]) -> Result<(), String> {
    let mut read = parse(list)?;
    let mut wanted = Read::default();
    for package in packages {
        match &package.from {
            Some(from) => wanted.lines.push((from.url.clone(), package.hash.clone())),
            None => wanted.without.push(package.file.clone()),
        }
    }
    for all in [&mut read, &mut wanted] {
        all.lines.sort();
        all.without.sort();
    }
    if read == wanted { Ok(()) } else { Err("not every package is in it as it was".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, url: &str, needs: &[&str]) -> Package {
        let depends = serde_json::json!(needs);
        let json = serde_json::json!({
            "name": name, "version": "1.0", "build": "0", "url": url, "md5": "0A".repeat(16), "depends": depends,
            "subdir": if name == "pure" { "noarch" } else { "linux-64" },
            "files": ["lib/x.so", format!("lib/python3.11/site-packages/{name}-1.0.dist-info/RECORD")],
        });
        Package::read("x", json.to_string().as_bytes())
    }

    fn packages() -> Vec<Package> {
        vec![
            package("app", "https://h/c/linux-64/app-1.0-0.conda", &["pure >=1", "python", "none"]),
            package("pure", "https://me:s3cret@h/t/s3cret/c/noarch/pure-1.0-0.conda", &["python 3.*", "app"]),
            package("python", "https://h/c/linux-64/python-1.0-0.tar.bz2", &[]),
            package("mine", "<unknown>/mine-1.0-0.conda", &[]),
        ]
    }

    #[test]
    fn a_list_is_what_conda_writes_and_reads() {
        let list = write(&packages(), &["made by hand".into()]);
        let hash = "0a".repeat(16);
        assert_eq!(
            list,
            format!(
                "# made by hand\n# platform: linux-64\n@EXPLICIT\n\
                 https://h/c/linux-64/python-1.0-0.tar.bz2#{hash}\n\
                 # a login was left out of the address of pure-1.0-0:\n\
                 https://h/c/noarch/pure-1.0-0.conda#{hash}\n\
                 https://h/c/linux-64/app-1.0-0.conda#{hash}\n\
                 # no URL for: mine-1.0-0\n"
            )
        );
        assert_eq!(verify(&list, &packages()), Ok(()));
        assert_eq!(packages()[0].dists, ["lib/python3.11/site-packages/app-1.0.dist-info"]);
    }

    #[test]
    fn a_list_that_lacks_or_changes_something_is_not_taken() {
        let list = write(&packages(), &[]);
        for (from, to) in [
            ("python-1.0-0.tar.bz2", "python-1.1-0.tar.bz2"),
            ("#0a0a", "#0b0a"),
            ("# no URL for: mine-1.0-0\n", ""),
            ("@EXPLICIT\n", ""),
            ("\n@EXPLICIT\n", "\n@EXPLICIT\nhttps://h/c/linux-64/new-1.0-0.conda\n"),
            ("https://h/c/noarch", "https://t0ken@h/c/noarch"),
        ] {
            assert!(list.contains(from) && verify(&list.replace(from, to), &packages()).is_err(), "{from}");
        }
        assert!(verify(&list[..list.len() - 40], &packages()).is_err(), "torn");
        assert!(parse("@EXPLICIT\nnumpy=1.2\n").is_err());
        assert!(parse("@EXPLICIT\nhttps://h/c/noarch/x.conda#xyz\n").is_err());
    }

    #[test]
    fn a_record_nobody_understands_is_a_package_all_the_same() {
        let broken = Package::read("odd-1.0-0", b"{");
        assert_eq!(write(std::slice::from_ref(&broken), &[]), "@EXPLICIT\n# no URL for: odd-1.0-0\n");
        assert_eq!(verify("@EXPLICIT\n# no URL for: odd-1.0-0\n", &[broken]), Ok(()));
        assert!(package("x", "https://h/c/noarch/x-1.0.whl", &[]).from.is_none(), "conda takes no such file");
        let long = format!(r#"{{"name":"y","url":"https://h/y.conda","sha256":"{}"}}"#, "ab".repeat(32));
        let y = Package::read("y", long.as_bytes());
        assert!(
            write(std::slice::from_ref(&y), &[]).ends_with(&format!("y.conda#sha256:{}\n", "ab".repeat(32)))
        );
        assert_eq!(verify(&write(std::slice::from_ref(&y), &[]), &[y]), Ok(()));
    }
}
