"""The checker against a catalogue of mistakes, honest solutions and hostile notebooks, on a small subset."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inkdigits.exercise import kernel
from inkdigits.exercise.build import Version
from inkdigits.exercise.containment import ControlGroups, isolation_prefix
from inkdigits.exercise.master import check_cells, load_master
from inkdigits.exercise.submission_limits import SubmissionLimits
from tests.exercise.catalogue import HIDING, HONEST, HOSTILE
from tests.exercise.conftest import CNN_CELLS, SUBSET, check, solution_source, write_submission

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
INDEPENDENT = Path(__file__).parent / "independent"
STUDENT_CELLS = tuple(cell.id for cell in load_master() if cell.written_by_student)


def test_an_honest_part_1_shows_no_mistake(submissions: Path) -> None:
    """The other half of the catalogue: nothing is named where nothing is wrong."""
    honest = write_submission(submissions / "part-1.ipynb", {}, CNN_CELLS)
    verdict = check([honest])["part-1"]
    assert verdict.findings == ()
    prepare, dense, cnn = verdict.parts
    assert (prepare.points, dense.points, cnn.points) == (prepare.possible, dense.possible, 0)
    assert set(cnn.blank) == set(CNN_CELLS)


def test_nobody_honest_is_accused(submissions: Path) -> None:
    folder = submissions / "honest"
    folder.mkdir()
    left = {"pictures": "", "dense-curves": "", "wrong": ""}
    paths = [write_submission(folder / f"{name}.ipynb", {**left, **cells}, CNN_CELLS) for name, cells in HONEST.items()]
    for name, verdict in check(paths).items():
        assert not [finding for finding in verdict.findings if finding.fails], (name, verdict.findings)
        prepare, dense, _ = verdict.parts
        assert (prepare.points, dense.points) == (prepare.possible, dense.possible), (name, verdict.findings)


def test_blanks_earn_nothing_whatever_hides_their_errors(submissions: Path) -> None:
    folder = submissions / "hiding"
    folder.mkdir()
    setup = solution_source("setup")
    blank = tuple(cell.id for cell in load_master() if cell.kind == "code" and cell.written_by_student)
    paths = [
        write_submission(folder / f"{name}.ipynb", {"setup": code + setup}, blank) for name, code in HIDING.items()
    ]
    for name, verdict in check(paths).items():
        assert verdict.points == 0, name
        assert "dense-train" in {cell for part in verdict.parts for cell in part.blank}, verdict.findings


def read_independent(name: str) -> dict[str, str | None]:
    """A file of cells, each behind a line `# %% id`."""
    blocks = (INDEPENDENT / f"{name}.txt").read_text().split("# %% ")[1:]
    return {block.partition("\n")[0].strip(): block.partition("\n")[2].strip() for block in blocks}


def test_solutions_written_by_others_pass(submissions: Path) -> None:
    names = ("functional", "sparse")
    paths = [
        write_submission(submissions / f"{name}.ipynb", read_independent(name), base=Version.student) for name in names
    ]
    for name, verdict in check(paths).items():
        assert verdict.passed, (name, verdict.findings, [cell for cell in verdict.cells if cell.outcome != "ok"])
        assert verdict.points == verdict.possible


def test_the_solution_passes_and_the_handed_out_notebook_fails_with_its_blanks_named(tmp_path: Path) -> None:
    for version in ("solution", "new"):
        inkdigits("exercise", version, str(tmp_path / f"{version}.ipynb"))
    done = inkdigits("exercise", "check", "--json", "--subset", "4000", str(tmp_path), code=1)
    new, solution = json.loads(done.stdout)
    assert (new["name"], new["outcome"], new["points"]) == ("new.ipynb", "failed", 0)
    assert {cell for part in new["parts"] for cell in part["blank"]} >= {"load", "dense-model", "cnn-train"}
    assert (solution["outcome"], solution["points"]) == ("passed", solution["possible"])
    asserts = [found["outcome"] for cell in solution["cells"] for found in cell["asserts"]]
    assert len(asserts) == sum(cell.source.count("assert ") for cell in check_cells().values())
    assert set(asserts) == {"passed"}


def inkdigits(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inkdigits", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr + done.stdout
    return done


def hostile(folder: Path, name: str) -> Path:
    code, _ = HOSTILE[name]
    blank = tuple(cell for cell in STUDENT_CELLS if cell != "load")
    return write_submission(folder / f"{name}.ipynb", {"setup": "import numpy as np", "load": code}, blank)


def test_a_class_with_hostile_submissions_is_graded_in_parallel_a_line_each(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    for name in HOSTILE:
        hostile(folder, name)
    for name in ("ada", "ben"):
        write_submission(folder / f"{name}.ipynb", {}, CNN_CELLS)
    (folder / "no notebook.ipynb").write_text("{not json")
    done = inkdigits(
        "exercise", "check", str(folder), "--subset", str(SUBSET), "--jobs", "4", "--cell-timeout", "0.75",
        "--memory", "1.5", "--csv", str(tmp_path / "class.csv"), "--feedback", str(tmp_path / "pages"), code=1,
    )  # fmt: skip
    rows = {row["submission"]: row for row in csv.DictReader((tmp_path / "class.csv").read_text().splitlines())}
    assert set(rows) == {f"{name}.ipynb" for name in (*HOSTILE, "ada", "ben", "no notebook")}
    for name, (_, words) in HOSTILE.items():
        assert rows[f"{name}.ipynb"]["outcome"] == "failed"
        assert words is None or words in rows[f"{name}.ipynb"]["findings"], rows[f"{name}.ipynb"]
        assert done.stdout.count(f"{name}.ipynb") == 1
    assert rows["no notebook.ipynb"]["outcome"] == "unreadable"
    assert {row["possible"] for row in rows.values()} == {rows["ada.ipynb"]["possible"]} != {"0"}
    assert {row["subset"] for row in rows.values()} == {str(SUBSET)}
    assert "these are no marks" in done.stderr
    # Ada left part 2 blank: no finding, but the table says so.
    assert rows["ada.ipynb"]["findings"] == f"blank: {', '.join(CNN_CELLS)}"
    # The neighbours of hostile submissions get what they earned.
    assert rows["ada.ipynb"]["points"] == rows["ben.ipynb"]["points"] == "21.0"
    pages = {page.name for page in (tmp_path / "pages").iterdir()}
    assert len(pages) == len(rows) + 1
    index = (tmp_path / "pages" / "index.html").read_text()
    assert "100 %" in index.partition("Near-identical")[2]


def test_nothing_of_a_hostile_submission_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", str(tmp_path))
    groups: list[Path] = []

    def own_groups(name: str, limits: SubmissionLimits) -> ControlGroups:
        made = ControlGroups(name, limits)
        groups.extend(made.folders)
        return made

    monkeypatch.setattr(kernel, "ControlGroups", own_groups)
    check([hostile(tmp_path, "fork bomb")], SubmissionLimits(cell_seconds=60))
    time.sleep(1)
    assert running_submissions(tmp_path) == []
    assert [group for group in groups if group.exists()] == []


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_a_checker_that_is_killed_takes_its_submissions_with_it(tmp_path: Path, kill: signal.Signals) -> None:
    command = [sys.executable, "-m", "inkdigits", "exercise", "check", str(hostile(tmp_path, "endless loop"))]
    mine = {**os.environ, "LANG": str(tmp_path)}
    checker = subprocess.Popen(command, env=mine, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 120
    while not running_submissions(tmp_path) and time.monotonic() < until:
        time.sleep(0.2)
    assert running_submissions(tmp_path)
    checker.send_signal(kill)
    checker.communicate(timeout=60)
    until = time.monotonic() + 60
    while running_submissions(tmp_path) and time.monotonic() < until:
        time.sleep(0.2)
    assert running_submissions(tmp_path) == []
    assert checker.returncode == (130 if kill == signal.SIGTERM else -kill)


def running_submissions(mark: Path) -> list[Path]:
    """The processes of submissions whose LANG, which they are allowed to inherit, is `mark`."""
    seen = {process: environment(process) for process in Path("/proc").glob("[0-9]*")}
    wanted = f"LANG={mark}".encode()
    return [process for process, found in seen.items() if b"INKDIGITS_SUBMISSION=" in found and wanted in found]


def environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def test_a_submission_sees_neither_the_callers_environment_nor_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
import os, socket
assert "SECRET_OF_THE_TEACHER" not in os.environ, "environment"
try:
    socket.create_connection(("192.0.2.1", 80), timeout=2)
except OSError as error:
    assert error.errno in (101, 113), f"there is a network: {error!r}"
"""
    monkeypatch.setenv("SECRET_OF_THE_TEACHER", "1")
    blank = tuple(cell for cell in STUDENT_CELLS if cell != "load")
    verdict = check([write_submission(tmp_path / "curious.ipynb", {"setup": "", "load": code}, blank)])["curious"]
    load = next(cell for cell in verdict.cells if cell.id == "load")
    assert load.outcome == "ok", load.message


