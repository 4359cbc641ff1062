"""Printed numbers beside signs, the digits in them, and candidates with ink of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inkdigits.reading.components import Component
from inkdigits.reading.segmentation import Candidate

__all__ = ["SIGNS", "candidate", "printed"]

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


def candidate(value: int, x: int, y: int, cover: NDArray[np.uint8]) -> Candidate:
    """Ink at (x, y) that the classifier is certain to be `value`."""
    component = Component(x, y, cover.shape[1], cover.shape[0], cover, 1.0)
    return Candidate(component, np.zeros((28, 28), np.uint8), np.eye(10, dtype=np.float32)[value])
