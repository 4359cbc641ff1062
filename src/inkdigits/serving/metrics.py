"""What Prometheus is told; with several workers their numbers are added up."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = ["BATCH_SIZE", "CONTENT_TYPE", "CORRECTIONS", "OUTCOMES", "REQUESTS", "SECONDS", "exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_OWN = CollectorRegistry()
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

REQUESTS = Counter("inkdigits_requests", "Requests answered.", ("method", "route", "status"), registry=_OWN)
SECONDS = Histogram(
    "inkdigits_request_seconds", "From a request's head to its answer.", ("route",), registry=_OWN, buckets=_SECONDS
)
BATCH_SIZE = Histogram(
    "inkdigits_batch_pictures", "Pictures computed at once.", ("batcher",), registry=_OWN, buckets=_SIZES
)
OUTCOMES = Counter("inkdigits_readings", "Pictures read, by what came of them.", ("outcome",), registry=_OWN)
CORRECTIONS = Counter("inkdigits_corrections", "Corrections kept.", registry=_OWN)


def exposition() -> bytes:
    """Every number in Prometheus's text format; of all workers when they share a folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_OWN)
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone)
    return generate_latest(everyone)
