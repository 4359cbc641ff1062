"""`doctor`: what is installed and what works, to paste into an issue."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import typer

from inkdigits.cli.options import AsJson
from inkdigits.cli.output import print_json, print_table
from inkdigits.errors import InkdigitsError, one_line
from inkdigits.system.cores import usable_cores

__all__ = ["doctor"]

_LIBRARIES = (
    *("inkdigits", "numpy", "onnxruntime", "opencv-python-headless", "pillow"),
    *("keras", "jax", "tensorflow", "torch", "onnx"),
)
# What each extra adds, and the modules that it needs.
_EXTRAS = {
    "report": ("pages and reports", ("jinja2", "matplotlib")),
    "train": ("training", ("keras", "jax", "onnx", "threadpoolctl")),
    "sklearn": ("inkdigits.DigitClassifier", ("sklearn",)),
    "tune": ("inkdigits tune", ("optuna",)),
    "parquet": ("data in Parquet files", ("pyarrow",)),
    "pdf": ("reading PDF pages", ("pypdfium2",)),
    "heic": ("reading HEIC photos", ("pillow_heif",)),
    "serve": ("inkdigits serve", ("fastapi", "uvicorn", "httptools", "python_multipart", "prometheus_client")),
    "grpc": ("inkdigits serve --grpc-port", ("grpc", "google")),
    "telemetry": ("spans of inkdigits serve", ("opentelemetry", "opentelemetry.instrumentation")),
    "batch": ("inkdigits batch", ("pyarrow", "fsspec")),
    "cluster": ("Ray clusters", ("ray",)),
    "exercise": ("the exercise's notebooks", ("nbformat", "jupyter_client", "ipykernel")),
    "tensorboard": ("--log tensorboard", ("tensorboard",)),
    "mlflow": ("--log mlflow", ("mlflow",)),
    "tflite": ("--format tflite", ("ai_edge_litert",)),
    "openvino": ("--format openvino", ("openvino",)),
}


def doctor(as_json: AsJson = False) -> None:
    """Print versions, cores and memory, and try what is installed; exit code 1 where something does not work."""
    facts = dict(_facts())
    checks = {"classify a digit": _works(_classify), "read a page": _works(_read), **_extras()}
    if as_json:
        print_json({"facts": facts, "checks": checks})
    else:
        print_table(["fact", ""], list(facts.items()), texts=("",))
        print_table(["what", "state"], list(checks.items()), texts=("state",))
    if any(state.startswith("FAILS") for state in checks.values()):
        raise typer.Exit(1)


def _facts() -> Iterator[tuple[str, str]]:
    yield "system", f"{platform.system()} {platform.release()} {platform.machine()}"
    yield "Python", f"{platform.python_version()} ({platform.python_implementation()})"
    for name in _LIBRARIES:
        yield name, _version(name)
    yield "Keras backend", _keras_backend()
    yield "cores", f"{usable_cores()} of {os.cpu_count()} may be used"
    yield "memory", _memory()


def _keras_backend() -> str:
    """The backend that a training without --backend uses, and the others that are installed."""
    from inkdigits.training.backend import choose_backend, installed_backends

    installed = installed_backends()
    try:
        chosen = choose_backend()
    except InkdigitsError as error:
        return error.message
    others = [name for name in installed if name != chosen]
    why = " (by KERAS_BACKEND)" if os.environ.get("KERAS_BACKEND") else ""
    return f"{chosen}{why}" + (f"; also installed: {', '.join(others)}" if others else "")


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _memory() -> str:
    """The machine's memory; on Linux also what is free, since a container may be given less."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "unknown"
    free = Path("/proc/meminfo")
    available = (
        [line.split()[1] for line in free.read_text().splitlines() if line.startswith("MemAvailable")]
        if (free.exists())
        else []
    )
    more = f", {int(available[0]) / 2**20:.1f} GiB available" if available else ""
    return f"{total / 2**30:.1f} GiB{more}"


def _works(attempt: Callable[[], None]) -> str:
    try:
        attempt()
    except Exception as error:  # whatever it is, it belongs into the issue
        return f"FAILS: {type(error).__name__}: {one_line(error)}"
    return "works"


def _classify() -> None:
    import numpy as np

    from inkdigits.modelfile.predictor import Predictor

    Predictor.load().predict_proba(np.zeros((1, 28, 28), np.uint8))


def _read() -> None:
    import numpy as np

    from inkdigits.reading.reader import read

    page = np.full((60, 60), 255, np.uint8)
    page[15:45, 28:32] = 0
    if read(page).string != "1":
        raise ValueError("a straight line was not read as a one")


def _extras() -> dict[str, str]:
    return {
        f"{what} (extra {extra})": "installed" if all(map(_installed, modules)) else "not installed"
        for extra, (what, modules) in _EXTRAS.items()
    }


def _installed(module: str) -> bool:
    return find_spec(module) is not None
