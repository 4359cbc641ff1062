"""Wrong settings and ports are reported before anything is served."""

from __future__ import annotations

import pytest

from tests.conftest import Cli
from tests.serving.server import Served


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["--host", "0.0.0.0"], "no token"),
        (["--model", "gone.onnx"], "no such model file"),
        (["--model", "cnn", "--model", "cnn"], "two models are called cnn"),
        (["--token-file", "gone"], "cannot be read"),
        (["--prefix", "a b"], "--prefix"),
        (["--model", "gone.onnx", "--workers", "2"], "no such model file"),
        (["--host", "203.0.113.7", "--no-token"], "cannot serve on 203.0.113.7"),
    ],
)
def test_wrong_settings_are_one_line(cli: Cli, arguments: list[str], needle: str) -> None:
    result = cli("serve", "--port", "0", *arguments)
    assert result.returncode == 2
    assert needle in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_port_in_use(cli: Cli, served: Served) -> None:
    result = cli("serve", "--port", served.port)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "choose another with --port" in result.stderr
