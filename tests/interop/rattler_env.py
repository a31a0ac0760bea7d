"""py-rattler: a channel on this machine, a solved and installed environment, and the caches this leaves."""

import asyncio
import os
import shutil

from conda_pkgs import build
from maker import main, put, serve


def channel(root, site):
    """Two packages in a channel, indexed by rattler, given out by a server."""
    folder = site / "channel"
    if not folder.exists():
        from rattler.index import index_fs

        for file, size in {"tiny-net-1.0-0.conda": 60_000, "words-2.0-h1_0.tar.bz2": 90_000}.items():
            built = build(site, file, size)
            (folder / "noarch").mkdir(parents=True, exist_ok=True)
            os.replace(built, folder / "noarch" / file)
        asyncio.run(index_fs(folder, write_zst=False, write_shards=False))
    pages = {"/" + str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return serve(root, pages)


async def install(server, cache, prefix, specs):
    import rattler

    gateway = rattler.Gateway(cache_dir=cache / "repodata")
    records = await rattler.solve([rattler.Channel(server.url)], specs, gateway, platforms=["noarch"])
    await rattler.install(records, prefix, cache_dir=cache / "pkgs")
    return sorted(f"{r.name.normalized} {r.version}" for r in records)


def installed(prefix):
    import rattler

    records = [rattler.PrefixRecord.from_path(p) for p in (prefix / "conda-meta").glob("*.json")]
    return sorted(f"{r.name.normalized} {r.version}" for r in records)


def make(root, home, site):
    server = channel(root, site)
    cache = home / ".cache/rattler/cache"
    prefix = home / "work/net/env"
    solved = asyncio.run(install(server, cache, prefix, ["tiny-net", "words"]))
    return {"solved": solved, "installed": installed(prefix)}


def verify(root, home, site):
    """The environment is whole; another is installed out of the cache, or over the server again."""
    from conda_pkgs import PACKAGES
    from maker import noise

    prefix = home / "work/net/env"
    said = installed(prefix) if prefix.exists() else None
    if said:
        for name, size in [("tiny-net", 60_000), ("words", 90_000)]:
            assert (prefix / "share" / name / "table.bin").read_bytes() == noise(name, size)
    server = channel(root, site)
    asyncio.run(install(server, home / ".cache/rattler/cache", root / "again", ["tiny-net", "words"]))
    assert installed(root / "again") == ["tiny-net 1.0", "words 2.0"]
    # Its links would be further names of what the cache holds.
    shutil.rmtree(root / "again")
    fetched = [os.path.basename(p) for p in server.seen if p.endswith((".conda", ".tar.bz2"))]
    return {"installed": said, "fetched": sorted(set(fetched))}


if __name__ == "__main__":
    main(make, verify)
