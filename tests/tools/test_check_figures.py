"""A measured figure in a docstring or comment needs a source; what is defined does not."""

from __future__ import annotations

import pytest
from tools.check_figures import findings


@pytest.mark.parametrize(
    "text",
    [
        "# A step takes 44 ms.\nx = 1\n",
        '"""Reads 97.5 % of them."""\n',
        "# It is 3.5 times faster\n# than Pillow.\nx = 1\n",
        'def f():\n    """Decodes in a tenth of the time."""\n',
    ],
)
def test_a_figure_without_a_source(text: str) -> None:
    assert len(list(findings(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "# A step takes 44 ms (benchmarks/step_time.py).\nx = 1\n",
        "# Faster: 75 s\n# to 44 s (docs/log.md).\nx = 1\n",
        '"""The 95 % interval, Wilson."""\n',
        "# At most 5 seconds.\nx = 1\n",
        "x = '44 ms'\n",
    ],
)
def test_nothing_to_say(text: str) -> None:
    assert not list(findings(text))
