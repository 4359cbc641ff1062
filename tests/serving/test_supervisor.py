"""Several workers: one that dies is replaced, and none outlives its parent."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.modelfile.predictor import model_path
from tests.serving.hanging_loops import HANGS, hanging_on_signal
from tests.serving.server import Served, png, serving


def test_a_worker_that_dies_is_replaced(digits: LabelledDigits) -> None:
    with serving("--workers", 2, "--quiet") as server:
        first = server.workers()
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        assert server.reading(png(digits.images[0]))["string"] == "7"
        for _ in range(200):
            if len(server.workers()) == 2 and first[0] not in server.workers():
                break
            time.sleep(0.1)
        assert len(server.workers()) == 2
        assert server.reading(png(digits.images[0]))["string"] == "7"
        assert [line["event"] for line in server.lines()] == ["worker_exited"]


def _until(true: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_worker_that_is_stopped_is_replaced(digits: LabelledDigits) -> None:
    with serving("--workers", 2, "--quiet") as server:
        first, _ = server.workers()
        os.kill(first, signal.SIGSTOP)
        _until(lambda: first not in server.workers() and len(server.workers()) == 2)
        assert server.reading(png(digits.images[0]))["string"] == "7"
        assert [line["event"] for line in server.lines()] == ["worker_hung", "worker_exited"]
        # One that is stopped as the server stops does not keep it.
        os.kill(server.workers()[0], signal.SIGSTOP)
        assert server.stop(timeout=30) == 0


@pytest.mark.parametrize("name", ["loops", pytest.param("blocks", marks=pytest.mark.slow)])
def test_a_worker_whose_event_loop_hangs_is_replaced(name: str, digits: LabelledDigits, tmp_path: Path) -> None:
    with serving("--workers", 2, "--quiet", **hanging_on_signal(tmp_path, HANGS[name])) as server:
        first, other = server.workers()
        os.kill(first, signal.SIGUSR1)
        _until(lambda: first not in server.workers() and len(server.workers()) == 2)
        assert other in server.workers()
        assert server.reading(png(digits.images[0]))["string"] == "7"
        assert [line["event"] for line in server.lines()] == ["worker_hung", "worker_exited"]


def test_stopping_or_reloading_workers_resets_nobody(digits: LabelledDigits) -> None:
    picture = png(digits.images[0])
    failed: list[str] = []
    over = threading.Event()

    def ask(server: Served) -> None:
        while not over.is_set():
            try:
                answer = server.read(picture)
                if answer.status != 200:
                    failed.append(f"status {answer.status}")
            except OSError as error:
                failed.append(repr(error))
            time.sleep(0.02)  # the client's, so that the processes that start have the cores

    with serving("--workers", 2, "--quiet") as server:
        threads = [threading.Thread(target=ask, args=(server,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        before = set(server.workers())
        os.kill(min(before), signal.SIGTERM)
        _until(lambda: min(before) not in server.workers() and len(server.workers()) == 2)
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: before.isdisjoint(server.workers()) and len(server.workers()) == 2)
        _until(lambda: {"event": "reloaded", "workers": 2} in [_plain(line) for line in server.lines()])
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []


def _plain(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("time", "level")}


def test_workers_that_are_replaced_leave_no_files_and_their_counts_go_on(
    tmp_path: Path, digits: LabelledDigits
) -> None:
    def counted() -> float:
        lines = server.get("/metrics").body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("inkdigits_readings_total{"))

    def files() -> int:
        return sum(1 for path in tmp_path.rglob("*") if path.is_file())

    with serving("--workers", 2, "--quiet", TMPDIR=str(tmp_path)) as server:
        for _ in range(10):
            server.read(png(digits.images[0]))
        before = files()
        for _ in range(2):
            first = server.workers()[0]
            os.kill(first, signal.SIGKILL)
            _until(lambda first=first: first not in server.workers() and len(server.workers()) == 2)  # type: ignore[misc]
            assert server.read(png(digits.images[0])).status == 200
        assert counted() == 12
        assert files() <= before
        old = set(server.workers())
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: old.isdisjoint(server.workers()) and len(server.workers()) == 2)
        assert server.read(png(digits.images[0])).status == 200
        assert counted() == 13
        assert files() <= 2 * before


def test_a_reload_that_fails_leaves_the_old_workers(tmp_path: Path, digits: LabelledDigits) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(model_path("dense").read_bytes())
    with serving("--workers", 2, "--quiet", "--model", model) as server:
        before = server.workers()
        model.write_bytes(b"damaged")
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: "reload_failed" in [line["event"] for line in server.lines()])
        _until(lambda: server.workers() == before)
        assert server.reading(png(digits.images[0]))["string"] == "7"


def test_workers_do_not_outlive_their_parent() -> None:
    with serving("--workers", 2, "--quiet") as server:
        workers = server.workers()
        server.process.kill()
        server.process.wait()
        for _ in range(200):
            if not any(Path(f"/proc/{pid}").exists() for pid in workers):
                break
            time.sleep(0.1)
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
