"""The dense network as scikit-learn's `MLPClassifier`, an epoch at a time. Prints until_good.py's line.

python scikit_mlp.py dense adam MNIST.NPZ TARGET STARTED
"""

import sys

import numpy as np
from sklearn.neural_network import MLPClassifier
from until_good import BATCH_SIZE, until_good


def main():
    """Train it as the command line says."""
    _, _, path, target, started = sys.argv[1:]
    with np.load(path) as data:
        x_train, x_test = (data[n].astype(np.float32).reshape(-1, 784) / 255 for n in ("x_train", "x_test"))
        y_train, y_test = data["y_train"], data["y_test"]
    model = MLPClassifier((512, 512), batch_size=BATCH_SIZE, learning_rate_init=1e-3)
    until_good(
        lambda: model.partial_fit(x_train, y_train, np.arange(10)),
        lambda: np.mean(model.predict(x_test) == y_test),
        target,
        started,
        len(x_train),
    )


main()
