"""The served models and their names."""

from __future__ import annotations

from pathlib import Path

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.modelfile.predictor import model_path, shipped_models
from tests.serving.server import Served, png, serving


def test_models_are_listed(served: Served) -> None:
    listed = served.get("/v1/models").json
    assert sorted(model["name"] for model in listed["models"]) == shipped_models()
    assert listed["default"] == listed["models"][0]["name"]
    assert listed["corrections"] is True


def test_own_models_by_name(tmp_path: Path, digits: LabelledDigits) -> None:
    run = tmp_path / "my-run"
    run.mkdir()
    (run / "model.onnx").write_bytes(model_path("dense").read_bytes())
    with serving("--model", f"mine={run / 'model.onnx'}", "--model", run, "--quiet") as server:
        assert [model["name"] for model in server.get("/v1/models").json["models"]] == ["mine", "my-run"]
        assert server.reading(png(digits.images[0]))["string"] == "7"
        assert server.post("/v1/corrections", {"image": [[0] * 28] * 28, "label": 1}).status == 404
