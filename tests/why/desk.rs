//! A person at a desk: a home on the usual disk, and the real program run by them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mldu::env::Env;
use mldu::removal::plan::How;
use serde_json::Value;

use crate::ground::run;
use crate::world::World;

/// Somebody who is not root.
pub const UID: &str = "2000";

pub struct Desk {
    _tmp: tempfile::TempDir,
    pub home: PathBuf,
    program: PathBuf,
    is_root: bool,
    vars: Vec<(String, String)>,
}

impl Desk {
    /// Of the user who runs the tests.
    pub fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let home = tmp.path().canonicalize().expect("a path").join("home");
        std::fs::create_dir_all(home.join("tmp")).expect("made");
        let program = PathBuf::from(env!("CARGO_BIN_EXE_mldu"));
        Self { _tmp: tmp, home, program, is_root: true, vars: Vec::new() }
    }

    /// Of somebody who is not root, with a copy of the program that he may run.
    pub fn of_user() -> Self {
        let mut desk = Self::new();
        let folder = desk.home.parent().expect("above").to_path_buf();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("set");
        let copy = folder.join("mldu");
        if std::fs::hard_link(&desk.program, &copy).is_err() {
            std::fs::copy(&desk.program, &copy).expect("copied");
        }
        own(&desk.home);
        (desk.program, desk.is_root) = (copy, false);
        desk
    }

    /// With a variable set.
    pub fn with(mut self, name: &str, value: &Path) -> Self {
        self.vars.retain(|(n, _)| n != name);
        self.vars.push((name.into(), value.display().to_string()));
        self
    }

    /// A program as this person runs it.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = if self.is_root {
            Command::new(program)
        } else {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", UID, "--regid", UID, "--clear-groups"]).arg(program);
            command
        };
        let below = std::env::temp_dir().canonicalize().expect("it is there");
        command
            .env_clear()
            .env("HOME", &self.home)
            .env("TMPDIR", self.home.join("tmp"))
            .env("LANG", "C.UTF-8")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("MLDU_ONLY_BELOW", below)
            .envs(self.vars.iter().map(|(k, v)| (k, v)))
            .current_dir("/");
        command
    }

    pub fn mldu(&self, args: &[&str]) -> Output {
        self.command(&self.program).args(args).output().expect("mldu runs")
    }

    /// What `mldu why` says of a folder, as text and as JSON.
    pub fn why(&self, folder: &Path) -> Said {
        let folder = folder.to_str().expect("a usual name");
        let text = self.mldu(&["why", folder]);
        let json = self.mldu(&["why", folder, "--json"]);
        assert_eq!(text.status.code(), json.status.code());
        let text = String::from_utf8(text.stdout).expect("text");
        assert!(text.lines().all(|l| mldu::text::width(l) <= 80), "{text}");
        let parsed = serde_json::from_slice(&json.stdout);
        let said = Said {
            code: json.status.code().expect("an exit code"),
            json: parsed.unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&json.stderr))),
            text,
        };
        assert_eq!(said.code == 3, said.json["blocked"] == true, "{said:?}");
        let title = if said.code == 3 { "WHY CAN'T JUPYTER SAVE?" } else { "CAN JUPYTER SAVE?" };
        assert!(said.text.starts_with(title), "{said:?}");
        // A table of everything comes with `--nocapture`.
        println!("{}", said.text);
        said
    }

    /// A real write of this person, of a small notebook's size.
    pub fn writes(&self, folder: &Path) -> bool {
        let file = folder.join("written.tmp");
        let script = "dd if=/dev/urandom of=\"$0\" bs=8k count=1 conv=fsync";
        let out = self.command(Path::new("sh")).args(["-c", script]).arg(&file).output();
        let done = out.expect("sh runs").status.success();
        let _ = std::fs::remove_file(file);
        done
    }

    /// It is well again: `mldu why` says so, and it is so.
    pub fn is_well(&self, folder: &Path) -> Said {
        let said = self.why(folder);
        assert_eq!(said.code, 0, "{said:?}");
        for place in said.json["places"].as_array().expect("places") {
            assert_eq!(place["test"], "ok", "{said:?}");
        }
        assert!(self.writes(folder));
        said
    }

    /// Removes things for good by mldu's own plan.
    pub fn remove(&self, root: &Path, paths: &[&Path]) {
        let world = World::on(root, Env::fixed(&self.home).with_disk("/"));
        let report = world.remove(paths, How::ForGood);
        assert!(report.is_clean() && !report.steps.is_empty(), "{:?}", report.steps);
    }

    /// Runs a command that an answer names, as root.
    pub fn sudo(command: &str) {
        run("sh", &["-c", command.strip_prefix("sudo ").unwrap_or(command)]);
    }
}

/// Gives something to [`UID`].
pub fn own(path: &Path) {
    run("chown", &["-hR", &format!("{UID}:{UID}"), &path.display().to_string()]);
}

/// A folder of the user's on a mount.
pub fn folder_of_user(mount: &Path) -> PathBuf {
    let folder = mount.join("work");
    std::fs::create_dir(&folder).expect("made");
    own(&folder);
    folder
}

#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub json: Value,
    pub text: String,
}

impl Said {
    pub fn str(&self, key: &str) -> &str {
        self.json[key].as_str().unwrap_or_else(|| panic!("no {key}: {self:?}"))
    }

    /// Saving is blocked, for this reason, by this mount, and a real write to the place failed like that.
    pub fn is_blocked(&self, word: &str, mount: &Path, place: &str, test: &str) -> &str {
        assert_eq!(self.code, 3, "{self:?}");
        assert_eq!(self.str("word"), word, "{self:?}");
        assert_eq!(Path::new(self.json["mount"]["path"].as_str().expect("a mount")), mount, "{self:?}");
        assert_eq!(self.place(place)["test"], test, "{self:?}");
        assert!(!self.str("way_on").is_empty());
        self.str("sentence")
    }

    pub fn place(&self, writes: &str) -> &Value {
        let all = self.json["places"].as_array().expect("places");
        all.iter().find(|p| p["writes"] == writes).expect("one of the five")
    }

    /// A check: how bad it is, and its sentence.
    pub fn check(&self, check: &str) -> (&str, &str) {
        let all = self.json["checks"].as_array().expect("checks");
        let it = all.iter().find(|c| c["check"] == check).unwrap_or_else(|| panic!("no {check}: {self:?}"));
        (it["level"].as_str().expect("a level"), it["sentence"].as_str().expect("a sentence"))
    }

    /// The command in the way on that begins like this.
    pub fn command(&self, beginning: &str) -> String {
        let parts: Vec<&str> = self.str("way_on").split('`').collect();
        let found = parts.iter().skip(1).step_by(2).find(|c| c.starts_with(beginning));
        found.unwrap_or_else(|| panic!("no `{beginning}…`: {self:?}")).to_string()
    }
}
