"""Every extra stands alone: the wheel, and what it needs by its metadata for that extra, do what the guides show.

What is done with it looks no foreign name up and connects to no other machine.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from inkdigits.cli import app
from inkdigits.datasets.mnist import load_test
from tests.journeys.foreign_lookups import foreign_lookups, traced
from tests.journeys.fresh_environment import fresh_environment, run
from tests.journeys.test_journeys import PHOTOS, README_SERVES, STUDIES, commands
from tests.test_documentation import ROOT, prepare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TRAIN = "inkdigits train dense --recipe sprint --data small.npz --out runs/small --quiet"
WITH_KERAS = "inkdigits train dense --epochs 1 --data small.npz --out runs/small --quiet"
# A service, started with some options, and what is done while it runs.
SERVED = """inkdigits serve --port 0 {} > serve.log 2>&1 &
until grep -q 'serves on' serve.log; do kill -0 $!; sleep 0.2; done
{}
kill $! && wait $!"""
ASK = """python -c 'import re, urllib.request as r
r.urlopen(re.search(r"http://[0-9.:]+", open("serve.log").read())[0] + "/v2").read()'"""
ASK_BY_GRPC = """python -c 'import grpc, re
port = re.search(r"grpc://([0-9.:]+)", open("serve.log").read())[1]
call = grpc.insecure_channel(port).unary_unary("/inference.GRPCInferenceService/ServerReady")
assert call(b"", timeout=60) == b"\\x08\\x01"'"""
# The extras of the four people in test_journeys.py.
OF_PEOPLE = {"train", "sklearn", "serve"}
COMMANDS = {
    "report": commands("docs/guides/robustness.md", "--html report.html")
    + "inkdigits compare dense cnn --data small.npz --html disagreements.html",
    "pdf": "inkdigits read page.pdf --csv",
    "heic": "inkdigits read photo.heic --csv",
    "parquet": "inkdigits data info digits.parquet; inkdigits compare dense cnn --data digits.parquet",
    "tune": commands("docs/guides/training.md", "inkdigits tune dense"),
    "tensorboard": f"{TRAIN} --log tensorboard",
    "mlflow": f"{TRAIN} --log mlflow",
    "openvino": f"{TRAIN}; inkdigits export runs/small --format openvino",
    "tflite": f"{TRAIN}; inkdigits export runs/small --format tflite",
    "tensorflow": f"{WITH_KERAS} --backend tensorflow; inkdigits evaluate runs/small --data small.npz",
    "torch": f"{WITH_KERAS} --backend torch; inkdigits evaluate runs/small --data small.npz",
    "exercise": commands("docs/guides/exercise.md", "inkdigits exercise new")
    + "inkdigits exercise check exercise.ipynb --subset 2000 || [ $? = 1 ]",
    "grpc": SERVED.format("--grpc-port 0", ASK_BY_GRPC),
    "telemetry": f"export OTEL_TRACES_EXPORTER=console; {SERVED.format('', ASK)}; grep 'GET /v2' serve.log > spans",
    "batch": commands("docs/guides/scale.md", "batch scans --out results")
    + commands("docs/guides/scale.md", "--review review"),
    "cluster": "inkdigits batch scans --out results --engine ray; inkdigits deploy --model dense --write serve.yaml",
}
# What shows that it did what it is for.
LEAVES = {
    "report": ("report.html", "disagreements.html"),
    "tune": ("runs/search/recipe.toml", "why.png"),
    "tensorboard": ("runs/small/tensorboard",),
    "mlflow": ("runs/mlflow.db",),
    "openvino": ("runs/small/openvino/model.xml",),
    "tflite": ("runs/small/model.tflite",),
    "tensorflow": ("runs/small/evaluation.json",),
    "torch": ("runs/small/evaluation.json",),
    "exercise": ("exercise.ipynb", "colab.ipynb", "solution.ipynb"),
    "telemetry": ("spans",),
    "batch": ("results/manifest.json", "review/labels.csv"),
    "cluster": ("results/manifest.json", "serve.yaml"),
}
# Ray asks the machine's own cloud which one it is, whatever is set: by a link-local address, and Google's by this name.
CLOUDS = {"cluster": ("169.254.169.254", r"metadata\6google")}
SOURCES = {"tensorflow": ".venv-tensorflow", "tflite": ".venv-tensorflow", "torch": ".venv-torch"}


