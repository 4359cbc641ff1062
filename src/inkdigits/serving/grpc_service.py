"""The Open Inference Protocol over gRPC: the answers and errors of `protocol_v2`, and the same limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import grpc

from inkdigits.errors import RequestError
from inkdigits.serving.access import check_token
from inkdigits.serving.access_log import log_failed_call, record_call
from inkdigits.serving.body import BodyReceiver
from inkdigits.serving.grpc_messages import PACKAGE, infer_response, message_classes, parse_infer_request
from inkdigits.serving.metrics import IN_PROGRESS
from inkdigits.serving.models import MODEL_VERSION, Models
from inkdigits.serving.request_ids import request_ids
from inkdigits.serving.responses import internal_error
from inkdigits.serving.settings import Settings
from inkdigits.serving.tensors import off_loop, tensor_metadata

__all__ = ["GrpcService"]

_NAME = f"{PACKAGE}.GRPCInferenceService"
_PROBES = ("ServerLive", "ServerReady")  # answered without a token, and however busy the server is
_BYTES_A_ROW = 80  # of an answer
_RECEIVED_AT_ONCE = 16  # messages, whose largest together take what all bodies of HTTP may
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
}


@dataclass
class GrpcService:
    """Answers the calls of clients."""

    models: Models
    settings: Settings
    bodies: BodyReceiver
    token: Callable[[], str | None]
    is_ready: Callable[[], bool]
    in_progress: int = 0
    is_stopping: bool = False  # then calls that begin are refused as ones that may be repeated
    receiving: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_RECEIVED_AT_ONCE))

    def handler(self) -> grpc.GenericRpcHandler:
        """The methods for a server of `grpc.aio`.

        Each receives a stream, which the one message of a client is too: so the token is checked before the message
        is received, and the time to receive it is bounded.
        """
        methods: dict[str, Callable[..., Any]] = {
            "ServerLive": self._server_live,
            "ServerReady": self._server_ready,
            "ServerMetadata": self._server_metadata,
            "ModelReady": self._model_ready,
            "ModelMetadata": self._model_metadata,
            "ModelInfer": self._model_infer,
        }
        handlers = {
            name: grpc.stream_unary_rpc_method_handler(partial(self._call, name, answer))
            for name, answer in methods.items()
        }
        return grpc.method_handlers_generic_handler(_NAME, handlers)

    async def _call(self, name: str, answer: Callable[..., Any], _: AsyncIterator[bytes], context: Any) -> bytes | None:
        started = time.perf_counter()
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        ids, route = request_ids(metadata), f"/{_NAME}/{name}"
        context.set_trailing_metadata([(key.decode(), value.decode()) for key, value in ids.headers()])
        content, code, detail = None, None, ""
        IN_PROGRESS.inc()
        self.in_progress += 1
        try:
            content = await self._answered(name, answer, context, metadata)
            code = grpc.StatusCode.OK
        except RequestError as error:
            code, detail = _CODES[error.status], str(error)
        except Exception as error:  # clients learn only that there was one
            code, detail = grpc.StatusCode.INTERNAL, str(internal_error())
            log_failed_call(route, error, ids.fields())
        finally:
            self.in_progress -= 1
            IN_PROGRESS.dec()
            log = ids.fields() if self.settings.access_log else None
            status = None if code is None else code.name
            record_call("gRPC", route, status, time.perf_counter() - started, _client(context.peer()), log)
        if content is None:
            # Not while an error is handled: gRPC keeps what `abort` raises, and with it would keep the message.
            await context.abort(code, detail)
        return content

    async def _answered(
        self, name: str, answer: Callable[..., Any], context: Any, metadata: Mapping[str, str]
    ) -> bytes:
        if name in _PROBES:
            return _encoded(name, await answer())
        if self.is_stopping:
            raise RequestError(503, "stopping", "the server stops: repeat the call")
        if self.in_progress > self.settings.limits.queued:
            raise RequestError(503, "busy", "too many requests are waiting: try again in a second")
        token = self.token()
        if token is not None:
            check_token(token, metadata)
        content = await self._received(context)
        with self.bodies.counted(len(content)):
            try:
                request = await off_loop(len(content), message_classes()[f"{name}Request"].FromString, content)
            except Exception as error:  # protobuf's own, which is of another module in each implementation
                raise RequestError(400, "protocol", f"expected a message {name}Request") from error
            return _encoded(name, await answer(request))

    async def _received(self, context: Any) -> bytes:
        seconds = self.settings.limits.header_seconds
        try:
            async with asyncio.timeout(seconds), self.receiving:
                message = await context.read()  # the iterator over the messages would keep the last one in memory
        except TimeoutError as error:
            detail = f"the message took longer than {seconds:g} seconds to arrive"
            raise RequestError(408, "slow-body", detail) from error
        if not isinstance(message, bytes):
            raise RequestError(400, "protocol", "expected a message, got none")
        return message

    async def _server_live(self) -> dict[str, Any]:
        return {"live": True}

    async def _server_ready(self) -> dict[str, Any]:
        return {"ready": self.is_ready()}

    async def _server_metadata(self, _: Any) -> dict[str, Any]:
        return {"name": "inkdigits", "version": MODEL_VERSION, "extensions": []}

    async def _model_ready(self, request: Any) -> dict[str, Any]:
        self.models.get(request.name, request.version)
        return {"ready": True}

    async def _model_metadata(self, request: Any) -> dict[str, Any]:
        return tensor_metadata(self.models.get(request.name, request.version))

    async def _model_infer(self, request: Any) -> bytes:
        model = self.models.get(request.model_name, request.model_version)
        size = request.ByteSize()
        wanted, binary = await off_loop(size, parse_infer_request, request, self.settings.limits.rows)
        outputs = await model.predict(wanted.pictures)
        return await off_loop(_BYTES_A_ROW * len(wanted.pictures), infer_response, wanted, model.name, outputs, binary)


def _encoded(name: str, answer: dict[str, Any] | bytes) -> bytes:
    if isinstance(answer, bytes):
        return answer
    content: bytes = message_classes()[f"{name}Response"](**answer).SerializeToString()
    return content


def _client(peer: str) -> str:
    """The address of a client that gRPC names `ipv4:ADDRESS:PORT`, or `ipv6:%5BADDRESS%5D:PORT`."""
    return peer.partition(":")[2].rpartition(":")[0].replace("%5B", "").replace("%5D", "")
