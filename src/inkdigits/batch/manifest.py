"""manifest.json: what a folder of results is of, so that nothing else is ever mixed into it."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from inkdigits.batch.batch_job import BatchJob
from inkdigits.batch.storage import Storage, is_url
from inkdigits.errors import BatchError, OutputError

__all__ = ["MANIFEST", "check_same_batch", "mark_finished", "new_manifest", "read_manifest", "write_manifest"]

MANIFEST = "manifest.json"
_FORMAT = 1
_OURS = frozenset({"listing.parquet", "parts", "unpacked"})


def read_manifest(out: Storage) -> dict[str, Any] | None:
    """The manifest in `out`, or None before a batch's first step is done.

    Raises `BatchError` when it is damaged or of another inkdigits, `OutputError` when `out` holds other files.
    """
    names = out.names("")
    if MANIFEST not in names:
        others = sorted(name for name in names if name not in _OURS and not name.startswith("."))
        if others:
            raise OutputError(f"{out.url}: holds files already that are no batch ({others[0]}): choose another --out")
        return None
    try:
        manifest = json.loads(out.read(MANIFEST))
        found = manifest["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise BatchError(f"{out.url}/{MANIFEST}: damaged: begin again in another --out") from error
    if found != _FORMAT:
        raise BatchError(f"{out.url}: a batch of format {found}, expected {_FORMAT}: it was made by another inkdigits")
    return dict(manifest)


def new_manifest(job: BatchJob, pictures: int, parts: int) -> dict[str, Any]:
    """The manifest of a batch that begins."""
    return {"format": _FORMAT, "state": "running", **_identity(job), "pictures": pictures, "parts": parts} | {
        "inkdigits_version": version("inkdigits")
    }


def mark_finished(manifest: dict[str, Any], rows: dict[str, int]) -> dict[str, Any]:
    """The manifest of a batch all of whose parts are there; `rows` counts them by outcome."""
    return {**manifest, "state": "finished", "rows": rows}


def write_manifest(out: Storage, manifest: dict[str, Any]) -> None:
    """Write `manifest` into `out`. Raises `OutputError`."""
    out.write(MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())


def check_same_batch(job: BatchJob, manifest: dict[str, Any], out: Storage) -> None:
    """Raise `BatchError` unless `manifest` is of a batch of the same source, model and options."""
    asked, found = _compared(_identity(job)), _compared(manifest)
    different = next((name for name, value in asked.items() if found.get(name) != value), None)
    if different is not None:
        raise BatchError(
            f"{out.url}: holds a batch with {different} {found.get(different)}, asked for {asked[different]}: go on "
            "with the same, or choose another --out"
        )


def _identity(job: BatchJob) -> dict[str, Any]:
    model = {"name": job.model.name, "sha256": job.model.sha256}
    return {"source": job.source, "folder": job.folder, "model": model, "options": job.options.to_dict()}


def _compared(manifest: dict[str, Any]) -> dict[str, Any]:
    """What must not change: the source wherever it is named from, the model's content, every option."""
    source = manifest["source"]
    place = source if is_url(source) else str(Path(manifest["folder"], source))
    return {"source": place, "model (SHA-256)": manifest["model"]["sha256"], **manifest["options"]}
