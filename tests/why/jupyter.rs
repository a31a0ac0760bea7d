//! A real `jupyter_server` fails to save, `mldu why` says why, something goes, and it saves again.

use std::path::{Path, PathBuf};

use crate::desk::Desk;
use crate::ground::{Mounted, put, run};
use crate::pty::{Term, mldu, vars};
use crate::server::Server;

/// A desk with a server for notebooks on a mount.
struct Lab {
    desk: Desk,
    server: Server,
    data: PathBuf,
}

impl Lab {
    fn new(notebooks: &Path, data: Option<&Path>) -> Self {
        let desk = Desk::new();
        let data = data.map_or_else(|| desk.home.join("data"), Path::to_path_buf);
        let (runtime, ipython) = (desk.home.join("runtime"), desk.home.join("ipython"));
        let vars: [(&str, &Path); 3] =
            [("JUPYTER_DATA_DIR", &data), ("JUPYTER_RUNTIME_DIR", &runtime), ("IPYTHONDIR", &ipython)];
        let server = Server::start(notebooks, &desk.home, &vars);
        // Who asks why has the same variables.
        let desk = vars.iter().fold(desk, |desk, (name, value)| desk.with(name, value));
        Self { desk, server, data }
    }
}

/// Deletes a folder of a mount for good, as a person does: in the real program, with real keys.
fn delete_by_keys(home: &Path, mount: &Path, folder: &str) {
    let vars = vars(home);
    let vars: Vec<(&str, &str)> = vars.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut term = Term::start(mldu(), &[mount.to_str().expect("a usual name")], &vars, (80, 24));
    term.wait_until("the scan is over", |s| s.contains(" files in "));
    term.send("2");
    term.wait_for("LAST 24 H");
    let row = format!(" {folder}/");
    for _ in 0..20 {
        if term.settle().lines().any(|l| l.starts_with('>') && l.contains(&row)) {
            break;
        }
        term.send("j");
    }
    term.type_slowly(" ");
    term.wait_for("1 marked");
    term.plan('3');
    term.send("\r");
    term.answer("Type  delete", "delete\r");
    let done = term.wait_for("DONE");
    assert!(!mount.join(folder).exists(), "{done}");
    term.type_slowly("\u{1b}");
    term.send("q");
    assert_eq!(term.exit_code(), 0);
}

#[test]
#[ignore = "needs root, and the libraries of tests/interop/requirements.txt: mounts ext4 from a file"]
fn jupyter_cannot_save_for_want_of_bytes_and_a_notebook_is_cut_off() {
    let mounted = Mounted::ext4(16);
    let lab = Lab::new(&mounted.path, None);
    let (server, desk) = (&lab.server, &lab.desk);
    let notebook = mounted.path.join("x.ipynb");
    let copy = mounted.path.join(".~x.ipynb");
    put(&mounted.path.join("old-run/weights"), 2048);
    assert_eq!(server.save("x.ipynb", "first").0, 201);
    desk.is_well(&mounted.path);
    let first = std::fs::read(&notebook).expect("read");

    // Nothing is left at all: not even the copy can be made, and what was saved stays.
    mounted.fill();
    let (code, why) = server.save("x.ipynb", &"second ".repeat(900));
    assert!(code == 500 && why.contains("No space left on device"), "{code} {why}");
    assert_eq!(std::fs::read(&notebook).expect("read"), first);
    let said = desk.why(&mounted.path);
    let sentence = said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
    assert!(sentence.ends_with("has 0 B left for you: notebooks cannot be saved."), "{sentence}");
    assert!(!said.text.contains("CUT OFF"), "it is whole: {said:?}");

    // The copy has room, and what is written anew has not: that is how a notebook is lost.
    let _ = std::fs::remove_file(&copy);
    mounted.fill();
    std::fs::remove_file(mounted.path.join("fill-small-0")).expect("removed");
    run("sync", &["-f", &mounted.path.display().to_string()]);
    let (code, why) = server.save("x.ipynb", &"second ".repeat(900));
    assert!(code == 500 && why.contains("No space left on device"), "{code} {why}");
    assert_ne!(std::fs::read(&notebook).expect("read"), first, "or this test shows nothing");
    assert_eq!(std::fs::read(&copy).expect("read"), first);
    let said = desk.why(&mounted.path);
    said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
    let (level, sentence) = said.check("notebook");
    let begin = format!(
        "{} was cut off while it was saved; what it was before is in {}",
        notebook.display(),
        copy.display()
    );
    assert!(level == "note" && sentence.starts_with(&begin), "{sentence}");

    // As it says: make room, then bring it back, then save again.
    delete_by_keys(&desk.home, &mounted.path, "old-run");
    desk.is_well(&mounted.path);
    run("cp", &["-p", &copy.display().to_string(), &notebook.display().to_string()]);
    assert_eq!(server.read("x.ipynb").as_deref(), Some("first"));
    assert!(!desk.why(&mounted.path).text.contains("CUT OFF"));
    let second = "second ".repeat(900);
    assert_eq!(server.save("x.ipynb", &second), (200, String::new()));
    assert_eq!(server.read("x.ipynb"), Some(second));
    assert!(!copy.exists(), "Jupyter takes it away when all is well");
    desk.is_well(&mounted.path);
}

