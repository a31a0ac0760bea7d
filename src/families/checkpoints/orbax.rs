//! Orbax steps `[prefix_]N/` (JAX, Flax, Keras on JAX), and Flax's older `checkpoint_N` files.
//!
//! Layout: `orbax_checkpoint` 0.4.4 to 0.12.8, `_src/path/step.py`, `_src/path/atomicity.py` (a step is written under
//! a name with `.orbax-checkpoint-tmp` and renamed; nothing removes what was interrupted, since
//! `cleanup_tmp_directories` is off); flax 0.12.8, `training/checkpoints.py`.

use super::Kind;
use super::run::{Run, State, Step, Thing, number_after};
use crate::families::names::is_hex;
use crate::families::{Folder, Listing, Marker, StoreView};
use crate::text;

pub static KIND: Kind = Kind {
    role: "orbax",
    markers: &[
        Marker::Digits,
        Marker::Ext("orbax-checkpoint-tmp"),
        Marker::Stem("checkpoint"),
        Marker::Stem("ckpt"),
        Marker::Stem("step"),
    ],
    claims,
    steps,
};

const TMP: &str = ".orbax-checkpoint-tmp";
const METADATA: &str = "_CHECKPOINT_METADATA";

/// Names that only Orbax writes into a step, or into its one item in versions before 0.5.
const OWN: &[&str] = &[METADATA, "_METADATA", "manifest.ocdbt", "commit_success.txt"];

/// `prefix_` and number of a step's name.
fn step_of(name: &str) -> Option<(&str, u64)> {
    let digits = name.len() - name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (prefix, number) = name.split_at(digits);
    let number = number.parse().ok()?;
    (prefix.is_empty() || (prefix.len() > 1 && prefix.ends_with('_'))).then_some((prefix, number))
}

fn unfinished(name: &str) -> Option<(&str, u64)> {
    name.split_once(TMP).and_then(|(step, _)| step_of(step))
}

fn claims(folder: &Listing<'_>) -> bool {
    let names: Vec<&str> = folder.folders.iter().filter_map(|f| std::str::from_utf8(f).ok()).collect();
    if names.iter().any(|n| unfinished(n).is_some()) {
        return true;
    }
    if flax_files(folder.files) >= 2 {
        return true;
    }
    // Only the highest and the lowest are looked into. Buckets of a cache (`0a`, `17`, `7`) have short names that
    // are not all numbers, and lie in folders of short names.
    let mut steps: Vec<(u64, &str)> = names.iter().filter_map(|n| Some((step_of(n)?.1, *n))).collect();
    let bare = steps.iter().any(|(_, n)| n.starts_with(|c: char| c.is_ascii_digit()));
    let hex = |n: &str| is_hex(n, 1) || is_hex(n, 2);
    let buckets = hex(folder.name()) || steps.len() + 3 < names.len();
    if bare && buckets {
        return false;
    }
    steps.sort_unstable();
    let ends = steps.last().into_iter().chain(steps.first().filter(|_| steps.len() > 1));
    ends.into_iter().any(|(_, name)| {
        let names = folder.names_in(name);
        let has = |names: &[String]| names.iter().any(|n| OWN.contains(&n.as_str()));
        has(&names)
            || (names.iter().any(|n| n == "default") && has(&folder.names_in(&format!("{name}/default"))))
    })
}

/// How many steps Flax wrote as single files.
fn flax_files(files: &[&[u8]]) -> usize {
    files
        .iter()
        .filter(|f| std::str::from_utf8(f).is_ok_and(|n| number_after(n, "checkpoint_").is_some()))
        .count()
}

