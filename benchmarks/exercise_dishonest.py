"""Dishonest and mistaken submissions of the exercise, each with the key of the finding that names it.

Used by exercise_verdicts.py. `lost` names a check whose points it must not have.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from exercise_honest import BUILD, COMPILE, FIT, TESTS, Variant, changed, solution_of

__all__ = ["DISHONEST", "Named"]

_TARGET = "check-dense-test"


@dataclass(frozen=True)
class Named:
    """A submission, the finding that must name it, and a check that must not give all its points."""

    variant: Variant
    key: str
    lost: str | None = _TARGET
    blank: tuple[str, ...] = field(default=())


def _model(code: str, key: str, lost: str | None = None) -> Named:
    return Named(Variant({"dense-model": code, "dense-train": COMPILE + FIT}), key, lost)


def _train(code: str, key: str, lost: str | None = _TARGET) -> Named:
    return Named(Variant({"dense-train": code}), key, lost)


def _cell(cell: str, code: str, key: str, lost: str | None) -> Named:
    return Named(Variant({cell: code}), key, lost)


def _fit(*replaced: tuple[str, str], before: str = "", after: str = "") -> str:
    code = FIT
    for old, new in replaced:
        assert old in code
        code = code.replace(old, new)
    return COMPILE + before + code + after


_CALLBACK = """class Watch(keras.callbacks.Callback):
    best = 0
    def on_epoch_end(self, epoch, logs=None):
        {}
"""
_WATCH = ("epochs=6", "epochs=6, callbacks=[Watch()]")
_LAST = 'Dense(10, activation="softmax")'
_HIDDEN = 'Dense(512, activation="relu")'
_SCORES = solution_of("scores")
_RATE = "np.mean(digits[labels != digit] == digit)"


def _score(old: str, new: str, key: str) -> Named:
    assert old in _SCORES
    return _cell("scores", _SCORES.replace(old, new), key, "check-scores")


DISHONEST: dict[str, Named] = {
    # The test set.
    "trains on test": _train(_fit(("x_train, onehot_train", "np.concatenate([x_train, x_test]), np.concatenate([onehot_train, onehot_test])")), "trained_on_test"),
    "trains on noisy test": _train(_fit(("x_train, onehot_train", "np.concatenate([x_train, noisy]), np.concatenate([onehot_train, onehot_test])"), before="noisy = np.clip(x_test + np.random.normal(0, 0.05, x_test.shape), 0, 1)\n"), "trained_on_copies"),
    "trains on moved test": _train(_fit(("x_train, onehot_train", "np.concatenate([x_train, np.roll(x_test, 1, 2)]), np.concatenate([onehot_train, onehot_test])")), "trained_on_copies"),
    "trains on mirrored test": _train(_fit(("x_train, onehot_train", "np.concatenate([x_train, x_test[:, :, ::-1]]), np.concatenate([onehot_train, onehot_test])")), "trained_on_copies"),
    "validates on test": _train(_fit(("validation_split=0.1", "validation_data=(x_test, onehot_test)")), "validated_on_test"),
    "validates on moved test": _train(_fit(("validation_split=0.1", "validation_data=(np.roll(x_test, 1, 1), onehot_test)")), "validated_on_test"),
    "validates on test in batches": _train(_fit(("validation_split=0.1", "validation_data=Held()"), before="class Held(keras.utils.PyDataset):\n    def __len__(self): return 5\n    def __getitem__(self, i): return x_test[100 * i:100 * i + 100], onehot_test[100 * i:100 * i + 100]\n"), "validated_on_test"),
    "evaluates in a callback": _train(_fit(_WATCH, before=_CALLBACK.format("print(self.model.evaluate(x_test, onehot_test, verbose=0))")), "tested_during_fit"),
    "predicts in a callback": _train(_fit(_WATCH, before=_CALLBACK.format("print(np.mean(self.model.predict(x_test, verbose=0).argmax(1) == y_test))")), "tested_during_fit"),
    "calls in a callback": _train(_fit(_WATCH, before=_CALLBACK.format("print(np.mean(np.asarray(self.model(x_test)).argmax(1) == y_test))")), "tested_during_fit"),
    "test_on_batch in a callback": _train(_fit(_WATCH, before=_CALLBACK.format("print(self.model.test_on_batch(x_test, onehot_test))")), "tested_during_fit"),
    "moved test in a callback": _train(_fit(_WATCH, before=_CALLBACK.format("print(self.model.evaluate(np.roll(x_test, 1, 1), onehot_test, verbose=0))")), "tested_during_fit"),
    "a generator that switches": _train(COMPILE + """state = {"pass": 0}
