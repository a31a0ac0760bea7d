//! Keys, read in a thread of their own, with the time they came and whether they came too fast for a finger.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use crossterm::event::{self, Event};

use crate::app::keymap::{self, Key};

/// Something the terminal sent.
#[derive(Debug)]
pub enum Typed {
    /// A key.
    Key {
        /// Which.
        key: Key,
        /// When it was read.
        at: Instant,
        /// Whether three or more came within ten milliseconds.
        burst: bool,
    },
    /// Pasted text, which is thrown away.
    Paste,
    /// The size changed.
    Resize,
    /// The terminal cannot be read any more.
    Lost,
}

/// Whether a question is on the screen: only then keys are held back to see if more follow at once.
static ARMED: AtomicBool = AtomicBool::new(false);

/// So many keys within [`BURST_TIME`] are no person's.
const BURST: usize = 3;
const BURST_TIME: Duration = Duration::from_millis(10);

/// Says whether a question is on the screen.
pub fn arm(on: bool) {
    ARMED.store(on, Ordering::Relaxed);
}

/// Starts to read.
pub fn start() -> Receiver<Typed> {
    let (out, typed) = unbounded();
    let _ = std::thread::Builder::new().name("keys".into()).spawn(move || read(&out));
    typed
}

fn read(out: &Sender<Typed>) {
    loop {
        let Ok(first) = event::read() else {
            let _ = out.send(Typed::Lost);
            return;
        };
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(event) = next {
            // Sizes are not held back: while a window is dragged they would keep everything waiting.
            if let Event::Resize(..) = event {
                if out.send(Typed::Resize).is_err() {
                    return;
                }
            } else {
                batch.push((event, Instant::now()));
            }
            next = if another_at_once(&batch) { event::read().ok() } else { None };
        }
        let keys = batch.iter().filter(|(e, _)| matches!(e, Event::Key(_))).count();
        for (event, at) in batch {
            let typed = match event {
                Event::Key(k) => keymap::key(&k).map(|key| Typed::Key { key, at, burst: keys >= BURST }),
                Event::Paste(_) => Some(Typed::Paste),
                _ => None,
            };
            if let Some(typed) = typed
                && out.send(typed).is_err()
            {
                return;
            }
        }
    }
}

/// Whether more comes within a moment of the last key, where that matters.
fn another_at_once(batch: &[(Event, Instant)]) -> bool {
    let Some((_, last)) = batch.last().filter(|_| ARMED.load(Ordering::Relaxed)) else { return false };
    let left = BURST_TIME.saturating_sub(last.elapsed());
    !left.is_zero() && event::poll(left).unwrap_or(false)
}
