//! What the disks really got back: what is left on them before and after, once everything written is on the disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::plan::Plan;
use crate::model::mount::Space;
use crate::sys::beneath;
use crate::sys::mounts;

/// What a mount got back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Where.
    pub mount: PathBuf,
    /// Bytes the plan promised.
    pub estimated: u64,
    /// Bytes that might come back besides, as the plan said.
    pub maybe: u64,
    /// Bytes left for this user before.
    pub before: u64,
    /// Bytes free for root before.
    pub free: u64,
    /// Bytes that came back, but are kept for root, who had used of what is.
    pub kept: u64,
    /// Bytes left afterwards; `None` if the file system did not answer in time.
    pub after: Option<u64>,
    /// Share in use afterwards, in percent as `df` prints it.
    pub percent: u64,
    /// What can explain that less came back than was promised, or called possible.
    pub why: Vec<String>,
}

impl Measured {
    /// Whether anything was to come back. What only goes to the trash gives nothing back.
    pub fn was_to_change(&self) -> bool {
        self.estimated > 0 || self.maybe > 0
    }

    /// Whether less than nine tenths of what was promised came back.
    pub fn is_short(&self) -> bool {
        self.estimated > 0 && self.is_below(self.estimated)
    }

    /// Whether what was promised came back, but not all that was called possible.
    pub fn is_in_doubt(&self) -> bool {
        self.maybe > 0 && !self.is_short() && self.is_below(self.estimated.saturating_add(self.maybe))
    }

    fn is_below(&self, bytes: u64) -> bool {
        self.came_back().is_some_and(|n| n < (bytes / 10 * 9) as i64)
    }

    /// What came back, for whomever; less than nothing if others wrote meanwhile.
    pub fn came_back(&self) -> Option<i64> {
        Some(self.after? as i64 - self.before as i64 + self.kept as i64)
    }

    /// What is kept for root of what came back: only where nothing was left for users can that be.
    fn kept_of(&self, now: &Space) -> u64 {
        if self.before > 0 {
            return 0;
        }
        now.free.saturating_sub(self.free).saturating_sub(now.available)
    }
}

/// A file system that is asked no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// File systems that take deleted files apart in the background, and say what is free while they do: xfs for a moment,
/// even after everything is written (Linux 6.18, `xfs_fs_statfs` pushes that on and does not wait), ZFS for longer. An
/// overlay may lie on any of them.
const LATER: &[&str] = &["bcachefs", "btrfs", "overlay", "xfs", "zfs"];

/// So long they are waited for, and so long the number has to stay the same.
const SETTLED: (Duration, Duration) = (Duration::from_secs(2), Duration::from_millis(100));

/// What is left on the mounts that a plan changes, before it is carried out.
pub fn before(plan: &Plan) -> Vec<Measured> {
    let measured = plan.changes.iter().filter_map(|c| {
        let space = space(&c.mount.path)?;
        Some(Measured {
            mount: c.mount.path.clone(),
            estimated: c.frees,
            maybe: c.maybe,
            before: space.available,
            free: space.free,
            kept: 0,
            after: None,
            percent: space.percent(),
            why: Vec::new(),
        })
    });
    measured.collect()
}

/// What is left afterwards.
pub fn after(before: Vec<Measured>, plan: &Plan) -> Vec<Measured> {
    let again = |m: Measured| {
        let change = plan.changes.iter().find(|c| c.mount.path == m.mount);
        let is_later = change.is_some_and(|c| LATER.contains(&c.mount.fstype.as_str()));
        let first = space(&m.mount);
        let space = match first {
            Some(first) if is_later && m.was_to_change() => settled(&m, first, &mut || space_now(&m.mount)),
            other => other,
        };
        match space {
            Some(space) => {
                let kept = m.kept_of(&space);
                Measured { after: Some(space.available), kept, percent: space.percent(), ..m }
            }
            None => m,
        }
    };
    before.into_iter().map(again).collect()
}

/// Asks until all that could come back is there, or what was promised is and no more follows, or it takes too long.
fn settled(m: &Measured, first: Space, ask: &mut dyn FnMut() -> Option<Space>) -> Option<Space> {
    let (limit, still) = SETTLED;
    let began = Instant::now();
    let mut last = first;
    let mut since = Instant::now();
    loop {
        let back = last.available.saturating_sub(m.before);
        let whole = back >= m.estimated.saturating_add(m.maybe);
        if whole || (back >= m.estimated && since.elapsed() >= still) || began.elapsed() >= limit {
            return Some(last);
        }
        std::thread::sleep(Duration::from_millis(10));
        let now = ask()?;
        if now.available != last.available {
            since = Instant::now();
        }
        last = now;
    }
}

/// What is left on a mount, as it says by itself.
fn space_now(mount: &Path) -> Option<Space> {
    let path = mount.to_path_buf();
    mounts::within(PATIENCE, move || mounts::space(&path).ok()).flatten()
}

/// What is left on a mount once everything written is on the disk. Some file systems say it only then. A mount that does
/// not answer is not waited for.
fn space(mount: &Path) -> Option<Space> {
    let path = mount.to_path_buf();
    mounts::within(PATIENCE, move || {
        let _ = beneath::sync(&path);
        mounts::space(&path).ok()
    })
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(estimated: u64, maybe: u64) -> Measured {
        Measured {
            mount: "/".into(),
            estimated,
            maybe,
            before: 100,
            free: 100,
            kept: 0,
            after: None,
            percent: 1,
            why: Vec::new(),
        }
    }

    #[test]
    fn what_is_kept_for_root_came_back_too() {
        let full = Measured { before: 0, free: 2, ..of(15, 0) };
        let now = Space { available: 10, free: 17, ..Space::default() };
        let done = Measured { after: Some(10), kept: full.kept_of(&now), ..full };
        assert_eq!((done.kept, done.came_back(), done.is_short()), (5, Some(15), false));
        assert_eq!(of(15, 0).kept_of(&now), 0, "there was room: root has all that is kept for it");
    }

    fn asked(m: &Measured, answers: &[u64]) -> (Option<u64>, usize) {
        let mut n = 0;
        let space = |n: usize| Space { available: answers[n.min(answers.len() - 1)], ..Space::default() };
        let settled = settled(m, space(0), &mut || {
            n += 1;
            Some(space(n))
        });
        (settled.map(|s| s.available), n)
    }

    #[test]
    fn what_comes_back_late_is_waited_for() {
        assert_eq!(asked(&of(50, 0), &[150]), (Some(150), 0), "at once");
        assert_eq!(asked(&of(50, 0), &[100, 100, 130, 150]), (Some(150), 3), "in steps");
        assert_eq!(asked(&of(0, 50), &[100, 120, 150]), (Some(150), 2), "nothing was promised, and it came");
        let (space, n) = asked(&of(20, 50), &[100, 120]);
        assert_eq!(space, Some(120), "nothing more follows");
        assert!(n > 2);
        assert_eq!(settled(&of(1, 0), Space::default(), &mut || None), None, "it does not answer any more");
    }
}
