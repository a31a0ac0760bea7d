//! Signals that ask this program to stop: noticed, not acted on.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};

struct Watch {
    asked: Arc<AtomicBool>,
    which: Arc<AtomicUsize>,
}

static WATCH: LazyLock<Watch> = LazyLock::new(|| {
    let watch = Watch { asked: Arc::default(), which: Arc::default() };
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Without it the signal ends the program as ever; nothing depends on more.
        let _ = signal_hook::flag::register_usize(signal, Arc::clone(&watch.which), signal as usize);
        let _ = signal_hook::flag::register(signal, Arc::clone(&watch.asked));
    }
    watch
});

/// A flag that is set when INT, TERM or HUP arrives. From the first call on they no longer end the program.
pub fn asked_to_stop() -> Arc<AtomicBool> {
    Arc::clone(&WATCH.asked)
}

/// The signal that arrived last.
pub fn last() -> Option<u8> {
    let which = WATCH.which.load(Ordering::Relaxed);
    (which != 0).then_some(which as u8)
}

static SUSPEND: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let asked = Arc::default();
    let _ = signal_hook::flag::register(SIGTSTP, Arc::clone(&asked));
    asked
});

/// Whether TSTP arrived since this was asked last. From the first call on it no longer stops the program.
pub fn asked_to_suspend() -> bool {
    SUSPEND.swap(false, Ordering::Relaxed)
}

/// Stops this process as Ctrl-Z would, until somebody continues it.
pub fn suspend() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
}
