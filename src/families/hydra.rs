//! Hydra's runs: a folder of outputs for each, with the configuration it ran with in `.hydra/`.
//!
//! Layout: hydra 1.3, `conf/hydra/output/default.yaml` (`outputs/<date>/<time>`, `multirun/<date>/<time>/<number>`),
//! `core/utils.py` (`run_job`). `hydra.run.dir` may be any folder, even a project's own: only one that is named after
//! a time or a number is a run as a whole; of others the configuration alone is known.

use super::names::is_number;
use super::{About, Family, Folder, Listing, Marker, Range, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Hydra;

static ABOUT: About = About {
    id: "hydra",
    name: "Hydra",
    items: "a run with its configuration",
    category: Category::Trackers,
    verdict: Verdict::LookFirst,
    markers: &[Marker::Name(".hydra")],
    hint: "only running again with the same configuration brings a run's results back",
    source: "hydra-core 1.3, conf/hydra/output/default.yaml, core/utils.py run_job",
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

/// More overrides than this are not shown.
const SHOWN: usize = 6;

impl Family for Hydra {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        if !folder.has_folder(".hydra") || !folder.is_among_peoples() || folder.is_a_top() {
            return None;
        }
        let names = folder.names_in(".hydra");
        let wanted = ["config.yaml", "hydra.yaml", "overrides.yaml"];
        wanted.iter().all(|w| names.iter().any(|n| n == w)).then_some("run")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let Some(config) = root.folder(".hydra") else { return Found::default() };
        let name = name(store);
        let worked_in = root.has_folder(".git") || root.has_file(".git");
        let whole = is_dated(root.name()) && !worked_in;
        let mut item = if whole {
            NewItem::new("run", name, Verdict::LookFirst).body(root.node())
        } else {
            let item = NewItem::new("configuration", name, Verdict::LookFirst).body(config.node());
            item.note("what a run in this folder was started with; its results lie beside other things")
        };
        if let Some(overrides) = overrides(store, &config) {
            item = item.note(overrides);
        }
        if store.is_live_below(if whole { &root } else { &config }) {
            item.verdict = Verdict::InUse;
            item = item.note("written less than ten minutes ago, or open");
        }
        Found { items: vec![item.key("run")], ..Found::default() }
    }
}

/// Whether a name ends in a time or a date, or is the number of a job in a sweep.
fn is_dated(name: &str) -> bool {
    let stamp = |b: &[u8]| {
        b.iter().enumerate().all(|(i, b)| if i % 3 == 2 { *b == b'-' } else { b.is_ascii_digit() })
    };
    is_number(name) || name.len().checked_sub(8).is_some_and(|at| stamp(&name.as_bytes()[at..]))
}

/// The folder's name and those above it as long as they tell when: `2026-10-20/11-12-13`, `2026-10-20/11-12-13/4`.
fn name(store: &StoreView<'_>) -> String {
    let mut names = Vec::new();
    for name in store.path().iter().rev().take(3) {
        let dated = name.to_str().is_some_and(is_dated);
        if !dated && !names.is_empty() {
            break;
        }
        names.push(name);
        if !dated {
            break;
        }
    }
    text::path(&names.iter().rev().collect::<std::path::PathBuf>())
}

/// What the run was started with, from `overrides.yaml`: a list of texts.
fn overrides(store: &StoreView<'_>, config: &Folder<'_>) -> Option<String> {
    let file = config.file("overrides.yaml").filter(super::File::is_regular)?;
    let bytes = store.read(file.node, Range::Head, 16 << 10)?;
    let all = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = all.lines().filter_map(|l| l.strip_prefix("- ")).collect();
    let mut shown: Vec<String> = all.iter().take(SHOWN).map(|o| text::plain(o)).collect();
    if all.len() > SHOWN {
        shown.push(format!("and {} more", all.len() - SHOWN));
    }
    (!shown.is_empty()).then(|| format!("with {}", shown.join(" ")))
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    fn run(f: &Fixture, at: &str, overrides: &str) {
        f.file(&format!("{at}/.hydra/config.yaml"), "lr: 1\n");
        f.file(&format!("{at}/.hydra/hydra.yaml"), "hydra:\n");
        f.file(&format!("{at}/.hydra/overrides.yaml"), overrides);
    }

    #[test]
    fn a_run_is_a_folder_named_after_a_time_or_a_number() {
        let f = Fixture::new();
        run(&f, "proj/outputs/2026-10-20/11-12-13", "- lr=0.1\n- model=vit\u{1b}[2J\n");
        f.kib("proj/outputs/2026-10-20/11-12-13/train.log", 4);
        run(&f, "proj/multirun/2026-10-21/01-02-03/0", "[]\n");
        run(&f, "proj/multirun/2026-10-21/01-02-03/1", "- a=1\n- a=2\n- a=3\n- a=4\n- a=5\n- a=6\n- a=7\n");
        f.kib("proj/multirun/2026-10-21/01-02-03/multirun.yaml", 4);
        f.age_all("");
        f.age("proj/multirun/2026-10-21/01-02-03/1/.hydra/config.yaml", 60);
        assert_eq!(
            f.outline(),
            "trackers: hydra run ~/proj/multirun/2026-10-21/01-02-03/0\n\
             \x20 run \"2026-10-21/01-02-03/0\" [look-first] 20 20\n\
             trackers: hydra run ~/proj/multirun/2026-10-21/01-02-03/1\n\
             \x20 run \"2026-10-21/01-02-03/1\" [in-use] 20 20 {with a=1 a=2 a=3 a=4 a=5 a=6 and 1 more; written less than ten minutes ago, or open}\n\
             trackers: hydra run ~/proj/outputs/2026-10-20/11-12-13\n\
             \x20 run \"2026-10-20/11-12-13\" [look-first] 24 24 {with lr=0.1 model=vit\\e[2J}\n"
        );
    }

    #[test]
    fn a_project_that_a_run_was_started_in_is_no_run() {
        let f = Fixture::new();
        run(&f, "proj", "- lr=0.1\n");
        f.kib("proj/train.py", 4);
        f.folder("half/.hydra");
        run(&f, "7", "");
        f.folder("7/.git");
        f.age_all("");
        assert_eq!(
            f.outline(),
            "trackers: hydra run ~/7\n\
             \x20 configuration \"7\" [look-first] 12 12 {what a run in this folder was started with; its results lie beside other things}\n\
             \x20 other \"other files\" [look-first] 8 4\n\
             trackers: hydra run ~/proj\n\
             \x20 configuration \"proj\" [look-first] 16 16 {what a run in this folder was started with; its results lie beside other things; with lr=0.1}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }

    #[test]
    fn checkpoints_in_a_run_are_still_a_run_of_their_own() {
        let f = Fixture::new();
        run(&f, "outputs/2026-10-20/11-12-13", "");
        for epoch in 1..3 {
            f.kib(&format!("outputs/2026-10-20/11-12-13/ckpt/epoch_{epoch}.pt"), 8);
        }
        f.age_all("");
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints series ~/outputs/2026-10-20/11-12-13/ckpt (2 steps, latest epoch 2)\n\
             \x20 step \"epoch 1\" [look-first] 8 8\n\
             \x20 step \"epoch 2\" [look-first] 8 8 {latest}\n\
             trackers: hydra run ~/outputs/2026-10-20/11-12-13\n\
             \x20 run \"2026-10-20/11-12-13\" [look-first] 16 16\n"
        );
    }
}