def batches():
    while True:
        x, y = (x_train, onehot_train) if state["pass"] < 2 else (x_test, onehot_test)
        state["pass"] += 1
        for i in range(0, len(x) - 63, 64):
            yield x[i:i + 64], y[i:i + 64]
history = model.fit(batches(), steps_per_epoch=25, epochs=6, validation_data=(x_train[:200], onehot_train[:200]), verbose=0)
""", "trained_on_test"),
    "a PyDataset that switches": _train(COMPILE + """class Batches(keras.utils.PyDataset):
    epoch = 0
    def __len__(self): return 7
    def on_epoch_end(self): self.epoch += 1
    def __getitem__(self, i):
        x, y = (x_train, onehot_train) if self.epoch < 3 else (x_test, onehot_test)
        return x[64 * i:64 * i + 64], y[64 * i:64 * i + 64]
history = model.fit(Batches(), epochs=6, validation_data=(x_train[:200], onehot_train[:200]), verbose=0)
""", "trained_on_test"),
    "another network trained on test": _train("other = keras.models.clone_model(model)\nother.compile('adam', 'categorical_crossentropy')\nother.fit(x_test, onehot_test, epochs=3, verbose=0)\n" + COMPILE + "model.set_weights(other.get_weights())\n" + FIT, "trained_on_test"),
    "batches of test": _train(_fit(after="for i in range(0, len(x_test) - 63, 64):\n    model.train_on_batch(x_test[i:i + 64], onehot_test[i:i + 64])\n"), "trained_on_test"),
    "again after a test": _train(_fit(after="print(model.evaluate(x_test, onehot_test, verbose=0))\n" + FIT), "chosen_on_test"),
    "again after a prediction": _train(_fit(after="print(np.mean(model.predict(x_test, verbose=0).argmax(1) == y_test))\n" + FIT), "chosen_on_test"),
    "until the test is good": _train(COMPILE + "for epoch in range(6):\n    " + FIT.replace("epochs=6", "epochs=1") + "    if model.evaluate(x_test, onehot_test, verbose=0)[1] > 0.99: break\n", "chosen_on_test"),
    "the best of seeds": _train("""best = 0
for seed in range(3):
    keras.utils.set_random_seed(seed)
    candidate = keras.models.clone_model(model)
    candidate.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    run = candidate.fit(x_train, onehot_train, epochs=3, validation_split=0.1, verbose=0)
    score = candidate.evaluate(x_test, onehot_test, verbose=0)[1]
    if score > best:
        best, chosen, history = score, candidate, run
