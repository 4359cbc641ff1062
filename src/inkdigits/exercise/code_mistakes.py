"""Mistakes that show in a student's code itself, and in the errors that it raises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from inkdigits.exercise.old_calls import find_old_calls
from inkdigits.exercise.parsing import parsed
from inkdigits.exercise.verdict import Finding

__all__ = ["code_mistakes", "failure_findings", "multiplies_in_a_loop", "old_call_findings"]

_SHIPPED = re.compile(r"\binkdigits\.(modelfile|networks|reading|load|read|Reader)\b|from inkdigits import")
# What other libraries' classifiers predict are digits already.
_NETWORK = re.compile(r"(?:^|[._])(?:\w*model\w*|net|network|nn|mlp|cnn|dense)\d*$", re.IGNORECASE)
_EXERCISE = re.compile(r"\binkdigits\.exercise\b|from inkdigits import [^\n]*\bexercise\b")


def code_mistakes(cell: str, part: str, source: str) -> list[Finding]:
    """What can be told from the code of a cell, whether it ran or not."""
    tree = parsed(source)
    if tree is None:
        return []
    found = []
    if _compares_probabilities(tree):
        message = (
            "model.predict is compared with labels without argmax: it gives ten probabilities a picture, the digit "
            "is model.predict(x).argmax(axis=1)"
        )
        found.append(Finding("no_argmax", message, cell, part))
    for key, message in (*_argmax_axis(tree), *_evaluates_training(tree), *_shuffles_apart(tree)):
        found.append(Finding(key, message, cell, part))
    if _SHIPPED.search(source):
        message = "uses a network of inkdigits itself: the task is to build and train one"
        found.append(Finding("shipped_network", message, cell, part))
    if _EXERCISE.search(source):
        message = "imports inkdigits' own exercise, in which its solution and its checker are"
        found.append(Finding("exercise_imported", message, cell, part))
    return found


def multiplies_in_a_loop(source: str) -> bool:
    """Whether a cell multiplies matrices in a loop, as a training that is written out by hand does."""
    tree = parsed(source)
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)] if tree else []
    # The products may stand in a function that the loop calls.
    return any(_multiplies(node) for node in ast.walk(tree)) if tree and loops else False


def _multiplies(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    return isinstance(node, ast.Attribute) and node.attr in ("dot", "matmul", "einsum", "tensordot")


def old_call_findings(cell: str, part: str, source: str) -> list[Finding]:
    """The old calls in a cell that failed; in one that ran, nothing is too old."""
    return [Finding("old_call", line, cell, part) for line in find_old_calls(source)]


def _compares_probabilities(tree: ast.Module) -> bool:
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_prediction(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    compared = (operand for node in ast.walk(tree) for operand in _operands_of_equality(node))
    return any(
        _is_prediction(operand) or (isinstance(operand, ast.Name) and operand.id in names) for operand in compared
    )


def _operands_of_equality(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Compare) and any(isinstance(operator, ast.Eq) for operator in node.ops):
        return [node.left, *node.comparators]
    # The student's own accuracy(labels, digits) compares too.
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "accuracy":
        return list(node.args)
    return []


def _is_prediction(node: ast.expr) -> bool:
    """Whether this is `model.predict(…)`, perhaps rounded or cast, but without an argmax around it."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "predict":
            return _NETWORK.search(ast.unparse(node.func.value)) is not None
        if node.func.attr not in ("round", "astype"):
            return False
        node = node.func.value
    return False


_Found = Iterator[tuple[str, str]]


