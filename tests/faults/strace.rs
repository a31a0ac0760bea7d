//! A run under strace: attached when everything is prepared, with at most one fault.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use crate::inner::Told;
use crate::scene::Scene;

/// What is made to happen at a call.
#[derive(Debug, Clone)]
pub struct Fault {
    name: String,
    what: String,
    at: String,
    kills: bool,
}

impl Fault {
    /// The k-th call of this name in a thread fails.
    pub fn error(name: &str, error: &str, k: usize) -> Self {
        Self { name: name.into(), what: format!("error={error}"), at: k.to_string(), kills: false }
    }

    /// The process dies at the k-th call of this name in a thread.
    pub fn kill(name: &str, k: usize) -> Self {
        Self { name: name.into(), what: "signal=KILL".into(), at: k.to_string(), kills: true }
    }

    /// And so do all after it.
    pub fn lasting(mut self) -> Self {
        self.at.push('+');
        self
    }

    /// Whether it is at calls of this name.
    pub fn is_at(&self, name: &str) -> bool {
        self.name == name
    }
}

/// What became of a run.
#[derive(Debug)]
pub struct Traced {
    /// The fault it had.
    pub fault: Option<Fault>,
    /// Whether it came to that.
    pub was_hit: bool,
    /// What the program told, if it lived to.
    pub report: Option<Told>,
    trace: String,
}

impl Traced {
    /// The names of the calls that were made after the program was told to go on.
    pub fn calls(&self) -> BTreeSet<String> {
        let calls = self.trace.lines().filter_map(|l| l.split_once(char::is_whitespace)?.1.split_once('('));
        calls.map(|(name, _)| name.trim_start().to_string()).filter(|n| is_name(n)).collect()
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether strace is there and may look into a process.
pub fn works() -> Result<(), String> {
    let mut child = Command::new("sleep").arg("60").spawn().map_err(|e| format!("sleep: {e}"))?;
    let strace = Command::new("strace").args(["-p", &child.id().to_string()]).stderr(Stdio::piped()).spawn();
    let result = match strace {
        Err(e) => Err(format!("strace cannot be run: {e}")),
        Ok(mut strace) => {
            let said = first_line(&mut BufReader::new(strace.stderr.take().expect("piped")));
            let _ = strace.kill();
            let _ = strace.wait();
            if said.contains("attached") { Ok(()) } else { Err(format!("strace may not trace: {said}")) }
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    result
}

fn first_line(out: &mut impl BufRead) -> String {
    let mut line = String::new();
    let _ = out.read_line(&mut line);
    line.trim().to_string()
}

/// Runs what a scene is for.
pub fn run(scene: &Scene, fault: Option<&Fault>) -> Traced {
    run_after(scene, fault, || {})
}

/// The same, with something done between the plan and its execution.
pub fn run_after(scene: &Scene, fault: Option<&Fault>, meanwhile: impl FnOnce()) -> Traced {
    let (mut child, mut errors) = start(inner(scene));
    meanwhile();
    let trace = scene.root.with_extension("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-p", &child.id().to_string(), "-o"]).arg(&trace);
    if let Some(fault) = fault {
        strace.args(["-e", &format!("trace={}", fault.name)]);
        strace.args(["-e", &format!("inject={}:{}:when={}", fault.name, fault.what, fault.at)]);
    }
    let mut strace = strace.stderr(Stdio::piped()).spawn().expect("strace runs");
    let mut messages = BufReader::new(strace.stderr.take().expect("piped"));
    let attached = first_line(&mut messages);
    assert!(attached.contains("attached"), "{attached}");
    child.stdin.take().expect("piped").write_all(b"go\n").expect("told");
    // It says little, so nothing fills up.
    let mut said = String::new();
    let _ = std::io::Read::read_to_string(&mut errors, &mut said);
    let status = child.wait().expect("it ends");
    let _ = std::io::copy(&mut messages, &mut std::io::sink());
    strace.wait().expect("it ends");
    let trace = std::fs::read_to_string(&trace).expect("a trace");
    let was_killed = status.signal() == Some(9);
    assert!(status.success() || was_killed, "{fault:?}: {status} {said}\n{trace}");
    assert!(!was_killed || fault.is_some_and(|f| f.kills), "{fault:?}: {status}");
    Traced {
        was_hit: was_killed || trace.contains("(INJECTED)"),
        fault: fault.cloned(),
        report: if was_killed { None } else { Some(told(scene)) },
        trace,
    }
}

/// Runs what a scene is for where nothing is known of processes and mounts.
pub fn run_without_proc(scene: &Scene) -> Traced {
    let mut command = without_proc();
    let inner = inner(scene);
    command.arg(inner.get_program()).args(inner.get_args());
    command.envs(inner.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let (mut child, mut errors) = start(command);
    child.stdin.take().expect("piped").write_all(b"go\n").expect("told");
    let mut said = String::new();
    let _ = std::io::Read::read_to_string(&mut errors, &mut said);
    assert!(child.wait().expect("it ends").success(), "{said}");
    Traced { fault: None, was_hit: false, report: Some(told(scene)), trace: String::new() }
}

/// Runs the program itself, likewise.
pub fn mldu_without_proc(scene: &Scene, args: &[&str]) -> Output {
    let mut command = without_proc();
    command.arg(env!("CARGO_BIN_EXE_mldu")).args(args).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", scene.root.join("home"));
    command.env("MLDU_ONLY_BELOW", &scene.root);
    command.output().expect("it runs")
}

fn without_proc() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c"]);
    command.arg("mount -t tmpfs none /proc && exec \"$@\"").arg("sh");
    command
}

/// The program itself, on the home of a scene.
pub fn mldu(scene: &Scene, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mldu"));
    command.args(args).env_clear().env("HOME", scene.root.join("home"));
    command.env("MLDU_ONLY_BELOW", &scene.root);
    command.output().expect("it runs")
}

/// Runs a program that has to succeed.
pub fn done(command: &mut Command) {
    let out = command.output().expect("it runs");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

fn inner(scene: &Scene) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "inner_action", "--include-ignored", "--nocapture", "--test-threads=1"]);
    command.env("MLDU_FAULTS_ROOT", &scene.root).env("MLDU_FAULTS_ACT", scene.act.name());
    command
}

fn start(mut command: Command) -> (Child, BufReader<ChildStderr>) {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("it runs");
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    let said = first_line(&mut errors);
    if said != "ready" {
        let mut rest = String::new();
        let _ = std::io::Read::read_to_string(&mut errors, &mut rest);
        panic!("{said}\n{rest}");
    }
    (child, errors)
}

fn told(scene: &Scene) -> Told {
    let text = std::fs::read_to_string(scene.root.with_extension("told")).expect("told");
    Told(serde_json::from_str(&text).expect("JSON"))
}