def test_every_extra_is_installed_alone_by_a_journey() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(COMMANDS) | OF_PEOPLE == set(project["optional-dependencies"])


def test_every_command_is_watched() -> None:
    """By these journeys or those of people; `page` alone is to fetch something, from npm's registry."""
    watched = "\n".join([*COMMANDS.values(), PHOTOS, STUDIES, README_SERVES])
    for name in set(get_command(app).commands) - {"page"}:  # type: ignore[attr-defined]
        assert re.search(rf"^inkdigits {name}\b", watched.replace("; ", "\n"), re.MULTILINE), name


def test_a_lookup_would_be_found(tmp_path: Path) -> None:
    here = "import socket; s = socket.socket(socket.AF_INET, {}); s.settimeout(1)"
    for code, found in (
        ("import socket; socket.getaddrinfo('telemetry.example.org', 80)", True),
        (f"{here.format('socket.SOCK_STREAM')}; s.connect(('192.0.2.1', 80))", True),
        (f"{here.format('socket.SOCK_DGRAM')}; s.sendto(b'x', ('192.0.2.1', 80))", True),
        (f"{here.format('socket.SOCK_DGRAM')}; s.connect(('192.0.2.1', 80))", False),
        (f"{here.format('socket.SOCK_STREAM')}; s.connect(('127.0.0.1', 9))", False),
    ):
        calls = tmp_path / "calls.txt"
        run(Path(sys.executable).parent, tmp_path, traced(f'python -c "{code}"', calls))
        assert bool(foreign_lookups(calls)) == found, code


def _source(extra: str) -> Path | None:
    """The environment that has what the extra needs, where that is not the one of the tests."""
    if extra not in SOURCES:
        return None
    place = ROOT / SOURCES[extra]
    if not place.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{place.name} is missing: make test-backends")
        pytest.skip(f"needs {place.name}: make test-backends")
    return place


@pytest.fixture
def folder(tmp_path: Path, small_npz: Path) -> Path:
    """What `prepare` writes, and the same digits as other formats have them."""
    import pillow_heif
    import pyarrow as pa
    import pyarrow.parquet as pq

    prepare(tmp_path)
    shutil.copy(small_npz, tmp_path / "small.npz")
    digits = load_test().take(slice(0, 200))
    files = [path.read_bytes() for path in sorted((tmp_path / "scans").iterdir())[:10]]
    labels = [int(digits.labels[number]) for number in (0, 1, 10, 11, 2, 3, 4, 5, 6, 7)]
    pq.write_table(
        pa.table({"image": [{"bytes": file, "path": None} for file in files], "label": labels}),
        tmp_path / "digits.parquet",
    )
    page = np.full((200, 300), 255, np.uint8)
    page[50:106, 40:96] -= digits.images[0].repeat(2, axis=0).repeat(2, axis=1)
    picture = Image.fromarray(page)
    picture.save(tmp_path / "page.pdf", "PDF")
    pillow_heif.from_pillow(picture).save(tmp_path / "photo.heic")
    return tmp_path


@pytest.mark.parametrize("extra", COMMANDS)
def test_an_extra_alone_runs_what_the_guides_show(
    extra: str, wheel: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("environment")
    programs = fresh_environment(place / "venv", wheel, (extra,), source=_source(extra))
    calls = place / "calls.txt"
    result = run(programs, folder, traced(COMMANDS[extra], calls))
    assert result.returncode == 0, f"{COMMANDS[extra]}\n{result.stdout}\n{result.stderr}"
    for name in LEAVES.get(extra, ()):
        assert (folder / name).exists(), name
    if extra in ("pdf", "heic"):
        assert ",digit," in result.stdout
        assert ",7," in result.stdout
    assert [call for call in foreign_lookups(calls) if not any(place in call for place in CLOUDS.get(extra, ()))] == []
