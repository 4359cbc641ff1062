"""Claims: the static page reads in Chromium as Python does, and in what time, with and without threads.

The site is served by a plain static server, once without any header, and once with those that isolate a page, which
allow threads. Every picture of --pictures is read through the page's own module, file and decoder included, and
compared as `javascript_reader.py` does; what Python or the browser (HEIC, TIFF, PDF) cannot decode is left out. Times
are of this process's clock around the page's answer, medians and ranges; `from a click on the address` begins in a
fresh profile.

    inkdigits page --out build/static-site
    python benchmarks/page_in_chromium.py [--site build/static-site] [--pictures FOLDER] [--rounds 9]

Exit code 1 when under 99.5 % of the strings are the same.
"""

from __future__ import annotations

import argparse
import base64
import io
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from drawing import Drawing, draw
from javascript_reader import differences
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from inkdigits.datasets.mnist import load_train
from inkdigits.errors import PictureError
from inkdigits.images.decode import open_pages, pictures_below
from inkdigits.reading.reader import Reader

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.static_server import ISOLATION, serving_folder

_MIN_SAME = 0.995
_READ = """async ([name, content]) => {
    const { readPicture } = await import(new URL("page/device.js", location.href));
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    const [reading] = await readPicture(new File([bytes], name));
    return reading;
}"""


def main() -> None:
    """Compare and time; print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=Path("build/static-site"))
    parser.add_argument("--pictures", type=Path, help="a folder of pictures to compare")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    ours = _read_in_python(options.pictures) if options.pictures else []
    same = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        print(f"Chromium {browser.version}")
        for name, headers in (("no headers", None), ("isolated", ISOLATION)):
            with serving_folder(options.site, headers) as server:
                print(f"{name}:")
                _time_first(browser, server.url, options.rounds)
                page = _opened(browser, server.url)
                _time_pictures(page, options.rounds)
                if ours:
                    same.append(_compare(page, ours))
                page.context.close()
        browser.close()
    sys.exit(0 if all(rate >= _MIN_SAME for rate in same) else 1)


def _opened(browser: Browser, url: str) -> Page:
    page = browser.new_context().new_page()
    page.set_default_timeout(120_000)
    page.goto(url)
    page.wait_for_selector("#bars tbody tr:nth-child(10)", state="attached")
    return page


def _time_first(browser: Browser, url: str, rounds: int) -> None:
    seconds = []
    for _ in range(rounds):
        page = browser.new_context().new_page()
        page.set_default_timeout(120_000)
        began = time.perf_counter()
        page.goto(url)
        _read(page, "digit.png", _drawn_digit())
        seconds.append(time.perf_counter() - began)
        page.context.close()
    _print("from a click on the address to the first reading", seconds)


def _time_pictures(page: Page, rounds: int) -> None:
    threads = page.evaluate("() => document.documentElement.dataset.threads")
    print(f"  threads: {threads}")
    for name, content in (("a drawn digit, 400 x 300", _drawn_digit()), ("a photo of 12 megapixels", _photo())):
        # Its code is compiled anew after the first few.
        for _ in range(3):
            _read(page, "picture", content)
        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            reading = _read(page, "picture", content)
            seconds.append(time.perf_counter() - began)
        _print(f"{name} ({reading['string']!r})", seconds)


def _print(name: str, seconds: list[float]) -> None:
    times = [1000 * one for one in seconds]
    print(
        f"  {name}: median {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f}), n = {len(times)}"
    )


def _read(page: Page, name: str, content: bytes) -> dict[str, Any]:
    reading: dict[str, Any] = page.evaluate(_READ, [name, base64.b64encode(content).decode()])
    return reading


def _drawn_digit() -> bytes:
    digit = cv2.resize(load_train().images[7], (200, 200), interpolation=cv2.INTER_CUBIC)
    picture = np.full((300, 400), 255, np.uint8)
    picture[50:250, 100:300] -= digit
    return _encoded(picture, "PNG")


def _photo() -> bytes:
    """Three rows of digits on ruled paper."""
    rng = np.random.default_rng(0)
    tiles = [
        draw(load_train().images[place], Drawing(side=750, lines="ruled", light_fall=0.2, grain=4), rng)
        for place in range(12)
    ]
    rows = [np.hstack(tiles[start : start + 4]) for start in (0, 4, 8)]
    return _encoded(cv2.resize(np.vstack(rows), (4000, 3000), interpolation=cv2.INTER_CUBIC), "JPEG")


def _encoded(picture: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, quality=92)
    return file.getvalue()


def _read_in_python(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    reader = Reader.load(threads=1)
    found: list[tuple[Path, dict[str, Any]]] = []
    for file in pictures_below(folder):
        try:
            found.append((file, dict(reader.read_page(next(open_pages(file))).reading.to_dict())))
        except PictureError as error:
            print(f"left out: {error}")
    return found


def _compare(page: Page, readings_of_python: list[tuple[Path, dict[str, Any]]]) -> float:
    """The fraction of the pictures whose strings are the same; every difference is printed."""
    strings = readings = count = 0
    for file, ours in readings_of_python:
        theirs = _read(page, file.name, file.read_bytes())
        if theirs["outcome"] == "error":
            print(f"  left out: {file.name}: {theirs['error']}")
            continue
        found = differences(ours, theirs)
        for difference in found:
            print(f"  {file.parent.name}/{file.name}: {difference}")
        count, strings, readings = count + 1, strings + (ours["string"] == theirs["string"]), readings + (not found)
    print(f"  the same string: {strings} of {count}; the same reading: {readings}")
    return strings / count


if __name__ == "__main__":
    main()
