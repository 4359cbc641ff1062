"""Ray's workers as a pool for batches: every part is a task, which Ray repeats when its worker or node is lost.

Plain tasks and not Ray Data: a part is one file with a name of its own, so that a part that is read twice exists once.
Ray Data splits and merges blocks as it likes and would hold the list of all parts; tasks are submitted as workers
become free, whatever the size of the source. A worker process loads the model once, as in the local pool.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from inkdigits.cluster.connect import connected
from inkdigits.cluster.futures import plain_future
from inkdigits.errors import ClusterError, one_line, require_extra

__all__ = ["RayWorkerPool"]

# A lost node takes its tasks with it, so a retry does not mean that a picture cannot be read.
_RETRIES = 20


class RayWorkerPool:
    """The workers of the Ray cluster at `address` (as for `connect`), one per core.

    Every node needs inkdigits with the extra `cluster`, and has to see the source and the folder of results under the
    same path or URL. Raises `MissingExtraError` without Ray, and `ClusterError` on entering
    where no cluster answers.
    """

    def __init__(self, address: str | None, **options: Any) -> None:
        # Checked at once, since the cluster is needed only when the source is listed, which may take hours.
        require_extra("ray", "cluster", "--engine ray")
        self._connection = connected(address, **options)
        self._sent: tuple[Any, Any] | None = None
        self._tasks: dict[Callable[..., Any], Any] = {}

    def __enter__(self) -> RayWorkerPool:
        self._connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> bool | None:
        return self._connection.__exit__(*error)

    @property
    def lost(self) -> tuple[type[BaseException], ...]:
        """The exceptions of a task whose workers ended again and again."""
        from ray import exceptions

        return (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError, exceptions.NodeDiedError)

    def size(self) -> int:
        """The present number of cores of the cluster; 1 while it has none."""
        import ray

        return max(1, int(ray.cluster_resources().get("CPU", 1)))

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`. The first argument is sent to every node once, not with every task."""
        import ray

        job, *others = arguments
        if self._sent is None or self._sent[0] is not job:
            self._sent = (job, ray.put(job))
        return plain_future(self._task(function).remote(self._sent[1], *others), self._lost_worker)

    def _task(self, function: Callable[..., Any]) -> Any:
        """`function` as a Ray task; made once, since Ray sends every new one to all workers."""
        import ray

        if function not in self._tasks:
            # An exception of the function itself is no reason to run it again.
            made = ray.remote(num_cpus=1, max_retries=_RETRIES, retry_exceptions=False)(function)
            self._tasks[function] = made
        return self._tasks[function]

    def _lost_worker(self, error: BaseException) -> BaseException:
        """`error` for lost workers, which the batch handles; otherwise a `ClusterError` of one line."""
        if isinstance(error, self.lost):
            return error
        return ClusterError(f"the cluster lost a part ({one_line(error):.300}): run the same command again to resume")

    def renew(self) -> None:
        """Do nothing: Ray replaces its workers itself."""
