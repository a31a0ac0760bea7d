"""uv: its cache with environments that are hard links into it, and, in another home, ones that are symbolic links."""

import os
import re
import shutil
import subprocess
import sys

from maker import main, put
from packages import index


def uv(server, *args, mode):
    variables = {**os.environ, "UV_LINK_MODE": mode, "UV_PYTHON_DOWNLOADS": "never"}
    if server:
        variables["UV_INDEX_URL"] = f"{server.url}/simple"
        # homemade needs setuptools, which this index does not have.
        variables["UV_NO_BUILD_ISOLATION"] = "1"
    command = ["uv", *args]
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install(root, home, mode):
    server = index(root)
    for name, wanted in {"one": ["tiny-net==1.0", "words"], "two": ["tiny-net", "words"]}.items():
        env = home / "projects" / name / ".venv"
        uv(server, "venv", "--allow-existing", "--python", sys.executable, str(env), mode=mode)
        uv(server, "pip", "install", "--python", str(env), *wanted, mode=mode)


def size(mode):
    out = uv(None, "cache", "size", "--preview-features", "cache-size", mode=mode)
    return int(re.search(r"\d+", out).group())


def make(root, home, site, mode="hardlink"):
    install(root, home, mode)
    # What an older uv left, and what the newest does not know.
    put(home / ".cache/uv/simple-v3/index/old.rkyv", b"x" * 5000)
    return {"size": size(mode), "cache": uv(None, "cache", "dir", mode=mode).strip()}


def works(home):
    said = {}
    for name in ["one", "two"]:
        python = home / "projects" / name / ".venv/bin/python"
        if python.exists():
            code = (
                "import tiny_net, words; from pathlib import Path; "
                "print(tiny_net.VERSION, len(Path(words.__path__[0], 'table.bin').read_bytes()))"
            )
            out = subprocess.run([str(python), "-c", code], capture_output=True, text=True)
            said[name] = out.stdout.split() if out.returncode == 0 else "broken"
    return said


def verify(root, home, site, mode="hardlink"):
    """The environments work as they are, and another one is made of what the cache has."""
    before = works(home)
    server = index(root)
    third = root / "third"
    uv(server, "venv", "--clear", "--python", sys.executable, str(third), mode=mode)
    uv(server, "pip", "install", "--python", str(third), "tiny-net==1.0", "words", mode=mode)
    subprocess.run([str(third / "bin/python"), "-c", "import tiny_net, words"], check=True)
    # Its links would be further names of what the cache holds.
    shutil.rmtree(third)
    fetched = sorted({os.path.basename(p) for p in server.seen if p.startswith("/files/")})
    return {"works": before, "fetched": fetched, "size": size(mode)}


if __name__ == "__main__":
    main(make, verify)
