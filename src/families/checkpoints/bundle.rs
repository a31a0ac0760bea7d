//! TensorFlow checkpoints: `P.index`, `P.data-00000-of-00001`, in TF 1 also `P.meta`, and the text file `checkpoint`
//! that names the latest `P`.
//!
//! Layout: tensorflow 2.21, `training/checkpoint_management.py`, `core/util/tensor_bundle/naming.cc`. `.index` is
//! written last. A process killed while saving leaves `P_temp/` or `….tempstate<number>`, which nobody cleans up. A
//! finished `Dataset.cache(P)` has the same files; its first key is an item number (read in a real one), a
//! checkpoint's is a variable.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::Kind;
use super::run::{Run, State, Step, Thing};
use super::template::{Strength, Template};
use crate::families::names::is_hex;
use crate::families::{File, Folder, Listing, Marker, Range, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;
use crate::text;

pub static KIND: Kind =
    Kind { role: "tensorflow", markers: &[Marker::Name(POINTER), Marker::Ext("index")], claims, steps };

const POINTER: &str = "checkpoint";

/// What a file is to a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Index,
    Meta,
    Shard {
        at: u32,
        of: u32,
    },
    /// A shard while it is written.
    Temp,
}

/// The prefix a file belongs to, and as what.
fn piece(name: &str) -> Option<(&str, Piece)> {
    if let Some(prefix) = name.strip_suffix(".index") {
        return Some((prefix, Piece::Index));
    }
    if let Some(prefix) = name.strip_suffix(".meta") {
        return Some((prefix, Piece::Meta));
    }
    let (prefix, shard) = name.rsplit_once(".data-")?;
    let (shard, temp) = shard.split_once(".tempstate").map_or((shard, false), |(s, _)| (s, true));
    let (at, of) = shard.split_once("-of-")?;
    let five =
        |n: &str| (n.len() >= 5 && n.bytes().all(|b| b.is_ascii_digit())).then(|| n.parse().ok()).flatten();
    let (at, of) = (five(at)?, five(of)?);
    Some((prefix, if temp { Piece::Temp } else { Piece::Shard { at, of } }))
}

fn claims(folder: &Listing<'_>) -> bool {
    let names = || folder.files.iter().filter_map(|f| std::str::from_utf8(f).ok());
    let shard = |name| piece(name).and_then(|(p, piece)| matches!(piece, Piece::Shard { .. }).then_some(p));
    let with_data: FxHashSet<&str> = names().filter_map(shard).collect();
    let whole = || names().filter_map(|n| n.strip_suffix(".index")).filter(|p| with_data.contains(p));
    if folder.has_file(POINTER) {
        return whole().next().is_some();
    }
    // `Checkpoint.write` keeps no list, and `Dataset.cache` looks the same: only names can tell.
    let mut counted: Vec<Template> =
        whole().filter_map(template).filter(|t| t.strength == Strength::Word).collect();
    counted.sort_by(|a, b| (&a.shape, &a.counts).cmp(&(&b.shape, &b.counts)));
    counted.windows(2).any(|pair| pair[0].shape == pair[1].shape && pair[0].counts != pair[1].counts)
}

/// The template of a prefix; `cp-0001.ckpt` ends in an extension of its own.
fn template(prefix: &str) -> Option<Template> {
    Template::of(prefix.strip_suffix(".ckpt").unwrap_or(prefix))
}

#[derive(Default)]
struct Bundle<'a> {
    index: Option<File<'a>>,
    meta: Option<File<'a>>,
    shards: Vec<(u32, u32, File<'a>)>,
    temps: Vec<Thing<'a>>,
}

impl<'a> Bundle<'a> {
    fn things(&self) -> Vec<Thing<'a>> {
        let files = self.index.iter().chain(self.shards.iter().map(|(_, _, f)| f)).chain(&self.meta);
        files.map(|f| Thing::File(*f)).collect()
    }

    fn state(&self) -> State {
        if self.index.is_none() {
            return State::Torn("no .index, which is written last".into());
        }
        let mut counts = self.shards.iter().map(|(_, of, _)| *of).collect::<Vec<_>>();
        counts.dedup();
        let whole =
            |of: &u32| self.shards.iter().filter(|(at, n, _)| n == of && at < of).count() == *of as usize;
        if counts.iter().any(whole) {
            State::Whole
        } else {
            State::Torn(match counts.first() {
                Some(of) => format!("only {} of {of} shards are there", self.shards.len()),
                None => "none of its shards is there".into(),
            })
        }
    }
}

