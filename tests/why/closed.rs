//! What is there and may not be written: read-only mounts, broken disks, permissions, links to nothing.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::desk::{Desk, folder_of_user, own};
use crate::ground::{Mounted, put, run};

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
}

#[test]
#[ignore = "needs root: mounts tmpfs"]
fn a_mount_that_is_read_only() {
    let mounted = Mounted::tmpfs("size=8m");
    let desk = Desk::new();
    mounted.remount("ro");
    let said = desk.why(&mounted.path);
    let at = mounted.path.display();
    let sentence = said.is_blocked("READ-ONLY", &mounted.path, "notebooks", "EROFS");
    assert_eq!(sentence, format!("{at} is mounted read-only: notebooks cannot be saved."));
    assert_eq!(said.check("read-only"), ("blocked", &format!("{at} is mounted read-only")[..]));
    // The same without trying.
    let careful = Desk::new().with("MLDU_READ_ONLY", Path::new("1")).why(&mounted.path);
    assert_eq!((careful.code, careful.str("word")), (3, "READ-ONLY"));
    assert_eq!(careful.command("sudo mount"), said.command("sudo mount"));
    Desk::sudo(&said.command("sudo mount -o remount,rw"));
    desk.is_well(&mounted.path);
}

/// An image whose folder `broken` cannot be read.
fn broken_image(folder: &Path, errors: &str) -> std::path::PathBuf {
    let (image, at) = (folder.join("image"), folder.join("mnt"));
    std::fs::File::create(&image).expect("made").set_len(16 << 20).expect("sized");
    std::fs::create_dir(&at).expect("made");
    let shown = image.display().to_string();
    run("mkfs.ext4", &["-q", "-F", "-m", "0", "-b", "1024", &shown]);
    run("mount", &["-o", "loop", &shown, &at.display().to_string()]);
    put(&at.join("broken/file"), 16);
    put(&at.join("work/whole"), 16);
    run("umount", &[&at.display().to_string()]);
    let out = Command::new("debugfs").args(["-R", "blocks /broken", &shown]).output().expect("debugfs runs");
    let block: usize = String::from_utf8_lossy(&out.stdout).trim().parse().expect("one block");
    let mut bytes = std::fs::read(&image).expect("read");
    bytes[block * 1024..(block + 1) * 1024].fill(0xa5);
    std::fs::write(&image, bytes).expect("written");
    run("mount", &["-o", &format!("loop,errors={errors}"), &shown, &at.display().to_string()]);
    at
}

#[test]
#[ignore = "needs root: mounts ext4 from a file that is broken on purpose"]
fn a_disk_that_the_kernel_closed_after_an_error() {
    for errors in ["remount-ro", "continue"] {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        let desk = Desk::new();
        let at = broken_image(&root, errors);
        let _unmount = Unmount(&at);
        let work = at.join("work");
        assert_eq!(desk.is_well(&work).check("read-only").0, "ok", "nobody met the error yet");
        std::fs::read_dir(at.join("broken")).expect("open").next().expect("one").expect_err("broken");
        let said = desk.why(&work);
        if errors == "continue" {
            assert_eq!((said.code, said.check("read-only").0), (0, "note"), "{said:?}");
            let wanted = format!("the kernel counts 1 error on {}: have it checked", at.display());
            assert_eq!(said.check("read-only").1, wanted);
        } else {
            let sentence = said.is_blocked("READ-ONLY", &at, "notebooks", "EROFS");
            let begin = format!("the kernel closed {} for writing: it counts 1 error on it", at.display());
            assert!(sentence.starts_with(&begin), "{sentence}");
            assert!(said.str("way_on").contains("`fsck` while it is not mounted"), "{said:?}");
            assert_eq!(said.check("read-only").0, "blocked");
        }
        run("umount", &[&at.display().to_string()]);
        let image = root.join("image").display().to_string();
        // It ends with 1 when it mended something.
        let fsck = Command::new("fsck.ext4").args(["-fy", &image]).output().expect("fsck runs");
        assert_eq!(fsck.status.code(), Some(1));
        run("mount", &["-o", "loop", &image, &at.display().to_string()]);
        assert_eq!(desk.is_well(&work).check("read-only").0, "ok");
    }
}

