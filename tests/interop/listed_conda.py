"""An environment by rattler, and made again from nothing but the list mldu wrote of it."""

import asyncio

from maker import main
from rattler_env import channel, install, installed


def make(root, home, site):
    server = channel(root, site)
    prefix = home / "work/net/env"
    asyncio.run(install(server, home / ".cache/rattler/cache", prefix, ["tiny-net", "words"]))
    import rattler

    records = [rattler.PrefixRecord.from_path(p) for p in (prefix / "conda-meta").glob("*.json")]
    return {"installed": installed(prefix), "known": sorted([r.url, r.md5.hex()] for r in records)}


async def again(server, cache, prefix, spec):
    """Installs exactly the files the list names, whatever else the channel has."""
    import rattler

    gateway = rattler.Gateway(cache_dir=cache / "repodata")
    found = await gateway.query([rattler.Channel(server.url)], ["noarch"], ["tiny-net", "words"], recursive=False)
    wanted = {p.url.split("#")[0] for p in spec.packages}
    records = [r for some in found for r in some if r.url in wanted]
    assert len(records) == len(wanted)
    await rattler.install(records, prefix, cache_dir=cache / "pkgs")


def verify(root, home, site):
    from rattler.explicit_environment import ExplicitEnvironmentSpec

    prefix = home / "work/net/env"
    assert not prefix.exists()
    [path] = (home / ".local/state/mldu/environments").glob("*-explicit.txt")
    spec = ExplicitEnvironmentSpec.from_path(path)
    server = channel(root, site)
    asyncio.run(again(server, home / ".cache/rattler/cache", prefix, spec))
    listed = sorted(p.url.split("#") for p in spec.packages)
    return {"installed": installed(prefix), "listed": listed, "platform": str(spec.platform)}


main(make, verify)
