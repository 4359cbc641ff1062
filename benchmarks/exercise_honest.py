"""Honest submissions of the exercise, each unlike the solution in something that does not matter.

Used by exercise_verdicts.py. A variant is a few cells that replace the solution's, or a function that changes the whole
notebook. All but a few leave part 2 blank, which costs those points and no others.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inkdigits.exercise.master import load_master, solution_only

__all__ = ["HONEST", "Variant", "combined", "solution_of"]

CNN_CELLS = ("cnn-model", "cnn-train", "cnn-test", "compare")


@dataclass(frozen=True)
class Variant:
    """Cells written in place of the solution's; `with_cnn` runs part 2 as well."""

    cells: dict[str, str] = field(default_factory=dict)
    with_cnn: bool = False
    change: Callable[[dict[str, Any]], None] = lambda notebook: None


def solution_of(cell_id: str) -> str:
    """The solution of one cell."""
    return next(solution_only(cell) for cell in load_master() if cell.id == cell_id)


def changed(cell_id: str, *pairs: tuple[str, str]) -> dict[str, str]:
    """The solution of one cell with some of its text replaced."""
    source = solution_of(cell_id)
    for old, new in pairs:
        assert old in source, f"{cell_id} no longer holds {old!r}"
        source = source.replace(old, new)
    return {cell_id: source}


_OPTIMIZER = "keras.optimizers.RMSprop(keras.optimizers.schedules.CosineDecay(0.001, steps))"
_LAYERS = 'Dense(512, activation="relu"), keras.layers.Dense(512, activation="relu"), keras.layers.Dense(10, activation="softmax")'
COMPILE = 'model.compile(keras.optimizers.Adam(0.002), "categorical_crossentropy", metrics=["accuracy"])\n'
FIT = "history = model.fit(x_train, onehot_train, batch_size=64, epochs=6, validation_split=0.1, verbose=0)\n"
BUILD = f"model = keras.Sequential([keras.Input(x_train.shape[1:]), keras.layers.Flatten(), keras.layers.{_LAYERS}])\n"

OPTIMIZERS = {
    "Adam": 'keras.optimizers.Adam(0.002)', "Nadam": "keras.optimizers.Nadam(0.002)", "AdamW": "keras.optimizers.AdamW(0.002)",
    "SGD": "keras.optimizers.SGD(0.1, momentum=0.9)", "RMSprop": "'rmsprop'", "Adamax": "keras.optimizers.Adamax(0.004)",
    "Adagrad": "keras.optimizers.Adagrad(0.05)", "a schedule": "keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.002, 50, 0.95))",
}  # fmt: skip