fn steps(run: &mut Run<'_>) {
    let (files, folders) = (run.files(), run.folders());
    let mut bundles: BTreeMap<&str, Bundle<'_>> = BTreeMap::new();
    for file in &files {
        let Some((prefix, piece)) = piece(file.name()) else { continue };
        let bundle = bundles.entry(prefix).or_default();
        match piece {
            Piece::Index => bundle.index = Some(*file),
            Piece::Meta => bundle.meta = Some(*file),
            Piece::Shard { at, of } => bundle.shards.push((at, of, *file)),
            Piece::Temp => bundle.temps.push(Thing::File(*file)),
        }
    }
    for folder in &folders {
        if let Some(prefix) = folder.name().strip_suffix("_temp").filter(|_| holds_parts(folder)) {
            bundles.entry(prefix).or_default().temps.push(Thing::Folder(*folder));
        }
    }
    let pointer = files.iter().find(|f| f.name() == POINTER);
    let latest = pointer.and_then(|f| latest(run.store, f));
    let mut series: BTreeMap<String, Vec<Step<'_>>> = BTreeMap::new();
    for (prefix, bundle) in &bundles {
        // The other files of a data set cache tell it apart while it is being written.
        let cached = run.folder.has_file(&format!("{prefix}.lockfile"))
            || bundle.index.is_some_and(|f| is_dataset_cache(run.store, &f));
        if cached || (bundle.index.is_none() && bundle.shards.is_empty() && bundle.temps.is_empty()) {
            continue;
        }
        let template = template(prefix);
        let order = template.as_ref().map(Template::order);
        let name = text::plain(prefix);
        let shape = template.map_or_else(|| (*prefix).to_string(), |t| t.shape);
        let steps = series.entry(shape).or_default();
        steps.extend(step(bundle, bundle.things(), order.clone(), &name, latest.as_deref() == Some(*prefix)));
        for temp in &bundle.temps {
            let mut step = Step::new(*temp, order.clone(), name.clone());
            step.state = State::Unfinished("never finished: the save was interrupted".into());
            steps.push(step);
        }
    }
    let named = latest.as_ref().map(|l| bundles.get(l.as_str()).is_some_and(|b| b.index.is_some()));
    for steps in series.into_values() {
        run.add(steps);
    }
    if let Some(file) = pointer {
        run.add_other(pointer_item(file, latest.as_deref(), named));
    }
    for file in &files {
        if file.name().strip_prefix("checkpoint.tmp").is_some_and(|hex| is_hex(hex, 32)) {
            run.add_leftover("pointer", file, "an unfinished rewrite of the file checkpoint");
        }
    }
}

fn step<'a>(
    bundle: &Bundle<'a>,
    things: Vec<Thing<'a>>,
    order: Option<Vec<u64>>,
    name: &str,
    latest: bool,
) -> Option<Step<'a>> {
    let mut things = things.into_iter();
    let mut step = Step::new(things.next()?, order, name);
    things.for_each(|t| step.and(t));
    step.state = bundle.state();
    if latest {
        step.be_latest(POINTER);
    }
    Some(step)
}

fn holds_parts(folder: &Folder<'_>) -> bool {
    let files = folder.files();
    !files.is_empty() && files.iter().all(|f| f.name().starts_with("part-"))
}

/// Whether a bundle is a cached data set: the first key of its index is an item number padded with spaces.
fn is_dataset_cache(store: &StoreView<'_>, index: &File<'_>) -> bool {
    let head = store.read(index.node, Range::Head, 64).unwrap_or_default();
    head.get(12..17) == Some(b"     ")
}

/// The prefix that the file `checkpoint` names. It may name it by the path it once had.
fn latest(store: &StoreView<'_>, file: &File<'_>) -> Option<String> {
    let bytes = store.read(file.node, Range::Head, 64 << 10)?;
    let text = String::from_utf8_lossy(&bytes);
    let value = text.lines().find_map(|l| l.trim_start().strip_prefix("model_checkpoint_path:"));
    let Some(value) = value.and_then(|v| v.trim().strip_prefix('"')?.strip_suffix('"')) else {
        store.problem(file.node, "understand", "it names no model_checkpoint_path");
        return None;
    };
    let value = value.replace("\\\\", "\\");
    value.rsplit(['/', '\\']).next().map(str::to_string)
}

