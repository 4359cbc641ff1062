"""The exercise's network by stock Keras `fit`, on the backend that KERAS_BACKEND names. Prints until_good.py's line.

python keras_fit.py NETWORK OPTIMIZER MNIST.NPZ TARGET STARTED
"""

import sys

import keras
import numpy as np
from keras import layers
from until_good import BATCH_SIZE, until_good


def build(network):
    """The untrained network."""
    first = [keras.Input((28, 28, 1))]
    if network == "dense":
        hidden = [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(512, activation="relu")]
    else:
        hidden = [
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
        ]
    return keras.Sequential([*first, *hidden, layers.Dense(10, activation="softmax")])


def main():
    """Train it as the command line says."""
    network, optimizer, path, target, started = sys.argv[1:]
    with np.load(path) as data:
        x_train, x_test = (data[name].astype(np.float32)[..., None] / 255 for name in ("x_train", "x_test"))
        y_train, y_test = (keras.utils.to_categorical(data[name], 10) for name in ("y_train", "y_test"))
    model = build(network)
    chosen = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}[optimizer](1e-3)
    model.compile(chosen, "categorical_crossentropy", metrics=["accuracy"])
    until_good(
        lambda: model.fit(x_train, y_train, batch_size=BATCH_SIZE, verbose=0),
        lambda: np.mean(model.predict(x_test, batch_size=1000, verbose=0).argmax(1) == y_test.argmax(1)),
        target,
        started,
        len(x_train),
    )


main()
