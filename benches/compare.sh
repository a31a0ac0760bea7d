#!/usr/bin/env bash
# How mldu fares beside other programs that add up a tree. benches/README.md says how to read it.
#
# usage: benches/compare.sh [-n ROUNDS] [--cold] [--only NAME,NAME] [--json FILE] TREE
#
#   -n ROUNDS   rounds that count, 7 unless said; in each, every program runs once, one after the other
#   --cold      forget all the kernel has read before each run (root); otherwise one round comes first and
#               does not count
#   --only      only these programs; mldu always runs
#   --json      all single measurements, too, into this file
#
# MLDU names the program to measure; target/release/mldu unless set. What is not on PATH is left out, and said.
set -euo pipefail
cd "$(dirname "$0")/.." && export MLDU_HERE=$PWD && cd - >/dev/null
command -v python3 >/dev/null || { echo "compare.sh needs python3" >&2; exit 2; }
exec python3 /dev/fd/3 "$@" 3<<'PY'
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile, time

ap = argparse.ArgumentParser(prog="compare.sh")
ap.add_argument("-n", type=int, default=7, metavar="ROUNDS")
ap.add_argument("--cold", action="store_true")
ap.add_argument("--only", default="")
ap.add_argument("--json")
ap.add_argument("tree")
asked = ap.parse_args()
tree = os.path.realpath(asked.tree)
if not os.path.isdir(tree) or asked.n < 1:
    sys.exit("compare.sh: no such folder, or no round")
mldu = os.environ.get("MLDU", os.path.join(os.environ["MLDU_HERE"], "target/release/mldu"))
if not shutil.which(mldu):
    sys.exit(f"compare.sh: no {mldu}; cargo build --release makes it, or MLDU names another")
cores = str(len(os.sched_getaffinity(0)))

# Each in the mode that does least beyond adding up. ncdu 2 keeps no tree when it exports.
PROGRAMS = {
    "mldu": [mldu, "report", tree],
    "du": ["du", "-s", tree],
    "pdu": ["pdu", "--max-depth=1", tree],
    "diskus": ["diskus", tree],
    "dust": ["dust", "-d", "0", "-P", tree],
    "dua": ["dua", "aggregate", tree],
    "gdu": ["gdu", "-npc", tree],
    "ncdu": ["ncdu", "-0", "-o", "/dev/null", tree],
    "ncdu2": ["ncdu2", "-0", "-t", "1", "-o", "/dev/null", tree],
    "ncdu2 -t": ["ncdu2", "-0", "-t", cores, "-O", "/dev/null", tree],
}
only = set(filter(None, asked.only.split(",")))
strange = only - PROGRAMS.keys()
if strange:
    sys.exit(f"compare.sh: unknown: {', '.join(strange)}; there are {', '.join(PROGRAMS)}")

missing, todo = [], []
for name, words in PROGRAMS.items():
    if only and name not in only | {"mldu"}:
        continue
    if shutil.which(words[0]) is None:
        missing.append(name)
    elif name == "ncdu" and " 2." in subprocess.run(["ncdu", "-v"], capture_output=True, text=True).stdout:
        missing.append("ncdu 1 (the one on PATH is newer: call it ncdu2)")
    else:
        todo.append(name)

# A world without variables, so that the same is looked for everywhere. A tree that looks like a home is one.
home = tree if os.path.isdir(os.path.join(tree, ".cache")) else "/nonexistent"
world = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": home, "TERM": "dumb"}


def forget():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as f:
        f.write("3\n")


def run(words):
    """Seconds, CPU seconds, peak bytes or none, exit code. The peak is GNU time's: a process that this one started
    itself would be said to have had the memory of this one."""
    with tempfile.NamedTemporaryFile("r") as told:
        if gnu_time:
            words = [gnu_time, "-q", "-f", "%M", "-o", told.name, *words]
        began = time.monotonic()
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, env=world)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        kib = told.read().split()
        return {"wall": wall, "cpu": used.ru_utime + used.ru_stime,
                "peak": int(kib[-1]) * 1024 if kib else None, "exit": child.returncode}


def said(words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE, check=True, env=world, **more).stdout


gnu_time = shutil.which("time")
load = os.getloadavg()[0]
# The same bytes as du, first of all: a fast wrong number is worth nothing. This warms the caches, too.
entries = len(said(["find", tree, "-printf", "."]))
bytes_du = int(said(["du", "-s", "--block-size=1", tree]).split()[0])
bytes_mldu = json.loads(said([mldu, "report", "--json", tree]))["scan"]["bytes"]

runs = {name: [] for name in todo}
for number in range(asked.n + (not asked.cold)):
    for name in todo:
        if asked.cold:
            forget()
        got = run(PROGRAMS[name])
        if asked.cold or number:
            runs[name].append(got)


def median(name, what):
    known = [r[what] for r in runs[name] if r[what] is not None]
    return statistics.median(known) if known else float("nan")


print(f"{tree}: {entries} entries, {'cold' if asked.cold else 'warm'}, {asked.n} rounds, {cores} cores, "
      f"load {load:.1f} before")
print(f"{'program':<10}{'wall s':>9}{'least':>9}{'most':>9}{'cpu s':>9}{'peak MiB':>10}{'B/entry':>9}"
      f"{'times mldu':>12}  exit")
for name in todo:
    walls = [r["wall"] for r in runs[name]]
    # Round by round, so that a machine that is slower for a while is so for both.
    pairs = [one["wall"] / own["wall"] for one, own in zip(runs[name], runs["mldu"])]
    codes = ",".join(str(c) for c in sorted({r["exit"] for r in runs[name]}))
    peak = median(name, "peak")
    print(f"{name:<10}{median(name, 'wall'):>9.3f}{min(walls):>9.3f}{max(walls):>9.3f}{median(name, 'cpu'):>9.3f}"
          f"{peak / 2**20:>10.1f}{peak / entries:>9.1f}{statistics.median(pairs):>12.2f}  {codes}")
if missing:
    print("not here: " + ", ".join(missing))
if not gnu_time:
    print("no peaks: GNU time is not here")
if asked.json:
    with open(asked.json, "w") as f:
        json.dump({"tree": tree, "entries": entries, "cold": asked.cold, "load": load, "runs": runs}, f)
if bytes_mldu != bytes_du:
    sys.exit(f"WRONG: {bytes_mldu} bytes, du says {bytes_du}")
print(f"{bytes_mldu} bytes, as du says")
PY