fn pointer_item(file: &File<'_>, latest: Option<&str>, is_there: Option<bool>) -> NewItem {
    let item = NewItem::new("pointer", POINTER, Verdict::LookFirst).body(file.node);
    match (latest, is_there) {
        (Some(name), Some(true)) => item.note(format!(
            "names {} as the latest; without it training starts again from the beginning",
            text::plain(name)
        )),
        (Some(name), _) => item.note(format!(
            "names {}, which is not here: training would start again from the beginning",
            text::plain(name)
        )),
        (None, _) => item.note("should name the latest step"),
    }
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    fn bundle(f: &Fixture, prefix: &str) {
        f.kib(&format!("{prefix}.data-00000-of-00001"), 8);
        f.kib(&format!("{prefix}.index"), 1);
    }

    #[test]
    fn steps_are_ordered_and_the_file_checkpoint_names_the_latest() {
        let f = Fixture::new();
        for n in [2, 9, 10, 11, 12] {
            bundle(&f, &format!("tf/model.ckpt-{n}"));
        }
        f.kib("tf/model.ckpt-11.meta", 4);
        f.file(
            "tf/checkpoint",
            "model_checkpoint_path: \"/gone/long ago/model.ckpt-11\"\nall_model_checkpoint_paths: \"/gone/model.ckpt-9\"\n",
        );
        std::fs::remove_file(f.path("tf/model.ckpt-2.index")).expect("there");
        std::fs::remove_file(f.path("tf/model.ckpt-12.index")).expect("there");
        // Of two shards one is there.
        std::fs::rename(
            f.path("tf/model.ckpt-9.data-00000-of-00001"),
            f.path("tf/model.ckpt-9.data-00001-of-00002"),
        )
        .expect("moved");
        f.kib(
            "tf/model.ckpt-13_temp/part-00000-of-00001.data-00000-of-00001.tempstate15552858458358475657",
            16,
        );
        f.kib("tf/model.ckpt-14.data-00000-of-00001.tempstate155528", 16);
        f.age("tf/model.ckpt-14.data-00000-of-00001.tempstate155528", 20);
        f.file(&format!("tf/checkpoint.tmp{}", "a1".repeat(16)), "model_checkpoint_path: \"x\"");
        f.kib("tf/graph.pbtxt", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints tensorflow ~/tf (5 steps, latest model.ckpt-11, written just now)\n\
             \x20 !step \"model.ckpt-2\" [safe] 8 8 {incomplete: no .index, which is written last}\n\
             \x20 !step \"model.ckpt-9\" [safe] 12 12 {incomplete: only 1 of 2 shards are there}\n\
             \x20 step \"model.ckpt-10\" [look-first] 12 12\n\
             \x20 step \"model.ckpt-11\" [look-first] 16 16 {latest; the file checkpoint names it}\n\
             \x20 !step \"model.ckpt-12\" [look-first] 8 8 {incomplete: no .index, which is written last}\n\
             \x20 !unfinished step \"model.ckpt-13\" [safe] 20 20 {never finished: the save was interrupted}\n\
             \x20 !unfinished step \"model.ckpt-14\" [in-use] 16 16 {never finished: the save was interrupted; written less than 10 minutes ago, or open}\n\
             \x20 pointer \"checkpoint\" [look-first] 4 4 {names model.ckpt-11 as the latest; without it training starts again from the beginning}\n\
             \x20 !pointer \"checkpoint.tmpa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\" [safe] 4 4 {an unfinished rewrite of the file checkpoint}\n\
             \x20 other \"other files\" [look-first] 8 4\n"
        );
    }

    #[test]
    fn a_pointer_proves_one_step_and_says_if_its_step_is_gone() {
        let f = Fixture::new();
        bundle(&f, "one/my_model");
        f.file("one/checkpoint", "model_checkpoint_path: \"my_model-7\"\n");
        bundle(&f, "two/x");
        f.file("two/checkpoint", "\u{1}nothing");
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints tensorflow ~/one\n\
             \x20 step \"my_model\" [look-first] 12 12\n\
             \x20 pointer \"checkpoint\" [look-first] 4 4 {names my_model-7, which is not here: training would start again from the beginning}\n\
             checkpoints: checkpoints tensorflow ~/two\n\
             \x20 step \"x\" [look-first] 12 12\n\
             \x20 pointer \"checkpoint\" [look-first] 4 4 {should name the latest step}\n\
             problem: understand ~/two/checkpoint: it names no model_checkpoint_path\n"
        );
    }

    #[test]
    fn steps_without_a_list_are_known_by_their_names() {
        let f = Fixture::new();
        for n in ["0001", "0002", "0010"] {
            bundle(&f, &format!("keras/cp-{n}.ckpt"));
        }
        let outline = f.outline();
        assert!(
            outline
                .starts_with("checkpoints: checkpoints tensorflow ~/keras (3 steps, latest cp-0010.ckpt)\n"),
            "{outline}"
        );
    }

    #[test]
    fn a_cached_data_set_is_no_step() {
        let f = Fixture::new();
        for n in [0, 1] {
            bundle(&f, &format!("cache/train_{n}"));
            bundle(&f, &format!("data/f_{n}"));
            bundle(&f, &format!("ckpt/ckpt-{n}"));
        }
        f.file("ckpt/checkpoint", "model_checkpoint_path: \"ckpt-1\"\n");
        // The first bytes of a real one.
        let index = b"\0\0\x06\x08\x01\x1a\x02\x08\x01\0\x09\x0b      0_0\x08\x09\x12\0\x28\x08";
        f.file("ckpt/done_0.index", index);
        f.kib("ckpt/done_0.data-00000-of-00001", 4);
        f.file("ckpt/part_0.lockfile", "Created at: 1795275152");
        f.kib("ckpt/part_0.data-00000-of-00001.tempstate1", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints tensorflow ~/ckpt (2 steps, latest ckpt-1)\n\
             \x20 step \"ckpt-0\" [look-first] 12 12\n\
             \x20 step \"ckpt-1\" [look-first] 12 12 {latest; the file checkpoint names it}\n\
             \x20 pointer \"checkpoint\" [look-first] 4 4 {names ckpt-1 as the latest; without it training starts again from the beginning}\n\
             \x20 other \"other files\" [look-first] 20 16\n"
        );
    }
}
