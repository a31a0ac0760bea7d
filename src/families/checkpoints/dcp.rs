//! Shards of torch's distributed checkpoints (FSDP, torchtitan, Composer): a folder of `__<rank>_<n>.distcp` and
//! `.metadata`, with others in a run or alone.
//!
//! Layout: torch main, `distributed/checkpoint/filesystem.py` (`finish` writes `.metadata.tmp` after all shards and
//! renames it), torchtitan 0.3.0, `components/checkpointer/dcp.py` (`step-<n>`), composer 0.32.1, `utils/checkpoint.py`
//! (`ep<epoch>-ba<batch>/`).

use super::Kind;
use super::folders::{Layout, entries, proved, series};
use super::run::{Run, State, Step, Thing, number_after};
use crate::families::{Folder, Listing, Marker};
use crate::text;

pub static KIND: Kind = Kind {
    role: "distributed",
    markers: &[
        Marker::Ext("distcp"),
        Marker::Stem("step"),
        Marker::Stem("checkpoint"),
        Marker::Stem("ckpt"),
        Marker::Stem("epoch"),
        Marker::Stem("iter"),
        Marker::Stem("global"),
        Marker::Stem("ep"),
    ],
    claims,
    steps,
};

static LAYOUT: Layout = Layout {
    writer: "torch",
    // Lightning's are its own.
    named: |name| name.strip_suffix(".ckpt").is_none(),
    proof: is_shard,
    // A run may hold a step that was exported, without any shards.
    interrupted: false,
    missing,
    writes: |name| is_shard(name) || name.starts_with(".metadata"),
};

/// `__3_0.distcp`
fn is_shard(name: &str) -> bool {
    let ranks = name.strip_prefix("__").and_then(|n| n.strip_suffix(".distcp"));
    ranks
        .and_then(|r| r.split_once('_'))
        .is_some_and(|(rank, n)| number_after(rank, "").is_some() && number_after(n, "").is_some())
}

/// One that lies alone is a store of its own, unless it is a part of a step of something else.
fn claims(folder: &Listing<'_>) -> bool {
    let alone = folder.within != Some(super::ABOUT.id) && folder.any_file(is_shard);
    alone || proved(folder, &LAYOUT)
}

/// Each process of newer writers may have its own: `.metadata` or `__0.metadata`.
fn missing(folder: &Folder<'_>) -> Option<String> {
    let there = entries(folder).any(|n| n.ends_with(".metadata"));
    (!there).then(|| "no .metadata, which is written last".into())
}

fn steps(run: &mut Run<'_>) {
    for steps in series(run, &LAYOUT, false) {
        run.add(steps);
    }
    let files = run.files();
    let mut ours = files.iter().filter(|f| is_shard(f.name()) || f.name().starts_with(".metadata"));
    if !files.iter().any(|f| is_shard(f.name())) {
        return;
    }
    let Some(first) = ours.next() else { return };
    let name = run.store.path().file_name().map(|n| text::display(n.as_encoded_bytes()));
    let mut step = Step::file(first, None, name.unwrap_or_default());
    ours.for_each(|f| step.and(Thing::File(*f)));
    if let Some(why) = missing(&run.folder) {
        step.state = State::Torn(why);
    }
    run.add(vec![step]);
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    fn shards(f: &Fixture, at: &str) {
        for rank in 0..2 {
            f.kib(&format!("{at}/__{rank}_0.distcp"), 8);
        }
        f.kib(&format!("{at}/.metadata"), 4);
    }

    #[test]
    fn steps_of_shards_end_with_their_metadata() {
        let f = Fixture::new();
        for n in [5, 20, 100, 200] {
            shards(&f, &format!("titan/checkpoint/step-{n}"));
        }
        for n in [5, 200] {
            std::fs::remove_file(f.path(&format!("titan/checkpoint/step-{n}/.metadata"))).expect("there");
        }
        f.kib("titan/checkpoint/step-200/.metadata.tmp", 4);
        // Exported for others, which is no interruption.
        f.kib("titan/checkpoint/step-90/model.safetensors", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints distributed ~/titan/checkpoint (4 steps, latest 100)\n\
             \x20 !step \"step 5\" [safe] 20 20 {incomplete: no .metadata, which is written last}\n\
             \x20 step \"step 20\" [look-first] 24 24\n\
             \x20 step \"step 100\" [look-first] 24 24 {last complete}\n\
             \x20 !step \"step 200\" [look-first] 24 24 {incomplete: no .metadata, which is written last}\n\
             \x20 other \"other files\" [look-first] 12 8\n"
        );
    }

    #[test]
    fn one_alone_is_a_store_and_composers_links_are_followed() {
        let f = Fixture::new();
        shards(&f, "exported");
        f.kib("exported/config.json", 4);
        f.kib("torn/__0_0.distcp", 8);
        shards(&f, "mpt/ep0-ba50");
        shards(&f, "mpt/ep1-ba100");
        f.old_link("ep0-ba50", "mpt/latest-rank0.pt");
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints distributed ~/exported\n\
             \x20 step \"exported\" [look-first] 20 20\n\
             \x20 other \"other files\" [look-first] 8 4\n\
             checkpoints: checkpoints distributed ~/mpt (2 steps, latest epoch 0 · step 50)\n\
             \x20 step \"epoch 0 · step 50\" [look-first] 24 24 {latest}\n\
             \x20 step \"epoch 1 · step 100\" [look-first] 24 24 {last complete}\n\
             checkpoints: checkpoints distributed ~/torn\n\
             \x20 !step \"torn\" [look-first] 8 8 {incomplete: no .metadata, which is written last}\n"
        );
    }
}
