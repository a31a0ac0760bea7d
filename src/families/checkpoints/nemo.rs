//! What `NeMo` adds to Lightning's checkpoints: the metric in front of the numbers, `-last` and `-EMA` behind them,
//! folders without an ending for distributed ones, and a file `<name>-unfinished` while one is written or removed.
//!
//! Layout: `NeMo` 3.0.0, `utils/callbacks/nemo_model_checkpoint.py` (`format_checkpoint_unfinished_marker_path`;
//! when a training starts, `_remove_unfinished_checkpoints` removes what is marked), `utils/exp_manager.py` (names);
//! `NeMo` 2.x, `lightning/pytorch/callbacks/model_checkpoint.py` (the same marker).

use crate::families::{Folder, Listing};

/// What is said of a marked step.
pub const UNFINISHED: &str = "marked as unfinished: NeMo removes it when a training starts here";

/// The step that a file is the marker of.
pub fn marked(name: &str) -> Option<&str> {
    name.strip_suffix("-unfinished").filter(|s| !s.is_empty())
}

/// The name of a step as its marker has it.
pub fn stem(name: &str) -> &str {
    let stem = name.strip_suffix(".ckpt").unwrap_or(name);
    stem.strip_suffix("-EMA").unwrap_or(stem)
}

/// `gpt--val_loss=1.23-epoch=3-last.ckpt`: a copy of the newest, from which training goes on.
pub fn is_last(name: &str) -> bool {
    has_name(name) && stem(name).ends_with("-last")
}

/// What tells a step from others of the same numbers.
pub fn suffix(name: &str) -> &'static str {
    let ema = name.strip_suffix(".ckpt").unwrap_or(name).ends_with("-EMA");
    match (is_last(name), ema) {
        (false, false) => "",
        (true, false) => " (last)",
        (false, true) => " (EMA)",
        (true, true) => " (last, EMA)",
    }
}

/// The metric between the name and the numbers: `gpt--val_loss=1.23-epoch=3`.
pub fn monitor(stem: &str) -> Option<(String, String)> {
    let (_, rest) = stem.rsplit_once("--")?;
    let (metric, rest) = rest.split_once('=')?;
    let value = rest.split("-epoch=").next()?.split("-step=").next()?;
    let ours = !["epoch", "step"].contains(&metric) && value.parse::<f64>().is_ok();
    ours.then(|| (metric.to_string(), value.to_string()))
}

/// Two dashes after the model's name, and a number that Lightning counts.
fn has_name(name: &str) -> bool {
    name.split_once("--").is_some_and(|(_, rest)| rest.contains("epoch=") || rest.contains("step="))
}

/// Names in a distributed checkpoint: of Megatron, and of `NeMo` 2.
fn is_inside(name: &str) -> bool {
    ["metadata.json", "common.pt", ".metadata", "weights"].contains(&name)
}

/// Whether a folder is a distributed checkpoint.
pub fn is_step(folder: &Folder<'_>) -> bool {
    let proof = || {
        let (files, folders) = (folder.files(), folder.folders());
        files.iter().any(|f| is_inside(f.name())) || folders.iter().any(|f| is_inside(f.name()))
    };
    has_name(folder.name()) && folder.name().strip_suffix(".ckpt").is_none() && proof()
}

/// Whether the folders in one are distributed checkpoints. One of them is looked into.
pub fn claims(folder: &Listing<'_>) -> bool {
    let names = folder.folders.iter().filter_map(|f| std::str::from_utf8(f).ok());
    let step = names.filter(|n| has_name(n)).max();
    step.is_some_and(|name| folder.names_in(name).iter().any(|n| is_inside(n)))
}

#[cfg(test)]
mod tests {
    use crate::families::checkpoints::tests::zip;
    use crate::families::testing::Fixture;

    #[test]
    fn names_of_nemo_and_its_markers() {
        let f = Fixture::new();
        let at = "exp/gpt/2026-10-20_09-00-00/checkpoints";
        for name in
            ["gpt--val_loss=2.10-epoch=9", "gpt--val_loss=1.90-epoch=10", "gpt--val_loss=1.90-epoch=10-last"]
        {
            f.file(&format!("{at}/{name}.ckpt"), zip(8));
        }
        f.file(&format!("{at}/gpt--val_loss=1.90-epoch=10-EMA.ckpt"), zip(8));
        f.file(&format!("{at}/gpt--val_loss=1.80-epoch=11.ckpt"), zip(8));
        f.file(&format!("{at}/gpt--val_loss=1.80-epoch=11-EMA.ckpt"), zip(8));
        f.file(&format!("{at}/gpt--val_loss=1.80-epoch=11-unfinished"), "");
        f.file(&format!("{at}/gpt--val_loss=1.70-epoch=12-unfinished"), "");
        f.file(&format!("{at}/thesis-unfinished"), "");
        assert_eq!(
            f.outline(),
            format!(
                "checkpoints: checkpoints lightning ~/{at} (4 steps, latest epoch 10 (last))\n\
                 \x20 step \"epoch 9\" [look-first] 8 8 {{val_loss 2.10}}\n\
                 \x20 step \"epoch 10 (EMA)\" [look-first] 8 8 {{last complete; val_loss 1.90}}\n\
                 \x20 step \"epoch 10 (last)\" [look-first] 8 8 {{latest; val_loss 1.90}}\n\
                 \x20 step \"epoch 10\" [look-first] 8 8 {{last complete; val_loss 1.90}}\n\
                 \x20 !unfinished step \"epoch 11 (EMA)\" [safe] 16 16 {{marked as unfinished: NeMo removes it when a training starts here; val_loss 1.80, the lowest here}}\n\
                 \x20 !marker \"gpt--val_loss=1.70-epoch=12-unfinished\" [safe] 0 0 {{NeMo's mark of an unfinished step that is not here}}\n\
                 \x20 other \"other files\" [look-first] 4 0\n"
            )
        );
    }

    #[test]
    fn distributed_steps_are_folders_without_an_ending() {
        let f = Fixture::new();
        for (name, inside) in [("step=99", "common.pt"), ("step=100-last", "weights/common.pt")] {
            f.kib(&format!("gpt/megatron_gpt--{name}/{inside}"), 4);
        }
        f.kib("sweep/megatron--step=1/notes.txt", 4);
        let outline = f.outline();
        assert_eq!(outline.lines().filter(|l| !l.starts_with(' ')).count(), 1, "{outline}");
        assert!(outline.contains("lightning ~/gpt (2 steps, latest step 100 (last)"), "{outline}");
        assert!(outline.contains("step \"step 99\" [look-first]"), "{outline}");
    }
}
