//! Links beside steps: `last.ckpt -> epoch=3-step=1200.ckpt`, `checkpoint-best -> checkpoint-500`.

use super::run::Run;
use super::sequence::{Named, named};
use crate::model::node::Kind as FileKind;

/// Gives links that point to a step to that step: they go with it, and their names say what it is. Only links to
/// something in the same folder are followed, and only by name.
pub fn follow(run: &mut Run<'_>) {
    let store = run.store;
    for link in run.files().into_iter().filter(|f| f.kind == FileKind::Link) {
        let Some(target) = store.read_link(link.node) else { continue };
        let target = String::from_utf8_lossy(&target);
        let target = target.strip_prefix("./").unwrap_or(&target).trim_end_matches('/');
        let beside = match target.rsplit_once('/') {
            None => target,
            Some((folder, name)) if std::path::Path::new(folder) == store.path() => name,
            Some(_) => continue,
        };
        let Some(step) = run.steps().find(|s| s.holds(beside)) else { continue };
        step.pointers.push(link.node);
        match named(link.name()) {
            Some(Named::Last) => step.latest = true,
            Some(Named::Best) => {
                step.careful = true;
                step.note(format!("best: {} points to it", link.shown()));
            }
            _ => {
                step.careful = true;
                step.note(format!("{} points to it", link.shown()));
            }
        }
    }
}
