"""`Run`: a folder that holds one training and everything that was found out about it.

config.json           what was asked for: network, recipe, seed, data, backend, versions
status.json           how it ended, and the five times
history.csv           a row an epoch
steps.csv             the training loss along the steps, at most 50 rows an epoch
checkpoints/          the last one, from which a training is resumed
model.keras           the trained network, of stock Keras layers
model.onnx            the same as a model file, which needs no Keras (where its layers can be written as one)
predictions/<data sha>.npz   probabilities and labels of every data set it was evaluated on
evaluation.json       its scores
adaptation.json       what digits that were mixed in changed
report.html, .md      the same for people, with pictures
test_openings.json    every time a test set was opened for it
data.npz, added.npz   what it was trained on, where that came from memory
network.py            the network, where it is the user's own
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, get_type_hints

from inkdigits.errors import InkdigitsError, OutputError, RunError
from inkdigits.modelfile.predictor import shipped_models
from inkdigits.system.atomic_io import make_folder, write_json, write_text
from inkdigits.system.html_table import html_table, percent
from inkdigits.system.locks import exclusive_lock, is_locked
from inkdigits.system.typed_json import from_json
from inkdigits.training.checkpoint import EpochRecord, Progress, StepRecord
from inkdigits.training.run_records import (
    FORMAT,
    AdaptationResult,
    EvaluationRecord,
    RunConfig,
    RunState,
    RunStatus,
    TestOpening,
)

__all__ = ["Run", "create_run", "find_runs", "locked_folder", "open_run"]

T = TypeVar("T")
_LOCK = ".lock"


@dataclass(frozen=True)
class _Versioned:
    format: int


@dataclass(frozen=True)
class Run:
    """A run's folder. Every property reads its file, so a `Run` is never out of date."""

    path: Path

    @property
    def config(self) -> RunConfig:
        """What was asked for. Raises `RunError` when it cannot be read, or is of another format."""
        found = self._read(_Versioned, "config.json").format
        if found != FORMAT:
            raise RunError(
                f"{self.path}: a run of format {found}, expected {FORMAT}: another inkdigits made it: train again"
            )
        return self._read(RunConfig, "config.json")

    @property
    def status(self) -> RunStatus:
        """How the training ended, and its times. Raises `RunError` when it cannot be read."""
        return self._read(RunStatus, "status.json")

    @property
    def described_state(self) -> str:
        """The state for people: a run that says `running` while no process trains it was killed."""
        state = self.status.state
        return "killed" if state == "running" and not self.is_training else state

    @property
    def is_training(self) -> bool:
        """Whether a process is training into it at this moment: the system lets go of its lock however it ends."""
        return is_locked(self.path / _LOCK)

    @property
    def evaluation(self) -> EvaluationRecord | None:
        """The last evaluation's scores, or None before the first."""
        return self._read(EvaluationRecord, "evaluation.json") if (self.path / "evaluation.json").exists() else None

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """A record an epoch. Raises `RunError` when `history.csv` cannot be read."""
        return self._read_csv(EpochRecord, "history.csv")

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """The training loss along the steps. Raises `RunError` when `steps.csv` cannot be read."""
        return self._read_csv(StepRecord, "steps.csv")

    @property
    def adaptation(self) -> AdaptationResult | None:
        """What added digits changed, or None for a training without them."""
        return self._read(AdaptationResult, "adaptation.json") if (self.path / "adaptation.json").exists() else None

    @property
    def test_openings(self) -> tuple[TestOpening, ...]:
        """Every time a test set was opened for this run, oldest first."""
        if not (self.path / "test_openings.json").exists():
            return ()
        return self._read(tuple[TestOpening, ...], "test_openings.json")

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def has_model(self) -> bool:
        """Whether the training has come so far that there is a trained network."""
        return (self.path / "model.keras").exists()

    @property
    def model_path(self) -> Path:
        """Where the trained network is. Raises `RunError` when the training has not come so far."""
        path = self.path / "model.keras"
        if not path.exists():
            raise RunError(
                f"{self.path}: no trained network in it yet: resume it with inkdigits train --resume {self.path}"
            )
        return path

    @property
    def model_file_path(self) -> Path:
        """Where the model file is, or would be: a network with layers that cannot be written has none."""
        return self.path / "model.onnx"

    def _read(self, kind: type[T], name: str) -> T:
        try:
            return from_json(kind, json.loads((self.path / name).read_text()))
        except FileNotFoundError as error:
            below = sorted(str(path.parent) for path in self.path.glob(f"*/{name}"))
            hint = f", but runs: name one of {', '.join(below)}" if below else ""
            raise RunError(f"{self.path}: not a run's folder, it holds no {name}{hint}") from error
        except (OSError, ValueError, InkdigitsError) as error:
            raise RunError(f"{self.path / name}: damaged ({error}): train again into another folder") from error

    def _read_csv(self, kind: type[T], name: str) -> tuple[T, ...]:
        path, types = self.path / name, get_type_hints(kind)
        try:
            rows = csv.DictReader(path.read_text().splitlines())
            return tuple(kind(**{column: types[column](value) for column, value in row.items()}) for row in rows)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"{path}: damaged ({error}): train again into another folder") from error

    def _repr_html_(self) -> str:
        """What was trained and how well, as a table in a notebook."""
        config, status, scores = self.config, self.status, self.evaluation
        rows = [
            ("network", f"{config.network}, {config.parameters:,} parameters"),
            ("recipe", f"{config.recipe.name}, seed {config.seed}, data {config.data.source}"),
            ("state", f"{self.described_state}, {status.epochs} epochs, the best {status.best_epoch}"),
            ("accuracy", f"{percent(scores.accuracy)} on {scores.data}" if scores else "not evaluated yet"),
        ]
        return html_table(["run", str(self.path)], rows)

    def write_status(self, state: RunState, progress: Progress, seconds: Mapping[str, float]) -> None:
        """Write `status.json`, `history.csv` and `steps.csv`."""
        rounded = {name: round(value, 3) for name, value in seconds.items()}
        status = RunStatus(state, len(progress.history), progress.best_epoch, rounded)
        write_json(self.path / "status.json", asdict(status))
        write_text(self.path / "history.csv", _csv_of(EpochRecord, progress.history))
        write_text(self.path / "steps.csv", _csv_of(StepRecord, progress.steps))

    def write_adaptation(self, result: AdaptationResult) -> None:
        """Write `adaptation.json`."""
        write_json(self.path / "adaptation.json", asdict(result))

    def record_test_opening(self, data: str, sha256: str) -> int:
        """Note that a test set was opened, and return how often that happened so far."""
        opening = TestOpening(datetime.now(UTC).isoformat(timespec="seconds"), data, sha256)
        openings = [*self.test_openings, opening]
        write_json(self.path / "test_openings.json", [asdict(each) for each in openings])
        return len(openings)


