"""The reader in JavaScript reads as Python's, in Node; `benchmarks/javascript_reader.py` compares more pictures."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from inkdigits.browser.reading_parameters import reading_parameters
from inkdigits.datasets.mnist import load_train
from tests.browser.npm_package import installed_package
from tests.reading import drawn_pages
from tests.reading.printed_signs import SIGNS, printed
from tests.reading.touching_rows import touching_rows

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
READER = Path(__file__).parents[2] / "src" / "inkdigits" / "browser" / "reader"


@pytest.fixture(scope="module")
def hosts() -> ModuleType:
    """benchmarks/javascript_reader.py"""
    sys.path.insert(0, str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("javascript_reader", BENCHMARKS / "javascript_reader.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    sys.path.remove(str(BENCHMARKS))
    return module


def compare(hosts: ModuleType, pictures: dict[str, tuple[np.ndarray, dict[str, object]]]) -> list[dict[str, object]]:
    cases = [hosts.Case(name, pixels, options) for name, (pixels, options) in pictures.items()]
    ours, theirs = hosts.read_in_python(cases), hosts.read_in_node(installed_package(), cases)
    differing = {
        case.name: found
        for case, one, other in zip(cases, ours, theirs, strict=True)
        if (found := hosts.differences(one, other))
    }
    assert differing == {}
    return list(theirs)


def page_of_rows(height: float = 60, *, lines: bool = False, slope: float = 0.0, shadow: float = 0.0) -> np.ndarray:
    shape = (420, 620)
    paper = drawn_pages.lines(drawn_pages.paper(shape), 55) if lines else drawn_pages.paper(shape)
    places = [
        place for number, digits in enumerate(("31415", "92653", "58979"))
        for place in drawn_pages.row(digits, 50, 50 + 110 * number, height, slope=slope)
    ]  # fmt: skip
    scene = drawn_pages.written(paper, drawn_pages.ink(shape, places, height / 12))
    return drawn_pages.photographed(drawn_pages.in_light(scene, shadow=shadow, fall=0.2))


@pytest.mark.npm
def test_pages(hosts: ModuleType) -> None:
    readings = compare(
        hosts,
        {
            "plain": (page_of_rows(), {}),
            "ruled, slanting": (page_of_rows(lines=True, slope=0.05), {}),
            "small writing": (page_of_rows(24), {}),
            "upside down contrast": (255 - page_of_rows(), {}),
            "a region": (page_of_rows(), {"region": (40, 30, 400, 90)}),
            **{f"turned {turn}": (np.rot90(page_of_rows(), turn).copy(), {}) for turn in (1, 2, 3)},
            "a turned region": (np.rot90(page_of_rows(), 1).copy(), {"region": (20, 10, 380, 600)}),
        },
    )
    assert readings[0]["string"] == "31415\n92653\n58979"
    assert readings[4]["string"] == "31415"


@pytest.mark.npm
def test_sheets_on_tables(hosts: ModuleType) -> None:
    tables = {
        f"{colour}, by {angle} degrees": (drawn_pages.lying(page_of_rows(lines=lines), colour, angle), {})
        for colour, angle, lines in (((30, 60, 150), 0, False), ((90, 140, 40), 12, True), ((20, 20, 25), -7, False))
    }
    # A sheet half in the shadow is two even regions, of which neither is a sheet.
    tables["half in the shadow"] = (page_of_rows(shadow=0.45), {})
    readings = compare(hosts, {**tables, "a region": (next(iter(tables.values()))[0], {"region": (30, 40, 900, 600)})})
    assert [reading["string"] for reading in readings] == ["31415\n92653\n58979"] * 5


@pytest.mark.npm
def test_single_digits_of_any_size_pen_and_paper(hosts: ModuleType) -> None:
    pictures = {case.name: (case.pixels, {}) for case in hosts.drawn_cases(20, seed=5)}
    small = load_train().images[:60]
    pictures |= {f"MNIST {place}": (image, {}) for place, image in enumerate(small)}
    pictures |= {f"of {side}": (cv2.resize(small[3], (side, side)), {}) for side in (8, 13, 19, 20, 45, 64)}
    pictures |= {f"tiny {place}": (cv2.resize(image, (10, 10)), {}) for place, image in enumerate(small[:20])}
    compare(hosts, pictures)


@pytest.mark.npm
def test_a_word_beside_a_number(hosts: ModuleType) -> None:
    page = np.full((160, 640), 235, np.uint8)
    cv2.putText(page, "Kchens 4207", (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 2.6, 30, 6, cv2.LINE_AA)
    readings = compare(hosts, {"word and number": (page, {}), "word": (page[:, :330].copy(), {})})
    assert [one["string"] for one in readings] == ["4207", ""]


@pytest.mark.npm
def test_signs_beside_numbers(hosts: ModuleType) -> None:
    texts = (*SIGNS, ("3,14", "314"))
    pages = {f"{text} at {height}": (printed(text, height), {}) for text, _ in texts for height in (40, 100)}
    readings = compare(hosts, pages)
    assert [one["string"] for one in readings] == [digits for _, digits in texts for _ in range(2)]


@pytest.mark.npm
def test_slashes_and_known_lengths(hosts: ModuleType) -> None:
    texts = [(text, font) for text in ("12/03/2024", "25/06/2024", "3/4") for font in ("DejaVuSans", "STIXGeneral")]
    options = [(text, font, known) for text, font in texts for known in (False, True)]
    readings = compare(
        hosts,
        {
            f"{text} in {font}, known: {known}": (
                printed(text, 64, f"{font}.ttf"),
                {"length": len(text.replace("/", ""))} if known else {},
            )
            for text, font, known in options
        },
    )
    read = [one["string"] for one, (_, _, known) in zip(readings, options, strict=True) if known]
    assert read == [text.replace("/", "") for text, _ in texts]


@pytest.mark.npm
def test_a_known_length(hosts: ModuleType) -> None:
    shape = (120, 260)
    touching = drawn_pages.ink(shape, drawn_pages.row("8808", 20, 20, 80, gap=-0.06), 7)
    page = drawn_pages.photographed(drawn_pages.written(drawn_pages.paper(shape), touching))
    compare(hosts, {f"length {length}": (page, {"length": length}) for length in (1, 3, 4, 5)})
    tiny = [cv2.resize(image, (12, 12), interpolation=cv2.INTER_AREA) for image in load_train().images[:6]]
    compare(hosts, {f"tiny {place}": (picture, {"length": 2}) for place, picture in enumerate(tiny)})


@pytest.mark.npm
def test_touching_digits(hosts: ModuleType) -> None:
    readings = compare(hosts, {values: (picture, {}) for picture, values in touching_rows(8)})
    assert sum(one["string"] != "" for one in readings) >= 4


@pytest.mark.npm
def test_what_is_no_digit_and_odd_shapes(hosts: ModuleType) -> None:
    rng = np.random.default_rng(0)
    digit = cv2.resize(load_train().images[0], (90, 90))
    drawing = np.dstack([np.zeros((90, 90, 3), np.uint8), digit])
    light = np.dstack([np.full((90, 90, 3), 230, np.uint8), digit])
    separated = np.full((120, 420), 255, np.uint8)
    for place, image in enumerate(load_train().images[1:4]):
        separated[30:86, 30 + 130 * place : 86 + 130 * place] -= cv2.resize(image, (56, 56))
    cv2.circle(separated, (125, 84), 5, 0, -1)
    cv2.line(separated, (232, 58), (262, 58), 0, 6)
    readings = compare(
        hosts,
        {
            "blank": (np.full((200, 300), 240, np.uint8), {}),
            "one pixel": (np.zeros((1, 1), np.uint8), {}),
            "a line": (rng.integers(0, 255, (1, 300)).astype(np.uint8), {}),
            "a column": (np.full((700, 2), 90, np.uint8), {}),
            "noise": (rng.integers(0, 255, (150, 200, 3)).astype(np.uint8), {}),
            "a transparent drawing": (drawing, {}),
            "a light transparent drawing": (light, {}),
            "separators": (separated, {}),
        },
    )
    assert readings[0]["outcome"] == "blank"
    assert readings[5]["string"] == readings[6]["string"] == str(load_train().labels[0])
    assert readings[7]["separators"]


def test_every_constant_is_used_and_none_is_missing() -> None:
    source = "\n".join(path.read_text() for path in READER.glob("*.js"))
    used = {
        (module, name)
        for names, module in re.findall(r"const \{([^}]*)\}\s*= parameters\.(\w+);", source)
        for name in re.findall(r"\w+", names)
    }
    used |= set(re.findall(r"parameters\.(\w+)\.([A-Z_]+)", source))
    known = {(module, name) for module, values in reading_parameters().items() for name in values}
    assert used - known == set()
    # Of pictures that are not ink yet, of files, and of training.
    of_python_alone = {("normalize", "MIN_CONTRAST"), ("finder", "FORMAT_VERSION")}
    assert known - used == {*of_python_alone, ("finder", "MIN_DEVIATION")}
