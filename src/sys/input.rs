//! A file or a pipe to read from that may have nothing to say for long: one can wait for it for a while.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Something to read from.
#[derive(Debug)]
pub struct Input(File);

impl Input {
    /// Opens a file, a pipe or the like.
    ///
    /// # Errors
    /// What the system says; a folder is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self(file))
    }

    /// Standard input, under a number of its own.
    ///
    /// # Errors
    /// What the system says.
    pub fn stdin() -> io::Result<Self> {
        Ok(Self(io::stdin().as_fd().try_clone_to_owned()?.into()))
    }

    /// Waits at most so long for something to read, be it the end.
    pub fn wait(&self, limit: Duration) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: i64::from(limit.subsec_nanos()) };
        match poll(&mut fds, Some(&limit)) {
            Ok(n) => n > 0,
            Err(rustix::io::Errno::INTR) => false,
            // What cannot be waited for can be read all the same.
            Err(_) => true,
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
