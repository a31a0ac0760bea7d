//! Megatron-LM: a folder `iter_0000500` for each saved iteration, `release` for a converted model, and the tracker
//! `latest_checkpointed_iteration.txt`, which is written when a save succeeded. verl has the same tracker beside
//! folders `global_step_500`.
//!
//! Layout: Megatron-LM@d98e8a6, `megatron/training/checkpointing.py` (`get_checkpoint_name`,
//! `get_checkpoint_tracker_filename`, `iter_finalize_fn`), megatron-core 0.16.1, `core/dist_checkpointing/`
//! (`metadata.json` is written only if the checkpoint is complete); verl, `_save_checkpoint` in
//! `trainer/ppo/ray_trainer.py` as its users carry it.

use super::Kind;
use super::folders::{Layout, entries, have_hole, proved, series};
use super::pointer::Pointer;
use super::run::{Run, number_after};
use crate::families::{Folder, Listing, Marker};

pub static KIND: Kind =
    Kind { role: "megatron", markers: &[Marker::Name(TRACKER), Marker::Stem("iter")], claims, steps };

const TRACKER: &str = "latest_checkpointed_iteration.txt";

static LAYOUT: Layout = Layout {
    writer: "Megatron",
    named: |name| name == "release" || iteration(name).is_some(),
    proof: |name| name == "common.pt" || rank(name).is_some(),
    interrupted: true,
    missing,
    writes: |name| {
        let known = [".metadata", ".metadata.tmp", "metadata.json", "common.pt"].contains(&name);
        known || rank(name).is_some() || name.ends_with(".distcp")
    },
};

/// The iteration a folder's name tells.
fn iteration(name: &str) -> Option<u64> {
    let iter = number_after(name, "iter_").filter(|_| name.len() >= "iter_0000000".len());
    iter.or_else(|| number_after(name, "global_step_"))
}

/// `mp_rank_<tensor>`, `mp_rank_<tensor>_<pipeline>`, and with experts one more.
fn rank(name: &str) -> Option<Vec<u64>> {
    let ranks = name.strip_prefix("mp_rank_")?;
    ranks.split('_').map(|r| number_after(r, "")).collect()
}

fn claims(folder: &Listing<'_>) -> bool {
    let tracked = folder.has_file(TRACKER) && folder.any_folder(LAYOUT.named);
    tracked || proved(folder, &LAYOUT)
}

fn steps(run: &mut Run<'_>) {
    let tracker = Pointer::read(run, TRACKER).map(|mut t| {
        // It holds the number alone.
        if let Some(n) = t.names.as_deref().and_then(|n| number_after(n, "")) {
            let folders = run.folders();
            let folder = folders.iter().find(|f| iteration(f.name()) == Some(n));
            t.names = Some(folder.map_or_else(|| format!("iteration {n}"), |f| f.name().to_string()));
        }
        t
    });
    let mut found = false;
    for mut steps in series(run, &LAYOUT, tracker.is_some()) {
        if let Some(tracker) = &tracker {
            found |= tracker.tell(&mut steps);
            tracker.doubt_newer(&mut steps);
        }
        run.add(steps);
    }
    if let Some(tracker) = tracker {
        run.add_other(tracker.into_item(found));
    }
}

