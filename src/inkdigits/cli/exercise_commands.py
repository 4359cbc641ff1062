"""`exercise new`, `solution`, `nbgrader`, `policy` and `check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.options import AsJson
from inkdigits.cli.output import percent, print_json, print_status, print_table, shortened, stoppable
from inkdigits.cli.plain_help import plain_typer

if TYPE_CHECKING:
    from inkdigits.exercise.build import Version
    from inkdigits.exercise.verdict import Verdict

__all__ = ["app"]

app = plain_typer(help="The exercise as a notebook: write it, its solution, and check what is handed in.")

File = Annotated[Path, typer.Argument(help="The notebook to write; it must not exist yet.", metavar="[FILE]")]


@app.command()
def new(
    file: File = Path("exercise.ipynb"),
    standalone: Annotated[
        bool, typer.Option("--standalone", help="A notebook that needs Keras, NumPy and matplotlib alone, as on Colab.")
    ] = False,
) -> None:
    """Write the student's notebook: its blanks say what to write."""
    _write("standalone" if standalone else "student", file)


@app.command()
def solution(file: File = Path("solution.ipynb")) -> None:
    """Write the solution."""
    _write("solution", file)


@app.command()
def nbgrader(file: File = Path("nbgrader.ipynb")) -> None:
    """Write the source notebook for nbgrader's generate_assignment."""
    _write("nbgrader", file)


def _write(version: str, file: Path) -> None:
    from inkdigits.exercise import build

    chosen: Version = build.Version(version)
    build.write_notebook(chosen, file)
    print(file)


