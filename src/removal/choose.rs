//! Which things in the trashes a person means by a word: a run, a thing's own number, where it was, or where it lies.
//! Where a word means several things that exclude each other, all are listed and none is chosen.

use std::path::{Component, Path, PathBuf};

use super::ledger::Trashed;

/// A thing's number may be cut to so many digits.
const SHORTEST: usize = 4;

/// Why a word means nothing that can be acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear<'a> {
    /// Nothing in any trash is called so.
    Nothing,
    /// These all are, and only one of them can be meant.
    Several(Vec<&'a Trashed>),
}

/// What a word means, oldest first. Paths are taken from the folder `current`.
///
/// # Errors
/// That it means nothing, or more than one thing.
pub fn named<'a>(all: &[&'a Trashed], word: &Path, current: &Path) -> Result<Vec<&'a Trashed>, Unclear<'a>> {
    let pick = |is: &dyn Fn(&Trashed) -> bool| -> Vec<&'a Trashed> {
        all.iter().filter(|t| is(t)).copied().collect()
    };
    if let Some(text) = word.to_str() {
        let run = pick(&|t| t.ours.as_ref().is_some_and(|o| o.run == text));
        if !run.is_empty() {
            return Ok(run);
        }
        let number = pick(&|t| text.len() >= SHORTEST && t.id().is_some_and(|id| id.starts_with(text)));
        if !number.is_empty() {
            return alone(number);
        }
    }
    let spellings = spellings(word, current);
    let there = |path: &Path| spellings.iter().any(|s| s == path);
    let lies = pick(&|t| there(&t.file()) || there(&t.info()));
    if !lies.is_empty() {
        return Ok(lies);
    }
    let was = pick(&|t| there(&t.original));
    if !was.is_empty() {
        return alone(was);
    }
    // A folder: everything that was in it. What excludes each other there is found when it comes back.
    let inside = pick(&|t| spellings.iter().any(|s| t.original.starts_with(s)));
    if inside.is_empty() { Err(Unclear::Nothing) } else { Ok(inside) }
}

fn alone(found: Vec<&Trashed>) -> Result<Vec<&Trashed>, Unclear<'_>> {
    if found.len() == 1 { Ok(found) } else { Err(Unclear::Several(found)) }
}

/// A path from the root, without `.` and `..`; and through the links in the folders above it, as far as they are there.
fn spellings(word: &Path, current: &Path) -> Vec<PathBuf> {
    let mut plain = PathBuf::new();
    for part in current.join(word).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    let real = plain.ancestors().skip(1).find_map(|above| {
        let rest = plain.strip_prefix(above).ok()?;
        Some(above.canonicalize().ok()?.join(rest))
    });
    let mut all = vec![plain];
    all.extend(real.filter(|r| *r != all[0]));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::removal::ledger::Ours;

    fn thing(name: &str, original: &str, run: Option<&str>) -> Trashed {
        let ours = run.map(|run| Ours {
            run: run.into(),
            item: original.into(),
            id: "1:-".into(),
            bytes: 1,
            parent: None,
            part: None,
        });
        Trashed {
            root: "/t/Trash".into(),
            name: name.into(),
            original: original.into(),
            date: String::new(),
            when: None,
            ours,
            identity: None,
        }
    }

    #[test]
    fn words_are_runs_numbers_and_places_and_twins_are_not_guessed() {
        let all = [
            thing("a.0123456789abcdef", "/m/a", Some("11112222")),
            thing("a.fedcba9876543210", "/m/a", Some("33334444")),
            thing("b.0123ffffffffffff", "/m/b", Some("33334444")),
            thing("theirs", "/m/c", None),
        ];
        let all: Vec<&Trashed> = all.iter().collect();
        let names = |word: &str| {
            named(&all, Path::new(word), Path::new("/m"))
                .map(|found| found.iter().map(|t| t.name.to_string_lossy().into_owned()).collect::<Vec<_>>())
        };
        assert_eq!(names("33334444"), Ok(vec!["a.fedcba9876543210".into(), "b.0123ffffffffffff".into()]));
        assert_eq!(names("fedc"), Ok(vec!["a.fedcba9876543210".into()]));
        assert_eq!(names("0123"), Err(Unclear::Several(vec![all[0], all[2]])));
        assert_eq!(names("01234"), Ok(vec!["a.0123456789abcdef".into()]));
        assert_eq!(names("/m/a"), Err(Unclear::Several(vec![all[0], all[1]])), "twins");
        assert_eq!(names("b"), Ok(vec!["b.0123ffffffffffff".into()]));
        assert_eq!(names("./x/../c"), Ok(vec!["theirs".into()]));
        assert_eq!(names("/t/Trash/files/theirs"), Ok(vec!["theirs".into()]));
        assert_eq!(names("/m").map(|n| n.len()), Ok(4));
        for nothing in ["/n", "012", "1111", "/m/aa"] {
            assert_eq!(names(nothing), Err(Unclear::Nothing), "{nothing}");
        }
    }
}