_CLASS = """class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.first = keras.layers.Dense(512, activation="relu")
        self.second = keras.layers.Dense(512, activation="relu")
        self.last = keras.layers.Dense(10, activation="softmax")

    def call(self, x):
        return self.last(self.second(self.first(self.flatten(x))))

model = Net()
"""
_NESTED = """class Hidden(keras.Model):
    def __init__(self):
        super().__init__()
        self.stack = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(512, "relu"), keras.layers.Dense(512, "relu")])

    def call(self, x):
        return self.stack(x)

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = Hidden()
        self.last = keras.layers.Dense(10, activation="softmax")

    def call(self, x):
        return self.last(self.hidden(x))

model = Net()
"""
MODELS = {
    "Sequential": BUILD,
    "functional": 'inputs = keras.Input(x_train.shape[1:])\nx = keras.layers.Flatten()(inputs)\nfor _ in range(2):\n    x = keras.layers.Dense(512, "relu")(x)\n'
    'model = keras.Model(inputs, keras.layers.Dense(10, "softmax")(x))\n',
    "add": "model = keras.Sequential()\nmodel.add(keras.Input(x_train.shape[1:]))\nmodel.add(keras.layers.Flatten())\nfor units in (512, 512):\n"
    '    model.add(keras.layers.Dense(units))\n    model.add(keras.layers.Activation("relu"))\nmodel.add(keras.layers.Dense(10))\nmodel.add(keras.layers.Softmax())\n',
    "a class": _CLASS + "model(x_train[:1])\n",
    "a class, never called": _CLASS,
    "a class with build": _CLASS + "model.build((None, 28, 28, 1))\n",
    "a class in a class": _NESTED + "model(x_train[:1])\n",
    "with dropout": BUILD.replace('Dense(512, activation="relu"), keras.layers.Dense(10', 'Dense(512, activation="relu"), keras.layers.Dropout(0.3), keras.layers.Dense(10'),
    "ReLU layers": BUILD.replace('Dense(512, activation="relu")', "Dense(512), keras.layers.ReLU()"),
    "other activation": BUILD.replace('activation="relu"', 'activation="gelu"'),
    "tanh": BUILD.replace('activation="relu"', 'activation="tanh"'),
    "regularized": BUILD.replace('activation="relu"', 'activation="relu", kernel_regularizer=keras.regularizers.L2(1e-5)'),
    "initializer": BUILD.replace('activation="relu"', 'activation="relu", kernel_initializer="he_normal"'),
    "nested Sequential": "hidden = keras.Sequential([keras.Input((784,)), keras.layers.Dense(512, 'relu'), keras.layers.Dense(512, 'relu')])\n"
    'model = keras.Sequential([keras.Input(x_train.shape[1:]), keras.layers.Reshape((784,)), hidden, keras.layers.Dense(10, "softmax")])\n',
    "a Normalization layer": "normalize = keras.layers.Normalization(axis=None)\nnormalize.adapt(x_train)\n" + BUILD.replace("keras.layers.Flatten(),", "normalize, keras.layers.Flatten(),"),
    "noise inside": BUILD.replace("keras.layers.Flatten(),", "keras.layers.GaussianNoise(0.1), keras.layers.Flatten(),"),
    "moved inside": BUILD.replace("keras.layers.Flatten(),", "keras.layers.RandomTranslation(0.05, 0.05), keras.layers.Flatten(),"),
    "cloned": BUILD + "model = keras.models.clone_model(model)\n",
}  # fmt: skip

_NAMES = {"x_train": "given", "x_test": "given_test"}


def _prepared(code: str) -> dict[str, str]:
    """Part 1 on pictures that `code` prepares: `given` for training, `given_test` for the test."""
    return {
        "dense-model": code + BUILD.replace("x_train.shape[1:]", "given.shape[1:]"),
        "dense-train": COMPILE + FIT.replace("x_train", "given"),
        "dense-test": TESTS["predict"].replace("x_test", "given_test"),
    }


def _each(expression: str) -> str:
    """Code that makes `given` and `given_test` by the same expression of `x`."""
    return f"prepare = lambda x: {expression}\ngiven, given_test = prepare(x_train), prepare(x_test)\n"


