"""Render `src/inkdigits/synthesis/glyphs.npz` and its list of fonts `fonts.md` from a folder of installed fonts.

    mkdir fonts && cd fonts && npm install --ignore-scripts $(python ../tools/build_glyphs.py --packages)
    # Debian's fonts: apt-get download, then dpkg -x each into fonts/debian/
    pip install fonttools && python ../tools/build_glyphs.py . --sheet sheet.png

Only fonts in `glyph_fonts.tsv` are used (font, package, file below the folder; `drop` is the reason why a font is left
out), and for letters of other scripts those in `glyph_scripts.tsv`, or where none is named there those beside a font of
the first table. Letters that have the shape of a digit are in neither. Every picture is drawn large and then shrunk, so
that thin strokes stay anti-aliased.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inkdigits.synthesis.glyphs import LETTERS, SIZE, is_held_out

HERE = Path(__file__).parent
OUT = HERE.parent / "src" / "inkdigits" / "synthesis"
LARGE = 200  # pixels, the size at which a glyph is drawn
MARGIN = 2
LEVELS = 16  # grey levels, which keep the file small
# Fonts of `glyph_scripts.tsv`, of Debian's package fonts-noto-core.
NOTO = "debian/fonts-noto-core/usr/share/fonts/truetype/noto"
# Brackets of a font are left out where they are narrower than this fraction of their height: they are ones.
BRACKETS, MIN_WIDTH = "()[]{}", 0.28
ALLOWED = {"OFL-1.0", "OFL-1.1", "Apache-2.0", "MIT", "UFL-1.0", "Bitstream-Vera"}

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Font:
    """One line of `glyph_fonts.tsv`. `licence` and `copyright` are read from the package where they are empty."""

    name: str
    package: str
    file: str
    drop: str
    licence: str
    copyright: str


@dataclass(frozen=True)
class Glyph:
    """One picture of a character."""

    image: Grey
    character: str
    font: str
    style: str


@dataclass(frozen=True)
class Script:
    """One line of `glyph_scripts.tsv`: letters of a script.

    `font` is a Noto font; empty, the letters are drawn with the fonts of `glyph_fonts.tsv` that have them.
    """

    script: str
    font: str
    characters: str


def listed_fonts() -> list[Font]:
    """The table of fonts, in its order."""
    return [Font(**row) for row in _rows("glyph_fonts.tsv")]


def listed_scripts() -> list[Script]:
    """The table of scripts, in its order."""
    return [Script(**row) for row in _rows("glyph_scripts.tsv")]


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return [{key: value or "" for key, value in row.items()} for row in rows]


def attributed(font: Font, folder: Path) -> Font:
    """`font` with its licence and copyright line, read from the npm package where the table holds none."""
    if font.licence:
        return font
    licence_data = json.loads((folder / "node_modules" / font.package / "metadata.json").read_text())["license"]
    licence = {"mit": "MIT"}.get(licence_data["type"], licence_data["type"])
    # The packages of a family repeat the line for each of its files.
    line = re.split(r" \S+\.[ot]tf:", " ".join(licence_data["attribution"].split()))[0]
    return Font(font.name, font.package, font.file, font.drop, licence, line)


def glyphs_of(font: Font, folder: Path) -> list[Glyph]:
    """Every picture of one font: digits, their other styles, and letters without the shape of a digit."""
    drawn = _drawn(folder / font.file, "0123456789" + LETTERS)
    drawn = {char: ink for char, ink in drawn.items() if char not in BRACKETS or _is_wide(ink)}
    if missing := [char for char in "0123456789" if char not in drawn]:
        raise SystemExit(f"{font.name}: no {' '.join(missing)} in {font.file}: give the reason in the column drop")
    glyphs = [Glyph(_fit(ink), char, font.name, "plain") for char, ink in drawn.items()]
    for char, style, change in (("7", "crossed", _cross_seven), ("0", "slashed", _slash_zero), ("1", "foot", _foot)):
        changed = change(drawn[char])
        if changed is not None:
            glyphs.append(Glyph(_fit(changed), char, font.name, style))
    return glyphs + _plain(_scripts_beside(folder / font.file), font.name)


def _is_wide(ink: Grey) -> bool:
    height, width = ink.shape
    return width >= MIN_WIDTH * height


def _plain(drawn: Mapping[str, Grey], font: str) -> list[Glyph]:
    return [Glyph(_fit(ink), char, font, "plain") for char, ink in drawn.items()]


def _scripts_beside(latin: Path) -> dict[str, Grey]:
    """Letters of other scripts, from the file itself or from those beside it, one for each script."""
    drawn: dict[str, Grey] = {}
    for script in listed_scripts():
        for path in {latin, latin.with_name(latin.name.replace("-latin-", f"-{script.script}-"))}:
            if not script.font and path.exists():
                drawn |= _drawn(path, script.characters)
    return drawn


def noto_glyphs(folder: Path) -> dict[str, list[Glyph]]:
    """Letters of the Noto fonts, by font."""
    scripts = [script for script in listed_scripts() if script.font]
    return {
        script.font: _plain(_drawn(folder / NOTO / f"{script.font}.ttf", script.characters), script.font)
        for script in scripts
    }


def _drawn(path: Path, wanted: str) -> dict[str, Grey]:
    """The characters that the font in `path` has, drawn large."""
    source = TTFont(path)
    known = source.getBestCmap()
    source.flavor = None
    plain = io.BytesIO()
    source.save(plain)
    plain.seek(0)
    face = ImageFont.truetype(plain, LARGE)
    drawn = {char: _draw(face, char) for char in wanted if ord(char) in known}
    return {char: ink for char, ink in drawn.items() if ink.size}


def _draw(face: ImageFont.FreeTypeFont, char: str) -> Grey:
    left, top, right, bottom = face.getbbox(char)
    canvas = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8))
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), char, fill=255, font=face)
    ink = np.asarray(canvas)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return np.zeros((0, 0), np.uint8)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


def _fit(ink: Grey) -> Grey:
    """`ink` centred in SIZE x SIZE with its aspect ratio, at full contrast and with LEVELS grey levels."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = (SIZE - 2 * MARGIN) / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    small = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    canvas = np.zeros((SIZE, SIZE), np.float32)
    top, left = (SIZE - height) // 2, (SIZE - width) // 2
    canvas[top : top + height, left : left + width] = small * 255 / max(1, small.max())
    step = 255 / (LEVELS - 1)
    return (np.round(canvas / step) * step).round().astype(np.uint8)


