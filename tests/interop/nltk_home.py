"""NLTK: a corpus and a tokenizer from a data server on this machine."""

import hashlib
import io
import zipfile

from maker import main, noise, serve


def package(name, files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}/{path}", (2025, 2, 1, 10, 0, 0)), content)
    return out.getvalue()


DATA = {
    ("stopwords", "corpora", "1"): {"english": b"a\nthe\nof\n", "README": b"words"},
    ("words", "corpora", "1"): {"en": b"alpha\nbeta\n", "noise": noise("n", 40_000)},
    ("vader_lexicon", "sentiment", "0"): {"vader_lexicon.txt": b"good\t1.9\n" * 4000},
}


def data(root):
    # NLTK refuses to fetch from this machine itself, unless it is told only to warn.
    from nltk import pathsec

    pathsec.ENFORCE = False
    server = serve(root, {})
    rows = ""
    for (name, subdir, unzip), files in DATA.items():
        content = package(name, files)
        server.pages[f"/packages/{subdir}/{name}.zip"] = content
        size = sum(map(len, files.values()))
        rows += (
            f'<package id="{name}" name="{name}" subdir="{subdir}" unzip="{unzip}" size="{len(content)}" '
            f'unzipped_size="{size}" checksum="{hashlib.md5(content).hexdigest()}" '
            f'sha256_checksum="{hashlib.sha256(content).hexdigest()}" url="{server.url}/packages/{subdir}/{name}.zip"/>'
        )
    server.pages["/index.xml"] = f"<nltk_data><packages>{rows}</packages><collections/></nltk_data>".encode()
    return server


def make(root, home, site):
    import nltk

    server = data(root)
    loader = nltk.downloader.Downloader(server_index_url=f"{server.url}/index.xml")
    for name, _, _ in DATA:
        assert loader.download(name, quiet=True, raise_on_error=True)
    return {"found": found(home), "home": loader.default_download_dir()}


def found(home):
    import nltk

    said = {}
    for name, subdir, unzip in DATA:
        try:
            suffix = "" if unzip == "1" else ".zip"
            said[name] = str(nltk.data.find(f"{subdir}/{name}{suffix}"))
        except LookupError:
            said[name] = None
    return said


def verify(root, home, site):
    import nltk

    before = found(home)
    if before["stopwords"]:
        from nltk.corpus import stopwords

        assert stopwords.words("english") == ["a", "the", "of"]
    server = data(root)
    loader = nltk.downloader.Downloader(server_index_url=f"{server.url}/index.xml")
    status = {name: loader.status(name) for name, _, _ in DATA}
    for name, _, _ in DATA:
        loader.download(name, quiet=True, raise_on_error=True)
    fetched = [p for p in server.seen if p.startswith("/packages/")]
    return {"before": before, "status": status, "fetched": fetched, "after": found(home)}


main(make, verify)
