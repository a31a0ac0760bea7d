"""wandb without a network: three runs, one with a file, one marked as uploaded later."""

import os
import re
import subprocess
import sys

os.environ["WANDB_MODE"] = "offline"
os.environ["WANDB_SILENT"] = "true"

from maker import main, noise, put


def make(root, home, site):
    import wandb

    project = home / "project"
    project.mkdir()
    os.chdir(project)
    names = {}
    for name in ["first", "second", "third"]:
        with wandb.init(project="tiny", name=name, config={"lr": 0.1}) as run:
            for step in range(20):
                run.log({"loss": 1.0 / (step + 1)})
            if name == "second":
                artifact = wandb.Artifact("weights", type="model")
                put(site / "weights.bin", noise("w", 50_000))
                artifact.add_file(str(site / "weights.bin"))
                run.log_artifact(artifact)
            names[name] = run.id
    # As `wandb sync` marks a run that it has uploaded.
    done = next((project / "wandb").glob(f"*/run-{names['third']}.wandb"))
    put(f"{done}.synced", "")
    dates = {p.name[-8:]: p.name[12:27] for p in (project / "wandb").glob("offline-run-*")}
    return {"ids": names, "dates": {name: dates[run] for name, run in names.items()}, **read(home)}


def read(home):
    """Which runs wandb itself says were never uploaded, and the beginning of each one's record."""
    out = subprocess.run(
        [sys.executable, "-m", "wandb", "sync", "--dry-run"],
        cwd=home / "project",
        env={k: v for k, v in os.environ.items() if k != "WANDB_SILENT"},
        capture_output=True,
        text=True,
    )
    assert out.returncode == 0, out.stderr
    said = out.stdout + out.stderr
    runs = sorted(set(re.findall(r"run-([a-z0-9]{8})\.wandb", said)))
    for file in (home / "project/wandb").glob("*run-*/run-*.wandb"):
        assert file.read_bytes()[:4] == b":W&B", file
    return {"unsynced": runs}


def verify(root, home, site):
    """The runs are whole and could still be uploaded; and another one can be made."""
    before = read(home)
    import wandb

    os.chdir(home / "project")
    with wandb.init(project="tiny", name="fourth") as run:
        run.log({"loss": 0.0})
    return before


main(make, verify)
