//! The terminal as a device: has it hung up, and what was typed before.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;
use rustix::termios::{QueueSelector, tcflush};

/// Waits at most so long for the terminal to hang up, without reading from it.
pub fn hung_up(wait: Duration) -> bool {
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    let tty = stdin();
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
}

/// Throws away what was typed and not read yet.
pub fn forget_typed() {
    let _ = tcflush(stdin(), QueueSelector::IFlush);
}
