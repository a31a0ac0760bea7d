//! The examples with the programs they are for: cron's way to call a line, systemd, Prometheus, the node exporter, a
//! Pushgateway, and the building of an image. Run by `.ci/run`, which installs these programs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use mldu::demo::Demo;

use crate::shown::{example, of_crontab, root};

/// Against hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// A made-up box, and a folder of programs in which `mldu` is the one under test, kept to that box.
struct World {
    home: PathBuf,
    folder: PathBuf,
    _demo: Demo,
    _tmp: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let tmp = tempfile::tempdir().expect("a folder");
        let folder = tmp.path().canonicalize().expect("a path");
        let demo = Demo::make(&folder, jiff::Timestamp::now().as_second()).expect("a box");
        let home = demo.env().home().to_path_buf();
        let world = Self { home, folder, _demo: demo, _tmp: tmp };
        let below = world.home.display();
        let text = format!(
            "#!/bin/sh\nexport HOME={below} TMPDIR={below}/tmp MLDU_ONLY_BELOW={below}\nexec {} \"$@\" {below}\n",
            env!("CARGO_BIN_EXE_mldu")
        );
        std::fs::create_dir_all(world.folder.join("bin")).expect("made");
        write_program(&world.folder.join("bin/mldu"), &text);
        world
    }

    /// A shell as cron starts it: few variables, no terminal.
    fn sh(&self, line: &str) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.folder.join("bin").display());
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .env_clear()
            .env("PATH", path)
            .env("SHELL", "/bin/sh")
            .env("LOGNAME", "ana");
        command.stdin(Stdio::null()).current_dir(&self.home).output().expect("it starts")
    }

    fn metrics(&self) -> PathBuf {
        let folder = self.folder.join("metrics");
        std::fs::create_dir_all(&folder).expect("made");
        folder
    }
}

fn write_program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("set");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a program to its end; it must like what it was given.
fn fine(program: &str, args: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{program}: {e}"));
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    let out = child.wait_with_output().expect("it ends");
    let said = format!("{}{}", text(&out.stdout), text(&out.stderr));
    assert!(out.status.success(), "{program} {args:?}: {said}");
    said
}

/// A server that ends with the test.
struct Server(Child, u16);

impl Server {
    /// Starts it on a port that was free a moment ago.
    fn start(program: &str, args: &[&str]) -> Self {
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("told").port();
        let address = format!("--web.listen-address=127.0.0.1:{port}");
        let mut command = Command::new(program);
        command.arg(address).args(args).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self(command.spawn().unwrap_or_else(|e| panic!("{program}: {e}")), port);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < DEADLINE, "{program} does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// The samples it serves whose names begin with this, without their comments.
    fn samples(&self, begin: &str) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.1)).expect("it listens");
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("asked");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answered");
        let mut all: Vec<String> =
            text(&answer).lines().filter(|l| l.starts_with(begin)).map(str::to_string).collect();
        all.sort();
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Name, labels in order, value: servers write labels and numbers in their own way.
fn sample(line: &str) -> (String, Vec<String>, String) {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.trim_end_matches('}').split(',').filter(|l| !l.is_empty()).map(str::to_string);
    // What a Pushgateway adds to tell who pushed.
    let mut labels: Vec<String> =
        labels.filter(|l| !l.starts_with("job=") && !l.starts_with("instance=")).collect();
    labels.sort();
    (name.to_string(), labels, value.parse::<f64>().expect("a number").to_string())
}

fn samples(lines: &[String]) -> Vec<(String, Vec<String>, String)> {
    let mut all: Vec<_> = lines.iter().map(|l| sample(l)).collect();
    all.sort();
    all
}

fn written(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("written");
    text.lines().filter(|l| l.starts_with("mldu_")).map(str::to_string).collect()
}

