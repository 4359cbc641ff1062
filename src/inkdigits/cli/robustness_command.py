"""`shift`: how a network bears pictures that are unlike MNIST's, and what is no digit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.options import AsJson, Data, Quiet, start_default_backend
from inkdigits.cli.output import counted, percent, print_json, print_status, print_table, status_printer, stoppable

if TYPE_CHECKING:
    from inkdigits.evaluation.robustness import Digits, ShiftCard

__all__ = ["shift"]


def shift(
    model: Annotated[
        str, typer.Argument(help="reader, dense, cnn, a model file, a run's folder or a .keras file.", metavar="MODEL")
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
    """Judge any network on damaged, moved and foreign digits and on what is no digit; held-out kinds apart."""
    from inkdigits.evaluation.robustness import judge_shift
    from inkdigits.system.atomic_io import check_new

    check_new(html, "--html")
    with stoppable():
        card = judge_shift(
            model, data=data, sample=sample, seed=seed, start_keras=start_default_backend, tell=status_printer(quiet)
        )
    if html:
        from inkdigits.evaluation.robustness_page import write_shift_page

        write_shift_page(html, card)
    if as_json:
        print_json(card.as_dict())
    else:
        _print_card(card)
        if html:
            print(f"page: {html}")
    if card.test_openings is not None:
        print_status(f"a test set was opened {counted(card.test_openings, 'time')} for this run")


def _print_card(card: ShiftCard) -> None:
    plain = card.plain
    print(
        f"plain digits: {percent(plain.accuracy)} right ({plain.right:,} of {plain.n:,} of {card.data}; 95 % interval "
        f"{percent(plain.interval.low)} to {percent(plain.interval.high)}), {plain.refused:,} refused"
    )
    whose = "the model's own" if card.threshold_is_the_models else "the default: the model names none"
    print(f"accepted: highest probability at least {card.threshold:.3f} ({whose}); below: n = {card.sample:,} a cell")
    trained_on, held_out = card.summary(held_out=False), card.summary(held_out=True)
    print_table(
        ["mean over kinds", "trained-on", "held-out"],
        [
            ["accuracy on damaged digits", percent(trained_on.corruptions), percent(held_out.corruptions)],
            ["accuracy on fonts' digits", percent(trained_on.fonts), percent(held_out.fonts)],
            [
                "non-digits accepted",
                percent(trained_on.nondigits_accepted),
                percent(held_out.nondigits_accepted),
            ],
            ["AUROC, digits against non-digits", f"{trained_on.auroc:.4f}", f"{held_out.auroc:.4f}"],
        ],
    )
    for held in (False, True):
        _print_corruptions(card, held)
    for group, unit in (("shift", "pixels"), ("rotation", "degrees"), ("scale", "times"), ("stroke", "pixels a side")):
        _print_amounts([row for row in card.digits if row.group == group], f"{group}, {unit}")
    _print_fonts([row for row in card.digits if row.group == "font"])
    _print_nondigits(card)


def _print_corruptions(card: ShiftCard, held_out: bool) -> None:
    rows: dict[str, list[Digits]] = {}
    for row in card.digits:
        if row.group == "corruption" and row.held_out == held_out:
            rows.setdefault(row.kind, []).append(row)
    print_table(
        [f"accuracy by strength, {_side(held_out)}", "1", "2", "3", "4", "5", "mean"],
        [
            [
                kind,
                *(percent(row.accuracy, 1) for row in kinds),
                percent(sum(row.accuracy for row in kinds) / len(kinds), 1),
            ]
            for kind, kinds in rows.items()
        ],
    )


def _side(held_out: bool) -> str:
    return "held-out" if held_out else "trained-on"


def _print_amounts(rows: Sequence[Digits], title: str) -> None:
    print_table([title, *(f"{row.amount:g}" for row in rows)], [["accuracy", *(percent(r.accuracy, 1) for r in rows)]])


def _print_fonts(rows: Sequence[Digits]) -> None:
    print_table(
        ["fonts", "kinds", "n", "accuracy", "refused"],
        [[row.kind, _side(row.held_out), row.n, percent(row.accuracy, 1), row.refused] for row in rows],
    )


def _print_nondigits(card: ShiftCard) -> None:
    print_table(
        ["non-digits", "kinds", "n", "accepted", "rate", "95 % interval", "AUROC"],
        [
            [
                *(row.family, _side(row.held_out), row.n, row.accepted, percent(row.rate, 1)),
                f"{percent(row.interval.low, 1)} to {percent(row.interval.high, 1)}",
                f"{row.auroc:.4f}",
            ]
            for row in card.nondigits
        ],
    )