#[test]
#[ignore = "needs root, and the libraries of tests/interop/requirements.txt: mounts tmpfs"]
fn jupyter_cannot_save_for_want_of_inodes() {
    let mounted = Mounted::tmpfs("size=8m,nr_inodes=64");
    let lab = Lab::new(&mounted.path, None);
    let (server, desk) = (&lab.server, &lab.desk);
    assert_eq!(server.save("x.ipynb", "first").0, 201);
    std::fs::create_dir(mounted.path.join("images")).expect("made");
    let made = (0..).take_while(|i| std::fs::write(mounted.path.join(format!("images/{i}")), b"").is_ok());
    assert!(made.count() > 10);
    for name in ["x.ipynb", "new.ipynb"] {
        let (code, why) = server.save(name, "second");
        assert!(code == 500 && why.contains("No space left on device"), "{code} {why}");
    }
    let said = desk.why(&mounted.path);
    let sentence = said.is_blocked("FULL", &mounted.path, "notebooks", "ENOSPC");
    assert!(sentence.contains("has no inode left"), "{sentence}");
    delete_by_keys(&desk.home, &mounted.path, "images");
    desk.is_well(&mounted.path);
    assert_eq!(server.save("x.ipynb", "second").0, 200);
    assert_eq!(server.save("new.ipynb", "second").0, 201);
}

/// The notebook's own disk has room. Jupyter writes its signature first, elsewhere.
#[test]
#[ignore = "needs root, and the libraries of tests/interop/requirements.txt: mounts tmpfs"]
fn jupyter_cannot_save_because_it_cannot_sign() {
    let (mounted, home) = (Mounted::tmpfs("size=8m"), Mounted::tmpfs("size=2m"));
    let lab = Lab::new(&mounted.path, Some(&home.path.join("jupyter")));
    let (server, desk) = (&lab.server, &lab.desk);
    put(&home.path.join("old-run/weights"), 512);
    assert_eq!(server.save("x.ipynb", "first").0, 201);
    assert!(lab.data.join("nbsignatures.db").exists());
    desk.is_well(&mounted.path);
    home.fill();
    let (code, why) = server.save("x.ipynb", "second");
    assert!(code == 500 && why.contains("database or disk is full"), "{code} {why}");
    // It can not even be opened, as the server notes there when it saw the signature last.
    assert_eq!(server.read("x.ipynb"), None);
    let said = desk.why(&mounted.path);
    let sentence = said.is_blocked("FULL", &home.path, "signatures", "ENOSPC");
    assert!(sentence.contains("notebooks cannot be saved, because Jupyter signs them there"), "{sentence}");
    let fine = format!("Your notebooks are on {} and that is fine", mounted.path.display());
    assert!(sentence.contains(&fine) && said.place("notebooks")["test"] == "ok", "{sentence}");
    delete_by_keys(&desk.home, &home.path, "old-run");
    desk.is_well(&mounted.path);
    assert_eq!(server.read("x.ipynb").as_deref(), Some("first"), "nothing of it was lost");
    assert_eq!(server.save("x.ipynb", "second").0, 200);
}
