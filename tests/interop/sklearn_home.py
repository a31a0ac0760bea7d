"""scikit-learn: a data set of its own, from a server on this machine."""

import hashlib
import io
import tarfile

from maker import main, serve


def archive():
    row = "{},{},{},1000,200,500,190,3.5,{}\n"
    rows = "".join(row.format(-120 - i / 1000, 35 + i / 1000, i % 50, 100000 + i) for i in range(2000))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        info = tarfile.TarInfo("CaliforniaHousing/cal_housing.data")
        info.size, info.mtime = len(rows), 0
        tar.addfile(info, io.BytesIO(rows.encode()))
    return out.getvalue()


def fetch(root):
    from sklearn.datasets import _california_housing as housing
    from sklearn.datasets import get_data_home

    content = archive()
    server = serve(root, {"/cal_housing.tgz": content})
    housing.ARCHIVE = housing.RemoteFileMetadata(
        filename="cal_housing.tgz", url=f"{server.url}/cal_housing.tgz", checksum=hashlib.sha256(content).hexdigest()
    )
    data = housing.fetch_california_housing()
    return {"rows": len(data.data), "fetched": len(server.seen), "home": get_data_home()}


def make(root, home, site):
    return fetch(root)


def verify(root, home, site):
    return fetch(root)


main(make, verify)
