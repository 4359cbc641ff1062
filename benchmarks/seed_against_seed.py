"""Claim: seeds of one recipe against other seeds of it are called different in at most 5 % of all ways to part them.

Takes a folder of an even number of runs of one recipe, up to 20, as `inkdigits seeds` leaves them, and parts it into
halves in every way there is. Counts how often the permutation test of `inkdigits compare` has p < 0.05: the p-values
are computed here by rank, all at once, and the test itself is asked for some of them, which must be the same. Beside
it: in how many pairs of single runs McNemar's test has, which speaks of these networks and not of their recipe.

    python benchmarks/seed_against_seed.py FOLDER
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np

from inkdigits.evaluation.candidates import load_candidates
from inkdigits.stats.resampling import permutation_test
from inkdigits.stats.scores import accuracy, compare_paired
from inkdigits.stats.significance import SIGNIFICANCE_LEVEL


def main() -> None:
    """Count, and print both fractions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    (candidate,) = load_candidates([str(parser.parse_args().folder)]).candidates
    accuracies = np.array([accuracy(answers.labels, answers.probabilities) for answers in candidate.predictions])
    half = len(accuracies) // 2
    splits = np.array(list(itertools.combinations(range(len(accuracies)), half)))
    # How many more pictures the first half is right on, exactly.
    right = np.rint(accuracies * len(candidate.predictions[0].labels)).astype(int)
    differences = np.abs(2 * right[splits].sum(axis=1) - right.sum())
    p_values = 1 - np.searchsorted(np.sort(differences), differences) / len(splits)
    for row in np.random.default_rng(0).choice(len(splits), 20, replace=False):
        others = np.setdiff1d(np.arange(len(accuracies)), splits[row])
        assert np.isclose(permutation_test(accuracies[splits[row]], accuracies[others]).p_value, p_values[row])
    share = 100 * np.mean(p_values < SIGNIFICANCE_LEVEL)
    print(f"{half} seeds against {half} others: different in {share:.2f} % of all {len(splits):,} ways to part them")
    pairs = list(itertools.combinations(candidate.predictions, 2))
    of_files = [compare_paired(one.labels, one.predicted, other.predicted).p_value for one, other in pairs]
    called = sum(value < SIGNIFICANCE_LEVEL for value in of_files)
    print(f"one run against another: McNemar p < {SIGNIFICANCE_LEVEL} in {called} of {len(pairs)} pairs")


if __name__ == "__main__":
    main()
