"""Find measured figures in the docstrings and comments of src/inkdigits that do not name where they come from.

A figure is a percentage, a duration, a rate, a size in memory or a factor ("3.6 times"). Its source is a script of
benchmarks/, docs/records.md, docs/log.md, a model card, a paper or a standard, named in the same docstring or comment.
Exit code 1 when a figure has none; with `--report` it is 0. What is set and not measured is in `SET`.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "inkdigits"
FIGURE = re.compile(
    r"""(?<![\w.])\d[\d,.]*\s?(%|points?\b|ms\b|us\b|s\b|seconds?\b|minutes?\b|MB\b|GB\b|GFLOP/s|times\s(as\b|\w+er\b))
        |\b(twice|half)\s(as\s(fast|slow|quick|long)|of\sthe\stime)
        |\b(an?\s\w+th|a\s(third|quarter)|(two|three)\s(third|quarter|fifth|tenth)s)\s(of\sthe\stime|\w+er\b)
    """,
    re.VERBOSE,
)
SOURCE = re.compile(
    r"benchmarks/|docs/|\.md\b|https?://|arXiv|RFC\s?\d|PEP\s?\d|\b(18|19|20)\d\d\b|test_\w+\.py|tests/", re.IGNORECASE
)
# What is set or defined, and not measured.
SET = re.compile(r"95\s%|at most|at least|or more|opaque", re.IGNORECASE)


def findings(source: str) -> Iterator[tuple[int, str]]:
    """Line and sentence of each figure without a source in a module's docstrings and comments."""
    for line, text in [*_docstrings(source), *_comments(source)]:
        if SOURCE.search(text):
            continue
        for sentence in re.split(r"(?<=[.:;])\s", " ".join(text.split())):
            if FIGURE.search(sentence) and not SET.search(sentence):
                yield line, sentence


def _docstrings(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Comments, those on lines that follow one another as one text."""
    block: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if block and token.start[0] != block[-1][0] + 1:
            yield block[0][0], " ".join(text for _, text in block)
            block = []
        block.append((token.start[0], token.string.lstrip("# ")))
    if block:
        yield block[0][0], " ".join(text for _, text in block)


def main() -> None:
    """Print the findings; exit code 1 when there are any, unless they are only to be reported."""
    found = [
        f"{path.relative_to(PACKAGE.parent.parent)}:{line}: {sentence}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, sentence in findings(path.read_text())
    ]
    for line in found:
        print(line)
    sys.exit(1 if found and "--report" not in sys.argv else 0)


if __name__ == "__main__":
    main()
