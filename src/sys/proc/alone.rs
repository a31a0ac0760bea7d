//! Whether nobody but this process can be at work: so it is in a `RUN` of a Dockerfile, after what the shell ran before.

use std::collections::BTreeMap;

use super::{command, hidden, pids, stat};
use crate::model::sight::Hidden;

/// Programs that wait for what they started and do nothing meanwhile: shells, and those that stand for `init` in
/// containers.
const WAITING: &[&str] = &[
    "ash",
    "bash",
    "busybox",
    "catatonit",
    "conmon",
    "dash",
    "docker-init",
    "dumb-init",
    "ksh",
    "mksh",
    "sh",
    "tini",
    "zsh",
];

/// Whether all other processes there are wait for this one: each is a shell, or stands for `init`, and started this one or
/// one of those. In a container only its own are seen, so this says nothing of what it shares with others.
pub fn is_alone() -> bool {
    if matches!(hidden(), Some(Hidden::All | Hidden::Others)) {
        return false;
    }
    let Some(own) = stat::of(std::process::id()) else { return false };
    let mut others = BTreeMap::new();
    for pid in pids() {
        // What is gone meanwhile was one of those that come and go: somebody else is at work.
        let Some(stat) = stat::of(pid) else { return false };
        if !stat.is_empty {
            others.insert(pid, stat.parent);
        }
    }
    all_wait(own.parent, others, |pid| WAITING.contains(&command(pid).as_str()))
}

/// Whether the processes, each with who started it, are those above one that `parent` started, and all of them wait.
fn all_wait(parent: u32, mut others: BTreeMap<u32, u32>, waits: impl Fn(u32) -> bool) -> bool {
    let mut at = parent;
    while let Some(above) = others.remove(&at) {
        if !waits(at) {
            return false;
        }
        at = above;
    }
    others.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shells_above_wait() {
        let all = |rows: &[(u32, u32)]| rows.iter().copied().collect::<BTreeMap<_, _>>();
        assert!(all_wait(7, all(&[(1, 0), (7, 1)]), |_| true));
        assert!(all_wait(0, all(&[]), |_| true), "the first one in a container");
        assert!(!all_wait(7, all(&[(1, 0), (7, 1)]), |pid| pid == 7), "what started the shell works on");
        assert!(!all_wait(7, all(&[(1, 0), (7, 1), (8, 7)]), |_| true), "in the background of the shell");
        assert!(!all_wait(7, all(&[(1, 0), (9, 1)]), |_| true), "somebody else's child");
    }

    #[test]
    fn beside_a_test_runner_nobody_is_alone() {
        assert!(!is_alone(), "cargo is no shell");
    }
}
