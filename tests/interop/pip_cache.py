"""pip: downloads of an index, a wheel built from sources, and an environment installed from them."""

import os
import re
import shutil
import subprocess
import sys

from maker import main
from packages import index


def pip(server, *args, env=None):
    host = server.url.removeprefix("http://")
    # pip caches what it gets without encryption only from hosts that are trusted.
    index_args = ["--index-url", f"{server.url}/simple", "--trusted-host", host]
    # The pip of this environment installs into others: what pip a new one brings is not the same everywhere.
    command = [sys.executable, "-m", "pip", *(["--python", env] if env else []), *args]
    if args[0] != "cache":
        command += index_args
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def cached(server):
    built = pip(server, "cache", "list", "--format=abspath").split()
    info = pip(server, "cache", "info")
    return {"built": built, "http_files": int(re.search(r"Number of HTTP files: (\d+)", info).group(1))}


def make(root, home, site):
    server = index(root)
    pip(server, "download", "tiny-net==1.0", "words", "--dest", str(site / "got"))
    pip(server, "download", "tiny-net", "--dest", str(site / "got"))
    pip(server, "wheel", "homemade", "--no-build-isolation", "--wheel-dir", str(site / "got"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "project/.venv")], check=True)
    python = str(home / "project/.venv/bin/python")
    pip(server, "install", "--quiet", "tiny-net", "homemade", env=python)
    return cached(server)


def verify(root, home, site):
    """The environment works, and the same things can be downloaded, from the cache where they are in it."""
    server = index(root)
    python = home / "project/.venv/bin/python"
    works = None
    if python.exists():
        code = "import tiny_net, homemade; print(tiny_net.VERSION, homemade.VERSION)"
        works = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.split()
    before = cached(server)
    # What lies in the folder already is not fetched again.
    shutil.rmtree(site / "again", ignore_errors=True)
    pip(server, "download", "tiny-net==1.0", "words", "--dest", str(site / "again"))
    pip(server, "wheel", "homemade", "--no-build-isolation", "--wheel-dir", str(site / "again"))
    return {
        "works": works,
        "before": before,
        "fetched": [os.path.basename(p) for p in server.seen if p.startswith("/files/")],
        "after": cached(server),
    }


main(make, verify)
