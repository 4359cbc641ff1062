"""The service on a real Ray Serve, under load: another model comes, a replica is killed, a wrong model is refused."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import yaml
from ray.cluster_utils import Cluster

from inkdigits.cluster.ray_serve import NAME, Service, application, deploy
from inkdigits.modelfile.predictor import Predictor
from tests.conftest import Cli

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]

WEIGHTS = Path(__file__).parents[2] / "src/inkdigits/modelfile/weights"
PICTURE = np.random.default_rng(0).integers(0, 256, (28, 28)).tolist()
ASKED = json.dumps({"images": [PICTURE], "models": ["digits"]}).encode()


@dataclass(frozen=True)
class Deployed:
    """A service that runs, the cluster it runs on, and the file of its model."""

    cluster: Cluster
    port: int
    model: Path

    @property
    def service(self) -> Service:
        return Service(models=(f"digits={self.model}",), port=self.port, replicas=2)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read()
        finally:
            connection.close()

    def probabilities(self) -> list[float]:
        status, _, body = self.ask("POST", "/v1/classify", ASKED)
        assert status == 200, body
        found: list[float] = _probabilities(body)
        return found


def _probabilities(body: bytes) -> list[float]:
    return list(json.loads(body)["results"][0]["pictures"][0]["probabilities"])


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    port = _free_port()
    model = tmp_path_factory.mktemp("models") / "digits.onnx"
    shutil.copyfile(WEIGHTS / "dense.onnx", model)
    # The dashboard is what `serve deploy` speaks to.
    head = {"num_cpus": 4, "include_dashboard": True, "dashboard_port": _free_port()}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    found = Deployed(cluster, port, model)
    assert deploy(found.service, cluster.address) == f"http://127.0.0.1:{port}/"
    yield found
    cluster.shutdown()


@dataclass
class Load:
    """Clients that ask one thing after the other, each on a connection of its own."""

    deployed: Deployed
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    broken: list[Exception] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        while not self.over.is_set():
            try:
                self.answers.append(self.deployed.ask("POST", "/v1/classify", ASKED))
            except (OSError, http.client.HTTPException) as error:
                self.broken.append(error)

    @property
    def statuses(self) -> Counter[int]:
        return Counter(status for status, _, _ in self.answers)


@contextmanager
def _load(deployed: Deployed, clients: int = 6) -> Iterator[Load]:
    load = Load(deployed)
    threads = [threading.Thread(target=load) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.over.set()
        for thread in threads:
            thread.join(60)


def _replicas() -> set[int]:
    """The processes of Ray Serve that answer."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(f"ray::ServeReplica:{NAME}".encode()):
            found.add(int(folder.name))
    return found


def _expected(network: str) -> list[float]:
    predictor = Predictor.load(network)
    return [float(p) for p in predictor.predict_proba(np.array([PICTURE], np.uint8))[0]]


def test_it_is_the_same_application(deployed: Deployed) -> None:
    assert deployed.probabilities() == pytest.approx(_expected("dense"), abs=1e-4)
    assert deployed.ask("GET", "/v2/health/ready")[0] == 200
    status, headers, page = deployed.ask("GET", "/")
    assert status == 200
    assert b"<!doctype html>" in page.lower()
    assert "default-src 'none'" in headers["content-security-policy"]
    status, _, problem = deployed.ask("POST", "/v1/classify", b"{}")
    assert (status, json.loads(problem)["type"]) == (422, "urn:inkdigits:invalid")


def test_a_killed_replica_loses_nothing_but_what_it_was_answering(deployed: Deployed) -> None:
    before = _replicas()
    assert len(before) == 2
    with _load(deployed) as load:
        while len(load.answers) < 50:
            time.sleep(0.05)
        # Held first, so that there is something in flight on it.
        os.kill(min(before), signal.SIGSTOP)
        held, deadline = len(load.answers), time.monotonic() + 5
        while len(load.answers) < held + 20 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(min(before), signal.SIGKILL)
        killed = len(load.answers)
        while len(load.answers) < killed + 100 or len(_replicas()) < 2:
            time.sleep(0.1)
    # At most one request of each client was in flight there, and each may try again. None was, where Ray had noticed
    # that the replica does not answer.
    assert set(load.statuses) <= {200, 503}, load.statuses
    assert load.statuses[503] + len(load.broken) <= 6
    for status, headers, body in load.answers:
        if status == 503:
            assert headers["retry-after"] == "1"
            assert json.loads(body)["type"] == "urn:inkdigits:lost"


