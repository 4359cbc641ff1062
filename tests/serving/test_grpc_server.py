"""gRPC beside HTTP in real processes: one port for all workers, an orderly stop, a log of JSON."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import grpc
import pytest

from tests.serving.hostile_connections import attacked_by
from tests.serving.server import serving
from tests.serving.test_grpc_service import ONE, SERVICE


def test_workers_share_the_port_and_one_that_dies_is_replaced() -> None:
    with serving("--workers", 2, "--grpc-port", 0, "--quiet") as server:
        first, _ = server.workers()
        os.kill(first, signal.SIGKILL)
        until = time.monotonic() + 120
        while first in server.workers() or len(server.workers()) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        for _ in range(10):  # connections, which the system spreads over the workers
            with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", [("grpc.use_local_subchannel_pool", 1)]) as c:
                assert c.unary_unary(f"{SERVICE}ModelInfer")(ONE, timeout=60, wait_for_ready=True)


def test_calls_in_progress_are_answered_by_a_server_that_stops() -> None:
    failed: list[str] = []
    answered = [0] * 4
    stopping = threading.Event()
    with serving("--grpc-port", 0, "--quiet") as server:

        def ask(number: int) -> None:
            with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", [("grpc.use_local_subchannel_pool", 1)]) as c:
                while True:
                    try:
                        c.unary_unary(f"{SERVICE}ModelInfer")(ONE, timeout=60)
                    except grpc.RpcError as error:
                        # A call that begins after the stop is refused, and may be repeated elsewhere.
                        if not stopping.is_set() or error.code() is not grpc.StatusCode.UNAVAILABLE:
                            failed.append(str(error))
                        return
                    answered[number] += 1

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        while min(answered) < 20:
            time.sleep(0.01)
        stopping.set()
        assert server.stop(timeout=25) == 0
        for thread in threads:
            thread.join(30)
    assert failed == []


@pytest.mark.slow
def test_clients_that_withhold_do_not_keep_a_server_that_stops() -> None:
    """Within 25 seconds, whether they withhold messages over gRPC or all that HTTP knows."""
    with serving("--workers", 2, "--grpc-port", 0, "--quiet") as server, attacked_by(server.port, 5):
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            over = threading.Event()
            calls = [channel.stream_unary(f"{SERVICE}ModelInfer").future(iter(over.wait, True)) for _ in range(20)]
            time.sleep(2)
            assert server.stop(timeout=25) == 0
            over.set()
            assert all(call.code() is not grpc.StatusCode.OK for call in calls)
        assert all(line["event"] != "internal_error" for line in server.lines())


@pytest.mark.parametrize("option", ["--grpc-port", "--port"])
def test_a_port_that_is_taken_is_named_before_anything_is_loaded(option: str) -> None:
    with serving("--grpc-port", 0, "--quiet") as server:
        command = [sys.executable, "-m", "inkdigits", "serve", "--port", "0", option, str(port := server.grpc_port)]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 2
    told_of = f"cannot serve on 127.0.0.1 port {port}: Address already in use: choose another with {option}"
    assert told_of in " ".join(told.stderr.split())
