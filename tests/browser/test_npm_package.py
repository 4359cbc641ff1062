"""The package for npm, packed and installed from its tarball, in Node, for TypeScript and in a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from inkdigits import __version__
from inkdigits.browser.reader_files import NPM
from inkdigits.datasets.mnist import load_test
from tests.browser.npm_package import installed_package
from tests.browser.static_server import serving_folder

pytestmark = pytest.mark.npm


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the tarball; what the tarball itself needs comes from where the tests have it."""
    package = installed_package()
    folder = tmp_path_factory.mktemp("project")
    packed = run(["npm", "pack", "--silent", "--pack-destination", str(folder)], package).strip()
    modules = folder / "node_modules"
    modules.mkdir()
    for path in (package / "node_modules").iterdir():
        if path.name != ".bin":
            (modules / path.name).symlink_to(path)
    run(["tar", "-xzf", packed], folder)
    shutil.move(folder / "package", modules / "inkdigits")
    return folder


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tarball_has_what_it_needs_and_no_more(project: Path) -> None:
    found = {path.relative_to(project / "node_modules" / "inkdigits").as_posix() for path in
             (project / "node_modules" / "inkdigits").rglob("*") if path.is_file()}  # fmt: skip
    assert {"package.json", "README.md", "LICENSE", "NOTICE", "finder.onnx", "reader.onnx", "parameters.js"} <= found
    assert {f"types/{path[:-3]}.d.ts" for path in found if path.endswith(".js")} <= found
    assert not [path for path in found if re.search(r"node_modules|lock|tsconfig|\.wasm$", path)]


def test_the_example_in_node(project: Path) -> None:
    shutil.copy(project / "node_modules" / "inkdigits" / "example.mjs", project)
    assert run(["node", "example.mjs"], project).startswith("7 ")


def test_types_and_errors(project: Path) -> None:
    script = """
        import { Reader, type Reading } from "inkdigits";
        const reader: Reader = await Reader.load();
        const picture = { width: 30, height: 20, data: new Uint8ClampedArray(2400).fill(255) };
        const reading: Reading = await reader.read(picture, { region: [0, 0, 10, 10], length: 2 });
        const outcomes: ("digit" | "unsure" | "not_a_digit")[] = reading.digits.map((digit) => digit.outcome);
        console.log(reading.outcome, outcomes.length);
        // @ts-expect-error
        reader.read("photo.jpg").catch((error) => console.log(error.message));
        reader.read({ ...picture, width: 31 }).catch((error) => console.log(error.message));
        reader.read(picture, { region: [0, 0, 31, 10] }).catch((error) => console.log(error.message));
        reader.read(picture, { length: 0 }).catch((error) => console.log(error.message));
        reader.read(new Blob([])).catch((error) => console.log(error.message));
    """
    (project / "package.json").write_text('{ "type": "module" }')
    (project / "script.mts").write_text(script)
    options = ["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck"]
    run(["node", "node_modules/typescript/bin/tsc", *options, "script.mts"], project)
    lines = run(["node", "script.mjs"], project).splitlines()
    assert lines[0] == "blank 0"
    for expected in (
        "undefined x undefined",
        "2400 numbers for 31 x 20",
        "inside the picture of 30 x 20",
        "whole number from 1",
        "only browsers decode",
    ):
        assert any(expected in line for line in lines), expected


def test_the_example_in_a_browser(project: Path, browser: Browser, tmp_path: Path) -> None:
    shutil.copy(project / "node_modules" / "inkdigits" / "example.html", project)
    picture = 255 - load_test().images[0].repeat(5, axis=0).repeat(5, axis=1)
    Image.fromarray(np.pad(picture, 30, constant_values=255)).save(tmp_path / "digit.png")
    with serving_folder(project) as server:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{server.url}example.html")
        page.wait_for_selector("input:enabled")
        page.set_input_files("input", tmp_path / "digit.png")
        page.wait_for_function("document.querySelector('output').value === '7'")
        page.close()


def test_its_version_and_lock_file() -> None:
    described = (NPM / "package.json").read_text()
    lock = (NPM / "package-lock.json").read_text()
    assert f'"version": "{__version__}"' in described
    # Hashes and no addresses: whoever installs it uses the registry of their own configuration.
    assert "resolved" not in lock
    assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/')
