"""Keras: files fetched by `get_file` from `file://`, and the weights of a real application."""

import os

os.environ["KERAS_BACKEND"] = "numpy"

import io
import tarfile

from maker import main, noise, put


def archive():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in ["flowers/one.jpg", "flowers/two.jpg"]:
            info = tarfile.TarInfo(name)
            info.size = 20_000
            tar.addfile(info, io.BytesIO(noise(name, 20_000)))
    return out.getvalue()


def fetch(site):
    """Everything that is asked for by address. The addresses work in `make` alone, so `verify` proves the cache."""
    import keras

    url = site.as_uri()
    return {
        "weights": keras.utils.get_file("tiny.weights.h5", f"{url}/tiny.weights.h5", cache_subdir="models"),
        "plain": keras.utils.get_file("words.npz", f"{url}/words.npz"),
        "extracted": keras.utils.get_file("flowers.tgz", f"{url}/flowers.tgz", extract=True),
    }


def small_model():
    import keras

    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def application():
    from keras.src.applications import mobilenet

    return mobilenet


def make(root, home, site):
    import keras

    put(site / "words.npz", noise("w", 30_000))
    put(site / "flowers.tgz", archive())
    small_model().save_weights(site / "tiny.weights.h5")
    got = fetch(site)
    # A real application, with weights that were never trained.
    mobilenet = application()
    made = mobilenet.MobileNet(input_shape=(128, 128, 3), alpha=0.25, weights=None)
    made.save(site / "mobilenet_2_5_128_tf.h5")
    mobilenet.BASE_WEIGHT_PATH = site.as_uri() + "/"
    mobilenet.MobileNet(input_shape=(128, 128, 3), alpha=0.25, weights="imagenet")
    got["keras"] = keras.__version__
    return got


def verify(root, home, site):
    """With an address that has nothing: only what lies in the cache can be returned, or else the library says so."""
    import keras

    missing = []
    # Once they were removed, they are fetched again.
    away = site if (root / "online").exists() else site.with_name("gone")
    got = {}
    for name, ask in {
        "weights": lambda: keras.utils.get_file(
            "tiny.weights.h5", f"{away.as_uri()}/tiny.weights.h5", cache_subdir="models"
        ),
        "plain": lambda: keras.utils.get_file("words.npz", f"{away.as_uri()}/words.npz"),
        "extracted": lambda: keras.utils.get_file("flowers.tgz", f"{away.as_uri()}/flowers.tgz", extract=True),
    }.items():
        try:
            got[name] = ask()
            assert os.path.exists(got[name]), got[name]
        except Exception:
            missing.append(name)
    if "weights" in got:
        small_model().load_weights(got["weights"])
    return {"missing": missing}


main(make, verify)
