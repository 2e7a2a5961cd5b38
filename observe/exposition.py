"""Pages of samples in Prometheus's text format, as a scrape reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def series_text(labels: Mapping[str, str]) -> str:
    """A series as it stands before its value: `name{label="value",...}`."""
    pairs = ",".join(
        f'{name}="{value.translate(_ESCAPES)}"'
        for name, value in labels.items()
        if name != "__name__" and value
    )
    return f"{labels['__name__']}{{{pairs}}}"


def page(samples: Iterable[tuple[str, float]]) -> str:
    """The page of some series and their values; NaN is a series that is not there."""
    return "".join(f"{series} {value!r}\n" for series, value in samples if not np.isnan(value))
