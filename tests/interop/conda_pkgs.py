"""Archives as conda's own library for them writes and unpacks them: `.conda` and `.tar.bz2`, in a package cache."""

import contextlib
import io
import json
import os

from maker import main, noise, put

PACKAGES = {"tiny-net-1.0-0.conda": 60_000, "words-2.0-h1_0.tar.bz2": 90_000, "plain-0.1-0.conda": 20_000}


def build(site, file, size):
    """An archive of a small package, by the library."""
    from conda_package_handling import api

    stem = file.removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, string = stem.rsplit("-", 2)
    folder = site / "build" / stem
    index = {
        "name": name,
        "version": version,
        "build": string,
        "build_number": 0,
        "subdir": "noarch",
        "noarch": "generic",
        "depends": [],
        "license": "MIT",
        "timestamp": 1738404000000,
    }
    files = {"share/" + name + "/table.bin": noise(name, size)}
    paths = [{"_path": p, "path_type": "hardlink", "size_in_bytes": len(c)} for p, c in files.items()]
    files["info/index.json"] = json.dumps(index)
    files["info/files"] = "".join(p["_path"] + "\n" for p in paths)
    files["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1})
    for path, content in files.items():
        put(folder / path, content)
    there = sorted(files)
    api.create(str(folder), there, file, str(site))
    return site / file


def make(root, home, site):
    from conda_package_handling import api

    pkgs = home / "miniconda3/pkgs"
    pkgs.mkdir(parents=True)
    urls = ""
    for file, size in PACKAGES.items():
        built = build(site, file, size)
        os.replace(built, pkgs / file)
        urls += f"https://conda.anaconda.org/conda-forge/noarch/{file}\n"
        if not file.startswith("plain"):
            api.extract(str(pkgs / file))
        if file.startswith("tiny"):
            # As conda notes where a package came from.
            info = pkgs / file.removesuffix(".conda") / "info"
            record = json.loads((info / "index.json").read_text())
            record.update(
                channel="https://conda.anaconda.org/conda-forge/noarch",
                fn=file,
                url=f"https://conda.anaconda.org/conda-forge/noarch/{file}",
                size=(pkgs / file).stat().st_size,
            )
            put(info / "repodata_record.json", json.dumps(record))
    # What tells conda that this is a package cache, and where each archive came from.
    put(pkgs / "urls.txt", urls)
    put(pkgs / "urls", "")
    return listing(pkgs)


def listing(pkgs):
    from conda_package_handling import api

    with contextlib.redirect_stdout(io.StringIO()) as out:
        for file in sorted(PACKAGES):
            api.list_contents(str(pkgs / file))
    return {"files": sorted(line.strip() for line in out.getvalue().splitlines() if "share/" in line)}


def verify(root, home, site):
    """What is left as an archive unpacks to what was packed."""
    from conda_package_handling import api

    pkgs = home / "miniconda3/pkgs"
    for file in PACKAGES:
        if (pkgs / file).exists():
            api.extract(str(pkgs / file), str(site / "again" / file))
            name = file.rsplit("-", 2)[0]
            content = (site / "again" / file / "share" / name / "table.bin").read_bytes()
            assert content == noise(name, PACKAGES[file]), file
    folders = [p.name for p in pkgs.iterdir() if p.is_dir()] if pkgs.exists() else []
    return {"archives": sorted(p for p in PACKAGES if (pkgs / p).exists()), "folders": sorted(folders)}


if __name__ == "__main__":
    main(make, verify)
