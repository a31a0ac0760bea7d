"""TensorBoard event files: two runs of one experiment by tensorboardX, and an older one by TensorBoard's own writer."""

from maker import main


def make(root, home, site):
    from tensorboard.summary import Writer
    from tensorboardX import SummaryWriter

    logs = home / "project/logs"
    for run in ["lr_0.1", "lr_0.01"]:
        with SummaryWriter(str(logs / run)) as writer:
            for step in range(200):
                writer.add_scalar("loss", 1.0 / (step + 1), step)
            writer.add_histogram("weights", [float(i) for i in range(500)], 0)
    writer = Writer(str(logs / "old"))
    writer.add_scalar("loss", 0.5, 1)
    writer.close()
    return read(logs)


def read(logs):
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    runs = EventMultiplexer().AddRunsFromDirectory(str(logs))
    runs.Reload()
    return {"runs": {name: len(runs.Tensors(name, "loss") if "loss" in tags["tensors"] else runs.Scalars(name, "loss"))
                     for name, tags in runs.Runs().items()}}


def verify(root, home, site):
    return read(home / "project/logs")


main(make, verify)
