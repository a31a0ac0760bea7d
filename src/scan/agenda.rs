//! In which order the folders of known places are read: a small place is not to wait for a large one beside it, and of
//! large ones one is to be done before the next, so that it can be understood while that is read.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::model::category::Category;

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
    ready: BTreeSet<(u32, Rank, LaneId)>,
}

#[derive(Debug)]
struct Lane<T> {
    rank: Rank,
    had: u32,
    todo: Vec<T>,
}

/// Where a lane stands among its like: by the group its place belongs to, in the order of groups.
pub type Rank = Option<Category>;

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LaneId(u32);

impl<T> Lane<T> {
    /// How much it has had, roughly: each step is sixteen times the one before.
    fn level(&self) -> u32 {
        (self.had + 1).ilog2() / 4
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

    /// A lane of its own; of lanes that have had as much, the one with the smallest rank is first.
    pub fn lane(&self, rank: Rank) -> LaneId {
        let all = &mut self.lanes().all;
        all.push(Lane { rank, had: 0, todo: Vec::new() });
        LaneId(all.len() as u32 - 1)
    }

    /// Puts something to be done; in its lane it is the next.
    pub fn push(&self, id: LaneId, work: T) {
        let mut lanes = self.lanes();
        let lane = &mut lanes.all[id.0 as usize];
        lane.todo.push(work);
        let (level, rank) = (lane.level(), lane.rank);
        lanes.ready.insert((level, rank, id));
    }

    /// What is to be done next.
    pub fn next(&self) -> Option<T> {
        let mut lanes = self.lanes();
        let (_, rank, id) = lanes.ready.pop_first()?;
        let lane = &mut lanes.all[id.0 as usize];
        let work = lane.todo.pop();
        lane.had += 1;
        if !lane.todo.is_empty() {
            let level = lane.level();
            lanes.ready.insert((level, rank, id));
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
            let lane = agenda.lane(None);
            (0..*of).for_each(|_| agenda.push(lane, name));
        }
        std::iter::from_fn(|| agenda.next()).collect()
    }

    #[test]
    fn a_small_place_does_not_wait_for_a_large_one() {
        let order = order(&[1000, 2, 1000]);
        assert_eq!(order.len(), 2002);
        assert!(order.rfind('b').expect("it is done") < 20, "{}", &order[..40]);
    }

    #[test]
    fn of_two_large_places_one_is_done_before_the_other() {
        let order = order(&[1000, 1000]);
        let (first, second) = (order.rfind('a').expect("done"), order.rfind('b').expect("done"));
        assert!(first < 1300 && second == 1999, "{first} {second}");
    }

    #[test]
    fn of_like_places_those_of_the_first_group_are_done_first() {
        let agenda = Agenda::new();
        for rank in [Category::Environments, Category::CondaTarballs] {
            let lane = agenda.lane(Some(rank));
            (0..1000).for_each(|_| agenda.push(lane, rank));
        }
        let order: Vec<Category> = std::iter::from_fn(|| agenda.next()).collect();
        assert_eq!(order.last(), Some(&Category::Environments));
        assert!(order[..1300].iter().filter(|c| **c == Category::CondaTarballs).count() == 1000);
    }

    #[test]
    fn what_was_put_last_in_a_lane_is_done_first() {
        let agenda = Agenda::new();
        let lane = agenda.lane(None);
        (0..3).for_each(|n| agenda.push(lane, n));
        assert_eq!([agenda.next(), agenda.next()], [Some(2), Some(1)]);
        agenda.push(lane, 7);
        assert_eq!([agenda.next(), agenda.next(), agenda.next()], [Some(7), Some(0), None]);
    }
}
