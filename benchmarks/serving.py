"""Claim: a server on 2 cores reads more than 1,000 small pictures a second, and a lone client waits under 2 ms.

`wrk` (Debian's) asks a real `inkdigits serve` over the loopback, on the same cores, so both share them:

    start      `inkdigits serve` from a cold shell until it says that it serves: median of --starts
    alone      /v1/read of one 28x28 PNG, 1 worker, 1 connection: median
    full       the same, 2 workers, 32 connections: requests a second, 99th percentile
    steady     the same at 300 a second, sent whether the last was answered or not: 99th percentile
    batches    /v2 of `cnn`, 64 binary pictures a request, 2 workers, 16 connections: pictures a second
    memory     the workers' resident memory before and after --requests requests
    keras      FastAPI and Keras's `predict`, as tutorials write it: /predict of the same digit as JSON, 32 connections
    mlflow     `mlflow models serve` of the same ONNX file, where mlflow is installed

The servers take turns on an otherwise quiet machine; the first second of each turn does not count. A request that fails
or is answered by an error makes its figure a missed one.

    python benchmarks/serving.py [--seconds 10] [--requests 200000] [--starts 5] [--only alone,full]

Exit code 1 when a figure is missed. Needs wrk (apt-get install wrk).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import importlib.util
import io
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inkdigits.datasets.mnist import load_train

_TUTORIAL = """
import keras
import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = keras.models.load_model("model.keras")


class Digit(BaseModel):
    pixels: list[list[float]]


# No plain `def`: on JAX, Keras fails when several threads predict at the same time.
@app.post("/predict")
async def predict(digit: Digit):
    x = np.array(digit.pixels, "float32").reshape(1, 28, 28, 1) / 255
    return {"digit": int(model.predict(x, verbose=0).argmax())}


uvicorn.run(app, port=PORT, log_level="warning")
"""
_SAVE_KERAS = "from inkdigits.networks.cnn import build; build((28, 28, 1)).save('model.keras')"
_SAVE_MLFLOW = """
import mlflow.onnx, onnx
from inkdigits.modelfile.predictor import model_path
mlflow.onnx.save_model(onnx.load(model_path("cnn")), "mlflow-model")
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw: answers a second, latencies in milliseconds, and answers that were errors."""

    rate: float
    median: float
    p99: float
    errors: int


@dataclass(frozen=True)
class Ask:
    """One request, to be sent again and again."""

    path: str
    body: bytes
    headers: dict[str, str]


# A figure, what was found, and whether it is met.
Check = tuple[str, str, bool]


def main() -> None:
    """Run each measurement, print it, and say which figures are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--only", default="start,alone,full,steady,batches,memory,keras,mlflow")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}")
    measurements: dict[str, Callable[[argparse.Namespace], list[Check]]] = {
        "start": start, "alone": alone, "full": full, "steady": steady, "batches": batches, "memory": memory,
        "keras": keras, "mlflow": mlflow,
    }  # fmt: skip
    all_met = True
    for name in options.only.split(","):
        for figure, found, met in measurements[name](options):
            print(f"{'met   ' if met else 'MISSED'}  {figure}: {found}", flush=True)
            all_met = all_met and met
    sys.exit(0 if all_met else 1)


