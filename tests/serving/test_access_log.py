"""The access log."""

from __future__ import annotations

import time

from inkdigits.datasets.labelled import LabelledDigits
from tests.serving.server import Served, png


def test_requests_are_logged_but_not_their_pictures(served: Served, digits: LabelledDigits) -> None:
    def readings() -> list[dict[str, str]]:
        return [line for line in served.lines() if line.get("route") == "/v1/read" and line["status"] == "200"]

    before = len(readings())
    served.read(png(digits.images[5]), "?length=1")
    until = time.monotonic() + 10
    # A request is logged after its response.
    while len(readings()) == before and time.monotonic() < until:
        time.sleep(0.01)
    assert len(readings()) > before
    line = readings()[-1]
    assert line["method"] == "POST"
    assert set(line) == {"time", "event", "method", "route", "status", "ms", "client"}
