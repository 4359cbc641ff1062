"""The static site as a person uses it, in a real Chromium, from a plain static server."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inkdigits.browser.static_site import WrittenSite, write_site
from inkdigits.datasets.mnist import load_test
from inkdigits.datasets.source import load_splits
from inkdigits.reading.reader import Reader
from tests.browser.conftest import PHONE, draw, touch, wait_for_string
from tests.browser.npm_package import installed_package
from tests.browser.static_server import ISOLATION, StaticServer, serving_folder
from tests.browser.strokes import STROKES
from tests.serving.server import serving

pytestmark = pytest.mark.npm
AXE = "node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> WrittenSite:
    return write_site(tmp_path_factory.mktemp("static") / "site", installed_package())


@pytest.fixture(scope="module")
def host(site: WrittenSite) -> Iterator[StaticServer]:
    with serving_folder(site.path) as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh visitor, whose every request and complaint is watched: nothing may be asked of another origin."""
    context = browser.new_context(accept_downloads=True)
    context.set_default_timeout(60_000)
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    elsewhere = [url for url in asked if not re.match(r"(blob:)?http://127\.0\.0\.1:|data:|file:", url)]
    assert elsewhere == [], "the page asked other machines"
    assert complaints == []


def visit(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    wait_until_ready(page)
    return page


def wait_until_ready(page: Page) -> None:
    page.wait_for_selector("#bars tbody tr:nth-child(10)", state="attached")


def photo(folder: Path) -> Path:
    """Two rows of digits on grey paper, a JPEG that a phone held upright has turned (EXIF)."""
    picture = np.full((480, 640), 215, np.uint8)
    for place, image in enumerate(load_test().images[:6]):
        left, top = 40 + 200 * (place % 3), 40 + 220 * (place // 3)
        picture[top : top + 140, left : left + 140] -= cv2.resize(image, (140, 140)) // 5 * 4
    path = folder / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).rotate(90, expand=True).convert("RGB").save(path, quality=92, exif=exif)
    return path


def test_digits_are_read_by_finger_on_a_phone(browser: Browser, host: StaticServer) -> None:
    context = browser.new_context(**{**PHONE, "viewport": {"width": 400, "height": 800}})  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    page = visit(context, host.url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    for digit in (2, 7):
        touch(page, STROKES[digit])
        wait_for_string(page, str(digit))
        page.click("#clear")
    context.close()


def test_a_photo_as_python_reads_it_with_boxes_and_files(
    context: BrowserContext, host: StaticServer, tmp_path: Path
) -> None:
    page = visit(context, host.url)
    path = photo(tmp_path)
    page.set_input_files("#choose", path)
    ours = Reader.load().read(path)
    wait_for_string(page, ours.string.replace("\n", " / "))
    assert ours.string == "721\n041"
    expect(page.locator("#boxes .box")).to_have_count(6)
    with page.expect_download() as download:
        page.click("#json")
    (theirs,) = json.loads(Path(download.value.path()).read_text())
    assert (theirs["path"], theirs["size"]) == ("photo.jpg", [640, 480])
    for one, other in zip(ours.digits, theirs["digits"], strict=True):
        assert np.abs(np.subtract(one.box, other["box"])).max() <= 2
        assert np.abs(np.subtract(one.probabilities, other["probabilities"])).max() <= 0.02
    with page.expect_download() as download:
        page.click("#csv")
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert [row["value"] for row in rows] == list("721041")
    assert rows[0]["string"] == "721/041"


def test_a_dropped_file_and_one_that_is_no_picture(context: BrowserContext, host: StaticServer, tmp_path: Path) -> None:
    page = visit(context, host.url)
    drop = """([name, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name));
        document.querySelector("#stage").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
    }"""
    page.evaluate(drop, ["photo.jpg", list(photo(tmp_path).read_bytes())])
    wait_for_string(page, "721 / 041")
    page.evaluate(drop, ["letter.txt", list(b"no picture")])
    expect(page.locator("#words")).to_contain_text("cannot decode")
    page.click("#clear")
    draw(page, STROKES[4])
    wait_for_string(page, "4")


def test_corrections_are_a_data_set(context: BrowserContext, host: StaticServer, tmp_path: Path) -> None:
    page = visit(context, host.url)
    for digit, label in ((7, 1), (7, 9), (3, 3)):
        draw(page, STROKES[digit])
        wait_for_string(page, str(digit))
        page.click(f"#labels button:nth-child({label + 1})")
        expect(page.locator("#kept")).to_contain_text(f"Kept as a {label} on this device")
        page.click("#clear")
    page.reload()
    with page.expect_download() as download:
        page.click("#corrections")
    path = tmp_path / "corrections.csv"
    download.value.save_as(path)
    digits = load_splits(str(path)).train
    assert digits is not None
    # The same picture is kept once, under its last label.
    assert sorted(digits.labels.tolist()) == [3, 9]
    assert digits.images.shape == (2, 28, 28)
    assert digits.images.max() > 200
    page.click("#forget")
    expect(page.locator("#collected")).to_be_hidden()


def test_after_the_first_visit_it_needs_no_network(context: BrowserContext, site: WrittenSite, tmp_path: Path) -> None:
    with serving_folder(site.path) as server:
        page = visit(context, server.url)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        url = server.url
    page.goto(url)
    wait_until_ready(page)
    page.set_input_files("#choose", photo(tmp_path))
    wait_for_string(page, "721 / 041")


def test_threads_where_the_host_isolates_the_page(context: BrowserContext, site: WrittenSite) -> None:
    with serving_folder(site.path, ISOLATION) as server:
        page = visit(context, server.url)
        assert page.evaluate("crossOriginIsolated")
        assert int(page.evaluate("document.documentElement.dataset.threads")) > 1
        draw(page, STROKES[5])
        wait_for_string(page, "5")


def test_axe_finds_nothing(context: BrowserContext, host: StaticServer, tmp_path: Path) -> None:
    page = visit(context, host.url)
    # The page's own policy keeps foreign scripts out, so axe is evaluated and not inserted.
    page.evaluate((installed_package() / AXE).read_text())
    assert violations(page) == []
    page.set_input_files("#choose", photo(tmp_path))
    wait_for_string(page, "721 / 041")
    page.click("#labels button:first-child")
    expect(page.locator("#collected")).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []


def violations(page: Page) -> list[tuple[str, list[str]]]:
    found = page.evaluate("axe.run()")["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def test_opened_as_a_file_it_says_what_to_do(context: BrowserContext, site: WrittenSite) -> None:
    page = context.new_page()
    page.goto((site.path / "index.html").as_uri())
    expect(page.locator("#notice")).to_contain_text("python -m http.server")


def test_its_size(site: WrittenSite) -> None:
    assert site.size < 14_000_000
    assert site.files == sum(path.is_file() for path in site.path.rglob("*"))


def test_it_is_installable(context: BrowserContext, host: StaticServer) -> None:
    page = visit(context, host.url)
    session = context.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A context of Playwright's is a private window, which installs nothing.
    assert [error["errorId"] for error in errors] == ["in-incognito"]


def test_the_served_page_reads_on_the_server_or_on_the_device(browser: Browser, site: WrittenSite) -> None:
    with serving("--site", site.path, "--prefix", "/some/path", "--quiet") as server:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.method))
        page.goto(f"{server.url}/some/path/")
        wait_until_ready(page)
        expect(page.locator("#place input:checked")).to_have_value("server")
        draw(page, STROKES[2])
        wait_for_string(page, "2")
        assert "POST" in sent
        page.click("text=On this device")
        page.wait_for_function("() => document.documentElement.dataset.place === 'device'")
        expect(page.locator("#bars thead th")).to_have_text(["Digit", "reader"], timeout=60_000)
        sent.clear()
        page.click("#clear")
        draw(page, STROKES[6])
        wait_for_string(page, "6")
        assert page.evaluate("crossOriginIsolated")
        assert "POST" not in sent
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_served_page(
    browser: Browser, site: WrittenSite, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    axe = (installed_package() / AXE).read_text()
    with serving("--site", site.path, "--corrections", tmp_path / "kept", "--quiet") as server:
        page = browser.new_page(color_scheme=scheme)
        page.set_default_timeout(60_000)
        page.goto(server.url)
        wait_until_ready(page)
        page.evaluate(axe)
        assert violations(page) == []
        draw(page, STROKES[2])
        wait_for_string(page, "2")
        assert violations(page) == []
        page.click("text=On this device")
        page.wait_for_function("() => document.documentElement.dataset.place === 'device'")
        page.set_input_files("#choose", photo(tmp_path))
        wait_for_string(page, "721 / 041")
        assert violations(page) == []
        page.goto(f"{server.url}/docs")
        page.wait_for_load_state("networkidle")
        page.evaluate(axe)
        assert violations(page) == []
        page.close()
