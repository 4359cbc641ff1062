"""A reading as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inkdigits.datasets.mnist import load_test
from inkdigits.reading.reader import Reader
from inkdigits.reading.reading import DigitDict, Reading, ReadingDict


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reader.load().read(load_test().images[0])


def test_json_holds_everything(reading: Reading) -> None:
    value = json.loads(json.dumps(reading.to_dict(), allow_nan=False))
    assert (
        set(value)
        == {"path", "page", "outcome", "string", "error", "size", "rotation", "notes", "digits", "separators"}
        == set(ReadingDict.__annotations__)
    )
    assert value["string"] == "7"
    (digit,) = value["digits"]
    assert set(digit) == set(DigitDict.__annotations__)
    assert set(digit) == {
        *("value", "probability", "second", "second_probability", "outcome", "box", "row"),
        *("probabilities", "network_input"),
    }
    assert digit["box"] == list(reading.digits[0].box)
    np.testing.assert_array_equal(np.array(digit["network_input"]), reading.digits[0].network_input)


def test_an_error_has_no_digits_and_no_size() -> None:
    value = Reading("gone.png", "error", "", "gone.png: no such file", ()).to_dict()
    assert (value["outcome"], value["digits"], value["size"]) == ("error", [], [0, 0])
