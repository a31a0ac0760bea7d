"""Hydra: the folders of two runs and of a sweep of one program."""

import subprocess
import sys

from maker import main, put

APP = '''
import hydra


@hydra.main(version_base=None, config_path=None)
def train(config):
    with open("result.txt", "w") as f:
        f.write(str(config))


train()
'''


def run(home, *args):
    script = put(home / "project/train.py", APP)
    command = [sys.executable, str(script), *args, "hydra.job.chdir=true"]
    done = subprocess.run(command, cwd=home / "project", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def make(root, home, site):
    run(home, "+lr=0.1", "hydra.run.dir=outputs/2026-01-01/10-00-00")
    run(home, "+lr=0.2", "hydra.run.dir=outputs/2026-01-01/11-00-00")
    run(home, "--multirun", "+lr=0.1,0.2", "hydra.sweep.dir=multirun/2026-01-02/10-00-00")
    return read(home)


def read(home):
    """The settings of each run, by the library that wrote them."""
    from omegaconf import OmegaConf

    said = {}
    for file in sorted((home / "project").glob("*/*/*/**/.hydra/config.yaml")):
        said[str(file.parent.parent.relative_to(home / "project"))] = OmegaConf.load(file).lr
    return {"runs": said}


def verify(root, home, site):
    before = read(home)
    run(home, "+lr=0.3", "hydra.run.dir=outputs/2026-01-03/10-00-00")
    return before


main(make, verify)
