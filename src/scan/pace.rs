//! Lets reading threads make room while other threads of the program are to have processors for themselves: where there
//! are more threads than processors, what a person waits for would take several times as long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// So long a thread that makes room waits before it looks again.
const WAIT: Duration = Duration::from_millis(1);

/// How fast is read.
#[derive(Debug)]
pub struct Pace {
    cores: usize,
    /// Whether a person waits for sums.
    sums: AtomicBool,
    /// Whether a person waits for what lies in known places more than for the end.
    watched: AtomicBool,
    /// Whether all known places are read.
    beyond: AtomicBool,
    /// How many threads find out what is in known places.
    finding: AtomicUsize,
}

/// While it lives, somebody has a processor for himself.
pub struct Room {
    pace: Arc<Pace>,
    give_back: fn(&Pace),
}

impl Pace {
    /// As fast as so many processors can.
    pub fn new(cores: usize) -> Self {
        let (sums, watched, beyond) =
            (AtomicBool::new(false), AtomicBool::new(false), AtomicBool::new(false));
        Self { cores, sums, watched, beyond, finding: AtomicUsize::new(0) }
    }

    /// From now on, what is in known places comes first.
    pub fn is_watched(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Says whether what is read now lies beyond known places.
    pub fn go_beyond(&self, beyond: bool) {
        self.beyond.store(beyond, Ordering::Relaxed);
    }

    /// Makes room for the sums that a person waits for.
    pub fn make_room(self: &Arc<Self>) -> Room {
        self.sums.store(true, Ordering::Relaxed);
        Room { pace: Arc::clone(self), give_back: |pace| pace.sums.store(false, Ordering::Relaxed) }
    }

    /// Makes room for finding out what is in a known place, once reading is beyond those.
    pub fn find_first(self: &Arc<Self>) -> Room {
        self.finding.fetch_add(1, Ordering::Relaxed);
        let give_back = |pace: &Pace| {
            pace.finding.fetch_sub(1, Ordering::Relaxed);
        };
        Room { pace: Arc::clone(self), give_back }
    }

    /// How many threads may go on reading.
    fn allowed(&self) -> usize {
        let flag = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let finding = self.finding.load(Ordering::Relaxed);
        match (flag(&self.sums), flag(&self.watched) && flag(&self.beyond) && finding > 0) {
            (false, false) => usize::MAX,
            // One reads on even so, since a disk can do something while processors do not.
            (false, true) => self.cores.saturating_sub(finding).max(1),
            (true, _) => self.cores.saturating_sub(1 + finding),
        }
    }

    /// What a reading thread asks between two directories: waits while room is made, unless it is one of those that may
    /// go on.
    pub fn keep(&self, thread: Option<usize>, cancel: &AtomicBool) {
        while thread.is_none_or(|n| n >= self.allowed()) && !cancel.load(Ordering::Relaxed) {
            std::thread::sleep(WAIT);
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        (self.give_back)(&self.pace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_few_wait_while_room_is_made() {
        let (pace, cancel, done) = (Arc::new(Pace::new(3)), AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let room = pace.make_room();
            let go = |n| {
                let (pace, cancel, done) = (&pace, &cancel, &done);
                scope.spawn(move || {
                    pace.keep(Some(n), cancel);
                    done.fetch_add(1, Ordering::SeqCst);
                })
            };
            let (first, second) = (go(0), go(1));
            let rest = [go(2), go(3)];
            first.join().expect("it goes on");
            second.join().expect("it goes on");
            assert!(rest.iter().all(|r| !r.is_finished()));
            drop(room);
        });
        assert_eq!(done.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn who_is_to_stop_waits_for_nothing() {
        let pace = Arc::new(Pace::new(1));
        let _room = pace.make_room();
        pace.keep(Some(0), &AtomicBool::new(true));
    }

    #[test]
    fn known_places_come_first_only_for_who_watches_and_once_they_are_read() {
        let pace = Arc::new(Pace::new(4));
        let found = pace.find_first();
        assert_eq!(pace.allowed(), usize::MAX);
        pace.go_beyond(true);
        assert_eq!(pace.allowed(), usize::MAX, "nobody watches");
        pace.is_watched();
        assert_eq!(pace.allowed(), 3);
        let more: Vec<Room> = (0..5).map(|_| pace.find_first()).collect();
        assert_eq!(pace.allowed(), 1, "the disk is never left alone");
        let room = pace.make_room();
        assert_eq!(pace.allowed(), 0);
        drop((more, room));
        pace.go_beyond(false);
        assert_eq!(pace.allowed(), usize::MAX);
        pace.go_beyond(true);
        drop(found);
        assert_eq!(pace.allowed(), usize::MAX, "nothing is left to find out");
    }
}
