//! Lets reading threads make room while another thread of the program is to have a processor for itself: where there
//! are more threads than processors, sums that a person waits for would take several times as long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// So long a thread that makes room waits before it looks again.
const WAIT: Duration = Duration::from_millis(1);

/// How fast is read.
#[derive(Debug)]
pub struct Pace {
    held: AtomicBool,
    few: usize,
}

/// While it lives, few threads read.
pub struct Room(Arc<Pace>);

impl Pace {
    /// As fast as can be; so few threads go on while room is made.
    pub fn new(few: usize) -> Self {
        Self { held: AtomicBool::new(false), few }
    }

    /// Lets few threads go on from now on.
    pub fn make_room(self: &Arc<Self>) -> Room {
        self.held.store(true, Ordering::Relaxed);
        Room(Arc::clone(self))
    }

    /// What a reading thread asks between two directories: waits while room is made, unless it is one of the few.
    pub fn keep(&self, thread: Option<usize>, cancel: &AtomicBool) {
        let may_go_on = thread.is_some_and(|n| n < self.few);
        while self.held.load(Ordering::Relaxed) && !may_go_on && !cancel.load(Ordering::Relaxed) {
            std::thread::sleep(WAIT);
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn all_but_few_wait_while_room_is_made() {
        let (pace, cancel, done) = (Arc::new(Pace::new(2)), AtomicBool::new(false), AtomicUsize::new(0));
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
        let pace = Arc::new(Pace::new(0));
        let _room = pace.make_room();
        pace.keep(Some(0), &AtomicBool::new(true));
    }
}
