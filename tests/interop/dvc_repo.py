"""DVC: a project with two versions of its data, whose cache holds both."""

import os
import subprocess
import sys

from maker import main, noise, put


def dvc(*args):
    variables = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run([sys.executable, "-m", "dvc", *args], capture_output=True, text=True, env=variables)
    assert done.returncode == 0, f"dvc {' '.join(args)}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def make(root, home, site):
    project = home / "project"
    project.mkdir()
    os.chdir(project)
    dvc("init", "--no-scm", "--quiet")
    put(project / "data/train.csv", noise("old", 70_000))
    dvc("add", "--quiet", "data/train.csv")
    put(project / "data/train.csv", noise("new", 80_000))
    put(project / "images/one.png", noise("1", 30_000))
    put(project / "images/two.png", noise("2", 30_000))
    dvc("add", "--quiet", "data/train.csv", "images")
    return {"status": dvc("status")}


def verify(root, home, site):
    """The data are as they were, and come back from the cache when they are gone from the project."""
    os.chdir(home / "project")
    status = dvc("status")
    os.remove("images/one.png")
    os.remove("data/train.csv")
    dvc("checkout", "--quiet")
    assert open("data/train.csv", "rb").read() == noise("new", 80_000)
    assert open("images/one.png", "rb").read() == noise("1", 30_000)
    return {"status": status, "after": dvc("status")}


def clean(root, home, site):
    """DVC's own cleaning while the cache is away, and what it says of the project."""
    os.chdir(home / "project")
    dvc("gc", "-w", "-f", "--quiet")
    return {"status": dvc("status")}


main(make, verify, clean=clean)
