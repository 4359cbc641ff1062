"""manifest.json: what a folder of results is of, so that nothing else is ever mixed into it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from inkdigits.batch.batch_job import BatchJob, BatchOptions
from inkdigits.batch.storage import Storage, is_url
from inkdigits.errors import BatchError, OutputError
from inkdigits.system.typed_json import from_json

__all__ = [
    "MANIFEST",
    "Manifest",
    "check_same_batch",
    "mark_finished",
    "new_manifest",
    "read_manifest",
    "write_manifest",
]

MANIFEST = "manifest.json"
_FORMAT = 2
_OURS = frozenset({"listing.parquet", "parts", "unpacked"})


@dataclass(frozen=True)
class Manifest:
    """A batch: its source as it was named in `folder`, its model and options, and how large it is.

    `rows` counts the rows by outcome once the batch is finished; before that it is empty.
    """

    format: int
    state: Literal["running", "finished"]
    source: str
    folder: str
    model: str
    model_sha256: str
    options: BatchOptions
    pictures: int
    parts: int
    inkdigits_version: str
    rows: dict[str, int] = field(default_factory=dict)


def read_manifest(out: Storage) -> Manifest | None:
    """The manifest in `out`, or None before the source is listed.

    Raises `BatchError` when it is damaged or of another format, `OutputError` when `out` holds other files.
    """
    names = out.names("")
    if MANIFEST not in names:
        others = sorted(name for name in names if name not in _OURS and not name.startswith("."))
        if others:
            raise OutputError(f"{out.url}: holds files that are not of a batch ({others[0]}): choose another --out")
        return None
    try:
        found = json.loads(out.read(MANIFEST))
        if isinstance(found, dict) and found.get("format") != _FORMAT:
            raise ValueError(f"field format is {found.get('format')}, expected {_FORMAT}, of this inkdigits")
        return from_json(Manifest, found)
    except ValueError as error:
        raise BatchError(f"{out.url}/{MANIFEST}: {error}: start again with another --out") from error


def new_manifest(job: BatchJob, pictures: int, parts: int) -> Manifest:
    """The manifest of a batch whose source has been listed."""
    model = job.model.name, job.model.sha256
    return Manifest(
        _FORMAT, "running", job.source, job.folder, *model, job.options, pictures, parts, version("inkdigits")
    )


def mark_finished(manifest: Manifest, rows: dict[str, int]) -> Manifest:
    """The manifest of a batch all of whose parts exist; `rows` counts their rows by outcome."""
    return replace(manifest, state="finished", rows=rows)


def write_manifest(out: Storage, manifest: Manifest) -> None:
    """Write `manifest` into `out`. Raises `OutputError`."""
    out.write(MANIFEST, (json.dumps(asdict(manifest), indent=2) + "\n").encode())


def check_same_batch(job: BatchJob, manifest: Manifest, out: Storage) -> None:
    """Raise `BatchError` unless `manifest` is of a batch of the same source, model content and options."""
    found = _identity(manifest)
    for name, asked in _identity(new_manifest(job, 0, 0)).items():
        if found[name] != asked:
            raise BatchError(
                f"{out.url}: holds a batch with {name} {found[name]}, asked for {asked}: use the same, or choose "
                "another --out"
            )


def _identity(manifest: Manifest) -> dict[str, Any]:
    """What must not change: the source wherever it is named from, the model's content, every option."""
    source = manifest.source
    place = source if is_url(source) else str(Path(manifest.folder, source))
    return {"source": place, "model (SHA-256)": manifest.model_sha256, **asdict(manifest.options)}
