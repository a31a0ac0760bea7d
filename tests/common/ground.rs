//! File systems of their own, mounted for a test and unmounted when it is over. Needs root, and is run in a mount
//! namespace.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use mldu::env::Env;

use crate::world::World;

/// Runs a program that must do its work.
pub fn run(program: &str, args: &[&str]) {
    let out = Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// A mounted file system.
pub struct Mounted {
    /// Where.
    pub path: PathBuf,
    /// The file it lies in, if it is no memory.
    pub image: PathBuf,
    tmp: tempfile::TempDir,
}

impl Mounted {
    fn at(tmp: tempfile::TempDir, args: &[&str]) -> Self {
        let root = tmp.path().canonicalize().expect("a path");
        let (path, image) = (root.join("mnt"), root.join("image"));
        std::fs::create_dir(&path).expect("made");
        let mut all: Vec<&str> = args.to_vec();
        let shown = path.display().to_string();
        all.push(&shown);
        run("mount", &all);
        Self { path, image, tmp }
    }

    pub fn tmpfs(options: &str) -> Self {
        Self::at(tempfile::tempdir().expect("a folder"), &["-t", "tmpfs", "-o", options, "tmpfs"])
    }

    pub fn image(mib: u64, mkfs: &[&str]) -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let image = tmp.path().join("image");
        std::fs::File::create(&image).expect("made").set_len(mib << 20).expect("sized");
        let image = image.display().to_string();
        let mut args = mkfs[1..].to_vec();
        args.push(&image);
        run(mkfs[0], &args);
        Self::at(tmp, &["-o", "loop", &image])
    }

    pub fn ext4(mib: u64) -> Self {
        Self::image(mib, &["mkfs.ext4", "-q", "-F", "-m", "0"])
    }

    /// Data and metadata share what there is, so that it is full of both at once.
    pub fn btrfs() -> Self {
        Self::image(128, &["mkfs.btrfs", "-q", "-f", "-M"])
    }

    /// The image takes as much as is written to it.
    pub fn xfs() -> Self {
        Self::image(320, &["mkfs.xfs", "-q", "-f"])
    }

    /// A copy of the image as it is at this moment, mounted: what a machine finds that lost its power now.
    pub fn after_power_cut(&self, options: &str) -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let copy = tmp.path().join("image");
        run("cp", &["--sparse=always", &self.image.display().to_string(), &copy.display().to_string()]);
        Self::at(tmp, &["-o", &format!("loop{options}"), &copy.display().to_string()])
    }

    /// A folder beside the mount, on the usual disk.
    pub fn beside(&self) -> PathBuf {
        self.tmp.path().canonicalize().expect("a path")
    }

    pub fn remount(&self, how: &str) {
        run("mount", &["-o", &format!("remount,{how}"), &self.path.display().to_string()]);
    }

    /// Whether it could be done at this moment.
    pub fn try_remount(&self, how: &str) -> bool {
        let out = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.path).output();
        out.expect("mount runs").status.success()
    }

    pub fn fill(&self) {
        // First large, then small, until nothing fits any more.
        for (name, size) in [("big", 1 << 20), ("small", 4096), ("tiny", 1)] {
            for i in 0.. {
                if std::fs::write(self.path.join(format!("fill-{name}-{i}")), vec![b'f'; size]).is_err() {
                    let _ = std::fs::remove_file(self.path.join(format!("fill-{name}-{i}")));
                    break;
                }
            }
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-R").arg("-l").arg(&self.path).status();
    }
}

/// A world whose home is on the usual disk and whose files lie on a mount.
pub fn world_on(mounted: &Mounted) -> (tempfile::TempDir, World) {
    let tmp = tempfile::tempdir().expect("a folder");
    let home = tmp.path().canonicalize().expect("a path").join("home");
    std::fs::create_dir(&home).expect("made");
    (tmp, World::on(&mounted.path, Env::fixed(&home).with_disk("/")))
}

/// Binds a folder to another place until this is dropped.
pub struct Bound(PathBuf);

impl Bound {
    pub fn new(from: &Path, to: &Path) -> Self {
        run("mount", &["--bind", &from.display().to_string(), &to.display().to_string()]);
        Self(to.to_path_buf())
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A file of so many KiB, with the folders above it.
pub fn put(path: &Path, kib: usize) -> PathBuf {
    std::fs::create_dir_all(path.parent().expect("below")).expect("made");
    std::fs::write(path, vec![b'x'; kib * 1024]).expect("written");
    path.to_path_buf()
}
