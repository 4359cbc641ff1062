"""Measures networks again in a fresh process, rebuilt from their saved forms: no code of the notebook runs there."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inkdigits.exercise.containment import end_processes, isolation_prefix
from inkdigits.exercise.kernel import clean_environment
from inkdigits.exercise.measuring import Measurement, new_name, read_answers, reading_of
from inkdigits.exercise.other_user import OtherUser
from inkdigits.exercise.submission_limits import SubmissionLimits

__all__ = ["rebuild_networks"]


def rebuild_networks(
    measured: dict[str, Measurement], folder: Path, labels: Any, limits: SubmissionLimits
) -> dict[str, Measurement]:
    """The measurements, those of networks that can be rebuilt computed by the checker; the others stay as they are.

    `folder` holds the saved forms, and is given to another user who does the computing.
    """
    wanted = {part: found for part, found in measured.items() if found.saved and found.candidate}
    if not wanted:
        return measured
    request = {part: _write_pictures(found, folder) for part, found in wanted.items()}
    (folder / "request.json").write_text(json.dumps(list(request.values())))
    _run(folder, limits.cell_seconds)
    rebuilt = {part: _rebuilt(found, folder, request[part]["answers"], labels) for part, found in wanted.items()}
    return {**measured, **rebuilt}


def _write_pictures(found: Measurement, folder: Path) -> dict[str, str]:
    assert found.saved is not None
    assert found.candidate is not None
    names = {"saved": found.saved.name, "pictures": new_name(), "answers": new_name()}
    np.save(folder / names["pictures"], found.candidate.pictures, allow_pickle=False)
    return names


def _run(folder: Path, seconds: float) -> None:
    user = OtherUser()
    user.take(folder)
    token = uuid.uuid4().hex
    environment = clean_environment(folder, folder, token)
    command = [*isolation_prefix(), *user.prefix(), sys.executable, "-m", "inkdigits.exercise.rebuilding", str(folder)]
    try:
        subprocess.run(command, env=environment, capture_output=True, timeout=seconds, check=False, cwd=folder)
    except subprocess.TimeoutExpired:
        # A network that is saved to take forever is measured in its kernel alone.
        end_processes(token)


def _rebuilt(found: Measurement, folder: Path, answers_file: str, labels: Any) -> Measurement:
    answers = read_answers(folder, answers_file)
    if answers is None or found.candidate is None:
        return found
    again = reading_of(found.candidate, answers, labels)
    kept = {"model": found.model, "model_id": found.model_id, "saved": found.saved, "matrices": found.matrices}
    return replace(again, rebuilt=True, in_kernel=found.accuracy, random=found.random, **kept)  # type: ignore[arg-type]
