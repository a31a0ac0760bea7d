"""kagglehub: a model and a dataset from a Kaggle on this machine."""

import io
import json
import os
import zipfile

os.environ["KAGGLE_API_ENVIRONMENT"] = "TEST"
os.environ["DISABLE_COLAB_CACHE"] = "true"

from maker import main, noise, serve


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


MODEL = {"config.json": b"{}", "model.weights.h5": noise("k", 80_000)}
DATASET = {"train.csv": b"a,b\n" * 10_000}


def kaggle(root):
    """The few questions a download asks. Files of a model come one by one, a dataset as an archive."""
    model, dataset = "/api/v1/models.ModelApiService", "/api/v1/datasets.DatasetApiService"
    made = "2025-02-01T10:00:00Z"
    rows = [{"name": name, "size": len(content), "creationDate": made} for name, content in MODEL.items()]
    listing = json.dumps({"files": rows, "nextPageToken": ""}).encode()

    def download(request):
        asked = json.loads(request.body)
        request.answer(200, MODEL[asked["path"]], {"Content-Type": "application/octet-stream"})

    def archive(request):
        request.answer(200, zipped(DATASET), {"Content-Type": "application/zip"})

    def files(request):
        request.answer(200, listing, {"Content-Type": "application/json"})

    server = serve(
        root,
        {
            f"{model}/ListModelInstanceVersionFiles": files,
            f"{model}/DownloadModelInstanceVersion": download,
            f"{dataset}/DownloadDataset": archive,
        },
    )
    from kagglesdk import kaggle_env

    kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.TEST] = server.url
    return server


def ask(root, server):
    import kagglehub

    model = kagglehub.model_download("acme/tiny/keras/base/2")
    data = kagglehub.dataset_download("acme/words/versions/3")
    assert sorted(os.listdir(model)) == sorted(MODEL), os.listdir(model)
    assert os.listdir(data) == ["train.csv"]
    asked = [p.rsplit("/", 1)[1] for p in server.seen]
    return {"model": model, "dataset": data, "downloads": sum(a.startswith("Download") for a in asked)}


def make(root, home, site):
    return ask(root, kaggle(root))


def verify(root, home, site):
    return ask(root, kaggle(root))


main(make, verify)