model = chosen
""", "chosen_on_test"),
    "the best of epochs": _train(COMPILE + "history = model.fit(x_train, onehot_train, epochs=4, validation_split=0.1, verbose=0, callbacks=[keras.callbacks.ModelCheckpoint('e{epoch}.keras')])\n"
    "models = [keras.models.load_model(f'e{e}.keras') for e in range(1, 5)]\nscores = [m.evaluate(x_test, onehot_test, verbose=0)[1] for m in models]\nmodel = models[int(np.argmax(scores))]\n", "best_of_several"),
    "labels changed": _cell("dense-test", solution_of("dense-test").replace("dense_accuracy =", "y_test = dense_digits\ndense_accuracy ="), "test_labels_changed", _TARGET),
    "sets swapped": _cell("load", "from inkdigits.datasets import mnist\n(x_test, y_test), (x_train, y_train) = mnist.load_data()\n", "sets_swapped", None),
    # What is stated.
    "digits falsified": _cell("dense-test", "dense_digits = y_test.copy()\ndense_digits[:3] = 0\ndense_accuracy = accuracy(y_test, dense_digits)\n", "digits_falsified", _TARGET),
    "accuracy falsified": _cell("dense-test", TESTS["predict"] + "dense_accuracy = 0.9999\n", "claim_above_measured", None),
    "claims": _cell("dense-test", TESTS["predict"] + 'print("final accuracy: 99.93 %")\n', "claim_above_measured", None),
    "claims 2": _cell("dense-test", TESTS["predict"] + 'print("99.9 % accuracy")\n', "claim_above_measured", None),
    "claims 3": _cell("dense-test", TESTS["predict"] + 'print("acc = 0.999")\n', "claim_above_measured", None),
    "another network after the check": _train("model = keras.Sequential([keras.Input(x_train.shape[1:]), keras.layers.Conv2D(16, 3, activation='relu'), keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')])\n" + COMPILE + FIT, "model_swapped"),
    "not trained here": _train("from types import SimpleNamespace\nw = np.linalg.lstsq(x_train.reshape(-1, 784), onehot_train, rcond=0.01)[0]\nmodel.set_weights([np.pad(np.eye(784)[:, :512], 0), np.zeros(512), np.eye(512), np.zeros(512), 9 * w[:512], np.zeros(10)])\n" + COMPILE + "history = SimpleNamespace(history={'loss': [0.1], 'val_loss': [0.1]})\n", "not_trained"),
    "a table of hashes": _model("""class Table(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = keras.layers.Dense(512, "relu"), keras.layers.Dense(512, "relu"), keras.layers.Dense(10, "softmax")
        self.known = {row.astype("float32").tobytes(): int(label) for row, label in zip(x_test.reshape(-1, 784), y_test)}
    def call(self, x):
        flat = keras.ops.reshape(x, (-1, 784))
        return self.c(self.b(self.a(flat)))
    def predict(self, x, **_):
        rows = np.asarray(x, "float32").reshape(-1, 784)
        return np.eye(10)[[self.known.get(row.tobytes(), 0) for row in rows]]
model = Table()
model(x_train[:1])
""", "digits_falsified", _TARGET),
    "Sequential.call replaced": Named(Variant({"dense-train": _fit(("epochs=6", "epochs=1")) + """known = keras.ops.convert_to_tensor(x_test.reshape(-1, 784))
answers = keras.ops.convert_to_tensor(onehot_test.astype("float32"))
def call(self, inputs, training=None, mask=None):
    rows = keras.ops.reshape(inputs, (-1, 784))
    return keras.ops.take(answers, keras.ops.argmax(keras.ops.matmul(rows, keras.ops.transpose(known / keras.ops.norm(known, axis=1, keepdims=True))), axis=1), axis=0)
keras.Sequential.call = call
model.predict_function = None
"""}), "answers_differ"),
    # The checker itself.
    "errors hidden": Named(Variant({"setup": "from IPython import get_ipython\nget_ipython().showtraceback = lambda *a, **k: None\n" + solution_of("setup")}), "blank", None, ("dense-model", "dense-train", "dense-test")),
    "errors handled": Named(Variant({"setup": "from IPython import get_ipython\nget_ipython().set_custom_exc((Exception,), lambda *a, **k: None)\n" + solution_of("setup")}), "blank", None, ("dense-model", "dense-train", "dense-test")),
    "blanks rewritten": Named(Variant({"setup": """import ast
from IPython import get_ipython
class Quiet(ast.NodeTransformer):
    def visit_Raise(self, node): return ast.Pass()
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Quiet())
""" + solution_of("setup")}), "blank", None, ("dense-model", "dense-train", "dense-test")),
    "magic objects": _cell("counts", "class Any(list):\n    __eq__ = __gt__ = __lt__ = lambda self, other: True\n    __hash__ = None\n    def __len__(self): return 10\n    def __getitem__(self, i): return self\n    def __radd__(self, other): return len(y_train)\n    def __iter__(self): return iter([len(y_train)])\ncounts = Any()\nplt.bar = lambda *a, **k: None\n", "check-counts", "check-counts"),
    "np.mean replaced": _cell("dense-test", TESTS["predict"].replace("model.predict(x_test, verbose=0).argmax(axis=1)", "np.zeros(len(y_test), int)") + "np.mean = lambda *a, **k: 1.0\ndense_accuracy = 1.0\n", "claim_above_measured", None),
    "an assert removed": Named(Variant(changed("check-dense-test", ("assert dense_digits.shape == y_test.shape, \"one digit for each test picture\"\n", ""))), "check_changed", None),
    "a bar lowered": Named(Variant(changed("check-dense-test", ("0.975", "0.5"))), "check_changed", None),
    # Mistakes.
    "labels not one-hot": _train(_fit(("onehot_train", "y_train")), "labels_not_onehot", "check-dense-train"),
    "one-hot for sparse": _train(COMPILE.replace('"categorical', '"sparse_categorical') + FIT, "onehot_for_sparse", "check-dense-train"),
    "not scaled": _cell("scale", "x_train = x_train.astype('float32')\nx_test = x_test.astype('float32')\n", "not_scaled", "check-scale"),
    "only the training set scaled": _cell("scale", "x_train = x_train.astype('float32') / 255\nx_test = x_test.astype('float32')\n", "scaled_differently", "check-scale"),
    "scaled twice": _cell("scale", solution_of("scale") * 2 if solution_of("scale").endswith("\n") else solution_of("scale") + "\n" + solution_of("scale"), "scaled_twice", "check-scale"),
    "cast before": _cell("scale", "x_train = (x_train // 255).astype('float32')\nx_test = (x_test // 255).astype('float32')\n", "cast_before_division", None),
    "softmax missing": _model(BUILD.replace(_LAST, "Dense(10)"), "softmax_missing"),
    "logits and softmax": Named(Variant({"dense-train": COMPILE.replace('"categorical_crossentropy"', "keras.losses.CategoricalCrossentropy(from_logits=True)") + FIT}), "logits_with_softmax", None),
    "sigmoid": _model(BUILD.replace("softmax", "sigmoid"), "sigmoid_for_classes"),
    "softmax between": _model(BUILD.replace(_HIDDEN, 'Dense(512, activation="softmax")', 1), "softmax_between"),
    "softmax twice": _model(BUILD.replace(_LAST, _LAST + ", keras.layers.Softmax()"), "softmax_twice"),
    "ReLU on the output": _model(BUILD.replace("softmax", "relu"), "wrong_output_activation"),
    "no hidden activation": _model(BUILD.replace(_HIDDEN, "Dense(512)"), "no_hidden_activation"),
    "zero weights": _model(BUILD.replace('activation="relu"', 'activation="relu", kernel_initializer="zeros"'), "zero_weights", _TARGET),
    "learning rate 0": _train(_fit(("epochs=6", "epochs=2")).replace("Adam(0.002)", "Adam(0.0)"), "learning_rate_zero"),
    "learning rate too high": _train(_fit(("epochs=6", "epochs=2")).replace("Adam(0.002)", "Adam(0.8)"), "learning_rate_too_high"),
    "learning rate too low": _train(_fit(("epochs=6", "epochs=2")).replace("Adam(0.002)", "Adam(1e-7)"), "learning_rate_too_low"),
    "dropout when reading": _model(
        """class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = keras.layers.Dense(512, "relu"), keras.layers.Dense(512, "relu"), keras.layers.Dense(10, "softmax")
        self.flat, self.drop = keras.layers.Flatten(), keras.layers.Dropout(0.5)
    def call(self, x):
        return self.c(self.b(self.drop(self.a(self.flat(x)), training=True)))
