"""Several workers on one socket: started together, replaced when one dies or hangs, reloaded one by one, stopped."""

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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from inkdigits.errors import InkdigitsError, ServingError
from inkdigits.serving.access_log import log_as_json, log_event
from inkdigits.serving.metrics import PLACE, SHARED_FOLDER
from inkdigits.serving.settings import Settings
from inkdigits.system.interrupts import StopSignalHandler, interruptible

__all__ = ["serve_with_workers"]

_RESTART_SECONDS = 1.0  # before a worker is replaced, so that one that always dies does not take a core
_START_SECONDS = 60.0  # in which a worker has to be ready
_HUNG_SECONDS = 7.0  # without a sign of its event loop
_STOP_SECONDS = 23.0  # in which a worker has to end by itself
_READY = "ready"
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class _Worker:
    """A process, the pipe on which it reports that it is ready or why it cannot start, and its last sign of life."""

    process: SpawnProcess
    pipe: Connection
    alive: Any  # shared memory: until when, by time.monotonic, it needs no further sign
    place: int  # of its numbers among those of all workers

    @classmethod
    def started(cls, settings: Settings, listener: socket.socket, all_stop: Any, place: int) -> _Worker:
        os.environ[PLACE] = str(place)  # which the process inherits
        ours, theirs = _CONTEXT.Pipe()
        alive = _CONTEXT.RawValue("d", time.monotonic() + _START_SECONDS)
        arguments = (settings, listener, theirs, alive, all_stop)
        process = _CONTEXT.Process(target=_work, args=arguments, name="inkdigits-worker")
        # The process inherits that it waits: a terminal sends Ctrl-C to all, and this one ends the others. What
        # multiprocessing starts besides would let it through again.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        return cls(process, ours, alive, place)

    def wait_until_ready(self) -> None:
        """Raise `ServingError` when it ends before, or takes too long."""
        report = "it takes too long"
        try:
            if self.pipe.poll(_START_SECONDS):
                report = self.pipe.recv()
        except EOFError:
            report = f"it ended with exit code {self.process.exitcode}"
        if report != _READY:
            raise ServingError(f"a worker cannot start: {report}")

    def is_open(self) -> bool:
        """Whether it has not been forgotten."""
        return not self.pipe.closed

    def is_hung(self) -> bool:
        return self.process.is_alive() and time.monotonic() > self.alive.value


