"""Values of options that several commands share."""

from __future__ import annotations

import pytest

from inkdigits.cli.options import (
    BackendName,
    Device,
    WorkerEngine,
    backend_of,
    check_address,
    parsed_hyperparameters,
    parsed_region,
)
from inkdigits.errors import ClusterError, DataError, RecipeError


def test_regions() -> None:
    assert parsed_region(None) is None
    assert parsed_region("10,20,300,80") == (10, 20, 300, 80)
    for text in ("1,2,3", "1,2,3,4,5", "a,b,c,d"):
        with pytest.raises(DataError, match=f"--region {text}: expected X,Y,W,H, four whole numbers"):
            parsed_region(text)


def test_hyperparameters() -> None:
    assert parsed_hyperparameters(["epochs=3", "note=a=b"]) == {"epochs": "3", "note": "a=b"}
    with pytest.raises(RecipeError, match="hyperparameters epochs: expected NAME=VALUE"):
        parsed_hyperparameters(["epochs"])


def test_an_address_goes_with_a_cluster() -> None:
    check_address(WorkerEngine.ray, "auto")
    check_address(WorkerEngine.local, None)
    with pytest.raises(ClusterError, match="--address auto is the address of a Ray cluster: add --engine ray"):
        check_address(WorkerEngine.local, "auto")


def test_backends() -> None:
    backend = backend_of(BackendName.torch, Device.cpu, True, "1")
    assert (backend.name, backend.device, backend.deterministic, backend.devices) == ("torch", "cpu", True, 1)
    assert backend_of(None, Device.auto, devices="all").devices == "all"
