"""`read --preview`: the picture in the terminal."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from inkdigits.cli.terminal_kind import TerminalKind
from inkdigits.cli.terminal_picture import picture_for_terminal
from inkdigits.datasets.mnist import load_test
from tests.conftest import Cli

RED_ABOVE_BLUE = np.zeros((4, 6, 3), np.uint8)
RED_ABOVE_BLUE[:2, :, 0] = RED_ABOVE_BLUE[2:, :, 2] = 255


def _decoded(content: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        return np.asarray(picture)


def test_terminals_that_show_pictures_get_the_picture() -> None:
    kitty = picture_for_terminal(RED_ABOVE_BLUE, TerminalKind("kitty"))
    parts = re.findall(r"\x1b_G[^;]*;([^\x1b]*)\x1b\\", kitty)
    np.testing.assert_array_equal(_decoded("".join(parts)), RED_ABOVE_BLUE)
    inline = picture_for_terminal(RED_ABOVE_BLUE, TerminalKind("iterm"))
    np.testing.assert_array_equal(_decoded(inline.partition(":")[2].rstrip("\a")), RED_ABOVE_BLUE)


def test_a_large_picture_is_sent_to_kitty_in_chunks() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3)).astype(np.uint8)
    sent = picture_for_terminal(noise, TerminalKind("kitty"))
    chunks = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", sent)
    assert [keys[-3:] for keys, _ in chunks] == ["m=1"] * (len(chunks) - 1) + ["m=0"]
    assert max(len(chunk) for _, chunk in chunks) <= 4096
    np.testing.assert_array_equal(_decoded("".join(chunk for _, chunk in chunks)), noise)


def test_others_get_blocks(main_here: Cli, tmp_path: Path) -> None:
    Image.fromarray(load_test().images[0]).save(tmp_path / "seven.png")
    result = main_here("read", tmp_path / "seven.png", "--preview")
    assert result.returncode == 0
    assert "7" in result.stdout
    assert result.stderr.count("\u2580") > 1000
