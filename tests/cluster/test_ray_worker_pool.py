"""Batches on a Ray cluster of several nodes on this machine, while workers, nodes and drivers are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster

from tests.batch.conftest import rows_of, scans
from tests.batch.in_process import read_here
from tests.conftest import Cli

__all__ = ["scans"]

pytestmark = [
    pytest.mark.ray,
    pytest.mark.timeout(600),
    # What Ray leaves open is its own.
    pytest.mark.filterwarnings("default"),
]
# Many parts, so that a batch can be disturbed amid them.
OPTIONS = ["--part-size", "1"]
PARTS = 21
# The exit code of every whole batch here: one of the scans is no picture.
ONE_UNREADABLE = 1


@pytest.fixture(scope="module")
def cluster(cluster: Cluster) -> Iterator[Cluster]:
    """With a second machine of one core; the tests add those that they kill."""
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    yield cluster
    cluster.remove_node(second)


@pytest.fixture(scope="module")
def undisturbed(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows that this process gives."""
    out = tmp_path_factory.mktemp("local") / "out"
    read_here(scans, out, part_size=1)
    return rows_of(out)


def _start(cluster: Cluster, scans: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "inkdigits", "batch", str(scans), "--out", str(out), *OPTIONS]
    return subprocess.Popen(
        [*command, "--engine", "ray", "--address", cluster.address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _until_parts(out: Path, count: int, running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while len(list(out.glob("parts/part-*"))) < count:
        assert time.monotonic() < until
        assert running.poll() is None, running.communicate()
        time.sleep(0.002)


def _workers_reading() -> list[int]:
    """The processes of Ray that read a part at the moment."""
    found = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if status.read_bytes().startswith(b"ray::read_part"):
                found.append(int(status.parent.name))
        except OSError:
            continue
    return found


def test_ray_gives_the_same_rows_as_this_machine(
    cluster: Cluster, scans: Path, undisturbed: list[dict[str, Any]], tmp_path: Path
) -> None:
    running = _start(cluster, scans, tmp_path / "out")
    output, errors = running.communicate(timeout=200)
    assert (running.returncode, errors) == (ONE_UNREADABLE, "")
    assert f"{PARTS} pictures in {PARTS} parts: 20 read, 1 error" in output
    assert rows_of(tmp_path / "out") == undisturbed


def test_a_killed_worker_costs_nothing(
    cluster: Cluster, scans: Path, undisturbed: list[dict[str, Any]], tmp_path: Path
) -> None:
    running = _start(cluster, scans, tmp_path / "out")
    _until_parts(tmp_path / "out", 1, running)
    until = time.monotonic() + 60
    while not (victims := _workers_reading()):
        assert time.monotonic() < until
        assert running.poll() is None, "the batch was over before a worker was seen"
    os.kill(victims[0], signal.SIGKILL)
    assert running.wait(200) == ONE_UNREADABLE
    assert rows_of(tmp_path / "out") == undisturbed


def test_a_killed_node_costs_nothing(
    cluster: Cluster, scans: Path, undisturbed: list[dict[str, Any]], tmp_path: Path
) -> None:
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    running = _start(cluster, scans, tmp_path / "out")
    _until_parts(tmp_path / "out", 1, running)
    cluster.remove_node(node, allow_graceful=False)
    assert running.wait(200) == ONE_UNREADABLE, running.communicate()
    assert rows_of(tmp_path / "out") == undisturbed


def test_a_killed_driver_is_resumed(
    cluster: Cluster, scans: Path, undisturbed: list[dict[str, Any]], tmp_path: Path
) -> None:
    first = _start(cluster, scans, tmp_path / "out")
    _until_parts(tmp_path / "out", 2, first)
    first.kill()
    first.wait()
    there = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "parts").glob("part-*")}
    assert 2 <= len(there) < PARTS
    second = _start(cluster, scans, tmp_path / "out")
    assert second.wait(200) == ONE_UNREADABLE, second.communicate()
    assert rows_of(tmp_path / "out") == undisturbed


def test_an_output_that_cannot_be_written_is_one_line(cluster: Cluster, cli: Cli, scans: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "parts").write_text("where the folder should be")
    result = cli("batch", scans, "--out", tmp_path / "out", *OPTIONS, "--engine", "ray", "--address", cluster.address)
    assert (result.returncode, result.stdout) == (2, "")
    # Ray adds lines of its own when it notices that an earlier test killed a machine.
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("inkdigits: "))
    assert line.startswith(f"inkdigits: cannot write {tmp_path / 'out'}/parts: a part of that path is a file")
    assert "Traceback" not in result.stderr
