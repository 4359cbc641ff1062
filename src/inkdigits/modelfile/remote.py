"""A model on a server that speaks the Open Inference Protocol V2, with the method of a local one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DataError, RemoteModelError

if TYPE_CHECKING:
    import http.client

__all__ = ["TOKEN_VARIABLE", "RemoteClassifier", "is_url"]

# A token for the server, where it wants one.
TOKEN_VARIABLE = "INKDIGITS_TOKEN"
_JSON_LENGTH = "Inference-Header-Content-Length"


def is_url(source: str) -> bool:
    """Whether `source` names a server rather than a file."""
    return source.startswith(("http://", "https://"))


@dataclass(frozen=True)
class RemoteClassifier:
    """The model at `url`, which ends in /v2/models/NAME or /v2/models/NAME/versions/VERSION.

    The token in the environment's INKDIGITS_TOKEN is sent along. `batch_size` pictures go in one request; `seconds` is
    how long the server may stay silent.
    """

    url: str
    batch_size: int = 500
    seconds: float = 60.0
    token: str | None = field(default_factory=lambda: os.environ.get(TOKEN_VARIABLE), repr=False)

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities float32 (n, 10) for pictures uint8 (n, 28, 28), white ink on black.

        Raises `RemoteModelError` when the server cannot be reached, refuses, or returns something else;
        `DataError` for other pictures.
        """
        import http.client

        if images.dtype != np.uint8 or images.shape[1:] != (28, 28):
            raise DataError(f"expected pictures as uint8 (n, 28, 28), got {images.dtype} {images.shape}")
        connection, path = self._connection()
        try:
            parts = [
                self._infer(connection, path, images[start : start + self.batch_size])
                for start in range(0, len(images), self.batch_size)
            ]
        except (OSError, http.client.HTTPException) as error:
            raise RemoteModelError(
                f"{self.url}: no response: {error or type(error).__name__}: is the server running?"
            ) from error
        finally:
            connection.close()
        return np.concatenate(parts) if parts else np.zeros((0, 10), np.float32)

    def _connection(self) -> tuple[http.client.HTTPConnection, str]:
        import http.client

        address = urlsplit(self.url)
        path = address.path.rstrip("/")
        try:
            host, port = address.hostname, address.port
        except ValueError as error:
            raise RemoteModelError(f"{self.url}: {error}") from error
        if not host or "/v2/models/" not in path or path.endswith("/infer"):
            raise RemoteModelError(f"{self.url}: expected a model's address, http://HOST:PORT/v2/models/NAME")
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        return kind(host, port, timeout=self.seconds), f"{path}/infer"

    def _infer(
        self, connection: http.client.HTTPConnection, path: str, images: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        head, headers = self._request(images)
        connection.request("POST", path, head + np.ascontiguousarray(images).tobytes(), headers)
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RemoteModelError(f"{self.url}: refused with {response.status}: {_reason(content)}")
        return _probabilities(content, response.getheader(_JSON_LENGTH), len(images), self.url)

    def _request(self, images: NDArray[np.uint8]) -> tuple[bytes, dict[str, str]]:
        tensor: dict[str, Any] = {"name": "images", "datatype": "UINT8", "shape": list(images.shape)}
        tensor["parameters"] = {"binary_data_size": images.size}
        output = {"name": "probabilities", "parameters": {"binary_data": True}}
        head = json.dumps({"inputs": [tensor], "outputs": [output]}).encode()
        headers = {"Content-Type": "application/octet-stream", _JSON_LENGTH: str(len(head))}
        return head, headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content[:80].decode("utf-8", "replace").split("\n")[0] or "no reason given"


def _probabilities(content: bytes, json_length: str | None, n: int, url: str) -> NDArray[np.float32]:
    """The one tensor in a response, binary or JSON."""
    try:
        length = len(content) if json_length is None else int(json_length)
        (tensor,) = [each for each in json.loads(content[:length])["outputs"] if each["name"] == "probabilities"]
        values = _values(tensor, content[length:])
        if tensor["datatype"] != "FP32" or list(tensor["shape"]) != [n, 10]:
            raise ValueError(f"{tensor['datatype']} {tensor['shape']}")
        return values.reshape(n, 10)
    except (ValueError, KeyError, TypeError) as error:
        raise RemoteModelError(
            f"{url}: unexpected response: expected probabilities as FP32 [{n}, 10] ({error})"
        ) from error


def _values(tensor: dict[str, Any], binary: bytes) -> NDArray[np.float32]:
    size = tensor.get("parameters", {}).get("binary_data_size")
    if size is None:
        return np.asarray(tensor["data"], np.float32)
    return np.frombuffer(binary[: int(size)], "<f4").astype(np.float32)
