"""TensorFlow Datasets without TensorFlow: a dataset it wrote itself, and a newer version whose writing was stopped."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from maker import die, main, torn


def builder(version):
    import numpy
    import tensorflow_datasets as tfds

    class TinyNumbers(tfds.core.GeneratorBasedBuilder):
        """Numbers, and their labels."""

        VERSION = tfds.core.Version(version)

        def _info(self):
            features = {"x": tfds.features.Tensor(shape=(64,), dtype=numpy.float32), "label": numpy.int64}
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples(200), "test": self._generate_examples(20)}

        def _generate_examples(self, n):
            for i in range(n):
                if os.environ.get("TORN") and i == 100:
                    die()
                yield i, {"x": numpy.full(64, i, numpy.float32), "label": i}

    return TinyNumbers(file_format="array_record")


def make(root, home, site):
    builder("1.0.0").download_and_prepare()
    torn("stop", root)
    return read(home)


def stop(root, home, site):
    """Prepares the newer version and dies half-way."""
    os.environ["TORN"] = "1"
    builder("1.1.0").download_and_prepare()


def read(home):
    import tensorflow_datasets as tfds

    rows = {}
    for folder in sorted((home / "tensorflow_datasets").glob("*/*")):
        if not (folder / "dataset_info.json").exists():
            continue
        b = tfds.builder_from_directory(folder)
        source = b.as_data_source("train")
        assert int(source[3]["label"]) >= 0
        rows[f"{b.info.name} {b.info.version}"] = {"train": len(source), "size": b.info.dataset_size.real}
    return {"datasets": rows}


def verify(root, home, site):
    """Loads what is there, and prepares again what is not."""
    before = read(home)
    builder("1.1.0").download_and_prepare()
    return {"before": before, "after": read(home)}


main(make, verify, stop=stop)
