"""datasets: a table of one's own made into Arrow files, a filtered copy of it in the cache, and a download."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

from maker import main, put


def table(rows):
    return "text,label\n" + "".join(f"line number {i} of some text,{i % 5}\n" for i in range(rows))


def even(row):
    return row["label"] % 2 == 0


def load(site):
    from datasets import load_dataset

    return load_dataset("csv", data_files={"train": str(site / "table.csv")}, split="train")


def make(root, home, site):
    put(site / "table.csv", table(5000))
    data = load(site)
    kept = data.filter(even)
    return {
        "rows": len(data),
        "kept": len(kept),
        "files": [f["filename"] for f in data.cache_files + kept.cache_files],
    }


def verify(root, home, site):
    data = load(site)
    kept = data.filter(even)
    assert data[4999]["label"] == 4
    return {"rows": len(data), "kept": len(kept), "files": [f["filename"] for f in data.cache_files]}


main(make, verify)
