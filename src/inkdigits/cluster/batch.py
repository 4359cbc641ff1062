"""Ray's crew for batch reading: every part is a task, given again when its worker or node dies.

Plain tasks and no Ray Data: a part is one file with a name of its own, so that a part read twice is still there once.
Ray Data cuts and joins blocks as it likes and would hold the list of all parts; tasks are handed out as workers ask for
them, whatever the size of the source. A worker process loads the model once, as it does in the local crew.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

from inkdigits.cluster.connect import connected
from inkdigits.cluster.futures import plain_future
from inkdigits.errors import ClusterError, require_extra

__all__ = ["RayCrew"]

# A node that dies takes its tasks with it, so this is no sign of a picture that cannot be read.
_RETRIES = 20
# In seconds. A head that starts again is waited for; after 60 Ray would end this process, with an exit code of its own.
_PATIENCE, _BETWEEN, _ANSWER_WITHIN = 30.0, 1.0, 5.0


class RayCrew:
    """The workers of the Ray cluster at `address` (as for `connect`), one a core that it offers.

    Every node needs inkdigits with the extra `cluster`, and has to see the source and the folder of results under the
    same path or URL. Raises `MissingExtraError` without Ray, and where no cluster answers `ClusterError` when it is
    entered. A cluster that goes away for 30 seconds makes every future raise `ClusterError`.
    """

    def __init__(self, address: str | None, **options: Any) -> None:
        # Asked at once: to list a large source takes hours, and only then the cluster is needed.
        require_extra("ray", "cluster", "--engine ray")
        self._connection = connected(address, **options)
        self._shared: tuple[Any, Any] | None = None
        self._tasks: dict[Callable[..., Any], Any] = {}
        self._watch: _Watch | None = None

    def __enter__(self) -> RayCrew:
        self._connection.__enter__()
        self._watch = _Watch()
        self._watch.start()
        return self

    def __exit__(self, *error: Any) -> bool | None:
        if self._watch is not None:
            self._watch.stop()
        return self._connection.__exit__(*error)

    @property
    def lost(self) -> tuple[type[BaseException], ...]:
        """What a task raises whose workers died again and again."""
        from ray import exceptions

        return (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError, exceptions.NodeDiedError)

    def size(self) -> int:
        """The cores that the cluster offers at present; 1 while it has none. Used inside `with` only."""
        assert self._watch is not None
        return self._watch.cores

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`. The first argument is sent to every node once, not with every task.

        Used inside `with` only.
        """
        import ray

        assert self._watch is not None
        job, *others = arguments
        if self._shared is None or self._shared[0] is not job:
            self._shared = (job, ray.put(job))
        task = self._task(function)
        return self._watch.over(plain_future(task.remote(self._shared[1], *others), self._died))

    def _task(self, function: Callable[..., Any]) -> Any:
        """`function` as Ray's; made once, since Ray sends each that is made to all workers as another one."""
        import ray

        if function not in self._tasks:
            # What the function itself raises is no reason to run it again.
            made = ray.remote(num_cpus=1, max_retries=_RETRIES, retry_exceptions=False)(function)
            self._tasks[function] = made
        return self._tasks[function]

    def _died(self, error: BaseException) -> BaseException:
        """`error` where it says that workers died, which the batch can deal with; otherwise one line to stop with."""
        if isinstance(error, self.lost):
            return error
        reason = " ".join(str(error).split())
        return ClusterError(f"the cluster lost a part ({reason[:300]}): run the same command again to go on")

    def renew(self) -> None:
        """Nothing to do: Ray replaces its workers by itself."""


class _Watch(threading.Thread):
    """Looks every second whether the cluster's head is there, and how many `cores` there are.

    Calls of Ray's hang when the head is gone, so whoever waits for the batch asks here.
    """

    def __init__(self) -> None:
        super().__init__(name="inkdigits-ray-watch", daemon=True)
        self.cores = _cores()
        self._head = _head()
        self._waiting: set[Future[Any]] = set()
        self._stopped = threading.Event()

    def over(self, future: Future[Any]) -> Future[Any]:
        """`future`, which raises `ClusterError` when the head is gone before it is done."""
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    def stop(self) -> None:
        """Look no longer."""
        self._stopped.set()
        self.join(_ANSWER_WITHIN)

    def run(self) -> None:
        """What the thread does, until `stop`."""
        seen = time.monotonic()
        while not self._stopped.wait(_BETWEEN):
            if _answers(self._head):
                seen, self.cores = time.monotonic(), _cores()
            elif time.monotonic() - seen > _PATIENCE:
                self._give_up()

    def _give_up(self) -> None:
        head = ":".join(map(str, self._head or ()))
        gone = ClusterError(
            f"the Ray cluster is gone (nobody answers on {head} for {_PATIENCE:.0f} s): "
            "run the same command again to go on when it is back"
        )
        for future in self._waiting.copy():
            with suppress(InvalidStateError):
                future.set_exception(gone)


def _cores() -> int:
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _head() -> tuple[str, int] | None:
    """Where the cluster's head listens; None where Ray's client is between, and may be all that can be reached."""
    import ray

    if ray.util.client.ray.is_connected():
        return None
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    return host.strip("[]"), int(port)


def _answers(head: tuple[str, int] | None) -> bool:
    if head is None:
        return True
    try:
        socket.create_connection(head, timeout=_ANSWER_WITHIN).close()
    except OSError:
        return False
    return True
