"""`inkdigits page` on the command line; what it writes is tested in `test_static_site.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inkdigits.browser.onnx_runtime_web import pinned_version
from tests.browser.npm_package import installed_package
from tests.conftest import Cli


def fake_runtime(folder: Path, version: str) -> Path:
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": "onnxruntime-web", "version": version}))
    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        (folder / "dist" / name).write_bytes(b"x")
    return folder


def test_it_writes_a_folder(cli: Cli, tmp_path: Path) -> None:
    runtime = fake_runtime(tmp_path / "runtime", pinned_version())
    done = cli("page", "--out", tmp_path / "site", "--runtime", runtime, "--json")
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"
    files = [path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()]
    assert json.loads(done.stdout)["files"] == len(files)
    assert {"index.html", "files.js", "offline.js", "manifest.webmanifest", "reader/finder.onnx"} <= set(files)
    kept = json.loads((tmp_path / "site" / "files.js").read_text().partition("FILES = ")[2].rstrip(";\n"))
    assert set(kept) == {"./", *files} - {"files.js", "offline.js"}
    again = cli("page", "--out", tmp_path / "site", "--runtime", runtime)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_what_is_no_runtime(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    other = fake_runtime(tmp_path / "other", "9.9.9")
    for folder, expected in (
        (tmp_path / "empty", "not the package onnxruntime-web"),
        (tmp_path / "missing", "no such folder"),
        (other, "9.9.9, expected"),
    ):
        done = cli("page", "--out", tmp_path / "site", "--runtime", folder)
        assert done.returncode == 2
        assert expected in done.stderr
        assert f"npm install onnxruntime-web@{pinned_version()}" in done.stderr
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("part", [".", "node_modules", "node_modules/onnxruntime-web"])
def test_a_runtime_is_found_where_npm_puts_it(cli: Cli, tmp_path: Path, part: str) -> None:
    fake_runtime(tmp_path / "node_modules" / "onnxruntime-web", pinned_version())
    done = cli("page", "--out", tmp_path / "my site", "--runtime", tmp_path / part)
    assert done.returncode == 0, done.stderr
    assert f"--directory '{tmp_path / 'my site'}'" in done.stdout
    assert "http://localhost:8000" in done.stdout


def test_without_npm(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = cli("page", "--out", tmp_path / "site")
    assert done.returncode == 2
    assert "npm is not on the path" in done.stderr
    assert "--runtime FOLDER" in done.stderr


@pytest.mark.npm
def test_npm_installs_what_the_lock_file_pins(cli: Cli, tmp_path: Path) -> None:
    installed_package()
    done = cli("page", "--out", tmp_path / "site", "--json")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "runtime" / "onnxruntime.wasm").stat().st_size > 10_000_000
