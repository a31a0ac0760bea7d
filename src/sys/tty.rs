//! The terminal as a device: has it hung up, and what was typed before. It is standard input, unless that is a pipe
//! that brings an export; then keys come from the terminal itself.

use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::LazyLock;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush};

/// The terminal, where it is not standard input.
static DIRECT: LazyLock<Option<File>> = LazyLock::new(|| {
    let open = || File::options().read(true).write(true).open("/dev/tty").ok();
    if std::io::stdin().is_terminal() { None } else { open() }
});

/// Whether keys can be read: from standard input, or from the terminal beside it.
pub fn has_keys() -> bool {
    std::io::stdin().is_terminal() || DIRECT.is_some()
}

fn with<T>(work: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
    match &*DIRECT {
        Some(tty) => work(tty.as_fd()),
        None => work(std::io::stdin().as_fd()),
    }
}

/// Waits at most so long for the terminal to hang up, without reading from it.
pub fn hung_up(wait: Duration) -> bool {
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    with(|tty| {
        let mut fds = [PollFd::new(&tty, PollFlags::empty())];
        let timeout = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) };
        match poll(&mut fds, Some(&timeout)) {
            Ok(n) if n > 0 => fds[0].revents().intersects(gone),
            Ok(_) => false,
            Err(_) => {
                std::thread::sleep(wait);
                false
            }
        }
    })
}

/// Throws away what was typed and not read yet.
pub fn forget_typed() {
    let _ = with(|tty| tcflush(tty, QueueSelector::IFlush));
}
