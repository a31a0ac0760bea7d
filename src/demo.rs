//! `mldu --demo`: a believable box in a temporary folder, with its own home, state and trash. It is removed on
//! leaving, and nothing else is ever touched.

mod content;
mod maker;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::env::Env;
use crate::model::mount::{Mount, Space};
use crate::removal::deletion;
use crate::sys::{beneath, mounts};
pub use content::fill;
pub use maker::Maker;

/// What the made-up box takes of the real disk, in bytes of blocks.
const SIZE: u64 = 256 << 20;

/// A made-up box. Dropping it removes it.
#[derive(Debug)]
pub struct Demo {
    home: PathBuf,
}

impl Demo {
    /// Makes it below the folder for temporary files. Where little is free it is smaller.
    ///
    /// # Errors
    /// What the system says.
    pub fn make(temp: &Path, now: i64) -> io::Result<Self> {
        let temp = temp.canonicalize()?;
        let parent = beneath::open_folder(&temp)?;
        let name = format!("mldu-demo-{}", beneath::random_hex());
        beneath::mkdir(&parent, OsStr::new(&name), 0o700)?;
        let demo = Self { home: temp.join(name) };
        let free = mounts::space(&demo.home)?.available;
        let scale = (free as f64 / 4.0 / SIZE as f64).min(1.0);
        fill(&mut Maker::new(&demo.home, now, scale))?;
        Ok(demo)
    }

    /// Its world: no variable of the real one, nothing of the disk but itself.
    pub fn env(&self) -> Arc<Env> {
        let env = Env::fixed(&self.home);
        let me = env.uid();
        Arc::new(env.with_account(me, "ana"))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let gone = beneath::open_parent(&self.home).and_then(|(parent, name)| {
            let identity = beneath::look(&parent, name)?;
            deletion::delete(&parent, name, &self.home, &identity, &AtomicBool::new(false), &mut |_| {})
        });
        if !gone.is_ok_and(|d| d.rest.is_none()) {
            eprintln!(
                "mldu: the demo could not be removed wholly; look at {}",
                crate::text::path(&self.home)
            );
        }
    }
}

/// A disk as full as in the picture of the README, so that it is the same everywhere.
pub fn full_disk() -> Vec<Mount> {
    const GIB: u64 = 1 << 30;
    let total = 457 * GIB + GIB / 2;
    vec![Mount {
        path: "/".into(),
        fstype: "ext4".into(),
        source: "/dev/nvme0n1p2".into(),
        id: 0,
        dev: 0,
        read_only: false,
        space: Some(Space {
            total,
            available: 0,
            free: 23 * GIB,
            inodes: Some(30_500_000),
            inodes_available: Some(26_800_000),
        }),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_gone_when_it_is_over() {
        let tmp = tempfile::tempdir().expect("a folder");
        std::fs::write(tmp.path().join("other"), b"stays").expect("written");
        let demo = Demo::make(tmp.path(), 1_795_230_720).expect("made");
        assert!(demo.home.join(".keras/models").is_dir());
        assert_eq!(demo.env().home(), demo.home);
        drop(demo);
        let left: Vec<_> =
            std::fs::read_dir(tmp.path()).expect("read").flatten().map(|e| e.file_name()).collect();
        assert_eq!(left, ["other"]);
    }
}