def _argmax_axis(tree: ast.Module) -> _Found:
    """An argmax of predictions over the wrong axis, or over everything."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "argmax":
            continue
        plain = isinstance(call.func.value, ast.Name) and call.func.value.id in ("np", "numpy", "ops", "jnp")
        subject, rest = (call.args[0], call.args[1:]) if plain and call.args else (call.func.value, call.args)
        if not _is_prediction(subject):
            continue
        axis = next((keyword.value for keyword in call.keywords if keyword.arg == "axis"), rest[0] if rest else None)
        if axis is None or ast.unparse(axis) in ("0", "None"):
            yield "argmax_axis", "argmax is taken over the pictures: the digit of each picture is argmax(axis=1)"


def _evaluates_training(tree: ast.Module) -> _Found:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        if re.fullmatch(r"(dense|cnn)_(digits|accuracy)", node.targets[0].id):
            names = {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
            if names & {"x_train", "y_train", "onehot_train"} and not names & {"x_test", "y_test", "onehot_test"}:
                yield (
                    "evaluated_on_training",
                    f"{node.targets[0].id} is computed from the training pictures: use x_test and y_test",
                )


def _shuffles_apart(tree: ast.Module) -> _Found:
    for node in ast.walk(tree):
        called = node.value if isinstance(node, ast.Expr) else None
        if not (isinstance(called, ast.Call) and ast.unparse(called.func).endswith("random.shuffle") and called.args):
            continue
        name = ast.unparse(called.args[0])
        if re.fullmatch(r"(x|y|onehot)_(train|test)", name):
            yield (
                "shuffled_apart",
                f"{name} is shuffled by itself: pictures and labels no longer belong together; index both with one "
                "permutation",
            )


def failure_findings(cell: str, part: str, name: str, text: str, source: str = "") -> list[Finding]:
    """What an error means that a cell raised, where it is a typical one."""
    for pattern, key, message in _FAILURES:
        found = re.search(pattern, f"{name}: {text}")
        if found:
            return [Finding(key, message.format(*found.groups()), cell, part)]
    return []


_FAILURES = (
    (
        r"No module named '(tensorflow)",
        "tensorflow_missing",
        "TensorFlow is not installed here: write `import keras` instead of `from tensorflow import keras`; Keras 3 "
        "runs on JAX, PyTorch or TensorFlow",
    ),
    (
        r"No module named '([\w.]+)'",
        "module_missing",
        "the module `{0}` is not installed where notebooks are checked: use Keras, NumPy and matplotlib",
    ),
    (
        r"NameError: name '(\w+)'",
        "name_undefined",
        "`{0}` is used before it is defined: restart and run all cells in order",
    ),
    (
        r"must call `compile\(\)`|call `compile\(\)` before|You must compile",
        "not_compiled",
        "the network is trained or evaluated before it is compiled: call model.compile first",
    ),
    (
        r"incompatible with the layer: expected (?:axis -1|min_ndim|shape|ndim).*",
        "input_shape",
        "the pictures have another shape than the network's input expects",
    ),
    (
        r"(?:sparse_categorical_crossentropy|[Aa]rguments? `?target`? and `?output`? must have the same (?:rank|shape)|"
        r"must have the same rank|Shapes? .* (?:and|are) .*incompatible)",
        "labels_and_loss",
        "the labels do not fit the loss: categorical_crossentropy takes onehot_train, sparse_categorical_crossentropy "
        "takes y_train",
    ),
    (
        r"(StdinNotImplementedError|raw_input was called)",
        "asks_for_input",
        "input() waits for someone who types: nobody does",
    ),
    (
        r"(URLError|ConnectionError|gaierror|Name or service not known|Network is unreachable)",
        "needs_network",
        "the notebook downloads something: under the checker there is no network, and MNIST is loaded without one",
    ),
    (
        r"FileNotFoundError: .*?'([^']+)'",
        "file_missing",
        "the file {0} was not handed in: the notebook has to run by itself",
    ),
    (
        r"(drive\.mount|google\.colab)",
        "colab_only",
        "this needs Google Colab: the rest of the notebook runs without it",
    ),
    (
        r"ValueError: Unknown (?:loss|optimizer|metric|layer|activation)|Could not interpret (?:\w+) identifier: (.*)",
        "unknown_identifier",
        "Keras does not know that name of a loss, an optimizer or an activation: check its spelling",
    ),
)
