"""Claim: one command grades a class of 30, of which 5 are hostile, and loses no verdict when it is killed on the way.

Of the class, 8 did everything, 10 did part 1 only, 7 barely began (`--size`), and 5 are hostile (endless loop, fork of
many processes, 100 MB of output, deletes its folder, kills its kernel). Runs `inkdigits exercise check`, kills it
`--kills` times after a few verdicts each, and runs the same command again; prints the table and the time. Exit code 1
when a verdict is lost or checked twice, or is not the expected one: the complete ones pass with all points, the rest
fail, and part 1 earns more points than a beginning.

    python benchmarks/exercise_class.py --jobs 4 --kills 2
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from inkdigits.exercise.build import Version, build_notebook
from inkdigits.system.atomic_io import write_json

HOSTILE = {
    "endless-loop": "while True:\n    pass",
    "fork": "import os, time\nfor _ in range(10):\n    os.fork()\ntime.sleep(3600)",
    "prints-100-mb": "for _ in range(100):\n    print('x' * 2**20)",
    "deletes-its-folder": "import os, shutil\nshutil.rmtree(os.getcwd())\nos.getcwd()",
    "kills-its-kernel": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
}


def main() -> None:
    """Write the class, check it, print the verdicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--size",
        type=int,
        nargs=3,
        default=(8, 10, 7),
        metavar=("WHOLE", "PART-1", "BEGUN"),
        help="submissions that did everything, part 1, and little",
    )
    parser.add_argument("--jobs", type=int, default=None, help="submissions at a time")
    parser.add_argument("--subset", type=int, default=None, help="a trial on so many training pictures")
    parser.add_argument("--cell-timeout", type=float, default=30.0, help="minutes; the endless loop takes that long")
    parser.add_argument("--kills", type=int, default=2, help="how often the check is killed on the way")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "class").mkdir()
        _write_class(folder / "class", *arguments.size)
        started = time.perf_counter()
        _check(folder, arguments)
        seconds = time.perf_counter() - started
        rows = list(csv.DictReader((folder / "class.csv").read_text().splitlines()))
        written = (folder / "class.csv.verdicts.jsonl").read_text().splitlines()
    for row in rows:
        points = f"{float(row['points']):g}/{row['possible']}"
        print(f"{row['submission']:28} {row['outcome']:8} {points:8} {row['seconds']:>6} s  {row['findings'][:100]}")
    print(f"{len(rows)} submissions in {seconds:.0f} s on {os.cpu_count()} cores, killed {arguments.kills} times")
    unexpected = [row["submission"] for row in rows if not _as_expected(row)]
    if unexpected or len(rows) != sum(arguments.size) + len(HOSTILE) or len(written) != len(rows):
        sys.exit(f"{len(rows)} rows, {len(written)} verdicts written; unexpected: {', '.join(unexpected) or 'none'}")


def _check(folder: Path, arguments: argparse.Namespace) -> None:
    """Run the command; kill it when a few more verdicts have been written, and run it again."""
    command = [sys.executable, "-m", "inkdigits", "exercise", "check", str(folder / "class")]
    command += ["--csv", str(folder / "class.csv"), "--cell-timeout", str(arguments.cell_timeout)]
    command += ["--jobs", str(arguments.jobs)] if arguments.jobs else []
    command += ["--subset", str(arguments.subset)] if arguments.subset else []
    log = folder / "class.csv.verdicts.jsonl"
    for kill in range(arguments.kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and _verdicts(log) < 4 * (kill + 1):
            time.sleep(0.5)
        process.kill()
        process.wait()
        print(f"killed after {_verdicts(log)} verdicts", file=sys.stderr)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)


def _verdicts(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def _as_expected(row: dict[str, str]) -> bool:
    kind, points, possible = row["submission"].partition("-")[0], float(row["points"]), float(row["possible"])
    if kind == "whole":
        return row["outcome"] == "passed" and points == possible
    if kind == "part":
        return row["outcome"] == "failed" and 0 < points < possible
    return row["outcome"] == "failed" and points < possible / 2


def _write_class(folder: Path, whole: int, part_1: int, begun: int) -> None:
    solution = build_notebook(Version.solution)
    class_ = {f"whole-{number:02d}": solution for number in range(whole)}
    class_ |= {f"part-1-{number:02d}": _done_before("cnn-model") for number in range(part_1)}
    class_ |= {f"begun-{number:02d}": _done_before("onehot") for number in range(begun)}
    class_ |= {f"hostile-{name}": _hostile(code) for name, code in HOSTILE.items()}
    for name, notebook in class_.items():
        # Of two files of the same bytes the second one's verdict is taken from the first when a check is resumed.
        write_json(folder / f"{name}.ipynb", {**notebook, "metadata": {**notebook["metadata"], "author": name}})


def _done_before(first_blank: str) -> dict[str, Any]:
    """The solution up to the cell `first_blank`, and the student's version from there on."""
    solution, handed_out = build_notebook(Version.solution), build_notebook(Version.student)
    done = [cell["id"] for cell in solution["cells"]].index(first_blank)
    return {**solution, "cells": [*solution["cells"][:done], *handed_out["cells"][done:]]}


def _hostile(code: str) -> dict[str, Any]:
    notebook = build_notebook(Version.student)
    for cell in notebook["cells"]:
        if cell["id"] == "load":
            cell["source"] = code
    return notebook


if __name__ == "__main__":
    main()
