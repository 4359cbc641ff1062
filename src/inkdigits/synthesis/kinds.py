"""Which kinds of made pictures a network may be trained on, and which are kept to judge it: the one list of both.

A network that has met a kind of damage in training does well on it; what a stranger's picture will do to it shows only
on kinds that it has never met. Fonts are parted by `glyphs.is_held_out`.
"""

from __future__ import annotations

__all__ = ["HELD_OUT_CORRUPTIONS", "HELD_OUT_NONDIGITS", "TRAINED_CORRUPTIONS", "TRAINED_NONDIGITS"]

# Kinds that augmentation meets, itself or a near relative: noise, blur, contrast, pen, geometry, gaps and lines.
TRAINED_CORRUPTIONS = (
    "shot_noise",
    "gaussian_noise",
    "gaussian_blur",
    "brightness",
    "contrast",
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
    "impulse_noise",
    "glass_blur",
    "motion_blur",
    "stripe",
    "fog",
    "spatter",
    "canny_edges",
    "jpeg",
    "quantize",
)

TRAINED_NONDIGITS = (
    "scribbles",
    "polygons",
    "crosses_and_ticks",
    "stars",
    "blots",
    "gradients",
    "value_noise",
    "pepper",
    "checker",
    "full_frame",
    "halves",
    "quarters",
    "turned",
    "two_digits",
    "destroyed",
    "pen_letters",
    "letters",
    "letters_of_other_scripts",
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