def read_one() -> Ask:
    """The first picture of MNIST's training part as a PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(load_train().images[0]).save(buffer, "PNG")
    return Ask("/v1/read", buffer.getvalue(), {"Content-Type": "image/png"})


def infer_64() -> Ask:
    """Sixty-four pictures as a binary tensor."""
    tensor = {"name": "images", "datatype": "UINT8", "shape": [64, 28, 28], "parameters": {"binary_data_size": 50_176}}
    outputs = [{"name": "probabilities", "parameters": {"binary_data": True}}]
    head = json.dumps({"inputs": [tensor], "outputs": outputs}).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    return Ask("/v2/models/cnn/infer", head + load_train().images[:64].tobytes(), headers)


def start(options: argparse.Namespace) -> list[Check]:
    """A whole process from its first moment to the line with its address; the port is free each time."""
    taken = [seconds_to_start(1) for _ in range(options.starts)]
    median = statistics.median(taken)
    print(f"start: {', '.join(f'{seconds:.2f}' for seconds in taken)} s")
    return [(f"serves under 2 s after its start, median of {len(taken)}", f"{median:.2f} s", median < 2)]


def seconds_to_start(workers: int) -> float:
    """Seconds from the start of `inkdigits serve` to its line with the address."""
    command = [sys.executable, "-m", "inkdigits", "serve", "--port", "0", "--workers", str(workers)]
    began = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        output = next((line for line in process.stderr if "serves on http://" in line), "")
        taken = time.perf_counter() - began
        process.terminate()
    if not output:
        raise SystemExit(f"{command} did not start")
    return taken


def alone(options: argparse.Namespace) -> list[Check]:
    """One client, one worker."""
    with inkdigits(1) as (port, _):
        load = wrk(port, read_one(), 1, options.seconds)
    print(f"alone: {load}")
    return [("/v1/read alone, median under 2 ms", f"{load.median:.2f} ms", load.median < 2 and not load.errors)]


def full(options: argparse.Namespace) -> list[Check]:
    """Thirty-two clients, two workers."""
    with inkdigits(2) as (port, _):
        load = wrk(port, read_one(), 32, options.seconds)
    print(f"full: {load}")
    return [
        (
            "/v1/read, 32 connections, at least 1,000 a second",
            f"{load.rate:.0f}",
            load.rate >= 1000 and not load.errors,
        ),
        ("99th percentile under 75 ms", f"{load.p99:.1f} ms", load.p99 < 75),
    ]


def steady(options: argparse.Namespace, rate: int = 300) -> list[Check]:
    """A fixed number a second; a late answer keeps no later request back, so waiting is not left out."""
    ask, answered = read_one(), []
    with inkdigits(2) as (port, _), ThreadPoolExecutor(64) as pool:
        local = threading.local()

        def send(due: float) -> None:
            if not hasattr(local, "connection"):
                local.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            try:
                local.connection.request("POST", ask.path, ask.body, ask.headers)
                answer = local.connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                local.connection.close()
                status = 0
            answered.append((1000 * (time.perf_counter() - due), status))

        started = time.perf_counter() + 0.1
        for number in range(rate * (options.seconds + 1)):
            due = started + number / rate
            time.sleep(max(0, due - time.perf_counter()))
            pool.submit(send, due)
    counted = answered[rate:]
    failed = sum(status != 200 for _, status in counted)
    waited = [milliseconds for milliseconds, _ in counted]
    p99 = statistics.quantiles(waited, n=100)[98]
    print(f"steady: n = {len(waited)}, {failed} failed, median {statistics.median(waited):.2f} ms, p99 {p99:.2f} ms")
    met = p99 < 25 and not failed
    return [(f"/v1/read at {rate} a second, 99th percentile under 25 ms", f"{p99:.1f} ms, {failed} failed", met)]


def batches(options: argparse.Namespace) -> list[Check]:
    """Large batches over the Open Inference Protocol."""
    with inkdigits(2) as (port, _):
        load = wrk(port, infer_64(), 16, options.seconds)
    print(f"batches: {load}, {64 * load.rate:.0f} pictures a second")
    met = 64 * load.rate >= 7000 and not load.errors
    return [("/v2, batches of 64, at least 7,000 pictures a second", f"{64 * load.rate:.0f}", met)]


def memory(options: argparse.Namespace) -> list[Check]:
    """The workers' memory over many requests."""
    with inkdigits(2) as (port, process):
        wrk(port, read_one(), 32, 5)
        before, done, failed, began = resident(process.pid), 0.0, 0, time.monotonic()
        while done < options.requests:
            load = wrk(port, read_one(), 32, 20)
            done += 20 * load.rate
            failed += load.errors
        after = resident(process.pid)
    print(f"memory: {before:.0f} MB, after {done:.0f} requests in {time.monotonic() - began:.0f} s {after:.0f} MB")
    found = f"{100 * (after / before - 1):+.1f} %, {failed} failed"
    return [(f"memory over {options.requests:,} requests within 10 %", found, after <= 1.1 * before and not failed)]


