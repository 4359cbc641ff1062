"""Claim: after an hour at 70 % of its highest rate, with faults mixed in, a service is as it was after ten minutes.

A real `inkdigits serve --workers 2` on the loopback. First its highest rate with 16 honest clients is found (30 s).
Then they ask at 70 % of it, while damaged files, bombs and slow clients come one after the other, a worker is killed
12 times and all are replaced 6 times (SIGHUP), in equal times, so that those at the end are about as old as those
after a sixth of the time.
Every five seconds a row goes into OUT/rows.csv: memory, file descriptors and temporary files of all processes, the
memory of those that decode files, which come and go, and what the honest clients saw. Failures go into
OUT/failures.txt, the plot into OUT/hour.svg (with matplotlib).

    python benchmarks/serving_hour.py [--minutes 60] [--out build/serving-hour]
    python benchmarks/serving_hour.py --draw OUT            # the plot and the verdict of rows that were kept

Exit code 1 when an honest request fails that was not in a killed worker, when the memory at the end is over 5 % above
that after a sixth of the time, or when descriptors or temporary files grow.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import http.client
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.images.bombs import BOMBS
from tests.serving.hostile_connections import attacked_by
from tests.serving.process_memory import decoder_memory, process_tree, tree_memory
from tests.serving.server import Served, png, serving

from inkdigits.datasets.mnist import load_test

_CLIENTS = 16
_RATE_SECONDS = 30.0
_ROW_SECONDS = 5.0
_FAULT_SECONDS = 5.0  # between two faults
_KILLS, _RELOADS = 12, 7  # in equal times
_KILL_EXCUSES = 2.0  # seconds after the kill of a worker, in which its requests may fail
_BOMBS = ("pdf: 150 million times q", "png: 1.6 gigapixels", "tiff: frames without end", "jpeg: 300 scans")
_COLUMNS = (
    "seconds", "memory", "decoders", "files", "temporary", "answered", "failed", "in_killed", "kills", "reloads",
    "faults", "median_ms", "longest_ms", "load",
)  # fmt: skip
Row = dict[str, float]


@dataclass
class Traffic:
    """What honest clients saw, and what was done to the service meanwhile."""

    answered: int = 0
    failed: int = 0
    in_killed: int = 0
    kills: int = 0
    reloads: int = 0
    faults: int = 0
    pause: float = 0.0  # seconds from a client's request to its next one
    killed_at: float = float("-inf")
    seconds: list[float] = field(default_factory=list)  # of the answers since the last row
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, server: Served, picture: bytes) -> None:
        """One client, until all is over."""
        while not self.over.is_set():
            began = time.monotonic()
            try:
                answer = server.read(picture)
                problem = "" if answer.status == 200 else f"status {answer.status}: {answer.body[:200]!r}"
            except (OSError, http.client.HTTPException) as error:
                problem = repr(error)
            self._count(problem, began)
            self.over.wait(max(0.0, self.pause - (time.monotonic() - began)))

    def _count(self, problem: str, began: float) -> None:
        now = time.monotonic()
        if not problem:
            self.answered += 1
            self.seconds.append(now - began)
        elif began - self.killed_at < _KILL_EXCUSES and now - self.killed_at < 2 * _KILL_EXCUSES:
            self.in_killed += 1
        else:
            self.failed += 1
            self.failures.append(f"{time.strftime('%H:%M:%S')} after {now - began:.3f} s: {problem}")


def main() -> None:
    """Run the service for the time, write its rows, and say whether it stayed as it was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=Path("build/serving-hour"))
    parser.add_argument("--draw", type=Path, help="only evaluate the rows of this folder")
    options = parser.parse_args()
    out: Path = options.draw or options.out
    if options.draw is None:
        out.mkdir(parents=True, exist_ok=True)
        _run(60 * options.minutes, out)
    with (out / "rows.csv").open(newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    _draw(rows, out)
    sys.exit(0 if _evaluate(rows) else 1)


def _run(seconds: float, out: Path) -> None:
    traffic = Traffic()
    with tempfile.TemporaryDirectory() as temporary, serving("--workers", 2, "--quiet", TMPDIR=temporary) as server:
        picture = png(load_test().images[0])
        clients = [threading.Thread(target=traffic.ask, args=(server, picture)) for _ in range(_CLIENTS)]
        for client in clients:
            client.start()
        try:
            time.sleep(_RATE_SECONDS)
            highest = traffic.answered / _RATE_SECONDS
            traffic.pause = _CLIENTS / (0.7 * highest)
            _say(
                f"highest rate {highest:.0f} a second; asking at {0.7 * highest:.0f} for {seconds / 60:g} minutes", out
            )
            began = time.monotonic()
            rows = threading.Thread(target=_write_rows, args=(server, traffic, began, Path(temporary), out))
            rows.start()
            _add_faults(server, traffic, began, seconds)
        finally:
            traffic.over.set()
        for thread in (*clients, rows):
            thread.join()
        events = [line["event"] for line in server.lines()]
        counts = ", ".join(f"{events.count(event)} {event}" for event in sorted(set(events)))
        began = time.monotonic()
        server.stop(timeout=60)
        _say(f"log: {counts}; stopped within {time.monotonic() - began:.1f} s", out)


def _say(line: str, out: Path) -> None:
    print(line, flush=True)
    with (out / "summary.txt").open("a") as file:
        file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")


def _add_faults(server: Served, traffic: Traffic, began: float, seconds: float) -> None:
    """One fault after the other until the time is over; a kill and a reload whenever their time has come."""
    faults: Iterator[Callable[[], object]] = cycle(
        [
            *(lambda name=name: _send(server, BOMBS[name]()) for name in _BOMBS),  # type: ignore[misc]
            lambda: _send(server, b"\x89PNG\r\n\x1a\n" + bytes(1000)),
            lambda: _send(server, b"%PDF-1.4 damaged" + bytes(1000)),
            lambda: _be_slow(server),
        ]
    )
    while (passed := time.monotonic() - began) < seconds:
        if passed > seconds / _KILLS * (traffic.kills + 1):
            _kill_a_worker(server, traffic)
        if passed > seconds / _RELOADS * (traffic.reloads + 1):
            server.process.send_signal(signal.SIGHUP)
            traffic.reloads += 1
        next(faults)()
        traffic.faults += 1
        time.sleep(_FAULT_SECONDS)


def _kill_a_worker(server: Served, traffic: Traffic) -> None:
    workers = server.workers()
    if len(workers) > 1:
        traffic.killed_at = time.monotonic()
        os.kill(workers[0], signal.SIGKILL)
        traffic.kills += 1


def _send(server: Served, content: bytes) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        server.ask("POST", "/v1/read", content, {"Content-Type": "application/octet-stream"}, timeout=60)


def _be_slow(server: Served) -> None:
    with attacked_by(server.port, 5):
        time.sleep(5)


def _write_rows(server: Served, traffic: Traffic, began: float, temporary: Path, out: Path) -> None:
    with (out / "rows.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        while not traffic.over.wait(_ROW_SECONDS):
            writer.writerow(_row(server, traffic, time.monotonic() - began, temporary))
            file.flush()
            (out / "failures.txt").write_text("\n".join(traffic.failures))


def _row(server: Served, traffic: Traffic, seconds: float, temporary: Path) -> Row:
    taken, traffic.seconds = traffic.seconds or [0.0], []
    counts = {
        name: getattr(traffic, name) for name in ("answered", "failed", "in_killed", "kills", "reloads", "faults")
    }
    return {
        "seconds": round(seconds, 1),
        "memory": tree_memory(server.process.pid),
        "decoders": decoder_memory(server.process.pid),
        "files": sum(map(_open_files, process_tree(server.process.pid))),
        "temporary": sum(1 for path in temporary.rglob("*") if path.is_file()),
        "median_ms": round(1000 * statistics.median(taken), 1),
        "longest_ms": round(1000 * max(taken), 1),
        "load": os.getloadavg()[0],
        **counts,
    }


def _open_files(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - pathlib would look at each entry
    except OSError:  # it has ended
        return 0


def _evaluate(rows: Sequence[Row]) -> bool:
    tenth = max(1, len(rows) // 10)
    early, late = rows[len(rows) // 6 :][:tenth], rows[-tenth:]

    def both(column: str) -> tuple[float, float]:
        """The medians of both times."""
        before, after = (statistics.median(row[column] for row in part) for part in (early, late))
        return before, after

    memory, decoders, files, temporary = (both(column) for column in ("memory", "decoders", "files", "temporary"))
    last = rows[-1]
    growth = memory[1] / memory[0] - 1
    print(
        f"{last['seconds'] / 60:.1f} minutes: {last['answered']:.0f} answered, {last['failed']:.0f} failed, "
        f"{last['in_killed']:.0f} in killed workers; {last['kills']:.0f} kills, {last['reloads']:.0f} reloads, "
        f"{last['faults']:.0f} other faults; "
        f"memory {memory[0] / 2**20:.0f} MiB, at the end {memory[1] / 2**20:.0f} ({growth:+.1%}), "
        f"of it decoders {decoders[0] / 2**20:.0f} and {decoders[1] / 2**20:.0f}; "
        f"descriptors {files[0]:.0f}, {files[1]:.0f}; temporary files {temporary[0]:.0f}, {temporary[1]:.0f}; "
        f"an answer {statistics.median(row['median_ms'] for row in rows):.0f} ms, {_worst(rows):.0f} ms at most"
    )
    return last["failed"] == 0 and growth <= 0.05 and files[1] <= 1.1 * files[0] and temporary[1] <= temporary[0]


def _worst(rows: Sequence[Row]) -> float:
    return max(row["longest_ms"] for row in rows)


def _draw(rows: Sequence[Row], out: Path) -> None:
    try:
        from matplotlib import pyplot as plt
    except ImportError:
        return
    figure, places = plt.subplots(3, sharex=True, figsize=(8, 6), layout="constrained")
    minutes = [row["seconds"] / 60 for row in rows]
    places[0].plot(minutes, [row["memory"] / 2**20 for row in rows], linewidth=0.8, label="all")
    places[0].plot(minutes, [row["decoders"] / 2**20 for row in rows], linewidth=0.8, label="decoders")
    places[0].set(ylabel="memory, MiB", ylim=(0, None))
    places[0].legend(loc="upper right")
    places[1].plot(minutes, [row["files"] for row in rows], linewidth=0.8, label="file descriptors")
    places[1].plot(minutes, [row["temporary"] for row in rows], linewidth=0.8, label="temporary files")
    places[1].set(ylabel="open", ylim=(0, None))
    places[1].legend(loc="center right")
    places[2].semilogy(minutes, [row["longest_ms"] for row in rows], linewidth=0.8, label="longest")
    places[2].semilogy(minutes, [row["median_ms"] for row in rows], linewidth=0.8, label="median")
    places[2].set(ylabel="answer, ms", xlabel="minutes")
    places[2].legend(loc="upper right")
    for name, colour in (("kills", "tab:red"), ("reloads", "tab:green")):
        for before, row in pairwise(rows):
            if row[name] > before[name]:
                places[0].axvline(row["seconds"] / 60, color=colour, linewidth=0.5)
    places[0].set_title("red: a worker is killed, green: all are replaced", fontsize="small")
    figure.savefig(out / "hour.svg")


if __name__ == "__main__":
    main()
