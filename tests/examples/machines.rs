//! The examples that are about a whole machine, on one: an image that is built, and a system that is booted.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::shown::example;

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("below")).expect("made");
    std::fs::write(path, text).expect("written");
}

fn program(path: &Path, text: &str) {
    put(path, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("set");
}

/// Runs a script of the shell in a folder; it must end well.
fn sh(folder: &Path, script: &str) -> String {
    let out = Command::new("sh").args(["-euc", script]).current_dir(folder).output().expect("sh runs");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{script}\n{said}");
    said
}

/// A folder that is the root of an image with a shell and what programs of this machine are linked with.
fn small_system(root: &Path) {
    let bin = root.join("bin");
    std::fs::create_dir_all(&bin).expect("made");
    std::fs::copy("/bin/busybox", bin.join("busybox")).expect("a shell that needs nothing");
    for name in ["sh", "mkdir", "dd", "cat"] {
        std::os::unix::fs::symlink("busybox", bin.join(name)).expect("linked");
    }
    for line in sh(root, &format!("ldd '{}'", env!("CARGO_BIN_EXE_mldu"))).split_whitespace() {
        if line.starts_with('/') {
            let to = root.join(line.trim_start_matches('/'));
            std::fs::create_dir_all(to.parent().expect("below")).expect("made");
            std::fs::copy(line, to).expect("copied");
        }
    }
    put(&root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    std::fs::create_dir_all(root.join("root")).expect("made");
    std::fs::create_dir_all(root.join("tmp")).expect("made");
}

/// What pip leaves: the thing it installed, and in its cache the wheel it built, laid out as pip does it.
const PIP: &str = "#!/bin/sh
mkdir -p /usr/lib/python3/dist-packages /root/.cache/pip/wheels/ab/cd/ef/0123456789
echo '{\"url\": \"https://example.org/thing-1.0.tar.gz\"}' >/root/.cache/pip/wheels/ab/cd/ef/0123456789/origin.json
dd if=/dev/urandom of=/usr/lib/python3/dist-packages/thing.py bs=1024 count=64
dd if=/dev/urandom of=/root/.cache/pip/wheels/ab/cd/ef/0123456789/thing-1.0-py3-none-any.whl bs=1024 count=4096
";

#[test]
#[ignore = "needs root, buildah, runc and busybox: builds images"]
fn an_image_is_small_when_the_same_run_cleans() {
    let tmp = tempfile::tempdir().expect("a folder");
    let at = tmp.path();
    small_system(&at.join("base"));
    program(&at.join("base/bin/pip"), PIP);
    std::fs::create_dir_all(at.join("lent/usr/local/bin")).expect("made");
    std::fs::copy(env!("CARGO_BIN_EXE_mldu"), at.join("lent/usr/local/bin/mldu")).expect("copied");
    let file = example("Dockerfile");
    let last = file
        .lines()
        .find(|l| l.starts_with(" && ") && l.contains(" mldu clean "))
        .expect("it cleans in the same RUN");
    put(&at.join("same/Dockerfile"), &file);
    put(&at.join("never/Dockerfile"), &file.replace(&format!(" \\\n{last}"), ""));
    let mount = file.lines().find_map(|l| l.strip_prefix("RUN ")).expect("a RUN").trim_end_matches(" \\");
    let later = file.replace(&format!(" \\\n{last}"), &format!("\nRUN {mount} {}", &last[4..]));
    put(&at.join("later/Dockerfile"), &later);
    for folder in ["same", "never", "later"] {
        put(&at.join(folder).join("requirements.txt"), "thing\n");
    }
    let buildah = format!("buildah --storage-driver vfs --root {0}/store --runroot {0}/run", at.display());
    // A layer for each line, and each RUN sees its own processes alone, as with docker build.
    let bud = format!(
        "{buildah} bud -q --layers --pull-never --isolation oci --runtime runc --network host \
         --ulimit nofile=1024:1024 --ulimit nproc=1024:1024"
    );
    // The image of the first line, and that which lends mldu, are made here in place of being fetched.
    sh(
        at,
        &format!(
            "for i in base:docker.io/library/python:3.12-slim lent:localhost/mldu; do
               c=$({buildah} from scratch); {buildah} add -q $c ${{i%%:*}} /; {buildah} commit -q $c ${{i#*:}}
             done
             for i in same never later; do
               {bud} -t $i $i
               {buildah} push -q $i oci:$i.oci
               c=$({buildah} from --pull-never $i); ln -s $({buildah} mount $c) $i.root
             done"
        ),
    );
    let kib = |what: &str| -> u64 {
        let said = sh(at, &format!("du -sk {what} | cut -f1"));
        said.trim().parse().expect("a number")
    };
    let [same, never, later] = ["same", "never", "later"].map(|i| kib(&format!("{i}.oci")));
    assert!(
        same + 4000 < never,
        "the layer has not what was cleaned: {same} KiB, {never} KiB without cleaning"
    );
    assert!(later + 100 > never, "in a later RUN it would be too late: {later} KiB");
    let root = at.join("same.root");
    assert!(root.join("usr/lib/python3/dist-packages/thing.py").exists(), "what was installed is there");
    let wheel = "root/.cache/pip/wheels/ab/cd/ef/0123456789/thing-1.0-py3-none-any.whl";
    assert!(!root.join(wheel).exists() && at.join("never.root").join(wheel).exists());
    // Beside what pip left nothing is new: no log, no trash, not mldu itself.
    let names = |image: &str| {
        let find = "find . -xdev ! -path './root/.cache*' ! -type d | sort";
        sh(&at.join(format!("{image}.root")), find)
    };
    assert_eq!(names("same"), names("never"));
    sh(at, &format!("{buildah} umount -a; {buildah} rm -a; {buildah} rmi -a -f"));
}

/// What is at the root of this machine and a system needs to start; its homes and data are nobody's business here.
const SYSTEM: &[&str] = &[
    "bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "opt", "proc", "run", "sbin", "sys", "usr", "var",
];

/// Ana has archives nobody misses, one of them young, unfinished downloads, one of them open in a container of root, and
/// a model that can be downloaded again.
const ANA: &str = r#"
useradd -m ana
cd /home/ana
mkdir -p .conda/pkgs
for n in old young; do
  url=https://conda.anaconda.org/conda-forge/linux-64/lib$n-1.0-0.conda
  mkdir -p .conda/pkgs/lib$n-1.0-0/info
  echo '{"name": "lib'$n'", "version": "1.0", "build": "0"}' >.conda/pkgs/lib$n-1.0-0/info/index.json
  echo '{"url": "'$url'", "fn": "lib'$n'-1.0-0.conda"}' >.conda/pkgs/lib$n-1.0-0/info/repodata_record.json
  head -c 500000 /dev/urandom >.conda/pkgs/lib$n-1.0-0.conda
  echo $url >>.conda/pkgs/urls.txt
done
model=.cache/huggingface/hub/models--acme--net
mkdir -p $model/blobs $model/refs $model/snapshots/0123456789012345678901234567890123456789
head -c 500000 /dev/urandom >$model/blobs/aa
ln -s ../../blobs/aa $model/snapshots/0123456789012345678901234567890123456789/model.safetensors
printf 0123456789012345678901234567890123456789 >$model/refs/main
for n in free open; do echo half >$model/blobs/$n.incomplete; done
chown -R ana: /home/ana
chmod 700 /home/ana
find . -exec touch -h -d '60 days ago' {} +
touch .conda/pkgs/libyoung-1.0-0.conda
sleep 600 <$model/blobs/open.incomplete &
"#;

const BOOTED: &str = r"
mkdir -p /var/lib/prometheus/node-exporter
for unit in mldu-clean@ana.service mldu-report.service; do
  systemctl start $unit
  systemctl show -p Id,Result,ExecMainStatus $unit
done
systemctl enable -q --now mldu-clean@ana.timer mldu-report.timer
systemctl list-timers --no-pager
journalctl --no-pager -o cat -u 'mldu-*'
";

/// Boots systemd on a copy of this machine's programs, and runs the script in it: what it said.
fn boot(at: &Path, script: &str) -> String {
    let hidden: Vec<String> = std::fs::read_dir("/")
        .expect("read")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|n| !SYSTEM.contains(&n.as_str()))
        .collect();
    put(&at.join("script"), script);
    put(
        &at.join("script.service"),
        "[Unit]\nAfter=basic.target\n[Service]\nType=oneshot\nExecStart=/bin/bash /script\n\
         StandardOutput=file:/said\nStandardError=file:/said\nExecStopPost=/bin/systemctl --no-block exit\n",
    );
    let examples = crate::shown::root().join("assets/examples");
    let mount = format!(
        "mount -t tmpfs tmpfs memory
         mkdir memory/upper memory/work
         for name in {hidden}; do mknod memory/upper/$name c 0 0; done
         mount -t overlay overlay -o lowerdir=/,upperdir=memory/upper,workdir=memory/work root
         for name in {hidden}; do rm -f root/$name; done
         mkdir -p root/root root/home
         mkdir -m 1777 root/tmp
         : >root/etc/machine-id
         cp script root/
         cp script.service {examples}/mldu-* root/etc/systemd/system/
         cp {mldu} root/usr/local/bin/mldu
         timeout 120 systemd-nspawn -D root -q --register=no --keep-unit --private-network --link-journal=no \
           --console=pipe -b systemd.unit=script.service </dev/null >boot.log 2>&1 || cat boot.log
         cp -a root/home root/var/lib/prometheus root/said .",
        hidden = hidden.join(" "),
        examples = examples.display(),
        mldu = env!("CARGO_BIN_EXE_mldu"),
    );
    std::fs::create_dir_all(at.join("memory")).expect("made");
    std::fs::create_dir_all(at.join("root")).expect("made");
    put(&at.join("mount.sh"), &mount);
    sh(at, "unshare -m --propagation private sh -eu mount.sh");
    std::fs::read_to_string(at.join("said")).expect("the script ran")
}

#[test]
#[ignore = "needs root and systemd-nspawn: boots a system"]
fn systemd_runs_the_units() {
    let tmp = tempfile::tempdir().expect("a folder");
    let at = tmp.path();
    let said = boot(at, &format!("{ANA}\n{BOOTED}"));
    assert_eq!(said.matches("Result=success").count(), 2, "{said}");
    assert!(said.contains("mldu-clean@ana.timer") && said.contains("mldu-report.timer"), "{said}");
    let there = |path: &str| at.join("home/ana").join(path).exists();
    let blobs = ".cache/huggingface/hub/models--acme--net/blobs";
    assert!(!there(".conda/pkgs/libold-1.0-0.conda"), "what nobody misses went: {said}");
    assert!(!there(&format!("{blobs}/free.incomplete")), "{said}");
    assert!(there(".conda/pkgs/libyoung-1.0-0.conda"), "what is young stays: {said}");
    assert!(there(&format!("{blobs}/open.incomplete")), "what a process of root has open stays: {said}");
    assert!(there(&format!("{blobs}/aa")), "what has to be downloaded again stays: {said}");
    let numbers = std::fs::read_to_string(at.join("prometheus/node-exporter/mldu.prom")).expect("written");
    let of_ana = numbers.lines().find(|l| l.starts_with("mldu_category_bytes{category=\"hub\",mount=\"/\"}"));
    let bytes: f64 =
        of_ana.and_then(|l| l.rsplit(' ').next()).and_then(|v| v.parse().ok()).expect("a number");
    assert!(bytes >= 500_000.0, "root's report has what lies in homes: {of_ana:?}");
    assert!(numbers.contains("\nmldu_scan_errors 0\n"), "and could read all: {numbers}");
}
