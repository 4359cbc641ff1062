"""Ray's object references as futures of `concurrent.futures`, which raise a task's own exception."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from inkdigits.errors import ClusterError

__all__ = ["plain_future"]


def plain_future(reference: Any, lost: Callable[[BaseException], BaseException]) -> Future[Any]:
    """A future of what `reference` refers to.

    It raises the task's own error, without the traceback that Ray writes into its message; for a worker that cannot
    start a `ClusterError`; and for every other error of Ray's, such as a worker that ended, the result of `lost`.
    """
    future: Future[Any] = Future()
    reference.future().add_done_callback(lambda done: _hand_over(done, future, lost))
    return future


def _hand_over(done: Future[Any], future: Future[Any], lost: Callable[[BaseException], BaseException]) -> None:
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(_plain(error, lost))


def _plain(error: BaseException, lost: Callable[[BaseException], BaseException]) -> BaseException:
    from ray.exceptions import RayError, RayTaskError

    if isinstance(error, RayTaskError):
        return _cause(error.cause)
    return lost(error) if isinstance(error, RayError) else error


def _cause(cause: BaseException) -> BaseException:
    from ray.exceptions import RayError

    if not isinstance(cause, RayError):
        return cause
    reason = str(cause).splitlines()[0]
    return ClusterError(
        f"a worker of the cluster cannot start ({reason}): every machine needs the same versions of Python, Ray and "
        "inkdigits as this one"
    )
