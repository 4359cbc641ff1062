"""The Python API as a data scientist uses it: paths, names, arrays, functions, notebooks, other processes."""

from __future__ import annotations

import io
import multiprocessing
import pickle
import warnings
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import inkdigits
from inkdigits.datasets.labelled import Splits
from inkdigits.images.png import encode_png
from inkdigits.modelfile.keras_classifier import load_keras_model
from tests.conftest import Cli

QUICK = {"epochs": 1, "batch_size": 100}


def tiny(input_shape: tuple[int, int, int]) -> keras.Model:
    return keras.Sequential(
        [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    )


def fails(input_shape: tuple[int, int, int]) -> keras.Model:
    raise KeyError(f"no layers for {input_shape}")


class _Tensor:
    """What other libraries have for arrays, as NumPy knows it."""

    def __init__(self, values: NDArray[np.uint8]) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return np.asarray(self.values, dtype)


def _weights(run: inkdigits.Run) -> list[NDArray[Any]]:
    weights: list[NDArray[Any]] = load_keras_model(run.model_path).get_weights()
    return weights


def _equal(one: inkdigits.Run, other: inkdigits.Run) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(_weights(one), _weights(other), strict=True))


@pytest.fixture(scope="module")
def arrays(small: Splits) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    assert small.train is not None
    return small.train.images, small.train.labels


@pytest.fixture(scope="module")
def run(arrays: Any, tmp_path_factory: pytest.TempPathFactory) -> inkdigits.Run:
    return inkdigits.train("convnet", hyperparameters=QUICK, data=arrays, out=tmp_path_factory.mktemp("api") / "run")


@pytest.fixture
def page(small: Splits) -> NDArray[np.uint8]:
    """A seven in the middle of white paper."""
    assert small.test is not None
    paper = np.full((120, 160), 255, np.uint8)
    paper[32:88, 52:108] -= small.test.images[0].repeat(2, axis=0).repeat(2, axis=1)
    return paper


@pytest.mark.slow
@pytest.mark.parametrize(("network", "recipe"), [("dense", "sprint"), ("cnn", "sprint"), ("convnet", "standard")])
def test_python_and_the_command_line_train_the_same_weights(
    network: str, recipe: str, small_npz: Path, tmp_path: Path, cli: Cli
) -> None:
    done = cli(
        "train", network, "--recipe", recipe, "--epochs", "1", "--data", small_npz, "--out", tmp_path / "cli", "-q"
    )
    assert done.returncode == 0, done.stderr
    here = inkdigits.train(
        network, recipe=recipe, hyperparameters={"epochs": 1}, data=small_npz, out=tmp_path / "python"
    )
    assert _equal(here, inkdigits.open_run(str(tmp_path / "cli")))


def test_data_in_memory_are_kept_in_the_run(run: inkdigits.Run, small_npz: Path, tmp_path: Path) -> None:
    assert run.config.data.source == str(run.path / "data.npz")
    named = inkdigits.train("convnet", hyperparameters=QUICK, data=small_npz, out=tmp_path / "named")
    assert _equal(run, named)


def test_mnist_in_memory_is_mnist(tmp_path: Path) -> None:
    from inkdigits.datasets.kept_data import named_source

    (x, y), _ = inkdigits.load_data()
    assert named_source((x, y), tmp_path / "data.npz") == "mnist"
    assert not (tmp_path / "data.npz").exists()


def test_a_function_is_a_network(arrays: Any, tmp_path: Path) -> None:
    run = inkdigits.train(tiny, hyperparameters=QUICK, data=arrays, out=tmp_path / "run")
    assert (run.config.network, run.config.parameters) == ("<function>:tiny", 7850)
    assert inkdigits.evaluate(run, data=arrays).n == 1000


def test_a_function_that_fails_shows_its_line(arrays: Any, tmp_path: Path) -> None:
    with pytest.raises(
        inkdigits.NetworkError,
        match=r"<function>:fails: .*test_python_api\.py, line \d+ \(raise KeyError.* raised KeyError",
    ):
        inkdigits.train(fails, data=arrays, out=tmp_path / "run")


