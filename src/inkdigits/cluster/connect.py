"""A connection to a Ray cluster, or a Ray of our own on this machine; usage reports stay off unless asked for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from inkdigits.errors import ClusterError, require_extra

__all__ = ["connect", "connected"]

# How long a cluster's door may take to open, in seconds.
_PATIENCE = 5.0
_RAY_CLIENT = "ray://"


def connect(address: str | None, *, needed_by: str = "--engine ray", **options: Any) -> None:
    """Connect this process to the Ray cluster at `address`, as `ray.init` does; connected already, it does nothing.

    `address` is HOST:PORT, `auto` (the cluster that runs on this machine), ray://HOST:PORT, or None: RAY_ADDRESS, else
    a cluster on this machine, else one of our own that ends with this process. `options` go to `ray.init`. Raises
    `MissingExtraError` without Ray and `ClusterError` when no cluster answers there.
    """
    require_extra("ray", "cluster", needed_by)
    # Read when Ray starts its own processes; who wants to report sets it to 1.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    if ray.is_initialized():
        return
    _knock(address)
    try:
        ray.init(address, **{"log_to_driver": False, "logging_level": "ERROR", **options})
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split())
        raise ClusterError(
            f"--address {address or 'auto'}: no Ray cluster to work with ({reason[:300]}): start one with ray start "
            "--head, with the same Ray and Python as here, and give its HOST:PORT"
        ) from error


@contextmanager
def connected(address: str | None, **options: Any) -> Iterator[None]:
    """`connect` for a block; afterwards the connection is closed if it was opened here."""
    require_extra("ray", "cluster", str(options.get("needed_by", "--engine ray")))
    import ray

    was_connected = ray.is_initialized()
    connect(address, **options)
    try:
        yield
    finally:
        if not was_connected:
            ray.shutdown()


def _knock(address: str | None) -> None:
    """Raise `ClusterError` in seconds where nobody listens; Ray itself would try for minutes."""
    host, _, port = (address or "").removeprefix(_RAY_CLIENT).rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except OSError as error:
        raise ClusterError(
            f"--address {address}: no Ray cluster answers there ({error.strerror or error}): expected the HOST:PORT "
            "that ray start --head has printed, usually port 6379"
        ) from error
