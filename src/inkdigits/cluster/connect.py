"""Connects to a Ray cluster, or starts Ray on this machine; usage reports are off unless enabled."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from typing import Any

from inkdigits.errors import ClusterError, one_line, require_extra
from inkdigits.system.telemetry import disable_telemetry

__all__ = ["connect", "connected"]

# How long connecting to the address of a cluster may take, in seconds.
_TIMEOUT = 5.0
_RAY_CLIENT = "ray://"
_AUTH_MODE = "RAY_AUTH_MODE"


def connect(address: str | None, *, needed_by: str = "--engine ray", **options: Any) -> None:
    """Connect this process to the Ray cluster at `address`, as `ray.init` does, unless it is connected.

    `address` is HOST:PORT, `auto` (the cluster that runs on this machine), ray://HOST:PORT, or None: RAY_ADDRESS, else
    a cluster on this machine, else a new one that ends with this process. `options` go to `ray.init`. A cluster that
    requires a token is sent the one that Ray finds on this machine. Raises `MissingExtraError` without Ray and
    `ClusterError` when no cluster answers there, or it refuses the token.
    """
    require_extra("ray", "cluster", needed_by)
    disable_telemetry("ray")
    import ray

    if ray.is_initialized():
        return
    named = os.environ.get("RAY_ADDRESS") if address in (None, "auto") else address
    _check_port(named)
    _send_token(named)
    try:
        ray.init(address, **{"log_to_driver": False, "logging_level": "ERROR", **options})
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, ray.exceptions.AuthenticationError) as error:
        raise ClusterError(
            f"--address {address or 'auto'}: no Ray cluster can be used ({one_line(error):.300}): start one with ray "
            "start --head, with the same Ray and Python as here, and pass its HOST:PORT"
        ) from error


@contextmanager
def connected(address: str | None, **options: Any) -> Iterator[None]:
    """`connect` for a block; afterwards the connection is closed if this opened it.

    During the block stdout is stderr, since Ray prints to it when the cluster loses a machine; stdout
    is for results.
    """
    require_extra("ray", "cluster", str(options.get("needed_by", "--engine ray")))
    import ray

    was_connected = ray.is_initialized()
    connect(address, **options)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if not was_connected:
            ray.shutdown()


def _check_port(address: str | None) -> None:
    """Raise `ClusterError` at once where nothing listens; Ray itself would try for minutes."""
    place = _host_and_port(address)
    if place is None:
        return
    try:
        socket.create_connection(place, timeout=_TIMEOUT).close()
    except OSError as error:
        raise ClusterError(
            f"--address {address}: no Ray cluster answers there ({error.strerror or error}): expected the HOST:PORT "
            "that ray start --head has printed, usually port 6379"
        ) from error


def _host_and_port(address: str | None) -> tuple[str, int] | None:
    host, _, port = (address or "").removeprefix(_RAY_CLIENT).rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdecimal() else None


def _send_token(address: str | None) -> None:
    """Have Ray send the token of this machine where the cluster requires one, as Ray itself does for `auto` only.

    Raises `ClusterError` when there is no valid one, before Ray repeats its own error message many times.
    """
    if not address or address.startswith(_RAY_CLIENT) or _host_and_port(address) is None:
        return
    mode = os.environ.get(_AUTH_MODE, "token").lower()
    if mode not in ("token", "disabled") or not _refused(address, None):
        return
    if mode == "disabled":
        raise ClusterError(f"--address {address}: that Ray cluster requires a token: unset {_AUTH_MODE}=disabled here")
    token = _token()
    if token is None or _refused(address, token):
        found = "there is none" if token is None else "it refused the one"
        raise ClusterError(
            f"--address {address}: that Ray cluster requires a token, and {found} on this machine: copy "
            "~/.ray/auth_token from the machine where ray start --head ran, or set RAY_AUTH_TOKEN"
        )
    _use_token()


def _refused(address: str, token: str | None) -> bool:
    """Whether the cluster at `address` refuses `token`, or a connection without one."""
    # Neither it nor Ray's core below has stubs for mypy.
    grpc: Any = import_module("grpc")
    metadata = None if token is None else [("authorization", f"Bearer {token}")]
    # Ray does not connect through a web proxy either.
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            channel.unary_unary("/ray.rpc.NodeInfoGcsService/CheckAlive")(b"", timeout=_TIMEOUT, metadata=metadata)
        except grpc.RpcError as error:
            return bool(error.code() is grpc.StatusCode.UNAUTHENTICATED)
    return False


def _token() -> str | None:
    """The token in RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token, as Ray reads them."""
    from ray.exceptions import AuthenticationError

    loader: Any = import_module("ray._raylet").AuthenticationTokenLoader
    try:
        return loader.instance().get_raw_token(ignore_auth_mode=True) or None
    except (AuthenticationError, RuntimeError):
        return None


def _use_token() -> None:
    os.environ[_AUTH_MODE] = "token"
    # Ray read the environment when it was imported.
    core: Any = import_module("ray._raylet")
    core.Config.initialize("")
