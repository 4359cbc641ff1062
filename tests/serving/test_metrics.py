"""Metrics, summed over all workers."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

from inkdigits import __version__
from inkdigits.datasets.labelled import LabelledDigits
from tests.serving.server import png, serving


def test_numbers_of_several_workers_are_one(tmp_path: Path, digits: LabelledDigits) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    with serving("--workers", 2, "--corrections", tmp_path / "kept", "--quiet") as server:
        for image in digits.images[:20]:
            server.read(png(image))
        server.read(png(np.zeros((28, 28), np.uint8)))
        server.read(b"no picture")
        server.post("/v1/classify", {"images": digits.images[:6].tolist(), "models": ["dense"]})
        server.post("/v1/corrections", {"image": digits.images[0].tolist(), "label": 7})
        for _ in range(5):
            text = server.get("/metrics").body.decode()
        samples = {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    assert samples["inkdigits_requests_total", "/v1/read", "200", "POST"] == 22
    assert samples["inkdigits_request_seconds_count", "/v1/read"] == 22
    assert samples["inkdigits_refused_pictures_total", "format"] == 1
    # The request before may still be ending in the other worker.
    assert samples["inkdigits_requests_in_progress",] in (1, 2)
    assert samples["inkdigits_queued", "dense"] == 0
    assert samples["inkdigits_queue_seconds_count", "dense"] == 1
    assert samples["inkdigits_memory_bytes",] > 100e6
    assert samples["inkdigits_open_files",] > 10
    assert ("inkdigits_build_info", *sorted((platform.python_version(), __version__))) in samples
    assert samples["inkdigits_readings_total", "blank"] == 1
    assert samples["inkdigits_readings_total", "read"] == 20
    assert samples["inkdigits_batch_pictures_sum", "dense"] == 6
    assert samples["inkdigits_corrections_total",] == 1
    # A request is counted when it has been answered, which may be after the next one was asked.
    assert samples["inkdigits_requests_total", "/metrics", "200", "GET"] in (3, 4)
