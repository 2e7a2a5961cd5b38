"""Values with units, in the way Grafana writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SHORT = ("", "K", "Mil", "Bil", "Tri")
_SI = ("", "k", "M", "G", "T", "P")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi")
_RATES = {"reqps": "req/s", "ops": "ops/s", "cps": "c/s"}
_TIMES = (
    *((31_536_000.0, "years"), (604_800.0, "weeks"), (86_400.0, "days"), (3_600.0, "hours")),
    *((60.0, "mins"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs")),
)


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """A value as Grafana shows it.

    Args:
        value: NaN is "no data".
        unit: Grafana's id of a unit, such as `percentunit`, `reqps`, `ms`, `bytes`.
        decimals: digits behind the point; chosen by the size when not given.
    """
    if math.isnan(value):
        return "No data"
    if unit == "percentunit":
        return f"{_digits(100 * value, decimals)}%"
    if unit == "bool_on_off":
        return "On" if value else "Off"
    if unit in ("s", "ms"):
        return _duration(value if unit == "s" else value / 1000, decimals)
    if unit in _RATES:
        return f"{_scaled(value, 1000.0, _SHORT, decimals)} {_RATES[unit]}"
    if unit == "bytes":
        return f"{_scaled(value, 1024.0, _BINARY, decimals, ' ')}B"
    if unit == "Bps":
        return f"{_scaled(value, 1000.0, _SI, decimals, ' ')}B/s"
    if unit == "short":
        return _scaled(value, 1000.0, _SHORT, decimals)
    return _digits(value, decimals)


def _digits(value: float, decimals: int | None) -> str:
    """Three digits that mean something; no zeros at the end unless decimals are asked for."""
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = max(0, min(8, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(
    value: float, factor: float, names: Sequence[str], decimals: int | None, gap: str = ""
) -> str:
    power = 0
    while abs(value) >= factor and power < len(names) - 1:
        value, power = value / factor, power + 1
    space = gap or (" " if names[power] else "")
    return f"{_digits(value, decimals)}{space}{names[power]}"


def _duration(seconds: float, decimals: int | None) -> str:
    if seconds == 0:
        return "0 s"
    size, name = next((pair for pair in _TIMES if abs(seconds) >= pair[0]), _TIMES[-1])
    amount = seconds / size
    text = _digits(amount, decimals)
    if text == "1" and name in ("years", "weeks", "days", "hours", "mins"):
        name = name.removesuffix("s")
    return f"{text} {name}"
