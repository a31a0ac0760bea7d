"""huggingface_hub: repositories from a hub on this machine, one of them in two revisions, and how it lists them."""

import json
import os

from maker import main, noise, serve

# Before the library is imported: it reads its addresses once.
FILES = {
    "acme/tiny": {
        "1" * 40: {"config.json": b'{"model_type": "tiny"}', "model.safetensors": noise("a", 90_000)},
        "2" * 40: {"config.json": b'{"model_type": "tiny"}', "model.safetensors": noise("b", 110_000)},
    },
    "acme/words": {"3" * 40: {"data/train.csv": noise("c", 50_000), "README.md": b"# words"}},
}
KIND = {"acme/tiny": "models", "acme/words": "datasets"}


def hub(root, heads, known=None):
    """A hub that knows just enough: what is in a revision, and the files themselves."""
    import hashlib

    pages = {}
    for repo, revisions in FILES.items():
        prefix = "" if KIND[repo] == "models" else "datasets/"
        for name in [*revisions, "main"]:
            commit = heads[repo] if name == "main" else name
            files = revisions[commit]
            rows = []
            for path, body in files.items():
                oid = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
                row = {"type": "file", "oid": oid, "size": len(body), "path": path}
                etag = oid
                if len(body) > 1000:
                    etag = hashlib.sha256(body).hexdigest()
                    row["lfs"] = {"oid": etag, "size": len(body), "pointerSize": 134}
                rows.append(row)

                def file(request, body=body, commit=commit, etag=etag):
                    facts = {"ETag": f'"{etag}"', "X-Repo-Commit": commit}
                    if len(body) > 1000:
                        facts["X-Linked-Etag"], facts["X-Linked-Size"] = f'"{etag}"', str(len(body))
                    request.answer(200, body, facts)

                pages[f"/{prefix}{repo}/resolve/{name}/{path}"] = file
            info = {"id": repo, "sha": commit, "private": False, "gated": False, "downloads": 0, "tags": []}
            info["siblings"] = [
                {"rfilename": p, "size": len(b), "blobId": r["oid"]} for (p, b), r in zip(files.items(), rows)
            ]
            pages[f"/api/{KIND[repo]}/{repo}/revision/{name}"] = json.dumps(info).encode()
            pages[f"/api/{KIND[repo]}/{repo}/tree/{name}"] = json.dumps(rows).encode()
    if known:
        known.pages.update(pages)
        return known
    server = serve(root, pages)
    os.environ.update(
        HF_ENDPOINT=server.url, HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1"
    )
    return server


def listing():
    from huggingface_hub import scan_cache_dir

    cache = scan_cache_dir()
    assert not cache.warnings, cache.warnings
    return {
        "size": cache.size_on_disk,
        "repos": {
            f"{r.repo_type} {r.repo_id}": {
                "size": r.size_on_disk,
                "revisions": {
                    v.commit_hash: {
                        "refs": sorted(v.refs),
                        "frees": cache.delete_revisions(v.commit_hash).expected_freed_size,
                    }
                    for v in r.revisions
                },
            }
            for r in cache.repos
        },
    }


def make(root, home, site):
    heads = {"acme/tiny": "1" * 40, "acme/words": "3" * 40}
    server = hub(root, heads)
    from huggingface_hub import hf_hub_download, snapshot_download

    snapshot_download("acme/tiny")
    # The branch moves on, and is fetched again.
    heads["acme/tiny"] = "2" * 40
    hub(root, heads, server)
    snapshot_download("acme/tiny")
    hf_hub_download("acme/words", "data/train.csv", repo_type="dataset")
    return listing()


def verify(root, home, site):
    """Without the hub first: what is there must load from the disk alone."""
    heads = {"acme/tiny": "2" * 40, "acme/words": "3" * 40}
    server = hub(root, heads)
    from huggingface_hub import snapshot_download

    offline = {}
    for repo, kind in KIND.items():
        try:
            snapshot_download(repo, repo_type=kind[:-1], local_files_only=True)
            offline[repo] = True
        except Exception as e:  # The library has an exception of its own for each way of not being there.
            offline[repo] = type(e).__name__
    before = listing() if (home / ".cache/huggingface/hub").exists() else None
    assert not any("/resolve/" in path for path in server.seen), server.seen
    path = snapshot_download("acme/tiny")
    with open(os.path.join(path, "model.safetensors"), "rb") as f:
        assert f.read() == FILES["acme/tiny"]["2" * 40]["model.safetensors"]
    fetched = [p for p in server.seen if "/resolve/" in p]
    return {"offline": offline, "before": before, "fetched": len(fetched), "after": listing()}


def prune(root, home, site):
    """What `hf cache prune` does: revisions without a name go, with all that nobody else needs."""
    from huggingface_hub import scan_cache_dir

    cache = scan_cache_dir()
    unnamed = [v.commit_hash for repo in cache.repos for v in repo.revisions if not v.refs]
    cache.delete_revisions(*unnamed).execute()
    return {**listing(), "pruned": unnamed}


def listed(root, home, site):
    """What the library sees, and that it loads all of it without the hub."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import snapshot_download

    for repo, revisions in FILES.items():
        for revision in revisions:
            if KIND[repo] == "models":
                path = snapshot_download(repo, revision=revision)
                for name, body in revisions[revision].items():
                    assert open(os.path.join(path, name), "rb").read() == body
    return listing()


main(make, verify, prune=prune, listed=listed)