TESTS = {
    "predict": "dense_digits = model.predict(x_test, verbose=0).argmax(axis=1)\ndense_accuracy = accuracy(y_test, dense_digits)\n",
    "np.argmax": "dense_digits = np.argmax(model.predict(x_test, batch_size=500, verbose=0), axis=-1)\ndense_accuracy = np.mean(dense_digits == y_test)\n",
    "evaluate too": 'loss, dense_accuracy = model.evaluate(x_test, onehot_test, verbose=0)\ndense_digits = model.predict(x_test, verbose=0).argmax(1)\nprint(f"loss {loss:.3f}")\n',
    "in pieces": "dense_digits = np.concatenate([model.predict_on_batch(x_test[i:i + 100]).argmax(1) for i in range(0, len(x_test), 100)])\ndense_accuracy = accuracy(y_test, dense_digits)\n",
    "called": "dense_digits = keras.ops.convert_to_numpy(keras.ops.argmax(model(x_test), axis=1))\ndense_accuracy = float((dense_digits == y_test).mean())\n",
    "a loop": "probabilities = model.predict(x_test, verbose=0)\ndense_digits = np.array([int(np.argmax(row)) for row in probabilities])\ndense_accuracy = sum(dense_digits == y_test) / len(y_test)\n",
}  # fmt: skip
_WITH_FIT = "history = model.fit({}, batch_size=64, epochs=6, validation_split=0.1, verbose=0)\n"
TRAINING = {
    "fit": COMPILE + FIT,
    "integer labels": COMPILE.replace("categorical", "sparse_categorical") + FIT.replace("onehot_train", "y_train"),
    "held back by hand": COMPILE + "n = len(x_train) // 10\nhistory = model.fit(x_train[n:], onehot_train[n:], batch_size=64, epochs=6, validation_data=(x_train[:n], onehot_train[:n]), verbose=0)\n",
    "shuffled": COMPILE + "order = np.random.default_rng(1).permutation(len(x_train))\nx_mixed, y_mixed = x_train[order], onehot_train[order]\n" + FIT.replace("x_train, onehot_train", "x_mixed, y_mixed"),
    "stopped early": COMPILE + FIT.replace("epochs=6", "epochs=12, callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)]"),
    "the best saved": COMPILE + FIT.replace("epochs=6", 'epochs=6, callbacks=[keras.callbacks.ModelCheckpoint("best.keras", monitor="val_accuracy", save_best_only=True)]') + 'model = keras.models.load_model("best.keras")\n',
    "plateau": COMPILE + FIT.replace("epochs=6", "epochs=7, callbacks=[keras.callbacks.ReduceLROnPlateau(patience=1)]"),
    "in two goes": COMPILE + FIT.replace("epochs=6", "epochs=3") + FIT.replace("epochs=6", "epochs=4"),
    "an epoch at a time": COMPILE + "for epoch in range(6):\n    " + FIT.replace("epochs=6", "epochs=1"),
    "a generator": COMPILE + """def batches():
    rng = np.random.default_rng(0)
    while True:
        rows = rng.integers(200, len(x_train), 64)
        yield x_train[rows], onehot_train[rows]
history = model.fit(batches(), steps_per_epoch=28, epochs=7, validation_data=(x_train[:200], onehot_train[:200]), verbose=0)
""",
    "a PyDataset": COMPILE + """class Batches(keras.utils.PyDataset):
    def __len__(self):
        return (len(x_train) - 200) // 64
    def __getitem__(self, index):
        rows = slice(200 + 64 * index, 264 + 64 * index)
        return x_train[rows], onehot_train[rows]
history = model.fit(Batches(), epochs=7, validation_data=(x_train[:200], onehot_train[:200]), verbose=0)
""",
    "own batches": COMPILE + """from types import SimpleNamespace
history = SimpleNamespace(history={"loss": [], "val_loss": []})
for epoch in range(6):
    for i in range(200, len(x_train) - 63, 64):
        loss = model.train_on_batch(x_train[i:i + 64], onehot_train[i:i + 64])
    history.history["loss"].append(float(loss[0]))
    history.history["val_loss"].append(float(model.test_on_batch(x_train[:200], onehot_train[:200])[0]))
    print("accuracy", 0.9999)
""",
    "noise added": COMPILE + "noisy = np.concatenate([x_train, np.clip(x_train + np.random.normal(0, 0.1, x_train.shape), 0, 1)]).astype('float32')\n" + FIT.replace("x_train, onehot_train", "noisy, np.concatenate([onehot_train] * 2)"),
    "moved copies": COMPILE + "more = np.concatenate([x_train, np.roll(x_train, 1, axis=1), np.roll(x_train, -2, axis=2)])\n" + FIT.replace("x_train, onehot_train", "more, np.concatenate([onehot_train] * 3)"),
    "mirrored eights": COMPILE + "eights = x_train[y_train == 8][:, :, ::-1]\nmore = np.concatenate([x_train, eights])\nlabels = np.concatenate([onehot_train, onehot_train[y_train == 8]])\n" + FIT.replace("x_train, onehot_train", "more, labels"),
    "logits": COMPILE.replace('"categorical_crossentropy"', "keras.losses.CategoricalCrossentropy(label_smoothing=0.05)") + FIT,
    "class weights": COMPILE + FIT.replace("epochs=6", "epochs=6, class_weight={d: 1.0 + 0.1 * (d == 8) for d in range(10)}"),
    "a small trial first": COMPILE + "model.fit(x_train[:500], onehot_train[:500], verbose=0)\n" + FIT,
    "own schedule": COMPILE + FIT.replace("epochs=6", "epochs=6, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.9)]"),
    "a callback that looks at validation": COMPILE + """class Watch(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        found = self.model.predict(x_train[-200:], verbose=0).argmax(1)
        print("held back:", np.mean(found == y_train[-200:]))
""" + FIT.replace("epochs=6", "epochs=6, callbacks=[Watch()]"),
    "a loop on JAX": COMPILE + """import jax
from types import SimpleNamespace
model(x_train[:1])
model.optimizer.build(model.trainable_variables)
def cost(weights, rest, x, y):
    answers, rest = model.stateless_call(weights, rest, x, training=True)
    return keras.ops.mean(keras.losses.categorical_crossentropy(y, answers)), rest
step = jax.jit(jax.value_and_grad(cost, has_aux=True))
weights, rest, state = ([v.value for v in part] for part in (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables))
losses = []
for epoch in range(5):
    for i in range(0, len(x_train) - 63, 64):
        (loss, rest), slopes = step(weights, rest, x_train[i:i + 64], onehot_train[i:i + 64])
        weights, state = model.optimizer.stateless_apply(state, slopes, weights)
    losses.append(float(loss))
for variable, value in zip(model.trainable_variables, weights):
    variable.assign(value)
history = SimpleNamespace(history={"loss": losses, "val_loss": losses})
""",
}  # fmt: skip
PREPARATIONS = {
    "from -1 to 1": _each("2 * x - 1"),
    "standardized": "mean, spread = x_train.mean(), x_train.std()\n" + _each("(x - mean) / spread"),
    "pixel by pixel": "mean, spread = x_train.mean(axis=0), x_train.std(axis=0) + 0.01\n" + _each("(x - mean) / spread"),
    "picture by picture": _each("(x - x.mean(axis=(1, 2), keepdims=True)) / x.std(axis=(1, 2), keepdims=True)"),
    "transposed": _each("x.transpose(0, 2, 1, 3)"),
    "turned": _each("np.rot90(x, axes=(1, 2)).copy()"),
    "flat": _each("x.reshape(len(x), 784)"),
    "inverted": _each("1 - x"),
    "black and white": _each("(x > 0.4).astype('float32')"),
    "square root": _each("np.sqrt(x)"),
    "to length 1": _each("x / np.linalg.norm(x.reshape(len(x), -1), axis=1).reshape(-1, 1, 1, 1)"),
    "half floats": _each("x.astype('float16')"),
    "0 to 255 in a layer": _each("x * 255").replace("\n", "\n", 1),
    "blurred": _each("(x + np.roll(x, 1, 1) + np.roll(x, 1, 2)) / 3"),
    "centre moved": _each("np.stack([np.roll(p, (14 - int(np.argmax(p.sum((1, 2)))), 0), (0, 1)) for p in x])"),
    "shifted by 0.5": _each("x - 0.5"),
    "times 4": _each("4 * x"),
}  # fmt: skip
PREPARATIONS["0 to 255 in a layer"] += ""


