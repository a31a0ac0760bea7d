//! Makes files of a given size and age without writing what is in them: for the demo, and for the trees that
//! `examples/make_tree.rs` makes.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rustc_hash::FxHashSet;

use crate::sys::reserve::{date_link, reserve};

const DAY: i64 = 86_400;

/// Makes a box in one folder.
#[derive(Debug)]
pub struct Maker {
    root: PathBuf,
    now: i64,
    scale: f64,
    /// How many days ago the files made next were changed.
    days: i64,
    /// Whether files have their length only, and no room is taken for them.
    hollow: bool,
    folders: FxHashSet<PathBuf>,
    files: u64,
}

impl Maker {
    /// A maker of files below `root`, as seen at `now`, with sizes scaled.
    pub fn new(root: &Path, now: i64, scale: f64) -> Self {
        Self {
            root: root.to_path_buf(),
            now,
            scale,
            days: 1,
            hollow: false,
            folders: FxHashSet::default(),
            files: 0,
        }
    }

    /// Lets files have their length only: a terabyte of weights then takes no room.
    #[must_use]
    pub fn hollow(mut self) -> Self {
        self.hollow = true;
        self
    }

    /// How many folders, files and links were made.
    pub fn made(&self) -> u64 {
        self.folders.len() as u64 + self.files
    }

    /// Sets the age of what is made next.
    pub fn days(&mut self, days: i64) -> &mut Self {
        self.days = days;
        self
    }

    fn at(&mut self, path: &str) -> io::Result<PathBuf> {
        let path = self.root.join(path);
        self.files += 1;
        let mut above = path.parent();
        if above.is_some_and(|folder| !self.folders.contains(folder)) {
            std::fs::create_dir_all(above.unwrap_or(&self.root))?;
            while let Some(folder) = above.filter(|f| *f != self.root && !self.folders.contains(*f)) {
                self.folders.insert(folder.to_path_buf());
                above = folder.parent();
            }
        }
        Ok(path)
    }

    fn aged(&self, file: &File) -> io::Result<()> {
        let then = u64::try_from(self.now - self.days * DAY).unwrap_or(0);
        file.set_modified(UNIX_EPOCH + Duration::from_secs(then))
    }

    /// A file with this content.
    ///
    /// # Errors
    /// What the system says, as of everything here.
    pub fn text(&mut self, path: &str, content: impl AsRef<[u8]>) -> io::Result<()> {
        let mut file = File::create(self.at(path)?)?;
        file.write_all(content.as_ref())?;
        self.aged(&file)
    }

    /// A file of so many KiB that begins with `head` and ends with `tail`. Its room is reserved, not written.
    ///
    /// # Errors
    /// What the system says.
    pub fn file(&mut self, path: &str, kib: u64, head: &[u8], tail: &[u8]) -> io::Result<u64> {
        let length = self.length(kib).max((head.len() + tail.len()) as u64);
        let mut file = File::create(self.at(path)?)?;
        file.write_all(head)?;
        if self.hollow {
            file.set_len(length)?;
        } else {
            reserve(&mut file, length)?;
        }
        if !tail.is_empty() {
            file.seek(SeekFrom::Start(length - tail.len() as u64))?;
            file.write_all(tail)?;
        }
        self.aged(&file)?;
        Ok(length)
    }

    /// The bytes a file of so many KiB has here.
    pub fn length(&self, kib: u64) -> u64 {
        ((kib * 1024) as f64 * self.scale) as u64 / 4096 * 4096
    }

    /// A file of so many KiB, nothing in particular in it.
    ///
    /// # Errors
    /// What the system says.
    pub fn room(&mut self, path: &str, kib: u64) -> io::Result<()> {
        self.file(path, kib, b"", b"").map(|_| ())
    }

    /// An HDF5 file that says where it ends: there, or further on if it is torn.
    ///
    /// # Errors
    /// What the system says.
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
    ///
    /// # Errors
    /// What the system says.
    pub fn zip(&mut self, path: &str, kib: u64) -> io::Result<()> {
        self.file(path, kib, b"PK\x03\x04", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").map(|_| ())
    }

    /// A symbolic link.
    ///
    /// # Errors
    /// What the system says.
    pub fn link(&mut self, target: &str, path: &str) -> io::Result<()> {
        let path = self.at(path)?;
        std::os::unix::fs::symlink(target, &path)?;
        date_link(&path, self.now - self.days * DAY)
    }

    /// A second name of a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn hard_link(&mut self, from: &str, path: &str) -> io::Result<()> {
        let path = self.at(path)?;
        std::fs::hard_link(self.root.join(from), path)
    }

    /// Gives every folder the age set last: making files in them made them new.
    ///
    /// # Errors
    /// What the system says.
    pub fn age_folders(&mut self) -> io::Result<()> {
        let root = std::iter::once(&self.root);
        root.chain(&self.folders).try_for_each(|folder| self.aged(&File::open(folder)?))
    }
}
