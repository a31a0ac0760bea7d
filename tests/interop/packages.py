"""Small Python packages, and an index of them on this machine."""

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile

from maker import noise, serve


def wheel(name, version, size=40_000):
    """A wheel, as a build backend would write it."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": f"VERSION = {version!r}\n".encode(),
        f"{module}/table.bin": noise(name + version, size),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2025, 2, 1, 10, 0, 0)), content)
    return f"{module}-{version}-py3-none-any.whl", out.getvalue()


def sdist(name, version):
    """Sources that setuptools builds."""
    module = name.replace("-", "_")
    top = f"{module}-{version}"
    files = {
        "pyproject.toml": f'[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n[tool.setuptools]\npy-modules = ["{module}"]\n',
        f"{module}.py": f"VERSION = {version!r}\n",
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{top}/{path}")
            info.size, info.mtime = len(text), 1738404000
            tar.addfile(info, io.BytesIO(text.encode()))
    # The same bytes every time: the index says their hash, and the cache keeps them.
    return f"{top}.tar.gz", gzip.compress(out.getvalue(), mtime=0)


def index(root):
    """An index with a few packages: `PEP 503` pages and the files."""
    files = {
        "tiny-net": [wheel("tiny-net", "1.0"), wheel("tiny-net", "1.1")],
        "words": [wheel("words", "2.0", 90_000)],
        "homemade": [sdist("homemade", "0.3")],
    }
    pages = {}
    for name, dists in files.items():
        rows = ""
        for file, content in dists:
            pages[f"/files/{file}"] = content
            rows += f'<a href="/files/{file}#sha256={hashlib.sha256(content).hexdigest()}">{file}</a><br>\n'

        def page(request, rows=rows):
            html = f"<!DOCTYPE html><html><body>\n{rows}</body></html>"
            request.answer(200, html.encode(), {"Content-Type": "text/html"})

        pages[f"/simple/{name}/"] = page
    return serve(root, pages)
