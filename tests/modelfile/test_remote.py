"""A model on a server, asked as if it were here; and servers that answer nonsense."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits, Splits
from inkdigits.datasets.mnist import load_test
from inkdigits.datasets.npz import save_npz
from inkdigits.errors import DataError, RemoteModelError
from inkdigits.modelfile.load import load_classifier
from inkdigits.modelfile.predictor import Predictor
from inkdigits.modelfile.remote import RemoteClassifier
from tests.conftest import Cli
from tests.serving.server import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text("a-token-of-some-length")
    with serving("--token-file", file, "--quiet") as server:
        yield server


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKDIGITS_TOKEN", "a-token-of-some-length")


def test_a_remote_model_answers_as_it_does_here(served: Served, token: None) -> None:
    images = load_test().images[:1100]
    remote = load_classifier(f"{served.url}/v2/models/cnn")
    np.testing.assert_allclose(remote.predict_proba(images), Predictor.load("cnn").predict_proba(images), atol=1e-6)
    assert remote.predict_proba(images[:0]).shape == (0, 10)
    with pytest.raises(DataError, match="uint8"):
        remote.predict_proba(images / 255)


def test_compare_with_a_remote_model(
    served: Served, token: None, cli: Cli, small: Splits, three_digits: LabelledDigits, tmp_path: Path
) -> None:
    data = tmp_path / "digits.npz"
    save_npz(data, Splits(three_digits, small.test))
    url = f"{served.url}/v2/models/dense/versions/1"
    told = cli("compare", url, "dense", "--data", data, "--json")
    assert told.returncode == 0, told.stderr
    comparison = json.loads(told.stdout)
    remote, here = comparison["candidates"]
    assert remote["accuracy"] == here["accuracy"]
    assert comparison["pairs"][0]["files"]["better"] is None
    assert comparison["pairs"][0]["files"]["disagreements"] == []


@pytest.mark.parametrize(
    ("path", "needle"),
    [
        ("/v2/models/nix", "refused with 404: no model of that name"),
        ("/v2/models/cnn/versions/9", "no such version"),
        ("/v1/models", "expected a model's address"),
        ("", "expected a model's address"),
    ],
)
def test_a_wrong_address(served: Served, token: None, path: str, needle: str) -> None:
    with pytest.raises(RemoteModelError, match=needle):
        RemoteClassifier(served.url + path).predict_proba(np.zeros((1, 28, 28), np.uint8))


def test_without_the_token(served: Served, cli: Cli) -> None:
    told = cli("compare", f"{served.url}/v2/models/cnn", "cnn", INKDIGITS_TOKEN="")
    assert (told.returncode, len(told.stderr.splitlines())) == (2, 1)
    assert "refused with 401" in told.stderr


def test_nobody_there() -> None:
    with pytest.raises(RemoteModelError, match="no response"):
        RemoteClassifier("http://127.0.0.1:9/v2/models/cnn").predict_proba(np.zeros((1, 28, 28), np.uint8))


def _tensor(**change: object) -> bytes:
    tensor = {"name": "probabilities", "datatype": "FP32", "shape": [1, 10], "data": [0.1] * 10, **change}
    return json.dumps({"outputs": [tensor]}).encode()


@pytest.fixture
def imposter() -> Iterator[Callable[[bytes], str]]:
    """A server that gives the same answer to everything."""
    servers: list[ThreadingHTTPServer] = []

    def start(content: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/v2/models/x"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_server_that_answers_in_json(imposter: Callable[[bytes], str]) -> None:
    answer = RemoteClassifier(imposter(_tensor())).predict_proba(np.zeros((1, 28, 28), np.uint8))
    np.testing.assert_allclose(answer, np.full((1, 10), 0.1))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"[]",
        b'{"outputs": []}',
        _tensor(name="label"),
        _tensor(shape=[2, 10]),
        _tensor(datatype="INT64"),
        _tensor(data=[0.1] * 9),
        _tensor(data=["a"] * 10),
        _tensor(parameters={"binary_data_size": 40}),
    ],
)
def test_a_server_that_makes_no_sense(imposter: Callable[[bytes], str], content: bytes) -> None:
    with pytest.raises(RemoteModelError, match="unexpected response"):
        RemoteClassifier(imposter(content)).predict_proba(np.zeros((1, 28, 28), np.uint8))


def test_compare_names_probabilities_that_are_none(imposter: Callable[[bytes], str], cli: Cli, tmp_path: Path) -> None:
    one = LabelledDigits(np.zeros((1, 28, 28), np.uint8) + 9, np.array([1], np.int64), "one")
    save_npz(tmp_path / "one.npz", Splits(one, one))
    told = cli("compare", imposter(_tensor(data=[0.5] * 10)), "cnn", "--data", tmp_path / "one.npz")
    assert told.returncode == 2
    assert len(told.stderr.splitlines()) == 1
