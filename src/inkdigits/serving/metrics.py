"""The metrics for Prometheus, summed over all workers."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = ["BATCH_SIZE", "CONTENT_TYPE", "CORRECTIONS", "OUTCOMES", "REQUESTS", "SECONDS", "exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_REGISTRY = CollectorRegistry()
_SECONDS_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZE_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)

REQUESTS = Counter("inkdigits_requests", "Requests.", ("method", "route", "status"), registry=_REGISTRY)
SECONDS = Histogram(
    "inkdigits_request_seconds",
    "From a request's headers to the end of its response.",
    ("route",),
    registry=_REGISTRY,
    buckets=_SECONDS_BUCKETS,
)
BATCH_SIZE = Histogram(
    "inkdigits_batch_pictures",
    "Pictures computed in one batch.",
    ("batcher",),
    registry=_REGISTRY,
    buckets=_SIZE_BUCKETS,
)
OUTCOMES = Counter("inkdigits_readings", "Pages read, by outcome.", ("outcome",), registry=_REGISTRY)
CORRECTIONS = Counter("inkdigits_corrections", "Corrections kept.", registry=_REGISTRY)


def exposition() -> bytes:
    """All metrics in Prometheus's text format; of all workers when they share a folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_REGISTRY)
    all_workers = CollectorRegistry()
    MultiProcessCollector(all_workers)
    return generate_latest(all_workers)