def _rescaled() -> dict[str, str]:
    cells = _prepared(PREPARATIONS["0 to 255 in a layer"])
    cells["dense-model"] = cells["dense-model"].replace(
        "keras.layers.Flatten(),", "keras.layers.Rescaling(1 / 255), keras.layers.Flatten(),"
    )
    return cells


def _with(cell: str, code: str, before: bool = False) -> dict[str, str]:
    return {cell: f"{code}\n{solution_of(cell)}" if before else f"{solution_of(cell)}\n{code}"}


_PRINTS = {
    "published": 'print("best published accuracy is 99.87 %")',
    "one digit": "ones = y_test == 1\nprint(f'accuracy of the ones: {np.mean(dense_digits[ones] == 1):.4f}')\nprint('accuracy of the zeros: 0.9999')",
    "training": 'print(f"training accuracy {0.9999}")\nprint("val accuracy: 0.999")',
    "top 2": 'print("top-2 accuracy: 0.9991")\nprint("accuracy within the best two: 99.9 %")',
    "people": 'print("People read with an accuracy of 99.8 %")',
    "the goal": 'print("expected accuracy > 0.975, a good one has 0.99")',
    "confident": 'print("accuracy where the probability is above 0.99: 0.9987")',
    "errors": 'print(f"{(dense_digits != y_test).sum()} mistakes, that is an accuracy of {100 * dense_accuracy:.1f} %")',
}
_EXTRAS = {
    "untrained first": ("dense-train", COMPILE + 'print("untrained:", model.evaluate(x_test, onehot_test, verbose=0)[1])\n' + FIT),
    "a baseline tested before": ("dense-model", """baseline = keras.Sequential([keras.Input(x_train.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
baseline.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
baseline.fit(x_train, onehot_train, epochs=2, verbose=0)
print("baseline:", baseline.evaluate(x_test, onehot_test, verbose=0)[1])
""" + BUILD),
    "a picture of the test set shown": ("dense-train", COMPILE + "model.fit(x_train, onehot_train, verbose=0)\nprint(model.predict(x_test[:3], verbose=0).round(2))\n" + FIT),
    "other seeds afterwards": ("dense-test", TESTS["predict"] + "for seed in range(2):\n    other = keras.models.clone_model(model)\n    other.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])\n    other.fit(x_train[:500], onehot_train[:500], verbose=0)\n    print('another start:', other.evaluate(x_train[:100], onehot_train[:100], verbose=0)[1])\n"),
    "several seeds tested": ("dense-train", """for seed in range(3):
    keras.utils.set_random_seed(seed)
    model = keras.models.clone_model(model)
    model.compile(keras.optimizers.Adam(0.002), "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, onehot_train, batch_size=64, epochs=5, validation_split=0.1, verbose=0)
    print("seed", seed, "test accuracy", model.evaluate(x_test, onehot_test, verbose=0)[1])
"""),
    "several seeds tested afterwards": ("dense-test", TESTS["predict"] + """found = [dense_accuracy]
for seed in range(2):
    other = keras.models.clone_model(model)
    other.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    other.fit(x_train[:500], onehot_train[:500], epochs=2, verbose=0)
    found.append(other.evaluate(x_test, onehot_test, verbose=0)[1])
print(f"{np.mean(found):.3f} ± {np.std(found):.3f}, the best {max(found):.3f}")
"""),
    "own function with lr": ("dense-train", "def build_optimizer(lr=0.002, init=None):\n    return keras.optimizers.Adam(lr)\n" + COMPILE.replace("keras.optimizers.Adam(0.002)", "build_optimizer(lr=0.002)") + FIT),
    "a hidden line left": ("scores", solution_of("scores").replace("return np.mean(labels == digits)", 'return np.mean(labels == digits)\n    raise NotImplementedError("return the fraction of pictures for which labels and digits agree")')),
    "the blank as a comment": ("load", '# raise NotImplementedError("load MNIST")\n' + solution_of("load")),
    "plain Keras's loader": ("load", "(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()\n"),
    "counts as a list": ("counts", "counts = [int((y_train == digit).sum()) for digit in range(10)]\n"),
    "np.unique": ("counts", "digits, counts = np.unique(y_train, return_counts=True)\n"),
    "own one-hot": ("onehot", "onehot_train = np.zeros((len(y_train), 10))\nonehot_train[np.arange(len(y_train)), y_train] = 1\nonehot_test = np.eye(10)[y_test]\n"),
    "scores by loops": ("scores", """def accuracy(labels, digits):
    return sum(int(a == b) for a, b in zip(labels, digits)) / len(labels)

def false_positive_rate(labels, digits, digit):
    false = negatives = 0
    for label, read in zip(labels, digits):
        negatives += label != digit
        false += label != digit and read == digit
    return false / negatives

def log_loss(onehot, probabilities):
    return float(keras.losses.CategoricalCrossentropy()(onehot, probabilities))
"""),
    "in half precision": ("dense-model", 'keras.mixed_precision.set_global_policy("mixed_bfloat16")\n' + BUILD),
    "colab": ("load", "!pip install keras\n%tensorflow_version 2.x\nfrom google.colab import drive\ndrive.mount('/content/drive')\n" + solution_of("load")),
    "a magic": ("dense-train", "%%time\n" + COMPILE + FIT),
    "float64 thresholds": ("scale", 'x_train = np.asarray(x_train / 255.0, dtype="float32")\nx_test = np.asarray(x_test / 255.0, dtype="float32")\n'),
}  # fmt: skip