struct Unmount<'a>(&'a Path);

impl Drop for Unmount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
#[ignore = "needs root and xfsprogs: mounts XFS from a file"]
fn a_disk_that_fails() {
    let mounted = Mounted::xfs();
    let desk = Desk::new();
    let work = mounted.path.join("work");
    std::fs::create_dir(&work).expect("made");
    let at = mounted.path.display().to_string();
    run("sync", &["-f", &at]);
    // What XFS does by itself when it cannot write its log.
    run("xfs_io", &["-x", "-c", "shutdown", &at]);
    let said = desk.why(&work);
    let sentence = said.is_blocked("BROKEN", &mounted.path, "notebooks", "EIO");
    assert!(sentence.starts_with(&format!("the disk under {at} fails (")), "{sentence}");
    assert!(said.str("way_on").starts_with("Copy what matters to another disk first"), "{said:?}");
    assert!(!desk.writes(&work));
    run("umount", &[&at]);
    run("mount", &["-o", "loop", &mounted.image.display().to_string(), &at]);
    desk.is_well(&work);
}

#[test]
#[ignore = "needs root: becomes another user"]
fn a_folder_that_is_somebody_elses() {
    let desk = Desk::of_user();
    let above = desk.home.parent().expect("above");
    // One that others need is never offered to be taken.
    let shared = above.join("shared data");
    std::fs::create_dir(&shared).expect("made");
    let said = desk.why(&shared);
    assert_eq!(
        (said.code, said.str("word"), &said.place("notebooks")["test"]),
        (3, "NOT YOURS", &"EACCES".into())
    );
    let wanted = format!("you may not write to {}: notebooks cannot be saved.", shared.display());
    assert_eq!(said.str("sentence"), wanted);
    let way_on = "It belongs to root: work in a folder of your own, or ask its owner. ";
    assert!(said.str("way_on").starts_with(way_on) && !said.text.contains("chown"), "{said:?}");
    // One in the home, since something ran with sudo once.
    let mine = desk.home.join("note books");
    std::fs::create_dir_all(mine.join("deep")).expect("made");
    let said = desk.why(&mine);
    Desk::sudo(&said.command("sudo chown -R 2000 '"));
    desk.is_well(&mine.join("deep"));
    desk.is_well(&mine);
    // The own one, closed.
    mode(&mine, 0o500);
    let said = desk.why(&mine);
    assert_eq!((said.code, said.check("owner").0), (3, "blocked"), "{said:?}");
    Desk::sudo(&said.command("chmod u+rwx"));
    desk.is_well(&mine);
    // What would be made in a folder where it may not.
    let far = Desk::of_user().with("JUPYTER_RUNTIME_DIR", &shared.join("run"));
    let work = folder_of_user(&far.home);
    let said = far.why(&work);
    let wanted =
        format!("you may not write to {0}, where {0}/run would be made: no kernel", shared.display());
    assert!(said.str("sentence").starts_with(&wanted) && !said.text.contains("chown"), "{said:?}");
    assert!(
        said.str("way_on").ends_with(
            "Or set JUPYTER_RUNTIME_DIR to a folder that can be written, and start Jupyter again."
        )
    );
    far.with("JUPYTER_RUNTIME_DIR", &work).is_well(&work);
}

