"""The metrics for Prometheus, summed over all workers."""

from __future__ import annotations

import contextlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = [
    "BATCH_SIZE",
    "CONTENT_TYPE",
    "CORRECTIONS",
    "IN_PROGRESS",
    "LOST_LINES",
    "OUTCOMES",
    "PLACE",
    "QUEUED",
    "REFUSED",
    "REQUESTS",
    "SECONDS",
    "SHARED_FOLDER",
    "WAITED",
    "exposition",
    "measure_process",
]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# With it, prometheus_client keeps each worker's numbers in files there; it must be set before the import.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# The number in the names of those files: a worker that replaces another counts on in its files.
PLACE = "INKDIGITS_WORKER_PLACE"
if PLACE in os.environ:
    values.ValueClass = values.MultiProcessValue(lambda: os.environ[PLACE])
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
IN_PROGRESS = Gauge(
    "inkdigits_requests_in_progress", "Requests in progress.", registry=_REGISTRY, multiprocess_mode="livesum"
)
QUEUED = Gauge(
    "inkdigits_queued", "Requests in a queue.", ("batcher",), registry=_REGISTRY, multiprocess_mode="livesum"
)
WAITED = Histogram(
    "inkdigits_queue_seconds",
    "In a queue, for the request of each batch that waited longest.",
    ("batcher",),
    registry=_REGISTRY,
    buckets=_SECONDS_BUCKETS,
)
REFUSED = Counter("inkdigits_refused_pictures", "Pictures that cannot be read.", ("reason",), registry=_REGISTRY)
_BUILD = Gauge(
    "inkdigits_build_info",
    "1; the labels say what runs.",
    ("version", "python"),
    registry=_REGISTRY,
    multiprocess_mode="livemax",
)
_MEMORY = Gauge(
    "inkdigits_memory_bytes",
    "Resident memory of the server's processes.",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
_FILES = Gauge(
    "inkdigits_open_files",
    "File descriptors of the server's processes.",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
OUTCOMES = Counter("inkdigits_readings", "Pages read, by outcome.", ("outcome",), registry=_REGISTRY)
LOST_LINES = Counter(
    "inkdigits_log_lines_lost", "Lines of the log that could not be written, as on a full disk.", registry=_REGISTRY
)
CORRECTIONS = Counter("inkdigits_corrections", "Corrections kept.", registry=_REGISTRY)


def measure_process() -> None:
    """Set the metrics of this process: its memory, open files and version."""
    _BUILD.labels(version("inkdigits"), platform.python_version()).set(1)
    with contextlib.suppress(FileNotFoundError):  # only Linux has /proc
        _MEMORY.set(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        _FILES.set(sum(1 for _ in Path("/proc/self/fd").iterdir()))


def exposition() -> bytes:
    """All metrics in Prometheus's text format; of all workers when they share a folder."""
    measure_process()
    if SHARED_FOLDER not in os.environ:
        return generate_latest(_REGISTRY)
    all_workers = CollectorRegistry()
    MultiProcessCollector(all_workers)
    return generate_latest(all_workers)
