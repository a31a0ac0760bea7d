//! What is known of a file or folder beside its numbers: whose part it is, its other names, its holes.

use crate::app::App;
use crate::model::measure::Measure;
use crate::model::node::{Kind, NodeId};
use crate::model::tree::DirState;
use crate::text;

/// So many names of an inode are told.
const TOLD: usize = 20;

/// The numbers of a file or folder with all below it, whoever claims it.
pub fn measure(app: &App, node: NodeId) -> Measure {
    let tree = &app.inventory.tree;
    if node.is_dir() {
        return Measure { usage: tree.total(node.dir), newest: tree.newest(node.dir), ..Measure::default() };
    }
    app.inventory.row_measure(crate::model::rows::RowKey::Node(node))
}

/// What is known of it.
pub fn facts(app: &App, node: NodeId, names: &[NodeId]) -> Vec<(&'static str, String)> {
    let inventory = &app.inventory;
    let tree = &inventory.tree;
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let Some(is) = tree.facts(node) else {
        return vec![("what", "it is not there any more, or is being read again".into())];
    };
    let what = match is.kind {
        Kind::Dir => "folder",
        Kind::File => "file",
        Kind::Link => "symbolic link",
        Kind::Special => "device, socket or pipe",
    };
    facts.push(("what", what.into()));
    facts.push(("path", text::path(&tree.path(node))));
    if node.is_dir() {
        match tree.get(node.dir).map(|d| d.state) {
            Some(DirState::Failed) => {
                let path = tree.path(node);
                let why = inventory.problems.kept.iter().find(|p| p.path == path);
                let why = why.map_or(String::new(), |p| format!(": {}: {}", p.operation, p.error));
                facts.push(("state", format!("could not be read{why}")));
            }
            Some(DirState::Skipped) => facts.push(("state", super::super::files::not_entered().into())),
            Some(DirState::Unread) => {
                facts.push(("state", "read in part: not itself, but folders in it".into()));
            }
            _ => {}
        }
    }
    if let Some(id) = inventory.item_at(node)
        && let Some(item) = inventory.item(id)
    {
        let verdict = inventory.verdict(id).label();
        facts.push(("part of", format!("{}, {}, {verdict}", item.name, item.kind)));
        facts.extend(inventory.notes(id).into_iter().map(|n| ("", n)));
    }
    for id in inventory.held_by(node) {
        let Some(item) = inventory.item(id) else { continue };
        let of = item.parent.and_then(|p| inventory.item(p)).map(|p| format!("{} ", p.name));
        facts.push(("held by", format!("{}{}, {}", of.unwrap_or_default(), item.name, item.kind)));
    }
    facts.extend(links(app, node, names));
    facts.extend(holes(app, node));
    facts
}

/// The other names of the inode, and what holds them.
fn links(app: &App, node: NodeId, names: &[NodeId]) -> Vec<(&'static str, String)> {
    let inventory = &app.inventory;
    let tree = &inventory.tree;
    let Some(slot) = tree.file(node).and_then(|f| f.link) else { return Vec::new() };
    let all = u64::from(tree.links().get(slot).nlink);
    let seen = names.len() as u64;
    let mut facts =
        vec![("links", format!("{seen} of {all} names seen; its bytes come back with the last of them"))];
    for other in names.iter().filter(|n| **n != node).take(TOLD) {
        let path = text::path(&tree.path(*other));
        let holder = inventory.item_at(*other).and_then(|id| inventory.item(id));
        facts.push((
            "also",
            match holder {
                Some(item) => format!("{path}  ({}, {})", item.name, item.kind),
                None => path,
            },
        ));
    }
    let more = names.len().saturating_sub(TOLD + 1);
    if more > 0 {
        facts.push(("", format!("and {}", text::counted(more as u64, "more", "more"))));
    }
    if seen < all {
        let n = text::counted(all - seen, "name lies", "names lie");
        facts.push(("", format!("{n} outside of what was read, and keep it")));
    }
    facts
}

/// Whether far less lies on the disk than the length says.
fn holes(app: &App, node: NodeId) -> Option<(&'static str, String)> {
    let file = app.inventory.tree.file(node).filter(|f| f.facts.kind == Kind::File)?;
    let (on_disk, length) = (file.on_disk(), file.facts.size);
    let size = |n| text::size(n, app.context.units);
    (length > on_disk.saturating_mul(2) && length - on_disk >= 64 << 10).then(|| {
        let words = format!(
            "{} long, but only {} on the disk: it has holes, or is compressed",
            size(length),
            size(on_disk)
        );
        ("sparse", words)
    })
}
