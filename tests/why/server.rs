//! A real `jupyter_server` on loopback, asked as a browser asks it. All its folders are in those of the test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A deadline guards against hangs; nothing here asserts speed.
const DEADLINE: Duration = Duration::from_mins(1);

const TOKEN: &str = "of-this-test";

pub struct Server {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts one for notebooks in a folder, with these variables and no others.
    pub fn start(notebooks: &Path, home: &Path, vars: &[(&str, &Path)]) -> Self {
        let python = std::env::var_os("MLDU_PYTHON").unwrap_or_else(|| "python3".into());
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let log = home.join("server.log");
        let file = std::fs::File::create(&log).expect("made");
        let child = Command::new(python)
            .args(["-m", "jupyter_server", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"])
            .args([format!("--ServerApp.port={port}"), "--ServerApp.port_retries=0".into()])
            .args([format!("--IdentityProvider.token={TOKEN}")])
            .arg(format!("--ServerApp.root_dir={}", notebooks.display()))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("HOME", home)
            .env("JUPYTER_CONFIG_DIR", home.join("config"))
            .env("TMPDIR", home.join("tmp"))
            .envs(vars.iter().copied())
            .current_dir(home)
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("python runs");
        let mut server = Self { child, port, log };
        let began = Instant::now();
        while server.ask("GET", "/api", None).is_none_or(|(code, _)| code != 200) {
            let ended = server.child.try_wait().expect("it can be asked");
            assert!(ended.is_none() && began.elapsed() < DEADLINE, "it does not start: {}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// What it said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Saves a notebook with one cell; the code, and what is wrong.
    pub fn save(&self, name: &str, cell: &str) -> (u16, String) {
        let cell = json!({"cell_type": "code", "id": "a", "execution_count": null, "metadata": {}, "outputs": [],
                          "source": cell});
        let content = json!({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5});
        let (code, said) = self.asked("PUT", name, Some(json!({"type": "notebook", "content": content})));
        (code, said["message"].as_str().unwrap_or("").to_string())
    }

    /// The source of the cell of a notebook, as the server reads it.
    pub fn read(&self, name: &str) -> Option<String> {
        let (code, said) = self.asked("GET", name, None);
        let source = said["content"]["cells"][0]["source"].as_str()?;
        (code == 200).then(|| source.to_string())
    }

    fn asked(&self, method: &str, name: &str, body: Option<Value>) -> (u16, Value) {
        self.ask(method, &format!("/api/contents/{name}"), body).unwrap_or_else(|| panic!("{}", self.log()))
    }

    fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(DEADLINE)).expect("set");
        let body = body.map(|b| b.to_string()).unwrap_or_default();
        let (port, length) = (self.port, body.len());
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAuthorization: token {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all((head + &body).as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let code = answer.split(' ').nth(1)?.parse().ok()?;
        let (_, json) = answer.split_once("\r\n\r\n")?;
        Some((code, serde_json::from_str(json).unwrap_or(Value::Null)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
