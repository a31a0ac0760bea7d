//! Small readings that several families share: tolerant JSON, numbers in names, lengths that tell a torn file, where
//! links lead.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

/// Where a link in `folder` leads, by its text alone.
pub fn leads_to(folder: &Path, target: &Path) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    path
}

/// JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` are read as null.
///
/// # Errors
/// What the parser says.
pub fn tolerant_json(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(bytes).or_else(|e| {
        let text = String::from_utf8_lossy(bytes);
        let fixed = without_nan(&text);
        if fixed == text { Err(e) } else { serde_json::from_str(&fixed) }
    })
}

/// Replaces Python's special numbers outside of strings.
fn without_nan(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        if !quoted && let Some(word) = ["-Infinity", "Infinity", "NaN"].iter().find(|w| rest.starts_with(**w))
        {
            out.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        let len = c.len_utf8();
        if quoted && c == '\\' {
            let next = rest[len..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..len + next]);
            rest = &rest[len + next..];
            continue;
        }
        if c == '"' {
            quoted = !quoted;
        }
        out.push(c);
        rest = &rest[len..];
    }
    out
}

/// The text of a JSON field, safe to show.
pub fn field(value: &Value, name: &str) -> Option<String> {
    let text = value.get(name)?.as_str()?;
    (!text.is_empty()).then(|| crate::text::plain(text))
}

/// The first run of digits in a name, as a number.
pub fn first_number(name: &str) -> Option<u64> {
    let start = name.find(|c: char| c.is_ascii_digit())?;
    let digits: &str = &name[start..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// Whether a name is so many lower-case hexadecimal digits.
pub fn is_hex(name: &str, digits: usize) -> bool {
    name.len() == digits && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a name is `N.N.N`.
pub fn is_version(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    parts.len() == 3 && parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

/// Where an HDF5 file says it ends, from its first bytes (superblock 0: HDF5 File Format 1.0, IV.A).
/// Only version 0, with 8-byte offsets, is read; the others are unverified.
pub fn hdf5_end(head: &[u8]) -> Option<u64> {
    let v0 =
        head.get(..8) == Some(b"\x89HDF\r\n\x1a\n") && head.get(8) == Some(&0) && head.get(13) == Some(&8);
    let end = v0.then(|| head.get(40..48)).flatten()?;
    Some(u64::from_le_bytes(end.try_into().ok()?))
}

/// Whether a zip file ends as it should: with its end-of-central-directory record, which may carry a comment.
pub fn zip_is_whole(tail: &[u8]) -> bool {
    tail.windows(4).rev().any(|w| w == b"PK\x05\x06")
}

/// The name of the first entry of a zip file, from its first bytes (APPNOTE 4.3.7).
pub fn zip_first(head: &[u8]) -> Option<&[u8]> {
    let len = head.get(..4).filter(|magic| *magic == b"PK\x03\x04").and(head.get(26..28))?;
    let len = usize::from(u16::from_le_bytes(len.try_into().ok()?));
    head.get(30..30 + len).filter(|name| !name.is_empty())
}

/// The name of the first entry of an uncompressed tar file, from its first bytes (POSIX ustar).
pub fn tar_first(head: &[u8]) -> Option<&[u8]> {
    head.get(257..262).filter(|magic| *magic == b"ustar")?;
    let name = head.get(..100)?.split(|b| *b == 0).next()?;
    (!name.is_empty()).then_some(name)
}

/// The value of a top-level key in YAML as simple as machines write it: `key: value`, perhaps in quotes.
pub fn flat_yaml<'a>(yaml: &'a str, key: &str) -> Option<&'a str> {
    let value = yaml.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':'))?.trim();
    let bare = ['\'', '"'].iter().find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q)).unwrap_or(value);
    (!bare.is_empty() && bare != "null").then_some(bare)
}

/// Whether a name is a UUID as most write it: five groups of lower-case hexadecimal digits.
pub fn is_uuid(name: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = name.split('-').collect();
    groups.len() == lengths.len() && groups.iter().zip(lengths).all(|(g, n)| is_hex(g, n))
}

/// Whether a name is made of digits alone.
pub fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_numbers_do_not_break_json() {
        let v = tolerant_json(br#"{"a": NaN, "b": [-Infinity, 1], "c": "NaN \" NaN", "d": Infinity}"#)
            .expect("read");
        assert_eq!(v["a"], Value::Null);
        assert_eq!(v["c"], "NaN \" NaN");
        assert_eq!(v["b"][1], 1);
        assert!(tolerant_json(b"{\"a\":").is_err());
    }

    #[test]
    fn names_are_told_apart() {
        assert_eq!(first_number("checkpoint-00500"), Some(500));
        assert_eq!(first_number("none"), None);
        assert!(is_hex(&"0a".repeat(20), 40) && !is_hex("0A", 2));
        assert!(is_version("1.2.30") && !is_version("1.2") && !is_version("1.a.2"));
    }

    #[test]
    fn archives_say_what_they_begin_with() {
        let mut zip = vec![0; 30];
        zip[..4].copy_from_slice(b"PK\x03\x04");
        zip[26] = 5;
        zip.extend_from_slice(b"a/b/cREST");
        assert_eq!(zip_first(&zip), Some(&b"a/b/c"[..]));
        assert_eq!(zip_first(&zip[..32]), None, "cut off within the name");
        assert_eq!(zip_first(b"PK\x05\x06"), None);
        let mut tar = vec![0; 512];
        tar[..4].copy_from_slice(b"top/");
        assert_eq!(tar_first(&tar), None, "no magic");
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(tar_first(&tar), Some(&b"top/"[..]));
        assert_eq!(tar_first(&tar[..200]), None);
    }
}
