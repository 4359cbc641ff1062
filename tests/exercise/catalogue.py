"""The classic mistakes, each as what a student wrote in place of our solution."""

from __future__ import annotations

from dataclasses import dataclass

from tests.exercise.conftest import CNN_CELLS, solution_source

__all__ = ["HIDING", "HONEST", "HOSTILE", "MISTAKES", "Mistake"]


@dataclass(frozen=True)
class Mistake:
    """Cells that were written wrongly, and how the checker must name it."""

    replaced: dict[str, str | None]
    key: str
    words: str  # part of the message that a student reads
    blank: tuple[str, ...] = (*CNN_CELLS, "activations", "correct")

    @property
    def cells(self) -> dict[str, str | None]:
        """What is written: without our pictures and untrained networks, which only take time here."""
        return {**dict.fromkeys(("pictures", "dense-curves", "wrong"), ""), **self.replaced}


def _changed(cell_id: str, *pairs: tuple[str, str]) -> dict[str, str | None]:
    source = solution_source(cell_id)
    for old, new in pairs:
        assert old in source, f"{cell_id} no longer holds {old!r}"
        source = source.replace(old, new)
    return {cell_id: source}


_LAST = 'Dense(10, activation="softmax")'
_RATE = "keras.optimizers.schedules.CosineDecay(0.001, steps)"

MISTAKES = {
    "labels not one-hot": Mistake(
        _changed("dense-train", ("onehot_train,", "y_train,")), "labels_not_onehot", "not one-hot"
    ),
    "not scaled": Mistake(_changed("scale", (" / 255", "")), "not_scaled", "not scaled"),
    "softmax missing": Mistake(_changed("dense-model", (_LAST, "Dense(10)")), "softmax_missing", "softmax is missing"),
    "sigmoid": Mistake(
        _changed("dense-model", (_LAST, 'Dense(10, activation="sigmoid")')), "sigmoid_for_classes", "sigmoid"
    ),
    "softmax between": Mistake(
        _changed("dense-model", ('Dense(512, activation="relu")', 'Dense(512, activation="softmax")')),
        "softmax_between",
        "between hidden layers",
    ),
    "wrong units": Mistake(_changed("dense-model", ("Dense(512", "Dense(500")), "wrong_units", "500, 500, 10"),
    "flatten forgotten": Mistake(
        _changed("dense-model", ("        keras.layers.Flatten(),\n", "")), "flatten_forgotten", "flatten was forgotten"
    ),
    "trained on test": Mistake(
        _changed(
            "dense-train",
            ("    x_train,\n    onehot_train,", "    np.concatenate([x_test, x_train]),\n"
             "    np.concatenate([onehot_test, onehot_train]),"),
        ),
        "trained_on_test",
        "trained on the test set",
    ),
    "validated on test": Mistake(
        _changed("dense-train", ("validation_split=0.1", "validation_data=(x_test, onehot_test)")),
        "validated_on_test",
        "validation_data is the test set",
    ),
    "test labels changed": Mistake(
        _changed("dense-test", ("dense_accuracy =", "y_test = dense_digits\ndense_accuracy =")),
        "test_labels_changed",
        "test labels were changed",
    ),
    "assert deleted": Mistake(
        {"check-dense-test": "assert dense_digits.shape == y_test.shape"}, "check_changed", "removed"
    ),
    "check deleted": Mistake({"check-dense-model": None}, "check_changed", "the check was deleted"),
    "threshold lowered": Mistake(
        _changed("check-dense-test", ("0.975", "0.5")), "check_changed", "threshold was changed from 0.975 to 0.5"
    ),
    "one epoch": Mistake(
        _changed("dense-train", ("batch_size = 8, 128", "batch_size = 1, 512")), "one_epoch", "1 epoch"
    ),
    "rate too high": Mistake(
        _changed("dense-train", (_RATE, "learning_rate=0.5")), "learning_rate_too_high", "learning rate is far too high"
    ),
    "data format": Mistake(
        _changed(
            "shape",
            ('1 if keras.config.image_data_format() == "channels_first" else -1',
             '-1 if keras.config.image_data_format() == "channels_first" else 1'),
        ),
        "data_format",
        "data format is mixed up",
        blank=("cnn-train", "cnn-test", "compare", "activations", "correct"),
    ),
    "no argmax": Mistake(_changed("dense-test", (".argmax(axis=1)", "")), "no_argmax", "without argmax"),
    "predict_classes": Mistake(
        {"dense-test": "dense_digits = model.predict_classes(x_test)\ndense_accuracy = accuracy(y_test, dense_digits)"},
        "old_call",
        "`predict_classes` is an old call",
    ),
    "tf.Session": Mistake(
        {"setup": solution_source("setup") + "\nimport tensorflow as tf\ntf.Session(config=tf.ConfigProto())"},
        "old_call",
        "`Session` is an old call",
    ),
    "np_utils": Mistake(
        _changed("onehot", ("keras.utils.to_categorical", "keras.utils.np_utils.to_categorical")),
        "old_call",
        "`np_utils` is an old call",
    ),
    "nb_epoch": Mistake(
        _changed("dense-train", ("epochs=epochs", "nb_epoch=epochs")), "old_call", "`nb_epoch=` is an old argument"
    ),
    "claim": Mistake(
        {"dense-test": solution_source("dense-test") + '\nprint("final accuracy: 99.93 %")'},
        "claim_above_measured",
        "99.93 % is printed",
    ),
}  # fmt: skip

