"""One day of one entry as a Parquet file: written whole or not at all, checked when it is read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from observe.telemetry.assemble import Table

SUFFIX = ".parquet"
SURVEY_SUFFIX = ".json"
#: Name of a file that is being written; what an interrupted run leaves is never taken for a day.
PARTIAL = ".partial-"
_ABOUT = b"observe"
_SAMPLES = ("step", "value")


def write_day(path: Path, table: Table, day: datetime, step: int, about: Mapping[str, Any]) -> None:
    """Write a table; a file of this name is replaced at once, when all is written.

    A row is a series: its labels, and its samples as two lists.

    Args:
        path: the file.
        table: samples, ordered by series; see :func:`observe.telemetry.gather.compact`.
        day: midnight (UTC) that the steps are counted from.
        step: seconds of a step.
        about: what the file says of itself.

    Raises:
        OSError, pyarrow.ArrowException: it cannot be written.
    """
    first = round(day.timestamp() * 1000)
    places = ((table.time - first) // (step * 1000)).astype(np.int32)
    counts = np.bincount(table.series, minlength=len(table.labels))
    offsets = pa.array(np.concatenate(([0], np.cumsum(counts))), type=pa.int32())
    arrow = pa.Table.from_pandas(table.labels, preserve_index=False).replace_schema_metadata(None)
    for name, values in zip(_SAMPLES, (places, table.values), strict=True):
        arrow = arrow.append_column(name, pa.ListArray.from_arrays(offsets, pa.array(values)))
    document = {**about, "dropped": table.dropped, "repaired": table.repaired}
    arrow = arrow.replace_schema_metadata({_ABOUT: json.dumps(document).encode()})
    write_whole(
        path,
        lambda file: pq.write_table(arrow, file, compression="zstd", write_page_checksum=True),
    )


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file beside its place and rename it; its folder is made.

    Args:
        path: the file.
        write: writes what is to be in it.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, partial = tempfile.mkstemp(prefix=PARTIAL, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def read_about(path: Path) -> dict[str, Any] | None:
    """What a file says of itself; None when there is none, or it is damaged."""
    try:
        return _about(pq.read_schema(path))
    except (OSError, ValueError, pa.ArrowException):
        return None


def read_day(path: Path, day: datetime, step: int) -> tuple[Table, dict[str, Any]] | None:
    """The table of a file and what it says of itself; None when there is none, or it is damaged.

    Args:
        path: the file.
        day: midnight (UTC) that the steps are counted from.
        step: seconds of a step.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            arrow = file.read(use_threads=False)  # several files are read at the same time
        about = _about(arrow.schema)
        if about is None:
            return None
        places, values = (arrow.column(name).combine_chunks() for name in _SAMPLES)
        labels = arrow.drop_columns(list(_SAMPLES)).to_pandas()
        counts = np.diff(places.offsets.to_numpy())
        table = Table(
            labels=_texts(labels),
            series=np.repeat(np.arange(len(labels), dtype=np.int64), counts),
            time=round(day.timestamp() * 1000)
            + places.values.to_numpy().astype(np.int64) * (step * 1000),
            values=values.values.to_numpy().astype(np.float64),
            dropped=int(about["dropped"]),
            repaired=float(about["repaired"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):
        return None
    return (table, about) if len(table.series) == len(table.time) == len(table.values) else None


def _texts(labels: pd.DataFrame) -> pd.DataFrame:
    """The labels without plain objects, as which columns without any row come back."""
    objects = [name for name, kind in labels.dtypes.items() if kind.kind == "O" and kind != "str"]
    return labels.astype(dict.fromkeys(objects, "str")) if objects else labels


def _about(schema: pa.Schema) -> dict[str, Any] | None:
    document = json.loads((schema.metadata or {}).get(_ABOUT, b"null"))
    return document if isinstance(document, dict) else None
