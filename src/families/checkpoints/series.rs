//! Files that differ by a number that counts: `epoch_12.pth`, `model_0004999.pth`, `weights.07-4.42.weights.h5`,
//! `checkpoint-9.pth.tar`, and beside them `best`, `last` and `final`.
//!
//! The names are a habit and no layout: Keras 3.15.1 `callbacks/model_checkpoint.py` takes any template; mmengine
//! 0.10.7 `hooks/checkpoint_hook.py` and fvcore@main `common/checkpoint.py` (detectron2) write the text file
//! `last_checkpoint`; ultralytics 8.4.190 `engine/trainer.py` writes `best.pt`, `last.pt` and `epoch3.pt`; timm 1.0.31
//! `utils/checkpoint_saver.py` hard links `last`, `model_best` and `milestone-4` to its steps; fairseq@main
//! `checkpoint_utils.py`, `trainer.py` and composer 0.32.1 `callbacks/checkpoint_saver.py` write a file for each
//! process. So the names must prove that they are one sequence, and that the folder is mostly about it: a folder of
//! different models is no run.

use rustc_hash::FxHashMap;

use super::Kind;
use super::metrics::note_metrics;
use super::pointer::Pointer;
use super::run::{Run, State, Step, Thing};
use super::sequence::{Named, POINTER, sort_out, split, whole};
use super::template::Unit;
use super::whole::torn;
use crate::families::{File, Listing, Marker};
use crate::text;

pub static KIND: Kind = Kind {
    role: "series",
    markers: &[
        Marker::Ext("pth.tar"),
        Marker::Ext("keras"),
        Marker::Ext("ckpt"),
        Marker::Ext("pth"),
        Marker::Ext("pt"),
        Marker::Ext("safetensors"),
        Marker::Ext("h5"),
        Marker::Ext("hdf5"),
    ],
    claims,
    steps,
};

fn claims(folder: &Listing<'_>) -> bool {
    let names: Vec<&str> = folder.files.iter().filter_map(|f| std::str::from_utf8(f).ok()).collect();
    let sorted = sort_out(&names);
    !sorted.groups.is_empty() || !sorted.named.is_empty()
}

fn steps(run: &mut Run<'_>) {
    let files = run.files();
    let by_name: FxHashMap<&str, &File<'_>> = files.iter().map(|f| (f.name(), f)).collect();
    let names: Vec<&str> = files.iter().map(File::name).filter(|n| !n.is_empty()).collect();
    let sorted = sort_out(&names);
    let only_one = sorted.groups.len() == 1;
    let mut series: Vec<Vec<Step<'_>>> = Vec::new();
    for group in &sorted.groups {
        let (mut steps, mut templates) = (Vec::new(), Vec::new());
        for (name, template) in &group.members {
            let Some(file) = by_name.get(name) else { continue };
            // Of several sequences, the words would be the same: their names tell them apart.
            let words = template.words().filter(|_| only_one);
            let Some(mut step) = step_of(run, file, Some(template.order()), words, &mut steps) else {
                continue;
            };
            if let [(Unit::Step, n)] = template.counts[..] {
                step.short = n.to_string();
            }
            steps.push(step);
            templates.push(Some(template.clone()));
        }
        note_metrics(&mut steps, &templates);
        series.push(steps);
    }
    if !only_one {
        series.push(Vec::new());
    }
    let mut with_words = Vec::new();
    for (name, what) in &sorted.named {
        let Some(file) = by_name.get(name) else { continue };
        let Some(mut step) = step_of(run, file, None, None, &mut with_words) else { continue };
        step.careful = true;
        step.latest = step.state == State::Whole && *what == Some(Named::Last);
        if *what == Some(Named::Best) {
            step.note("best by its name");
        }
        with_words.push(step);
    }
    if let Some(steps) = series.last_mut() {
        steps.extend(with_words);
    }
    if let Some(steps) = series.first_mut() {
        steps.extend(TEMPORARY.iter().filter_map(|name| temporary(run, by_name.get(name)?)));
    }
    let pointer = Pointer::read(run, POINTER);
    let told = |p: &Pointer<'_>| series.iter_mut().map(|steps| p.tell(steps)).fold(false, |a, b| a | b);
    let found = pointer.as_ref().is_some_and(told);
    for steps in series {
        run.add(steps);
    }
    if let Some(pointer) = pointer {
        run.add_other(pointer.into_item(found));
    }
}

/// What timm writes before it renames it.
const TEMPORARY: &[&str] = &["tmp.pth.tar", "recovery_tmp.pth.tar"];

/// It may be all that is left: timm removes `last.pth.tar` before it gives it this one's place.
fn temporary<'a>(run: &Run<'_>, file: &File<'a>) -> Option<Step<'a>> {
    let mut step = file_step(run, file, None, None)?;
    step.careful = step.state == State::Whole;
    step.state = State::Unfinished(if step.careful {
        "all of it was written, but never given its final name".into()
    } else {
        "never finished: timm renames it when all of it is written".into()
    });
    Some(step)
}

