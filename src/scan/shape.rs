//! Asks families whether a directory that was just listed is theirs by its shape, and lets them look one or two
//! folders further.

use super::ask::Part;
use super::node::Node;
use super::task::Held;
use super::walk::Walk;
use crate::families::{self, Claim, Listing};
use crate::sys::list::Lister;

/// Whose store a directory is, as far as names tell.
pub fn claim_by_shape<L: Lister>(walk: &Walk<L>, dir: &Held<L>, node: &Node, part: &Part) -> Option<Claim> {
    let name = node.name.rsplit(|b| *b == b'/').next().unwrap_or(&node.name);
    let hints = part.hints | families::hints(name);
    if hints == 0 {
        return None;
    }
    let folders: Vec<&[u8]> = part.folders.iter().map(|f| &**f).collect();
    let files: Vec<&[u8]> = part.writer.names().collect();
    let within = node.store.map(|about| about.id);
    let look = |below: &str| names_at(walk, dir, node, below).unwrap_or_default();
    families::claim(hints, &Listing { name, folders: &folders, files: &files, within, look: &look })
}

/// The names in a folder below an open directory. No other mount is entered for a guess, and what cannot be read
/// proves nothing: the walk comes by itself and says why.
fn names_at<L: Lister>(walk: &Walk<L>, held: &Held<L>, node: &Node, below: &str) -> Option<Vec<Box<[u8]>>> {
    let mut at = None;
    let mut ino = node.ino;
    for step in below.split('/').map(str::as_bytes) {
        if walk.borders.inside(node.st_dev, ino).iter().any(|stop| **stop == *step) {
            return None;
        }
        let next = walk.lister.open(at.as_ref().unwrap_or(&held.dir), step).ok()?;
        let stat = walk.lister.stat_dir(&next).ok().filter(|s| s.dev == node.st_dev)?;
        ino = stat.ino;
        at = Some(next);
    }
    let mut names = Vec::new();
    walk.lister.list(&at?, &mut |entry| names.push(entry.name.into())).ok()?;
    Some(names)
}

/// Whether the store around a directory keeps what it holds to itself.
pub fn is_sealed(node: &Node) -> bool {
    node.store.is_some_and(|about| about.sealed)
}
