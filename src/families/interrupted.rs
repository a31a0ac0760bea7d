//! What mldu itself left: a folder that was being deleted when mldu was killed. It lies beside where it was, under a name
//! that says so, and nothing in it is anybody's cache any more.
//!
//! Whether anything of it is gone, and where it was, is in mldu's log; `mldu interrupted` tells it.

use super::{About, Family, Listing, Marker, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct InterruptedDeletions;

static ABOUT: About = About {
    id: "mldu",
    name: "Interrupted deletions",
    items: "what is left of a folder",
    category: Category::Temporary,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Stem(".mldu")],
    hint: "nothing brings back what is gone of it; `mldu interrupted` tells what can be done",
    source: "mldu 0.1, removal/deletion.rs",
    // Half a cache is no cache.
    sealed: true,
    ..About::DEFAULT
};

/// How such names begin; sixteen hexadecimal digits follow.
const PREFIX: &str = ".mldu-deleting-";

/// Whether a name says that its folder was being deleted.
pub fn is_aside(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX);
    digits
        .is_some_and(|d| d.len() == 16 && d.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

impl Family for InterruptedDeletions {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        is_aside(folder.name()).then_some("deletion")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let item = NewItem::new("interrupted deletion", root.shown(), Verdict::LookFirst);
        let item = item.body(root.node()).leftover();
        let item =
            item.note("deleting it was interrupted; `mldu interrupted` tells what it was, and finishes it");
        Found { items: vec![item], ..Found::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn what_was_being_deleted_is_told_as_such_and_nothing_in_it_is_a_cache() {
        let f = Fixture::new();
        f.kib("data/.mldu-deleting-00ff00ff00ff00ff/models--acme--llm/blobs/x", 8);
        f.kib("data/.mldu-deleting-mine/x", 8);
        f.age_all("");
        assert_eq!(
            f.outline(),
            "temporary: mldu deletion ~/data/.mldu-deleting-00ff00ff00ff00ff\n\
             \x20 !interrupted deletion \".mldu-deleting-00ff00ff00ff00ff\" [look-first] 20 20 {deleting it was interrupted; \
             `mldu interrupted` tells what it was, and finishes it}\n"
        );
    }

    #[test]
    fn it_is_the_name_that_deleting_gives() {
        use crate::removal::deletion;
        for _ in 0..100 {
            let name = deletion::aside_name();
            assert!(deletion::is_aside(&name) && super::is_aside(name.to_str().expect("text")));
        }
        for name in [".mldu-deleting-", ".mldu-deleting-00ff", ".mldu-deleting-00FF00FF00FF00FF", "x"] {
            assert!(!super::is_aside(name) && !deletion::is_aside(name.as_ref()), "{name}");
        }
    }
}
