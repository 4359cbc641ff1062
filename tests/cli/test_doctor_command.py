"""`inkdigits doctor` says what is there, and fails where something does not work."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest

from tests.conftest import Cli


def test_it_names_versions_and_what_works(main_here: Cli) -> None:
    found = json.loads(main_here("doctor", "--json").stdout)
    assert found["facts"]["onnxruntime"] == version("onnxruntime")
    assert found["checks"]["read a page"] == "works"
    assert {"cores", "memory", "Python", "numpy", "Keras backend"} <= set(found["facts"])
    table = main_here("doctor")
    assert (table.returncode, table.stderr) == (0, "")
    assert version("numpy") in table.stdout


def test_what_stands_in_brackets_is_shown(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("pip install 'inkdigits[train]'")

    monkeypatch.setattr("inkdigits.modelfile.predictor.open_session", fail)
    assert "pip install 'inkdigits[train]'" in main_here("doctor").stdout


def test_what_does_not_work_is_named(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no such\ninstruction")

    monkeypatch.setattr("inkdigits.modelfile.predictor.open_session", fail)
    result = main_here("doctor", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["checks"]["classify a digit"] == "FAILS: RuntimeError: no such instruction"


def test_the_backend_is_named(cli: Cli) -> None:
    for name in ("torch", "jax"):
        told = json.loads(cli("doctor", "--json", KERAS_BACKEND=name).stdout)["facts"]["Keras backend"]
        assert told.startswith(f"{name} (by KERAS_BACKEND)")
    assert "expected one of" in json.loads(cli("doctor", "--json", KERAS_BACKEND="x").stdout)["facts"]["Keras backend"]


def test_every_extra_is_named(main_here: Cli) -> None:
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    told = main_here("doctor").stdout
    for extra in set(project["optional-dependencies"]) - {"tensorflow", "torch"}:
        assert f"(extra {extra})" in told
