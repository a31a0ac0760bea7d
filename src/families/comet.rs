//! Comet's offline experiments: one archive each, in `.cometml-runs/` or where a variable says.
//!
//! Layout: `comet_ml` 3.58, `config/config_constants.py`, `config/config_map.py`, `offline_utils.py`. Uploading leaves no
//! mark on an archive.

use super::{About, Family, File, Listing, Marker, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;

/// The family.
pub struct Comet;

static ABOUT: About = About {
    id: "comet",
    name: "Comet",
    items: "an experiment that was kept offline",
    category: Category::Trackers,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Name(".cometml-runs")],
    hint: "`comet upload` sends an archive to the server; until then it is the only copy",
    source: "comet_ml 3.58, config/config_constants.py, offline_utils.py",
    ..About::DEFAULT
};

impl Family for Comet {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        Place::var(env, "COMET_OFFLINE_DIRECTORY", "experiments").into_iter().collect()
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        (folder.name() == ".cometml-runs" && folder.is_among_peoples()).then_some("experiments")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let archive = |file: &File<'_>| {
            let name = file.name().strip_suffix(".zip").filter(|_| file.is_regular())?;
            let item = NewItem::new("offline experiment", crate::text::plain(name), Verdict::LookFirst);
            let item = item.body(file.node);
            Some(if store.is_live(file) {
                NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
            } else {
                item.note("nothing says whether it was uploaded: it may be the only copy")
            })
        };
        Found { items: store.root().files().iter().filter_map(archive).collect(), ..Found::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn archives_may_be_the_only_copy() {
        let mut f = Fixture::new();
        f.env = f.env.clone().with_var("COMET_OFFLINE_DIRECTORY", f.path("later"));
        f.kib("work/.cometml-runs/0a0b.zip", 4);
        f.kib("work/.cometml-runs/notes.txt", 4);
        f.kib("later/1c1d.zip", 4);
        f.age("later/1c1d.zip", 60);
        assert_eq!(
            f.outline(),
            "trackers: comet experiments ~/later\n\
             \x20 offline experiment \"1c1d\" [in-use] 4 4 {written less than ten minutes ago, or open}\n\
             trackers: comet experiments ~/work/.cometml-runs\n\
             \x20 offline experiment \"0a0b\" [look-first] 4 4 {nothing says whether it was uploaded: it may be the only copy}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }
}
