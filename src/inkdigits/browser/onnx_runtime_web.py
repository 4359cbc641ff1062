"""ONNX Runtime Web, which runs the networks in a browser: from npm, at the version that the lock file pins."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from inkdigits.browser.reader_files import NPM
from inkdigits.errors import ExportError

__all__ = ["PACKAGE", "pinned_version", "runtime_files"]

PACKAGE = "onnxruntime-web"
# The files of its folder dist/ that a browser needs, under names that every host serves with the right type.
_FILES = {
    "onnxruntime.js": "ort.wasm.min.mjs",
    "onnxruntime_wasm.js": "ort-wasm-simd-threaded.mjs",
    "onnxruntime.wasm": "ort-wasm-simd-threaded.wasm",
}


def pinned_version() -> str:
    """The version that the reader in JavaScript is tested with."""
    dependencies = json.loads((NPM / "package.json").read_text())["dependencies"]
    return str(dependencies[PACKAGE])


def runtime_files(folder: Path | None = None) -> dict[str, bytes]:
    """The contents of its files by the names that the page gives them.

    `folder` is that of the installed package, its `node_modules`, or the folder that holds those; None: npm installs
    it, and checks it against the lock file. Raises `ExportError` where there is no npm, no such package, or another
    version.
    """
    if folder is not None:
        return _read(folder)
    with tempfile.TemporaryDirectory() as temporary:
        _install(Path(temporary))
        return _read(Path(temporary))


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    wanted = f"{PACKAGE} {pinned_version()}"
    if npm is None:
        raise ExportError(
            f"npm is not on the path, and {wanted} comes from it: install Node.js, or name the package's folder by "
            "--runtime FOLDER"
        )
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NPM / name, folder)
    command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if line.strip()), "no reason given")
        raise ExportError(f"npm could not install {wanted}: {reason.strip()}: name its folder by --runtime FOLDER")


def _read(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise ExportError(f"{folder}: no such folder, expected one that npm install {PACKAGE}@{pinned_version()} wrote")
    places = (folder / "node_modules" / PACKAGE, folder / PACKAGE)
    root = next((place for place in places if place.is_dir()), folder)
    try:
        found = json.loads((root / "package.json").read_text())
        files = {name: (root / "dist" / source).read_bytes() for name, source in _FILES.items()}
    except (OSError, ValueError) as error:
        raise ExportError(
            f"{folder}: not the package {PACKAGE}: expected its package.json and its folder dist: "
            f"npm install {PACKAGE}@{pinned_version()}"
        ) from error
    if (found.get("name"), found.get("version")) != (PACKAGE, pinned_version()):
        raise ExportError(
            f"{folder}: {found.get('name')} {found.get('version')}, expected {PACKAGE} {pinned_version()}: "
            f"npm install {PACKAGE}@{pinned_version()}"
        )
    return files