def keras(options: argparse.Namespace) -> list[Check]:
    """The server of the tutorials."""
    if not is_installed("keras"):
        print("keras: not installed")
        return []
    pixels = json.dumps({"pixels": load_train().images[0].tolist()}).encode()
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), 8765
        # Keras would take TensorFlow by itself, which is not here.
        os.environ["KERAS_BACKEND"] = "jax"
        subprocess.run([sys.executable, "-c", _SAVE_KERAS], cwd=folder, check=True)
        command = [sys.executable, "-c", _TUTORIAL.replace("PORT", str(port))]
        with running(command, port, "/openapi.json", folder):
            load = wrk(port, Ask("/predict", pixels, {"Content-Type": "application/json"}), 32, options.seconds)
    print(f"keras: {load}")
    return []


def mlflow(options: argparse.Namespace) -> list[Check]:
    """MLflow's server, where the whole of mlflow is installed (the extra holds only its tracking)."""
    command = shutil.which("mlflow", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if command is None or not is_installed("mlflow.pyfunc.scoring_server") or not is_installed("mlflow.onnx"):
        print("mlflow: its model server is not installed")
        return []
    pixels = json.dumps({"inputs": {"images": load_train().images[:1].tolist()}}).encode()
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), 8766
        if subprocess.run([sys.executable, "-c", _SAVE_MLFLOW], cwd=folder, check=False).returncode:
            print("mlflow: it cannot save the model")
            return []
        serve = [command, "models", "serve", "-m", "mlflow-model", "-p", str(port), "--env-manager", "local"]
        try:
            with running(serve, port, "/ping", folder):
                load = wrk(port, Ask("/invocations", pixels, {"Content-Type": "application/json"}), 32, options.seconds)
        except SystemExit as error:
            # mlflow-skinny has the command, and not all that it needs.
            print(f"mlflow: its model server does not start: {error}")
            return []
    print(f"mlflow: {load}")
    return []


def is_installed(module: str) -> bool:
    """Whether a module can be imported; one inside a package that is not there cannot."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@contextlib.contextmanager
def inkdigits(workers: int) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server of ours; its port and its process."""
    command = [sys.executable, "-m", "inkdigits", "serve", "--quiet", "--port", "8764", "--workers", str(workers)]
    with running(command, 8764, "/v2/health/ready", Path.cwd()) as process:
        yield 8764, process


@contextlib.contextmanager
def running(command: list[str], port: int, ready: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server's process, once it answers."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )
    try:
        for _ in range(600):
            if answers(port, ready):
                break
            if process.poll() is not None:
                raise SystemExit(f"{command[:4]} ended with {process.returncode}")
            time.sleep(0.1)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def answers(port: int, path: str) -> bool:
    """Whether a server answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def wrk(port: int, ask: Ask, connections: int, seconds: int) -> Load:
    """Let wrk ask for `seconds`, after one second that does not count."""
    with tempfile.TemporaryDirectory() as name:
        body, script = Path(name) / "body", Path(name) / "ask.lua"
        body.write_bytes(ask.body)
        headers = "".join(f"wrk.headers[{key!r}] = {value!r}\n" for key, value in ask.headers.items())
        script.write_text(
            f"wrk.method = 'POST'\n{headers}local f = io.open('{body}', 'rb')\nwrk.body = f:read('*a')\nf:close()\n"
        )
        for duration in (1, seconds):
            command = [
                "wrk",
                "-t1",
                f"-c{connections}",
                f"-d{duration}s",
                "--latency",
                "--timeout",
                "20s",
                "-s",
                script,
            ]
            command.append(f"http://127.0.0.1:{port}{ask.path}")
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return parsed(output)


def parsed(output: str) -> Load:
    """What wrk printed: connections that failed in any way and answers that were errors are added up."""
    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    percentiles = dict(re.findall(r"^ +(50|99)% +([\d.]+(?:us|ms|s))$", output, re.MULTILINE))
    return Load(
        float(re.findall(r"Requests/sec: +([\d.]+)", output)[0]),
        *(milliseconds(percentiles[percent]) for percent in ("50", "99")),
        sum(int(number) for found in (socket_errors, refused) if found for number in found.groups()),
    )


def milliseconds(text: str) -> float:
    """What wrk writes as 850us, 1.20ms or 1.02s."""
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise ValueError(text)


def resident(pid: int) -> float:
    """Megabytes of the workers below `pid`."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = [int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children]
    return float(np.sum(pages)) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
