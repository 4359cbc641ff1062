"""Where `make test-page` puts the package for npm; without it its tests are skipped, and under CI they fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "build" / "npm"


def installed_package() -> Path:
    if not (PACKAGE / "types" / "index.d.ts").is_file():
        if os.environ.get("CI") == "true":
            pytest.fail("no package for npm in build/npm: make test-page")
        pytest.skip("no package for npm in build/npm: make test-page")
    return PACKAGE
