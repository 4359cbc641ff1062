"""Ray's references as futures of `concurrent.futures`."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import RayTaskError, RuntimeEnvSetupError, WorkerCrashedError

from inkdigits.cluster.futures import plain_future
from inkdigits.errors import BatchError, ClusterError

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]


def _reference(result: Any = None, error: BaseException | None = None) -> SimpleNamespace:
    future: Future[Any] = Future()
    future.set_result(result) if error is None else future.set_exception(error)
    return SimpleNamespace(future=lambda: future)


def _gone(error: BaseException) -> BaseException:
    return ClusterError(f"lost: {type(error).__name__}")


def test_results_and_errors_of_tasks_arrive_as_they_are() -> None:
    assert plain_future(_reference(5), _gone).result(1) == 5
    cause = BatchError("a.tar: changed")
    assert plain_future(_reference(error=RayTaskError("read", "traceback", cause)), _gone).exception(1) is cause


def test_errors_of_ray_are_those_that_the_caller_makes_of_them() -> None:
    error = plain_future(_reference(error=WorkerCrashedError()), _gone).exception(1)
    assert (type(error), str(error)) == (ClusterError, "lost: WorkerCrashedError")


def test_a_worker_that_cannot_start_is_one_line() -> None:
    cause = RuntimeEnvSetupError("no inkdigits\nmore")
    error = plain_future(_reference(error=RayTaskError("read", "traceback", cause)), _gone).exception(1)
    assert type(error) is ClusterError
    assert str(error).startswith("a worker of the cluster cannot start (")
    assert "\n" not in str(error)
