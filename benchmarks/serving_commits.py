"""Claim: what makes the service safe costs no figure of `serving.py` more than 10 %.

The servers of two commits take turns in one run on one machine, each with its commit's source and this interpreter's
packages; what is compared is the ratio within a round:

    start 1    `inkdigits serve` from a cold shell until it says that it serves, 1 worker
    start 2    the same with 2 workers
    alone      /v1/read of one 28x28 PNG, 1 worker, 1 connection: median
    rate, p99  the same, 2 workers, 32 connections: requests a second, and their 99th percentile
    pictures   /v2 of `cnn`, 64 binary pictures a request, 2 workers, 16 connections: pictures a second

    python benchmarks/serving_commits.py BEFORE [AFTER] [--rounds 5] [--seconds 4]

AFTER is by default HEAD. Prints a row a figure: both medians, the median ratio, above 1 where AFTER is slower, and its
range. Exit code 1 where a median ratio is over 1.1, or a request failed. Needs wrk, and a machine with nothing else
running.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from compare_commits import commit_source
from serving import Ask, Load, infer_64, inkdigits, read_one, seconds_to_start, wrk

HIGHEST_RATIO = 1.1
# Every figure and its unit, and whether more of it is slower.
FIGURES = {
    "start 1": ("s", True),
    "start 2": ("s", True),
    "alone": ("ms", True),
    "rate": ("a second", False),
    "p99": ("ms", True),
    "pictures": ("a second", False),
}


def main() -> None:
    """Let the servers of both commits take turns, and print each figure's ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="a commit")
    parser.add_argument("after", nargs="?", default="HEAD", help="a commit")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        commits = (options.before, options.after)
        sources = [commit_source(commit, Path(name) / place) for place, commit in zip("ab", commits, strict=True)]
        rounds = [_round(sources, number, options.seconds) for number in range(options.rounds + 1)][1:]
    fast_enough = [_report(figure, rounds) for figure in FIGURES]
    sys.exit(0 if all(fast_enough) else 1)


def _round(sources: list[Path], number: int, seconds: int) -> list[dict[str, float]]:
    """The figures of both sources; whose turn is first alternates, and round 0 only fills the disk cache."""
    turns = {place: _turn(sources[place], seconds) for place in ((0, 1) if number % 2 else (1, 0))}
    return [turns[0], turns[1]]


def _turn(source: Path, seconds: int) -> dict[str, float]:
    os.environ["PYTHONPATH"] = str(source)
    starts = [seconds_to_start(workers) for workers in (1, 2)]
    alone = _load(1, read_one(), 1, seconds)
    full = _load(2, read_one(), 32, seconds)
    pictures = 64 * _load(2, infer_64(), 16, seconds).rate
    loads = (alone.median, full.rate, full.p99, pictures)
    return dict(zip(FIGURES, (*starts, *loads), strict=True))


def _load(workers: int, ask: Ask, connections: int, seconds: int) -> Load:
    with inkdigits(workers) as (port, _):
        load = wrk(port, ask, connections, seconds)
    if load.errors:
        raise SystemExit(f"{load.errors} of the requests for {ask.path} failed: no figure of such a run counts")
    return load


def _report(figure: str, rounds: list[list[dict[str, float]]]) -> bool:
    """Print the row of `figure`; whether it did not get slower."""
    unit, more_is_slower = FIGURES[figure]
    pairs = [(before[figure], after[figure]) for before, after in rounds]
    ratios = [after / before if more_is_slower else before / after for before, after in pairs]
    ratio = statistics.median(ratios)
    before, after = (statistics.median(values) for values in zip(*pairs, strict=True))
    print(
        f"{'SLOWER' if ratio > HIGHEST_RATIO else 'met   '}  {figure:9} before {before:9.2f} {unit}, "
        f"after {after:9.2f}, ratio {ratio:.3f} ({min(ratios):.2f} to {max(ratios):.2f}), n = {len(rounds)}",
        flush=True,
    )
    return ratio <= HIGHEST_RATIO


if __name__ == "__main__":
    main()
