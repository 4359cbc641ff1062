"""Several submissions are graded at a time: their code is parsed in several threads."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inkdigits.exercise.parsing import parse, parse_literal

SOURCE = "\n".join(
    f"x{number} = [(a + {number}) * f(b, c[{number}]) for a in d if a > {number}]" for number in range(50)
)
LITERAL = repr([[number, (number, "text")] for number in range(300)])


@pytest.fixture
def threads_change_while_a_tree_is_built() -> Iterator[None]:
    """Trees are built without the interpreter's lock being released, unless garbage is collected meanwhile."""

    def release(*_: Any) -> None:
        time.sleep(0.0001)

    threshold = gc.get_threshold()
    gc.callbacks.append(release)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks.remove(release)


@pytest.mark.usefixtures("threads_change_while_a_tree_is_built")
@pytest.mark.parametrize(
    "build",
    [lambda: parse(SOURCE), lambda: parse_literal(LITERAL)],
    ids=["parse", "parse_literal"],
)
def test_code_is_parsed_in_several_threads(build: Callable[[], Any]) -> None:
    def build_deeper(depth: int) -> None:
        if depth:
            build_deeper(depth - 1)
        else:
            for _ in range(5):
                build()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(build_deeper, range(0, 80, 10)))
