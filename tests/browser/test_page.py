"""The page as a person uses it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from inkdigits.datasets.folder import load_folder
from inkdigits.datasets.mnist import load_test
from inkdigits.modelfile.predictor import shipped_models
from tests.browser.conftest import PHONE, OpenPage, draw, press_pen, touch, wait_for_string
from tests.browser.strokes import STROKES
from tests.serving.server import Served, serving

pytestmark = pytest.mark.browser


def test_each_digit_by_mouse(open_page: OpenPage) -> None:
    page = open_page()
    for digit, strokes in STROKES.items():
        draw(page, strokes)
        wait_for_string(page, str(digit))
        expect(page.locator("#words")).to_contain_text(str(digit))
        page.click("#clear")
        expect(page.locator("#words")).to_have_text("Nothing drawn yet")


def test_each_digit_by_finger(open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    for digit, strokes in STROKES.items():
        touch(page, strokes)
        wait_for_string(page, str(digit))
        page.click("#clear")  # on a busy machine a tap becomes a long press
        expect(page.locator("#words")).to_have_text("Nothing drawn yet")


def test_what_is_shown_of_a_digit(open_page: OpenPage) -> None:
    page = open_page()
    draw(page, STROKES[7])
    wait_for_string(page, "7")
    assert sorted(page.locator("#bars thead th").all_inner_texts()[1:]) == shipped_models()
    expect(page.locator("#bars tbody tr")).to_have_count(10)
    expect(page.locator("#bars td.best")).to_have_count(len(shipped_models()))
    expect(page.locator("#bars tbody tr:nth-child(8) td.best")).to_have_count(len(shipped_models()))
    lit = (
        "id => document.querySelector(id).getContext('2d').getImageData(0, 0, 28, 28).data.filter(v => v > 128).length"
    )
    assert page.evaluate(lit, "#network-input") > 784 + 100  # opacity counts 784 times, ink three times a pixel
    page.wait_for_function(
        # A network that still reads the 7 whatever is covered has a pale map; those of dense and cnn are not.
        "() => [...document.querySelectorAll('#bars tfoot canvas')].filter(map => {"
        "const d = map.getContext('2d').getImageData(0, 0, 28, 28).data;"
        "for (let i = 0; i < d.length; i += 4) if (d[i] > d[i + 2] + 60) return true; return false}).length >= 2"
    )


def test_several_digits_undo_and_details(open_page: OpenPage) -> None:
    page = open_page()
    draw(page, STROKES[4], right=-90, scale=0.9)
    draw(page, STROKES[2], right=150, scale=0.9)
    wait_for_string(page, "42")
    expect(page.locator("#words")).to_have_text("Two digits")
    page.click("#digits li:nth-child(2) button")
    expect(page.locator("#bars tbody tr:nth-child(3) td.best").first).to_be_visible()
    page.click("#undo")
    wait_for_string(page, "4")
    page.locator("#pad").focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator("#words")).to_have_text("Nothing drawn yet")


def test_what_is_drawn_last_is_looked_at_whether_left_or_right(open_page: OpenPage) -> None:
    page = open_page()
    for places, strings in (((-160, 150), ("2", "24")), ((150, -160), ("2", "42"))):
        for digit, right, string in zip((2, 4), places, strings, strict=True):
            draw(page, STROKES[digit], right=right, scale=0.9)
            wait_for_string(page, string)
            chosen = page.locator("#digits button[aria-pressed=true]")
            expect(chosen).to_have_text(str(digit))
            expect(page.locator(f"#bars tbody tr:nth-child({digit + 1}) td.best").first).to_be_visible()
        page.click("#clear")


def _ink(page: Page) -> int:
    amount: int = page.evaluate(
        "() => document.querySelector('#pad').getContext('2d').getImageData(0, 0, 640, 480)"
        ".data.filter((v, i) => i % 4 === 3 && v > 0).length"
    )
    return amount


def test_thickness_counts(open_page: OpenPage) -> None:
    page = open_page()
    amounts = []
    for thickness in ("8", "40"):
        page.locator("#thickness").fill(thickness)
        draw(page, STROKES[1])
        wait_for_string(page, "1")
        amounts.append(_ink(page))
        page.click("#clear")
    assert amounts[1] > 3 * amounts[0]


def test_a_pens_pressure_counts(open_page: OpenPage) -> None:
    page = open_page()
    amounts = []
    for force in (0.1, 1.0):
        press_pen(page, STROKES[7], force)
        wait_for_string(page, "7")
        amounts.append(_ink(page))
        page.click("#clear")
    assert amounts[1] > 1.8 * amounts[0]


def test_the_pages_of_a_file_are_shown_one_by_one(open_page: OpenPage, tmp_path: Path) -> None:
    pages = [Image.fromarray(load_test().images[index]) for index in (0, 1, 2)]  # 7, 2, 1
    pages[0].save(tmp_path / "scan.tiff", save_all=True, append_images=pages[1:])
    page = open_page()
    expect(page.locator("#pages")).to_be_hidden()
    page.set_input_files("#choose", tmp_path / "scan.tiff")
    wait_for_string(page, "7")
    expect(page.locator("#page")).to_have_text("Page 1 of 3")
    page.click("#next")
    wait_for_string(page, "2")
    page.click("#next")
    wait_for_string(page, "1")
    expect(page.locator("#next")).to_be_disabled()
    page.click("#clear")
    expect(page.locator("#pages")).to_be_hidden()


def test_a_photo_with_boxes(open_page: OpenPage, tmp_path: Path) -> None:
    sheet = np.full((900, 1200), 205, np.uint8)
    digits = load_test()
    for place, index in enumerate([0, 1, 2]):  # 7, 2, 1
        large = np.kron(digits.images[index], np.ones((9, 9), np.uint8))
        sheet[300:552, 100 + 350 * place : 352 + 350 * place] -= (large * 0.7).astype(np.uint8)
    Image.fromarray(sheet).save(tmp_path / "photo.jpg")
    page = open_page()
    page.set_input_files("#choose", tmp_path / "photo.jpg")
    wait_for_string(page, "721")
    boxes = page.locator("#boxes button")
    expect(boxes).to_have_count(3)
    boxes.nth(1).click()
    expect(boxes.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#bars tbody tr:nth-child(3) td.best").first).to_be_visible()
    stage, box = page.locator("#stage").bounding_box(), boxes.nth(0).bounding_box()
    assert stage
    assert box
    assert 0.08 < (box["x"] - stage["x"]) / stage["width"] < 0.2
    draw(page, STROKES[3])  # a stroke takes the picture's place
    wait_for_string(page, "3")
    expect(page.locator("#picture")).to_be_hidden()


def test_drop_and_paste(open_page: OpenPage) -> None:
    page = open_page()
    for kind in ("drop", "paste"):
        page.evaluate(
            """async kind => {
                const canvas = new OffscreenCanvas(200, 200), c = canvas.getContext('2d');
                c.fillStyle = '#fff'; c.fillRect(0, 0, 200, 200); c.lineWidth = 14;
                c.beginPath(); c.moveTo(100, 40); c.lineTo(97, 160); c.stroke();
                const data = new DataTransfer();
                data.items.add(new File([await canvas.convertToBlob()], 'one.png', { type: 'image/png' }));
                const event = kind === 'drop'
                    ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
                    : new ClipboardEvent('paste', { clipboardData: data, bubbles: true });
                document.querySelector('#stage').dispatchEvent(event);
            }""",
            kind,
        )
        wait_for_string(page, "1")
        page.click("#clear")


def test_it_says_honestly_what_is_no_digit(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    Image.new("L", (300, 300), 240).save(tmp_path / "blank.png")
    page.set_input_files("#choose", tmp_path / "blank.png")
    expect(page.locator("#words")).to_have_text("Blank: no ink found")
    (tmp_path / "text.png").write_bytes(b"not a picture")
    page.set_input_files("#choose", tmp_path / "text.png")
    expect(page.locator("#words")).to_contain_text("not a picture")
    expect(page.locator("#string")).to_be_empty()
    page.click("#clear")
    draw(page, [[(120, 240), (520, 244)]])
    expect(page.locator("#words")).to_have_text("Not a digit")


def test_a_correction_is_kept(open_page: OpenPage, kept: Path) -> None:
    page = open_page()
    draw(page, STROKES[7])
    wait_for_string(page, "7")
    page.click("#labels button:nth-child(2)")
    expect(page.locator("#kept")).to_contain_text("Kept as a 1")
    assert load_folder(kept).labels.tolist() == [1]


def test_copy(open_page: OpenPage) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    draw(page, STROKES[5])
    wait_for_string(page, "5")
    page.click("#copy")
    expect(page.locator("#copied")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "5"


def test_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("#pad").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    wait_for_string(page, "1")
    page.keyboard.press("Delete")
    expect(page.locator("#words")).to_have_text("Nothing drawn yet")


def test_everything_has_a_name(open_page: OpenPage) -> None:
    """What a screen reader says of each control; none is silent."""
    page = open_page()
    draw(page, STROKES[7])
    wait_for_string(page, "7")
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    controls = [
        n
        for n in nodes
        if n.get("role", {}).get("value") in ("button", "slider", "textbox", "link", "application", "image", "img")
    ]
    assert len(controls) > 15
    silent = [node for node in controls if not node.get("ignored") and not node.get("name", {}).get("value")]
    assert silent == []
    assert page.locator("#words").get_attribute("aria-live") == "polite"


def test_nothing_jumps(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(
        "() => { window.shift = 0;"
        "new PerformanceObserver(list => list.getEntries().forEach(e => { window.shift += e.value }))"
        ".observe({ type: 'layout-shift', buffered: true }) }"
    )
    draw(page, STROKES[8])
    wait_for_string(page, "8")
    draw(page, STROKES[1], right=160)
    wait_for_string(page, "81")
    page.wait_for_timeout(600)
    assert page.evaluate("window.shift") < 0.01


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (768, 1024), (1280, 860)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(open_page: OpenPage, tmp_path: Path, width: int, height: int, scheme: str) -> None:
    page = open_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    draw(page, STROKES[7])
    wait_for_string(page, "7")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    folder = Path(os.environ.get("INKDIGITS_SCREENSHOTS", tmp_path))
    page.wait_for_timeout(400)
    page.screenshot(path=folder / f"page-{width}-{scheme}.png", full_page=True)


def test_offline_and_back(open_page: OpenPage) -> None:
    page = open_page()
    page.context.set_offline(True)
    draw(page, STROKES[4])
    expect(page.locator("#notice")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    wait_for_string(page, "4")
    expect(page.locator("#notice")).to_be_hidden()


def test_the_token_is_asked_for_once(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token-of-some-length")
    with serving("--model", "cnn", "--token-file", tmp_path / "token", "--quiet") as server:
        page = browser.new_page()
        page.goto(server.url)
        page.fill("#token", "a-wrong-one-of-some-length")
        page.click("#askform button")
        expect(page.locator("#ask")).to_be_visible()
        page.fill("#token", "a-token-of-some-length")
        page.click("#askform button")
        page.wait_for_selector("#bars tbody tr:nth-child(10)", state="attached")
        draw(page, STROKES[2])
        wait_for_string(page, "2")
        page.reload()
        draw(page, STROKES[6])
        wait_for_string(page, "6")
        expect(page.locator("#ask")).to_be_hidden()
        page.close()


def test_the_api_is_described_without_the_internet(open_page: OpenPage, served: Served) -> None:
    page = open_page()
    page.click("nav a")
    page.wait_for_selector("details")
    assert page.locator("summary code").all_inner_texts()[0] == "/v1/read"
    page.locator("summary").first.click()
    expect(page.locator("pre").first).to_contain_text("-F picture=@digit.png")
    expect(page.locator("pre").first).to_contain_text("/some/path/v1/read")


def test_a_selection_does_not_break_drawing(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Control+a")
    draw(page, STROKES[7])
    wait_for_string(page, "7")
    # A press begun outside of the pad and let go over it leaves no stroke, and the next one is whole.
    page.click("#clear")
    page.locator("header h1").hover()
    page.mouse.down()
    page.locator("#pad").hover()
    page.mouse.up()
    expect(page.locator("#words")).to_have_text("Nothing drawn yet")
    draw(page, STROKES[4])
    wait_for_string(page, "4")


def test_clear_can_be_undone_from_anywhere(open_page: OpenPage) -> None:
    page = open_page()
    draw(page, STROKES[2])
    wait_for_string(page, "2")
    page.click("#clear")
    expect(page.locator("#words")).to_have_text("Nothing drawn yet")
    page.locator("nav a").focus()
    page.keyboard.press("Control+z")
    wait_for_string(page, "2")


def test_a_phone_held_sideways_can_scroll_and_draw(open_page: OpenPage) -> None:
    page = open_page(**{**PHONE, "viewport": {"width": 844, "height": 390}})
    frame = page.locator("#stage").bounding_box()
    assert frame is not None
    assert frame["height"] <= 390
    assert frame["x"] >= 60
    touch(page, STROKES[7])
    wait_for_string(page, "7")


def test_an_empty_page_invites_and_speaks_of_no_correction(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#invitation")).to_be_visible()
    expect(page.locator("#details")).to_be_hidden()
    expect(page.locator("#kept")).to_have_text("")
    draw(page, STROKES[7])
    wait_for_string(page, "7")
    expect(page.locator("#invitation")).to_be_hidden()
    expect(page.locator("#details")).to_be_visible()
    expect(page.locator("#kept")).to_have_text("")


def test_a_digit_at_the_edge_is_named_as_cut_off(open_page: OpenPage) -> None:
    page = open_page()
    draw(page, STROKES[7])
    wait_for_string(page, "7")
    expect(page.locator("#words")).not_to_contain_text("cut off")
    page.click("#clear")
    pad = page.locator("#pad").bounding_box()
    assert pad is not None
    page.mouse.move(pad["x"] + pad["width"] / 2, pad["y"] + 80)
    page.mouse.down()
    page.mouse.move(pad["x"] + pad["width"] / 2, pad["y"] + pad["height"] + 30, steps=10)
    page.mouse.up()
    expect(page.locator("#words")).to_contain_text("cut off by the edge")


def test_forced_colours_show_what_was_drawn(open_page: OpenPage) -> None:
    page = open_page(forced_colors="active")
    draw(page, STROKES[7])
    wait_for_string(page, "7")
    assert _ink(page) > 1000


def test_a_wrong_token_says_so_and_a_later_one_brings_everything(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token-of-some-length")
    with serving("--token-file", tmp_path / "token", "--quiet") as server:
        page = browser.new_page()
        page.goto(server.url)
        for wrong in ("not-the-right-token", "wörter"):
            page.fill("#token", wrong)
            page.click("#askform button")
            expect(page.locator("#wrong")).not_to_be_empty()
        page.fill("#token", "a-token-of-some-length")
        page.click("#askform button")
        page.wait_for_selector("#bars tbody tr:nth-child(10)", state="attached")
        draw(page, STROKES[7])
        wait_for_string(page, "7")
        page.close()
