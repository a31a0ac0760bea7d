//! A home that a real library filled, what mldu says of it, and what the library says after mldu removed something.
#![allow(dead_code, reason = "each group of clients uses its own part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use mldu::env::Env;
use mldu::model::inventory::Inventory;
use mldu::model::item::ItemId;
use mldu::model::marks::{Mark, Marks};
use mldu::model::verdict::Verdict;
use mldu::removal::plan::How;
use serde_json::Value;

use crate::world::World;

/// The time mldu is told: long after everything was made, so that nothing in it is fresh. The same as in `World`.
const NOW: &str = "2030-03-17T17:46:40Z";

/// A home that a maker filled.
pub struct Client {
    _dir: tempfile::TempDir,
    maker: &'static str,
    root: PathBuf,
    /// The home.
    pub home: PathBuf,
    /// What the library said when it was made.
    pub said: Value,
}

impl Client {
    /// Runs `tests/interop/MAKER.py make`.
    pub fn make(maker: &'static str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("a path");
        let home = root.join("home");
        std::fs::create_dir(&home).expect("made");
        let mut client = Self { _dir: dir, maker, root, home, said: Value::Null };
        client.said = client.run("make");
        client
    }

    /// Uses the library again: it must work, and says what it found.
    pub fn verify(&self) -> Value {
        self.run("verify")
    }

    /// Lets the library do something else that its maker knows.
    pub fn ask(&self, what: &str) -> Value {
        self.run(what)
    }

    /// Tells the maker something, by a file beside the home.
    pub fn tell(&self, word: &str) {
        std::fs::write(self.root.join(word), b"").expect("written");
    }

