"""Poetry: a project installed into an environment of Poetry's own, which lies in its cache."""

import os
import subprocess

from maker import main, put
from packages import index

PROJECT = """[project]
name = "api"
version = "0.1"
requires-python = ">=3.10"
dependencies = ["tiny-net (==1.0)", "words"]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "here"
url = "URL/simple/"
priority = "primary"
"""


def poetry(home, *args):
    variables = {**os.environ, "POETRY_KEYRING_ENABLED": "false", "POETRY_NO_INTERACTION": "1"}
    variables["VIRTUALENV_NO_PERIODIC_UPDATE"] = "1"
    done = subprocess.run(["poetry", *args], cwd=home / "work/api", capture_output=True, text=True, env=variables)
    assert done.returncode == 0, f"poetry {' '.join(args)}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def make(root, home, site):
    server = index(root)
    put(home / "work/api/pyproject.toml", PROJECT.replace("URL", server.url))
    poetry(home, "install", "--quiet")
    return {"env": poetry(home, "env", "info", "--path"), "fetched": files(server)}


def files(server):
    return sorted(os.path.basename(p) for p in server.seen if p.startswith("/files/"))


def verify(root, home, site):
    """The environment works; and if it is gone, it is made again."""
    server = index(root)
    poetry(home, "install", "--quiet")
    out = poetry(home, "run", "python", "-c", "import tiny_net, words; print(tiny_net.VERSION)")
    return {"works": out, "env": poetry(home, "env", "info", "--path"), "fetched": files(server)}


main(make, verify)
