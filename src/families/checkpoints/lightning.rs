//! Lightning's checkpoints: `epoch=3-step=1200.ckpt`, as files or as folders of shards, and `last.ckpt`.
//!
//! Layout: lightning 2.6.6, `pytorch_lightning/callbacks/model_checkpoint.py` (names, `-v1` for a second one of the
//! same name, `last.ckpt` as copy or link), `trainer/connectors/checkpoint_connector.py` (`hpc_ckpt_N.ckpt`). Which
//! one is best is written inside the pickles only, so nothing is said about it.

use rustc_hash::FxHashMap;

use super::metrics::note_metrics;
use super::run::{Run, State, Step, Thing, number_after};
use super::sequence::{Named, named};
use super::template::{Template, Unit};
use super::whole::torn;
use super::{Kind, nemo};
use crate::families::{File, Folder, Listing, Marker};
use crate::model::node::Kind as FileKind;
use crate::text;

pub static KIND: Kind = Kind {
    role: "lightning",
    // The folders of NeMo's steps begin with the name of the model, which may be any; its own begin with this.
    markers: &[Marker::Ext("ckpt"), Marker::Stem("megatron")],
    claims,
    steps,
};

/// A name taken apart, and its version: `-v2` is the third file of one name.
fn template(name: &str) -> Option<(Template, u64)> {
    parse(name.strip_suffix(".ckpt")?)
}

fn parse(stem: &str) -> Option<(Template, u64)> {
    let (stem, version) = match stem.rsplit_once("-v") {
        Some((head, v)) if number_after(v, "").is_some() => (head, v.parse().ok()?),
        _ => (stem, 0),
    };
    let ours = stem.contains("epoch=") || stem.contains("step=");
    let mut template = Template::of(stem).filter(|_| ours)?;
    template.metrics.extend(nemo::monitor(stem));
    Some((template, version))
}

/// `last.ckpt`, `last-v1.ckpt`: the newest, as a copy or a link.
fn is_last(name: &str) -> bool {
    name.strip_suffix(".ckpt").is_some_and(|s| s == "last" || number_after(s, "last-v").is_some())
}

/// `hpc_ckpt_3.ckpt`, written when a cluster takes the job away.
fn is_hpc(name: &str) -> bool {
    name.strip_suffix(".ckpt").is_some_and(|s| number_after(s, "hpc_ckpt_").is_some())
}

fn is_best(name: &str) -> bool {
    name.strip_suffix(".ckpt").is_some_and(|s| named(s) == Some(Named::Best))
}

fn claims(folder: &Listing<'_>) -> bool {
    let names = || folder.files.iter().chain(folder.folders).filter_map(|n| std::str::from_utf8(n).ok());
    let steps = names().filter(|n| template(n).is_some()).take(2).count();
    steps >= 2
        || (steps == 1 && (folder.name() == "checkpoints" || names().any(is_last)))
        || nemo::claims(folder)
}

