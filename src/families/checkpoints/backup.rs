//! What Keras 3 keeps to go on after a crash: `BackupAndRestore`.
//!
//! Layout: keras 3.15.1, `callbacks/backup_and_restore.py`. The folder is removed when `fit()` ends normally, so if
//! it is there, the training runs, or it crashed and can go on.

use super::Kind;
use super::run::{Run, Step, Thing};
use crate::families::{Listing, Marker};

pub static KIND: Kind = Kind { role: "backup", markers: &[Marker::Name(METADATA)], claims, steps };

const METADATA: &str = "training_metadata.json";
const WEIGHTS: &str = "latest.weights.h5";

fn claims(folder: &Listing<'_>) -> bool {
    folder.has_file(METADATA) && folder.has_file(WEIGHTS)
}

fn steps(run: &mut Run<'_>) {
    let files = run.files();
    let ours = |name: &str| {
        let name = name.strip_suffix(".bkp").unwrap_or(name);
        name == METADATA || name == WEIGHTS
    };
    let mut files = files.iter().filter(|f| ours(f.name()));
    let Some(first) = files.next() else { return };
    let mut step = Step::file(first, None, "backup of a training");
    files.for_each(|f| step.and(Thing::File(*f)));
    step.note(
        "Keras removes it when fit() ends: the training still runs, or it crashed and can go on from here",
    );
    run.add(vec![step]);
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn a_backup_means_that_training_can_go_on() {
        let f = Fixture::new();
        f.kib("backup/latest.weights.h5", 8);
        f.file("backup/training_metadata.json", r#"{"epoch": 3, "batch": 0}"#);
        f.kib("backup/latest.weights.h5.bkp", 8);
        f.kib("other/latest.weights.h5", 8);
        assert_eq!(
            f.outline(),
            "checkpoints: checkpoints backup ~/backup\n\
             \x20 step \"backup of a training\" [look-first] 20 20 {Keras removes it when fit() ends: the training still runs, or it crashed and can go on from here}\n"
        );
    }
}
