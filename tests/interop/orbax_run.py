"""Orbax: a checkpoint manager that kept three steps, and a step that was being written when the machine went down."""

import os

os.environ["JAX_PLATFORMS"] = "cpu"

from maker import die, main, torn


def manager(folder):
    import orbax.checkpoint as ocp

    return ocp.CheckpointManager(folder, options=ocp.CheckpointManagerOptions(max_to_keep=3, create=True))


def make(root, home, site):
    import numpy
    import orbax.checkpoint as ocp

    folder = home / "runs/orbax"
    with manager(folder) as m:
        for step in [10, 20, 30, 40]:
            tree = {"w": numpy.full((128, 256), step, "float32"), "step": step}
            m.save(step, args=ocp.args.StandardSave(tree), metrics={"loss": 1.0 / step})
        m.wait_until_finished()
        steps = m.all_steps()
    torn("stop", root)
    return {"steps": list(steps), "left": sorted(p.name for p in folder.iterdir())}


def stop(root, home, site):
    """Saves one more step and dies before it is finished."""
    import numpy
    import orbax.checkpoint as ocp
    from orbax.checkpoint._src.path import atomicity

    for name in ["AtomicRenameTemporaryPath", "CommitFileTemporaryPath"]:
        getattr(atomicity, name).finalize = die
    with manager(home / "runs/orbax") as m:
        m.save(50, args=ocp.args.StandardSave({"w": numpy.zeros((128, 256), "float32")}))
        m.wait_until_finished()


def verify(root, home, site):
    import orbax.checkpoint as ocp

    with manager(home / "runs/orbax") as m:
        steps = list(m.all_steps())
        values = {s: float(m.restore(s, args=ocp.args.StandardRestore())["w"][0][0]) for s in steps}
    assert all(values[s] == s for s in steps), values
    return {"steps": steps}


main(make, verify, stop=stop)