fn steps(run: &mut Run<'_>) {
    let folders = run.folders();
    let mut prefixes: Vec<&str> = folders
        .iter()
        .filter(|f| is_step(f))
        .filter_map(|f| step_of(f.name()).or_else(|| unfinished(f.name())))
        .map(|(prefix, _)| prefix)
        .collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    for prefix in prefixes {
        let mut steps = Vec::new();
        for folder in folders.iter().filter(|f| is_step(f)) {
            if let Some((_, n)) = unfinished(folder.name()).filter(|(p, _)| *p == prefix) {
                let mut step = Step::folder(folder, Some(vec![n]), format!("step {n}"));
                step.state =
                    State::Unfinished("never finished: Orbax renames it when all of it is written".into());
                steps.push(step);
            } else if let Some((_, n)) = step_of(folder.name()).filter(|(p, _)| *p == prefix) {
                steps.push(finished(run.store, folder, n));
            }
        }
        run.add(steps);
    }
    flax(run);
}

fn is_step(folder: &Folder<'_>) -> bool {
    let own = |f: &Folder<'_>| OWN.iter().any(|name| f.has_file(name));
    unfinished(folder.name()).is_some() || own(folder) || folder.folder("default").is_some_and(|f| own(&f))
}

fn finished<'a>(store: &StoreView<'_>, folder: &Folder<'a>, n: u64) -> Step<'a> {
    let mut step = Step::folder(folder, Some(vec![n]), format!("step {n}")).short(n.to_string());
    if folder.folders().iter().any(|f| f.name().contains(TMP)) {
        step.state = State::Torn("a part of it was never finished".into());
    } else if began_only(store, folder) {
        step.state = State::Torn("its metadata has no commit time".into());
    }
    for (name, value) in metrics(store, folder) {
        step.note(format!("{name} {value}"));
    }
    step
}

/// Where steps are not renamed but committed by a file (object stores), an interrupted one has its final name.
fn began_only(store: &StoreView<'_>, folder: &Folder<'_>) -> bool {
    let Some(file) = folder.file(METADATA).filter(|_| !folder.has_file("commit_success.txt")) else {
        return false;
    };
    let Some(metadata) = store.json(file.node, 1 << 20) else { return false };
    let time = |key: &str| metadata.get(key).is_some_and(serde_json::Value::is_number);
    time("init_timestamp_nsecs") && !time("commit_timestamp_nsecs")
}

/// The first few numbers of `metrics/metrics`, which is there if the run keeps its best steps.
fn metrics(store: &StoreView<'_>, folder: &Folder<'_>) -> Vec<(String, f64)> {
    let Some(file) = folder.folder("metrics").and_then(|f| f.file("metrics")) else { return Vec::new() };
    let metrics = store.json(file.node, 16 << 10);
    let all = metrics.as_ref().and_then(|m| m.as_object()).into_iter().flatten();
    all.filter_map(|(name, value)| Some((text::plain(name), value.as_f64()?))).take(3).collect()
}