@contextmanager
def locked_folder(path: Path) -> Iterator[None]:
    """Make `path` if missing and hold it for one training. Raises `RunError` when another process holds it.

    Raises `OutputError` for a folder with other files in it, and leaves it as it is. The system lets go of the lock
    when the process ends, however it ends.
    """
    if path.is_dir() and any(path.iterdir()) and not _is_run(path) and not (path / _LOCK).exists():
        raise OutputError(f"{path}: holds files already that are no run: choose another --out")
    make_folder(path)
    busy = RunError(f"{path}: another training is writing into it: wait for it, or choose another --out")
    with exclusive_lock(path / _LOCK, busy):
        yield


def _is_run(path: Path) -> bool:
    return (path / "config.json").exists()


def _csv_of(kind: type[EpochRecord] | type[StepRecord], records: Sequence[EpochRecord | StepRecord]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [one.name for one in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(record) for record in records)
    return text.getvalue()


def create_run(path: Path, config: RunConfig) -> Run:
    """Put a run's config into the folder `path`. Raises `OutputError` when something is there already."""
    if _is_run(path):
        raise OutputError(f"{path}: holds a run already: choose another --out, or resume it with --resume {path}")
    write_json(path / "config.json", asdict(config))
    run = Run(path)
    run.write_status("running", Progress(), {})
    return run


def open_run(path: Path | str) -> Run:
    """The run in the folder `path`. Raises `RunError` when there is none, or its config is damaged or outdated."""
    path = Path(path)
    if not path.is_dir():
        raise RunError(_no_folder(path))
    run = Run(path)
    _ = run.config  # raises when it is damaged
    return run


def _no_folder(path: Path) -> str:
    if str(path) not in shipped_models():
        return f"{path}: no such folder, expected a run's"
    return (
        f"{path} is a shipped model, not a run: train one with inkdigits train, or evaluate the model with inkdigits "
        "robustness and compare"
    )


def find_runs(folder: Path) -> list[Run]:
    """Every run below `folder`, oldest first."""
    if not folder.is_dir():
        raise RunError(f"{folder}: no such folder: runs are kept where --out says, by default in runs/")
    paths = [path.parent for path in folder.rglob("config.json") if (path.parent / "status.json").exists()]
    return sorted((Run(path) for path in paths), key=lambda run: os.path.getmtime(run.path / "config.json"))
