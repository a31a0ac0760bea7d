//! Neptune's folder in a project: operations of runs that were made offline, or that were on their way to its server.
//!
//! Layout: neptune 1.14, `constants.py`, `cli/containers.py`, `cli/clear.py`. Nothing in it says what arrived; `neptune
//! sync` asks the server.

use super::{About, Family, Listing, Marker, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Neptune;

static ABOUT: About = About {
    id: "neptune",
    name: "Neptune",
    items: "a run that is kept on this machine",
    category: Category::Trackers,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Name(".neptune")],
    hint: "`neptune sync` sends what did not arrive; after that it is on the server",
    source: "neptune 1.14, constants.py, cli/containers.py, cli/clear.py",
    ..About::DEFAULT
};

/// The folders in it, with what a run in each is called and why it may matter.
const KINDS: [(&str, &str, &str); 3] = [
    (
        "offline",
        "offline run",
        "made offline: `neptune sync` uploads it, and until then it may be the only copy",
    ),
    (
        "async",
        "queued operations",
        "operations on their way when the program ended; some may not have arrived",
    ),
    ("sync", "files to upload", "what a run kept for an upload; nothing says whether it arrived"),
];

impl Family for Neptune {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        let shaped = KINDS.iter().any(|(name, ..)| folder.has_folder(name));
        (folder.name() == ".neptune" && shaped && folder.is_among_peoples()).then_some("runs")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let mut found = Found::default();
        for (name, kind, why) in KINDS {
            for run in store.root().folder(name).map(|f| f.folders()).unwrap_or_default() {
                let item = NewItem::new(kind, run.shown(), Verdict::LookFirst).body(run.node());
                found.items.push(if store.is_live_below(&run) {
                    NewItem {
                        verdict: Verdict::InUse,
                        ..item.note("written less than ten minutes ago, or open")
                    }
                } else {
                    item.note(why)
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn what_may_not_have_arrived_is_looked_at_first() {
        let f = Fixture::new();
        f.kib("work/.neptune/offline/run__0a0b/data-1.log", 4);
        f.kib("work/.neptune/async/run__1c1d/exec-0/data-1.log", 4);
        f.kib("work/.neptune/sync/run__2e2f/upload.bin", 4);
        f.kib("other/.neptune/notes.txt", 4);
        f.age_all("");
        f.age("work/.neptune/async/run__1c1d/exec-0/data-1.log", 60);
        assert_eq!(
            f.outline(),
            "trackers: neptune runs ~/work/.neptune\n\
             \x20 offline run \"run__0a0b\" [look-first] 8 8 {made offline: `neptune sync` uploads it, and until then it may be the only copy}\n\
             \x20 queued operations \"run__1c1d\" [in-use] 12 12 {written less than ten minutes ago, or open}\n\
             \x20 files to upload \"run__2e2f\" [look-first] 8 8 {what a run kept for an upload; nothing says whether it arrived}\n"
        );
    }
}
