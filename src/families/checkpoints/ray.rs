//! Ray: the folders `checkpoint_000003` of a trial beside its `result.json`, and since Ray Train V2 folders named by
//! the time beside `checkpoint_manager_snapshot.json`.
//!
//! Layout: ray master (2.4x), `train/_internal/storage.py` (`checkpoint_{index:06d}`), `tune/logger` (`result.json`,
//! `params.json`, `progress.csv`), `train/v2/_internal/execution/checkpoint/checkpoint_manager.py` and `storage.py`:
//! the snapshot names every kept one and the latest, and a run of which one is gone is refused. What is in a
//! checkpoint is the script's own, so nothing is said about what may be missing in it.

use super::Kind;
use super::pointer::Pointer;
use super::run::{Run, Step};
use crate::families::{Listing, Marker};

pub static KIND: Kind =
    Kind { role: "ray", markers: &[Marker::Name(SNAPSHOT), Marker::Stem("checkpoint")], claims, steps };

const SNAPSHOT: &str = "checkpoint_manager_snapshot.json";
const PREFIX: &str = "checkpoint_";
const RESULTS: &str = "result.json";

/// `checkpoint_000003`, or `checkpoint_2026-11-20_10-22-33.123456`: all that counts in it.
fn order(name: &str) -> Option<Vec<u64>> {
    let rest = name.strip_prefix(PREFIX)?;
    let numbers: Option<Vec<u64>> = rest.split(['-', '_', '.']).map(|n| n.parse().ok()).collect();
    numbers.filter(|n| (n.len() == 1 && rest.len() == 6) || n.len() == 7)
}

fn claims(folder: &Listing<'_>) -> bool {
    let numbered = |n: &str| order(n).is_some_and(|o| o.len() == 1);
    let trial = folder.has_file(RESULTS)
        && (folder.has_file("params.json") || folder.has_file("progress.csv"))
        && folder.any_folder(numbered);
    trial || (folder.has_file(SNAPSHOT) && folder.any_folder(|n| n.starts_with(PREFIX)))
}

/// What Ray's list says.
#[derive(Default)]
struct Told {
    kept: Vec<String>,
    latest: Option<String>,
}

impl Told {
    fn from(json: &serde_json::Value) -> Self {
        let name =
            |result: &serde_json::Value| Some(result.get("checkpoint_dir_name")?.as_str()?.to_string());
        let kept = json.get("checkpoint_results").and_then(|r| r.as_array()).into_iter().flatten();
        Self {
            kept: kept.filter_map(name).collect(),
            latest: json.get("latest_checkpoint_result").and_then(name),
        }
    }
}

fn steps(run: &mut Run<'_>) {
    let list = run.files().into_iter().find(|f| f.name() == SNAPSHOT && f.is_regular());
    let told = list.and_then(|f| run.store.json(f.node, 4 << 20)).map(|json| Told::from(&json));
    let mut steps = Vec::new();
    for folder in run.folders() {
        let order = order(folder.name());
        if order.is_none() && (list.is_none() || !folder.name().starts_with(PREFIX)) {
            continue;
        }
        let shown = folder.shown();
        let short = shown[PREFIX.len()..].to_string();
        let mut step = Step::folder(&folder, order, shown).short(short);
        if let Some(told) = &told {
            let is = |name: &String| *name == folder.name();
            if !told.kept.iter().any(is) && !told.latest.iter().any(is) {
                step.note("not in Ray's list: dropped from it, or its upload was interrupted");
            } else {
                step.note("in Ray's list: without it Ray does not go on with the run");
            }
        }
        steps.push(step);
    }
    if let Some(file) = list {
        let pointer = Pointer::new(file, told.and_then(|t| t.latest));
        let found = pointer.tell(&mut steps);
        pointer.doubt_newer(&mut steps);
        run.add_other(pointer.into_item(found));
    }
    run.add(steps);
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn checkpoints_of_a_trial() {
        let f = Fixture::new();
        let trial = "ray_results/exp/PPO_cartpole_0";
        for n in ["000002", "000009", "000010"] {
            f.kib(&format!("{trial}/checkpoint_{n}/model.pt"), 8);
        }
        for name in ["result.json", "params.json", "progress.csv"] {
            f.file(&format!("{trial}/{name}"), "{}\n");
        }
        f.file("ray_results/exp/tuner.pkl", "x");
        f.kib("mine/checkpoint_000001/model.pt", 8);
        f.kib("mine/checkpoint_000002/model.pt", 8);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints ray ~/ray_results/exp/PPO_cartpole_0 (3 steps, latest 000010)\n\
             \x20 step \"checkpoint_000002\" [look-first] 12 12\n\
             \x20 step \"checkpoint_000009\" [look-first] 12 12\n\
             \x20 step \"checkpoint_000010\" [look-first] 12 12 {latest}\n\
             \x20 other \"other files\" [look-first] 16 12\n"
        );
    }

    #[test]
    fn rays_own_list_names_what_it_needs() {
        let f = Fixture::new();
        let at = |minute: u32| format!("checkpoint_2026-10-20_09-0{minute}-00.000123");
        for minute in 1..5 {
            f.kib(&format!("run/{}/model.pt", at(minute)), 8);
        }
        f.kib("run/checkpoint_mine/model.pt", 8);
        let result = |name: &str| {
            format!("{{\"version\": 0, \"checkpoint_dir_name\": \"{name}\", \"metrics\": {{}}}}")
        };
        f.file(
            "run/checkpoint_manager_snapshot.json",
            format!(
                "{{\"version\": 0, \"checkpoint_results\": [{}, {}], \"latest_checkpoint_result\": {}}}",
                result(&at(2)),
                result(&at(3)),
                result(&at(3))
            ),
        );
        let needed = "in Ray's list: without it Ray does not go on with the run";
        let not = "not in Ray's list: dropped from it, or its upload was interrupted";
        let names = "checkpoint_manager_snapshot.json names";
        assert_eq!(
            f.outline(),
            format!(
                "checkpoints: checkpoints ray ~/run (4 steps, latest 2026-10-20_09-03-00.000123)\n\
                 \x20 step \"{}\" [look-first] 12 12 {{{not}}}\n\
                 \x20 step \"{}\" [look-first] 12 12 {{{needed}}}\n\
                 \x20 step \"{}\" [look-first] 12 12 {{latest; {needed}; the file {names} it}}\n\
                 \x20 step \"{}\" [look-first] 12 12 {{incomplete: newer than what {names}, which is written last; {not}}}\n\
                 \x20 step \"checkpoint_mine\" [look-first] 12 12 {{{not}}}\n\
                 \x20 pointer \"checkpoint_manager_snapshot.json\" [look-first] 4 4 {{names {} as the latest}}\n",
                at(1),
                at(2),
                at(3),
                at(4),
                at(3),
            )
        );
        f.file("run/checkpoint_manager_snapshot.json", "[");
        let outline = f.outline();
        assert!(outline.contains("problem: understand ~/run/checkpoint_manager_snapshot.json"), "{outline}");
        assert!(outline.contains("{should name the latest step}"), "{outline}");
    }
}