/// Steps of Flax without Orbax: one file each, and `checkpoint_tmp` while one is written.
fn flax(run: &mut Run<'_>) {
    let files = run.files();
    let mut steps = Vec::new();
    for file in &files {
        if let Some(n) = number_after(file.name(), "checkpoint_") {
            let mut step = Step::file(file, Some(vec![n]), format!("step {n}")).short(n.to_string());
            if file.size == 0 {
                step.state = State::Torn("it is empty".into());
            }
            if let Some(arrays) = run.folder.folder(&format!("{}_gda", file.name())) {
                step.and(Thing::Folder(arrays));
            }
            steps.push(step);
        }
    }
    if steps.len() < 2 {
        return;
    }
    if let Some(file) = files.iter().find(|f| f.name() == "checkpoint_tmp") {
        let mut step = Step::file(file, Some(vec![u64::MAX]), "unfinished step");
        step.state = State::Unfinished("never finished: Flax renames it when all of it is written".into());
        steps.push(step);
    }
    run.add(steps);
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    fn step(f: &Fixture, at: &str) {
        f.file(
            &format!("{at}/_CHECKPOINT_METADATA"),
            r#"{"init_timestamp_nsecs": 1, "commit_timestamp_nsecs": 2}"#,
        );
        f.kib(&format!("{at}/default/manifest.ocdbt"), 4);
        f.kib(&format!("{at}/default/d/0123abcd"), 16);
    }

    #[test]
    fn steps_metrics_and_what_was_never_finished() {
        let f = Fixture::new();
        for n in ["0", "200", "1000"] {
            step(&f, &format!("run/{n}"));
        }
        f.file("run/1000/metrics/metrics", r#"{"acc": 0.875, "best": null, "nan": NaN}"#);
        step(&f, "run/2000.orbax-checkpoint-tmp");
        step(&f, "run/3000.orbax-checkpoint-tmp-17");
        f.age("run/3000.orbax-checkpoint-tmp-17/default/d/0123abcd", 30);
        // Committed by a file elsewhere: interrupted steps have their final names.
        step(&f, "run/100");
        f.file("run/100/_CHECKPOINT_METADATA", r#"{"init_timestamp_nsecs": 1}"#);
        step(&f, "run/300");
        f.kib("run/300/state.orbax-checkpoint-tmp/x", 4);
        f.kib("run/notes/a.txt", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints orbax ~/run (5 steps, latest 1000, written just now)\n\
             \x20 step \"step 0\" [look-first] 36 36\n\
             \x20 !step \"step 100\" [safe] 36 36 {incomplete: its metadata has no commit time}\n\
             \x20 step \"step 200\" [look-first] 36 36\n\
             \x20 !step \"step 300\" [safe] 44 44 {incomplete: a part of it was never finished}\n\
             \x20 step \"step 1000\" [look-first] 44 44 {latest; acc 0.875}\n\
             \x20 !unfinished step \"step 2000\" [safe] 36 36 {never finished: Orbax renames it when all of it is written}\n\
             \x20 !unfinished step \"step 3000\" [in-use] 36 36 {never finished: Orbax renames it when all of it is written; written less than 10 minutes ago, or open}\n\
             \x20 other \"other files\" [look-first] 12 8\n"
        );
    }

    #[test]
    fn the_only_thing_there_is_not_safe() {
        let f = Fixture::new();
        step(&f, "run/0.orbax-checkpoint-tmp");
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints orbax ~/run\n\
             \x20 !unfinished step \"step 0\" [look-first] 36 36 {never finished: Orbax renames it when all of it is written}\n"
        );
    }

    #[test]
    fn prefixes_old_layouts_and_flax_files() {
        let f = Fixture::new();
        step(&f, "named/ckpt_00000005");
        step(&f, "named/ckpt_00000010");
        // 0.4: nothing beside the item itself
        f.kib("old/7/default/_METADATA", 4);
        f.kib("flax/checkpoint_3", 8);
        f.kib("flax/checkpoint_20", 8);
        f.kib("flax/checkpoint_20_gda/x", 4);
        f.kib("flax/checkpoint_tmp", 4);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints orbax ~/flax (2 steps, latest 20)\n\
             \x20 step \"step 3\" [look-first] 8 8\n\
             \x20 step \"step 20\" [look-first] 16 16 {latest}\n\
             \x20 !unfinished step \"unfinished step\" [safe] 4 4 {never finished: Flax renames it when all of it is written}\n\
             checkpoints: checkpoints orbax ~/named (2 steps, latest 10)\n\
             \x20 step \"step 5\" [look-first] 36 36\n\
             \x20 step \"step 10\" [look-first] 36 36 {latest}\n\
             checkpoints: checkpoints orbax ~/old (1 step, latest 7)\n\
             \x20 step \"step 7\" [look-first] 12 12 {latest}\n"
        );
    }

    #[test]
    fn numbered_folders_of_other_things_are_no_steps() {
        let f = Fixture::new();
        for n in 0..10 {
            f.kib(&format!("classes/{n}/image.png"), 1);
            f.kib(&format!("objects/{n}0/file"), 1);
            f.kib(&format!("zarr/default/{n}"), 1);
        }
        f.kib("single/_METADATA", 4);
        f.kib("single/manifest.ocdbt", 4);
        f.kib("one/checkpoint_3", 4);
        assert_eq!(f.outline(), "");
    }
}
