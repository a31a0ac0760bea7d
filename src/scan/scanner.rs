//! A scan beside the rest of the program, and how it is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A scan that runs. Dropping it stops it.
pub struct Scanner {
    cancel: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scanner {
    /// Starts one. It is over when `work` is; the flag says when that is to end early.
    pub(super) fn start(work: impl FnOnce(&Arc<AtomicBool>) + Send + 'static) -> Self {
        let cancel = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cancel);
        let thread = std::thread::Builder::new().name("scan".into()).spawn(move || work(&flag)).ok();
        Self { cancel, thread }
    }

    /// Stops reading. What was found stays, and the scan says that it is over.
    pub fn stop(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// Waits for the end.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.stop();
    }
}
