"""`evaluate` and `runs`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inkdigits.cli.completion import runs_here
from inkdigits.cli.options import AsJson, BackendOption, Data, Device, DeviceName, backend_of
from inkdigits.cli.output import counted, percent, print_json, print_status, print_table, stoppable

if TYPE_CHECKING:
    from inkdigits.evaluation.evaluate import Evaluation
    from inkdigits.evaluation.report import WithoutErrors
    from inkdigits.training.run import Run

__all__ = ["evaluate", "runs"]


@stoppable()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN", autocompletion=runs_here)],
    data: Data = "mnist",
    backend: BackendOption = None,
    device: DeviceName = Device.auto,
    explain: Annotated[
        bool,
        typer.Option(help="Show the mistakes' gradients and most alike training pictures too; needs Keras."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write the scores as JSON to this file too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a run: accuracy with its 95 % interval, log loss, scores per class, confusion matrix, and a report."""
    from inkdigits.evaluation import evaluate as evaluating
    from inkdigits.evaluation.html_page import check_report_extra
    from inkdigits.evaluation.report import write_report
    from inkdigits.system.atomic_io import check_new, write_json
    from inkdigits.training.run import open_run

    check_new(out, "--out")
    check_report_extra("the report of inkdigits evaluate")
    opened = open_run(run)
    chosen = backend_of(backend, device) if backend or device is not Device.auto else None
    evaluation = evaluating.evaluate(opened, data=data, backend=chosen)
    report = write_report(opened, data, explain=explain)
    for warning in report.warnings:
        print_status(f"inkdigits: warning: {warning}")
    if out:
        write_json(out, asdict(evaluation))
    if as_json:
        without = report.without_errors
        more = {"report": str(run / "report.html"), "without_label_errors": without and asdict(without)}
        print_json({"run": str(run), **asdict(evaluation), "test_openings": len(opened.test_openings), **more})
    else:
        _print_evaluation(evaluation, report.without_errors)
        print(f"report: {run / 'report.html'}")
        print_status(f"a test set was opened {counted(len(opened.test_openings), 'time')} for this run")


def _print_evaluation(evaluation: Evaluation, without: WithoutErrors | None) -> None:
    interval = evaluation.accuracy_interval
    print(
        f"accuracy {percent(evaluation.accuracy)} ({evaluation.correct} of {evaluation.n} on {evaluation.data}; "
        f"95 % interval {percent(interval.low)} to {percent(interval.high)})"
    )
    if without:
        print(
            f"accuracy {percent(without.accuracy)} without the {without.left_out} pictures whose labels people "
            "verified as wrong (Northcutt, Athalye, Mueller 2021)"
        )
    print(
        f"log loss {evaluation.log_loss:.4f} nats, "
        f"expected calibration error {percent(evaluation.expected_calibration_error)}"
    )
    if evaluation.calibrated:
        calibrated = evaluation.calibrated
        print(
            f"calibrated at temperature {calibrated.temperature:.3f} (as model.onnx answers): log loss "
            f"{calibrated.log_loss:.4f} nats, expected calibration error "
            f"{percent(calibrated.expected_calibration_error)}"
        )
    print_table(
        ["digit", "pictures", "precision", "recall", "false positive rate"],
        [
            [row.label, row.support, percent(row.precision), percent(row.recall), percent(row.false_positive_rate)]
            for row in evaluation.classes
        ],
    )
    print_table(
        ["label \\ read as", *(str(row.label) for row in evaluation.classes)],
        [[label, *(count or "." for count in row)] for label, row in enumerate(evaluation.confusion_matrix)],
    )


def runs(
    folder: Annotated[Path, typer.Argument(help="Where to look.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """List runs with their scores, oldest first."""
    from inkdigits.training.run import find_runs

    rows = [_run_row(run) for run in find_runs(folder)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_status(f"no runs in {folder}")
        return
    print_table(
        ["run", "network", "recipe", "seed", "state", "epochs", "accuracy", "log loss", "evaluated on"],
        [
            [
                *(row[name] for name in ("run", "network", "recipe", "seed", "state", "epochs")),
                percent(row["accuracy"]),
                "-" if row["log_loss"] is None else f"{row['log_loss']:.4f}",
                row["evaluated_on"] or "-",
            ]
            for row in rows
        ],
        texts=("network", "recipe", "evaluated on"),
    )
    for row in rows:
        if row["state"] in ("killed", "interrupted"):
            print_status(f"{row['run']}: {row['state']}; resume it with inkdigits train --resume {row['run']}")


def _run_row(run: Run) -> dict[str, Any]:
    config, status, scores = run.config, run.status, run.evaluation
    return {
        "run": str(run.path),
        "network": config.network,
        "recipe": config.recipe.name,
        "seed": config.seed,
        "state": run.described_state,
        "epochs": status.epochs,
        "accuracy": scores and scores.accuracy,
        "log_loss": scores and scores.log_loss,
        "evaluated_on": scores and scores.data,
    }
