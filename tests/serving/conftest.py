from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.datasets.mnist import load_test
from tests.serving.server import Served, png, serving


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


@pytest.fixture(scope="session")
def stressed_server() -> Iterator[Served]:
    with serving("--quiet") as server:
        yield server


@pytest.fixture
def stressed(stressed_server: Served, digits: LabelledDigits) -> Iterator[Served]:
    """A server for bad requests: after each test it must still answer a good one, and have failed at none."""
    yield stressed_server
    assert stressed_server.process.poll() is None
    assert stressed_server.reading(png(digits.images[0]))["string"] == "7"
    assert not [line for line in stressed_server.lines() if line["event"] == "internal_error"]
