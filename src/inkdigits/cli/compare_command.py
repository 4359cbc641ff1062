"""`compare`: which network is better, and which recipe."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.completion import known_models
from inkdigits.cli.options import AsJson, start_default_backend
from inkdigits.cli.output import counted, percent, print_json, print_status, print_table, stoppable

if TYPE_CHECKING:
    from inkdigits.evaluation.compare import Comparison, FilePairs, Pair, TwoFiles
    from inkdigits.stats.scores import Interval

__all__ = ["compare"]

_SHOWN = 12  # pictures named on a line; all of them are in the JSON


@stoppable()
def compare(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Two or more: a run, a folder of runs (seeds of one recipe), a model file, dense, cnn, or "
            "http://HOST:PORT/v2/models/NAME.",
            metavar="MODEL",
            autocompletion=known_models,
        ),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            help="Compare on these digits. Default: what the runs were last evaluated on, else mnist.", metavar="DATA"
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with the pictures on which they disagree.", metavar="OUT")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare networks by exact tests: are these files different, and are their recipes?"""
    from inkdigits.evaluation import compare as comparing
    from inkdigits.evaluation.candidates import load_candidates
    from inkdigits.evaluation.html_page import check_report_extra
    from inkdigits.system.atomic_io import check_new

    check_new(html, "--html")
    if html:
        check_report_extra("--html")
    compared = load_candidates(sources, data, start_default_backend)
    comparison = comparing.compare_predictions(compared)
    for warning in comparison.warnings:
        print_status(f"inkdigits: warning: {warning}")
    if html:
        from inkdigits.evaluation.comparison_page import write_comparison

        write_comparison(html, comparison, compared)
    if as_json:
        print_json(asdict(comparison))
    else:
        _print_comparison(comparison)
        if html:
            print(f"page: {html}")


def _print_comparison(comparison: Comparison) -> None:
    print(f"compared on {comparison.data}, {counted(comparison.n, 'picture')}")
    print_table(
        ["candidate", "files", "accuracy", "± over seeds", "log loss", "± over seeds"],
        [
            [
                candidate.name,
                candidate.files,
                percent(candidate.accuracy, 3 if candidate.files > 1 else 2),
                "-" if candidate.accuracy_spread is None else f"{100 * candidate.accuracy_spread:.3f}",
                f"{candidate.log_loss:.4f}",
                "-" if candidate.log_loss_spread is None else f"{candidate.log_loss_spread:.4f}",
            ]
            for candidate in comparison.candidates
        ],
    )
    adjusted = len(comparison.pairs) > 1
    for pair in comparison.pairs:
        print(f"{pair.first} against {pair.second}")
        if pair.files:
            _print_files(pair, pair.files, adjusted)
        elif pair.file_pairs:
            _print_file_pairs(pair, pair.file_pairs)
        _print_recipes(pair, adjusted)


def _print_files(pair: Pair, files: TwoFiles, adjusted: bool) -> None:
    paired = files.paired
    result = f"{files.better} is better" if files.better else "no significant difference between these files"
    several = f" ({files.p_adjusted:.2g} with Holm's correction)" if adjusted else ""
    print(f"  files: {result}, exact McNemar p = {paired.p_value:.2g}{several}")
    print(
        f"    difference {100 * paired.difference:+.2f} points, 95 % interval {_points(paired.interval)} (Newcombe), "
        f"{_points(files.bootstrap)} (bootstrap)"
    )
    print(
        f"    right alone: {paired.only_first_right} and {paired.only_second_right} pictures; "
        f"log loss {files.log_loss_difference:+.4f}, 95 % interval {files.log_loss_bootstrap.low:+.4f} to "
        f"{files.log_loss_bootstrap.high:+.4f} (bootstrap)"
    )
    if files.pictures_needed:
        print(
            f"    if the difference is as large as it looks, it takes {files.pictures_needed:,} pictures to show it "
            "(80 % power, level 5 %)"
        )
    shown = " ".join(map(str, files.disagreements[:_SHOWN]))
    more = f" … ({len(files.disagreements) - _SHOWN} more)" if len(files.disagreements) > _SHOWN else ""
    names = f": {shown}{more}" if shown else ""
    print(f"    classified differently: {counted(len(files.disagreements), 'picture')}{names}")


def _points(interval: Interval) -> str:
    return f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f}"


def _print_file_pairs(pair: Pair, files: FilePairs) -> None:
    undecided = files.pairs - files.first_better - files.second_better
    print(
        f"  files: of {files.pairs} pairs McNemar's test calls {pair.first} better in {files.first_better}, "
        f"{pair.second} in {files.second_better}, neither in {undecided}"
    )


def _print_recipes(pair: Pair, adjusted: bool) -> None:
    print(f"  recipes: {pair.recipes.message}")
    test = pair.recipes.test
    if test is None or pair.recipes.p_adjusted is None:
        return
    several = f" ({pair.recipes.p_adjusted:.2g} with Holm's correction)" if adjusted else ""
    how = f"all {test.splits:,} splits" if test.exact else f"{test.splits:,} splits drawn"
    print(
        f"    mean accuracy {100 * test.difference:+.3f} points, permutation test over seeds "
        f"p = {test.p_value:.2g}{several}, {how}"
    )
