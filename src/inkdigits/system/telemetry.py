"""Usage reports that libraries send to their makers by themselves: switched off, unless the user asked for them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["disable_telemetry", "without_openvino_telemetry"]

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


@contextmanager
def without_openvino_telemetry() -> Iterator[None]:
    """Inside, `import openvino` reports nothing: it finds no `openvino_telemetry`, and takes its own stub for it.

    OpenVINO 2026.4 sends an event to Google Analytics whenever it is imported outside of CI, and no variable of its own
    stops that (`openvino/tools/ovc/__init__.py`). Who agreed by its `opt_in_out --opt_in` has that kept.
    """
    name = "openvino_telemetry"
    if name in sys.modules or "openvino" in sys.modules or _agreed_to_openvino():
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # the import system's mark for what cannot be imported
    try:
        yield
    finally:
        del sys.modules[name]


def _agreed_to_openvino() -> bool:
    try:
        return (Path.home() / "intel" / "openvino_telemetry").read_text().startswith("1")
    except (OSError, RuntimeError, UnicodeDecodeError):  # no such file, or no home
        return False