fn missing(folder: &Folder<'_>) -> Option<String> {
    let shards = entries(folder).any(|n| n.ends_with(".distcp"));
    let metadata = if folder.has_file("common.pt") { "metadata.json" } else { ".metadata" };
    if (shards || folder.has_file("common.pt")) && !folder.has_file(metadata) {
        return Some(format!("no {metadata}, which is written last"));
    }
    let folders = folder.folders();
    let ranks: Vec<(Vec<u64>, &Folder<'_>)> =
        folders.iter().filter_map(|f| Some((rank(f.name())?, f))).collect();
    if let Some((_, empty)) = ranks.iter().find(|(_, f)| f.is_empty()) {
        return Some(format!("{} is empty", empty.name()));
    }
    let ranks: Vec<Vec<u64>> = ranks.into_iter().map(|(r, _)| r).filter(|r| r.len() <= 2).collect();
    have_hole(&ranks).then(|| "shards of some ranks are missing".into())
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    fn dist(f: &Fixture, at: &str) {
        f.kib(&format!("{at}/__0_0.distcp"), 8);
        for name in [".metadata", "common.pt", "metadata.json"] {
            f.kib(&format!("{at}/{name}"), 4);
        }
    }

    #[test]
    fn the_tracker_names_the_latest_and_what_is_newer_was_never_finished() {
        let f = Fixture::new();
        for n in ["0000500", "0001000", "0010000", "0010500"] {
            dist(&f, &format!("gpt/iter_{n}"));
        }
        std::fs::remove_file(f.path("gpt/iter_0000500/metadata.json")).expect("there");
        std::fs::remove_file(f.path("gpt/iter_0010500/metadata.json")).expect("there");
        f.file("gpt/latest_checkpointed_iteration.txt", "10000\n");
        f.kib("gpt/progress.txt", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints megatron ~/gpt (4 steps, latest 10000)\n\
             \x20 !step \"step 500\" [safe] 20 20 {incomplete: no metadata.json, which is written last}\n\
             \x20 step \"step 1000\" [look-first] 24 24\n\
             \x20 step \"step 10000\" [look-first] 24 24 {latest; the file latest_checkpointed_iteration.txt names it}\n\
             \x20 step \"step 10500\" [look-first] 20 20 {incomplete: no metadata.json, which is written last}\n\
             \x20 pointer \"latest_checkpointed_iteration.txt\" [look-first] 4 4 {names iter_0010000 as the latest}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }

    #[test]
    fn the_older_layout_by_ranks_and_a_released_model() {
        let f = Fixture::new();
        for rank in ["00_000", "00_001", "01_000", "01_001"] {
            f.kib(&format!("old/iter_0000100/mp_rank_{rank}/model_optim_rng.pt"), 4);
            f.kib(&format!("old/iter_0000200/mp_rank_{rank}/model_optim_rng.pt"), 4);
        }
        std::fs::remove_dir_all(f.path("old/iter_0000100/mp_rank_01_000")).expect("there");
        f.kib("conv/release/mp_rank_00/model_optim_rng.pt", 4);
        f.file("conv/latest_checkpointed_iteration.txt", "release");
        f.file("gone/latest_checkpointed_iteration.txt", "7");
        f.kib("gone/iter_0000003/mp_rank_00/model_optim_rng.pt", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints megatron ~/conv\n\
             \x20 step \"release\" [look-first] 12 12 {latest; the file latest_checkpointed_iteration.txt names it}\n\
             \x20 pointer \"latest_checkpointed_iteration.txt\" [look-first] 4 4 {names release as the latest}\n\
             checkpoints: checkpoints megatron ~/gone (1 step, latest 3)\n\
             \x20 step \"step 3\" [look-first] 12 12 {latest}\n\
             \x20 pointer \"latest_checkpointed_iteration.txt\" [look-first] 4 4 {names iteration 7, which is not here}\n\
             checkpoints: checkpoints megatron ~/old (2 steps, latest 200)\n\
             \x20 !step \"step 100\" [safe] 28 28 {incomplete: shards of some ranks are missing}\n\
             \x20 step \"step 200\" [look-first] 36 36 {latest}\n"
        );
    }

    #[test]
    fn verl_has_the_same_tracker() {
        let f = Fixture::new();
        for n in [9, 10, 11] {
            f.kib(&format!("ppo/global_step_{n}/actor/model_world_size_8_rank_0.pt"), 8);
            f.kib(&format!("ppo/global_step_{n}/data.pt"), 4);
        }
        f.file("ppo/latest_checkpointed_iteration.txt", "10");
        let outline = f.outline();
        assert!(outline.contains("megatron ~/ppo (3 steps, latest 10)"), "{outline}");
        assert!(outline.contains("step \"step 11\" [look-first] 20 20 {incomplete: newer than"), "{outline}");
    }

    #[test]
    fn folders_called_so_without_a_tracker_prove_nothing() {
        let f = Fixture::new();
        f.kib("renders/iter_0000100/a.png", 4);
        f.kib("renders/iter_0000200/a.png", 4);
        f.kib("renders/release/notes.txt", 4);
        assert_eq!(f.outline(), "");
    }
}