_IMPORT = "from inkdigits.exercise import instrumentation\n"
_CHANGED = "the checker's instrumentation was removed or changed"

# What a stranger may do to the checker and its machine, in the first cell that is the student's.
HOSTILE = {
    "endless loop": ("while True:\n    pass", "ran longer than"),
    "fork bomb": ("import os, time\nfor _ in range(8):\n    os.fork()\ntime.sleep(600)", "processes"),
    "100 MB": ("for _ in range(100):\n    print('x' * 2**20)", "printed more than"),
    "deletes its folder": ("import os, shutil\nshutil.rmtree(os.getcwd())\nos.getcwd()", None),
    "kills its kernel": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "kernel died"),
    "memory": ("hoard = [bytearray(2**26) for _ in range(200)]", "memory"),
    "lone surrogate": ("half = '\ud83d'", "lone surrogate"),
    "nested too deep": ("-" * 20_000 + "1", "nested too deep"),
    "a junk report": (_IMPORT + "instrumentation.drain = lambda: 'junk'", _CHANGED),
    "an empty report": (_IMPORT + "instrumentation.drain = lambda: '{}'", _CHANGED),
    "a call of its own": (
        _IMPORT + "instrumentation._recorder.calls.append(instrumentation.RecordedCall('fit', 'forged'))", _CHANGED
    ),
}  # fmt: skip

# What a dishonest student may write before the first task so that nothing seems to fail, with all networks left blank.
HIDING = {
    "errors not shown": "from IPython import get_ipython\nget_ipython().showtraceback = lambda *a, **k: None\n",
    "errors handled": (
        "from IPython import get_ipython\nget_ipython().set_custom_exc((Exception,), lambda *a, **k: None)\n"
    ),
    "syntax rewritten": """
import ast
from IPython import get_ipython

class Quiet(ast.NodeTransformer):
    def visit_Raise(self, node):
        return ast.Pass()

    def visit_Assert(self, node):
        return ast.Pass()

get_ipython().ast_transformers.append(Quiet())
""",
}

_CLASS = """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.steps = [keras.layers.Flatten(), keras.layers.Dense(512, "relu"), keras.layers.Dense(512, "relu"),
                      keras.layers.Dense(10, "softmax")]

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x

model = Net()
turn = lambda x: x.transpose(0, 2, 1, 3)
x_turned = turn(x_train)
"""

# Honest in a way that a checker may take for something else: each replaces some cells of the solution.
HONEST: dict[str, dict[str, str | None]] = {
    "a class of one's own, on transposed pictures": {
        "dense-model": _CLASS,
        **_changed("dense-train", ("    x_train,", "    x_turned,")),
        **_changed("dense-test", ("predict(x_test", "predict(turn(x_test)")),
    },
    "an own function with lr, and prints about others": {
        "dense-train": "def rate(lr=0.001):\n    return lr\n\nrate(lr=0.1)\n" + solution_source("dense-train"),
        "dense-test": solution_source("dense-test")
        + '\nprint("best published accuracy is 99.87 %")\nprint("accuracy of the ones: 0.9965")',
    },
    "in half precision": {
        "dense-model": 'keras.mixed_precision.set_global_policy("mixed_bfloat16")\n' + solution_source("dense-model")
    },
}
