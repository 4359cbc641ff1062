"""What the documentation says is true: commands run, snippets run, rooms exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def _run(command: list[str], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert result.returncode == 0, f"{command}: {result.stderr}"


@pytest.mark.slow
def test_the_readmes_commands_run(tmp_path: Path) -> None:
    commands = [
        line[2:].split() for block in _blocks("console") for line in block.splitlines() if line.startswith("$ ")
    ]
    assert len(commands) >= 4
    for command in commands:
        assert command[0] == "inkdigits"
        _run([sys.executable, "-m", *command], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(_blocks("python"))))
def test_the_readmes_snippets_run(number: int, tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(_blocks("python")[number])
    _run([sys.executable, "snippet.py"], tmp_path)


def test_the_plan_names_every_room() -> None:
    plan = (ROOT / "docs" / "architecture.md").read_text()
    for path in (ROOT / "src" / "inkdigits").iterdir():
        if path.name.startswith("__") or path.name == "py.typed":
            continue
        name = f"{path.name}/" if path.is_dir() else path.name
        assert f"  {name}" in plan, f"docs/architecture.md does not name {name}"


def test_every_command_is_in_the_reference() -> None:
    from typer.main import get_command

    from inkdigits.cli import app

    reference = (ROOT / "docs" / "reference" / "cli.md").read_text()
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert f"`inkdigits {name}" in reference


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
