"""The table of results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inkdigits.batch.table import outcome_counts, schema, table_bytes
from inkdigits.reading.reading import Digit, Reading

SURE = Digit(7, 0.9, 1, 0.05, "digit", (1, 2, 3, 4), 0, np.full((28, 28), 9, np.uint8), (0.1,) * 10)
UNSURE = replace(SURE, outcome="unsure")


@pytest.mark.parametrize("everything", [False, True])
def test_network_inputs_are_kept_for_unsure_digits_or_for_all(everything: bool) -> None:
    readings = [
        Reading("a.png", "read", "77", None, (SURE, UNSURE), size=(30, 40)),
        Reading("b.png", "error", "", "b.png: broken", ()),
    ]
    content = table_bytes([(5, readings[0]), (6, readings[1])], "abc", all_network_inputs=everything)
    file = pq.ParquetFile(pa.BufferReader(content))
    table = file.read()
    assert table.schema.equals(schema())
    first, second = table.to_pylist()
    expected = {**readings[0].to_dict(), "picture": 5, "model_sha256": "abc"}
    inputs = [digit.pop("network_input") for digit in first["digits"]]
    for digit in expected["digits"]:
        del digit["network_input"]
        for name in ("probability", "second_probability", "probabilities"):
            digit[name] = pytest.approx(digit[name])
    assert first == expected
    assert inputs == [bytes([9]) * 784 if everything else None, bytes([9]) * 784]
    assert (second["picture"], second["error"], second["digits"]) == (6, "b.png: broken", [])
    assert outcome_counts(file.metadata.metadata) == {"read": 1, "blank": 0, "nothing_accepted": 0, "error": 1}
