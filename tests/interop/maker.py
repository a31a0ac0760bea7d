"""What the makers share: a home, a server on this machine alone, and the two things each of them does.

A maker is a script `NAME.py make ROOT` or `NAME.py verify ROOT`. `make` fills `ROOT/home` with the real library and
prints, as JSON, what the library itself says of it; `verify` uses the library again after something was removed, and
fails loudly if it no longer works. `ROOT/site` is the maker's own: what a server gives out, sources, projects.

Nothing here reaches a network: what a library "downloads" comes from `file://` or from `serve`.
"""

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

KILLED = 9


class Site(http.server.BaseHTTPRequestHandler):
    """Gives out what its server holds: `pages[path]` is bytes, or a function of the request that answers it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.command != "HEAD":
            self.server.seen.append(self.path)
        page = self.server.pages.get(self.path) or self.server.pages.get(self.path.split("?")[0])
        if callable(page):
            page = page(self)
            if page is None:
                return
        if page is None:
            self.answer(404, b"not here")
        else:
            self.answer(200, page)

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def answer(self, status, body, headers=()):
        """A whole answer, or the part of it that was asked for."""
        sent = {
            "ETag": '"%s"' % hashlib.sha256(body).hexdigest(),
            "Last-Modified": "Sat, 01 Feb 2025 10:00:00 GMT",
            "Cache-Control": "max-age=600",
            "Accept-Ranges": "bytes",
        }
        sent.update(headers)
        if status == 200 and self.headers.get("If-None-Match") == sent["ETag"]:
            status, body = 304, b""
        wanted = self.headers.get("Range")
        if status == 200 and wanted and wanted.startswith("bytes=") and "," not in wanted:
            first, _, last = wanted[6:].partition("-")
            start = int(first) if first else len(body) - int(last)
            end = min(int(last), len(body) - 1) if first and last else len(body) - 1
            sent["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
            status, body = 206, body[start : end + 1]
        self.send_response(status)
        for name, value in sent.items():
            self.send_header(name, value)
        if "Content-Length" not in sent:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(root, pages):
    """A server on this machine. Its port is kept, since libraries write addresses into their caches."""
    kept = Path(root) / "port"
    port = int(kept.read_text()) if kept.exists() else 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Site)
    server.pages, server.seen, server.daemon_threads = pages, [], True
    kept.write_text(str(server.server_address[1]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    return server


def noise(name, size):
    """Bytes that do not compress, the same every time."""
    out, block = bytearray(), name.encode()
    while len(out) < size:
        block = hashlib.sha256(block).digest()
        out += block
    return bytes(out[:size])


def put(path, content):
    """Writes a file and its folders."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def torn(what, root):
    """Runs a part of a maker in a process that is expected to be killed on the way, as by a power cut."""
    script = sys.modules["__main__"].__file__
    done = subprocess.run([sys.executable, script, what, str(root)], stdout=subprocess.DEVNULL)
    assert done.returncode == KILLED, f"it was to be killed, and ended with {done.returncode}"


def die(*_args, **_kwargs):
    """Ends this process at once: nothing is closed, cleaned up or renamed."""
    os._exit(KILLED)


def main(make, verify, **more):
    """Runs what was asked for and prints what it says."""
    what, root = sys.argv[1], Path(sys.argv[2])
    home = root / "home"
    assert os.environ["HOME"] == str(home), "a maker works in a home of its own"
    site = root / "site"
    site.mkdir(exist_ok=True)
    said = {"make": make, "verify": verify, **more}[what](root, home, site)
    sys.stdout.flush()
    print("\n" + json.dumps(said or {}, default=str))
    # Threads that libraries leave must not keep a finished maker.
    sys.stdout.flush()
    os._exit(0)
