"""Calls of Keras 1 and 2 and of TensorFlow 1 that no longer exist, and what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from inkdigits.exercise.parsing import parsed

__all__ = ["OLD_ARGUMENTS", "OLD_NAMES", "find_old_calls"]

# docs/guides/rosetta.md explains each; a test holds the two together.
OLD_NAMES = {
    "predict_classes": "model.predict(x).argmax(axis=1)",
    "predict_proba": "model.predict(x)",
    "Session": "nothing: Keras 3 runs operations immediately and has no sessions",
    "ConfigProto": 'os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true" before the import',
    "set_session": "nothing: there are no sessions",
    "placeholder": "keras.Input(shape)",
    "np_utils": "keras.utils.to_categorical(labels, 10)",
    "fit_generator": "model.fit(generator)",
    "evaluate_generator": "model.evaluate(generator)",
    "predict_generator": "model.predict(generator)",
    "Convolution2D": "keras.layers.Conv2D(32, 5)",
    "image_dim_ordering": "keras.config.image_data_format()",
    "set_image_dim_ordering": 'keras.config.set_image_data_format("channels_last")',
    "ImageDataGenerator": "layers such as keras.layers.RandomTranslation",
}
OLD_ARGUMENTS = {
    "nb_epoch": "epochs",
    "samples_per_epoch": "steps_per_epoch",
    "border_mode": "padding",
    "subsample": "strides",
    "dim_ordering": "data_format",
    "nb_filter": "filters",
    "output_dim": "units",
    "input_dim": "keras.Input((n,)) as the first layer",
    "init": "kernel_initializer",
    "lr": "learning_rate",
}


def find_old_calls(source: str) -> Iterator[str]:
    """For each old call in `source`, a line that names it and says what to write; nothing for invalid Python."""
    tree = parsed(source)
    if tree is None:
        return
    for name in dict.fromkeys(_names(tree)):
        if name in OLD_NAMES:
            yield f"`{name}` is an old call that Keras 3 does not have: write {OLD_NAMES[name]}"
    for name in dict.fromkeys(_arguments(tree)):
        if name in OLD_ARGUMENTS:
            yield f"`{name}=` is an old argument that Keras 3 does not have: write {OLD_ARGUMENTS[name]}"


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
            yield from (getattr(node, "module", None) or "").split(".")
        elif isinstance(node, ast.Name):
            yield node.id


def _arguments(tree: ast.Module) -> Iterator[str]:
    """The keywords of calls of a method or a class; a plain function is the student's own."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _may_be_kerass(node.func))
    return (keyword.arg for call in calls for keyword in call.keywords if keyword.arg)


def _may_be_kerass(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) or (isinstance(called, ast.Name) and called.id[:1].isupper())
