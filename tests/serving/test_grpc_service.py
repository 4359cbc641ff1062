"""gRPC, spoken by Triton's own client and by hand: its answers and errors are those of HTTP."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.serving.body import BodyReceiver
from inkdigits.serving.grpc_messages import message_classes
from inkdigits.serving.grpc_server import serving_grpc
from inkdigits.serving.grpc_service import GrpcService
from inkdigits.serving.models import Models, load_models
from inkdigits.serving.settings import ServerLimits, Settings
from inkdigits.serving.start import _reserved
from tests.serving.process_memory import tree_memory
from tests.serving.server import Served, serving

with warnings.catch_warnings():  # of protobuf's age, on being imported
    warnings.simplefilter("ignore")
    import tritonclient.grpc as triton
    from tritonclient.utils import InferenceServerException

SERVICE = "/inference.GRPCInferenceService/"
INPUT = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28]}


@pytest.fixture(scope="module")
def both() -> Iterator[Served]:
    """A server of HTTP and gRPC."""
    with serving("--grpc-port", 0) as server:
        yield server


@pytest.fixture(scope="module")
def client(both: Served) -> Iterator[triton.InferenceServerClient]:
    client = triton.InferenceServerClient(f"127.0.0.1:{both.grpc_port}")
    yield client
    client.close()


def _input(images: np.ndarray[Any, Any]) -> list[triton.InferInput]:
    tensor = triton.InferInput("images", list(images.shape), "UINT8")
    return [tensor.set_data_from_numpy(images)]


def test_tritons_client_finds_what_http_tells(both: Served, client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("cnn")
    assert client.is_model_ready("cnn", "1")
    server = client.get_server_metadata(as_json=True)
    assert server == {name: value for name, value in both.get("/v2").json.items() if name != "extensions"}
    told = client.get_model_metadata("dense", "1", as_json=True)
    for tensor in (*told["inputs"], *told["outputs"]):
        tensor["shape"] = [int(size) for size in tensor["shape"]]  # protobuf writes 64 bits as a string
    assert told == both.get("/v2/models/dense").json


@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
def test_tritons_client_gets_what_http_answers(
    both: Served, client: triton.InferenceServerClient, digits: LabelledDigits, compression: str | None
) -> None:
    names = ["logits", "probabilities"]
    outputs = [triton.InferRequestedOutput(name) for name in names]
    answer = client.infer(
        "cnn", _input(digits.images), outputs=outputs, request_id="count von count", compression_algorithm=compression
    )
    request = {**INPUT, "shape": list(digits.images.shape), "data": digits.images.tolist()}
    wanted = {"inputs": [request], "outputs": [{"name": name} for name in names]}
    expected = both.post("/v2/models/cnn/infer", wanted).json
    for tensor in expected["outputs"]:
        values = np.array(tensor["data"]).reshape(tensor["shape"])
        np.testing.assert_allclose(answer.as_numpy(tensor["name"]), values, atol=1e-6)
    about = answer.get_response()
    assert (about.id, about.model_name, about.model_version) == ("count von count", "cnn", "1")
    assert [output.name for output in about.outputs] == names


def _call(port: int, method: str, message: bytes, **options: Any) -> bytes:
    channel_options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=channel_options) as channel:
        answer: bytes = channel.unary_unary(SERVICE + method)(message, timeout=60, **options)
        return answer


def _message(**fields: Any) -> bytes:
    content: bytes = message_classes()["ModelInferRequest"](**{"model_name": "cnn", **fields}).SerializeToString()
    return content


def _refused(port: int, method: str, message: bytes, **options: Any) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as refused:
        _call(port, method, message, **options)
    return refused.value.code().name, refused.value.details()


def test_numbers_are_answered_by_numbers(both: Served, digits: LabelledDigits) -> None:
    numbers = digits.images[0].ravel().tolist()
    message = _message(inputs=[{**INPUT, "contents": {"uint_contents": numbers}}], outputs=[{"name": "probabilities"}])
    answer = message_classes()["ModelInferResponse"].FromString(_call(both.grpc_port, "ModelInfer", message))
    assert list(answer.raw_output_contents) == []
    (output,) = answer.outputs
    assert np.argmax(output.contents.fp32_contents) == digits.labels[0]


BYTES = bytes(784)


@pytest.mark.parametrize(
    ("fields", "http"),
    [
        ({"inputs": []}, {"inputs": []}),
        *(
            ({"inputs": [{**INPUT, **change}], "raw_input_contents": [BYTES]}, {"inputs": [{**INPUT, **change}]})
            for change in ({"name": "image"}, {"datatype": "FP32"}, {"shape": [28, 28]}, {"shape": [-1, 28, 28]})
        ),
        ({"inputs": [INPUT, INPUT], "raw_input_contents": [BYTES, BYTES]}, {"inputs": [INPUT, INPUT]}),
        ({"inputs": [INPUT], "raw_input_contents": [BYTES[1:]]}, {"inputs": [INPUT], "size": 783}),
        ({"inputs": [INPUT]}, {"inputs": [{**INPUT, "data": []}]}),
        (
            {"inputs": [{**INPUT, "contents": {"uint_contents": [256] * 784}}]},
            {"inputs": [{**INPUT, "data": [256] * 784}]},
        ),
        (
            {"inputs": [{**INPUT, "contents": {"fp32_contents": [0.5] * 784}}]},
            {"inputs": [{**INPUT, "data": [0.5] * 784}]},
        ),
        (
            {"inputs": [INPUT], "raw_input_contents": [BYTES], "outputs": [{"name": "nix"}]},
            {"inputs": [INPUT], "outputs": [{"name": "nix"}]},
        ),
        (
            {"inputs": [INPUT], "raw_input_contents": [BYTES], "outputs": [{"name": "logits"}] * 2},
            {"inputs": [INPUT], "outputs": [{"name": "logits"}] * 2},
        ),
        (
            {
                "inputs": [INPUT],
                "raw_input_contents": [BYTES],
                "outputs": [{"name": "logits", "parameters": {"classification": {"int64_param": 3}}}],
            },
            {"inputs": [INPUT], "outputs": [{"name": "logits", "parameters": {"classification": 3}}]},
        ),
        (
            {"inputs": [{**INPUT, "shape": [10_001, 28, 28]}], "raw_input_contents": [b""]},
            {"inputs": [{**INPUT, "shape": [10_001, 28, 28]}]},
        ),
        ({"model_name": "nix", "inputs": [INPUT]}, {"model": "nix"}),
        ({"model_version": "2", "inputs": [INPUT]}, {"model": "cnn/versions/2"}),
    ],
)
def test_what_http_refuses_is_refused_in_the_same_words(
    both: Served, fields: dict[str, Any], http: dict[str, Any]
) -> None:
    size, model = http.pop("size", 784), http.pop("model", "cnn")
    raw = "raw_input_contents" in fields
    if raw:
        parameters = {"binary_data_size": size}
        http = {**http, "inputs": [{**tensor, "parameters": parameters} for tensor in http["inputs"]]}
    head = json.dumps(http).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    answer = both.ask("POST", f"/v2/models/{model}/infer", head + (bytes(size) if raw else b""), headers)
    code = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 413: "RESOURCE_EXHAUSTED"}[answer.status]
    assert _refused(both.grpc_port, "ModelInfer", _message(**fields)) == (code, answer.json["error"])


def test_what_is_no_message_is_an_invalid_argument(both: Served) -> None:
    assert _refused(both.grpc_port, "ModelInfer", b"\xff" * 100) == (
        "INVALID_ARGUMENT",
        "expected a message ModelInferRequest",
    )
    several = _message(inputs=[INPUT], raw_input_contents=[BYTES, BYTES])
    assert _refused(both.grpc_port, "ModelInfer", several)[0] == "INVALID_ARGUMENT"
    assert _refused(both.grpc_port, "ModelStreamInfer", b"")[0] == "UNIMPLEMENTED"
    assert not [line for line in both.lines() if line["event"] == "internal_error"]


def test_large_messages_are_refused_and_none_is_kept(both: Served) -> None:
    assert _refused(both.grpc_port, "ModelInfer", bytes(9 * 2**20))[0] == "RESOURCE_EXHAUSTED"
    bomb = _refused(both.grpc_port, "ModelInfer", bytes(200 * 2**20), compression=grpc.Compression.Gzip)
    assert bomb[0] == "RESOURCE_EXHAUSTED"
    numbers = _message(inputs=[{**INPUT, "contents": {"uint_contents": [0] * 784_001}}])
    assert _refused(both.grpc_port, "ModelInfer", numbers)[0] == "RESOURCE_EXHAUSTED"
    before = tree_memory(both.process.pid)
    for _ in range(40):
        assert _refused(both.grpc_port, "ModelInfer", bytes(8 * 2**20 - 100))[0] == "INVALID_ARGUMENT"
    assert tree_memory(both.process.pid) - before < 160 * 2**20  # half of what was sent


def test_a_call_is_logged_and_counted_as_a_request_is(both: Served) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    metadata = [("x-request-id", "count-1"), ("traceparent", f"00-{trace}-00f067aa0ba902b7-01")]
    with grpc.insecure_channel(f"127.0.0.1:{both.grpc_port}") as channel:
        _, call = channel.unary_unary(f"{SERVICE}ServerLive").with_call(b"", metadata=metadata)
    answered = dict(call.trailing_metadata())
    assert answered["x-request-id"] == "count-1"
    assert trace in answered["traceparent"]
    (line,) = [line for line in both.lines() if line.get("request_id") == "count-1"]
    assert (line["method"], line["route"], line["status"]) == ("gRPC", f"{SERVICE}ServerLive", "OK")
    assert (line["client"], line["trace_id"]) == ("127.0.0.1", trace)
    counted = f'inkdigits_requests_total{{method="gRPC",route="{SERVICE}ServerLive",status="OK"}}'
    assert counted in both.get("/metrics").body.decode()


@pytest.fixture(scope="module")
def dense() -> Iterator[Models]:
    models = load_models(["dense"], ServerLimits())
    yield models
    models.close()


@asynccontextmanager
async def _limited(
    dense: Models, token: str | None = None, ready: bool = True, **limits: Any
) -> AsyncIterator[tuple[grpc.aio.Channel, GrpcService]]:
    """A server in this process with other limits, and a channel to it."""
    changed = ServerLimits(**limits)
    with _reserved("127.0.0.1", 0) as reserved:
        settings = Settings(grpc_port=reserved.getsockname()[1], access_log=False, limits=changed)
        service = GrpcService(dense, settings, BodyReceiver(changed), lambda: token, lambda: ready)
        async with (
            serving_grpc(service, lambda: 1.0),
            grpc.aio.insecure_channel(f"127.0.0.1:{settings.grpc_port}") as channel,
        ):
            yield channel, service


async def _code(call: Any) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return f"{error.code().name} {error.details()}"
    return "OK"


ONE = _message(model_name="dense", inputs=[INPUT], raw_input_contents=[BYTES])


def test_all_but_probes_need_the_token(dense: Models) -> None:
    async def ask() -> None:
        async with _limited(dense, token="a-token-of-some-length") as (channel, _):
            for method, message in [("ModelInfer", ONE), ("ServerMetadata", b""), ("ModelReady", b"")]:
                for given in ([], [("authorization", "Bearer another")]):
                    code = await _code(channel.unary_unary(SERVICE + method)(message, metadata=given))
                    assert code.startswith("UNAUTHENTICATED a token is needed"), method
            right = [("authorization", "Bearer a-token-of-some-length")]
            assert await _code(channel.unary_unary(f"{SERVICE}ModelInfer")(ONE, metadata=right)) == "OK"
            assert await _code(channel.unary_unary(f"{SERVICE}ServerReady")(b"")) == "OK"

    asyncio.run(ask())


def test_a_message_that_does_not_come_ends_the_call(dense: Models) -> None:
    async def ask() -> None:
        async with _limited(dense, header_seconds=0.3) as (channel, _):
            code = await _code(channel.stream_unary(f"{SERVICE}ModelInfer")())
            assert code == "DEADLINE_EXCEEDED the message took longer than 0.3 seconds to arrive"

    asyncio.run(ask())


def test_a_busy_server_says_so_and_answers_probes(dense: Models) -> None:
    async def ask() -> None:
        async with _limited(dense, queued=2) as (channel, service):
            held = [channel.stream_unary(f"{SERVICE}ModelInfer")() for _ in range(2)]
            while service.in_progress < 2:
                await asyncio.sleep(0.01)
            code = await _code(channel.unary_unary(f"{SERVICE}ModelInfer")(ONE))
            assert code == "UNAVAILABLE too many requests are waiting: try again in a second"
            assert await channel.unary_unary(f"{SERVICE}ServerLive")(b"") == b"\x08\x01"
            for call in held:
                call.cancel()
            while service.in_progress:
                await asyncio.sleep(0.01)
            assert await _code(channel.unary_unary(f"{SERVICE}ModelInfer")(ONE)) == "OK"

    asyncio.run(ask())


def test_bodies_of_both_protocols_share_the_memory(dense: Models) -> None:
    async def ask() -> None:
        async with _limited(dense, bodies=0) as (channel, service):
            service.bodies.bytes_held = 16 * 2**20  # of HTTP
            code = await _code(channel.unary_unary(f"{SERVICE}ModelInfer")(ONE))
            assert code == "UNAVAILABLE too many large bodies at the same time: try again in a second"
            service.bodies.bytes_held = 0
            assert await _code(channel.unary_unary(f"{SERVICE}ModelInfer")(ONE)) == "OK"
            assert service.bodies.bytes_held == 0

    asyncio.run(ask())


def test_a_deadline_ends_the_wait_for_an_answer(dense: Models) -> None:
    async def ask() -> None:
        async with _limited(dense) as (channel, service):
            batcher = dense.by_name["dense"].batcher
            batcher.running = asyncio.get_running_loop().create_future()  # it computes nothing
            code = await _code(channel.unary_unary(f"{SERVICE}ModelInfer")(ONE, timeout=0.3))
            assert code.startswith("DEADLINE_EXCEEDED")
            while service.in_progress:
                await asyncio.sleep(0.01)
            batcher.running = None
            assert await _code(channel.unary_unary(f"{SERVICE}ModelInfer")(ONE)) == "OK"

    asyncio.run(ask())


def test_a_server_that_stops_is_not_ready(dense: Models) -> None:
    async def ask() -> None:
        async with _limited(dense, ready=False) as (channel, _):
            assert await channel.unary_unary(f"{SERVICE}ServerReady")(b"") == b""
            assert await channel.unary_unary(f"{SERVICE}ServerLive")(b"") == b"\x08\x01"

    asyncio.run(ask())


def test_tritons_client_understands_our_errors(client: triton.InferenceServerClient, digits: LabelledDigits) -> None:
    with pytest.raises(InferenceServerException, match=r"NOT_FOUND.*no model of that name"):
        client.infer("nix", _input(digits.images))
    with pytest.raises(InferenceServerException, match=r"INVALID_ARGUMENT.*28, 28"):
        client.infer("cnn", _input(digits.images.reshape(64, 784)))
