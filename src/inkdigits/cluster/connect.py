"""A connection to a Ray cluster, or a Ray of our own on this machine; usage reports stay off unless asked for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from inkdigits.errors import ClusterError, require_extra
from inkdigits.system.telemetry import disable_telemetry

__all__ = ["connect", "connected"]

# How long a cluster's door may take to open, in seconds.
_PATIENCE = 5.0
_RAY_CLIENT = "ray://"
_AUTH_MODE = "RAY_AUTH_MODE"


def connect(address: str | None, *, needed_by: str = "--engine ray", **options: Any) -> None:
    """Connect this process to the Ray cluster at `address`, as `ray.init` does; connected already, it does nothing.

    `address` is HOST:PORT, `auto` (the cluster that runs on this machine), ray://HOST:PORT, or None: RAY_ADDRESS, else
    a cluster on this machine, else one of our own that ends with this process. `options` go to `ray.init`. A cluster
    that asks for a token is shown the one that Ray finds here. Raises `MissingExtraError` without Ray and
    `ClusterError` when no cluster answers there, or it takes no token that is here.
    """
    require_extra("ray", "cluster", needed_by)
    disable_telemetry("ray")
    import ray

    if ray.is_initialized():
        return
    named = os.environ.get("RAY_ADDRESS") if address in (None, "auto") else address
    _knock(named)
    _show_token(named)
    try:
        ray.init(address, **{"log_to_driver": False, "logging_level": "ERROR", **options})
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, ray.exceptions.AuthenticationError) as error:
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
    place = _host_and_port(address)
    if place is None:
        return
    try:
        socket.create_connection(place, timeout=_PATIENCE).close()
    except OSError as error:
        raise ClusterError(
            f"--address {address}: no Ray cluster answers there ({error.strerror or error}): expected the HOST:PORT "
            "that ray start --head has printed, usually port 6379"
        ) from error


def _host_and_port(address: str | None) -> tuple[str, int] | None:
    host, _, port = (address or "").removeprefix(_RAY_CLIENT).rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdecimal() else None


def _show_token(address: str | None) -> None:
    """Have Ray send the token of this machine where the cluster asks for one, as Ray itself does for `auto` only.

    Raises `ClusterError` when there is none that fits: Ray would print its refusal for 20 seconds.
    """
    if not address or address.startswith(_RAY_CLIENT) or _host_and_port(address) is None:
        return
    mode = os.environ.get(_AUTH_MODE, "token").lower()
    if mode not in ("token", "disabled") or not _refused(address, None):
        return
    if mode == "disabled":
        raise ClusterError(f"--address {address}: that Ray cluster asks for a token: unset {_AUTH_MODE}=disabled here")
    token = _token()
    if token is None or _refused(address, token):
        raise ClusterError(
            f"--address {address}: that Ray cluster asks for a token, and {'none' if token is None else 'another'} is "
            "here: copy ~/.ray/auth_token from the machine where ray start --head ran, or set RAY_AUTH_TOKEN"
        )
    _use_token()


def _refused(address: str, token: str | None) -> bool:
    """Whether the cluster at `address` says that it wants another token, or one at all."""
    # It has no stubs for mypy, and Ray's core below neither.
    grpc: Any = import_module("grpc")
    shown = None if token is None else [("authorization", f"Bearer {token}")]
    # A proxy for the web does not lead to the cluster, and Ray uses none either.
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            channel.unary_unary("/ray.rpc.NodeInfoGcsService/CheckAlive")(b"", timeout=_PATIENCE, metadata=shown)
        except grpc.RpcError as error:
            return bool(error.code() is grpc.StatusCode.UNAUTHENTICATED)
    return False


def _token() -> str | None:
    """What RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token hold, as Ray reads them."""
    from ray.exceptions import AuthenticationError

    loader: Any = import_module("ray._raylet").AuthenticationTokenLoader
    try:
        return loader.instance().get_raw_token(ignore_auth_mode=True) or None
    except (AuthenticationError, RuntimeError):
        return None


def _use_token() -> None:
    os.environ[_AUTH_MODE] = "token"
    # Ray has read the environment when it was imported.
    core: Any = import_module("ray._raylet")
    core.Config.initialize("")
