//! A terminal around the real program: keys in, the screen out, cell by cell.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// A deadline guards against hangs; nothing here asserts speed.
const DEADLINE: Duration = Duration::from_secs(30);

/// A program in a terminal.
pub struct Term {
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    writer: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Term {
    /// Starts a program in a terminal of this size, with these variables and no others.
    pub fn start(program: &str, args: &[&str], vars: &[(&str, &str)], size: (u16, u16)) -> Self {
        let pty = native_pty_system().openpty(pty_size(size)).expect("a terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        for (name, value) in vars {
            command.env(name, value);
        }
        command.cwd("/");
        let child = pty.slave.spawn_command(command).expect("it starts");
        drop(pty.slave);
        let (w, h) = cells(size);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(h, w, 0)));
        let raw: Arc<Mutex<Vec<u8>>> = Arc::default();
        let mut reader = pty.master.try_clone_reader().expect("a reader");
        let (screen, bytes) = (Arc::clone(&parser), Arc::clone(&raw));
        std::thread::spawn(move || {
            let mut buffer = vec![0_u8; 65536];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 {
                    break;
                }
                bytes.lock().expect("bytes").extend_from_slice(&buffer[..n]);
                screen.lock().expect("a screen").process(&buffer[..n]);
            }
        });
        let writer = pty.master.take_writer().expect("a writer");
        Self { parser, raw, writer, master: pty.master, child }
    }

    /// Types bytes at once.
    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("typed");
        self.writer.flush().expect("typed");
    }

    /// Types keys one after the other, as a person does: each when the screen is still.
    pub fn type_slowly(&mut self, keys: &str) {
        self.settle();
        for key in keys.chars() {
            self.send(&key.to_string());
            self.settle();
        }
    }

    /// The text on the screen.
    pub fn text(&self) -> String {
        self.parser.lock().expect("a screen").screen().contents()
    }

    /// Something about the screen.
    pub fn look<T>(&self, what: impl FnOnce(&vt100::Screen) -> T) -> T {
        what(self.parser.lock().expect("a screen").screen())
    }

    /// Everything the program wrote.
    pub fn raw(&self) -> Vec<u8> {
        self.raw.lock().expect("bytes").clone()
    }

    /// Waits until the screen has this text.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits for a question, and answers it as a person does: what is typed at the moment it appears is thrown away.
    pub fn answer(&mut self, question: &str, keys: &str) {
        self.wait_for(question);
        self.settle();
        self.send(keys);
    }

    /// Opens the plan of what is marked, and chooses one of its three ways.
    pub fn plan(&mut self, way: char) -> String {
        self.send("d");
        self.wait_for("w save plan");
        self.choose(way)
    }

    /// Chooses one of the three ways of the plan on the screen. As a person does: what is typed at the moment the plan
    /// appears is thrown away, and who sees that nothing happened presses the key again.
    pub fn choose(&mut self, way: char) -> String {
        let chosen = format!(" > {way}");
        let is_chosen = |screen: &str| screen.lines().any(|l| l.starts_with(&chosen));
        for _ in 0..5 {
            self.settle();
            self.send(&way.to_string());
            let began = Instant::now();
            while began.elapsed() < DEADLINE / 5 {
                if is_chosen(&self.text()) {
                    return self.settle();
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("way {way} is not chosen\n{}", self.text());
    }

    /// Waits until the screen passes a test.
    pub fn wait_until(&self, what: &str, test: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.text();
            if test(&screen) {
                return screen;
            }
            assert!(began.elapsed() < DEADLINE, "never came: {what}\n{screen}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until the screen has not changed for a while.
    pub fn settle(&self) -> String {
        let began = Instant::now();
        let mut last = self.raw().len();
        let mut still = Instant::now();
        while still.elapsed() < Duration::from_millis(200) && began.elapsed() < DEADLINE {
            std::thread::sleep(Duration::from_millis(10));
            let now = self.raw().len();
            if now != last {
                last = now;
                still = Instant::now();
            }
        }
        self.text()
    }

    /// The process number.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let done =
            std::process::Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status();
        assert!(done.expect("kill runs").success());
    }

    /// Changes the size.
    pub fn resize(&self, size: (u16, u16)) {
        let (w, h) = cells(size);
        // The screen first: what the program draws for the new size must not come to the old one.
        self.parser.lock().expect("a screen").set_size(h, w);
        self.master.resize(pty_size(size)).expect("resized");
    }

    /// Waits for the end and returns the exit code.
    pub fn exit_code(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status.exit_code();
            }
            if began.elapsed() > DEADLINE {
                let _ = self.child.kill();
                panic!("it does not end\n{}", self.text());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells((cols, rows): (u16, u16)) -> (NonZeroU16, NonZeroU16) {
    (NonZeroU16::new(cols).expect("some columns"), NonZeroU16::new(rows).expect("some rows"))
}

/// The program under test.
pub fn mldu() -> &'static str {
    env!("CARGO_BIN_EXE_mldu")
}

/// The only folder whose trashes the real program may touch in a test: it sees those of all mounts of this machine.
pub fn below() -> String {
    std::env::temp_dir().canonicalize().expect("it is there").display().to_string()
}

/// The variables of a person at a usual terminal whose home is this.
pub fn vars(home: &Path) -> Vec<(String, String)> {
    let home = home.display().to_string();
    [
        ("HOME", home.clone()),
        ("TMPDIR", format!("{home}/tmp")),
        ("TERM", "xterm-256color".into()),
        ("LANG", "C.UTF-8".into()),
        ("PATH", "/usr/bin:/bin".into()),
        ("MLDU_ONLY_BELOW", below()),
    ]
    .map(|(k, v)| (k.to_string(), v))
    .to_vec()
}
