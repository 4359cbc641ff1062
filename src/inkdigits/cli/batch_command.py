"""`read --out`: many pictures, by processes or a Ray cluster, into a folder of tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from inkdigits.cli.output import counted, print_json, status_printer, stoppable
from inkdigits.errors import DataError
from inkdigits.system.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkdigits.batch.batch_run import Progress

__all__ = ["BatchCall", "read_many"]


@dataclass(frozen=True)
class BatchCall:
    """How a batch is run and what is made of it at its end; nothing in here changes the results."""

    out: str
    engine: str
    address: str | None
    jobs: int | None
    single_file: str | None
    review: str | None
    retry_errors: bool
    quiet: bool
    as_json: bool


def read_many(sources: Sequence[str], model: str | None, call: BatchCall, **options: Any) -> None:
    """Read every picture of the one source into `call.out`, and print what came out.

    Raises `DataError` for several sources and for options that do not go together, and what `run_batch` raises.
    """
    from inkdigits.batch.storage import require_batch

    require_batch()
    from inkdigits.batch.batch_job import BatchJob, BatchOptions, open_model
    from inkdigits.batch.batch_run import run_batch
    from inkdigits.batch.single_file import check_single_file

    _check(sources, call)
    job = BatchJob(sources[0], call.out, open_model(model), BatchOptions(**options))
    if call.single_file:
        check_single_file(job, call.single_file)
    with stoppable(lambda: "stopped; what is read is kept: the same command goes on"):
        pool = _worker_pool(call)
        with _progress(call.quiet) as progress:
            summary = run_batch(job, pool, progress, retry_errors=call.retry_errors)
        unsure = _finish(job, call, summary["parts"])
    if call.as_json:
        print_json({**summary, "review": unsure})
    else:
        _print(summary, call, unsure)
    errors, rows = summary["rows"].get("error", 0), sum(summary["rows"].values())
    if errors:
        raise typer.Exit(2 if errors == rows else 1)


def _check(sources: Sequence[str], call: BatchCall) -> None:
    if len(sources) != 1 or sources[0] == "-":
        raise DataError(
            f"--out: {len(sources)} sources, expected one folder, glob in quotes, tar, Parquet or .txt with paths"
        )
    if call.engine == "local" and call.address is not None:
        raise DataError("--address: goes with --engine ray")
    if call.engine == "ray" and call.jobs is not None:
        raise DataError("--jobs: goes with --engine local; Ray uses the cores that its cluster has")
    if call.review and "://" in call.review:
        raise DataError(f"--review {call.review}: expected a folder on this machine, where a person fills it in")


def _worker_pool(call: BatchCall) -> Any:
    if call.engine == "ray":
        from inkdigits.cluster.ray_worker_pool import RayWorkerPool

        return RayWorkerPool(call.address)
    from inkdigits.batch.worker_pool import LocalWorkerPool

    return LocalWorkerPool(call.jobs or usable_cores())


def _finish(job: Any, call: BatchCall, parts: int) -> int | None:
    from inkdigits.batch.review import write_review
    from inkdigits.batch.single_file import write_single_file

    told = status_printer(call.quiet)
    if call.single_file:
        write_single_file(job, call.single_file, parts)
    if call.review is None:
        return None
    folder = Path(call.review)
    if folder.exists():
        told(f"{folder}: there already, left as it is")
        return None
    return write_review(job, folder, parts)


def _print(summary: dict[str, Any], call: BatchCall, unsure: int | None) -> None:
    rows = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary["rows"].items() if count)
    pages, pictures = sum(summary["rows"].values()), counted(summary["pictures"], "picture")
    of_pages = "" if pages == summary["pictures"] else f" of {counted(pages, 'page')}"
    print(f"{call.out}: {pictures}{of_pages} in {counted(summary['parts'], 'part')}: {rows}")
    if summary["rows"].get("error"):
        print(f"what is wrong with those in error: the column error of {call.out.rstrip('/')}/parts")
    run = summary["run"]
    if run["pictures"]:
        rate = run["pictures"] / max(run["seconds"], 1e-9)
        print(f"{run['pictures']:,} read in {run['seconds']:.1f} s, {rate:,.0f} a second")
    if call.single_file:
        print(f"all rows in {call.single_file}")
    if unsure is not None:
        print(f"{counted(unsure, 'unsure digit')} in {call.review}: fill in the column label of labels.csv")


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    """A bar with rate and time left on stderr; silent with `quiet` and where stderr is no terminal."""
    from inkdigits.batch.batch_run import no_progress

    if quiet or not sys.stderr.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4, transient=True) as bar:
        task = bar.add_task("reading", total=None, rate="")

        def show(done: int, pictures: int) -> None:
            bar.update(task, completed=done, total=pictures)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:,.0f} a second" if speed else "")

        yield show
