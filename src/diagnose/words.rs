//! A cause in words: what is the matter with a place, and the way on. Pure.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::facts::{Cause, Facts, Place, Written};
use super::notes;
use super::places::Purpose;
use crate::model::mount::{Mount, Pressure, Space};
use crate::text::{self, Units};

/// Layers of a container: what came with its image gives nothing back.
const LAYERED: &[&str] = &["overlay", "aufs", "fuse.fuse-overlayfs"];

/// File systems in memory.
const IN_MEMORY: &[&str] = &["tmpfs", "ramfs"];

/// File systems whose reserve can be made smaller while they are mounted.
const EXT: &[&str] = &["ext2", "ext3", "ext4"];

/// So much has to be free before a notebook is saved without worry; on a small mount a twentieth of it.
const ROOM: u64 = 1 << 30;

/// What is used up where the system says `ENOSPC`.
enum Lack {
    Bytes,
    Inodes,
    /// Btrfs keeps its own records apart from data, and these are full.
    Metadata,
    /// Neither is, as far as can be told.
    Unseen,
}

fn lack(mount: &Mount) -> Lack {
    let Some(space) = mount.space else { return Lack::Unseen };
    let is_btrfs = mount.fstype == "btrfs";
    match mount.pressure() {
        // What Btrfs has free without giving it to anybody is room for data that has no room for its records.
        Pressure::Bytes if is_btrfs && space.free > space.available + space.total / 50 => Lack::Metadata,
        Pressure::Bytes => Lack::Bytes,
        Pressure::Inodes => Lack::Inodes,
        _ if is_btrfs => Lack::Metadata,
        _ => Lack::Unseen,
    }
}

/// What is kept for root on a mount. Btrfs keeps nothing, its difference is something else; and what ext4 keeps for itself
/// is for nobody (`fs/ext4/super.c`, `ext4_calculate_resv_clusters`).
pub(super) fn kept(mount: &Mount) -> u64 {
    let space = mount.space.filter(|_| mount.fstype != "btrfs").unwrap_or_default();
    let kept = space.free.saturating_sub(space.available);
    if kept > space.ext4s_own() { kept } else { 0 }
}

pub(super) fn is_in_memory(mount: &Mount) -> bool {
    IN_MEMORY.contains(&mount.fstype.as_str())
}

/// What is the matter with a place.
pub(super) fn said(place: &Place, cause: &Cause, facts: &Facts, units: Units) -> (&'static str, String) {
    let at = place.mount.as_ref().map_or_else(|| text::path(&place.at), |m| text::path(&m.path));
    let path = || text::path(&place.at);
    match cause {
        Cause::Full => {
            ("FULL", place.mount.as_ref().map_or(format!("{at} is full"), |m| full(m, &at, units)))
        }
        Cause::Quota => {
            let room = place.mount.as_ref().and_then(|m| m.space).map_or(0, |s| s.available);
            let room = text::size(room, units);
            ("QUOTA", format!("your quota on {at} is used up; the disk itself has {room} free"))
        }
        Cause::ReadOnly => match place.mount.as_ref().and_then(|m| errors(facts, &m.path)) {
            Some(n) => {
                let n = text::counted(n, "error", "errors");
                ("READ-ONLY", format!("the kernel closed {at} for writing: it counts {n} on it"))
            }
            None => ("READ-ONLY", format!("{at} is mounted read-only")),
        },
        Cause::NotAllowed => ("NOT YOURS", format!("you may not write to {}{}", path(), making(place))),
        Cause::Locked => ("LOCKED", format!("{} is locked against writing, for whoever it is", path())),
        Cause::Broken(error) => ("BROKEN", format!("the disk under {at} fails ({})", text::plain(error))),
        Cause::NoAnswer => ("NO ANSWER", format!("{at} does not answer")),
        Cause::Gone(error) => {
            ("NO ANSWER", format!("what was behind {at} has gone ({})", text::plain(error)))
        }
        Cause::Astray(target) => {
            ("MISSING", format!("{} is a link to {}, which is not there", path(), text::path(target)))
        }
        Cause::Other(error) => ("FAILED", format!("{}: {}", path(), text::plain(error))),
    }
}

