"""An executor for `seeds` and `tune` whose functions run wherever a Ray cluster has free cores.

A function whose worker or machine is lost runs again elsewhere: a seed then resumes from its last epoch, since its run
is in a folder that every machine sees, and a search repeats the lost trial.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from inkdigits.cluster.connect import connected
from inkdigits.cluster.futures import plain_future
from inkdigits.errors import ClusterError, one_line
from inkdigits.system.processes import SupportsSubmit

__all__ = ["ray_executor"]

# How often a function that lost its worker is run again: one that needs too much memory would never end.
_MAX_RETRIES = 5


@contextmanager
def ray_executor(address: str | None, *, cores: float = 1, gpus: float = 0) -> Iterator[SupportsSubmit]:
    """An executor on the Ray cluster at `address`, as `cluster.connect` takes it; each function has `cores` and `gpus`.

    Functions run in the folder of this process, which every machine must see under the same path. When the block ends
    with an error, such as a Ctrl-C, what runs is stopped. Raises `ClusterError` without a cluster, or when no machine
    of it has so many cores and GPUs.
    """
    with connected(address):
        _check_room(cores, gpus)
        executor = _Executor(cores, gpus)
        try:
            yield executor
        except BaseException:
            executor.stop()
            raise


def _check_room(cores: float, gpus: float) -> None:
    """Raise `ClusterError` where Ray would wait forever for a machine that is large enough."""
    import ray

    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(has.get("CPU", 0) >= cores and has.get("GPU", 0) >= gpus for has in machines):
        found = ", ".join(f"{has.get('CPU', 0):g} cores and {has.get('GPU', 0):g} GPUs" for has in machines)
        raise ClusterError(
            f"no machine of the cluster has {cores:g} cores and {gpus:g} GPUs: there are {found}: lower --cores or "
            "--gpus"
        )


@dataclass
class _Executor:
    cores: float
    gpus: float
    references: list[Any] = field(default_factory=list)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of `function(*arguments)`, which raises what the function raised."""
        import ray

        remote = ray.remote(num_cpus=self.cores, num_gpus=self.gpus, max_retries=_MAX_RETRIES)(_run_in)
        reference = remote.remote(os.getcwd(), function, *arguments)  # noqa: PTH109 - a plain text for another machine
        self.references.append(reference)
        return plain_future(reference, _gave_up)

    def stop(self) -> None:
        """Cancel what runs and what waits."""
        import ray

        for reference in self.references:
            ray.cancel(reference, force=True)


def _run_in(folder: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in `folder`. Raises `ClusterError` on a machine that does not see `folder`."""
    try:
        os.chdir(folder)
    except OSError as error:
        raise ClusterError(
            f"{socket.gethostname()} does not see {folder}: {error.strerror}: start in a folder that every machine of "
            "the cluster sees under the same path"
        ) from error
    return function(*arguments)


def _gave_up(error: BaseException) -> ClusterError:
    return ClusterError(
        f"a training lost its process {_MAX_RETRIES + 1} times, perhaps for lack of memory: run the same command again "
        f"to resume, with more --cores for each where memory is short ({one_line(error):.300})"
    )
