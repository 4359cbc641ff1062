"""How much memory a process may still take: by the system, and by what limits the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from inkdigits.system.memory import free_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")


def test_some_memory_is_free() -> None:
    free = free_memory()
    assert free is not None
    assert 0 < free < 2**45


@pytest.mark.parametrize("limit", ["-d", "-v"])
def test_a_limit_of_the_process_counts_with_what_it_has_taken(limit: str) -> None:
    code = "from inkdigits.system.memory import free_memory as f; a = f(); b = bytearray(5 << 22); print(a, a - f())"
    command = ["sh", "-c", f'ulimit {limit} {1 << 19} && exec "$@"', "sh", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    free, taken = map(int, done.stdout.split())
    assert 0 < free < 1 << 29
    assert 5 << 22 <= taken < 6 << 22
