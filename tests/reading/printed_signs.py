"""Printed numbers beside signs, and the digits in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIGNS", "printed"]

SIGNS = (("50%", "50"), ("7 %", "7"), ("(12)", "12"), ("(3)", "3"), ("12!", "12"), ("4?", "4"), ("%", ""), ("!", ""))


def printed(text: str, height: int, font: str = "DejaVuSans.ttf") -> NDArray[np.uint8]:
    """`text` on paper, uint8 (h, w), in a font of `height` pixels."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    face = ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / font, height)
    left, top, right, bottom = face.getbbox(text)
    picture = Image.new("L", (round(right - left) + height, round(bottom - top) + height), 240)
    ImageDraw.Draw(picture).text((height // 2 - left, height // 2 - top), text, fill=30, font=face)
    return np.asarray(picture)