@pytest.mark.skipif("--mount" not in isolation_prefix(), reason="the system allows no mounts of its own")
def test_a_submission_cannot_read_or_change_the_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    other = write_submission(tmp_path / "other.ipynb", {})
    content = other.read_bytes()
    code = f"""
import os, pathlib
other = pathlib.Path({str(other)!r})
assert not other.exists() or not other.read_bytes(), "read"
try:
    other.write_text("spoilt")
except OSError:
    pass
"""
    blank = tuple(cell for cell in STUDENT_CELLS if cell != "load")
    mine = write_submission(tmp_path / "mine.ipynb", {"setup": "import numpy as np", "load": code}, blank)
    verdict = check([mine])["mine"]
    load = next(cell for cell in verdict.cells if cell.id == "load")
    assert load.outcome == "ok", load.message
    assert other.read_bytes() == content


def test_a_submission_that_spoils_the_data_spoils_only_its_own(tmp_path: Path) -> None:
    spoil = """
import os, pathlib
file = pathlib.Path(os.environ["KERAS_HOME"]) / "datasets" / "mnist.npz"
file.write_bytes(b"spoilt")
"""
    look = """
import keras
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
"""
    blank = tuple(cell for cell in STUDENT_CELLS if cell != "load")
    for name, code in (("1-spoils", spoil), ("2-looks", look)):
        write_submission(tmp_path / f"{name}.ipynb", {"setup": "import numpy as np", "load": code}, blank)
    verdicts = check(sorted(tmp_path.iterdir()), jobs=1)
    spoiler, honest = (next(c for c in verdicts[name].cells if c.id == "load") for name in ("1-spoils", "2-looks"))
    assert spoiler.outcome == "ok"
    assert honest.outcome == "ok", honest.message
    check_load = next(cell for cell in verdicts["2-looks"].cells if cell.id == "check-load")
    assert check_load.outcome == "ok"


def test_wrong_use_ends_with_2_and_one_line(tmp_path: Path) -> None:
    for arguments in ([str(tmp_path)], [str(tmp_path / "missing.ipynb")]):
        done = inkdigits("exercise", "check", *arguments, code=2)
        assert done.stderr.count("\n") == 1
        assert "expected" in done.stderr
    (tmp_path / "broken.ipynb").write_text("[]")
    assert "notebook" in inkdigits("exercise", "check", str(tmp_path / "broken.ipynb"), code=2).stderr
