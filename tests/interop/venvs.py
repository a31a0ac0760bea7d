"""Environments by `venv` and by virtualenv, and virtualenv's own cache of seed packages."""

import shutil
import subprocess
import sys

from maker import main, put
from packages import wheel


def virtualenv(path):
    # It would look for newer seeds in the background.
    offline = ["--never-download", "--no-periodic-update"]
    subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", *offline, str(path)], check=True)


def make(root, home, site):
    put(home / "work/api/pyproject.toml", '[project]\nname = "api"\n')
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "work/api/.venv")], check=True)
    virtualenv(home / "envs/train")
    file, content = wheel("tiny-net", "1.0")
    put(site / file, content)
    pip = [str(home / "envs/train/bin/python"), "-m", "pip", "install", "--quiet", "--no-index", "--no-cache-dir"]
    subprocess.run([*pip, str(site / file)], check=True)
    return {"app_data": sorted(str(p) for p in home.glob(".cache/virtualenv/*"))}


def verify(root, home, site):
    """Both environments run, and a third one is made from what the cache has, or makes anew."""
    works = {}
    for name, path in {"api": "work/api/.venv", "train": "envs/train"}.items():
        python = home / path / "bin/python"
        if python.exists():
            code = "import sys; print(sys.prefix != sys.base_prefix)"
            done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
            works[name] = done.stdout.strip()
    if "train" in works:
        subprocess.run([str(home / "envs/train/bin/python"), "-c", "import tiny_net, pip"], check=True)
    third = home / "envs/third"
    virtualenv(third)
    subprocess.run([str(third / "bin/python"), "-c", "import pip"], check=True)
    shutil.rmtree(third)
    return {"works": works}


main(make, verify)
