"""Parity with Keras: rounding passes, anything larger does not."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets.labelled import LabelledDigits
from inkdigits.errors import ExportError
from inkdigits.modelfile.parity import check_parity, exact_probabilities
from inkdigits.networks.registry import build_network
from tests.modelfile.conftest import shaken


def test_parity_sees_a_difference_of_two_hundred_thousandths(thousand: LabelledDigits) -> None:
    model = shaken(build_network("dense"))
    right = exact_probabilities(model, thousand.images)
    assert check_parity(model, lambda images: right, thousand.images) == 0
    wrong = right.copy()
    wrong[500, 3] += 2e-5
    with pytest.raises(ExportError, match="differ by up to 2e-05 on 1000 pictures"):
        check_parity(model, lambda images: wrong, thousand.images)
    with pytest.raises(ExportError):
        check_parity(model, lambda images: np.full_like(right, np.nan), thousand.images)