    fn run(&self, what: &str) -> Value {
        let python = python();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/interop/{}.py", self.maker));
        // Programs of the environment are found; nothing else of this machine's settings is.
        let bin = python.parent().filter(|p| p.is_absolute()).unwrap_or(Path::new("/usr/bin"));
        let temp = self.root.join("tmp");
        std::fs::create_dir_all(&temp).expect("made");
        let out = Command::new(&python)
            .arg(script)
            .arg(what)
            .arg(&self.root)
            .env_clear()
            .env("HOME", &self.home)
            .env("TMPDIR", &temp)
            .env("LANG", "C.UTF-8")
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(&self.root)
            .output()
            .expect("python runs");
        let (said, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{} {what}\n{said}\n{errors}", self.maker);
        let last = said.lines().rev().find(|l| !l.trim().is_empty()).expect("it says something");
        serde_json::from_str(last).unwrap_or_else(|e| panic!("{} {what}: {e}\n{said}\n{errors}", self.maker))
    }

    /// What the real program says of the home. It adds up to `du`, whatever the library made.
    pub fn report(&self) -> Report {
        let out = Command::new(env!("CARGO_BIN_EXE_mldu"))
            .args(["report", "--json", "--now", NOW])
            .arg(&self.home)
            .env_clear()
            .env("HOME", &self.home)
            .env("TMPDIR", self.root.join("tmp"))
            .output()
            .expect("mldu runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let json: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        let report = Report::new(&json, self.home.clone());
        assert_eq!(json["scan"]["problems"], 0, "{:#}", json["problems"]);
        assert_eq!(json["scan"]["bytes"], du(&self.home), "all of the home");
        let groups: u64 =
            json["categories"].as_array().expect("groups").iter().map(|c| count(&c["bytes"])).sum();
        assert_eq!(groups - count(&json["scan"]["shared_between_groups"]), du(&self.home), "the groups");
        report
    }

    /// Removes for good everything of this verdict, as a person who marks all of it; says what it was.
    pub fn remove(&self, verdict: Verdict) -> Vec<String> {
        self.remove_marked(|inventory, id| inventory.verdict(id) == verdict && !inventory.keeps_something(id))
    }

    /// Removes for good what has this name.
    pub fn remove_item(&self, name: &str) {
        let names = self.remove_marked(|inventory, id| inventory.item(id).is_some_and(|i| i.name == name));
        assert_eq!(names, [name]);
    }

    /// Whether mldu refuses to remove what has this name, and would remove nothing else for it.
    pub fn refuses(&self, name: &str) -> bool {
        let world = World::on(&self.home, Env::fixed(&self.home));
        let inventory = world.scan();
        let (marks, names) =
            marks(&inventory, |inventory, id| inventory.item(id).is_some_and(|i| i.name == name));
        assert!(!names.is_empty(), "nothing is called {name}");
        let plan = world.plan(&inventory, &marks, How::ForGood);
        !plan.refused.is_empty() && plan.is_empty()
    }

    fn remove_marked(&self, wanted: impl Fn(&Inventory, ItemId) -> bool) -> Vec<String> {
        let world = World::on(&self.home, Env::fixed(&self.home));
        let inventory = world.scan();
        let (marks, mut names) = marks(&inventory, wanted);
        assert!(!marks.is_empty(), "there is nothing to remove");
        let plan = world.plan(&inventory, &marks, How::ForGood);
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        // Our own record of the run is no part of it, nor are the folders that were made for that.
        let records = [".local", ".local/state", ".local/state/mldu"].map(|below| self.home.join(below));
        let made = records.iter().find(|folder| !folder.exists()).cloned();
        let before = du(&self.home);
        let report = world.run(&plan);
        assert!(report.is_clean(), "{:?}", report.steps);
        let written = made.filter(|folder| folder.exists()).map_or(0, |folder| du(&folder));
        assert_eq!(plan.frees, before + written - du(&self.home), "what was promised came back");
        let _ = std::fs::remove_dir_all(self.home.join(".local/state/mldu"));
        let _ = std::fs::remove_dir(self.home.join(".local/state"));
        let _ = std::fs::remove_dir(self.home.join(".local"));
        names.sort();
        names
    }
}

/// The python with the libraries.
fn python() -> PathBuf {
    std::env::var_os("MLDU_PYTHON").unwrap_or_else(|| "python3".into()).into()
}

/// Its version: whole, and without the last number.
pub fn python_version() -> (String, String) {
    let out = Command::new(python()).arg("-V").output().expect("python runs");
    let text = String::from_utf8_lossy(&out.stdout);
    let whole = text.trim().trim_start_matches("Python ").to_string();
    let short = whole.rsplit_once('.').expect("a version").0.to_string();
    (whole, short)
}

/// Marks every item that is wanted, as a whole.
fn marks(inventory: &Inventory, wanted: impl Fn(&Inventory, ItemId) -> bool) -> (Marks, Vec<String>) {
    let (mut marks, mut names) = (Marks::default(), Vec::new());
    let mut todo: Vec<ItemId> = inventory.stores().iter().flat_map(|s| s.items.iter().copied()).collect();
    while let Some(id) = todo.pop() {
        let item = inventory.item(id).expect("an item");
        if wanted(inventory, id) {
            marks.insert(Mark::Item(id));
            names.push(item.name.clone());
        } else {
            todo.extend(item.children.iter().copied());
        }
    }
    (marks, names)
}

/// What `du` says of a path.
pub fn du(path: &Path) -> u64 {
    let out = Command::new("du").args(["-s", "--block-size=1"]).arg(path).output().expect("du runs");
    let text = String::from_utf8_lossy(&out.stdout);
    text.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number")
}

fn count(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

/// An item of the report.
#[derive(Debug, Clone)]
pub struct Row {
    pub depth: usize,
    pub family: String,
    pub group: String,
    pub store: PathBuf,
    pub json: Value,
}

impl Row {
    pub fn text(&self, key: &str) -> &str {
        self.json[key].as_str().unwrap_or("")
    }

    pub fn number(&self, key: &str) -> u64 {
        count(&self.json[key])
    }

    pub fn path(&self) -> PathBuf {
        self.text("path").into()
    }
}

/// What mldu said.
pub struct Report {
    home: PathBuf,
    /// Every item, below the one it is a part of.
    pub rows: Vec<Row>,
    /// Bytes of each store, over all groups.
    pub stores: BTreeMap<(String, PathBuf), u64>,
}

impl Report {
    fn new(json: &Value, home: PathBuf) -> Self {
        let mut report = Self { home, rows: Vec::new(), stores: BTreeMap::new() };
        for group in json["categories"].as_array().expect("groups") {
            for store in group["stores"].as_array().expect("stores") {
                let family = store["family"].as_str().expect("a family").to_string();
                let path = PathBuf::from(store["path"].as_str().expect("a path"));
                if family == "other" {
                    continue;
                }
                *report.stores.entry((family.clone(), path.clone())).or_default() += count(&store["bytes"]);
                let row = Row {
                    depth: 0,
                    family,
                    group: group["id"].as_str().expect("an id").into(),
                    store: path,
                    json: Value::Null,
                };
                report.enter(&row, &store["items"]);
            }
        }
        report
    }

    fn enter(&mut self, like: &Row, items: &Value) {
        // The report's order is by size, and things of one size change places.
        let mut items: Vec<&Value> = items.as_array().expect("items").iter().collect();
        items.sort_by_key(|i| {
            ["kind", "name", "version"].map(|key| i[key].as_str().unwrap_or("").to_string())
        });
        for item in items {
            let row = Row { json: item.clone(), ..like.clone() };
            self.rows.push(row.clone());
            self.enter(&Row { depth: like.depth + 1, ..row }, &item["items"]);
        }
    }

    /// The items of a family, a line each: group, kind, name, version, verdict. What differs from run to run is given
    /// a name. The blocks of the folders between them are left out.
    pub fn outline(&self, family: &str, names: &[(&str, &str)]) -> Vec<String> {
        let mut lines: Vec<(PathBuf, Vec<String>)> = Vec::new();
        for row in self.rows.iter().filter(|r| r.family == family) {
            if row.text("kind") == "other" && row.text("name") == "folders" {
                continue;
            }
            let mut line = format!("{} · {} {}", row.group, row.text("kind"), row.text("name"));
            if let Some(version) = row.json["version"].as_str() {
                line += &format!(" · {version}");
            }
            line += &format!(" · {}", row.text("verdict"));
            if row.json["leftover"] == true {
                line += " · leftover";
            }
            for (from, to) in names {
                line = line.replace(from, to);
            }
            if row.depth == 0 {
                lines.push((row.store.clone(), vec![line]));
            } else if let Some(last) = lines.last_mut() {
                last.1.push(format!("{}{line}", "  ".repeat(row.depth)));
            }
        }
        lines.sort();
        let mut out = Vec::new();
        let mut at = PathBuf::new();
        for (store, block) in lines {
            if store != at {
                let below = store.strip_prefix(&self.home).unwrap_or(&store);
                out.push(format!("~/{}", below.display()));
                at = store;
            }
            out.extend(block);
        }
        out
    }

    /// The one item of this name.
    pub fn item(&self, name: &str) -> &Row {
        let mut all = self.rows.iter().filter(|r| r.text("name") == name);
        let first = all.next().unwrap_or_else(|| panic!("no item is called {name}: {:#?}", self.names()));
        assert!(all.next().is_none(), "several items are called {name}");
        first
    }

    /// All names.
    pub fn names(&self) -> Vec<&str> {
        self.rows.iter().map(|r| r.text("name")).collect()
    }

    /// Every item of a family is as large as `du` says of its path, but for those whose parts lie in several places
    /// or which leave something out.
    pub fn equals_du(&self, family: &str, except: &[&str]) {
        for row in self.rows.iter().filter(|r| r.family == family) {
            let name = row.text("name");
            if row.json["kind"] == "other" || except.iter().any(|e| *e == name || *e == row.text("kind")) {
                continue;
            }
            assert_eq!(row.number("bytes"), du(&row.path()), "{name}, {}", row.text("path"));
        }
    }

    /// A store is as large as `du` says of it; there is none inside it.
    pub fn store_equals_du(&self, family: &str) {
        let mut seen = false;
        for ((of, path), bytes) in &self.stores {
            if of == family {
                seen = true;
                assert_eq!(*bytes, du(path), "{}", path.display());
            }
        }
        assert!(seen, "no store of {family}: {:?}", self.stores.keys());
    }
}
