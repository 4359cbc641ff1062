"""Check that names, comments, messages and documentation use the field's words and not those that they replaced.

Exit code 1, and one line for each finding, when a word of `EVERYWHERE` stands in any text of the project, or one of
`IDENTIFIERS` in a Python name of src. With `--report` the exit code is 0. docs/glossary.md has the words to use.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXTS = (".py", ".md", ".js", ".html", ".css", ".jinja", ".toml", ".yaml", ".yml", "Makefile", "run")
# A log says what was so at its time, and the check itself names the words.
HISTORY = ("docs/log.md", "tools/check_words.py", "tests/tools/test_check_words.py")

# In names, comments, docstrings, messages and documentation: what is written, and what to write.
EVERYWHERE = {
    r"\bdials?\b": "hyperparameter",
    r"\bjudg(e|es|ed|ing|ement|ements)\b": "evaluate",
    r"\bsureness\b": "confidence",
    r"\bworn\b": "degraded",
    r"\bcrews?\b": "worker pool",
    r"\bsole writers?\b": "lease",
    r"\bwhole files\b": "atomic write",
    r"\bshift cards?\b": "robustness report",
    r"\bpolite\b": "SIGTERM",
    r"\bgoes on when (it is )?called again\b": "rerunning resumes it",
    r"\bimports no [A-Z]": "does not import",
    r"\b_?(MOST|LEAST|FEWEST)_[A-Z]": "MAX_, MIN_",
}
# In names alone: as plain English the words are in order.
IDENTIFIERS = {
    "told": "message, summary, output",
    "share": "fraction",
    "shares": "fractions",
    "wear": "degrade",
    "bend": "warp",
    "bends": "warps",
    "damage": "corruption",
    "damages": "corruptions",
    "piece": "component",
    "pieces": "components",
    "ways": "hypotheses",
    "parted": "split",
    "cutout": "crop",
    "seen": "network_input",
    "look": "segment",
    "strength": "darkness, severity",
    "ruling": "ruled_lines",
    "sheet": "page_mask",
    "tiny": "upscale",
    "hardest": "loss_sampling",
    "lane": "batcher, thread pool",
    "lanes": "batchers, thread pool",
    "gate": "middleware",
    "journal": "access_log",
    "trail": "progress marker",
    "cautions": "leakage_warnings",
    "settled": "resolve",
    "carried": "bundled",
    "sealed": "with_checksum",
}
# (word, path below the root that it may stand in): why.
ALLOWED = {
    ("polite", "src/inkdigits/serving/page/index.html"): "a value of HTML's aria-live",
    ("polite", "tests/browser/"): "the same value",
    (
        "seen",
        "src/inkdigits/exercise/submission.py",
    ): "the set of what came before, as in itertools' recipes",
}

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def words_of(identifier: str) -> list[str]:
    """The words of a name in snake_case or CamelCase, in lower case."""
    return [word.lower() for word in WORD.findall(identifier)]


def in_text(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, what is written and what to write, for each word of `EVERYWHERE`."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, better in EVERYWHERE.items():
            # A name's words are told apart by underlines and capitals, a text's by spaces.
            forms = [line] if "_" in pattern else [line.replace("_", " "), re.sub(r"(?<=[a-z])(?=[A-Z])", " ", line)]
            match = next((match for form in forms if (match := re.search(pattern, form, _flags(pattern)))), None)
            if match:
                yield number, match[0], better


def _flags(pattern: str) -> re.RegexFlag:
    return re.NOFLAG if "[A-Z]" in pattern else re.IGNORECASE


def in_names(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, name and what to write, for each name that a Python source defines out of words of `IDENTIFIERS`."""
    for line, name in _definitions(ast.parse(source)):
        for word in words_of(name):
            if word in IDENTIFIERS:
                yield line, name, IDENTIFIERS[word]


def _definitions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def _allowed(word: str, path: str) -> bool:
    return any(word.lower() == listed and path.startswith(place) for listed, place in ALLOWED)


def findings() -> Iterator[str]:
    """All findings, as lines `path:line: what is written -> what to write`."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in listed.splitlines():
        if not path.endswith(TEXTS) or path in HISTORY or not (ROOT / path).exists():
            continue
        text = (ROOT / path).read_text()
        found = list(in_text(text))
        if path.startswith("src/") and path.endswith(".py"):
            found += in_names(text)
        for number, written, better in found:
            if not _allowed(written, path):
                yield f"{path}:{number}: {written} -> {better}"


def main() -> None:
    """Print the findings; exit code 1 when there are any, unless they are only to be reported."""
    found = list(findings())
    for line in found:
        print(line)
    sys.exit(1 if found and "--report" not in sys.argv else 0)


if __name__ == "__main__":
    main()
