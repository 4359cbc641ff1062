"""Make a graph smaller without changing what it computes: scaling and batch normalization move into weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from inkdigits.modelfile.graph import Step

__all__ = ["folded"]

Steps = list[Step]
_LINEAR = ("Conv", "Gemm")
# What a factor, and what a summand, may be moved across.
_KEEPS_FACTORS = ("Unsqueeze", "Flatten", "AveragePool", "GlobalAveragePool")
_KEEPS_SUMMANDS = ("Unsqueeze", "Flatten")


def folded(steps: Iterable[Step], output: str) -> Steps:
    """`steps` with everything folded that can be; the value `output` stays the same but for rounding."""
    small = list(steps)
    for fold in (_normalization_into_weights, _summand_into_bias, _factor_into_weights, _axis_into_flatten):
        small = _until_nothing_changes(fold, small, output)
    return small


def _until_nothing_changes(fold: Callable[[Steps, Step, str], Steps | None], steps: Steps, output: str) -> Steps:
    changed: Steps | None = steps
    while changed is not None:
        steps = changed
        changed = next((new for step in steps if (new := fold(steps, step, output)) is not None), None)
    return steps


def _consumers(steps: Steps, name: str) -> Steps:
    return [step for step in steps if name in step.inputs]


def _only_consumer(steps: Steps, step: Step, output: str) -> Step | None:
    consumers = _consumers(steps, step.output)
    return consumers[0] if len(consumers) == 1 and step.output != output else None


def _without(steps: Steps, dropped: Step, changed: Step | None = None, into: Step | None = None) -> Steps:
    """`steps` without `dropped`, whose only input stands in for its output, and with `changed` in the place of `into`.

    Only a step that is not the graph's output may be dropped.
    """
    kept = [changed if changed is not None and step is into else step for step in steps if step is not dropped]
    return [_rewired(step, dropped.output, dropped.inputs[0]) for step in kept]


def _rewired(step: Step, old: str, new: str) -> Step:
    return replace(step, inputs=tuple(new if name == old else name for name in step.inputs))


def _normalization_into_weights(steps: Steps, step: Step, output: str) -> Steps | None:
    """A batch normalization right after a convolution or a dense layer is only other weights (Ioffe, Szegedy 2015)."""
    if step.operator != "BatchNormalization":
        return None
    linear = next((before for before in steps if before.output == step.inputs[0]), None)
    if linear is None or linear.operator not in _LINEAR or _only_consumer(steps, linear, output) is not step:
        return None
    scale, offset, mean, variance = step.constants
    factor = scale / np.sqrt(variance + step.attributes["epsilon"])
    weights, bias = linear.constants
    by_output = factor[:, None, None, None] if linear.operator == "Conv" else factor
    merged = replace(linear, output=step.output, constants=(weights * by_output, (bias - mean) * factor + offset))
    return [merged if other is step else other for other in steps if other is not linear]


def _linear_after(steps: Steps, step: Step, output: str, across: tuple[str, ...]) -> Step | None:
    """The convolution or dense layer that alone takes the result of `step`, across operators that do not matter."""
    after = _only_consumer(steps, step, output)
    while after is not None and after.operator in across:
        after = _only_consumer(steps, after, output)
    return after if after is not None and after.operator in _LINEAR else None


def _is_scalar(step: Step, operator: str) -> bool:
    return step.operator == operator and len(step.constants) == 1 and step.constants[0].size == 1


def _summand_into_bias(steps: Steps, step: Step, output: str) -> Steps | None:
    linear = _linear_after(steps, step, output, _KEEPS_SUMMANDS) if _is_scalar(step, "Add") else None
    # Around the picture a convolution pads with zeros, to which nothing was added.
    if linear is None or any(linear.attributes.get("pads", ())):
        return None
    weights, bias = linear.constants
    sums = weights.sum(axis=(1, 2, 3) if linear.operator == "Conv" else 0)
    return _without(steps, step, replace(linear, constants=(weights, bias + step.constants[0] * sums)), linear)


def _factor_into_weights(steps: Steps, step: Step, output: str) -> Steps | None:
    if not _is_scalar(step, "Mul"):
        return None
    after = _only_consumer(steps, step, output)
    if after is not None and _is_scalar(after, "Mul"):
        return _without(steps, step, replace(after, constants=(after.constants[0] * step.constants[0],)), after)
    linear = _linear_after(steps, step, output, _KEEPS_FACTORS)
    if linear is None:
        return None
    weights, bias = linear.constants
    return _without(steps, step, replace(linear, constants=(weights * step.constants[0], bias)), linear)


def _axis_into_flatten(steps: Steps, step: Step, output: str) -> Steps | None:
    """A flattened picture does not miss the axis of its one channel."""
    after = _only_consumer(steps, step, output)
    if step.operator != "Unsqueeze" or after is None or after.operator != "Flatten":
        return None
    return _without(steps, step)
