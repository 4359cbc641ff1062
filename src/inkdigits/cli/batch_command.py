"""`batch`: many pictures, by processes or a Ray cluster, into a folder of tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.options import (
    AsJson,
    ClusterAddress,
    EngineOption,
    Length,
    Quiet,
    ReadingModel,
    RegionOption,
    WorkerEngine,
    check_address,
    parsed_region,
)
from inkdigits.cli.output import counted, print_json, status_printer, stoppable
from inkdigits.errors import DataError
from inkdigits.system.cores import usable_cores

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from inkdigits.batch.batch_job import BatchJob
    from inkdigits.batch.batch_run import BatchSummary, Progress
    from inkdigits.batch.worker_pool import WorkerPool

__all__ = ["batch"]


Sources = Annotated[
    list[str],
    typer.Argument(
        help="The pictures, a path or any URL that fsspec opens: a folder, a glob in quotes, a tar archive, a Parquet "
        "file with a column of bytes, or a .txt with a path on each line.",
        metavar="SOURCE",
    ),
]
Results = Annotated[
    str,
    typer.Option(help="The folder of results, a path or a URL. Rerunning the command resumes it.", metavar="RESULTS"),
]
Column = Annotated[
    str | None,
    typer.Option(help="The Parquet column that holds the pictures. Default: the only one of bytes.", metavar="NAME"),
]
PartSize = Annotated[int, typer.Option(min=1, max=1_000_000, help="Pictures per file of results.", metavar="N")]
KeepInputs = Annotated[
    bool, typer.Option("--network-inputs", help="Keep the network input of every digit, not only of unsure ones.")
]
SingleFile = Annotated[
    str | None, typer.Option(help="At the end, also write all rows into one .parquet, .csv or .jsonl file.")
]
Review = Annotated[
    str | None,
    typer.Option(
        help="At the end, write the unsure digits as pictures with a CSV to fill in, for --data of evaluate and train.",
        metavar="DIR",
    ),
]
RetryErrors = Annotated[bool, typer.Option("--retry-errors", help="Read the parts that contain errors again.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="With --engine local: processes. Default: one per core.", metavar="N")
]


def batch(
    sources: Sources,
    out: Results,
    model: ReadingModel = None,
    region: RegionOption = None,
    length: Length = None,
    column: Column = None,
    part_size: PartSize = 1000,
    keep_inputs: KeepInputs = False,
    single_file: SingleFile = None,
    review: Review = None,
    retry_errors: RetryErrors = False,
    engine: EngineOption = WorkerEngine.local,
    address: ClusterAddress = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Read the digits in any number of pictures, on all cores or a Ray cluster, into a folder of Parquet files."""
    from inkdigits.batch.storage import require_batch

    require_batch()
    from inkdigits.batch.batch_job import BatchJob, BatchOptions, open_model
    from inkdigits.batch.batch_run import run_batch

    _check_review(review)
    options = BatchOptions(part_size, column, parsed_region(region), length, keep_inputs)
    job = BatchJob(_one_source(sources), out, open_model(model), options)
    _check_single_file(job, single_file)
    with stoppable(lambda: "stopped; finished parts are kept: rerunning the same command resumes"):
        pool = _worker_pool(engine, address, jobs)
        with _progress(quiet) as progress:
            summary = run_batch(job, pool, progress, retry_errors=retry_errors)
        _write_single_file(job, single_file, summary.manifest.parts)
        unsure = _write_review(job, review, summary.manifest.parts, quiet)
    if as_json:
        print_json({**summary.to_dict(), "review": unsure})
    else:
        _print_summary(summary, single_file)
        if unsure is not None:
            print(f"{counted(unsure, 'unsure digit')} in {review}: fill in the column label of labels.csv")
    errors, rows = summary.manifest.rows.get("error", 0), sum(summary.manifest.rows.values())
    if errors:
        raise typer.Exit(2 if errors == rows else 1)


def _check_review(review: str | None) -> None:
    if review and "://" in review:
        raise DataError(f"--review {review}: expected a folder on this machine, where a person fills it in")


def _check_single_file(job: BatchJob, single_file: str | None) -> None:
    if single_file:
        from inkdigits.batch.single_file import check_single_file

        check_single_file(job, single_file)


def _one_source(sources: list[str]) -> str:
    if len(sources) != 1:
        raise DataError(
            f"{len(sources):,} sources, expected one folder, glob, tar, Parquet or .txt of paths: put a glob in quotes"
        )
    return sources[0]


def _worker_pool(engine: WorkerEngine, address: str | None, jobs: int | None) -> AbstractContextManager[WorkerPool]:
    check_address(engine, address)
    if engine is WorkerEngine.ray:
        if jobs is not None:
            raise DataError("--jobs: goes with --engine local; Ray uses the cores that its cluster has")
        from inkdigits.cluster.ray_worker_pool import RayWorkerPool

        return RayWorkerPool(address)
    from inkdigits.batch.worker_pool import LocalWorkerPool

    return LocalWorkerPool(jobs or usable_cores())


def _write_single_file(job: BatchJob, single_file: str | None, parts: int) -> None:
    if single_file:
        from inkdigits.batch.single_file import write_single_file

        write_single_file(job, single_file, parts)


def _write_review(job: BatchJob, review: str | None, parts: int, quiet: bool) -> int | None:
    """How many unsure digits were written; None without `review` and where it exists, which is left as it is."""
    if review is None:
        return None
    if Path(review).exists():
        status_printer(quiet)(f"{review}: exists already, left as it is")
        return None
    from inkdigits.batch.review import write_review

    return write_review(job, Path(review), parts)


def _print_summary(summary: BatchSummary, single_file: str | None) -> None:
    manifest, out = summary.manifest, summary.out
    rows = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in manifest.rows.items())
    pages, pictures = sum(manifest.rows.values()), counted(manifest.pictures, "picture")
    of_pages = "" if pages == manifest.pictures else f" of {counted(pages, 'page')}"
    print(f"{out}: {pictures}{of_pages} in {counted(manifest.parts, 'part')}: {rows}")
    if manifest.rows.get("error"):
        print(f"the reasons are in the column error of {out.rstrip('/')}/parts")
    if summary.pictures:
        rate = summary.pictures / max(summary.seconds, 1e-9)
        print(f"{summary.pictures:,} read in {summary.seconds:.1f} s, {rate:,.0f} per second")
    if single_file:
        print(f"all rows in {single_file}")


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    """A bar with rate and remaining time on stderr; silent with `quiet` and where stderr is no terminal."""
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
            bar.update(task, rate=f"{speed:,.0f} per second" if speed else "")

        yield show