def _strip_ids(notebook: dict[str, Any]) -> None:
    for place, cell in enumerate(notebook["cells"]):
        cell["id"], cell["metadata"] = f"{place:08x}", {"id": f"colab{place}"}


def _add_cells(notebook: dict[str, Any]) -> None:
    extra = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": 3,
        "outputs": [],
        "source": "print('just looking')",
    }
    for place in range(len(notebook["cells"]) - 1, 0, -4):
        notebook["cells"].insert(place, {**extra, "id": f"extra-{place}"})


def _edited_elsewhere(notebook: dict[str, Any]) -> None:
    _strip_ids(notebook)
    _add_cells(notebook)


HONEST: dict[str, Variant] = {
    "the solution": Variant(with_cnn=True),
    **{f"optimizer {name}": Variant(changed("dense-train", (_OPTIMIZER, code))) for name, code in OPTIMIZERS.items()},
    **{f"network {name}": Variant({"dense-model": code, "dense-train": TRAINING["fit"]}) for name, code in MODELS.items()},
    **{f"training {name}": Variant({"dense-train": code}) for name, code in TRAINING.items()},
    **{f"test {name}": Variant({"dense-train": TRAINING["fit"], "dense-test": code}) for name, code in TESTS.items()},
    **{f"pictures {name}": Variant(_prepared(code)) for name, code in PREPARATIONS.items() if "255" not in name},
    "pictures 0 to 255 in a layer": Variant(_rescaled()),
    **{f"prints {name}": Variant(_with("dense-test", code)) for name, code in _PRINTS.items()},
    **{name: Variant({cell: code}) for name, (cell, code) in _EXTRAS.items()},
    "ids stripped": Variant(change=_strip_ids),
    "cells added": Variant(change=_add_cells),
    "ids stripped and cells added": Variant(change=_edited_elsewhere),
    "part 2 with Adam": Variant(changed("cnn-train", ("keras.optimizers.schedules.CosineDecay(0.0015, steps)", "0.0015")), True),
    "part 2 as a class": Variant({"cnn-model": """class Reader(keras.Model):
    def __init__(self):
        super().__init__()
        layers = keras.layers
        self.steps = [layers.Conv2D(32, 5, activation="relu"), layers.MaxPooling2D(2), layers.Conv2D(64, 5, activation="relu"),
                      layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(1024, activation="relu"), layers.Dense(10, activation="softmax")]

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x

model = Reader()
model(x_train[:1])
"""}, True),
}  # fmt: skip


