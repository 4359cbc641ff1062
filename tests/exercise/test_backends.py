"""The solution passes the checker on whichever backend KERAS_BACKEND names, on a small subset."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Cli

SOLUTION = Path(__file__).parents[2] / "docs" / "exercise" / "solution.ipynb"


@pytest.mark.backends
@pytest.mark.timeout(600)
def test_the_solution_passes_on_this_backend(cli: Cli) -> None:
    backend = os.environ.get("KERAS_BACKEND", "jax")
    result = cli("exercise", "check", SOLUTION, "--subset", 4000, "--json", timeout=500, KERAS_BACKEND=backend)
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(result.stdout)
