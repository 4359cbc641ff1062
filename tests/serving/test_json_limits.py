"""JSON that costs much memory for few bytes is refused before it is parsed."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from tests.serving.process_memory import tree_memory, watched_memory
from tests.serving.server import JSON, Served

CLASSIFY, INFER = "/v1/classify", "/v2/models/dense/infer"
TENSOR = b'{"inputs":[{"name":"images","datatype":"UINT8","shape":[1,28,28],"data":['
# Each took up to 3 GB, and kept the event loop for up to a minute, when it was parsed.
COSTLY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty lists": (CLASSIFY, lambda: b'{"images":[' + b"[]," * 5_000_000 + b"[]]}"),
    "unknown keys": (
        CLASSIFY,
        lambda: b'{"images":[]' + b"".join(b',"k%d":0' % number for number in range(1_000_000)) + b"}",
    ),
    "a wrong number in every place": (CLASSIFY, lambda: json.dumps({"images": [[[999] * 28] * 28] * 1000}).encode()),
    "strings": (INFER, lambda: TENSOR + b'"ab",' * 3_000_000 + b"0]}]}"),
    "numbers": (INFER, lambda: TENSOR + b"0," * 7_000_000 + b"0]}]}"),
    "outputs": (INFER, lambda: TENSOR + b'0]}],"outputs":[' + b'{"name":"logits"},' * 900_000 + b'{"name":"logits"}]}'),
    "lists in lists": (INFER, lambda: TENSOR + b"[" * 15_000_000),
    "a number": (CLASSIFY, lambda: b'{"images":' + b"9" * 30_000_000 + b"}"),
}


@pytest.mark.parametrize("kind", COSTLY)
def test_json_that_costs_much_is_refused(stressed: Served, kind: str) -> None:
    path, make = COSTLY[kind]
    content = make()
    before = tree_memory(stressed.process.pid)
    with watched_memory(stressed.process.pid) as peak:
        assert stressed.ask("POST", path, content, JSON).status in (413, 422)
    assert peak.most - before < 200 * 2**20


def test_as_many_pictures_as_are_allowed_however_they_are_written(stressed: Served) -> None:
    images = np.full((1000, 28, 28), 255).tolist()
    for content in (json.dumps({"images": images}), json.dumps({"images": images}, indent=1)):
        assert len(stressed.ask("POST", CLASSIFY, content.encode(), JSON).json["results"][0]["pictures"]) == 1000
    tensor = {"name": "images", "datatype": "UINT8", "shape": [1000, 28, 28], "data": images}
    assert stressed.post(INFER, {"inputs": [tensor]}).json["outputs"][0]["shape"] == [1000, 10]
