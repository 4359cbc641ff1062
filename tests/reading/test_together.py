"""Pages read with shared calls of the network are read as they are alone."""

from __future__ import annotations

import numpy as np

from inkdigits.datasets.mnist import load_train
from inkdigits.images.decode import Page
from inkdigits.reading.reader import Reader


def test_pages_read_together_are_read_as_they_are_alone() -> None:
    images = load_train().images[:40]
    # Two digits side by side and no ink at all: queries of other sizes, and none.
    pages = [Page(str(n), 0, image) for n, image in enumerate(images)]
    pages += [Page("two", 0, np.hstack([images[1], images[2]])), Page("blank", 0, np.full((40, 40), 255, np.uint8))]
    reader = Reader.load()
    for one, page in zip(reader.read_pages_together(pages), pages, strict=True):
        alone = reader.read_page(page).reading
        assert (one.reading.string, one.reading.outcome, one.reading.path) == (alone.string, alone.outcome, page.name)
        assert [digit.box for digit in one.reading.digits] == [digit.box for digit in alone.digits]
        for digit, expected in zip(one.reading.digits, alone.digits, strict=True):
            np.testing.assert_allclose(digit.probabilities, expected.probabilities, atol=1e-5)
            np.testing.assert_array_equal(digit.network_input, expected.network_input)