def test_another_model_comes_without_a_failed_request(deployed: Deployed) -> None:
    old, new = _expected("dense"), _expected("cnn")
    before = _replicas()
    shutil.copyfile(WEIGHTS / "cnn.onnx", deployed.model)
    with _load(deployed, clients=3) as load:
        while len(load.answers) < 20:
            time.sleep(0.05)
        deploy(deployed.service, deployed.cluster.address)
        after = len(load.answers)
        while len(load.answers) < after + 30:
            time.sleep(0.05)
    assert load.broken == []
    assert set(load.statuses) == {200}, [body for status, _, body in load.answers if status != 200][:3]
    found = [_probabilities(body) for _, _, body in load.answers]
    kinds = [[np.allclose(p, other, atol=1e-4) for other in (old, new)] for p in found]
    assert all(any(kind) for kind in kinds)
    assert kinds[0] == [True, False]
    # When `deploy` has returned, the new model answers.
    assert all(kind == [False, True] for kind in kinds[after + 3 :])
    deadline = time.monotonic() + 60
    while before & _replicas():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_model_that_does_not_load_changes_nothing(cli: Cli, deployed: Deployed, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(deployed.model.read_bytes()[:1000])
    before = deployed.probabilities()
    result = cli("deploy", f"--address={deployed.cluster.address}", f"--port={deployed.port}", f"--model={damaged}")
    assert result.returncode == 2
    assert result.stderr.startswith(f"inkdigits: {damaged}: ")
    assert result.stderr.count("\n") == 1
    assert deployed.probabilities() == before


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 1), ("localhost", None)])
def test_another_place_than_that_of_the_running_serve_is_refused(
    cli: Cli, deployed: Deployed, host: str, port: int | None
) -> None:
    place = (f"--host={host}", f"--port={port or deployed.port}")
    result = cli("deploy", f"--address={deployed.cluster.address}", *place, f"--model=digits={deployed.model}")
    assert (result.returncode, result.stdout) == (2, "")
    there = f"127.0.0.1:{deployed.port}"
    assert f"Ray Serve is already running on {there} and stays there" in result.stderr
    assert result.stderr.count("\n") == 1
    assert deployed.ask("GET", "/v2/health/ready")[0] == 200


def test_the_config_is_one_that_serve_takes_and_holds_no_secret(cli: Cli, deployed: Deployed, tmp_path: Path) -> None:
    from ray.serve.schema import ServeDeploySchema

    token, config = tmp_path / "token", tmp_path / "config.yaml"
    token.write_text("0123456789abcdef-secret\n")
    result = cli(
        *("deploy", f"--model=digits={deployed.model}", "--host=0.0.0.0", f"--token-file={token}"),
        *("--replicas=2", "--max-replicas=8", f"--write={config}"),
    )
    assert result.returncode == 0, result.stderr
    text = config.read_text()
    assert "secret" not in text
    schema = ServeDeploySchema.model_validate(yaml.safe_load(text))
    described = schema.applications[0]
    assert described.import_path == "inkdigits.cluster.ray_serve:application"
    assert described.deployments[0].autoscaling_config["max_replicas"] == 8
    assert application(described.args)._bound_deployment.name == described.deployments[0].name


def test_serve_deploy_takes_the_config(cli: Cli, deployed: Deployed, tmp_path: Path) -> None:
    """Written by our command, brought there by Ray's: another model comes."""
    model, config = tmp_path / "dense.onnx", tmp_path / "serve.yaml"
    shutil.copyfile(WEIGHTS / "dense.onnx", model)
    written = cli("deploy", f"--model=digits={model}", f"--port={deployed.port}", "--replicas=2", f"--write={config}")
    assert written.returncode == 0, written.stderr
    command = [sys.executable, "-m", "ray.serve.scripts", "deploy", str(config)]
    dashboard = f"http://{deployed.cluster.head_node.webui_url}"
    done = subprocess.run([*command, "--address", dashboard], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    expected, deadline = _expected("dense"), time.monotonic() + 120
    while not np.allclose(deployed.probabilities(), expected, atol=1e-4):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_without_a_cluster_it_is_one_line(cli: Cli) -> None:
    for arguments, message in (
        (["--address=127.0.0.1:1"], "--address 127.0.0.1:1: no Ray cluster answers there"),
        (["--host=0.0.0.0"], "--host 0.0.0.0 serves other machines, and there is no token"),
        (["--replicas=3", "--max-replicas=2"], "--max-replicas 2 is less than --replicas 3"),
    ):
        result = cli("deploy", *arguments)
        assert result.returncode == 2
        assert result.stderr.startswith(f"inkdigits: {message}")
        assert result.stderr.count("\n") == 1
