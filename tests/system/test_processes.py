"""A pool of processes: each on its own cores and GPU, all ended by an error in the parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inkdigits.system.processes import SupportsSubmit, process_pool

linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity masks")


def _environment() -> tuple[int, set[int], str | None]:
    time.sleep(0.5)  # long enough for the other process to take the other task
    return os.getpid(), os.sched_getaffinity(0), os.environ.get("CUDA_VISIBLE_DEVICES")


def _note_and_wait(file: str) -> None:
    Path(file).write_text(str(os.getpid()))
    time.sleep(60)


@linux
def test_each_process_has_cores_and_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    with process_pool(2) as pool:
        futures = [pool.submit(_environment) for _ in range(4)]
        found = {pid: (cores, gpu) for pid, cores, gpu in (future.result() for future in futures)}
    assert sorted(str(gpu) for _, gpu in found.values()) in (["2", "5"], ["2"], ["5"])
    cores = [core for own, _ in found.values() for core in own]
    assert set(cores) <= os.sched_getaffinity(0)
    if len(os.sched_getaffinity(0)) > 1:
        assert len(cores) == len(set(cores))


def test_one_process_keeps_all_cores() -> None:
    with process_pool(1) as pool:
        assert pool.submit(pow, 2, 5).result() == 32
        assert pool.submit(os.cpu_count).result() == os.cpu_count()


def test_an_error_in_the_parent_ends_the_workers(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with pytest.raises(KeyboardInterrupt), process_pool(1) as pool:
        _stop_when_started(pool, file)
    pid = int(file.read_text())
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if _is_zombie(pid):
            return
        time.sleep(0.01)
    pytest.fail("the worker outlived the error")


def _stop_when_started(pool: SupportsSubmit, file: Path) -> None:
    pool.submit(_note_and_wait, str(file))
    while not (file.exists() and file.read_text()):
        time.sleep(0.01)
    raise KeyboardInterrupt


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _run_script(folder: Path, below: str) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(
        "import os\n"
        "from inkdigits.system.processes import process_pool\n"
        f"{below}"
        "    with process_pool(2) as pool:\n"
        "        print(pool.submit(pow, 2, 5).result(), flush=True)\n"
        "        pool.submit(os._exit, 9).result()\n"
    )
    return subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)


def test_a_script_that_calls_it_anew_in_each_process_is_told_so(tmp_path: Path) -> None:
    told = _run_script(tmp_path, "if True:\n")
    assert told.stdout == ""
    assert told.stderr.count("Traceback") == 1
    assert told.stderr.endswith("so have it call this below if __name__ == '__main__':\n")


def test_a_process_that_is_killed_is_an_error_of_one_line(tmp_path: Path) -> None:
    told = _run_script(tmp_path, "if __name__ == '__main__':\n")
    assert told.stdout == "32\n"
    assert told.stderr.count("Traceback") == 1
    assert "RunError: a process was killed, perhaps because memory ran out" in told.stderr
