//! In which order the folders of known places are read: a small place is not to wait for a large one beside it, and of
//! large ones one is to be done before the next, so that it can be understood while that is read.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// What is still to be done, in lanes of which each has the work of one place.
///
/// Who has had least gets the next turn. To have had a little more than another does not count, so of two large ones the
/// first is finished first.
#[derive(Debug)]
pub struct Agenda<T> {
    lanes: Mutex<Lanes<T>>,
}

#[derive(Debug)]
struct Lanes<T> {
    all: Vec<Lane<T>>,
    /// Those that have something to do, the next one first.
    ready: BTreeSet<(u32, LaneId)>,
}

#[derive(Debug)]
struct Lane<T> {
    had: u32,
    todo: Vec<T>,
}

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LaneId(u32);

impl<T> Lane<T> {
    /// How much it has had, roughly: each step is four times the one before.
    fn level(&self) -> u32 {
        (self.had + 1).ilog2() / 2
    }
}

impl<T> Agenda<T> {
    /// Nothing is to be done.
    pub fn new() -> Self {
        Self { lanes: Mutex::new(Lanes { all: Vec::new(), ready: BTreeSet::new() }) }
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, Lanes<T>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane of its own.
    pub fn lane(&self) -> LaneId {
        let all = &mut self.lanes().all;
        all.push(Lane { had: 0, todo: Vec::new() });
        LaneId(all.len() as u32 - 1)
    }

    /// Puts something to be done; in its lane it is the next.
    pub fn push(&self, id: LaneId, work: T) {
        let mut lanes = self.lanes();
        let lane = &mut lanes.all[id.0 as usize];
        lane.todo.push(work);
        let level = lane.level();
        lanes.ready.insert((level, id));
    }

    /// What is to be done next.
    pub fn next(&self) -> Option<T> {
        let mut lanes = self.lanes();
        let (_, id) = lanes.ready.pop_first()?;
        let lane = &mut lanes.all[id.0 as usize];
        let work = lane.todo.pop();
        lane.had += 1;
        if !lane.todo.is_empty() {
            let level = lane.level();
            lanes.ready.insert((level, id));
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In which order so many things in each lane are done.
    fn order(lanes: &[usize]) -> String {
        let agenda = Agenda::new();
        for (of, name) in lanes.iter().zip('a'..) {
            let lane = agenda.lane();
            (0..*of).for_each(|_| agenda.push(lane, name));
        }
        std::iter::from_fn(|| agenda.next()).collect()
    }

    #[test]
    fn a_small_place_does_not_wait_for_a_large_one() {
        let order = order(&[1000, 2, 1000]);
        assert_eq!(order.len(), 2002);
        assert!(order.rfind('b').expect("it is done") < 10, "{}", &order[..40]);
    }

    #[test]
    fn of_two_large_places_one_is_done_before_the_other() {
        let order = order(&[1000, 1000]);
        let (first, second) = (order.rfind('a').expect("done"), order.rfind('b').expect("done"));
        assert!(first < 1300 && second == 1999, "{first} {second}");
    }

    #[test]
    fn what_was_put_last_in_a_lane_is_done_first() {
        let agenda = Agenda::new();
        let lane = agenda.lane();
        (0..3).for_each(|n| agenda.push(lane, n));
        assert_eq!([agenda.next(), agenda.next()], [Some(2), Some(1)]);
        agenda.push(lane, 7);
        assert_eq!([agenda.next(), agenda.next(), agenda.next()], [Some(7), Some(0), None]);
    }
}
