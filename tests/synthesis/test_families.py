from __future__ import annotations

from inkdigits.synthesis import augment, families
from inkdigits.synthesis.corruptions import CORRUPTIONS, SEVERITIES
from inkdigits.synthesis.nondigits import FAMILIES

# What each part of the augmentation does to a digit, by the kinds of damage that it is or is near to.
KINDS_OF_WEAR = {
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
KINDS_OF_BENDING = {"translate", "rotate", "shear", "scale", "perspective", "elastic"}


def test_trained_on_and_held_out_kinds_are_disjoint_and_are_all_kinds() -> None:
    corruptions = families.TRAINED_CORRUPTIONS, families.HELD_OUT_CORRUPTIONS
    nondigits = families.TRAINED_NONDIGITS, families.HELD_OUT_NONDIGITS
    for (trained_on, held_out), every in ((corruptions, CORRUPTIONS), (nondigits, FAMILIES)):
        assert not set(trained_on) & set(held_out)
        assert set(trained_on) | set(held_out) == set(every)
        assert len(trained_on) + len(held_out) == len(every)


def test_enough_kinds_are_held_out() -> None:
    assert len(CORRUPTIONS) >= 15
    assert len(SEVERITIES) == 5
    assert len(families.HELD_OUT_CORRUPTIONS) >= 5
    assert len(families.HELD_OUT_NONDIGITS) >= 3


def test_augmentation_uses_no_held_out_kind() -> None:
    assert {wear.__name__ for wear, _ in augment._WEAR} == set(KINDS_OF_WEAR)
    assert set(families.TRAINED_CORRUPTIONS) == KINDS_OF_BENDING.union(*KINDS_OF_WEAR.values())
