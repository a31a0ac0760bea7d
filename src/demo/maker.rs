//! Makes files of a given size and age without writing what is in them.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use crate::sys::reserve::{date_link, reserve};

const DAY: i64 = 86_400;

/// Makes a box in one folder.
pub struct Maker {
    root: PathBuf,
    now: i64,
    scale: f64,
    /// How many days ago the files made next were changed.
    days: i64,
}

impl Maker {
    /// A maker of files below `root`, as seen at `now`, with sizes scaled.
    pub fn new(root: &Path, now: i64, scale: f64) -> Self {
        Self { root: root.to_path_buf(), now, scale, days: 1 }
    }

    /// Sets the age of what is made next.
    pub fn days(&mut self, days: i64) -> &mut Self {
        self.days = days;
        self
    }

    fn at(&self, path: &str) -> io::Result<PathBuf> {
        let path = self.root.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        Ok(path)
    }

    fn aged(&self, path: &Path) -> io::Result<()> {
        let then = u64::try_from(self.now - self.days * DAY).unwrap_or(0);
        File::open(path)?.set_modified(UNIX_EPOCH + Duration::from_secs(then))
    }

    /// A file with this content.
    pub fn text(&mut self, path: &str, content: impl AsRef<[u8]>) -> io::Result<()> {
        let path = self.at(path)?;
        std::fs::write(&path, content)?;
        self.aged(&path)
    }

    /// A file of so many KiB that begins with `head` and ends with `tail`. Its room is reserved, not written.
    pub fn file(&mut self, path: &str, kib: u64, head: &[u8], tail: &[u8]) -> io::Result<u64> {
        let path = self.at(path)?;
        let length = self.length(kib).max((head.len() + tail.len()) as u64);
        let mut file = File::create(&path)?;
        file.write_all(head)?;
        reserve(&mut file, length)?;
        if !tail.is_empty() {
            use std::io::{Seek, SeekFrom};
            file.seek(SeekFrom::Start(length - tail.len() as u64))?;
            file.write_all(tail)?;
        }
        drop(file);
        self.aged(&path)?;
        Ok(length)
    }

    /// The bytes a file of so many KiB has here.
    pub fn length(&self, kib: u64) -> u64 {
        ((kib * 1024) as f64 * self.scale) as u64 / 4096 * 4096
    }

    /// A file of so many KiB, nothing in particular in it.
    pub fn room(&mut self, path: &str, kib: u64) -> io::Result<()> {
        self.file(path, kib, b"", b"").map(|_| ())
    }

    /// An HDF5 file that says where it ends: there, or further on if it is torn.
    pub fn hdf5(&mut self, path: &str, kib: u64, torn: bool) -> io::Result<()> {
        let mut head = vec![0_u8; 96];
        head[..8].copy_from_slice(b"\x89HDF\r\n\x1a\n");
        head[13] = 8;
        head[14] = 8;
        let end = self.length(kib) * if torn { 3 } else { 1 };
        head[40..48].copy_from_slice(&end.to_le_bytes());
        self.file(path, kib, &head, b"").map(|_| ())
    }

    /// A zip file with the record at its end.
    pub fn zip(&mut self, path: &str, kib: u64) -> io::Result<()> {
        self.file(path, kib, b"PK\x03\x04", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").map(|_| ())
    }

    /// A symbolic link.
    pub fn link(&mut self, target: &str, path: &str) -> io::Result<()> {
        let path = self.at(path)?;
        std::os::unix::fs::symlink(target, &path)?;
        date_link(&path, self.now - self.days * DAY)
    }

    /// A second name of a file.
    pub fn hard_link(&mut self, from: &str, path: &str) -> io::Result<()> {
        let path = self.at(path)?;
        std::fs::hard_link(self.root.join(from), path)
    }

    /// Gives every folder the age set last: making files in them made them new.
    pub fn age_folders(&mut self) -> io::Result<()> {
        let folders = walkdir::WalkDir::new(&self.root).contents_first(true).into_iter().flatten();
        for entry in folders.filter(|e| e.file_type().is_dir()) {
            self.aged(entry.path())?;
        }
        Ok(())
    }
}
