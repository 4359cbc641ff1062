"""Several workers on one socket: started together, replaced when one dies, stopped together."""

from __future__ import annotations

import contextlib
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
from inkdigits.serving.access_log import log_event
from inkdigits.serving.settings import Settings
from inkdigits.system.interrupts import raise_on_stop_signals

__all__ = ["serve_with_workers"]

# With it, prometheus_client keeps each process's numbers in files there; it must be set before the import.
_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_RESTART_SECONDS = 1.0  # before a worker is replaced, so that one that always dies does not take a core
_READY = "ready"


@dataclass(frozen=True)
class _Worker:
    """A process, and the pipe on which it reports that it is ready, or why it cannot start."""

    process: SpawnProcess
    pipe: Connection

    @classmethod
    def started(cls, settings: Settings, listener: socket.socket) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(settings, listener, theirs), name="inkdigits-worker")
        process.start()
        theirs.close()
        return cls(process, ours)

    def wait_until_ready(self) -> None:
        try:
            report = self.pipe.recv()
        except EOFError:
            report = f"it ended with exit code {self.process.exitcode}"
        if report != _READY:
            raise ServingError(f"a worker cannot start: {report}")


def serve_with_workers(settings: Settings, listener: socket.socket, ready: Callable[[], object]) -> None:
    """Serve with `settings.workers` processes until SIGTERM or SIGINT raise; `ready` is called when all are.

    Every accepted request is answered before this returns. Raises `ServingError` when a worker cannot start.
    """
    with tempfile.TemporaryDirectory(prefix="inkdigits-metrics-") as folder:
        os.environ[_SHARED_FOLDER] = folder
        workers: list[_Worker] = []
        try:
            workers += [_Worker.started(settings, listener) for _ in range(settings.workers)]
            for worker in workers:
                worker.wait_until_ready()
            ready()
            _replace_dead(workers, settings, listener)
        except KeyboardInterrupt:
            return
        finally:
            # The workers hold the last copies of the socket, and close them once they have accepted its backlog.
            listener.close()
            for worker in workers:
                worker.process.terminate()
            for worker in workers:
                worker.process.join()


def _replace_dead(workers: list[_Worker], settings: Settings, listener: socket.socket) -> None:
    while True:
        wait([worker.process.sentinel for worker in workers])
        for place, worker in enumerate(workers):
            if not worker.process.is_alive():
                log_event("worker_exited", exit_code=worker.process.exitcode)
                time.sleep(_RESTART_SECONDS)
                worker.pipe.close()
                workers[place] = _Worker.started(settings, listener)


def _work(settings: Settings, listener: socket.socket, pipe: Connection) -> None:
    """The main function of a worker's process."""
    from inkdigits.serving.server_process import serve

    # Until the server has its own handlers.
    stop = raise_on_stop_signals()
    # The parent closes its end of the pipe, and sends SIGTERM, when another worker cannot start.
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            serve(settings, listener, lambda: _report_ready(pipe))
        except InkdigitsError as error:
            pipe.send(str(error))
            sys.exit(2)
        except Exception:
            # An extension module whose import is interrupted raises an error of its own.
            if not stop.requested:
                raise


def _report_ready(pipe: Connection) -> None:
    pipe.send(_READY)
    threading.Thread(target=_stop_with_parent, args=(pipe,), daemon=True).start()


def _stop_with_parent(pipe: Connection) -> None:
    """Send SIGTERM to this process when the parent's end of the pipe closes, even because it was killed."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)
