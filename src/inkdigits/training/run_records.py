"""What the JSON files of a run hold; `Run` reads and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.training.backend import Backend
from inkdigits.training.recipes import Recipe

__all__ = [
    "FORMAT",
    "AccuracyChange",
    "AdaptationResult",
    "DataRecord",
    "EvaluationRecord",
    "RunConfig",
    "RunState",
    "RunStatus",
    "TestOpening",
]

FORMAT = 2

RunState = Literal["running", "finished", "interrupted", "diverged"]


@dataclass(frozen=True)
class DataRecord:
    """The digits that a run was trained on."""

    source: str  # as --data names it
    name: str
    sha256: str  # as `LabelledDigits.sha256`
    n: int

    @classmethod
    def of(cls, source: str, digits: LabelledDigits) -> DataRecord:
        """The record of `digits`, which were read from `source`."""
        return cls(source, digits.name, digits.sha256, len(digits))


@dataclass(frozen=True)
class RunConfig:
    """config.json: what was asked for, and on what it was trained."""

    network: str
    parameters: int
    recipe: Recipe
    seed: int
    data: DataRecord
    backend: Backend
    cores: int
    machine: str
    versions: Mapping[str, str]  # of Python and the libraries that decide the weights
    created: str  # ISO 8601
    added: DataRecord | None = None  # a user's own digits, mixed with the data
    network_sha256: str | None = None  # of the file of a user's own network
    start_from: str | None = None  # the network whose weights it began with
    tracker: str | None = None  # tensorboard or mlflow
    format: int = FORMAT


@dataclass(frozen=True)
class RunStatus:
    """status.json: how the training ended."""

    state: RunState
    epochs: int = 0
    best_epoch: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)  # of import, data, compile and train


@dataclass(frozen=True)
class EvaluationRecord:
    """The scores of evaluation.json that other runs' scores are compared with."""

    data: str
    data_sha256: str
    source: str  # as --data names it
    n: int
    accuracy: float  # in [0, 1]
    log_loss: float  # nats
    seconds: float


@dataclass(frozen=True)
class AccuracyChange:
    """The accuracy on `n` held-out digits before and after a training, in [0, 1]."""

    n: int
    before: float
    after: float


@dataclass(frozen=True)
class AdaptationResult:
    """adaptation.json: what mixing in a user's own digits changed."""

    data: AccuracyChange
    added: AccuracyChange


@dataclass(frozen=True)
class TestOpening:
    """One time that a test set was opened for a run."""

    __test__ = False  # no test of pytest's

    at: str  # ISO 8601
    data: str
    sha256: str
