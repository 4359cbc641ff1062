"""`--version`."""

from __future__ import annotations

from tests.conftest import Cli


def test_version_names_backends_and_devices(main_here: Cli, cli: Cli) -> None:
    output = main_here("--version").stdout
    assert output.startswith("inkdigits 0.")
    assert "backends: jax" in output
    assert "devices (jax): cpu" in output
    # The devices are those of the backend that a training would take.
    for backend, devices in (("numpy", "(keras-numpy): cpu"), ("torch", "(torch): none, it is not installed")):
        assert f"devices {devices}" in cli("--version", KERAS_BACKEND=backend).stdout
