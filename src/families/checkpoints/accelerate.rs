//! Accelerate's `save_state`: `checkpoints/checkpoint_3` when it chooses the name, `step_500` or `epoch_1` in the
//! scripts that come with transformers and diffusers.
//!
//! Layout: accelerate 1.15.0, `accelerator.py::save_state` (the main process writes weights, optimizer, schedulers
//! and samplers, and then, like every process, its `random_states_<rank>.pkl`; objects of the script's own come
//! after), `checkpointing.py`, `utils/fsdp_utils.py`. The highest number is the latest (`load_state`).

use super::Kind;
use super::folders::{Layout, entries, proved, series};
use super::run::{Run, State};
use super::trainer::{optimizer, resume_note, weights_are_whole};
use crate::families::{Folder, Listing, Marker};

pub static KIND: Kind = Kind {
    role: "accelerate",
    markers: &[
        Marker::Stem("checkpoint"),
        Marker::Stem("ckpt"),
        Marker::Stem("step"),
        Marker::Stem("epoch"),
        Marker::Stem("global"),
    ],
    claims,
    steps,
};

static LAYOUT: Layout = Layout {
    writer: "Accelerate",
    named: |_| true,
    proof: is_random_state,
    interrupted: true,
    missing,
    writes: is_written,
};

const LAST: &str = "random_states_0.pkl";

fn is_random_state(name: &str) -> bool {
    let rank = name.strip_prefix("random_states_").and_then(|n| n.strip_suffix(".pkl"));
    rank.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// A model that somebody saved there themselves has another ending.
fn is_written(name: &str) -> bool {
    let numbered = |stem: &str, ext: &str| {
        let rest = name.strip_prefix(stem).and_then(|n| n.strip_suffix(ext));
        rest.is_some_and(|n| n.is_empty() || n.starts_with(['_', '-']))
    };
    let state = ["optimizer", "scheduler", "sampler", "dl_state_dict"].iter().any(|s| numbered(s, ".bin"));
    let weights = numbered("model", ".safetensors") || numbered("pytorch_model", ".bin");
    let folder = ["pytorch_model", "pytorch_model_fsdp_", "optimizer_"]
        .iter()
        .any(|stem| name.strip_prefix(stem).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())));
    let index = name.ends_with(".index.json");
    let object = numbered("custom_checkpoint", ".pkl");
    let others = ["scaler.pt", "latest", "zero_to_fp32.py"].contains(&name);
    state || weights || folder || index || object || others || is_random_state(name)
}

fn claims(folder: &Listing<'_>) -> bool {
    proved(folder, &LAYOUT)
}

fn missing(folder: &Folder<'_>) -> Option<String> {
    (!folder.has_file(LAST)).then(|| format!("no {LAST}, which is written last"))
}

fn steps(run: &mut Run<'_>) {
    let folders = run.folders();
    for mut steps in series(run, &LAYOUT, false) {
        for step in &mut steps {
            let Some(folder) = folders.iter().find(|f| step.holds(f.name())) else { continue };
            if step.state == State::Whole {
                step.notes.extend(resume_note(folder));
            } else if entries(folder).any(is_random_state) {
                step.careful = true;
                step.note("that of another process is there: it may be the part of another machine");
            } else if optimizer(folder) == 0 && weights_are_whole(run.store, folder) {
                step.careful = true;
                step.note("its weights are there: somebody may have kept them alone");
            }
        }
        run.add(steps);
    }
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    fn state(f: &Fixture, at: &str) {
        f.kib(&format!("{at}/model.safetensors"), 8);
        f.kib(&format!("{at}/optimizer.bin"), 16);
        f.kib(&format!("{at}/scheduler.bin"), 4);
        f.kib(&format!("{at}/random_states_0.pkl"), 4);
    }

    #[test]
    fn states_are_ordered_and_the_random_states_come_last() {
        let f = Fixture::new();
        for n in [0, 1, 2, 3, 4, 9, 10, 11] {
            state(&f, &format!("checkpoints/checkpoint_{n}"));
        }
        let remove = |n: u32, name: &str| {
            std::fs::remove_file(f.path(&format!("checkpoints/checkpoint_{n}/{name}"))).expect(name);
        };
        f.kib("checkpoints/checkpoint_5/model.pt", 4);
        for n in [1, 2, 3, 4, 11] {
            remove(n, "random_states_0.pkl");
        }
        f.kib("checkpoints/checkpoint_2/unet/diffusion.safetensors", 4);
        remove(3, "optimizer.bin");
        remove(3, "scheduler.bin");
        f.kib("checkpoints/checkpoint_4/random_states_8.pkl", 4);
        f.kib("checkpoints/notes/mine.txt", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints accelerate ~/checkpoints (9 steps, latest checkpoint_10)\n\
             \x20 step \"checkpoint_0\" [look-first] 36 36 {16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 !step \"checkpoint_1\" [safe] 32 32 {incomplete: no random_states_0.pkl, which is written last}\n\
             \x20 step \"checkpoint_2\" [look-first] 40 40 {incomplete: no random_states_0.pkl, which is written last; it holds files that Accelerate did not write}\n\
             \x20 step \"checkpoint_3\" [look-first] 12 12 {incomplete: no random_states_0.pkl, which is written last; its weights are there: somebody may have kept them alone}\n\
             \x20 step \"checkpoint_4\" [look-first] 36 36 {incomplete: no random_states_0.pkl, which is written last; that of another process is there: it may be the part of another machine}\n\
             \x20 step \"checkpoint_5\" [look-first] 8 8 {incomplete: no random_states_0.pkl, which is written last; it holds files that Accelerate did not write}\n\
             \x20 step \"checkpoint_9\" [look-first] 36 36 {16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 step \"checkpoint_10\" [look-first] 36 36 {last complete; 16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 !step \"checkpoint_11\" [look-first] 32 32 {incomplete: no random_states_0.pkl, which is written last}\n\
             \x20 other \"other files\" [look-first] 12 8\n"
        );
    }

    #[test]
    fn names_of_scripts_and_what_lies_in_a_step() {
        let f = Fixture::new();
        for n in [500, 1000] {
            state(&f, &format!("out/step_{n}"));
            // Sharded, through torch and through DeepSpeed.
            f.kib(&format!("out/step_{n}/pytorch_model_fsdp_0/__0_0.distcp"), 4);
            f.kib(&format!("out/step_{n}/pytorch_model_fsdp_0/.metadata"), 4);
            f.kib(&format!("out/step_{n}/pytorch_model/mp_rank_00_model_states.pt"), 4);
            f.file(&format!("out/step_{n}/latest"), "pytorch_model");
        }
        state(&f, "out/epoch_1");
        f.kib("out/model.safetensors", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints accelerate ~/out (3 steps, 2 series)\n\
             \x20 step \"epoch_1\" [look-first] 36 36 {latest; 16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 step \"step_500\" [look-first] 60 60 {16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 step \"step_1000\" [look-first] 60 60 {latest; 16.0 KiB of it is optimizer state, needed only to resume}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }

    #[test]
    fn other_peoples_epochs_are_no_states() {
        let f = Fixture::new();
        for n in 1..5 {
            f.kib(&format!("samples/epoch_{n}/image.png"), 4);
            f.kib(&format!("samples/checkpoint_{n}/random_states.txt"), 4);
        }
        assert_eq!(f.outline(), "");
    }
}
