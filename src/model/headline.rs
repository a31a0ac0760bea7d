//! The first answer: which mount matters, what is the matter with it, and for whom.

use super::inventory::Inventory;
use super::mount::{Mount, Pressure};
use crate::text::{self, Units};

/// What is said first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// The mount it is about.
    pub mount: Mount,
    /// How bad it is.
    pub pressure: Pressure,
    /// One word: `FULL`, `LOW`, `READ-ONLY`, `OK`.
    pub word: &'static str,
    /// What that means.
    pub sentence: String,
}

/// Finds the mount that is worst off among those scanned, and says so. Root may still write where others cannot.
pub fn headline(inventory: &Inventory, is_root: bool, units: Units) -> Option<Headline> {
    let severity = |m: &Mount| {
        let rank = match m.pressure() {
            Pressure::ReadOnly => 1,
            Pressure::Bytes | Pressure::Inodes => 4,
            Pressure::Low => 3,
            Pressure::Fine => 2,
        };
        // Of those equally bad, the one that holds most of what was scanned, so the screen does not jump.
        (rank, m.space.map_or(0, |s| s.percent()), m.space.map_or(0, |s| s.total))
    };
    let mount = inventory.mounts.iter().max_by_key(|m| severity(m))?.clone();
    let size = |bytes| text::size(bytes, units);
    let pressure = mount.pressure();
    let space = mount.space.unwrap_or_default();
    let reserve = space.free.saturating_sub(space.available);
    let sentence = match pressure {
        Pressure::ReadOnly => "nothing can be written here".to_string(),
        Pressure::Bytes if is_root && reserve > 0 => format!(
            "{} left for users, {} for root: only root can save",
            size(space.available),
            size(reserve)
        ),
        Pressure::Bytes if reserve > 0 => format!(
            "{} left for you ({} is root's): Jupyter cannot save",
            size(space.available),
            size(reserve)
        ),
        Pressure::Bytes => format!("{} left: Jupyter cannot save", size(space.available)),
        Pressure::Inodes => {
            format!("no inode left: no new file can be made, though {} are free", size(space.available))
        }
        Pressure::Fine if mount.space.is_none() => "the file system does not answer".to_string(),
        Pressure::Low | Pressure::Fine => format!("{} left for you", size(space.available)),
    };
    let word = mount.word();
    Some(Headline { mount, pressure, word, sentence })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mount::Space;
    use crate::model::tree::testing::tree;

    fn inventory(spaces: &[(&str, Space)]) -> Inventory {
        let mut inventory = Inventory::new(tree(&[]));
        inventory.mounts = spaces
            .iter()
            .map(|(path, space)| Mount {
                path: path.into(),
                fstype: "ext4".into(),
                source: "/dev/x".into(),
                id: 0,
                dev: 0,
                read_only: false,
                space: Some(*space),
            })
            .collect();
        inventory
    }

    const GIB: u64 = 1 << 30;

    #[test]
    fn the_full_mount_is_the_one_that_matters() {
        let fine = Space { total: 900 * GIB, available: 500 * GIB, free: 500 * GIB, ..Space::default() };
        let full = Space { total: 457 * GIB, available: 0, free: 23 * GIB, ..Space::default() };
        let i = inventory(&[("/data", fine), ("/", full)]);
        let h = headline(&i, false, Units::Binary).expect("there is a mount");
        assert_eq!((h.mount.path.to_str(), h.word), (Some("/"), "FULL"));
        assert_eq!(h.sentence, "0 B left for you (23.0 GiB is root's): Jupyter cannot save");
        let root = headline(&i, true, Units::Binary).expect("there is a mount");
        assert_eq!(root.sentence, "0 B left for users, 23.0 GiB for root: only root can save");
    }

    #[test]
    fn inodes_can_be_what_is_full() {
        let space = Space {
            total: 100 * GIB,
            available: 40 * GIB,
            free: 40 * GIB,
            inodes: Some(100),
            inodes_available: Some(0),
        };
        let h = headline(&inventory(&[("/", space)]), false, Units::Binary).expect("there is a mount");
        assert_eq!(h.pressure, Pressure::Inodes);
        assert!(h.sentence.contains("40.0 GiB are free"));
        assert_eq!(headline(&inventory(&[]), false, Units::Binary), None);
    }
}
