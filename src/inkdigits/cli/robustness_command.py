"""`robustness`: how a network handles pictures that are unlike MNIST's, and non-digits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.completion import known_models
from inkdigits.cli.options import AsJson, Data, Quiet, start_default_backend
from inkdigits.cli.output import counted, percent, print_json, print_status, print_table, status_printer, stoppable

if TYPE_CHECKING:
    from inkdigits.evaluation.robustness import DigitScores, RobustnessReport

__all__ = ["robustness"]

_UNITS = {"shift": "pixels", "rotation": "degrees", "scale": "times", "stroke": "pixels on each side"}


def robustness(
    model: Annotated[
        str,
        typer.Argument(
            help="reader, dense, cnn, a model file, a run's folder or a .keras file.",
            metavar="MODEL",
            autocompletion=known_models,
        ),
    ],
    data: Data = "mnist",
    sample: Annotated[
        int, typer.Option(min=10, help="Digits under each condition, and non-digits of each family.", metavar="N")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same pictures.", metavar="N")] = 0,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots and pictures.", metavar="OUT")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate any network on corrupted and moved digits, digits of fonts and non-digits; held-out kinds apart."""
    from inkdigits.evaluation import robustness as evaluating
    from inkdigits.evaluation.html_page import check_report_extra
    from inkdigits.system.atomic_io import check_new

    check_new(html, "--html")
    if html:
        check_report_extra("--html")
    with stoppable():
        report = evaluating.robustness(
            model,
            data=data,
            sample=sample,
            seed=seed,
            start_keras=start_default_backend,
            progress=status_printer(quiet),
        )
    if html:
        from inkdigits.evaluation.robustness_page import write_robustness_page

        write_robustness_page(html, report)
    if as_json:
        print_json(report.as_dict())
    else:
        _print_report(report)
        if html:
            print(f"page: {html}")
    if report.test_openings is not None:
        print_status(f"a test set was opened {counted(report.test_openings, 'time')} for this run")


def _print_report(report: RobustnessReport) -> None:
    plain = report.plain
    print(
        f"plain digits: {percent(plain.accuracy)} correct ({plain.right:,} of {plain.n:,} of {report.data}; 95 % "
        f"interval {percent(plain.interval.low)} to {percent(plain.interval.high)}), {plain.refused:,} refused"
    )
    source = "the model's own" if report.threshold_from_model else "the default: the model names none"
    print(
        f"accepted: highest probability at least {report.threshold:.3f} ({source}); "
        f"below: n = {report.sample:,} in each cell"
    )
    trained_on, held_out = report.means(held_out=False), report.means(held_out=True)
    print_table(
        ["mean over kinds", "trained-on", "held-out"],
        [
            ["accuracy on corrupted digits", percent(trained_on.corruptions), percent(held_out.corruptions)],
            ["accuracy on digits of fonts", percent(trained_on.fonts), percent(held_out.fonts)],
            [
                "non-digits accepted",
                percent(trained_on.nondigits_accepted),
                percent(held_out.nondigits_accepted),
            ],
            ["AUROC, digits against non-digits", f"{trained_on.auroc:.4f}", f"{held_out.auroc:.4f}"],
        ],
    )
    for held in (False, True):
        _print_corruptions(report, held)
    for group, unit in (
        ("shift", "pixels"),
        ("rotation", "degrees"),
        ("scale", "times"),
        ("stroke", "pixels on each side"),
    ):
        _print_amounts(report.group(group), f"{group}, {unit}")
    _print_fonts(report.group("font"))
    _print_nondigits(report)


def _print_corruptions(report: RobustnessReport, held_out: bool) -> None:
    rows: dict[str, list[DigitScores]] = {}
    for row in report.group("corruption"):
        if row.condition.held_out == held_out:
            rows.setdefault(row.condition.kind, []).append(row)
    print_table(
        [f"accuracy by severity, {_kinds(held_out)}", "1", "2", "3", "4", "5", "mean"],
        [
            [
                kind,
                *(percent(row.accuracy, 1) for row in kinds),
                percent(sum(row.accuracy for row in kinds) / len(kinds), 1),
            ]
            for kind, kinds in rows.items()
        ],
    )


def _kinds(held_out: bool) -> str:
    return "held-out" if held_out else "trained-on"


def _print_amounts(rows: Sequence[DigitScores], title: str) -> None:
    print_table(
        [title, *(f"{row.condition.amount:g}" for row in rows)], [["accuracy", *(percent(r.accuracy, 1) for r in rows)]]
    )


def _print_fonts(rows: Sequence[DigitScores]) -> None:
    print_table(
        ["fonts", "kinds", "n", "accuracy", "refused"],
        [
            [row.condition.kind, _kinds(row.condition.held_out), row.n, percent(row.accuracy, 1), row.refused]
            for row in rows
        ],
    )


def _print_nondigits(report: RobustnessReport) -> None:
    print_table(
        ["non-digits", "kinds", "n", "accepted", "rate", "95 % interval", "AUROC"],
        [
            [
                *(row.family, _kinds(row.held_out), row.n, row.accepted, percent(row.rate, 1)),
                f"{percent(row.interval.low, 1)} to {percent(row.interval.high, 1)}",
                f"{row.auroc:.4f}",
            ]
            for row in report.nondigits
        ],
    )
