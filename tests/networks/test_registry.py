"""Every network has the parameters that its layers' formula gives, and refuses what does not fit."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from inkdigits.errors import NetworkError
from inkdigits.networks.registry import NETWORKS, build_network, check_network_name, folder_name
from inkdigits.training.backend import Backend, choose_backend, start_keras

OWN = """
import keras

def tiny(input_shape):
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])

def nine(input_shape):
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(9, "softmax")])

def unbuilt(input_shape):
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])

def no_softmax(input_shape):
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(10)])

def no_model(input_shape):
    return 7

def broken(input_shape):
    return 1 / 0
"""


@pytest.fixture(autouse=True, scope="module")
def _keras() -> None:
    start_keras(Backend(choose_backend()))


def _dense(inputs: int, units: int) -> int:
    return (inputs + 1) * units


def _convolution(side: int, channels: int, filters: int) -> int:
    return (side * side * channels + 1) * filters


def _normalized_convolution(side: int, channels: int, filters: int) -> int:
    """No bias; scale, shift, mean and variance a filter."""
    return side * side * channels * filters + 4 * filters


FORMULAS = {
    "dense": _dense(28 * 28, 512) + _dense(512, 512) + _dense(512, 10),
    "cnn": _convolution(5, 1, 32) + _convolution(5, 32, 64) + _dense(4 * 4 * 64, 1024) + _dense(1024, 10),
    "convnet": _convolution(3, 1, 32) + _convolution(3, 32, 64) + _dense(5 * 5 * 64, 10),
    "reader": sum(
        _normalized_convolution(3, *channels) for channels in [(1, 32), (32, 48), (48, 48), (48, 88), (88, 88)]
    )
    + _dense(3 * 3 * 88, 10),
}


def test_every_network_has_a_formula() -> None:
    assert set(FORMULAS) == set(NETWORKS)
    assert (FORMULAS["dense"], FORMULAS["cnn"], FORMULAS["convnet"]) == (669_706, 1_111_946, 34_826)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters(name: str) -> None:
    assert build_network(name).count_params() == FORMULAS[name]


def test_an_own_network(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(OWN)
    assert build_network(f"{tmp_path / 'nets.py'}:tiny").count_params() == 7850


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("nine", r"expected an output of shape \(None, 10\), got \(None, 9\)"),
        ("unbuilt", "start it with keras.Input"),
        ("no_softmax", "its ten outputs are not probabilities .* end it in a softmax"),
        ("no_model", "expected the function to return a keras.Model, got int"),
        ("broken", "raised ZeroDivisionError"),
        ("absent", "defines no function 'absent'"),
    ],
)
def test_an_own_network_that_does_not_fit(tmp_path: Path, function: str, message: str) -> None:
    (tmp_path / "nets.py").write_text(OWN)
    with pytest.raises(NetworkError, match=message):
        build_network(f"{tmp_path / 'nets.py'}:{function}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cn", "did you mean cnn"),
        ("resnet", "expected one of dense, cnn, convnet, reader"),
        ("gone.py:f", "no such file"),
    ],
)
def test_unknown_networks(name: str, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        check_network_name(name)


def test_the_reader_is_small_enough_for_a_computer_without_a_gpu() -> None:
    """At most 12 MFLOP a picture: two for every weight at every place that a convolution is taken."""
    model = build_network("reader")
    operations = 0
    for layer in model.layers:
        if type(layer).__name__ == "Conv2D":
            operations += 2 * math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif type(layer).__name__ == "Dense":
            operations += 2 * math.prod(layer.kernel.shape)
    assert 11e6 < operations <= 12e6


def test_a_file_of_networks_suggests_its_first(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(OWN)
    with pytest.raises(NetworkError, match=r"nets\.py: names no function in it: expected .*nets\.py:tiny$"):
        check_network_name(str(tmp_path / "nets.py"))
    assert folder_name(f"{tmp_path}/nets.py:tiny") == "nets-tiny"
    assert folder_name("cnn") == "cnn"


def test_the_line_that_fails_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nets.py"
    path.write_text("def build(input_shape):\n    layers = {}\n    return layers['dense']\n")
    with pytest.raises(NetworkError, match=r"nets\.py, line 3 \(return layers\['dense'\]\) raised KeyError"):
        build_network(f"{path}:build")
    path.write_text("def build(:\n")
    with pytest.raises(NetworkError, match=r"nets\.py, line 1 raised SyntaxError"):
        build_network(f"{path}:build")
