"""Durations as Istio reads and writes them: Go's notation, whole milliseconds, at least one."""

from __future__ import annotations

import math
import re

from observe.errors import InputError

_UNITS_MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def parse_duration(text: str) -> float:
    """Milliseconds of a Go duration such as `850ms`, `1.5s` or `1m30s`.

    Raises:
        InputError: not a duration, below one millisecond, or finer than whole milliseconds
            (Istio refuses those too).
    """
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InputError(f"{text!r} is no duration", "write it like 850ms, 1.5s or 1m30s")
    milliseconds = math.fsum(float(number) * _UNITS_MS[unit] for number, unit in parts)
    if milliseconds < 1 or abs(milliseconds - round(milliseconds)) > 1e-6:
        raise InputError(f"Istio takes whole milliseconds, one at least, not {text!r}")
    return float(round(milliseconds))


def istio_duration(milliseconds: float) -> str:
    """`850ms`, or `2s` when it is a whole number of seconds; rounded to whole milliseconds."""
    whole = max(1, round(milliseconds))
    return f"{whole // 1000}s" if whole % 1000 == 0 else f"{whole}ms"
