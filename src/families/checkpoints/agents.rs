//! Stable-Baselines3: `rl_model_500_steps.zip`, with the replay buffer and the normalization of the same step beside
//! it, and `best_model.zip`.
//!
//! Layout: stable-baselines3 2.9.2, `common/callbacks.py` (`CheckpointCallback._checkpoint_path`, `EvalCallback`).
//! The model is written first, then the buffer, which is often most of a step.

use std::collections::BTreeMap;

use super::Kind;
use super::run::{Run, State, Step, Thing, number_after};
use super::whole::torn;
use crate::families::{File, Listing, Marker};
use crate::text;

pub static KIND: Kind = Kind { role: "agents", markers: &[Marker::Ext("zip")], claims, steps };

const BEST: &str = "best_model.zip";

/// What a file is to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Model,
    Buffer,
    Normalization,
}

/// The files of a step.
type Pieces<'f, 'a> = Vec<(Piece, &'f File<'a>)>;

/// The run, the step and the piece a file belongs to: `<run>_[replay_buffer_]<step>_steps.<ext>`.
fn piece(name: &str) -> Option<(&str, u64, Piece)> {
    let (counted, ext) = name.rsplit_once('.')?;
    let (run, step) = counted.strip_suffix("_steps")?.rsplit_once('_')?;
    let step = number_after(step, "")?;
    let (run, piece) = match ext {
        "zip" => (run, Piece::Model),
        "pkl" => match run.strip_suffix("_replay_buffer") {
            Some(run) => (run, Piece::Buffer),
            None => (run.strip_suffix("_vecnormalize")?, Piece::Normalization),
        },
        _ => return None,
    };
    Some((run, step, piece))
}

fn claims(folder: &Listing<'_>) -> bool {
    let mut models: BTreeMap<&str, usize> = BTreeMap::new();
    let mut others = Vec::new();
    for name in folder.files.iter().filter_map(|f| std::str::from_utf8(f).ok()) {
        match piece(name) {
            Some((run, _, Piece::Model)) => *models.entry(run).or_default() += 1,
            Some((run, ..)) => others.push(run),
            None => {}
        }
    }
    models.iter().any(|(run, n)| *n >= 2 || others.contains(run))
}

fn steps(run: &mut Run<'_>) {
    let files = run.files();
    let mut runs: BTreeMap<&str, BTreeMap<u64, Pieces<'_, '_>>> = BTreeMap::new();
    for file in files.iter().filter(|f| f.is_regular()) {
        if let Some((name, step, piece)) = piece(file.name()) {
            runs.entry(name).or_default().entry(step).or_default().push((piece, file));
        }
    }
    runs.retain(|_, steps| steps.values().flatten().any(|(piece, _)| *piece == Piece::Model));
    let only_one = runs.len() == 1;
    let mut series: Vec<Vec<Step<'_>>> = Vec::new();
    for (name, of_run) in &runs {
        let shown =
            |n: u64| if only_one { format!("step {n}") } else { format!("{} {n}", text::plain(name)) };
        series.push(of_run.iter().filter_map(|(n, files)| step(run, *n, shown(*n), files)).collect());
    }
    if let Some(best) = files.iter().find(|f| f.name() == BEST && f.is_regular()) {
        let mut step = Step::file(best, None, "best_model");
        step.careful = true;
        step.state = torn(run.store, best).map_or(State::Whole, |why| State::Torn(why.into()));
        step.note("best by its name");
        match &mut series[..] {
            [only] => only.push(step),
            _ => series.push(vec![step]),
        }
    }
    for steps in series {
        run.add(steps);
    }
}

fn step<'a>(run: &Run<'_>, n: u64, name: String, files: &[(Piece, &File<'a>)]) -> Option<Step<'a>> {
    let (model, others): (Vec<_>, Vec<_>) = files.iter().partition(|(piece, _)| *piece == Piece::Model);
    let mut all = model.iter().chain(&others).map(|(_, file)| *file);
    let mut step = Step::file(all.next()?, Some(vec![n]), name).short(n.to_string());
    all.for_each(|file| step.and(Thing::File(*file)));
    if let Some((_, file)) = model.first() {
        step.state = torn(run.store, file).map_or(State::Whole, |why| State::Torn(why.into()));
    } else {
        // Somebody may keep what an agent saw without the agent.
        step.careful = true;
        step.state = State::Torn("its model is not there".into());
    }
    let buffer: u64 = others.iter().filter(|(p, _)| *p == Piece::Buffer).map(|(_, f)| f.on_disk).sum();
    if buffer > 0 {
        let size = text::size(buffer, text::Units::Binary);
        step.note(format!("{size} of it is the replay buffer, needed only to go on training"));
    }
    Some(step)
}

#[cfg(test)]
mod tests {
    use crate::families::checkpoints::tests::{torn_zip, zip};
    use crate::families::testing::Fixture;

    #[test]
    fn a_step_is_a_model_and_what_lies_beside_it() {
        let f = Fixture::new();
        for n in [500, 9000, 10_000] {
            f.file(&format!("logs/rl_model_{n}_steps.zip"), zip(8));
            f.kib(&format!("logs/rl_model_replay_buffer_{n}_steps.pkl"), 32);
            f.kib(&format!("logs/rl_model_vecnormalize_{n}_steps.pkl"), 4);
        }
        f.file("logs/rl_model_100_steps.zip", torn_zip(8));
        f.kib("logs/rl_model_replay_buffer_50_steps.pkl", 32);
        f.file("logs/best_model.zip", zip(8));
        f.kib("logs/evaluations.npz", 4);
        let buffer = "32.0 KiB of it is the replay buffer, needed only to go on training";
        assert_eq!(
            f.outline(),
            format!(
                "checkpoints: checkpoints agents ~/logs (5 steps, latest 10000)\n\
                 \x20 step \"step 50\" [look-first] 32 32 {{incomplete: its model is not there; {buffer}}}\n\
                 \x20 !step \"step 100\" [safe] 8 8 {{incomplete: its end is missing}}\n\
                 \x20 step \"step 500\" [look-first] 44 44 {{{buffer}}}\n\
                 \x20 step \"step 9000\" [look-first] 44 44 {{{buffer}}}\n\
                 \x20 step \"step 10000\" [look-first] 44 44 {{latest; {buffer}}}\n\
                 \x20 step \"best_model\" [look-first] 8 8 {{best by its name}}\n\
                 \x20 other \"other files\" [look-first] 8 4\n"
            )
        );
    }

    #[test]
    fn several_agents_and_other_archives() {
        let f = Fixture::new();
        for n in [1, 2] {
            f.file(&format!("two/ppo_{n}_steps.zip"), zip(4));
            f.file(&format!("two/dqn_{n}_steps.zip"), zip(4));
            f.kib(&format!("data/walk_{n}_steps.csv"), 4);
            f.file(&format!("data/part_{n}.zip"), zip(4));
        }
        f.file("one/ppo_5_steps.zip", zip(4));
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints agents ~/two (4 steps, 2 series)\n\
             \x20 step \"dqn 1\" [look-first] 4 4\n\
             \x20 step \"dqn 2\" [look-first] 4 4 {latest}\n\
             \x20 step \"ppo 1\" [look-first] 4 4\n\
             \x20 step \"ppo 2\" [look-first] 4 4 {latest}\n"
        );
    }
}
