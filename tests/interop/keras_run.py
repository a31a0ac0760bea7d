"""Keras: what a training run keeps with `ModelCheckpoint` and `BackupAndRestore`."""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

from maker import main


def small_model():
    import keras

    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def train(run, model):
    import keras
    import numpy

    x, y = numpy.ones((16, 4)), numpy.ones((16, 1))
    callbacks = [
        keras.callbacks.ModelCheckpoint(str(run / "model-{epoch:02d}-{loss:.2f}.keras")),
        keras.callbacks.ModelCheckpoint(str(run / "best.weights.h5"), save_weights_only=True),
        keras.callbacks.BackupAndRestore(str(run / "backup"), delete_checkpoint=False),
    ]
    return model.fit(x, y, epochs=3, verbose=0, callbacks=callbacks)


def make(root, home, site):
    run = home / "runs/first"
    run.mkdir(parents=True)
    return {"epochs": train(run, small_model()).epoch}


def verify(root, home, site):
    """Every model loads, the best weights load, and the run goes on where it stopped: nothing is left to train."""
    import keras

    run = home / "runs/first"
    models = sorted(p.name for p in run.glob("model-*.keras"))
    for name in models:
        keras.models.load_model(run / name)
    small_model().load_weights(run / "best.weights.h5")
    return {"models": models, "resumed": train(run, small_model()).epoch}


main(make, verify)
