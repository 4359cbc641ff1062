"""Ray's pool for batch reading: every part is a task, given again when its worker or node dies.

Plain tasks and no Ray Data: a part is one file with a name of its own, so that a part read twice is still there once.
Ray Data cuts and joins blocks as it likes and would hold the list of all parts; tasks are handed out as workers ask for
them, whatever the size of the source. A worker process loads the model once, as it does in the local pool.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from inkdigits.cluster.connect import connected
from inkdigits.cluster.futures import plain_future
from inkdigits.errors import ClusterError, require_extra

__all__ = ["RayWorkerPool"]

# A node that dies takes its tasks with it, so this is no sign of a picture that cannot be read.
_RETRIES = 20


class RayWorkerPool:
    """The workers of the Ray cluster at `address` (as for `connect`), one a core that it offers.

    Every node needs inkdigits with the extra `cluster`, and has to see the source and the folder of results under the
    same path or URL. Raises `MissingExtraError` without Ray, and where no cluster answers `ClusterError` when it is
    entered.
    """

    def __init__(self, address: str | None, **options: Any) -> None:
        # Asked at once: to list a large source takes hours, and only then the cluster is needed.
        require_extra("ray", "cluster", "--engine ray")
        self._connection = connected(address, **options)
        self._shared: tuple[Any, Any] | None = None
        self._tasks: dict[Callable[..., Any], Any] = {}

    def __enter__(self) -> RayWorkerPool:
        self._connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> bool | None:
        return self._connection.__exit__(*error)

    @property
    def lost(self) -> tuple[type[BaseException], ...]:
        """What a task raises whose workers died again and again."""
        from ray import exceptions

        return (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError, exceptions.NodeDiedError)

    def size(self) -> int:
        """The cores that the cluster offers at present; 1 while it has none."""
        import ray

        return max(1, int(ray.cluster_resources().get("CPU", 1)))

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`. The first argument is sent to every node once, not with every task."""
        import ray

        job, *others = arguments
        if self._shared is None or self._shared[0] is not job:
            self._shared = (job, ray.put(job))
        return plain_future(self._task(function).remote(self._shared[1], *others), self._died)

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
