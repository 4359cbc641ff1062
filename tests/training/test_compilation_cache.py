"""Compiled once, kept for the next process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from inkdigits.training.compilation_cache import cache_folder

_BY_KERAS = """
from inkdigits.training.backend import Backend, start_keras
start_keras(Backend("jax", "cpu"))
"""
_ALONE = """
from inkdigits.training.compilation_cache import enable_compilation_cache
enable_compilation_cache()
"""
_COUNT = """
import jax
events = []
jax.monitoring.register_event_listener(lambda event, **_: events.append(event))
jax.jit(lambda x: x * 3 + 1)(7.0)
print(events.count("/jax/compilation_cache/cache_hits"), events.count("/jax/compilation_cache/cache_misses"))
"""


def hits_and_misses(start: str = _ALONE, **environment: str) -> tuple[int, int]:
    code = [sys.executable, "-W", "error", "-c", start + _COUNT]
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **environment}
    done = subprocess.run(code, env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == ""
    hits, misses = done.stdout.split()
    return int(hits), int(misses)


def test_a_second_process_compiles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = hits_and_misses(_BY_KERAS, XDG_CACHE_HOME=str(tmp_path))
    assert first[0] == 0 < first[1]
    assert hits_and_misses(_BY_KERAS, XDG_CACHE_HOME=str(tmp_path)) == (first[1], 0)
    assert any(cache_folder().iterdir())


def test_a_home_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    hits, _ = hits_and_misses(XDG_CACHE_HOME=str(tmp_path / "file"))
    assert hits == 0


def test_a_folder_that_jax_was_told_of_is_kept(tmp_path: Path) -> None:
    told = tmp_path / "told"
    hits_and_misses(JAX_COMPILATION_CACHE_DIR=str(told), XDG_CACHE_HOME=str(tmp_path / "other"))
    assert not (tmp_path / "other").exists()
