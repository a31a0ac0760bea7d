//! What several marked things hold goes only if all of them go: those that must stay keep it.

use rustc_hash::FxHashSet;

use super::Plan;
use super::maker::Maker;
use crate::model::inventory::Inventory;
use crate::model::item::ItemId;
use crate::model::node::NodeId;
use crate::removal::draft::{Entry, Refusal};
use crate::text;

impl Maker<'_> {
    /// Leaves out of what goes what is needed by things that stay.
    pub(super) fn without_needed(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let going: FxHashSet<NodeId> = entries.iter().flat_map(|e| &e.targets).map(|t| t.node).collect();
        let inventory = self.inventory;
        let stays = |id: &&ItemId| !inventory.lies_wholly_in(**id, &going);
        let mut left = Vec::new();
        for mut entry in entries {
            let needed = entry.targets.iter().flat_map(|t| &t.needed_by).find(stays).copied();
            let Some(by) = needed else {
                left.push(entry);
                continue;
            };
            entry.targets.retain(|t| t.needed_by.iter().find(stays).is_none());
            if entry.targets.is_empty() {
                let name = inventory.item(by).map(|i| i.name.clone()).unwrap_or_default();
                let reason = format!("{name} stays and needs it");
                let (way_on, Entry { name, path, .. }) = (String::new(), entry);
                self.plan.refused.push(Refusal { name, path, reason, way_on });
            } else {
                left.push(entry);
            }
        }
        left
    }

    /// What is said of environments that go to the trash and are links into caches: whose programs see nobody any more
    /// who needs what these lead to.
    pub(super) fn loose_links(&self, entry: &Entry) -> Option<String> {
        let into = entry.environments.iter().flat_map(|e| self.inventory.links_into(&e.path));
        let into: Vec<String> = into.map(|path| text::path(&path)).collect();
        (!into.is_empty()).then(|| {
            format!(
                "its links lead into {}: while it lies in the trash nothing keeps what they lead to",
                into.join(" and ")
            )
        })
    }
}

/// For each step the other lines that need what it takes.
pub(super) fn tie(inventory: &Inventory, plan: &mut Plan) {
    let mut lines: Vec<FxHashSet<NodeId>> = vec![FxHashSet::default(); plan.lines.len()];
    for step in &plan.steps {
        lines[step.line].insert(step.target.node);
    }
    for step in plan.steps.iter_mut().filter(|s| !s.target.needed_by.is_empty()) {
        let (own, needed) = (step.line, &step.target.needed_by);
        let parts = |id: &ItemId| inventory.item(*id).map(|i| i.parts.clone()).unwrap_or_default();
        let nodes: Vec<NodeId> = needed.iter().flat_map(parts).map(|p| p.node).collect();
        let takes = |line: &FxHashSet<NodeId>| {
            nodes.iter().any(|n| {
                line.contains(n)
                    || inventory.tree.ancestors(n.dir).any(|dir| line.contains(&NodeId::dir(dir)))
            })
        };
        let others = lines.iter().enumerate().filter(|(at, line)| *at != own && takes(line));
        step.with = others.map(|(at, _)| at).collect();
    }
}
