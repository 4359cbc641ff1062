"""Two submissions at a time, each run as a user of its own: real kernels, users and files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from inkdigits.cli.app import app
from inkdigits.exercise import other_user

pytestmark = pytest.mark.timeout(300)

# No place is hidden from these submissions: what keeps them apart is their user alone.
CHECKER = """
import json, sys
from pathlib import Path
from typing import Any
from threading import Event
from inkdigits.exercise.submission import Submission
from inkdigits.exercise.submission_limits import SubmissionLimits
from inkdigits.exercise.trial import TrialSetting, open_trial

home, curious = Path(sys.argv[1]), Path(sys.argv[2]).read_text()
setting, empty = TrialSetting(home, SubmissionLimits(), 2000, Event()), Submission(Path("a.ipynb"), (), ())
with open_trial(empty, setting) as (_, ada, folders), open_trial(empty, setting) as (_, ben, _):
    ada.execute("import os; open('notes.txt', 'w').write('mine'); print(os.getuid())")
    places = {"work": str(folders.kernel.work), "home": str(folders.kernel.keras_home), "own": str(folders.own)}
    done = ben.execute(f"places = {places!r}\\n" + curious)
    after = ada.execute("print(os.getuid(), open('notes.txt').read(), os.listdir('.'))")
    print(json.dumps({"ben": json.loads(done.text), "ada": after.text.split(maxsplit=1)}))
"""
CURIOUS = """
import json, os, pathlib

def tried(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"

work, data = (pathlib.Path(places[name]) for name in ("work", "home"))
print(json.dumps({
    "uid": os.getuid(),
    "write an own file": tried(lambda: pathlib.Path("notes.txt").write_text("Ben's")),
    "list the other's folder": tried(lambda: os.listdir(work)),
    "read the other's file": tried(lambda: (work / "notes.txt").read_text()),
    "change the other's file": tried(lambda: (work / "notes.txt").write_text("spoilt")),
    "read the other's data": tried(lambda: (data / "datasets" / "mnist.npz").read_bytes()),
    "list the checker's folder": tried(lambda: os.listdir(places["own"])),
    "change what was handed in": tried(lambda: pathlib.Path(HANDED_IN).write_text("spoilt")),
    "be root again": tried(lambda: os.setuid(0)),
}))
"""


def _is_open(path: Path) -> bool:
    """Whether any user may pass through the folders above `path`."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def _opened(place: Path) -> list[str]:
    """A command prefix under which any user can run this Python: in a mount namespace where its folder is open.

    `place` is an empty folder to mount it at meanwhile. Skips where that is impossible. Nothing outside of the
    namespace changes.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root with setpriv can run a submission as another user")
    base = Path(sys.base_prefix).resolve()
    if _is_open(base):
        return []
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"{base} is closed to other users, and the system allows no mounts in which it would be open")
    closed = next(folder for folder in reversed(base.parents) if not folder.stat().st_mode & 0o001)
    steps = 'mount --bind "$1" "$3" && mount -t tmpfs -o mode=755 none "$2" && mkdir -p "$1" && mount --bind "$3" "$1"'
    shell = f'{steps} || exit 99; shift 3; exec "$@"'
    return ["unshare", "--mount", "/bin/sh", "-c", shell, "sh", str(base), str(closed), str(place)]


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder into which any user may look; pytest's own is closed."""
    with tempfile.TemporaryDirectory(prefix="ink-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_submission_runs_as_a_user_of_its_own_who_reaches_no_other(public: Path) -> None:
    (public / "python").mkdir()
    prefix = _opened(public / "python")
    data: dict[str, Any] = {"x_train": np.zeros((9, 28, 28), np.uint8), "y_train": np.arange(9)}
    (public / "home" / "datasets").mkdir(parents=True)
    (public / "home" / "matplotlib").mkdir()
    np.savez(public / "home" / "datasets" / "mnist.npz", **data, x_test=data["x_train"], y_test=data["y_train"])
    handed_in = public / "cleo.ipynb"
    handed_in.write_text("{}")
    (public / "curious.py").write_text(CURIOUS.replace("HANDED_IN", repr(str(handed_in))))
    command = [*prefix, sys.executable, "-c", CHECKER, str(public / "home"), str(public / "curious.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=public)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    uid, own = found["ben"].pop("uid"), found["ben"].pop("write an own file")
    assert own == "done"
    assert set(found["ben"].values()) == {"PermissionError"}, found["ben"]
    ada, notes = found["ada"]
    assert len({0, int(ada), uid}) == 3
    assert notes.split()[0] == "mine"
    assert handed_in.read_text() == "{}"


@pytest.mark.parametrize("as_root", [True, False])
def test_a_teacher_is_told_when_submissions_run_as_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_root: bool
) -> None:
    monkeypatch.setattr(other_user, "runs_submissions_as_root", lambda: as_root)
    (tmp_path / "notes.ipynb").write_text("no notebook")
    done = CliRunner().invoke(app, ["exercise", "check", str(tmp_path / "notes.ipynb")])
    assert ("submissions ran as root" in done.stderr) == as_root