/// A step that begins with a file; nothing if the file is a piece of one of the steps so far, and then added to it.
fn step_of<'a>(
    run: &Run<'_>,
    file: &File<'a>,
    order: Option<Vec<u64>>,
    words: Option<String>,
    steps: &mut [Step<'a>],
) -> Option<Step<'a>> {
    let is_piece = split(file.name()).is_some_and(|(stem, _)| whole(stem) != stem);
    let new = file_step(run, file, order, words)?;
    let Some(step) = steps.iter_mut().find(|s| is_piece && s.order == new.order && s.name == new.name) else {
        return Some(new);
    };
    step.and(Thing::File(*file));
    if step.state == State::Whole {
        step.state = new.state;
    }
    None
}

/// A step that is a file; nothing if it is a link or no file at all.
fn file_step<'a>(
    run: &Run<'_>,
    file: &File<'a>,
    order: Option<Vec<u64>>,
    words: Option<String>,
) -> Option<Step<'a>> {
    if !file.is_regular() {
        return None;
    }
    let name = split(file.name()).map_or(file.name(), |(stem, _)| whole(stem));
    let mut step = Step::file(file, order, words.unwrap_or_else(|| text::plain(name)));
    if let Some(why) = torn(run.store, file) {
        step.state = State::Torn(why.into());
    }
    Some(step)
}

#[cfg(test)]
mod tests {
    use crate::families::checkpoints::tests::{torn_zip, zip};
    use crate::families::testing::Fixture;

    /// Makes files and returns the lines of the steps, without the store.
    fn lines(files: &[&str]) -> Vec<String> {
        let f = Fixture::new();
        for name in files {
            f.file(&format!("run/{name}"), zip(1));
        }
        f.outline().lines().map(str::to_string).collect()
    }

    #[test]
    fn names_with_words() {
        assert_eq!(
            lines(&["epoch_9.pth", "epoch_10.pth", "epoch_2.pth"]),
            [
                "checkpoints: checkpoints series ~/run (3 steps, latest epoch 10)",
                "  step \"epoch 2\" [look-first] 4 4",
                "  step \"epoch 9\" [look-first] 4 4",
                "  step \"epoch 10\" [look-first] 4 4 {latest}",
            ]
        );
        assert_eq!(
            lines(&["checkpoint-9.pth.tar", "checkpoint-10.pth.tar", "last.pth.tar", "model_best.pth.tar"]),
            [
                "checkpoints: checkpoints series ~/run (2 steps, latest checkpoint-10)",
                "  step \"checkpoint-9\" [look-first] 4 4",
                "  step \"checkpoint-10\" [look-first] 4 4 {last complete}",
                "  step \"last\" [look-first] 4 4 {latest}",
                "  step \"model_best\" [look-first] 4 4 {best by its name}",
            ]
        );
        assert_eq!(
            lines(&["bert_step_500.safetensors", "bert_step_1500.safetensors"])[0],
            "checkpoints: checkpoints series ~/run (2 steps, latest 1500)"
        );
    }

    #[test]
    fn names_without_words_need_more() {
        let claimed = |files: &[&str]| !lines(files).is_empty();
        assert!(claimed(&["G_1000.pth", "G_2000.pth", "G_3000.pth"]));
        assert!(!claimed(&["G_1000.pth", "G_2000.pth"]));
        assert!(claimed(&["G_1000.pth", "G_2000.pth", "G_latest.pth"]));
        assert!(claimed(&["me-000001.safetensors", "me-000002.safetensors", "me.safetensors"]));
        assert!(!claimed(&["a-1.safetensors", "b-2.safetensors", "me.safetensors"]));
        assert!(claimed(&["model_0004999.pth", "model_final.pth", "last_checkpoint"]));
        assert!(claimed(&["model_1.pt", "model_2.pt", "model_3.pt"]));
        assert!(claimed(&["01-5.49.keras", "02-5.30.keras"]));
        assert!(claimed(&["1.keras", "2.keras"]));
        assert!(!claimed(&["1.pt", "2.pt", "3.pt"]));
        assert!(claimed(&["weights-improvement-01-0.98.hdf5", "weights-improvement-02-0.99.hdf5"]));
        assert!(claimed(&["best.pt", "last.pt"]));
        assert!(!claimed(&["best.pt", "final.pt"]));
        assert!(!claimed(&["best.pt", "last.pth"]));
    }

    #[test]
    fn several_sequences_are_told_apart_by_their_names() {
        assert_eq!(
            lines(&["G_epoch_1.pth", "G_epoch_2.pth", "D_epoch_1.pth", "D_epoch_2.pth", "best.pth"]),
            [
                "checkpoints: checkpoints series ~/run (4 steps, 2 series)",
                "  step \"D_epoch_1\" [look-first] 4 4",
                "  step \"D_epoch_2\" [look-first] 4 4 {latest}",
                "  step \"G_epoch_1\" [look-first] 4 4",
                "  step \"G_epoch_2\" [look-first] 4 4 {latest}",
                "  step \"best\" [look-first] 4 4 {best by its name}",
            ]
        );
    }