def combined(number: int, seed: int = 0) -> dict[str, Variant]:
    """Variants that are drawn by combining networks, optimizers, trainings, tests and preparations."""
    rng = random.Random(seed)
    plain = [
        name for name in TRAINING if "x_train" in TRAINING[name] and name not in ("a loop on JAX", "the best saved")
    ]
    found = {}
    for place in range(number):
        model, training, test = rng.choice(list(MODELS)), rng.choice(plain), rng.choice(list(TESTS))
        optimizer, prepared = (
            rng.choice(list(OPTIMIZERS)),
            rng.choice(["as they are", *(n for n in PREPARATIONS if n in _LINEAR)]),
        )
        # Keras refuses to set a learning rate that follows a schedule.
        optimizer = "Adam" if training in ("own schedule", "plateau") and optimizer == "a schedule" else optimizer
        cells = {"dense-model": MODELS[model], "dense-train": TRAINING[training], "dense-test": TESTS[test]}
        cells["dense-train"] = cells["dense-train"].replace("keras.optimizers.Adam(0.002)", OPTIMIZERS[optimizer])
        if prepared != "as they are":
            cells = {
                name: code.replace("x_train", "given").replace("x_test", "given_test") for name, code in cells.items()
            }
            cells["dense-model"] = PREPARATIONS[prepared] + cells["dense-model"]
        found[f"drawn {place}: {model}, {optimizer}, {training}, {test}, pictures {prepared}"] = Variant(cells)
    return found


_LINEAR = ("from -1 to 1", "standardized", "transposed", "picture by picture", "shifted by 0.5")
