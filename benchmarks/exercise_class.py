"""Claim: one command grades a class of 30, of which 5 are hostile, in parallel, and every honest one gets its points.

Of the class, 8 did everything, 10 did part 1 only, 7 barely began, and 5 are hostile (endless loop, fork of
many processes, 100 MB of output, deletes its folder, kills its kernel). Checks them at full size and prints the table
and the time. Exit code 1 when a verdict is not the expected one: the complete ones pass with all points, the rest fail,
and part 1 earns more points than a beginning.

    python benchmarks/exercise_class.py --jobs 4
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.check import check_submissions, find_submissions
from inkdigits.exercise.submission_limits import SubmissionLimits
from inkdigits.exercise.verdict import Verdict
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
    parser.add_argument("--whole", type=int, default=8, help="submissions that did everything")
    parser.add_argument("--jobs", type=int, default=None, help="submissions at a time")
    parser.add_argument("--subset", type=int, default=None, help="a trial on so many training pictures")
    parser.add_argument("--cell-timeout", type=float, default=30.0, help="minutes; the endless loop takes that long")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _write_class(Path(folder), arguments.whole)
        started = time.perf_counter()
        verdicts = check_submissions(
            find_submissions([Path(folder)]),
            SubmissionLimits(cell_seconds=60 * arguments.cell_timeout),
            jobs=arguments.jobs,
            subset=arguments.subset,
            done=lambda verdict: print(f"{verdict.name} {verdict.outcome} {verdict.seconds:.0f} s", file=sys.stderr),
        )
        seconds = time.perf_counter() - started
    for verdict in verdicts:
        first = verdict.findings[0].message if verdict.findings else ""
        points = f"{verdict.points:g}/{verdict.possible}"
        print(f"{verdict.name:28} {verdict.outcome:8} {points:8} {verdict.seconds:6.0f} s  {first}")
    print(f"{len(verdicts)} submissions in {seconds:.0f} s on {os.cpu_count()} cores")
    if unexpected := [verdict.name for verdict in verdicts if not _as_expected(verdict)]:
        sys.exit(f"unexpected verdicts: {', '.join(unexpected)}")


def _as_expected(verdict: Verdict) -> bool:
    kind = verdict.name.partition("-")[0]
    if kind == "whole":
        return verdict.passed and verdict.points == verdict.possible
    if kind == "part":
        return not verdict.passed and 0 < verdict.points < verdict.possible
    return not verdict.passed and verdict.points < verdict.possible / 2


def _write_class(folder: Path, whole: int) -> None:
    solution = build_notebook(Version.solution)
    for number in range(whole):
        write_json(folder / f"whole-{number:02d}.ipynb", solution)
    for number in range(10):
        write_json(folder / f"part-1-{number:02d}.ipynb", _done_before("cnn-model"))
    for number in range(7):
        write_json(folder / f"begun-{number:02d}.ipynb", _done_before("onehot"))
    for name, code in HOSTILE.items():
        write_json(folder / f"hostile-{name}.ipynb", _hostile(code))


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
