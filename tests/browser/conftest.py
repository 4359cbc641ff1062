"""A real Chromium before a real server. Without a Chromium these tests are skipped; under CI that is a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.strokes import Stroke
from tests.serving.server import Served, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OpenPage = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 860}}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no chromium: apt-get install chromium")
        pytest.skip("no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        # Its sandbox cannot be had as root; what it opens here is our own page.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corrections")


@pytest.fixture(scope="session")
def served(kept: Path) -> Iterator[Served]:
    with serving("--corrections", kept, "--prefix", "/some/path", "--quiet") as server:
        yield server


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[OpenPage]:
    """Opens the page under its prefix; afterwards nothing may have been asked elsewhere, or gone wrong in silence."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    complaints: list[str] = []

    def open_it(address: str = f"{served.url}/some/path/", **options: object) -> Page:
        context = browser.new_context(**{**DESK, **options})  # type: ignore[arg-type]
        contexts.append(context)
        # Whatever it may ask of other machines, it has to do without.
        context.route(lambda url: not url.startswith(served.url), lambda route: route.abort())
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        page.goto(address)
        page.wait_for_selector("#bars tbody tr:nth-child(10)", state="attached")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []
    elsewhere = [url for url in asked if not url.startswith((served.url, "blob:", "data:"))]
    assert elsewhere == [], "the page asked other machines"


def draw(page: Page, strokes: list[Stroke], right: float = 0, scale: float = 1) -> None:
    """Draw with the mouse."""
    for stroke in strokes:
        points = [_on_screen(page, x * scale + right, y) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=4)
        page.mouse.up()


def touch(page: Page, strokes: list[Stroke]) -> None:
    """Draw with a finger, by the browser's own touch events."""
    session = page.context.new_cdp_session(page)
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            left, top = _on_screen(page, x, y)
            kind = "touchMove" if number else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": left, "y": top}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def press_pen(page: Page, strokes: list[Stroke], force: float) -> None:
    """Draw with a pen that reports how firmly it is pressed, 0 to 1."""
    session = page.context.new_cdp_session(page)
    for stroke in strokes:
        points = [_on_screen(page, x, y) for x, y in stroke]
        kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1), "mouseReleased"]
        for kind, (left, top) in zip(kinds, [*points, points[-1]], strict=True):
            pen = {"pointerType": "pen", "button": "left", "buttons": 1, "clickCount": 1, "force": force}
            session.send("Input.dispatchMouseEvent", {"type": kind, "x": left, "y": top, **pen})


def _on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    frame = page.locator("#pad").bounding_box()
    assert frame
    return frame["x"] + x * frame["width"] / 640, frame["y"] + y * frame["height"] / 480


def wait_for_string(page: Page, string: str) -> None:
    page.wait_for_function("string => document.querySelector('#string').textContent === string", arg=string)
