//! `DeepSpeed`: a folder for each tag, `global_step500` unless the script says otherwise, with a file for each rank;
//! beside them `latest`, `latest_universal` and `zero_to_fp32.py`.
//!
//! Layout: `DeepSpeed`@edaa722, `runtime/engine.py` (`save_checkpoint` writes `latest` after all shards,
//! `_get_rank_zero_ckpt_name` and `_get_ckpt_name` name them, `_copy_recovery_script`), `checkpoint/ds_to_universal.py`
//! (`latest_universal`). Accelerate and mmengine write their steps through it, with tags of their own.

use super::Kind;
use super::folders::{Layout, entries, have_hole, proved, proves, series};
use super::pointer::Pointer;
use super::run::Run;
use crate::families::{Folder, Listing, Marker};

pub static KIND: Kind = Kind {
    role: "deepspeed",
    markers: &[
        Marker::Name("latest"),
        Marker::Name("latest_universal"),
        Marker::Name("zero_to_fp32.py"),
        Marker::Stem("global"),
        Marker::Stem("epoch"),
        Marker::Stem("step"),
    ],
    claims,
    steps,
};

const POINTERS: &[&str] = &["latest", "latest_universal"];

/// Beside a pointer, folders with any name are looked into, if there are no more than this.
const FEW: usize = 4;

static LAYOUT: Layout = Layout {
    writer: "DeepSpeed",
    named: |_| true,
    proof: is_shard,
    interrupted: true,
    missing,
    writes: |name| is_shard(name) || name == "offloaded_tensors",
};

fn is_shard(name: &str) -> bool {
    ["_model_states.pt", "-model_states.pt", "_optim_states.pt"].iter().any(|end| name.ends_with(end))
}

fn claims(folder: &Listing<'_>) -> bool {
    let pointed = POINTERS.iter().any(|p| folder.has_file(p)) && folder.folders.len() <= FEW;
    let names = || folder.folders.iter().filter_map(|f| std::str::from_utf8(f).ok());
    proved(folder, &LAYOUT) || (pointed && names().any(|n| proves(folder, n, &LAYOUT)))
}

fn steps(run: &mut Run<'_>) {
    let pointers: Vec<Pointer<'_>> = POINTERS.iter().filter_map(|name| Pointer::read(run, name)).collect();
    let mut found = vec![false; pointers.len()];
    for mut steps in series(run, &LAYOUT, false) {
        for (pointer, found) in pointers.iter().zip(&mut found) {
            *found |= pointer.tell(&mut steps);
            pointer.doubt_newer(&mut steps);
        }
        run.add(steps);
    }
    for (pointer, found) in pointers.into_iter().zip(found) {
        run.add_other(pointer.into_item(found));
    }
}

/// Every rank writes a shard of the optimizer: `[bf16_]zero_pp_rank_<data>_mp_rank_<model>_optim_states.pt`.
fn missing(folder: &Folder<'_>) -> Option<String> {
    if !entries(folder).any(is_shard) {
        return Some("none of its shards is there".into());
    }
    let ranks: Vec<Vec<u64>> = entries(folder).filter_map(ranks).collect();
    have_hole(&ranks).then(|| "shards of some ranks are missing".into())
}

fn ranks(name: &str) -> Option<Vec<u64>> {
    let (_, ranks) = name.strip_suffix("_optim_states.pt")?.split_once("zero_pp_rank_")?;
    let (data, model) = ranks.split_once("_mp_rank_")?;
    Some(vec![model.parse().ok()?, data.parse().ok()?])
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    fn tag(f: &Fixture, at: &str, ranks: u32) {
        f.kib(&format!("{at}/mp_rank_00_model_states.pt"), 8);
        for rank in 0..ranks {
            f.kib(&format!("{at}/bf16_zero_pp_rank_{rank}_mp_rank_00_optim_states.pt"), 4);
        }
    }

    #[test]
    fn tags_are_ordered_and_latest_names_one() {
        let f = Fixture::new();
        for n in [50, 100, 900, 1000, 1100] {
            tag(&f, &format!("ds/global_step{n}"), 4);
        }
        f.file("ds/latest", "global_step1000");
        f.kib("ds/zero_to_fp32.py", 4);
        let remove = |below: &str| std::fs::remove_file(f.path(below)).expect("there");
        remove("ds/global_step100/bf16_zero_pp_rank_2_mp_rank_00_optim_states.pt");
        remove("ds/global_step50/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt");
        f.kib("ds/global_step50/pytorch_model.bin", 8);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints deepspeed ~/ds (5 steps, latest 1000)\n\
             \x20 step \"step 50\" [look-first] 32 32 {incomplete: shards of some ranks are missing; it holds files that DeepSpeed did not write}\n\
             \x20 !step \"step 100\" [safe] 24 24 {incomplete: shards of some ranks are missing}\n\
             \x20 step \"step 900\" [look-first] 28 28\n\
             \x20 step \"step 1000\" [look-first] 28 28 {latest; the file latest names it}\n\
             \x20 step \"step 1100\" [look-first] 28 28 {incomplete: newer than what latest names, which is written last}\n\
             \x20 pointer \"latest\" [look-first] 4 4 {names global_step1000 as the latest}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }

    #[test]
    fn tags_of_any_name_need_a_pointer() {
        let f = Fixture::new();
        tag(&f, "named/best", 2);
        tag(&f, "named/epoch_3", 2);
        tag(&f, "named/epoch_12", 2);
        f.file("named/latest", "gone");
        tag(&f, "alone/best", 2);
        tag(&f, "mm/epoch_1.pth", 1);
        f.file("mm/latest", "epoch_1.pth");
        f.file("notes/latest", "best");
        f.kib("notes/best/photo.jpg", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints deepspeed ~/mm (1 step, latest epoch 1)\n\
             \x20 step \"epoch 1\" [look-first] 16 16 {latest; the file latest names it}\n\
             \x20 pointer \"latest\" [look-first] 4 4 {names epoch_1.pth as the latest}\n\
             checkpoints: checkpoints deepspeed ~/named (2 steps, latest epoch 12)\n\
             \x20 step \"best\" [look-first] 20 20\n\
             \x20 step \"epoch 3\" [look-first] 20 20\n\
             \x20 step \"epoch 12\" [look-first] 20 20 {latest}\n\
             \x20 pointer \"latest\" [look-first] 4 4 {names gone, which is not here}\n"
        );
    }

    #[test]
    fn a_universal_copy_is_a_step_of_its_own() {
        let f = Fixture::new();
        tag(&f, "ds/global_step5", 2);
        f.kib("ds/global_step5_universal/zero/w/fp32.pt", 8);
        f.kib("ds/global_step5_universal/mp_rank_00_model_states.pt", 4);
        f.file("ds/latest_universal", "global_step5_universal\n");
        // Ranks that no box has are no reason to count to them.
        f.kib(
            "ds/global_step5/zero_pp_rank_18446744073709551615_mp_rank_18446744073709551615_optim_states.pt",
            4,
        );
        let outline = f.outline();
        assert!(outline.contains("step \"global_step5_universal\" [look-first] 24 24 {latest; the file latest_universal names it}"), "{outline}");
        assert!(
            outline.contains(
                "step \"global_step5\" [look-first] 24 24 {incomplete: shards of some ranks are missing"
            ),
            "{outline}"
        );
    }
}
