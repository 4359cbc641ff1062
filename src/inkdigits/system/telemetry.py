"""Usage reports that libraries send to their makers by themselves: switched off, unless the user asked for them."""

from __future__ import annotations

import os

__all__ = ["disable_telemetry"]

# Each library reads its variables when it is first imported or started, and honours any value that is set already.
_SWITCHES = {
    # ONNX Runtime 1.29 and later report from Linux and macOS too; it reads either name (its pull request 29843).
    "onnxruntime": {"ORT_DISABLE_TELEMETRY": "1", "ORT_TELEMETRY_DISABLED": "1"},
    "mlflow": {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
    "ray": {"RAY_USAGE_STATS_ENABLED": "0"},
}


def disable_telemetry(library: str) -> None:
    """Switch off the usage reports of `library` (`onnxruntime`, `mlflow` or `ray`) in this process and its children.

    To be called before the library is first imported. Where the user has set one of its variables, nothing changes.
    """
    switches = _SWITCHES[library]
    if not any(name in os.environ for name in switches):
        os.environ.update(switches)
