"""The metadata of a model file, and the checksum that detects a damaged one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inkdigits.errors import ModelFileError

__all__ = [
    "FORMAT_VERSION",
    "PRODUCER",
    "Metadata",
    "check_content",
    "read_properties",
    "to_properties",
    "with_checksum",
]

FORMAT_VERSION = 1
PRODUCER = "inkdigits"

_CHECKSUM = "inkdigits_sha256"
_NOT_YET = "0" * 64
# How protocol buffers store the pair: the key's bytes, then field 2 (0x12) of 64 (0x40) bytes.
_CHECKSUM_PLACE = re.compile(re.escape(_CHECKSUM.encode()) + b"\x12\x40([0-9a-f]{64})")


@dataclass(frozen=True)
class Metadata:
    """Where a model file comes from and how to interpret its predictions."""

    network: str
    recipe: Mapping[str, Any]  # every hyperparameter, by name
    seed: int
    data_sha256: str  # of the training data, as `LabelledDigits.sha256`
    inkdigits_version: str  # that wrote the file
    temperature: float = 1.0  # probabilities = softmax(logits / temperature), in the graph
    acceptance_threshold: float = 0.0  # a picture whose highest probability is below it is not accepted; 0: all are
    classes: tuple[str, ...] = tuple("0123456789")
    format_version: int = FORMAT_VERSION
    figures: Mapping[str, Any] = field(default_factory=dict)  # measured with it; shown, never computed with


def to_properties(metadata: Metadata) -> dict[str, str]:
    """`metadata` as the file's key-value pairs, with a placeholder for the checksum."""
    return {
        "network": metadata.network,
        "recipe": json.dumps(dict(metadata.recipe)),
        "seed": str(metadata.seed),
        "data_sha256": metadata.data_sha256,
        "temperature": repr(metadata.temperature),
        "acceptance_threshold": repr(metadata.acceptance_threshold),
        "classes": json.dumps(metadata.classes),
        "inkdigits_version": metadata.inkdigits_version,
        "format_version": str(metadata.format_version),
        "figures": json.dumps(dict(metadata.figures)),
        _CHECKSUM: _NOT_YET,
    }


def read_properties(properties: Mapping[str, str], name: str) -> Metadata:
    """The metadata in the key-value pairs of the file `name`.

    Raises `ModelFileError` when they are not inkdigits', or of a newer format.
    """
    _check_format(properties, name)
    try:
        return Metadata(
            network=properties["network"],
            recipe=json.loads(properties["recipe"]),
            seed=int(properties["seed"]),
            data_sha256=properties["data_sha256"],
            temperature=float(properties["temperature"]),
            acceptance_threshold=float(properties["acceptance_threshold"]),
            classes=tuple(json.loads(properties["classes"])),
            inkdigits_version=properties["inkdigits_version"],
            format_version=int(properties["format_version"]),
            figures=json.loads(properties["figures"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ModelFileError(f"{name}: its metadata are incomplete ({error}): export it again") from error


def _check_format(properties: Mapping[str, str], name: str) -> None:
    version = properties.get("format_version", "")
    if _CHECKSUM not in properties or not version.isdecimal():
        raise ModelFileError(
            f"{name}: an ONNX file, but not one of inkdigits: expected one that inkdigits export has written"
        )
    if int(version) > FORMAT_VERSION:
        raise ModelFileError(
            f"{name}: a model file of format {version}, expected at most {FORMAT_VERSION}: "
            f"inkdigits {properties.get('inkdigits_version', '?')} wrote it: pip install --upgrade inkdigits"
        )


def with_checksum(content: bytes) -> bytes:
    """`content` with its checksum filled in: the SHA-256 of the file with those 64 characters zero."""
    place = _CHECKSUM_PLACE.search(content)
    if place is None:
        raise ModelFileError("no place for a checksum in these bytes: they are not a model file of inkdigits")
    return content[: place.start(1)] + _checksum(content, place).encode() + content[place.end(1) :]


def _checksum(content: bytes, place: re.Match[bytes]) -> str:
    digest = hashlib.sha256(memoryview(content)[: place.start(1)])
    digest.update(_NOT_YET.encode())
    digest.update(memoryview(content)[place.end(1) :])
    return digest.hexdigest()


def check_content(content: bytes, name: str) -> None:
    """Raise `ModelFileError` when a model file was cut off or changed after it was written.

    It detects corruption, not forgery: whoever changes a file can write a new checksum. Bytes that are not a model file
    of inkdigits pass; loading them fails with its own message.
    """
    place = _CHECKSUM_PLACE.search(content)
    if place is not None:
        if place.group(1).decode() != _checksum(content, place):
            raise ModelFileError(f"{name}: damaged or changed after it was written (wrong checksum): export it again")
    elif PRODUCER.encode() in content[:64]:
        raise ModelFileError(f"{name}: truncated after {len(content):,} bytes: copy or export it again")
