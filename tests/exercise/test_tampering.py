from __future__ import annotations

import pytest

from inkdigits.exercise.tampering import describe_change

CHECK = 'n = 3\nassert n > 2, "more than two"\nassert accuracy > 0.975, f"{accuracy}"  # bar'


@pytest.mark.parametrize(
    "same",
    [
        CHECK,
        CHECK.replace("# bar", "# my own comment"),
        CHECK.replace("more than two", "mehr als zwei"),
        CHECK.replace("n = 3", "n=3").replace("n > 2", "( n>2 )"),
        'print("checking")\n' + CHECK + '\nprint("all correct, n is", n)',
        CHECK + "\nn",
        "%%time\n" + CHECK,
    ],
)
def test_what_does_the_same_is_no_change(same: str) -> None:
    assert describe_change(CHECK, same) is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (CHECK.replace("0.975", "0.9"), "threshold was changed from 0.975 to 0.9"),
        (CHECK.replace("assert n > 2", "assert True or n > 2"), "removed or rewritten"),
        ("n = 3\nassert n > 2", "removed or rewritten: `assert accuracy > 0.975`"),
        ("", "removed"),
        (CHECK.replace("n = 3", "n = 3; accuracy = 1"), "code was changed"),
        ("if False:\n    " + CHECK.replace("\n", "\n    "), "removed"),
        ("assert (", "no valid Python"),
    ],
)
def test_a_weakened_check_is_described(changed: str, words: str) -> None:
    assert words in (describe_change(CHECK, changed) or "")


def test_a_check_that_is_nested_too_deep_was_changed() -> None:
    assert "changed" in (describe_change("n = 1", "n = " + "(" * 90 + "-" * 600 + "1" + ")" * 90) or "")
