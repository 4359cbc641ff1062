"""Corruptions and families of non-digits that a network may be trained on, and those held out for evaluation.

A network does well on corruptions that it was trained on; how robust it is shows only on others. Names are part of the
seeds of the robustness report, so renaming one changes its pictures. Fonts are divided by `glyphs.is_held_out`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["HELD_OUT_CORRUPTIONS", "HELD_OUT_NONDIGITS", "TRAINED_CORRUPTIONS", "TRAINED_NONDIGITS"]

# Those that `augment` applies, in the same or a similar form.
TRAINED_CORRUPTIONS = (
    "shot_noise",
    "gaussian_noise",
    "impulse_noise",
    "spatter",
    "gaussian_blur",
    "brightness",
    "contrast",
    "quantize",
    "dotted_line",
    "zigzag",
    "erase",
    "elastic",
    "perspective",
    "shear",
    "rotate",
    "scale",
    "translate",
    "thin",
    "fat",
    "pixelate",
)

HELD_OUT_CORRUPTIONS = (
    "glass_blur",
    "motion_blur",
    "stripe",
    "fog",
    "canny_edges",
    "jpeg",
)

# With their weights in training: pen strokes are taken for digits more easily than textures are.
TRAINED_NONDIGITS: Mapping[str, int] = MappingProxyType(
    {
        "scribbles": 2,
        "polygons": 1,
        "crosses_and_ticks": 1,
        "stars": 1,
        "blots": 1,
        "gradients": 1,
        "value_noise": 1,
        "pepper": 1,
        "checker": 1,
        "full_frame": 1,
        "halves": 1,
        "quarters": 1,
        "turned": 2,
        "two_digits": 1,
        "destroyed": 1,
        "pen_letters": 3,
        "letters": 2,
        "letters_of_other_scripts": 2,
        "joined_strokes": 4,
    }
)

HELD_OUT_NONDIGITS = (
    "arrows",
    "doodles",
    "waves",
    "stripes",
    "swirled",
    "crowds",
    "pen_letters_held_out",
    "letters_of_held_out_fonts",
)
