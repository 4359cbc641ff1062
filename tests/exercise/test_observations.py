from __future__ import annotations

import json
import math

import pytest

from inkdigits.exercise.observations import (
    ArraySummary,
    Call,
    ExportedValues,
    LayerDescription,
    ModelDescription,
    NotebookValue,
    Observations,
    Offer,
    OfferedArray,
    PictureCounts,
    decode_report,
    encode_report,
)

MODEL = ModelDescription((LayerDescription("Dense", 10, "softmax", (None, 10)),), 7850, 7850, "mse", False, "SGD", 0.1)
CALL = Call("fit", 7, 2, PictureCounts(100, 1, 0, 9, 0, 0, 0.0, 255, (100, 10)), None, (2.5, math.inf), MODEL)
ARRAY = OfferedArray("x", "f.raw", "<f4", (2, 784), 10)
VALUES = ExportedValues({"n": NotebookValue("number", "int", number=3.0), "x": NotebookValue("array", array=ARRAY)})
OBSERVED = Observations((CALL,), {"x_train": ArraySummary((100, 28, 28))}, "channels_last")


@pytest.mark.parametrize(
    "report", [OBSERVED, Offer(None, MODEL, 3, "a.keras", (28, 28), arrays=(ARRAY,)), Offer(error="no model"), VALUES]
)
def test_a_report_is_read_as_it_was_written(report: Observations | Offer | ExportedValues) -> None:
    assert decode_report(type(report), repr(encode_report(report))) == report


@pytest.mark.parametrize(
    "answer",
    [
        "", "junk", "1", "'junk'", "'[]'", "'[' * 9", repr("[" * 100_000), "-" * 20_000 + "1",
        repr('{"calls": [{"name": "fit"}], "arrays": {}, "data_format": null}'),
        repr('{"calls": 3, "arrays": {}, "data_format": null, "digits": 3}'),
    ],
)  # fmt: skip
def test_a_forged_answer_is_no_report(answer: str) -> None:
    assert decode_report(Observations, answer) is None
    assert decode_report(Offer, answer) is None


@pytest.mark.parametrize(
    ("name", "forged"),
    [("name", "compile"), ("epochs", "2"), ("epochs", True), ("losses", [None]), ("model", {"x": 1})],
)
def test_a_call_with_a_field_of_another_type_is_no_report(name: str, forged: object) -> None:
    report = json.loads(encode_report(OBSERVED))
    report["calls"][0][name] = forged
    assert decode_report(Observations, repr(json.dumps(report))) is None