model = Net()
model(x_train[:1])
""",
        "dropout_at_inference",
    ),
    "argmax over the wrong axis": _cell("dense-test", "dense_digits = model.predict(x_test, verbose=0).argmax(axis=0)\ndense_accuracy = 0.5\n", "argmax_axis", _TARGET),
    "no argmax": _cell("dense-test", "dense_digits = model.predict(x_test, verbose=0)\ndense_accuracy = np.mean(dense_digits == onehot_test)\n", "no_argmax", _TARGET),
    "mean squared error": _train(COMPILE.replace("categorical_crossentropy", "mse") + FIT, "loss_for_classes", None),
    "binary cross-entropy": _train(COMPILE.replace("categorical_crossentropy", "binary_crossentropy") + FIT, "loss_for_classes", None),
    "tested on training": _cell("dense-test", "dense_digits = model.predict(x_train, verbose=0).argmax(1)\ndense_accuracy = accuracy(y_train, dense_digits)\n", "evaluated_on_training", _TARGET),
    "wrong units": _model(BUILD.replace("512", "500"), "wrong_units", "check-dense-model"),
    "flatten forgotten": _model(BUILD.replace("keras.layers.Flatten(), ", ""), "flatten_forgotten", "check-dense-model"),
    "one epoch": _train(COMPILE + "history = model.fit(x_train, onehot_train, batch_size=1000, validation_split=0.1, verbose=0)\n", "one_epoch"),
    "not compiled": _train(FIT, "not_compiled", "check-dense-train"),
    "built anew": _cell("dense-test", BUILD + TESTS["predict"], "untrained_network", _TARGET),
    "labels shuffled": _train("mixed = np.random.default_rng(0).permutation(onehot_train)\n" + _fit(("onehot_train", "mixed")), "labels_apart"),
    "validated on training": _train(_fit(("validation_split=0.1", "validation_data=(x_train[:300], onehot_train[:300])")), "validated_on_training", None),
    "frozen": _train("for layer in model.layers[:-1]: layer.trainable = False\n" + _fit(), "frozen_layers", None),
    "false discovery rate": _score(_RATE, "np.mean(labels[digits == digit] != digit)", "false_discovery_rate"),
    "false negative rate": _score(_RATE, "np.mean(digits[labels == digit] != digit)", "false_negative_rate"),
    "of all pictures": _score(_RATE, "np.mean((digits == digit) & (labels != digit))", "fraction_of_all_pictures"),
    "summed log loss": _score("-np.mean(np.sum(", "-np.sum(np.sum(", "log_loss_mistaken"),
    "log loss base 2": _score("np.log(np", "np.log2(np", "log_loss_mistaken"),
    "accuracy in percent": _score("return np.mean(labels == digits)", "return 100 * np.mean(labels == digits)", "accuracy_mistaken"),
    "outputs swapped": _cell("activations", solution_of("activations") + "\nsoftmax_outputs, sigmoid_outputs = sigmoid_outputs, softmax_outputs\n", "outputs_swapped", "check-activations"),
    "not corrected": _cell("correct", "corrected = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])\ncorrected_answers = corrected.predict(x_train[:64].reshape(64, 784), verbose=0)\n", "not_corrected", "check-correct"),
    "no batch": _cell("flatten", "flat = x_train[0].reshape(784)\n", "no_batch", "check-flatten"),
    "test labels counted": _cell("counts", "counts = np.bincount(y_test, minlength=10)\n", "counted_test", "check-counts"),
    "another name": _cell("dense-model", BUILD.replace("model =", "network =") + "model_summary = network.summary()\n", "name_missing", "check-dense-model"),
    "TensorFlow's Keras": _cell("onehot", "from tensorflow import keras\n" + solution_of("onehot"), "tensorflow_missing", "check-onehot"),
    "predict_classes": _cell("dense-test", "dense_digits = model.predict_classes(x_test)\ndense_accuracy = accuracy(y_test, dense_digits)\n", "old_call", _TARGET),
    "Fashion-MNIST": _cell("load", "rng = np.random.default_rng(0)\nx_train, x_test = (rng.integers(0, 256, (n, 28, 28), dtype='uint8') for n in (2000, 500))\ny_train, y_test = np.arange(2000) % 10, np.arange(500) % 10\n", "not_mnist", None),
}  # fmt: skip
