"""Groups of submissions that are nearly the same, for a teacher to compare: this does not say who wrote what."""

from __future__ import annotations

import ast
import io
import itertools
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.parsing import UNPARSABLE, parsed
from inkdigits.exercise.verdict import Verdict

__all__ = ["SimilarGroup", "similar_groups"]

_LENGTH = 5  # consecutive tokens that are compared
_MIN_OWN = 30  # such rows; with fewer there is too little of the student's own code to compare
_MIN_SIMILARITY = 0.9
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER}


@dataclass(frozen=True)
class SimilarGroup:
    """Submissions that are alike, each with one other at least; `similarity` in [0, 1] is the least of a link."""

    names: tuple[str, ...]
    similarity: float


def similar_groups(verdicts: list[Verdict]) -> list[SimilarGroup]:
    """Groups whose own code agrees in 90 % or more of all rows of five tokens (Jaccard), the largest first.

    Comments, layout, and the names that a student gave do not matter. What the handed-out notebook holds is left out.
    """
    rows = {verdict.name: _rows(verdict.code) - _handed_out() for verdict in verdicts}
    written = {name: found for name, found in rows.items() if len(found) >= _MIN_OWN}
    links = {
        (first, second): similarity
        for first, second in itertools.combinations(written, 2)
        if (similarity := _similarity(written[first], written[second])) >= _MIN_SIMILARITY
    }
    groups = _joined(list(written), list(links))
    found = [
        SimilarGroup(tuple(group), min(value for pair, value in links.items() if pair[0] in group and pair[1] in group))
        for group in groups
    ]
    return sorted(found, key=lambda group: (-len(group.names), -group.similarity))


def _similarity(first: set[tuple[str, ...]], second: set[tuple[str, ...]]) -> float:
    common = len(first & second)
    return common / (len(first) + len(second) - common)


def _joined(names: list[str], links: list[tuple[str, str]]) -> list[list[str]]:
    """The names that are linked, directly or by others, a list a group."""
    group_of = {name: name for name in names}

    def first_of(name: str) -> str:
        while group_of[name] != name:
            name = group_of[name]
        return name

    for first, second in links:
        group_of[first_of(second)] = first_of(first)
    groups = defaultdict(list)
    for name in names:
        groups[first_of(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _rows(code: tuple[str, ...]) -> set[tuple[str, ...]]:
    own = {name for cell in code for name in _own_names(cell)}
    return {row for cell in code for row in _runs(_tokens(cell, own))}


def _own_names(source: str) -> set[str]:
    """What a cell assigns or takes as a parameter."""
    nodes = list(ast.walk(parsed(source) or ast.Module([], [])))
    assigned = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return assigned | {node.arg for node in nodes if isinstance(node, ast.arg)}


def _runs(tokens: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(tokens[start : start + _LENGTH]) for start in range(len(tokens) - _LENGTH + 1))


def _tokens(source: str, own: set[str]) -> list[str]:
    try:
        found = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, *UNPARSABLE):
        return source.split()
    return [
        "a name" if token.string in own else token.string
        for token in found
        if token.type not in _LAYOUT and token.string.strip()
    ]


@cache
def _handed_out() -> frozenset[tuple[str, ...]]:
    cells = build_notebook(Version.student)["cells"]
    return frozenset(_rows(tuple("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")))