@app.command()
def policy() -> None:
    """Print the table of what each finding costs, to be changed and given to `check --policy`."""
    from inkdigits.exercise.policy import policy_text

    print(policy_text(), end="")


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(help="Notebooks, or folders and zip files of a class.", metavar="FILE")
    ],
    cell_timeout: Annotated[float, typer.Option(help="Minutes that one cell may take.", min=0.01)] = 30.0,
    total_timeout: Annotated[float, typer.Option(help="Minutes that one notebook may take.", min=0.01)] = 90.0,
    memory: Annotated[float, typer.Option(help="Gigabytes that one submission may use.", min=0.1)] = 4.0,
    jobs: Annotated[
        int | None, typer.Option(help="Submissions at a time. Default: one for every two cores.", min=1)
    ] = None,
    subset: Annotated[
        int | None,
        typer.Option(help="Try the checker on N training pictures, 2000 to 40000, with bars scaled down.", metavar="N"),
    ] = None,
    policy_file: Annotated[
        Path | None, typer.Option("--policy", help="A table of what each finding costs (see exercise policy).")
    ] = None,
    roster: Annotated[Path | None, typer.Option(help="A class list (CSV), to name who handed in nothing.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write a table of the class to this file, as verdicts come.")
    ] = None,
    feedback: Annotated[
        Path | None, typer.Option(help="Write an HTML page for each student and one for the class.", metavar="DIR")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Check everything again, resuming nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run notebooks in fresh kernels, grade them, name their mistakes. Exit code 1: one failed, 2: no notebook.

    With --csv or --feedback verdicts are kept as they come, and the same command resumes a check that was stopped.
    """
    from inkdigits.errors import ExerciseError
    from inkdigits.exercise.check import require_what_notebooks_need
    from inkdigits.exercise.class_check import ClassOptions, check_class
    from inkdigits.exercise.class_table import check_class_csv
    from inkdigits.exercise.policy import Policy, read_policy
    from inkdigits.exercise.roster import read_roster
    from inkdigits.exercise.submission_limits import SubmissionLimits

    limits = SubmissionLimits(cell_timeout * 60, total_timeout * 60, int(memory * 2**30))
    require_what_notebooks_need()
    if csv:
        check_class_csv(csv)
    options = ClassOptions(
        limits, jobs, subset, read_policy(policy_file) if policy_file else Policy(), _log_of(csv, feedback, again),
        tuple(read_roster(roster)) if roster else (),
    )  # fmt: skip
    with stoppable(lambda: "stopped; the same command resumes" if options.log else "stopped"):
        verdicts = check_class(files, options, lambda verdict, so_far: _report_one(verdict, so_far, csv))
    if feedback:
        from inkdigits.exercise.feedback import write_feedback

        write_feedback(feedback, verdicts)
    _warn_of_root()
    _print_all(verdicts, subset, as_json)
    if len(verdicts) == 1 and verdicts[0].outcome == "unreadable":
        raise ExerciseError(verdicts[0].findings[0].message)
    if not all(verdict.passed for verdict in verdicts):
        raise typer.Exit(1)


def _warn_of_root() -> None:
    from inkdigits.exercise.other_user import runs_submissions_as_root

    if runs_submissions_as_root():
        print_status(
            f"submissions ran as root, who may change everything here: no other user can run {sys.executable}; "
            "run the checker as a user who owns nothing of value, or with a Python that everybody may run"
        )


def _log_of(csv: Path | None, feedback: Path | None, again: bool) -> Path | None:
    """The file of the verdicts, beside the table or in the folder of the pages."""
    log = csv.with_name(f"{csv.name}.verdicts.jsonl") if csv else feedback and feedback / "verdicts.jsonl"
    if log and again:
        log.unlink(missing_ok=True)
    return log


def _report_one(verdict: Verdict, so_far: list[Verdict], csv: Path | None) -> None:
    from inkdigits.exercise.class_table import class_csv
    from inkdigits.system.atomic_io import write_text

    print_status(f"{verdict.name}: {verdict.outcome} after {verdict.seconds:.0f} s")
    if csv:
        write_text(csv, class_csv(so_far))


def _print_all(verdicts: list[Verdict], subset: int | None, as_json: bool) -> None:
    if subset:
        print_status(f"a trial on {subset:,} training pictures, with bars scaled down: these are no marks")
    if as_json:
        print_json([verdict.as_dict() for verdict in verdicts])
    elif len(verdicts) == 1:
        _print_one(verdicts[0])
    else:
        _print_class(verdicts)


def _print_class(verdicts: list[Verdict]) -> None:
    rows = []
    for verdict in verdicts:
        accuracies = {part.name: percent(part.accuracy) for part in verdict.parts}
        first = next(iter(verdict.messages), "")
        points = f"{verdict.points:g}/{verdict.possible}"
        row = [verdict.name, verdict.outcome, points, accuracies.get("dense", "-"), accuracies.get("cnn", "-")]
        rows.append([*row, f"{verdict.seconds:.0f} s", shortened(first, 100)])
    columns = ["submission", "outcome", "points", "part 1", "part 2", "time", "first finding"]
    print_table(columns, rows, texts=("first finding",))


def _print_one(verdict: Verdict) -> None:
    from inkdigits.exercise.task_titles import PART_TITLES

    if verdict.cells:
        _print_cells(verdict)
        print_table(
            ["part", "points", "accuracy", "expected above", "still blank"],
            [
                [
                    PART_TITLES[part.name],
                    f"{part.points:g}/{part.possible}",
                    percent(part.accuracy),
                    percent(part.bar, 1),
                    ", ".join(part.blank) or "-",
                ]
                for part in verdict.parts
            ],
        )
    for finding in verdict.findings:
        print(
            f"{'FAILS' if finding.fails else 'note '}  {finding.cell + ': ' if finding.cell else ''}{finding.message}"
        )
    for line in [] if verdict.findings else verdict.messages:
        print(f"FAILS  {line}")
    print(f"{verdict.name}: {verdict.outcome}, {verdict.points:g} of {verdict.possible} points")


def _print_cells(verdict: Verdict) -> None:
    rows = []
    for cell in verdict.cells:
        counts = [sum(found.outcome == outcome for found in cell.asserts) for outcome in _OUTCOMES]
        asserts = [str(count) if cell.asserts else "-" for count in counts]
        rows.append(
            [
                cell.id,
                f"{cell.seconds:.1f} s",
                *asserts,
                cell.outcome,
                shortened(next(iter(cell.message.splitlines()), ""), 90),
            ]
        )
    columns = ["cell", "time", "asserts passed", "failed", "not reached", "outcome", "message"]
    print_table(columns, rows, texts=("message",))


_OUTCOMES = ("passed", "failed", "not reached")
