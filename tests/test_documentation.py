"""What the documentation says is true: its code blocks run, its links lead somewhere, its lists are complete.

The word after a block's language says what becomes of it:

    (nothing)      run by this file, all blocks of a page in order, in one folder that holds what `prepare` writes
    ci             commands of the Makefile that .ci/run runs
    served         run by tests/serving against a real server
    old, write     run by tests/exercise/test_rosetta.py
    output         what a command prints
    illustration   not run: it needs what a test cannot have; how many a page has is counted below
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from inkdigits.datasets.mnist import load_test

ROOT = Path(__file__).parent.parent
# Written by docs/build_reference.py; what that prints is the command line itself.
GENERATED = ROOT / "docs" / "reference" / "cli.md"
PAGES = [
    page
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"])
    if page != GENERATED
]
RUN_ELSEWHERE = {"ci", "served", "old", "write"}
ILLUSTRATIONS = {
    "README.md": 1,
    "docs/guides/browser.md": 2,
    "docs/guides/installing.md": 1,
    "docs/guides/exercise.md": 1,
    "docs/guides/operating.md": 2,
    "docs/guides/robustness.md": 2,
    "docs/guides/scale.md": 8,
    "docs/guides/serving.md": 3,
}
BLOCK = re.compile(r"^```(?P<language>\w*) ?(?P<mark>[\w ]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    language: str
    mark: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(match["language"], match["mark"], match["text"], text.count("\n", 0, match.start()) + 1)
        for match in BLOCK.finditer(text)
    ]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def script_of(block: Block) -> list[str]:
    """The command that runs a block."""
    if block.language == "python":
        return [sys.executable, "-c", block.text]
    commands = block.text
    if block.language == "console":
        commands = "\n".join(line[2:] for line in block.text.splitlines() if line.startswith("$ "))
    return ["bash", "-euo", "pipefail", "-c", commands]


def prepare(folder: Path) -> None:
    """Pictures under the names that the guides use: single digits, and a folder of them."""
    digits = load_test().images[:12]
    for name in ("photo.jpg", "digit.png"):
        Image.fromarray(digits[0]).save(folder / name)
    (folder / "scans").mkdir()
    for number, image in enumerate(digits):
        Image.fromarray(image).save(folder / "scans" / f"{number}.png")


RUN = [page for page in PAGES if any(not block.mark for block in blocks_of(page))]


@pytest.mark.slow
@pytest.mark.timeout(900)  # whole trainings, and an export of 70,000 files
@pytest.mark.parametrize("page", RUN, ids=_name)
def test_code_blocks_run(page: Path, tmp_path: Path) -> None:
    prepare(tmp_path)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for block in blocks_of(page):
        if block.mark:
            continue
        command = script_of(block)
        result = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
        )
        assert result.returncode == 0, f"{_name(page)}:{block.line}: {command[-1]}\n{result.stdout}\n{result.stderr}"


def test_every_block_is_run_or_says_why_not() -> None:
    illustrations: Counter[str] = Counter()
    for page in PAGES:
        for block in blocks_of(page):
            where = f"{_name(page)}:{block.line}"
            assert block.mark in {"", "output", "illustration", *RUN_ELSEWHERE}, where
            assert block.mark or block.language in {"console", "python", "sh"}, f"{where}: a language, or a mark"
            illustrations[_name(page)] += block.mark == "illustration"
    assert {page: count for page, count in illustrations.items() if count} == ILLUSTRATIONS


def test_every_fence_is_a_block() -> None:
    for page in PAGES:
        assert page.read_text().count("\n```") == 2 * len(blocks_of(page)), _name(page)


def test_commands_marked_ci_are_run_there() -> None:
    steps = (ROOT / ".ci" / "run").read_text()
    for page in PAGES:
        for block in blocks_of(page):
            for line in block.text.splitlines() if block.mark == "ci" else []:
                assert re.search(rf"^step {re.escape(line.split('#')[0].strip())}$", steps, re.MULTILINE), line


def test_architecture_names_every_package() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    for path in (ROOT / "src" / "inkdigits").iterdir():
        if path.name.startswith("__") or path.name == "py.typed":
            continue
        name = f"{path.name}/" if path.is_dir() else path.name
        assert f"  {name}" in page, f"docs/architecture.md does not name {name}"


@pytest.mark.parametrize("page", ["architecture.md", "glossary.md"])
def test_files_that_are_named_exist(page: str) -> None:
    for name in set(re.findall(r"`([\w./-]+/[\w.-]*)`", (ROOT / "docs" / page).read_text())):
        candidates = [ROOT / name, ROOT / "src" / "inkdigits" / name]
        assert any(path.exists() for path in candidates), f"docs/{page} names {name}"


def test_every_command_is_in_the_reference() -> None:
    from typer.main import get_command

    from inkdigits.cli import app

    reference = GENERATED.read_text()
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert f"`inkdigits {name}" in reference


def test_the_citation_names_the_version() -> None:
    import inkdigits

    assert f"\nversion: {inkdigits.__version__}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize("page", [*PAGES, GENERATED], ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