fn full(mount: &Mount, at: &str, units: Units) -> String {
    let space = mount.space.unwrap_or_default();
    let (available, free) = (text::size(space.available, units), text::size(space.free, units));
    let memory = if is_in_memory(mount) { ", which is in memory," } else { "" };
    match lack(mount) {
        Lack::Inodes => {
            format!("{at}{memory} has no inode left, though {available} are free; no new file can be made")
        }
        Lack::Metadata => {
            format!("{at} has no room left for its own records (Btrfs metadata), though {free} are free")
        }
        Lack::Unseen if mount.space.is_none() => format!("{at} is full"),
        Lack::Unseen => format!("{at} takes nothing more, though {available} are said to be free"),
        Lack::Bytes => {
            let reserve = match kept(mount) {
                0 => String::new(),
                kept => format!(" ({} is kept for root)", text::size(kept, units)),
            };
            format!("{at}{memory} has {available} left for you{reserve}")
        }
    }
}

/// What would be made in a folder, where that is another one than was asked for.
fn making(place: &Place) -> String {
    if place.at == place.path || !place.path.starts_with(&place.at) {
        return String::new();
    }
    format!(", where {} would be made", text::path(&place.path))
}

fn errors(facts: &Facts, mount: &Path) -> Option<u64> {
    facts.errors.iter().find(|(path, _)| path == mount).map(|(_, n)| *n)
}

/// Where the notebooks are, if that is not what is wrong.
pub(super) fn elsewhere(facts: &Facts, worst: &Place) -> String {
    let notebooks = facts.places.iter().find(|p| p.purpose == Purpose::Notebooks);
    match notebooks.filter(|n| worst.purpose != Purpose::Notebooks && n.written == Written::Done) {
        Some(n) => {
            let on = n.mount.as_ref().map_or_else(|| text::path(&n.at), |m| text::path(&m.path));
            format!(" Your notebooks are on {on} and that is fine, but Jupyter writes here too.")
        }
        None => String::new(),
    }
}

/// What to do about it, and until then.
pub(super) fn way_on(place: &Place, cause: &Cause, facts: &Facts, units: Units) -> String {
    let help = helps(place, cause, facts, units);
    let until = match place.purpose.variable() {
        None => "Leave the notebook open in the browser: what was not saved is only there.".to_string(),
        Some(name) => format!("Or set {name} to a folder that can be written, and start Jupyter again."),
    };
    if help.is_empty() { until } else { format!("{help} {until}") }
}

fn helps(place: &Place, cause: &Cause, facts: &Facts, units: Units) -> String {
    let mount = place.mount.as_ref();
    let at = word(mount.map_or(place.at.as_path(), |m| m.path.as_path()));
    match cause {
        Cause::Full => {
            mount.map(|m| free_some(m, facts, units) + &notes::at_once(facts, m, units)).unwrap_or_default()
        }
        Cause::Quota => {
            let trash = "what goes to the trash counts against the quota until that is emptied";
            format!("Delete something of your own there (`mldu {at}` shows it), or ask for more; {trash}.")
        }
        Cause::ReadOnly => mount.map(|m| open(m, facts)).unwrap_or_default(),
        Cause::NotAllowed => not_allowed(place, facts),
        Cause::Locked => {
            let at = word(&place.at);
            format!(
                "`lsattr -d {at}` shows an `i` if somebody locked it; then `sudo chattr -i {at}` opens it."
            )
        }
        Cause::Broken(_) => {
            "Copy what matters to another disk first; then have this one checked (`dmesg`).".into()
        }
        Cause::NoAnswer => {
            "The server or the process behind it is away; save elsewhere until it is back.".into()
        }
        Cause::Gone(_) => format!(
            "The server or the process behind it has ended. Save elsewhere, or mount it again: `umount -l {at}` \
             (`fusermount -uz {at}`), then as it was mounted before."
        ),
        Cause::Astray(target) => {
            let target = word(target);
            format!("Mount what belongs there, or make the folder: `mkdir -p {target}`.")
        }
        Cause::Other(_) => String::new(),
    }
}

/// What to do about a mount that is closed for writing.
pub(super) fn open(mount: &Mount, facts: &Facts) -> String {
    if errors(facts, &mount.path).is_some() {
        return "It does that to save the data. Copy what matters to another disk, and have this one checked (`dmesg`, then \
                `fsck` while it is not mounted)."
            .into();
    }
    format!(
        "Save elsewhere, or let whoever runs this machine open it: `sudo mount -o remount,rw {}`; for a container, a volume \
         without `:ro`.",
        word(&mount.path)
    )
}