def _stroke(ink: Grey) -> int:
    """The thickness of a font's strokes in pixels: twice the distance from a stroke's middle to its edge."""
    distance = cv2.distanceTransform((ink > 127).astype(np.uint8), cv2.DIST_L2, 3)
    ridge = distance[distance >= cv2.dilate(distance, np.ones((3, 3))) - 1e-3]
    return max(4, round(2 * float(np.median(ridge[ridge > 0]))))


def _padded(ink: Grey) -> Grey:
    return np.pad(ink, LARGE // 3)


def _middle_of(row: Grey) -> int:
    return round(float(np.flatnonzero(row > 127).mean()))


def _cross_seven(seven: Grey) -> Grey | None:
    ink = _padded(seven)
    height, width = seven.shape
    y = LARGE // 3 + round(0.52 * height)
    if not (ink[y] > 127).any() or (ink[y] > 127).sum() > 3 * _stroke(seven):
        return None  # nothing to cross, or already crossed
    x, half = _middle_of(ink[y]), round(0.32 * max(width, 0.5 * height))
    cv2.line(ink, (x - half, y + half // 8), (x + half, y - half // 8), 255, _stroke(seven), cv2.LINE_AA)
    return ink


def _slash_zero(zero: Grey) -> Grey | None:
    height, width = zero.shape
    inside = zero[height // 3 : 2 * height // 3, 2 * width // 5 : 3 * width // 5]
    if inside.mean() > 40:
        return None  # already dotted or slashed
    ink, pad = _padded(zero), LARGE // 3
    start = (pad + round(0.1 * width), pad + round(0.92 * height))
    end = (pad + round(0.9 * width), pad + round(0.08 * height))
    cv2.line(ink, start, end, 255, _stroke(zero), cv2.LINE_AA)
    return ink


def _foot(one: Grey) -> Grey | None:
    height, _ = one.shape
    lowest = one[-max(2, height // 20) :]
    if (lowest > 127).any(axis=0).sum() > 2 * _stroke(one) or _stroke(one) > 0.25 * height:
        return None  # it has a foot, or strokes too thick for one
    ink, pad = _padded(one), LARGE // 3
    x, y, half = _middle_of(lowest.max(axis=0)) + pad, pad + height - _stroke(one) // 2, round(0.22 * height)
    cv2.line(ink, (x - half, y), (x + half, y), 255, _stroke(one), cv2.LINE_AA)
    return ink


def duplicates(fonts: dict[str, list[Glyph]]) -> dict[str, str]:
    """Fonts with the same ten digits as an earlier font, which is the value: mean correlation above 0.97."""
    kept: dict[str, NDArray[np.float32]] = {}
    found = {}
    for name, glyphs in fonts.items():
        digits = np.stack([g.image.ravel() for g in glyphs if g.style == "plain" and g.character.isdigit()])
        centred = digits - digits.mean(axis=1, keepdims=True)
        unit = (centred / np.linalg.norm(centred, axis=1, keepdims=True)).astype(np.float32)
        nearest = max(kept, key=lambda other: float((kept[other] * unit).sum(axis=1).mean()), default=None)
        if nearest and float((kept[nearest] * unit).sum(axis=1).mean()) > 0.97:
            found[name] = nearest
        else:
            kept[name] = unit
    return found


def write_contact_sheet(path: Path, fonts: dict[str, list[Glyph]], wanted: str) -> None:
    """A contact sheet: a row for each font, with its name on the left."""
    cell = SIZE + 4
    sheet = Image.new("L", (200 + cell * (len(wanted) + 3), cell * len(fonts)))
    draw = ImageDraw.Draw(sheet)
    for row, (name, glyphs) in enumerate(fonts.items()):
        draw.text((2, row * cell + 14), f"{name}{' *' if is_held_out(name) else ''}", fill=200)
        plain = {g.character: g for g in glyphs if g.style == "plain"}
        cells = [plain.get(char) for char in wanted] + [g for g in glyphs if g.style != "plain"]
        for column, glyph in enumerate(cells):
            if glyph is not None:
                sheet.paste(Image.fromarray(glyph.image), (200 + column * cell, row * cell + 2))
    sheet.save(path)


def write(fonts: dict[str, list[Glyph]], listed: list[Font]) -> None:
    """The data file and the list of fonts beside it."""
    glyphs = [glyph for of_font in fonts.values() for glyph in of_font]
    np.savez_compressed(
        OUT / "glyphs.npz",
        images=np.stack([g.image for g in glyphs]),
        characters=np.array([g.character for g in glyphs]),
        fonts=np.array([g.font for g in glyphs]),
        styles=np.array([g.style for g in glyphs]),
    )
    attributed_fonts = [font for font in [*listed, *_noto_fonts()] if font.name in fonts]
    rows = [f"| {font.name} | {font.package} | {font.licence} | {font.copyright} |" for font in attributed_fonts]
    (OUT / "fonts.md").write_text(_ABOUT + "\n".join(rows) + "\n", encoding="utf-8")


def _noto_fonts() -> list[Font]:
    copyright_line = "2010, 2012-2020, Google Inc.; 2015-2020, Google LLC."
    return [
        Font(script.font, "Debian fonts-noto-core", "", "", "OFL-1.1", copyright_line)
        for script in listed_scripts()
        if script.font
    ]


_ABOUT = """# Fonts

`glyphs.npz` holds small pictures (40x40) of digits and letters drawn with these fonts by `tools/build_glyphs.py`; no
font is shipped. The pictures of 7, 0 and 1 with the styles "crossed", "slashed" and "foot" have an added stroke.

| font | package | licence | copyright |
| --- | --- | --- | --- |
"""


def main() -> None:
    """Build the file, or print the packages that it needs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--packages", action="store_true", help="print the npm packages to install")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of every font here")
    options = parser.parse_args()
    listed = listed_fonts()
    if options.packages:
        print(" ".join(sorted({font.package for font in listed if font.package.startswith("@") and not font.drop})))
        return
    used = [attributed(font, options.folder) for font in listed if not font.drop]
    for font in used:
        if font.licence not in ALLOWED:
            raise SystemExit(
                f"{font.name}: licence {font.licence} is not one of {', '.join(sorted(ALLOWED))}: "
                "drop the font in glyph_fonts.tsv"
            )
    fonts = {font.name: glyphs_of(font, options.folder) for font in used}
    for name, other in duplicates(fonts).items():
        print(f"left out: {name}, its digits are those of {other}")
        del fonts[name]
    if options.sheet:
        letters = "".join(script.characters for script in listed_scripts() if not script.font)
        write_contact_sheet(options.sheet, fonts, "0123456789" + LETTERS + letters)
    fonts |= noto_glyphs(options.folder)
    write(fonts, used)
    print(f"{len(fonts)} fonts, {sum(map(is_held_out, fonts))} held out, {sum(map(len, fonts.values()))} pictures")


if __name__ == "__main__":
    main()
