"""`seeds` and `tune`: mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.one_line import assert_one_line
from tests.conftest import Cli


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["tune", "dense", "--recipe", "nope"], "unknown recipe 'nope'"),
        (["tune", "dense", "--data", "gone.npz"], "gone.npz: no such file"),
        (["tune", "dense", "--storage", "nosuch://nowhere"], "cannot be used as a database of trials"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    main_here: Cli, arguments: list[str], needle: str, tmp_path: Path
) -> None:
    assert_one_line(main_here(*arguments, "--out", tmp_path / "out"), needle)
    assert list(tmp_path.iterdir()) == []


def test_an_address_goes_with_a_cluster(main_here: Cli) -> None:
    needle = "--address 127.0.0.1:1 is the address of a Ray cluster: add --engine ray"
    for command in ("seeds", "tune"):
        assert_one_line(main_here(command, "dense", "--address=127.0.0.1:1"), needle)
