"""A fresh environment with nothing but the wheel and what its metadata says that it needs.

Packages are linked from the environment that runs the tests, so nothing is downloaded.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def build_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    return wheel


def fresh_environment(folder: Path, wheel: Path, extras: Iterable[str] = (), *, source: Path | None = None) -> Path:
    """The folder of programs of a new environment in `folder`: the wheel with `extras`, and their dependencies.

    These are linked from the environment in `source`, by default from the one that runs the tests.
    """
    places = sys.path if source is None else [str(one) for one in source.glob("lib/python*/site-packages")]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    (packages,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (metadata,) = packages.glob("inkdigits-*.dist-info")
    _write_programs(Distribution.at(metadata), folder / "bin")
    for found in _needed(Distribution.at(metadata), frozenset(extras), {}, places):
        _link(found, packages)
    return folder / "bin"


def _write_programs(package: Distribution, folder: Path) -> None:
    """The wheel's programs, as pip writes them."""
    for entry in package.entry_points.select(group="console_scripts"):
        program = folder / entry.name
        start = f"from {entry.module} import {entry.attr}\nif __name__ == '__main__':\n    {entry.attr}()\n"
        program.write_text(f"#!{folder / 'python'}\n{start}")
        program.chmod(0o755)


def _needed(
    package: Distribution, extras: frozenset[str], seen: dict[str, frozenset[str]], places: list[str]
) -> Iterator[Distribution]:
    """Every distribution that `package` with `extras` needs. Raises `PackageNotFoundError` for one not in `places`."""
    for line in package.requires or ():
        requirement = Requirement(line)
        wanted = [
            requirement.marker is None or requirement.marker.evaluate({"extra": extra}) for extra in extras | {""}
        ]
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        more = frozenset(requirement.extras)
        if not any(wanted) or (more <= seen.get(name, frozenset()) and name in seen):
            continue
        new = name not in seen
        seen[name] = seen.get(name, frozenset()) | more
        found = package if name == "inkdigits" else _found(name, places)
        if new and name != "inkdigits":
            yield found
        yield from _needed(found, more, seen, places)


def _found(name: str, places: list[str]) -> Distribution:
    for found in Distribution.discover(name=name, path=places):
        return found
    raise PackageNotFoundError(name)


def _link(package: Distribution, packages: Path) -> None:
    """Link what the distribution put into site-packages; parts of a namespace are linked one by one."""
    base = Path(str(package.locate_file("")))
    for file in package.files or ():
        if file.parts[0] in ("..", "/") or "__pycache__" in file.parts:
            continue
        source, target = base / file, packages / file
        if (base / file.parts[0] / "__init__.py").exists() or file.parts[0].endswith(("-info", ".libs")):
            source, target = base / file.parts[0], packages / file.parts[0]
        if not target.exists() and not target.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)


def run(programs: Path, folder: Path, script: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Run a Bash script in `folder` with the environment's programs before all others, as a user's shell has them."""
    unwanted = ("PYTHONPATH", "KERAS_BACKEND", "VIRTUAL_ENV")
    inherited = {name: value for name, value in os.environ.items() if name not in unwanted}
    path = os.pathsep.join([str(programs), "/usr/bin", "/bin"])
    command = ["bash", "-euo", "pipefail", "-c", script]
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**inherited, "PATH": path}
    with subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **streams) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # and what it has started
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


__all__ = ["PackageNotFoundError", "build_wheel", "fresh_environment", "run"]
