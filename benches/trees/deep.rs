//! Folders in folders, and at the very bottom many folders side by side. The path of what is down there is longer
//! than any the system takes, so every step is made from the folder above, by descriptor.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, mkdirat, openat};

use super::Forge;

/// How deep it goes: a path of 20 000 bytes.
const LEVELS: u64 = 2_000;

/// Fills a folder, and says how many entries were made.
pub fn fill(root: &Path, forge: &mut Forge) -> io::Result<u64> {
    let mut folder = OwnedFd::from(File::open(root)?);
    let mut made = 0;
    for level in 0..LEVELS {
        made += files(&folder, 5, level * 3)?;
        folder = enter(&folder, &format!("level{level:04}"))?;
    }
    for number in 0..forge.count(1_000) {
        let side = enter(&folder, &format!("side{number:06}"))?;
        made += files(&side, 20, number % 5)? + 1;
    }
    Ok(made + LEVELS)
}

fn enter(folder: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    mkdirat(folder, name, Mode::from_raw_mode(0o755))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::empty())?)
}

fn files(folder: &OwnedFd, many: u64, bytes: u64) -> io::Result<u64> {
    let text = vec![b'x'; bytes as usize];
    for i in 0..many {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(folder, format!("file{i}.bin"), flags, Mode::from_raw_mode(0o644))?;
        io::Write::write_all(&mut File::from(file), &text)?;
    }
    Ok(many)
}
