from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_test
from tests.serving.server import Served, serving


@pytest.fixture(scope="session")
def digits() -> LabelledDigits:
    return load_test().take(slice(0, 64))


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corrections")


@pytest.fixture(scope="session")
def served(kept: Path) -> Iterator[Served]:
    """One server for all tests that do it no harm."""
    with serving("--corrections", kept) as server:
        yield server