    #[test]
    fn metrics_in_names() {
        assert_eq!(
            lines(&[
                "ep001-loss0.5-val_acc0.80.h5",
                "ep002-loss0.4-val_acc0.90.h5",
                "ep003-loss0.3-val_acc0.85.h5"
            ])[1..],
            [
                "  step \"epoch 1\" [look-first] 4 4 {loss 0.5; val_acc 0.80}",
                "  step \"epoch 2\" [look-first] 4 4 {loss 0.4; val_acc 0.90, the highest here}",
                "  step \"epoch 3\" [look-first] 4 4 {latest; loss 0.3, the lowest here; val_acc 0.85}",
            ]
        );
    }

    #[test]
    fn the_text_file_names_the_latest() {
        let f = Fixture::new();
        for n in ["epoch_1.pth", "epoch_2.pth", "best_coco_epoch_1.pth"] {
            f.file(&format!("mm/{n}"), zip(1));
        }
        f.file("mm/last_checkpoint", "/old/box/work_dirs/epoch_1.pth");
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints series ~/mm (2 steps, latest epoch 1)\n\
             \x20 step \"epoch 1\" [look-first] 4 4 {latest; the file last_checkpoint names it}\n\
             \x20 step \"epoch 2\" [look-first] 4 4 {last complete}\n\
             \x20 step \"best_coco_epoch_1\" [look-first] 4 4 {best by its name}\n\
             \x20 pointer \"last_checkpoint\" [look-first] 4 4 {names epoch_1.pth as the latest}\n"
        );
    }

    #[test]
    fn hard_links_of_one_file_give_nothing_back_alone() {
        let f = Fixture::new();
        f.file("run/checkpoint-1.pth.tar", zip(8));
        f.file("run/checkpoint-2.pth.tar", zip(8));
        f.hard_link("run/checkpoint-2.pth.tar", "run/last.pth.tar");
        let outline = f.outline();
        assert!(
            outline.contains("step \"checkpoint-2\" [look-first] 8 0 {last complete; 8.0 KiB in 1 file stay"),
            "{outline}"
        );
    }

    #[test]
    fn files_of_several_processes_are_one_step() {
        let f = Fixture::new();
        for shard in 0..2 {
            for name in ["checkpoint9", "checkpoint10", "checkpoint_last", "checkpoint_best"] {
                f.file(&format!("fair/{name}-shard{shard}.pt"), zip(4));
            }
            for step in ["ep0-ba50", "ep1-ba100"] {
                f.file(&format!("mpt/{step}-rank{shard}.pt"), zip(4));
            }
            f.old_link(&format!("ep1-ba100-rank{shard}.pt"), &format!("mpt/latest-rank{shard}.pt"));
        }
        f.file("fair/checkpoint9-shard1.pt", "");
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints series ~/fair (2 steps, latest checkpoint10)\n\
             \x20 !step \"checkpoint9\" [safe] 4 4 {incomplete: it is empty}\n\
             \x20 step \"checkpoint10\" [look-first] 8 8 {last complete}\n\
             \x20 step \"checkpoint_best\" [look-first] 8 8 {best by its name}\n\
             \x20 step \"checkpoint_last\" [look-first] 8 8 {latest}\n\
             checkpoints: checkpoints series ~/mpt (2 steps, latest epoch 1 · step 100)\n\
             \x20 step \"epoch 0 · step 50\" [look-first] 8 8\n\
             \x20 step \"epoch 1 · step 100\" [look-first] 8 8 {latest}\n"
        );
        let links = f.scan().items().filter(|i| i.kind == "step").map(|i| i.parts.len()).max();
        assert_eq!(links, Some(4), "the links go with the step they point to");
    }

    #[test]
    fn what_timm_had_not_renamed_yet() {
        let f = Fixture::new();
        for name in ["checkpoint-3", "checkpoint-12", "milestone-10", "recovery-12-40", "recovery_tmp"] {
            f.file(&format!("timm/{name}.pth.tar"), zip(4));
        }
        f.hard_link("timm/checkpoint-12.pth.tar", "timm/last.pth.tar");
        f.file("timm/tmp.pth.tar", torn_zip(4));
        let outline = f.outline();
        for line in [
            "step \"checkpoint-12\" [look-first] 4 0 {",
            "step \"milestone-10\" [look-first] 4 4",
            "  !unfinished step \"tmp\" [safe] 4 4 {never finished: timm renames it when all of it is written}",
            "  unfinished step \"recovery_tmp\" [look-first] 4 4 {all of it was written, but never given its final name}",
        ] {
            assert!(outline.contains(line), "{line} in {outline}");
        }
    }
}