@pytest.mark.parametrize("model", ["run", "path", "name", "file", "predictor"])
def test_everything_that_classifies_is_evaluated(model: str, run: inkdigits.Run, arrays: Any) -> None:
    given: Any = {
        "run": run,
        "path": str(run.path),
        "name": "cnn",
        "file": run.model_file_path,
        "predictor": inkdigits.Predictor.load(run.path),
    }[model]
    x, y = arrays
    evaluation = inkdigits.evaluate(given, data=(x[:200] / 255, y[:200]))
    assert evaluation.n == 200
    assert evaluation.calibrated is not None
    assert isinstance(evaluation.accuracy_interval, inkdigits.Interval)
    low, high = evaluation.accuracy_interval
    assert low <= evaluation.accuracy <= high
    if model != "name":
        assert evaluation == inkdigits.evaluate(run, data=inkdigits.LabelledDigits(x[:200], y[:200], "(x, y)"))


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28), (784,)])
def test_a_keras_model_in_memory_is_evaluated(shape: tuple[int, ...], arrays: Any) -> None:
    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    model = keras.Sequential(layers)
    x, y = arrays[0][:200], arrays[1][:200]
    right = model.predict((x / 255).reshape(-1, *shape), verbose=0).argmax(axis=1) == y
    assert inkdigits.evaluate(model, data=(x, y)).correct == right.sum()
    assert inkdigits.compare(model, "cnn", data=(x, y)).candidates[0].accuracy == right.mean()
    assert inkdigits.explain(model, x[0]).occlusion.shape == (28, 28)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (3, "expected a run or its folder, a shipped model's name, .* predict_proba, got int"),
        (tiny, "got function"),
        (keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()]), r"inputs of shape \(None, 8, 8\), expected"),
        (keras.Sequential([keras.layers.Dense(10)]), "inputs of shape None, expected"),
    ],
)
def test_what_is_no_model_is_named(model: Any, message: str, arrays: Any) -> None:
    x, y = arrays[0][:100], arrays[1][:100]
    for call in (
        lambda: inkdigits.evaluate(model, data=(x, y)),
        lambda: inkdigits.compare("dense", model, data=(x, y)),
        lambda: inkdigits.explain(model, x[0]),
        lambda: inkdigits.robustness(model, data=(x, y), sample=50),
    ):
        with pytest.raises(inkdigits.ModelFileError, match=message):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x, y: inkdigits.train("dense", seed="a", data=(x, y)),
            "seed must be a whole number from 0 to 4.*, got 'a'",
        ),
        (
            lambda x, y: inkdigits.train("dense", backend="jaxx", data=(x, y)),
            "unknown backend 'jaxx': expected one of jax",
        ),
        (
            lambda x, y: inkdigits.train("dense", backend=3, data=(x, y)),
            "backend: expected a name, such as 'jax', .* int",
        ),
        (lambda x, y: inkdigits.seeds("dense", 0, data=(x, y)), "n must be a whole number from 1, got 0"),
        (lambda x, y: inkdigits.seeds("dense", 1, jobs=0, data=(x, y)), "jobs must be a whole number from 1, got 0"),
        (lambda x, y: inkdigits.tune("dense", 0, data=(x, y)), "trials must be a whole number from 1, got 0"),
        (lambda x, y: inkdigits.explain("cnn", x[0], label="x"), "label must be a whole number from 0 to 9, got 'x'"),
        (lambda x, y: inkdigits.explain("cnn", x[:2]), r"expected one picture, \(28, 28\), got 2, \(2, 28, 28\)"),
        (lambda x, y: inkdigits.robustness("cnn", sample=1.5, data=(x, y)), "sample must be .* from 1, got 1.5"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(
    call: Any, message: str, arrays: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(inkdigits.InkdigitsError, match=message):
        call(arrays[0][:100], arrays[1][:100])
    assert list(tmp_path.iterdir()) == []


def test_a_backend_is_named_or_described(arrays: Any, tmp_path: Path) -> None:
    options = {"recipe": "brisk", "hyperparameters": {"epochs": 1}, "data": arrays}
    named = inkdigits.train("dense", backend="jax", out=tmp_path / "named", **options)
    described = inkdigits.train("dense", backend=inkdigits.Backend("jax"), out=tmp_path / "described", **options)
    assert named.config.backend == described.config.backend
    assert _equal(named, described)
    assert inkdigits.evaluate(named, data=arrays, backend="jax").n == len(arrays[1])


def test_a_comparison_of_unlike_models(run: inkdigits.Run, arrays: Any) -> None:
    comparison = inkdigits.compare(run, inkdigits.Predictor.load("dense"), Path("cnn"), data=arrays)
    assert [row.name for row in comparison.candidates] == [str(run.path), "Predictor 1", "cnn"]
    assert comparison.candidates[2].accuracy > 0.97
    with pytest.raises(inkdigits.RunError, match="two or more models, got 1"):
        inkdigits.compare(run)


def test_robustness_takes_runs_and_arrays(run: inkdigits.Run, arrays: Any) -> None:
    x, y = arrays[0][:100], arrays[1][:100]
    for model in (run, str(run.path), inkdigits.Predictor.load(run.path)):
        report = inkdigits.robustness(model, data=(x, y), sample=50)
        assert report.plain.accuracy == inkdigits.evaluate(run, data=(x, y)).accuracy


def test_explain_takes_arrays_paths_and_classifiers(run: inkdigits.Run, arrays: Any, tmp_path: Path) -> None:
    image = arrays[0][0]
    (tmp_path / "five.png").write_bytes(encode_png(image))
    expected = inkdigits.explain("cnn", image)
    for model in ("cnn", inkdigits.Predictor.load("cnn")):
        for picture in (image / 255, image.reshape(784), image[None], tmp_path / "five.png"):
            np.testing.assert_array_equal(inkdigits.explain(model, picture).occlusion, expected.occlusion)
    assert inkdigits.explain(run, image, neighbours=2).gradient is not None


@pytest.mark.parametrize(
    "form",
    [
        lambda page, path: path,
        lambda page, path: str(path),
        lambda page, path: path.read_bytes(),
        lambda page, path: io.BytesIO(path.read_bytes()),
        lambda page, path: path.open("rb"),
        lambda page, path: Image.open(path),
        lambda page, path: jnp.asarray(page),
        lambda page, path: page[..., None],
        lambda page, path: np.stack([page] * 3),  # channels first, as torch has them
        lambda page, path: page.astype(np.float32) / 255,
        lambda page, path: _Tensor(page),
    ],
)
def test_read_takes_every_form_of_a_picture(page: NDArray[np.uint8], tmp_path: Path, form: Any) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(encode_png(page))
    picture = form(page, path)
    reading = inkdigits.read(picture)
    assert (reading.string, reading.size) == ("7", (160, 120))
    if hasattr(picture, "close"):
        picture.close()


def test_a_list_gives_a_list(page: NDArray[np.uint8], tmp_path: Path) -> None:
    readings = inkdigits.read([page, tmp_path / "gone.png", page])
    assert [reading.outcome for reading in readings] == ["read", "error", "read"]
    assert [reading.path for reading in readings] == ["<ndarray> 0", str(tmp_path / "gone.png"), "<ndarray> 2"]
    assert inkdigits.read([]) == []


@pytest.mark.parametrize(
    ("picture", "more", "message"),
    [
        (3, {}, "expected a path, a file's bytes, a file opened in binary mode, a PIL image, or an array, got int"),
        ({"a": 1}, {}, "got dict"),
        (io.StringIO("x"), {}, "opened as text, expected one opened in binary mode"),
        (None, {"length": 0}, "length 0: expected the number of digits, a whole number from 1"),
        (None, {"length": 1.5}, "length 1.5: expected"),
        (None, {"length": True}, "length True: expected"),
        (None, {"region": (0.5, 0, 10, 10)}, r"four whole numbers, \(x, y, width, height\)"),
        (None, {"region": (0, 0, 10)}, r"four whole numbers"),
        (None, {"region": "all"}, r"region 'all': expected"),
    ],
)
def test_what_is_no_picture_region_or_length(
    page: NDArray[np.uint8], picture: Any, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(inkdigits.PictureError, match=message):
        inkdigits.read(page if picture is None else picture, **more)


def test_readings_are_compared_and_shown(page: NDArray[np.uint8]) -> None:
    reading, other = inkdigits.read(page), inkdigits.read(page)
    assert reading == other
    assert reading != inkdigits.read(page[:, ::-1])
    assert repr(reading) == "Reading('<ndarray>': read '7', digits=1)"
    assert repr(reading.digits[0]).startswith("Digit(7, 'digit', probability=")
    html = reading._repr_html_()
    assert html.startswith('<img src="data:image/png;base64,')
    assert "picture" not in reading.to_dict()
    assert inkdigits.annotate(page).size == (400, 300)


def test_values_show_tables_in_a_notebook(run: inkdigits.Run, arrays: Any) -> None:
    evaluation = inkdigits.evaluate(run, data=arrays)
    comparison = inkdigits.compare("dense", "cnn", data=arrays)
    for value in (evaluation, comparison, run):
        assert "<table>" in value._repr_html_()
        assert "\n" not in repr(value)
    assert inkdigits.explain("cnn", arrays[0][0])._repr_png_().startswith(b"\x89PNG")


def _read_there(reader: inkdigits.Reader, page: NDArray[np.uint8]) -> str:
    return reader.read(page).string


def test_readers_pass_a_spawned_pool(page: NDArray[np.uint8], run: inkdigits.Run) -> None:
    reader = inkdigits.Reader.load()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_read_there, (reader, page)) == "7"
    assert isinstance(inkdigits.Reader.load(run.path).read(page), inkdigits.Reading)
    predictor = inkdigits.Predictor.load(run.path)
    copy = pickle.loads(pickle.dumps(predictor))
    images = np.zeros((2, 28, 28), np.uint8)
    np.testing.assert_array_equal(copy.predict_proba(images), predictor.predict_proba(images))


@pytest.mark.slow
def test_seeds_and_tune_as_functions(arrays: Any, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # evaluated on what it was trained on: there is nothing else
        summary = inkdigits.seeds(tiny, 2, hyperparameters=QUICK, data=(arrays, arrays), out=tmp_path / "seeds")
    assert (summary.network, summary.seeds) == ("<function>:tiny", 2)
    assert "<table>" in summary._repr_html_()
    of_function = inkdigits.tune(tiny, 1, hyperparameters={"epochs": 1}, data=arrays, out=tmp_path / "function")
    assert of_function.finished == 1
    found = inkdigits.tune("dense", 1, hyperparameters={"epochs": 1}, data=arrays, out=tmp_path / "tune")
    assert found.finished == 1
    again = inkdigits.train("dense", recipe=tmp_path / "tune" / "recipe.toml", data=arrays, out=tmp_path / "run")
    assert again.config.recipe.learning_rate == found.recipe["learning_rate"]
    assert again.config.recipe.name == "recipe"
