"""The compiled protocol is the published one, and the one that open_inference.proto describes."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import inkdigits.serving
from inkdigits.serving.grpc_messages import message_classes

with warnings.catch_warnings():  # of protobuf's age, on being imported
    warnings.simplefilter("ignore")
    from tritonclient.grpc import service_pb2

FOLDER = Path(inkdigits.serving.__file__).parent


def _fields(message: Any) -> dict[str, tuple[object, ...]]:
    return {
        field.name: (field.number, field.type, field.is_repeated, field.message_type and field.message_type.full_name)
        for field in message.DESCRIPTOR.fields
    }


@pytest.mark.parametrize("name", [name for name in message_classes() if "." not in name])
def test_every_field_is_that_of_tritons_client(name: str) -> None:
    ours, theirs = _fields(message_classes()[name]), _fields(getattr(service_pb2, name))
    assert ours == {field: theirs[field] for field in ours}


def test_the_compiled_protocol_is_current(tmp_path: Path) -> None:
    """`make protobuf` writes it."""
    pytest.importorskip("grpc_tools", reason="grpcio-tools compiles it")
    out = tmp_path / "compiled"
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{FOLDER}", f"--descriptor_set_out={out}"]
    subprocess.run([*command, "open_inference.proto"], check=True)
    assert out.read_bytes() == (FOLDER / "open_inference.binpb").read_bytes()
