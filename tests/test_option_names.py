"""Messages name options as whoever reads them gave them: on the command line, in the environment, in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

import inkdigits
from inkdigits.errors import OutputError, RequestError
from inkdigits.option_names import python_names
from tests.conftest import Cli

SOURCES = Path(inkdigits.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*(?![\w-])")
# What the functions of `inkdigits` are made of.
PYTHON = (
    "datasets",
    "networks",
    "synthesis",
    "modelfile",
    "reading",
    "training",
    "evaluation",
    "experiments",
    "system",
)
OTHER_PROGRAMS = {"--head", "--upgrade", "--no-new-privs"}
# `tune` of the command line alone names a study, `classify` alone inverts.
COMMAND_LINE_ONLY = {"--study", "--invert"}


def _messages(path: Path) -> Iterator[str]:
    """The texts of errors, warnings and advice in a module; {} stands for a value."""
    for node in ast.walk(ast.parse(path.read_text())):
        called = getattr(getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", ""))
        if isinstance(node, ast.Raise) or called.endswith(("Error", "Warning", "warn", "check_new", "require_extra")):
            yield from _texts(node)


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for below in ast.iter_child_nodes(node):
            yield from _texts(below)


def _options(command: object) -> Iterator[str]:
    for below in getattr(command, "commands", {}).values():
        yield from _options(below)
    for one in getattr(command, "params", ()):
        yield from one.opts


def test_every_option_that_a_message_names_is_one() -> None:
    from inkdigits.cli import app

    named = {option for path in SOURCES.rglob("*.py") for text in _messages(path) for option in OPTION.findall(text)}
    assert len(named) > 30
    assert named - OTHER_PROGRAMS - set(_options(get_command(app))) == set()


def test_python_reads_of_arguments() -> None:
    texts = [text for package in PYTHON for path in (SOURCES / package).rglob("*.py") for text in _messages(path)]
    assert sum(bool(OPTION.search(text)) for text in texts) > 20
    left = {option for text in texts for option in OPTION.findall(python_names(text))}
    assert left - OTHER_PROGRAMS <= COMMAND_LINE_ONLY


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a b: choose another --out, or resume it with --resume a b", "or resume it with inkdigits.resume('a b')"),
        ("resume it with inkdigits train --resume runs/a", "resume it with inkdigits.resume('runs/a')"),
        ("evaluate it again with inkdigits evaluate runs/a", "again with inkdigits.evaluate('runs/a')"),
        ("or --set engine=keras", "or hyperparameters={'engine': 'keras'}"),
        ("with --set epochs=2", "with hyperparameters={'epochs': 2}"),
        ("fewer --jobs where memory is short", "fewer jobs where memory is short"),
        ("start one with ray start --head", "start one with ray start --head"),
        ("3--out", "3--out"),
        ("write one with inkdigits page --out a/site", "write one with inkdigits page --out a/site"),
        ("use inkdigits batch x.tar --out RESULTS", "use inkdigits batch x.tar --out RESULTS"),
    ],
)
def test_python_names(message: str, expected: str) -> None:
    assert python_names(message).endswith(expected)


def test_a_python_program_is_told_of_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"holds files already that are no run: choose another out$"):
        inkdigits.train("dense", recipe="sprint", hyperparameters={"epochs": 1}, out=tmp_path)
    with pytest.raises(inkdigits.RecipeError, match=r"is for reader, not for cnn: leave recipe out$"):
        inkdigits.train("cnn", recipe="adapt")


def test_the_command_line_is_told_of_its_options(main_here: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = main_here("train", "dense", "--recipe", "sprint", "--out", tmp_path)
    assert result.stderr == f"inkdigits: {tmp_path}: holds files already that are no run: choose another --out\n"


def test_a_hyperparameter_is_named_by_the_option_that_gave_it(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from inkdigits.errors import RecipeError

    def refuse(*_: object, **__: object) -> None:
        raise RecipeError("take a multiple, such as --set batch_size=6 or 9")

    monkeypatch.setattr("inkdigits.training.train.train", refuse)
    for given, advised in (
        (("--set", "batch_size=7"), "--set batch_size=6"),
        (("--batch-size", "7"), "--batch-size 6"),
    ):
        assert f"such as {advised} or 9\n" in main_here("train", "dense", *given).stderr


def test_variables_are_named_where_they_were_set(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKDIGITS_SERVE_HOST", "0.0.0.0")
    alone = main_here("serve").stderr
    assert "INKDIGITS_SERVE_HOST 0.0.0.0 serves other machines" in alone
    assert "give INKDIGITS_SERVE_TOKEN_FILE FILE, or INKDIGITS_SERVE_NO_TOKEN" in alone
    both = main_here("serve", "--workers", "1").stderr
    assert "INKDIGITS_SERVE_HOST 0.0.0.0 serves other machines" in both
    assert "give --token-file FILE, or --no-token" in both


def test_a_command_that_is_quoted_stays_one(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OutputError("choose another --out, or resume with inkdigits train --resume runs/a")

    monkeypatch.setattr("inkdigits.training.train.train", refuse)
    monkeypatch.setenv("INKDIGITS_TRAIN_OUT", "runs/a")
    told = main_here("train", "dense").stderr
    assert told == "inkdigits: choose another INKDIGITS_TRAIN_OUT, or resume with inkdigits train --resume runs/a\n"


def test_a_bad_value_of_a_variable_is_said_of_it(main_here: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Invalid value for '--port'" in main_here("serve", "--port", "x").stderr
    monkeypatch.setenv("INKDIGITS_SERVE_PORT", "x")
    result = main_here("serve")
    assert result.returncode == 2
    assert "Invalid value for INKDIGITS_SERVE_PORT" in result.stderr


def test_a_request_is_told_what_to_start_the_server_with() -> None:
    assert str(RequestError(421, "host", "allow it with --allow-host")) == "allow it with --allow-host"
