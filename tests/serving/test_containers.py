"""The container's files, without a container engine: linted, parsed, and held against what the command line knows."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"[^@:]+:[^@:]+@sha256:[0-9a-f]{64}")


def _instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def _values(instruction: str) -> list[str]:
    return [value for name, value in _instructions() if name == instruction]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "containers" / "compose.yaml").read_text())
    return loaded


def test_hadolint_has_nothing_to_say() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    told = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_it_runs_as_nobody_in_particular() -> None:
    assert _values("USER") == ["10001:10001"]
    (argument,) = _values("ARG")
    name, base = argument.split("=")
    assert PINNED.fullmatch(base)
    assert all(used.startswith(f"${{{name}}}") for used in _values("FROM"))
    assert _values("HEALTHCHECK")


def test_images_of_others_are_named_by_their_digests(compose: dict[str, Any]) -> None:
    named = [service["image"] for service in compose["services"].values() if "image" in service]
    assert named
    assert all(PINNED.fullmatch(image) for image in named)


@pytest.mark.parametrize("typed", [True, False])
def test_the_health_check_asks_the_port_that_is_served(typed: bool) -> None:
    """The port of `--port` where it is typed in the command, else that of the variable."""
    (check,) = _values("HEALTHCHECK")
    assert yaml.safe_load(check.partition("CMD")[2]) == ["python", "/health_check.py"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    arguments, variable = (["--port", port], "9") if typed else ([], port)
    environment = {**os.environ, "INKDIGITS_SERVE_PORT": variable}
    command = [sys.executable, "-m", "inkdigits", "serve", "--model", "dense", "--host", "127.0.0.1", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as server:
        try:
            ask = [sys.executable, str(ROOT / "containers" / "health_check.py"), str(server.pid)]
            assert server.stderr is not None
            while "inkdigits serves" not in (line := server.stderr.readline()):
                assert line, "the server ended"
            assert subprocess.run(ask, env=environment, check=False).returncode == 0
            # A process without a port of its own is asked at the variable's.
            assert (subprocess.run([*ask[:2], str(os.getpid())], env=environment, check=False).returncode == 0) != typed
        finally:
            server.terminate()
            server.communicate(timeout=60)
        assert subprocess.run(ask, env=environment, capture_output=True, check=False).returncode != 0


def test_what_is_copied_is_there_and_is_sent() -> None:
    ignored = (ROOT / ".dockerignore").read_text()
    for value in _values("COPY"):
        if not value.startswith("--from"):
            for source in value.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in ignored, source


def test_it_reads_what_phones_and_scanners_make() -> None:
    installed = (ROOT / "requirements" / "serve.txt").read_text()
    assert re.search(r"^pillow-heif==", installed, re.MULTILINE)
    assert re.search(r"^pypdfium2==", installed, re.MULTILINE)


def test_its_commands_are_ones_that_we_know(compose: dict[str, Any]) -> None:
    from inkdigits.cli import app

    known = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    entry = yaml.safe_load(_values("ENTRYPOINT")[0])
    for arguments in (yaml.safe_load(_values("CMD")[0]), compose["services"]["inkdigits"]["command"]):
        for word in [*entry[2:], *arguments]:
            if word.startswith("--"):
                assert word in known, word
    assert entry[:2] == ["inkdigits", "serve"]
    assert shlex.join(entry)


def test_compose_locks_it_in(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert {volume.split(":")[0] for volume in service["volumes"]} - {"./prometheus.yaml"} <= set(
            compose["volumes"]
        )
    assert compose["services"]["inkdigits"]["stop_grace_period"] == "40s"


def test_prometheus_asks_the_right_service(compose: dict[str, Any]) -> None:
    config = yaml.safe_load((ROOT / "containers" / "prometheus.yaml").read_text())
    (target,) = config["scrape_configs"][0]["static_configs"][0]["targets"]
    name, port = target.split(":")
    assert name in compose["services"]
    assert port in _values("EXPOSE")
