"""Which kinds of made pictures a network may be trained on, and which are kept to judge it: the one list of both.

A network that has met a kind of damage in training does well on it; what a stranger's picture will do to it shows only
on kinds that it has never met. Fonts are parted by `glyphs.is_held_out`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["HELD_OUT_CORRUPTIONS", "HELD_OUT_NONDIGITS", "TRAINED_CORRUPTIONS", "TRAINED_NONDIGITS"]

# Kinds that augmentation meets, itself or a near relative: noise, specks, blur, contrast, few tones, pen, geometry,
# gaps and lines.
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

# With their shares of what is mixed into a training: pen strokes are taken for digits more easily than textures are.
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
