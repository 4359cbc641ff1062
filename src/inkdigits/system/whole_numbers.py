"""Whole numbers that a Python program gives, checked before anything is done with them."""

from __future__ import annotations

from numbers import Integral

from inkdigits.errors import InkdigitsError

__all__ = ["check_whole_number"]


def check_whole_number(
    name: str, value: object, error: type[InkdigitsError], least: int = 1, most: int | None = None
) -> None:
    """Raise `error` unless `value`, called `name` in its message, is a whole number from `least` to `most`."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    number = int(value) if isinstance(value, Integral) else 0
    if not whole or number < least or (most is not None and number > most):
        raise error(f"{name} must be a whole number from {least}{'' if most is None else f' to {most}'}, got {value!r}")