fn steps(run: &mut Run<'_>) {
    let files = run.files();
    let markers: FxHashMap<&str, File<'_>> =
        files.iter().filter_map(|f| Some((nemo::marked(f.name())?, *f))).collect();
    let things: Vec<Thing<'_>> =
        files.iter().copied().map(Thing::File).chain(run.folders().into_iter().map(Thing::Folder)).collect();
    let (mut steps, mut templates) = (Vec::<Step<'_>>::new(), Vec::new());
    for thing in things {
        let name = thing.name();
        let template = match thing {
            Thing::Folder(folder) if nemo::is_step(&folder) => parse(name),
            _ => template(name),
        };
        if template.is_none() && !is_last(name) && !is_hpc(name) && !is_best(name) {
            continue;
        }
        if let Thing::File(file) = thing
            && file.kind != FileKind::File
        {
            continue;
        }
        let mut step = step(run, thing, template.as_ref());
        if let Some(marker) = markers.get(nemo::stem(name)) {
            // A step and its averaged weights have one marker, and go with it.
            if let Some(marked) = steps.iter_mut().find(|s| s.holds(marker.name())) {
                marked.and(thing);
                continue;
            }
            step.and(Thing::File(*marker));
            step.state = State::Unfinished(nemo::UNFINISHED.into());
        }
        step.latest = (is_last(name) || nemo::is_last(name)) && step.state == State::Whole;
        if is_hpc(name) {
            step.note("saved when the cluster took the job away; training goes on from it");
        } else if template.is_none() && is_best(name) {
            step.note("best by its name");
        }
        steps.push(step);
        templates.push(template.map(|(t, _)| t));
    }
    note_metrics(&mut steps, &templates);
    run.add(steps);
    for (stem, marker) in markers {
        if parse(stem).is_some() && !run.steps().any(|s| s.holds(marker.name())) {
            run.add_leftover("marker", &marker, "NeMo's mark of an unfinished step that is not here");
        }
    }
}

fn step<'a>(run: &Run<'_>, thing: Thing<'a>, template: Option<&(Template, u64)>) -> Step<'a> {
    let plain = text::plain(thing.name().trim_end_matches(".ckpt"));
    let name = match template {
        Some((t, 0)) => t.words().map_or(plain, |words| words + nemo::suffix(thing.name())),
        Some((t, v)) => t.words().map_or(plain, |words| format!("{words} (v{v})")),
        None => plain,
    };
    let mut step = Step::new(thing, template.map(|(t, v)| order(t, *v)), name);
    let why = match thing {
        Thing::File(file) => torn(run.store, &file),
        Thing::Folder(folder) => shards_miss(&folder),
    };
    if let Some(why) = why {
        step.state = State::Torn(why.into());
    }
    step.careful = template.is_none();
    step
}

/// Epoch, step, version: names may leave one of them out, and have them in any order.
fn order(template: &Template, version: u64) -> Vec<u64> {
    let of = |unit: Unit| template.counts.iter().find(|(u, _)| *u == unit).map_or(0, |(_, n)| *n);
    vec![of(Unit::Epoch), of(Unit::Step), version]
}

/// Shards of a distributed checkpoint are told to be complete by `.metadata`, which is written last.
fn shards_miss(folder: &Folder<'_>) -> Option<&'static str> {
    let files = folder.files();
    let shards = files.iter().any(|f| f.name().ends_with(".distcp"));
    if folder.is_empty() {
        Some("it is empty")
    } else if shards && !files.iter().any(|f| f.name().ends_with(".metadata")) {
        Some("no .metadata, which is written last")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::families::checkpoints::tests::{torn_zip, zip};
    use crate::families::testing::Fixture;

    #[test]
    fn a_run_of_lightning() {
        let f = Fixture::new();
        let at = "lightning_logs/version_3/checkpoints";
        f.file(&format!("{at}/epoch=9-step=1000-val_loss=0.31.ckpt"), zip(8));
        f.file(&format!("{at}/epoch=10-step=1100-val_loss=0.29.ckpt"), zip(8));
        f.file(&format!("{at}/epoch=10-step=1100-val_loss=0.29-v1.ckpt"), zip(8));
        f.file(&format!("{at}/epoch=2-step=300-val_loss=0.70.ckpt"), torn_zip(8));
        f.file(&format!("{at}/last.ckpt"), zip(8));
        f.file(&format!("{at}/hpc_ckpt_2.ckpt"), zip(8));
        f.file(&format!("{at}/best.ckpt"), torn_zip(8));
        f.kib("lightning_logs/version_3/events.out.tfevents.1795000000.gpu07.88.0", 4);
        f.kib("lightning_logs/version_3/hparams.yaml", 1);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints lightning ~/lightning_logs/version_3/checkpoints (4 steps, latest epoch 10 · step 1100 (v1))\n\
             \x20 !step \"epoch 2 · step 300\" [safe] 8 8 {incomplete: its end is missing; val_loss 0.70}\n\
             \x20 step \"epoch 9 · step 1000\" [look-first] 8 8 {val_loss 0.31}\n\
             \x20 step \"epoch 10 · step 1100\" [look-first] 8 8 {val_loss 0.29, the lowest here}\n\
             \x20 step \"epoch 10 · step 1100 (v1)\" [look-first] 8 8 {last complete; val_loss 0.29, the lowest here}\n\
             \x20 step \"best\" [look-first] 8 8 {incomplete: its end is missing; best by its name}\n\
             \x20 step \"hpc_ckpt_2\" [look-first] 8 8 {saved when the cluster took the job away; training goes on from it}\n\
             \x20 step \"last\" [look-first] 8 8 {latest}\n\
             logs: tensorboard logs ~/lightning_logs/version_3\n\
             \x20 run \"lightning_logs/version_3\" [look-first] 4 4 {began 2026-11-18 11:06 UTC on gpu07; last written 2026-10-22 03:12 UTC}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }

    #[test]
    fn a_link_makes_its_target_the_latest_and_goes_with_it() {
        let f = Fixture::new();
        f.file("run/epoch=1-step=10.ckpt", zip(8));
        f.file("run/epoch=2-step=20.ckpt", zip(8));
        f.link("epoch=1-step=10.ckpt", "run/last.ckpt");
        f.link(f.path("run/epoch=2-step=20.ckpt").to_str().expect("text"), "run/best.ckpt");
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints lightning ~/run (2 steps, latest epoch 1 · step 10, written just now)\n\
             \x20 step \"epoch 1 · step 10\" [look-first] 8 8 {latest}\n\
             \x20 step \"epoch 2 · step 20\" [look-first] 8 8 {last complete; best: best.ckpt points to it}\n"
        );
        let inventory = f.scan();
        assert!(inventory.items().filter(|i| i.kind == "step").all(|i| i.parts.len() == 2));
    }

    #[test]
    fn folders_of_shards_and_a_single_best_one() {
        let f = Fixture::new();
        f.kib("logs/checkpoints/epoch=1-step=10.ckpt/__0_0.distcp", 8);
        f.kib("logs/checkpoints/epoch=2-step=20.ckpt/__0_0.distcp", 8);
        f.kib("logs/checkpoints/epoch=2-step=20.ckpt/.metadata", 4);
        f.file("one/checkpoints/epoch=7.ckpt", zip(8));
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints lightning ~/logs/checkpoints (2 steps, latest epoch 2 · step 20)\n\
             \x20 !step \"epoch 1 · step 10\" [safe] 12 12 {incomplete: no .metadata, which is written last}\n\
             \x20 step \"epoch 2 · step 20\" [look-first] 16 16 {latest}\n\
             checkpoints: checkpoints lightning ~/one/checkpoints (1 step, latest epoch 7)\n\
             \x20 step \"epoch 7\" [look-first] 8 8 {latest}\n"
        );
    }
}
