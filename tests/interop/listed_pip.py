"""Environments by `venv` with pip and by uv, and both made again from nothing but the lists mldu wrote of them."""

import json
import shutil
import subprocess
import sys

from maker import main, put
from packages import index, wheel

# A project that builds itself: pip needs nothing from an index to install it where it is.
BACKEND = '''
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "mine-0.4-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr("mine.pth", {src!r})
        wheel.writestr("mine-0.4.dist-info/METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 0.4\\n")
        wheel.writestr("mine-0.4.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("mine-0.4.dist-info/RECORD", "mine.pth,,\\n")
    return name
'''


def uv(home, *args):
    command = [shutil.which("uv") or sys.prefix + "/bin/uv", *args, "--no-config", "--offline"]
    if "--index-url" in args:
        command.remove("--offline")
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def pip(env, *args):
    command = [str(env / "bin/python"), "-m", "pip", "--disable-pip-version-check", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def packages(home, api, net):
    by_pip = json.loads(pip(api, "list", "--format", "json"))
    by_uv = json.loads(uv(home, "pip", "list", "--format", "json", "--python", str(net / "bin/python")))
    return {"api": named(by_pip), "net": named(by_uv)}


def named(all):
    # An editable one says where it is, too.
    return sorted([p["name"], p["version"], p.get("editable_project_location")] for p in all)


def make(root, home, site):
    server = index(root)
    simple = ["--index-url", server.url + "/simple"]
    project = home / "work/mine"
    put(project / "pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n')
    put(project / "backend.py", BACKEND.format(src=str(project / "src")))
    put(project / "src/mine.py", "VERSION = '0.4'\n")

    api = home / "work/api/.venv"
    put(home / "work/api/pyproject.toml", '[project]\nname = "api"\n')
    subprocess.run([sys.executable, "-m", "venv", str(api)], check=True)
    file, content = wheel("words", "2.0", 90_000)
    pip(api, "install", *simple, "tiny-net==1.0", f"words @ {server.url}/files/{file}")
    pip(api, "install", "-e", str(project))

    net = home / "work/net/.venv"
    put(home / "work/net/pyproject.toml", '[project]\nname = "net"\n')
    uv(home, "venv", "--quiet", str(net), "--python", sys.executable)
    uv(home, "pip", "install", "--quiet", "--python", str(net / "bin/python"), *simple, "tiny-net", "words")
    return packages(home, api, net)


def verify(root, home, site):
    """Both are gone, and are made again from the lists alone."""
    lists = {p.name.split("-")[0]: p for p in (home / ".local/state/mldu/environments").glob("*-pip.txt")}
    api, net = home / "work/api/.venv", home / "work/net/.venv"
    assert not api.exists() and not net.exists()
    server = index(root)
    simple = ["--index-url", server.url + "/simple"]
    subprocess.run([sys.executable, "-m", "venv", str(api)], check=True)
    pip(api, "install", "--no-deps", *simple, "-r", str(lists["api"]))
    uv(home, "venv", "--quiet", str(net), "--python", sys.executable)
    uv(home, "pip", "install", "--no-deps", "--python", str(net / "bin/python"), *simple, "-r", str(lists["net"]))
    code = "import tiny_net, words, mine; print(tiny_net.VERSION, words.VERSION, mine.VERSION)"
    ran = subprocess.run([str(api / "bin/python"), "-c", code], check=True, capture_output=True, text=True)
    return {"packages": packages(home, api, net), "ran": ran.stdout.strip(), "lists": sorted(lists)}


main(make, verify)
