"""The pool of processes on this machine."""

from __future__ import annotations

import os

import pytest

from inkdigits.batch.worker_pool import LocalWorkerPool


def test_it_runs_functions_in_fresh_processes_and_replaces_lost_ones() -> None:
    with LocalWorkerPool(1) as pool:
        assert pool.size() == 1
        first = pool.submit(os.getpid).result(60)
        assert first != os.getpid()
        with pytest.raises(pool.lost):
            pool.submit(os._exit, 9).result(60)
        pool.renew()
        assert pool.submit(os.getpid).result(60) not in (first, os.getpid())
