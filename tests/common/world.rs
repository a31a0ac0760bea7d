//! A home in a folder, and the way from marks to what became of them, on real files.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mldu::env::Env;
use mldu::model::inventory::Inventory;
use mldu::model::marks::{Mark, Marks};
use mldu::removal::draft::Draft;
use mldu::removal::execute::{self, Report};
use mldu::removal::facts::{self, Question};
use mldu::removal::ledger;
use mldu::removal::plan::{How, Plan};
use mldu::scan::{Session, Settings};
use mldu::sys::mounts;

/// A temporary folder with a home in it.
pub struct World {
    _tmp: Option<tempfile::TempDir>,
    /// The folder.
    pub root: PathBuf,
    /// The world of the home.
    pub env: Env,
}

impl World {
    pub fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir(root.join("home")).expect("made");
        let env = Env::fixed(root.join("home"));
        Self { _tmp: Some(tmp), root, env }
    }

    /// A world on a folder that is there, with its home elsewhere.
    pub fn on(root: &Path, env: Env) -> Self {
        Self { _tmp: None, root: root.to_path_buf(), env }
    }

    pub fn file(&self, below: &str, kib: usize) -> PathBuf {
        let path = self.root.join("home").join(below);
        std::fs::create_dir_all(path.parent().expect("below")).expect("made");
        std::fs::write(&path, vec![b'x'; kib * 1024]).expect("written");
        path
    }

    pub fn scan(&self) -> Inventory {
        let mut settings = Settings::new(Arc::new(self.env.clone()), 1_900_000_000);
        settings.roots = vec![self.root.clone()];
        Session::new(settings).expect("threads").run()
    }

    /// Marks these paths as plain files and folders.
    pub fn marks(inventory: &Inventory, paths: &[&Path]) -> Marks {
        let mut marks = Marks::default();
        for path in paths {
            marks.insert(Mark::Node(inventory.tree.find(path).expect("scanned")));
        }
        marks
    }

    pub fn plan(&self, inventory: &Inventory, marks: &Marks, how: How) -> Plan {
        let draft = Draft::new(inventory, marks);
        let in_use = facts::look_in_use(&facts::watched(inventory, &draft), &self.env);
        let facts = Question::new(&draft, inventory, in_use, false).answer(&self.env);
        Plan::new(inventory, marks, how, &facts)
    }

    pub fn run(&self, plan: &Plan) -> Report {
        self.run_until(plan, &AtomicBool::new(false))
    }

    pub fn run_until(&self, plan: &Plan, stop: &AtomicBool) -> Report {
        execute::run(plan, &self.env, stop, &mut |_| {})
    }

    pub fn remove(&self, paths: &[&Path], how: How) -> Report {
        let inventory = self.scan();
        let marks = Self::marks(&inventory, paths);
        self.run(&self.plan(&inventory, &marks, how))
    }

    pub fn trashed(&self) -> Vec<ledger::Trashed> {
        ledger::read(&ledger::roots(&self.env, &mounts::read()))
    }
}

/// Every file below a folder with its content, to see that nothing else changed.
pub fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<(PathBuf, Vec<u8>)> = walkdir::WalkDir::new(root)
        .into_iter()
        .flatten()
        // What mldu writes down of all that is no part of it.
        .filter(|e| !e.path().ends_with(".local") && !e.path().to_string_lossy().contains("/.local/state"))
        .map(|e| {
            let content = if e.file_type().is_file() {
                std::fs::read(e.path()).expect("read")
            } else if e.file_type().is_symlink() {
                std::fs::read_link(e.path()).expect("read").as_os_str().as_bytes().to_vec()
            } else {
                vec![]
            };
            (e.path().to_path_buf(), content)
        })
        .collect();
    all.sort();
    all
}