def serve_with_workers(settings: Settings, listener: socket.socket, ready: Callable[[], object]) -> None:
    """Serve with `settings.workers` processes until SIGTERM or SIGINT raise; `ready` is called when all are.

    Every accepted request is answered before this returns, if its client takes the answer in time. Raises
    `ServingError` when a worker cannot start.
    """
    log_as_json(settings.log_level)
    with tempfile.TemporaryDirectory(prefix="inkdigits-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        supervisor = _Supervisor(settings, listener)
        try:
            for _ in range(settings.workers):
                supervisor.take_over(supervisor.started())
            for worker in supervisor.workers:
                worker.wait_until_ready()
            ready()
            supervisor.run()
        except KeyboardInterrupt:
            return
        finally:
            supervisor.stop()


@dataclass
class _Supervisor:
    """The workers that serve, those that do not yet, and those that only finish their requests."""

    settings: Settings
    listener: socket.socket
    workers: list[_Worker] = field(default_factory=list)
    starting: list[_Worker] = field(default_factory=list)
    leaving: list[tuple[_Worker, float]] = field(default_factory=list)  # with the time at which each is killed
    # Whether the whole server stops: then a worker also answers what is queued on the socket.
    all_stop: Any = field(default_factory=lambda: _CONTEXT.RawValue("b", False))
    reload: threading.Event = field(default_factory=threading.Event)

    def started(self) -> _Worker:
        taken = {
            worker.place
            for worker in (*self.workers, *self.starting, *(worker for worker, _ in self.leaving))
            if worker.is_open()
        }
        free = next(place for place in count() if place not in taken)
        # A signal amid the start would leave a process that waits for what it is to do. SIGHUP reloads.
        with interruptible((signal.SIGINT, signal.SIGTERM)) as interrupt:
            worker = _Worker.started(self.settings, self.listener, self.all_stop, free)
            self.starting.append(worker)
        interrupt.check()
        return worker

    def take_over(self, worker: _Worker, place: int | None = None) -> None:
        """Have a worker serve, in place of that at `place` or besides all."""
        self.starting = [one for one in self.starting if one is not worker]
        if place is None:
            self.workers.append(worker)
        else:
            self.workers[place] = worker

    def run(self) -> None:
        """Replace workers that end or hang, and all of them on SIGHUP, until `KeyboardInterrupt` is raised."""
        signal.signal(signal.SIGHUP, lambda *_: self.reload.set())
        while True:
            wait([worker.process.sentinel for worker in self.workers], timeout=1.0)
            for place, worker in enumerate(self.workers):
                hung = worker.is_hung()
                if hung:
                    log_event("worker_hung", "error", seconds=_HUNG_SECONDS)
                    worker.process.kill()
                    worker.process.join()
                if not worker.process.is_alive():
                    log_event("worker_exited", "error", exit_code=worker.process.exitcode)
                    _forget(worker)
                    if not hung:
                        time.sleep(_RESTART_SECONDS)
                    worker.pipe.close()
                    self.take_over(self.started(), place)
            self._end_leaving()
            if self.reload.is_set():
                self.reload.clear()
                self._reload()

    def _reload(self) -> None:
        """Replace the workers one after the other by such as read models and token again; at an error, keep them."""
        for place, worker in enumerate(self.workers):
            successor = self.started()
            try:
                successor.wait_until_ready()
            except ServingError as error:
                log_event("reload_failed", "error", error=str(error))
                successor.process.kill()
                successor.process.join()
                _forget(successor)
                self.starting.clear()
                return
            self.take_over(successor, place)
            worker.process.terminate()
            self.leaving.append((worker, time.monotonic() + _STOP_SECONDS))
        log_event("reloaded", workers=len(self.workers))

    def _end_leaving(self) -> None:
        for worker, until in self.leaving:
            if time.monotonic() > until:
                worker.process.kill()
            if not worker.process.is_alive():
                _forget(worker)
        self.leaving = [(worker, until) for worker, until in self.leaving if worker.process.is_alive()]

    def stop(self) -> None:
        """Have every worker finish its requests and end; kill those that do not."""
        self.all_stop.value = True
        # The workers hold the last copies of the socket, and close them once they have accepted its backlog.
        self.listener.close()
        until = time.monotonic() + _STOP_SECONDS
        workers = [*self.workers, *self.starting, *(worker for worker, _ in self.leaving)]
        for worker in workers:
            worker.process.terminate()
        for process in _still_running(workers, until):
            process.kill()
            process.join()


def _forget(worker: _Worker) -> None:
    """Take what only living workers have, such as their memory, out of the metrics."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.place)


def _still_running(workers: Iterable[_Worker], until: float) -> Iterator[SpawnProcess]:
    """The processes that have not ended at the time `until`."""
    for worker in workers:
        worker.process.join(max(0.0, until - time.monotonic()))
        if worker.process.is_alive():
            yield worker.process


def _work(settings: Settings, listener: socket.socket, pipe: Connection, alive: Any, all_stop: Any) -> None:
    """The main function of a worker's process."""
    # Until the server has its own handlers; before anything is imported, which takes most of the start.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    stop = StopSignalHandler()
    signal.signal(signal.SIGTERM, stop)

    def report_alive() -> None:
        alive.value = time.monotonic() + _HUNG_SECONDS

    def report_ready() -> None:
        report_alive()  # it no longer has the time of a start
        _report_ready(pipe)

    # The parent closes its end of the pipe, and sends SIGTERM, when another worker cannot start.
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            from inkdigits.serving.server_process import Reports, serve

            reports = Reports(report_ready, report_alive, lambda: bool(all_stop.value))
            serve(settings, listener, reports)
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
