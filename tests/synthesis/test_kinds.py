from __future__ import annotations

from inkdigits.synthesis import kinds
from inkdigits.synthesis.corruptions import CORRUPTIONS, STRENGTHS
from inkdigits.synthesis.nondigits import FAMILIES

# What issue 5 lets the training of `reader` use.
AUGMENTATION = {
    *("translate", "rotate", "shear", "scale", "perspective", "thin", "fat", "elastic", "gaussian_blur"),
    *("gaussian_noise", "contrast", "erase", "dotted_line", "zigzag"),
}


def test_trained_on_and_held_out_kinds_are_disjoint_and_are_all_kinds() -> None:
    corruptions = kinds.TRAINED_CORRUPTIONS, kinds.HELD_OUT_CORRUPTIONS
    families = kinds.TRAINED_NONDIGITS, kinds.HELD_OUT_NONDIGITS
    for (trained_on, held_out), every in ((corruptions, CORRUPTIONS), (families, FAMILIES)):
        assert not set(trained_on) & set(held_out)
        assert set(trained_on) | set(held_out) == set(every)
        assert len(trained_on) + len(held_out) == len(every)


def test_enough_kinds_are_held_out() -> None:
    assert len(CORRUPTIONS) >= 15
    assert len(STRENGTHS) == 5
    assert len(kinds.HELD_OUT_CORRUPTIONS) >= 5
    assert len(kinds.HELD_OUT_NONDIGITS) >= 3


def test_augmentation_uses_no_held_out_kind() -> None:
    assert set(kinds.TRAINED_CORRUPTIONS) >= AUGMENTATION
