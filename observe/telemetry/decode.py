"""Answers of the Prometheus query API as columns: a table of labels and three arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Labels = Mapping[str, str]


@dataclass(frozen=True)
class QueryResult:
    """One answer: S series with N samples in all.

    Attributes:
        labels: labels of each series (S).
        series: position of each sample's series in `labels` (N).
        times_ms: milliseconds since the epoch (N).
        values: values (N); may hold NaN and infinities, as Prometheus does.
        warnings: what the server warned of; an answer with warnings may be partial.
        infos: what the server remarked.
        bytes: size of the answer as decoded.
        seconds: time until the answer was there.
        partial: the server says that a part of its stores did not answer.
    """

    labels: tuple[Labels, ...]
    series: NDArray[np.int32]
    times_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    bytes: int = 0
    seconds: float = 0.0
    partial: bool = False

    def frame(self) -> pd.DataFrame:
        """One row a sample: `time` (UTC), one column a label, `value`; "" for absent labels."""
        names = sorted({name for labels in self.labels for name in labels})
        columns = self.label_frame(names).iloc[self.series].reset_index(drop=True)
        times = pd.to_datetime(self.times_ms, unit="ms", utc=True).as_unit("ns")
        frame = pd.DataFrame({"time": times}).join(columns)
        frame["value"] = self.values
        return frame

    def label_frame(self, names: Sequence[str]) -> pd.DataFrame:
        """One row a series: the named labels, "" where a series does not carry one."""
        return pd.DataFrame(
            {name: [labels.get(name, "") for labels in self.labels] for name in names},
            index=range(len(self.labels)),  # without any name there would be no rows
            columns=list(names),
            dtype="str",
        )

    def dense(self, first_ms: int, step_ms: int, points: int) -> NDArray[np.float64]:
        """Values on a grid of times, array (S, points); NaN where there is no sample."""
        grid = np.full((len(self.labels), points), np.nan)
        at = np.rint((self.times_ms - first_ms) / step_ms).astype(np.int64)
        inside = (at >= 0) & (at < points)
        grid[self.series[inside], at[inside]] = self.values[inside]
        return grid


def decode(data: Mapping[str, Any]) -> QueryResult:
    """The `data` part of an answer as columns.

    Args:
        data: `{"resultType": "matrix" | "vector" | "scalar", "result": ...}`.

    Raises:
        KeyError, TypeError, ValueError: the shape is another one.
    """
    kind, result = data["resultType"], data["result"]
    if kind == "matrix":
        values = [series.get("values", ()) for series in result]
    elif kind == "vector":
        values = [(series["value"],) if "value" in series else () for series in result]
    elif kind == "scalar":
        result, values = [{"metric": {}}], [(result,)]
    else:
        raise ValueError(f"unexpected result type {kind!r}")
    labels = tuple(dict(series["metric"]) for series in result)
    native = sum("histograms" in series or "histogram" in series for series in result)
    infos = (f"{native} native histogram series were left out",) if native else ()
    return _columns(labels, values, infos)


class Samples:
    """Samples of one series as two columns.

    Args:
        pairs: time in seconds and value as text, as the API writes them.

    Raises:
        TypeError, ValueError: they are no such pairs.
    """

    __slots__ = ("times_ms", "values")

    def __init__(self, pairs: Sequence[Sequence[Any]]) -> None:
        flat = list(chain.from_iterable(pairs))
        if len(flat) != 2 * len(pairs):
            raise ValueError("a sample is not a pair of time and value")
        seconds = np.array(flat[0::2], dtype=np.float64)
        self.times_ms: NDArray[np.int64] = np.rint(seconds * 1000).astype(np.int64)
        # float() reads "NaN", "+Inf" and "-Inf" as Prometheus writes them.
        self.values = np.fromiter(map(float, flat[1::2]), dtype=np.float64, count=len(pairs))


def pack(parsed: dict[str, Any]) -> dict[str, Any]:
    """A hook for the JSON parser: samples of a series become columns as soon as they are read.

    Lists of texts take ten times the memory of columns; so there is never more than one.
    """
    pairs = parsed.get("values")
    if isinstance(pairs, list):
        try:
            parsed["values"] = Samples(pairs)
        except (TypeError, ValueError):
            return parsed  # not those of a series, or wrong ones: whoever decodes them will tell
    return parsed


def _columns(
    labels: tuple[Labels, ...], values: Sequence[Any], infos: tuple[str, ...]
) -> QueryResult:
    packed = [each if isinstance(each, Samples) else Samples(each) for each in values]
    lengths = np.fromiter((len(p.values) for p in packed), dtype=np.int64, count=len(packed))
    times = [p.times_ms for p in packed] or [np.empty(0, dtype=np.int64)]
    numbers = [p.values for p in packed] or [np.empty(0)]
    return QueryResult(
        labels=labels,
        series=np.repeat(np.arange(len(labels), dtype=np.int32), lengths),
        times_ms=np.concatenate(times),
        values=np.concatenate(numbers),
        infos=infos,
    )
