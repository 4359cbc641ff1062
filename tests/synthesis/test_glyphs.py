from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

import inkdigits.synthesis
from inkdigits.modelfile.load import load_classifier
from inkdigits.synthesis.glyphs import LETTERS, SIZE, Glyphs, is_held_out, load_glyphs, sample_glyphs

ROOT = Path(__file__).parents[2]
SHIPPED = Path(inkdigits.synthesis.__file__).parent


def test_no_font_is_both_trained_on_and_held_out() -> None:
    train, held_out = (set(load_glyphs(split).fonts.tolist()) for split in ("train", "held_out"))

    assert not train & held_out
    assert len(held_out) >= 0.3 * len(train | held_out)
    assert len(train | held_out) >= 80
    assert all(is_held_out(font) for font in held_out)


def test_every_font_has_every_digit_in_its_box() -> None:
    for split in ("train", "held_out"):
        digits = load_glyphs(split).digits
        plain = digits.take(digits.styles == "plain")
        assert len(plain) == 10 * len(np.unique(plain.fonts))
        rows = (digits.images > 0).any(axis=2)
        columns = (digits.images > 0).any(axis=1)
        longest = np.maximum(rows.sum(axis=1), columns.sum(axis=1))
        assert digits.images.shape[1:] == (SIZE, SIZE)
        assert (longest >= SIZE - 8).all()  # fitted to the box, but for gaps between strokes and faint edges
        assert digits.images.reshape(len(digits), -1).max(axis=1).min() == 255


def test_a_network_that_never_saw_a_font_reads_their_digits() -> None:
    """An oracle from outside: the pictures show what their labels say."""
    digits = load_glyphs("held_out").digits
    pictures, rows = sample_glyphs(digits.take(digits.styles == "plain"), np.random.default_rng(0), 600)
    labels = digits.take(digits.styles == "plain").characters[rows].astype(int)

    assert (load_classifier("cnn").predict_proba(pictures).argmax(axis=1) == labels).mean() > 0.85


def test_added_strokes_change_the_digit_they_are_added_to() -> None:
    for style, digit in (("crossed", "7"), ("slashed", "0"), ("foot", "1")):
        glyphs = load_glyphs("train")
        changed = glyphs.take(glyphs.styles == style)
        assert len(changed) > 30
        assert set(changed.characters.tolist()) == {digit}
        for font, image in zip(changed.fonts[:5], changed.images[:5], strict=True):
            assert not np.array_equal(_plain(glyphs, font, digit), image)


def _plain(glyphs: Glyphs, font: str, character: str) -> np.ndarray:
    rows = (glyphs.fonts == font) & (glyphs.characters == character) & (glyphs.styles == "plain")
    return glyphs.images[rows][0]


def test_letters_are_no_digits() -> None:
    assert not set(LETTERS) & set("0123456789OoQDIl|ZzSsBbGgqAyYTt")
    glyphs = load_glyphs("train")
    with (ROOT / "tools" / "glyph_scripts.tsv").open(encoding="utf-8") as lines:
        others = set("".join(row["characters"] for row in csv.DictReader(lines, delimiter="\t")))
    assert set(glyphs.letters.characters.tolist()) <= set(LETTERS) | others
    assert set(glyphs.other_scripts.characters.tolist()) <= others
    assert not any(character.isascii() or character.isdecimal() for character in others)


def test_every_font_is_attributed_and_its_licence_allows_it() -> None:
    listed = {
        cells[1]: (cells[3], cells[4])
        for line in (SHIPPED / "fonts.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and (cells := [cell.strip() for cell in line.split("|")])[1] != "font"
    }
    shipped = {font for split in ("train", "held_out") for font in load_glyphs(split).fonts.tolist()}

    assert shipped <= set(listed)
    for font in shipped:
        licence, copyright_line = listed[font]
        assert licence in {"OFL-1.0", "OFL-1.1", "Apache-2.0", "MIT", "UFL-1.0", "Bitstream-Vera"}, font
        assert len(copyright_line) > 5, font


def test_fonts_that_were_dropped_are_not_shipped() -> None:
    with (ROOT / "tools" / "glyph_fonts.tsv").open(encoding="utf-8") as lines:
        dropped = {row["name"] for row in csv.DictReader(lines, delimiter="\t") if row["drop"]}

    assert dropped
    for split in ("train", "held_out"):
        assert not dropped & set(load_glyphs(split).fonts.tolist())


def test_the_file_is_small() -> None:
    assert (SHIPPED / "glyphs.npz").stat().st_size < 3_000_000
