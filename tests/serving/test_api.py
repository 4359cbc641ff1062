"""The API under /v1, asked by a plain client."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.datasets.folder import load_folder
from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.modelfile.predictor import Predictor, shipped_models
from inkdigits.reading.reader import Reader
from tests.conftest import Cli
from tests.images.test_pdf import BROKEN_PAGE
from tests.serving.server import Served, png

BOUNDARY = {"Content-Type": "multipart/form-data; boundary=cut"}


def _form(*pictures: bytes) -> bytes:
    parts = [
        b"--cut\r\nContent-Disposition: form-data; name=picture; filename=%d.png\r\n\r\n%s\r\n" % (number, picture)
        for number, picture in enumerate(pictures)
    ]
    return b"".join(parts) + b"--cut--\r\n"


def test_a_picture_is_read_as_the_reader_reads_it(served: Served, digits: LabelledDigits) -> None:
    reader = Reader.load()
    for image in digits.images[:8]:
        answer = served.read(png(image))
        assert answer.status == 200
        expected = reader.read(png(image)).to_dict()
        assert answer.json["string"] == expected["string"]
        assert answer.json["digits"] == [
            {**digit, "probability": pytest.approx(digit["probability"], abs=1e-5)}
            | {name: pytest.approx(digit[name], abs=1e-5) for name in ("second_probability", "probabilities")}
            for digit in expected["digits"]
        ]


def test_several_pictures_in_one_form(served: Served, digits: LabelledDigits) -> None:
    form = _form(png(255 - digits.images[0]), b"not a picture", png(np.full((40, 40), 255, np.uint8)))
    answer = served.ask("POST", "/v1/read", form, BOUNDARY)
    assert answer.status == 200
    assert [reading["path"] for reading in answer.json] == ["0.png", "1.png", "2.png"]
    assert [reading["outcome"] for reading in answer.json] == ["read", "error", "blank"]
    assert answer.json[0]["string"] == "7"


def _pages(count: int, digits: LabelledDigits) -> bytes:
    pages = [Image.fromarray(image) for image in digits.images[:count]]
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    return content.getvalue()


def test_every_page_of_a_file_is_answered(served: Served, digits: LabelledDigits) -> None:
    answer = served.read(_pages(3, digits))
    assert (answer.status, [(one["page"], one["string"]) for one in answer.json]) == (
        200,
        [(0, "7"), (1, "2"), (2, "1")],
    )
    form = _form(_pages(2, digits), png(digits.images[2]), _pages(1, digits))
    told = served.ask("POST", "/v1/read", form, BOUNDARY).json
    assert [(one["path"], one["page"]) for one in told] == [("0.png", 0), ("0.png", 1), ("1.png", 0), ("2.png", 0)]
    assert served.read(_pages(1, digits)).json["string"] == "7"


def test_more_pages_than_are_read_are_a_problem_that_names_their_number(served: Served, digits: LabelledDigits) -> None:
    many = [Image.new("1", (1, 1))] * 65
    content = io.BytesIO()
    many[0].save(content, "TIFF", save_all=True, append_images=many[1:])
    answer = served.read(content.getvalue())
    assert answer.status == 422
    assert answer.json["detail"].startswith("65 pages, expected at most 64")
    assert served.read(BROKEN_PAGE).json["detail"].startswith("page 1 is damaged")


def test_pictures_that_arrive_together_are_read_as_they_are_alone(served: Served, digits: LabelledDigits) -> None:
    """Bad pictures and bad regions among them are told to those who sent them alone."""
    asked: list[tuple[bytes, str, object]] = []
    for number, image in enumerate(digits.images[:24]):
        asked.append((png(image), "", None))
        if number % 4 == 0:
            asked += [
                (png(image)[:-60], "", 422),
                (png(image), "?region=0,0,999,999", 422),
                (png(image), "?length=1", 200),
            ]
    alone = [served.read(picture, query) for picture, query, _ in asked]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda one: served.read(*one[:2]), asked * 3))
    for answer, expected in zip(together, alone * 3, strict=True):
        assert answer.status == expected.status
        assert answer.json.get("string") == expected.json.get("string")
        assert answer.json.get("detail") == expected.json.get("detail")
    assert [answer.status for answer, one in zip(alone, asked, strict=True) if one[2]] == [
        one[2] for one in asked if one[2]
    ]


def test_region_and_length(served: Served, digits: LabelledDigits) -> None:
    sheet = png(np.hstack([digits.images[0], np.zeros((28, 28), np.uint8), digits.images[1]]))
    assert served.read(sheet).json["string"] == "72"
    assert served.read(sheet, "?region=56,0,28,28").json["string"] == "2"
    assert served.read(sheet, "?length=2").json["string"] == "72"
    for query in ("?region=1,2,3", "?region=0,0,999,999", "?region=-1,0,3,3", "?length=0", "?length=two"):
        answer = served.read(sheet, query)
        assert answer.status == 422, query
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_picture_is_a_problem(served: Served, body: bytes) -> None:
    answer = served.read(body)
    assert answer.status == 422
    assert set(answer.json) == {"type", "title", "status", "detail"}
    assert answer.json["status"] == 422
    assert "bytes" not in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x", {"Content-Type": "text/plain"}, 415),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"x", {}, 415),
        (b"x", {"Content-Type": "multipart/form-data"}, 400),
        (b"no form", BOUNDARY, 400),
        (_form(b"x")[:-20], BOUNDARY, 400),
        (b"--cut\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--cut--\r\n", BOUNDARY, 422),
        (_form(*[b"x"] * 100), BOUNDARY, 413),
        (b"x", {"Content-Type": "image/png", "Content-Encoding": "br"}, 415),
        (b"x", {"Content-Type": "image/png", "Content-Encoding": "gzip"}, 400),
    ],
)
def test_wrong_content(served: Served, body: bytes, headers: dict[str, str], status: int) -> None:
    assert served.ask("POST", "/v1/read", body, headers).status == status


def test_classify_says_what_the_models_say(served: Served, digits: LabelledDigits) -> None:
    wanted = {"images": digits.images[:5].tolist(), "models": ["dense", "cnn"]}
    results = served.post("/v1/classify", wanted).json["results"]
    assert [result["model"] for result in results] == ["dense", "cnn"]
    for result in results:
        expected = Predictor.load(result["model"]).predict_proba(digits.images[:5])
        told = np.array([picture["probabilities"] for picture in result["pictures"]])
        np.testing.assert_allclose(told, expected, atol=1e-6)
        assert [picture["value"] for picture in result["pictures"]] == expected.argmax(axis=1).tolist()


def test_the_evidence_lies_on_the_ink(served: Served, digits: LabelledDigits) -> None:
    wanted = {"images": digits.images[:1].tolist(), "models": ["cnn"], "explain": True}
    evidence = np.array(served.post("/v1/classify", wanted).json["results"][0]["pictures"][0]["evidence"])
    assert evidence.shape == (28, 28)
    assert evidence[digits.images[0] > 128].mean() > 5 * abs(evidence[digits.images[0] == 0].mean())


@pytest.mark.parametrize(
    ("change", "status", "needle"),
    [
        ({"images": []}, 422, "images"),
        ({"images": [[[0] * 28] * 27]}, 422, "images.0"),
        ({"images": [[[0.5] * 28] * 28]}, 422, "images.0"),
        ({"images": [[[256] * 28] * 28]}, 422, "less than or equal to 255"),
        ({"models": ["nix"]}, 404, "no model of that name"),
        ({"explain": True, "images": [[[0] * 28] * 28] * 20}, 422, "explain"),
        ({"other": 1}, 422, "other"),
    ],
)
def test_a_bad_classify_request(served: Served, change: dict[str, object], status: int, needle: str) -> None:
    answer = served.post("/v1/classify", {"images": [[[0] * 28] * 28], **change})
    assert answer.status == status
    assert needle in answer.json["detail"]


def test_models_are_listed(served: Served) -> None:
    about = served.get("/v1/models").json
    assert sorted(model["name"] for model in about["models"]) == shipped_models()
    assert about["default"] == about["models"][0]["name"]
    assert about["corrections"] is True


def test_corrections_are_a_folder_that_can_be_trained_on(
    served: Served, kept: Path, digits: LabelledDigits, cli: Cli
) -> None:
    for image, label in zip(digits.images[:3], (1, 2, 3), strict=True):
        assert served.post("/v1/corrections", {"image": image.tolist(), "label": label}).status == 201
    assert served.post("/v1/corrections", {"image": digits.images[0].tolist(), "label": 7}).json["file"][0] == "7"
    loaded = load_folder(kept)
    assert loaded.labels.tolist() == [2, 3, 7]
    assert {image.tobytes() for image in loaded.images} == {image.tobytes() for image in digits.images[:3]}
    assert "3" in cli("data", "info", kept).stdout
    assert list(kept.rglob(".unfinished*")) == []


@pytest.mark.parametrize("label", [10, -1, "7", "../7", None, 1.5, True])
def test_a_correction_goes_nowhere_else(served: Served, kept: Path, label: object) -> None:
    before = sorted(kept.parent.rglob("*"))
    answer = served.post("/v1/corrections", {"image": [[9] * 28] * 28, "label": label})
    assert answer.status == 422
    assert sorted(kept.parent.rglob("*")) == before


def test_unknown_addresses_and_methods(served: Served) -> None:
    assert served.get("/v1/nothing").json["title"] == "Not Found"
    assert set(served.get("/v2/nothing").json) == {"error"}
    wrong = served.get("/v1/read")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    for path in ("/page/../app.py", "/page/%2e%2e%2fapp.py", "/page/..%2f..%2ferrors.py", "/page/nix.js"):
        assert served.get(path).status == 404


def test_the_page_and_its_parts_come_from_here(served: Served) -> None:
    page = served.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"//" not in page.body.replace(b"<!doctype html>", b"")
    assert served.get("/", **{"If-None-Match": page.headers["etag"]}).status == 304
    assert served.get("/docs").status == 200
    assert served.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_get_answers_without_a_port(cli: Cli, tmp_path: Path) -> None:
    told = cli("serve", "--get", "/v2/models/cnn")
    assert (told.returncode, told.stderr) == (0, "")
    assert '"UINT8"' in told.stdout
    assert cli("serve", "--get", "/nothing").returncode == 1


def test_reading_a_picture_imports_no_keras(digits: LabelledDigits) -> None:
    code = (
        "import asyncio, sys\n"
        "from starlette.testclient import TestClient\n"
        "from inkdigits.serving.application import build_app\n"
        "from inkdigits.serving.settings import Settings\n"
        "client = TestClient(build_app(Settings()), base_url='http://localhost')\n"
        f"answer = client.post('/v1/read', content={png(digits.images[0])!r}, headers={{'content-type': 'image/x'}})\n"
        "print(answer.json()['string'], sorted({'keras', 'jax', 'tensorflow', 'torch', 'onnx'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.stdout == "7 []\n", told.stderr


def test_own_models_by_name(tmp_path: Path, digits: LabelledDigits) -> None:
    from inkdigits.modelfile.predictor import model_path
    from tests.serving.server import serving

    run = tmp_path / "my-run"
    run.mkdir()
    (run / "model.onnx").write_bytes(model_path("dense").read_bytes())
    with serving("--model", f"mine={run / 'model.onnx'}", "--model", run, "--quiet") as server:
        assert [model["name"] for model in server.get("/v1/models").json["models"]] == ["mine", "my-run"]
        assert server.read(png(digits.images[0])).json["string"] == "7"
        assert server.post("/v1/corrections", {"image": [[0] * 28] * 28, "label": 1}).status == 404


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["--host", "0.0.0.0"], "no token"),
        (["--model", "gone.onnx"], "no such model file"),
        (["--model", "cnn", "--model", "cnn"], "two models are called cnn"),
        (["--token-file", "gone"], "cannot be read"),
        (["--prefix", "a b"], "--prefix"),
        (["--model", "gone.onnx", "--workers", "2"], "no such model file"),
        (["--host", "203.0.113.7", "--no-token"], "cannot serve on 203.0.113.7"),
    ],
)
def test_wrong_use_is_one_line(cli: Cli, arguments: list[str], needle: str) -> None:
    told = cli("serve", "--port", "0", *arguments)
    assert told.returncode == 2
    assert needle in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_a_port_that_is_taken(cli: Cli, served: Served) -> None:
    told = cli("serve", "--port", served.port)
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "choose another with --port" in told.stderr
