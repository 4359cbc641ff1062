"""The files of the reader in JavaScript: its modules, the parameters of reading, and both networks."""

from __future__ import annotations

from pathlib import Path

from inkdigits.browser.reading_parameters import parameters_module
from inkdigits.modelfile.predictor import DEFAULT_MODEL, bundled_file
from inkdigits.reading.finder import DEFAULT_FINDER

__all__ = ["NPM", "reader_files"]

_MODULES = Path(__file__).parent / "reader"
# What describes the package for npm, and pins what it needs.
NPM = Path(__file__).parent / "npm"


def reader_files() -> dict[str, bytes]:
    """The contents of the files by name, for one folder. Raises `ModelFileError` when the classifier is damaged."""
    modules = {path.name: path.read_bytes() for path in sorted(_MODULES.glob("*.js"))}
    networks = {f"{name}.onnx": bundled_file(name).read_bytes() for name in (DEFAULT_FINDER, DEFAULT_MODEL)}
    return {**modules, "parameters.js": parameters_module().encode(), **networks}
