from __future__ import annotations

from inkdigits.synthesis import augment, families
from inkdigits.synthesis.corruptions import CORRUPTIONS, SEVERITIES
from inkdigits.synthesis.nondigits import FAMILIES

# The corruptions that each degradation of the augmentation is the same as or similar to.
CORRUPTIONS_LIKE = {
    "_coarsen": {"pixelate"},
    "_thicken": {"fat"},
    "_thin": {"thin"},
    "_break": {"erase"},
    "_line_through": {"dotted_line", "zigzag"},
    "_blur": {"gaussian_blur"},
    "_sharpen": {"contrast", "quantize"},
    "_fade": {"brightness", "contrast"},
    "_noise": {"gaussian_noise", "shot_noise"},
    "_specks": {"impulse_noise", "spatter"},
}
CORRUPTIONS_LIKE_WARPS = {"translate", "rotate", "shear", "scale", "perspective", "elastic"}


def test_every_corruption_and_family_is_either_trained_on_or_held_out() -> None:
    corruptions = families.TRAINED_CORRUPTIONS, families.HELD_OUT_CORRUPTIONS
    nondigits = families.TRAINED_NONDIGITS, families.HELD_OUT_NONDIGITS
    for (trained_on, held_out), every in ((corruptions, CORRUPTIONS), (nondigits, FAMILIES)):
        assert not set(trained_on) & set(held_out)
        assert set(trained_on) | set(held_out) == set(every)
        assert len(trained_on) + len(held_out) == len(every)


def test_enough_of_them_are_held_out() -> None:
    assert len(CORRUPTIONS) >= 15
    assert len(SEVERITIES) == 5
    assert len(families.HELD_OUT_CORRUPTIONS) >= 5
    assert len(families.HELD_OUT_NONDIGITS) >= 3


def test_augmentation_is_not_like_a_held_out_corruption() -> None:
    assert {degrade.__name__ for degrade, _ in augment._DEGRADATIONS} == set(CORRUPTIONS_LIKE)
    assert set(families.TRAINED_CORRUPTIONS) == CORRUPTIONS_LIKE_WARPS.union(*CORRUPTIONS_LIKE.values())
