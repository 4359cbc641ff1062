from __future__ import annotations

import pytest

from inkdigits.exercise.parsing import problem_of, without_installing
from inkdigits.exercise.similar import similar_groups
from inkdigits.exercise.tampering import describe_change
from inkdigits.exercise.verdict import Verdict


@pytest.mark.parametrize("code", ["half = '\ud83d'", "-" * 20_000 + "1"])
def test_code_that_no_parser_reads_is_reported_and_stops_nothing(code: str) -> None:
    assert (problem_of(code) or "").startswith("a cell ")
    assert "no valid Python" in (describe_change("assert n > 2", code) or "")
    assert similar_groups([Verdict("a", "failed", code=(code,)), Verdict("b", "failed", code=(code,))]) == []


def test_ordinary_mistakes_are_left_to_the_kernel_which_names_them() -> None:
    assert [problem_of(code) for code in ("x = 1", "x = (", "\0")] == [None, None, None]


def test_what_only_installs_is_left_out_line_for_line() -> None:
    given = "!pip install keras \\\n    numpy \\\n    pandas\nimport keras\nif COLAB:\n    %pip install tqdm\nx = 1"
    assert without_installing(given) == "pass\n\n\nimport keras\nif COLAB:\n    pass\nx = 1"
    assert without_installing("%%bash -e\n# once\n\npip install -q keras\napt-get update\n") == "pass"
    assert without_installing("%%bash\npip install keras\nls -l") == "%%bash\npip install keras\nls -l"
