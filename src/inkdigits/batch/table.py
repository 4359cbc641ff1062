"""The table of results: one row per page of a picture, in the schema of `Reading`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from inkdigits.reading.reading import Digit, Reading

__all__ = ["OUTCOMES", "outcome_counts", "schema", "table_bytes"]

_COUNT = b"inkdigits."
OUTCOMES = ("read", "blank", "nothing_accepted", "error")


def schema() -> Any:
    """The table's Arrow schema.

    `picture` is the number of the picture in the source, from 0; the other columns are those of `Reading.to_dict`.
    `network_input` holds 784 bytes, the 28 rows of 28 grey levels: for unsure digits, so that people can review them,
    and for all with --network-inputs; otherwise it is null. `model_sha256` is that of the whole model file.
    """
    import pyarrow as pa

    digit = pa.struct(
        [
            ("value", pa.int8()),
            ("probability", pa.float32()),
            ("second", pa.int8()),
            ("second_probability", pa.float32()),
            ("outcome", pa.string()),
            ("box", pa.list_(pa.int32())),
            ("row", pa.int32()),
            ("probabilities", pa.list_(pa.float32())),
            ("network_input", pa.binary()),
        ]
    )
    separator = pa.struct([("character", pa.string()), ("box", pa.list_(pa.int32())), ("row", pa.int32())])
    return pa.schema(
        [
            ("picture", pa.int64()),
            ("path", pa.string()),
            ("page", pa.int32()),
            ("outcome", pa.string()),
            ("string", pa.string()),
            ("error", pa.string()),
            ("size", pa.list_(pa.int32())),
            ("rotation", pa.int32()),
            ("notes", pa.list_(pa.string())),
            ("digits", pa.list_(digit)),
            ("separators", pa.list_(separator)),
            ("model_sha256", pa.string()),
        ]
    )


def table_bytes(rows: Sequence[tuple[int, Reading]], model_sha256: str, *, all_network_inputs: bool) -> bytes:
    """The bytes of a Parquet file with the readings, each with the number of its picture."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [_row(number, reading, model_sha256, all_network_inputs) for number, reading in rows]
    counts: Counter[str] = Counter(reading.outcome for _, reading in rows)
    table = pa.Table.from_pylist(columns, schema()).replace_schema_metadata(
        {_COUNT + name.encode(): str(counts[name]) for name in OUTCOMES}
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def outcome_counts(metadata: dict[bytes, bytes] | None) -> dict[str, int]:
    """How many rows of each outcome a part holds, from the metadata of its file."""
    found = metadata or {}
    return {name: int(found.get(_COUNT + name.encode(), b"0")) for name in OUTCOMES}


def _row(number: int, reading: Reading, model_sha256: str, all_network_inputs: bool) -> dict[str, Any]:
    digits = [_digit(digit, all_network_inputs or digit.outcome == "unsure") for digit in reading.digits]
    separators = [vars(separator) for separator in reading.separators]
    own = {"picture": number, "digits": digits, "separators": separators, "model_sha256": model_sha256}
    return {**vars(reading), "notes": reading.notes, **own}


def _digit(digit: Digit, keep_input: bool) -> dict[str, Any]:
    return {**vars(digit), "network_input": digit.network_input.tobytes() if keep_input else None}
