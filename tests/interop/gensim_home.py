"""Gensim: word vectors and a corpus from a server on this machine."""

import gzip
import hashlib
import json

from maker import main, noise, serve

CODE = """import os
from gensim import utils
base_dir = os.environ.get("GENSIM_DATA_DIR", os.path.expanduser("~/gensim-data"))


def load_data():
    with utils.open(os.path.join(base_dir, "NAME", "NAME.gz"), "rb") as f:
        return f.read()
"""


def data(root):
    import gensim.downloader as api

    pages, rows = {}, {"corpora": {}, "models": {}}
    for kind, name in [("corpora", "tiny-texts"), ("models", "tiny-vectors")]:
        packed = gzip.compress(noise(name, 60_000), mtime=0)
        pages[f"/{name}/{name}.gz"] = packed
        pages[f"/{name}/__init__.py"] = CODE.replace("NAME", name).encode()
        rows[kind][name] = {"parts": 1, "checksum": hashlib.md5(packed).hexdigest(), "file_name": f"{name}.gz"}
    pages["/list.json"] = json.dumps(rows).encode()
    server = serve(root, pages)
    api.DOWNLOAD_BASE_URL = server.url
    # The address of the list is a default that was bound when the function was made.
    api._load_info.__defaults__ = (f"{server.url}/list.json", *api._load_info.__defaults__[1:])
    return api, server


def use(root):
    api, server = data(root)
    for name in ["tiny-texts", "tiny-vectors"]:
        assert api.load(name) == noise(name, 60_000)
    return {"fetched": sorted(p for p in server.seen if p.endswith(".gz")), "home": api.BASE_DIR}


def make(root, home, site):
    return use(root)


def verify(root, home, site):
    return use(root)


main(make, verify)