#[test]
fn cron_can_call_its_lines() {
    let world = World::new();
    let lines = of_crontab(&example("crontab"));
    assert_eq!(lines.len(), 3);
    let metrics = world.metrics();
    let line = lines[0].replace("/var/lib/prometheus/node-exporter", &metrics.display().to_string());
    let out = world.sh(&line);
    assert!(out.status.success() && out.stdout.is_empty() && out.stderr.is_empty(), "{out:?}");
    assert!(written(&metrics.join("mldu.prom")).len() > 20);

    let out = world.sh(&lines[2].replace("90%", "0%"));
    assert_eq!(out.status.code(), Some(3));
    let said = text(&out.stderr);
    assert!(out.stdout.is_empty() && said.lines().all(|l| l.contains("% full, more than 0%")), "{said}");
    assert_eq!(world.sh(&lines[2].replace("90%", "100%")).stderr, b"");

    // What goes is old and missed by nobody, and a mail comes only if something is wrong.
    let tarballs = world.home.join("miniconda3/pkgs");
    let archives = || {
        let names = std::fs::read_dir(&tarballs).expect("read").flatten();
        names.filter(|e| e.path().extension().is_some_and(|x| x == "conda")).count()
    };
    let model = |name: &str| {
        world.home.join(format!(".keras/models/{name}_weights_tf_dim_ordering_tf_kernels.h5")).exists()
    };
    assert!(archives() > 0 && model("vgg16") && model("inception_v3"));
    let out = world.sh(&lines[1].replace("30d", "1h"));
    assert!(out.status.success() && out.stdout.is_empty() && out.stderr.is_empty(), "{out:?}");
    assert!(archives() == 0 && !model("inception_v3"), "archives, and half of a download");
    assert!(model("vgg16"), "what has to be downloaded again stays");
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_takes_the_units() {
    let tmp = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for name in ["mldu-clean@.service", "mldu-clean@.timer", "mldu-report.service", "mldu-report.timer"] {
        let path = tmp.path().join(name);
        // It looks whether the program is there.
        std::fs::write(&path, example(name).replace("/usr/local/bin/mldu", env!("CARGO_BIN_EXE_mldu")))
            .expect("written");
        files.push(path.display().to_string());
    }
    let args: Vec<&str> = std::iter::once("verify").chain(files.iter().map(String::as_str)).collect();
    let said = fine("systemd-analyze", &args, "");
    // It speaks of other units of the machine too.
    assert!(!said.contains("mldu"), "{said}");
    for unit in [&files[0], &files[2]] {
        // 100 is a service that may do everything, 0 one that may do nothing.
        fine("systemd-analyze", &["security", "--offline=yes", "--threshold=40", unit], "");
    }
    let times = ["mldu-clean@.timer", "mldu-report.timer"].map(example);
    for time in times.iter().filter_map(|t| t.lines().find_map(|l| l.strip_prefix("OnCalendar="))) {
        fine("systemd-analyze", &["calendar", time], "");
    }
}

#[test]
#[ignore = "needs promtool"]
fn prometheus_takes_the_numbers_and_the_alerts() {
    let world = World::new();
    let out = world.sh("mldu report --prom");
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        fine("promtool", &["check", "metrics"], &text(&out.stdout)),
        "",
        "it has nothing to say against them"
    );
    fine("promtool", &["check", "rules", "assets/examples/alerts.yml"], "");
    fine("promtool", &["test", "rules", "tests/alerts.yml"], "");
    // No rule asks for a number that mldu does not give.
    let rules = example("alerts.yml");
    let exprs: Vec<&str> = rules.lines().filter_map(|l| l.trim().strip_prefix("expr: ")).collect();
    let words = exprs.iter().flat_map(|l| l.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let names: Vec<&str> = words.filter(|w| w.starts_with("mldu_")).collect();
    assert!(exprs.len() == rules.matches("- alert:").count() && names.len() > exprs.len(), "{names:?}");
    for name in names {
        assert!(text(&out.stdout).contains(&format!("# TYPE {name} gauge")), "{name}");
    }
}

#[test]
#[ignore = "needs prometheus-node-exporter"]
fn the_node_exporter_serves_the_numbers() {
    let world = World::new();
    let metrics = world.metrics();
    let file = metrics.join("mldu.prom");
    assert!(world.sh(&format!("mldu report --prom -o {}", file.display())).status.success());
    let folder = format!("--collector.textfile.directory={}", metrics.display());
    let args = ["--collector.disable-defaults", "--collector.textfile", &folder];
    let server = Server::start("prometheus-node-exporter", &args);
    assert_eq!(server.samples("node_textfile_scrape_error"), ["node_textfile_scrape_error 0"]);
    assert_eq!(samples(&server.samples("mldu_")), samples(&written(&file)));
    // And again what was written meanwhile.
    std::fs::remove_dir_all(world.home.join(".keras")).expect("gone");
    assert!(world.sh(&format!("mldu report --prom -o {}", file.display())).status.success());
    assert_eq!(samples(&server.samples("mldu_")), samples(&written(&file)));
}

#[test]
#[ignore = "needs prometheus-pushgateway and curl"]
fn a_pushgateway_takes_the_numbers() {
    let world = World::new();
    let server = Server::start("prometheus-pushgateway", &[]);
    let readme = std::fs::read_to_string(root().join("README.md")).expect("read");
    let line = readme.lines().find(|l| l.starts_with("mldu report --prom | curl")).expect("the line");
    let out = world.sh(&line.replace("pushgateway:9091", &format!("127.0.0.1:{}", server.1)));
    assert!(out.status.success() && out.stderr.is_empty(), "{out:?}");
    let pushed = server.samples("mldu_");
    assert!(pushed.iter().all(|l| l.contains("job=\"mldu\"")), "{pushed:?}");
    // What was found is the same a moment later; what is left on the disk, and the time, need not be.
    let found = |all: &[String]| -> Vec<_> {
        let found = |n: &str| n.starts_with("mldu_category_") || n.starts_with("mldu_reclaimable_");
        samples(all).into_iter().filter(|(n, ..)| found(n)).collect()
    };
    let here = text(&world.sh("mldu report --prom").stdout);
    let here: Vec<String> = here.lines().filter(|l| l.starts_with("mldu_")).map(str::to_string).collect();
    assert_eq!(found(&pushed), found(&here));
}
