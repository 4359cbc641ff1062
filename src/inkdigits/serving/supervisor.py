"""Several workers on one socket: started together, replaced when one dies, stopped together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from inkdigits.errors import InkdigitsError, ServingError
from inkdigits.serving.json_log import tell
from inkdigits.serving.settings import Settings
from inkdigits.system.interrupts import raise_on_stop_signals

__all__ = ["serve_with_workers"]

# prometheus_client keeps numbers in files there, one a process, when this is set before it is imported.
_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_PAUSE = 1.0  # seconds before a worker that died is replaced, so that one that always dies does not take a core
_READY = "ready"


@dataclass(frozen=True)
class _Worker:
    """A process, and the line on which it says that it is ready, or why it cannot start."""

    process: SpawnProcess
    line: Connection


def serve_with_workers(settings: Settings, listener: socket.socket, ready: Callable[[], object]) -> None:
    """Serve with `settings.workers` processes until SIGTERM or SIGINT raise; `ready` is called when all are.

    Every request that was accepted is answered before this returns. Raises `ServingError` when a worker cannot start.
    """
    with tempfile.TemporaryDirectory(prefix="inkdigits-metrics-") as folder:
        os.environ[_SHARED_FOLDER] = folder
        workers: list[_Worker] = []
        try:
            workers += [_started(settings, listener) for _ in range(settings.workers)]
            for worker in workers:
                _wait_until_ready(worker)
            ready()
            _keep(workers, settings, listener)
        except KeyboardInterrupt:
            return
        finally:
            # Theirs are the last copies, and they close them when everyone at the door was let in.
            listener.close()
            _stop(workers)


def _started(settings: Settings, listener: socket.socket) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(settings, listener, theirs), name="inkdigits-worker")
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _wait_until_ready(worker: _Worker) -> None:
    try:
        said = worker.line.recv()
    except EOFError:
        said = f"it ended with exit code {worker.process.exitcode}"
    if said != _READY:
        raise ServingError(f"a worker cannot start: {said}")


def _keep(workers: list[_Worker], settings: Settings, listener: socket.socket) -> None:
    """Replace workers that die, for ever."""
    while True:
        wait([worker.process.sentinel for worker in workers])
        for place, worker in enumerate(workers):
            if not worker.process.is_alive():
                tell("worker-died", exit_code=worker.process.exitcode)
                time.sleep(_PAUSE)
                worker.line.close()
                workers[place] = _started(settings, listener)


def _stop(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join()


def _work(settings: Settings, listener: socket.socket, line: Connection) -> None:
    """What a worker's process does."""
    from inkdigits.serving.server_process import serve

    # Until the server has its own handlers.
    stop = raise_on_stop_signals()
    try:
        try:
            serve(settings, listener, lambda: _say_ready(line))
        except InkdigitsError as error:
            line.send(str(error))
            sys.exit(2)
    except (KeyboardInterrupt, BrokenPipeError):
        # The parent stops every worker as soon as one has said why it cannot start, and listens no longer.
        return
    except Exception:
        # An import that is stopped amid its C code fails in its own words.
        if not stop.requested:
            raise


def _say_ready(line: Connection) -> None:
    line.send(_READY)
    threading.Thread(target=_stop_without_parent, args=(line,), daemon=True).start()


def _stop_without_parent(line: Connection) -> None:
    """The line ends when the parent does, even when that was killed."""
    try:
        line.recv()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)
