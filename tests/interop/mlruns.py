"""MLflow in files: two runs with metrics and an artifact, and one that was deleted."""

import os

from maker import main, noise, put


def client(home):
    from mlflow import MlflowClient

    # Newer versions want to be asked for the file store.
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    return MlflowClient(tracking_uri=(home / "project/mlruns").as_uri())


def make(root, home, site):
    c = client(home)
    experiment = c.create_experiment("tiny")
    put(site / "weights.bin", noise("w", 50_000))
    ids = {}
    for name in ["first", "second", "gone"]:
        run = c.create_run(experiment, run_name=name).info.run_id
        for step in range(5):
            c.log_metric(run, "loss", 1.0 / (step + 1), step=step)
        if name != "first":
            c.log_artifact(run, str(site / "weights.bin"))
        c.set_terminated(run)
        ids[name] = run
    c.delete_run(ids["gone"])
    return {"ids": ids, "experiment": experiment, **read(home, experiment)}


def read(home, experiment):
    from mlflow.entities import ViewType

    c = client(home)
    runs = c.search_runs([experiment], run_view_type=ViewType.ALL)
    return {"runs": {r.info.run_name: r.info.lifecycle_stage for r in runs},
            "metrics": {r.info.run_name: len(c.get_metric_history(r.info.run_id, "loss")) for r in runs}}


def verify(root, home, site):
    experiment = client(home).get_experiment_by_name("tiny")
    return read(home, experiment.experiment_id)


main(make, verify)