/// Never a command that gives somebody what others need: only what is in the own home is made the own.
fn not_allowed(place: &Place, facts: &Facts) -> String {
    let at = word(&place.at);
    let is_own = !facts.home.as_os_str().is_empty() && place.at.starts_with(&facts.home);
    // A database, and a notebook, is a file.
    let is_file = place.purpose.file().is_some_and(|name| place.at.file_name() == Some(name.as_ref()))
        || place.at.extension().is_some_and(|e| e == "ipynb");
    match place.owner.filter(|o| *o != facts.uid) {
        Some(owner) if is_own => {
            let (whose, deep) = (user(owner), if is_file { "" } else { "-R " });
            let sudo = if owner == 0 { ", perhaps since something ran with sudo once" } else { "" };
            format!("It belongs to {whose}{sudo}: `sudo chown {deep}{} {at}`.", facts.uid)
        }
        Some(owner) => {
            format!("It belongs to {}: work in a folder of your own, or ask its owner.", user(owner))
        }
        None if is_file => format!("Its permissions forbid it: `chmod u+rw {at}`."),
        None => format!("Its permissions forbid it: `chmod u+rwx {at}`."),
    }
}

fn user(uid: u32) -> String {
    if uid == 0 { "root".into() } else { format!("user {uid}") }
}

/// What to free on a mount, and how.
pub(super) fn free_some(mount: &Mount, facts: &Facts, units: Units) -> String {
    let at = text::path(&mount.path);
    let see =
        if mount.path == Path::new("/") { "mldu".into() } else { format!("mldu {}", word(&mount.path)) };
    let space = mount.space.unwrap_or_default();
    let layer = LAYERED.contains(&mount.fstype.as_str());
    let mut out = match lack(mount) {
        Lack::Inodes => format!(
            "Delete folders of many small files on {at}: `{see}` shows which they are. The trash would need inodes of its \
             own."
        ),
        Lack::Metadata => format!(
            "Delete what can go on {at} for good, snapshots too (`{see}` shows what can go): a trash would need records of \
             its own. Then `sudo btrfs balance start -dusage=50 {}` makes room for records.",
            word(&mount.path)
        ),
        Lack::Unseen if space.available > 0 && mount.pressure() == Pressure::Fine => {
            "A limit that cannot be seen from here is used up, of a project, a pool or a container: delete something of \
             your own there, or ask whoever runs this machine."
                .into()
        }
        _ => {
            let room = text::size(missing(&space), units);
            let held = if mount.fstype == "btrfs" {
                " What snapshots hold comes back only when they go too."
            } else {
                ""
            };
            let failed = facts.places.iter().any(|p| matches!(p.written, Written::Failed(_)));
            let again = if failed { " and it works again" } else { "" };
            format!("Free {room} on {at}{again}: `{see}` shows what can go.{held}")
        }
    };
    if is_in_memory(mount) {
        out.push_str(" It is in memory: what lies there is gone after a restart of the machine.");
    }
    if layer {
        out.push_str(
            " What came with the container's image gives nothing back: delete what was written since, or mount a volume. \
             The host's disk lies below, and others may have filled it.",
        );
    }
    let needed = space.total / 50 + space.ext4s_own();
    if EXT.contains(&mount.fstype.as_str())
        && facts.uid != 0
        && kept(mount) > needed
        && is_device(&mount.source)
    {
        let device = word(Path::new(&mount.source));
        out.push_str(&format!(
            " Root can give a part of what is kept for it to all: `sudo tune2fs -m 1 {device}`."
        ));
    }
    out
}

fn is_device(source: &str) -> bool {
    source.starts_with("/dev/") && source != "/dev/root"
}

/// What is missing until there is room.
fn missing(space: &Space) -> u64 {
    let wanted = ROOM.min(space.total / 20);
    // As long as there is less than nothing left for users, that has to come back first.
    wanted.saturating_sub(space.available).max(1 << 12)
}

/// What is left on a mount, for whom it is asked. Root has what is kept for it, and others have not.
pub(super) fn left(mount: &Mount, facts: &Facts, units: Units) -> String {
    let space = mount.space.unwrap_or_default();
    match mount.pressure() {
        Pressure::Inodes => "no inode left".into(),
        Pressure::Low if space.percent() < 95 => {
            format!("{} inodes left", text::count(space.inodes_available.unwrap_or(0)))
        }
        _ if facts.uid == 0 && kept(mount) > 0 => {
            let (others, root) = (text::size(space.available, units), text::size(kept(mount), units));
            format!("{others} left for users; you are root, and {root} is kept for you")
        }
        _ => format!("{} left for you", text::size(space.available, units)),
    }
}

/// A path as a word of a shell.
pub(super) fn word(path: &Path) -> String {
    text::shell(path.as_os_str().as_bytes())
}
