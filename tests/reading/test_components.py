"""Components: ink grouped by the middle that the finder points to, and by what is connected."""

from __future__ import annotations

import pytest

from inkdigits.reading.components import Component, find_clusters, typical_height
from tests.reading.ink_maps import Box, maps


def _boxes(hypothesis: tuple[Component, ...]) -> list[Box]:
    return [component.ink_box for component in hypothesis]


def test_no_ink_no_clusters() -> None:
    assert find_clusters(maps([])) == ([], [])


def test_digits_apart_are_clusters_of_one_hypothesis() -> None:
    clusters, _ = find_clusters(maps([[(20, 30, 8, 40)], [(60, 30, 20, 40)]]))
    assert sorted(_boxes(cluster.hypotheses[0])[0] for cluster in clusters) == [(20, 30, 8, 40), (60, 30, 20, 40)]
    assert [len(cluster.hypotheses) for cluster in clusters] == [1, 1]


def test_digits_that_touch_are_two_by_their_middles_or_one_by_what_is_connected() -> None:
    (cluster,), _ = find_clusters(maps([[(20, 30, 24, 40)], [(44, 30, 24, 40)]]))
    apart, connected = cluster.hypotheses
    assert _boxes(apart) == [(20, 30, 24, 40), (44, 30, 24, 40)]
    assert _boxes(connected) == [(20, 30, 48, 40)]


def test_a_bar_that_is_apart_belongs_to_its_digit() -> None:
    (cluster,), _ = find_clusters(maps([[(60, 40, 20, 40), (64, 30, 24, 5)]]))
    assert _boxes(cluster.hypotheses[0]) == [(60, 30, 28, 50)]


def test_soft_edges_are_kept_and_other_ink_in_the_box_is_not() -> None:
    (cluster, _), _ = find_clusters(maps([[(20, 30, 30, 40)]], other=[(52, 30, 6, 40)]))
    (component,) = cluster.hypotheses[0]
    assert (component.x, component.y, component.w, component.h) == (19, 29, 32, 42)
    assert component.area == 30 * 40
    assert component.digit_fraction == 1


def test_other_writing_has_no_ink_of_a_digit() -> None:
    (cluster,), _ = find_clusters(maps([], other=[(20, 30, 30, 40)]))
    assert cluster.hypotheses[0][0].digit_fraction == 0


def test_specks_are_apart() -> None:
    clusters, specks = find_clusters(maps([[(20, 30, 24, 40)]], other=[(100, 30, 3, 3), (120, 60, 4, 2)]))
    assert len(clusters) == 1
    assert sorted(speck.ink_box for speck in specks) == [(100, 30, 3, 3), (120, 60, 4, 2)]


def test_the_typical_height_is_that_of_the_writing() -> None:
    digits: list[list[Box]] = [[(20 + 40 * i, 30, 15, 40)] for i in range(4)]
    found = [cluster.hypotheses[0][0] for cluster in find_clusters(maps(digits, other=[(20, 100, 12, 12)]))[0]]
    assert typical_height(found) == pytest.approx(40)
    assert typical_height([]) == 0
