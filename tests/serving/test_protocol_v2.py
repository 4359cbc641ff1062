"""The Open Inference Protocol, spoken by Triton's own client and by hand."""

from __future__ import annotations

import gzip
import json
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.modelfile.predictor import Predictor
from tests.serving.server import JSON, Served

with warnings.catch_warnings():  # of gevent, on being imported
    warnings.simplefilter("ignore")
    import tritonclient.http as triton
    from tritonclient.utils import InferenceServerException

INFER = "/v2/models/cnn/infer"


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[triton.InferenceServerClient]:
    client = triton.InferenceServerClient(f"127.0.0.1:{served.port}")
    yield client
    client.close()


def _input(images: np.ndarray[Any, Any], binary: bool = True, datatype: str = "UINT8") -> triton.InferInput:
    tensor = triton.InferInput("images", list(images.shape), datatype)
    return tensor.set_data_from_numpy(images, binary_data=binary)


def test_tritons_client_finds_its_way(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("cnn")
    assert client.is_model_ready("cnn", "1")
    assert not client.is_model_ready("nix")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("dense", "1")
    assert metadata["inputs"] == [{"name": "images", "datatype": "UINT8", "shape": [-1, 28, 28]}]
    assert [output["name"] for output in metadata["outputs"]] == ["probabilities", "logits"]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
def test_tritons_client_gets_what_the_model_says(
    client: triton.InferenceServerClient, digits: LabelledDigits, binary_in: bool, binary_out: bool, compression: str
) -> None:
    wanted = [triton.InferRequestedOutput(name, binary_data=binary_out) for name in ("logits", "probabilities")]
    answer = client.infer(
        "cnn",
        [_input(digits.images, binary_in)],
        model_version="1",
        outputs=wanted,
        request_id="count von count",
        request_compression_algorithm=compression,
    )
    cnn = Predictor.load("cnn")
    np.testing.assert_allclose(answer.as_numpy("probabilities"), cnn.predict_proba(digits.images), atol=1e-6)
    np.testing.assert_allclose(answer.as_numpy("logits"), cnn.predict_logits(digits.images), atol=1e-4)
    about = answer.get_response()
    assert (about["id"], about["model_name"], about["model_version"]) == ("count von count", "cnn", "1")


def test_tritons_client_without_wishes(client: triton.InferenceServerClient, digits: LabelledDigits) -> None:
    answer = client.infer("dense", [_input(digits.images[:1])])
    assert answer.as_numpy("probabilities").shape == (1, 10)
    assert "id" not in answer.get_response()


def test_many_at_the_same_time_each_get_their_own(served: Served, digits: LabelledDigits) -> None:
    client = triton.InferenceServerClient(f"127.0.0.1:{served.port}", concurrency=8)
    expected = Predictor.load("cnn").predict_proba(digits.images)
    asked = [client.async_infer("cnn", [_input(digits.images[n : n + 3])]) for n in range(60)]
    for number, request in enumerate(asked):
        answer = request.get_result().as_numpy("probabilities")
        np.testing.assert_allclose(answer, expected[number : number + 3], atol=1e-6)
    client.close()


def test_tritons_client_understands_our_errors(client: triton.InferenceServerClient, digits: LabelledDigits) -> None:
    with pytest.raises(InferenceServerException, match=r"\[404\].*no model of that name"):
        client.infer("nix", [_input(digits.images)])
    with pytest.raises(InferenceServerException, match=r"\[404\].*no such version"):
        client.infer("cnn", [_input(digits.images)], model_version="2")
    with pytest.raises(InferenceServerException, match=r"\[400\].*UINT8"):
        client.infer("cnn", [_input(digits.images.astype(np.float32), datatype="FP32")])
    with pytest.raises(InferenceServerException, match=r"\[400\].*28, 28"):
        client.infer("cnn", [_input(digits.images.reshape(64, 784))])


def _request(**change: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": [0] * 784, **change}]}


def test_data_may_be_nested_or_flat(served: Served, digits: LabelledDigits) -> None:
    nested = served.post(INFER, _request(data=digits.images[:1].tolist())).json
    flat = served.post(INFER, _request(data=digits.images[0].ravel().tolist())).json
    assert nested == flat
    assert nested["outputs"][0]["shape"] == [1, 10]
    assert np.argmax(nested["outputs"][0]["data"]) == digits.labels[0]


def test_no_pictures_no_answers(served: Served) -> None:
    assert served.post(INFER, _request(shape=[0, 28, 28], data=[])).json["outputs"][0]["data"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"inputs": [' * 5000,
        json.dumps({}).encode(),
        json.dumps({"inputs": []}).encode(),
        json.dumps({"inputs": [1]}).encode(),
        json.dumps({**_request(), "id": 7}).encode(),
        json.dumps({**_request(), "parameters": 7}).encode(),
        json.dumps({**_request(), "outputs": [{"name": "nix"}]}).encode(),
        json.dumps({**_request(), "outputs": {"name": "logits"}}).encode(),
        json.dumps({**_request(), "outputs": [{"name": "logits", "parameters": {"classification": 3}}]}).encode(),
        *(
            json.dumps(_request(**change)).encode()
            for change in (
                {"name": "image"},
                {"shape": [1, 28]},
                {"shape": [-1, 28, 28]},
                {"shape": [True, 28, 28]},
                {"shape": [2, 28, 28]},
                {"data": [0] * 783},
                {"data": [0.5] * 784},
                {"data": [256] * 784},
                {"data": [-1] * 784},
                {"data": [10**30] * 784},
                {"data": ["0"] * 784},
                {"data": [[0] * 27] * 28},
                {"data": [[[0] * 28] * 27 + [[0] * 27]]},
                {"data": None},
                {"parameters": {"binary_data_size": 784}},
                {"parameters": {"binary_data_size": "784"}},
            )
        ),
    ],
)
def test_what_is_no_request_is_a_400(served: Served, body: bytes) -> None:
    answer = served.ask("POST", INFER, body, JSON)
    assert answer.status == 400, answer.body
    assert list(answer.json) == ["error"]


def test_binary_lengths_must_fit(served: Served) -> None:
    head = (
        json.dumps({"inputs": [{**_request()["inputs"][0], "parameters": {"binary_data_size": 784}}]})
        .replace(f'"data": {[0] * 784}, ', "")
        .encode()
    )
    for length, tail, status in [
        (len(head), bytes(784), 200),
        (len(head), bytes(783), 400),
        (len(head), bytes(785), 400),
        (len(head) + 785, bytes(784), 400),
        (-1, bytes(784), 400),
        (10**40, bytes(784), 400),
    ]:
        answer = served.ask("POST", INFER, head + tail, {"Inference-Header-Content-Length": str(length)})
        assert answer.status == status, (length, len(tail), answer.body)


def test_too_many_pictures_or_a_compressed_bomb(served: Served) -> None:
    assert served.post(INFER, _request(shape=[10_001, 28, 28], data=[])).status == 413
    bomb = gzip.compress(bytes(100 * 2**20))
    answer = served.ask("POST", INFER, bomb, {**JSON, "Content-Encoding": "gzip"})
    assert (answer.status, list(answer.json)) == (413, ["error"])


def test_kserves_client_finds_a_server_alive_and_ready(served: Served) -> None:
    """Its `is_server_live`, `is_server_ready` and `is_model_ready` return these values of the JSON."""
    assert served.get("/v2/health/live").json == {"live": True}
    assert served.get("/v2/health/ready").json == {"ready": True}
    assert served.get("/v2/models/cnn/ready").json == {"name": "cnn", "ready": True}


def test_the_extensions_list_the_models_and_count_their_work(
    served: Served, client: triton.InferenceServerClient, digits: LabelledDigits
) -> None:
    index = client.get_model_repository_index()
    assert {entry["name"] for entry in index} >= {"cnn", "dense"}
    assert {entry["state"] for entry in index} == {"READY"}

    def statistics() -> dict[str, Any]:
        (of_dense,) = client.get_inference_statistics("dense", "1")["model_stats"]
        found: dict[str, Any] = of_dense
        return found

    before = statistics()
    client.infer("dense", [_input(digits.images[:5])])
    after = statistics()
    assert after["inference_count"] - before["inference_count"] == 5
    assert after["execution_count"] - before["execution_count"] == 1
    assert after["inference_stats"]["success"]["ns"] > before["inference_stats"]["success"]["ns"]
    assert len(client.get_inference_statistics()["model_stats"]) == len(index)
    assert set(client.get_server_metadata()["extensions"]) == {"binary_tensor_data", "model_repository", "statistics"}


def test_an_output_is_returned_once(served: Served) -> None:
    wanted = {**_request(), "outputs": [{"name": "logits"}] * 500}
    answer = served.post(INFER, wanted)
    assert (answer.status, answer.json) == (400, {"error": "outputs: each output can be requested once"})
