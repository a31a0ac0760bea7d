//! A directory with so many names that several threads ask for them; the last one to finish puts the parts together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::ask::Part;
use super::task::Opened;
use crate::sys::list::Lister;

/// The directory and the parts that are finished.
pub struct Wide<L: Lister> {
    /// The directory.
    pub opened: Opened<L>,
    parts: Mutex<Vec<(usize, Part)>>,
    pending: AtomicUsize,
}

impl<L: Lister> Wide<L> {
    /// A directory with one part that is not handed in yet: that of the thread that lists it.
    pub fn new(opened: Opened<L>) -> Arc<Self> {
        Arc::new(Self { opened, parts: Mutex::default(), pending: AtomicUsize::new(1) })
    }

    /// One more part will be handed in.
    pub fn expect_part(&self) {
        self.pending.fetch_add(1, Ordering::AcqRel);
    }

    /// Hands a part in. The last one gets the directory with all its parts.
    pub fn hand_in(self: Arc<Self>, at: usize, part: Part) -> Option<(Opened<L>, Part)> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).push((at, part));
        if self.pending.fetch_sub(1, Ordering::AcqRel) > 1 {
            return None;
        }
        // The others hold no more than the last breath of their reference.
        let mut shared = self;
        let wide = loop {
            match Arc::try_unwrap(shared) {
                Ok(wide) => break wide,
                Err(again) => shared = again,
            }
            std::thread::yield_now();
        };
        let mut parts = wide.parts.into_inner().unwrap_or_else(PoisonError::into_inner);
        parts.sort_unstable_by_key(|(at, _)| *at);
        let mut whole = Part::default();
        for (_, part) in parts {
            whole.append(part);
        }
        Some((wide.opened, whole))
    }
}