#[test]
#[ignore = "needs root: becomes another user"]
fn a_file_that_is_somebody_elses_in_a_folder_of_ones_own() {
    let desk = Desk::of_user();
    let work = folder_of_user(&desk.home);
    let jupyter = desk.home.join(".local/share/jupyter");
    std::fs::create_dir_all(&jupyter).expect("made");
    own(&desk.home);
    let notebook = work.join("a.ipynb");
    std::fs::write(&notebook, "{}\n").expect("written");
    std::fs::write(work.join("mine.ipynb"), "{}\n").expect("written");
    own(&work.join("mine.ipynb"));
    // Others can be saved there, and this one is named.
    let said = desk.is_well(&work);
    let wanted = format!("you may not write {}: save under another name", notebook.display());
    assert_eq!(said.check("owner"), ("note", &wanted[..]));
    // Asked for by name it is what is wrong.
    let said = desk.why(&notebook);
    assert_eq!((said.code, said.str("word")), (3, "NOT YOURS"), "{said:?}");
    Desk::sudo(&said.command("sudo chown 2000 "));
    assert_eq!(desk.is_well(&work).check("owner").0, "ok");
    assert_eq!(desk.why(&notebook).code, 0);
    // The list of signatures, since Jupyter ran as root once.
    std::fs::write(jupyter.join("nbsignatures.db"), b"").expect("written");
    let said = desk.why(&work);
    assert_eq!(
        (said.code, said.str("word"), &said.place("signatures")["test"]),
        (3, "NOT YOURS", &"EACCES".into())
    );
    assert!(
        said.str("sentence").contains("nbsignatures.db: notebooks cannot be saved, because Jupyter signs")
    );
    Desk::sudo(&said.command("sudo chown 2000 "));
    desk.is_well(&work);
}

#[test]
#[ignore = "needs root: mounts ext4 from a file, locks a folder"]
fn a_folder_that_is_locked() {
    let mounted = Mounted::ext4(16);
    let desk = Desk::new();
    let work = mounted.path.join("work");
    std::fs::create_dir(&work).expect("made");
    run("chattr", &["+i", &work.display().to_string()]);
    let said = desk.why(&work);
    let sentence = said.is_blocked("LOCKED", &mounted.path, "notebooks", "EPERM");
    assert!(sentence.starts_with(&format!("{} is locked against writing", work.display())), "{sentence}");
    Desk::sudo(&said.command("lsattr -d"));
    Desk::sudo(&said.command("sudo chattr -i"));
    desk.is_well(&work);
}

#[test]
fn a_folder_that_is_missing() {
    let desk = Desk::new();
    let work = desk.home.join("work");
    let out = desk.mldu(&["why", work.to_str().expect("a name")]);
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&out.stderr),
        format!("mldu: {}: there is no such folder\n", work.display())
    );
    // The one somebody is in, removed meanwhile.
    let script = "mkdir \"$0\" && cd \"$0\" && rmdir \"$0\" && exec \"$1\" why";
    let out = desk
        .command(Path::new("bash"))
        .args(["-c", script])
        .arg(&work)
        .arg(env!("CARGO_BIN_EXE_mldu"))
        .output()
        .expect("bash runs");
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stdout));
    assert!(String::from_utf8_lossy(&out.stderr).contains("the folder you are in was removed"));
    // A place of Jupyter's that a link leads to, whose disk is not there.
    std::fs::create_dir_all(&work).expect("made");
    std::fs::create_dir_all(desk.home.join(".local/share")).expect("made");
    let scratch = desk.home.join("scratch/jupyter");
    symlink(&scratch, desk.home.join(".local/share/jupyter")).expect("linked");
    let said = desk.why(&work);
    assert_eq!(
        (said.code, said.str("word"), &said.place("signatures")["test"]),
        (3, "MISSING", &"ENOENT".into())
    );
    let wanted = format!(
        "{0}/.local/share/jupyter is a link to {0}/scratch/jupyter, which is not there",
        desk.home.display()
    );
    assert!(said.str("sentence").starts_with(&wanted), "{said:?}");
    Desk::sudo(&said.command("mkdir -p "));
    desk.is_well(&work);
}
