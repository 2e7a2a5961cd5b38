"""Numbers as people read them: every one with its unit, with the digits that mean something."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

from observe.durations import parse_ms
from observe.errors import InputError

#: Stands where there is no number.
NOTHING = "–"


def significant(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, no exponent, no trailing zeros.

    Examples: 0.04999 → `0.05`, 1234.5 → `1,230`.
    """
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    text = f"{round(value, places):,.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration_text(milliseconds: float | None) -> str:
    """`4.5 ms`, `850 ms`, `2.5 s`, `12 min`, `1.5 h`; three significant digits."""
    if milliseconds is None or math.isnan(milliseconds):
        return NOTHING
    if math.isinf(milliseconds):
        return "no end"
    # A value that rounds up to the next unit is written in that unit: 1 s, not 1,000 ms.
    for divisor, unit, limit in (
        (1.0, "ms", 999.5),
        (1e3, "s", 119_500.0),
        (6e4, "min", 7_170_000),
    ):
        if milliseconds < limit:
            return f"{significant(milliseconds / divisor)} {unit}"
    return f"{significant(milliseconds / 3.6e6)} h"


def setting_text(duration: str | None) -> str:
    """A setting in Istio's notation, exactly: `1250ms` → `1.25 s`; None → `none`.

    What is no duration is returned as it stands.
    """
    if duration is None:
        return "none"
    try:
        whole = round(parse_ms(duration))
    except InputError:
        return duration
    if whole < 1_000:
        return f"{whole} ms"
    return f"{whole / 1_000:,.3f}".rstrip("0").rstrip(".") + " s"


def count_text(count: float | None) -> str:
    """`0.4`, `812`, `8,120`, `12.3 k`, `1.2 M`."""
    if count is None or math.isnan(count):
        return NOTHING
    if abs(count) < 9.95:
        return significant(count, 2)
    if abs(count) < 9_999.5:
        return f"{count:,.0f}"
    for divisor, unit in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        if abs(count) < divisor * 999.5:
            return f"{significant(count / divisor)} {unit}"
    return f"{significant(count / 1e12)} T"


def rate_text(per_second: float | None) -> str:
    """`25 /day`, `12.5 /s`, `12.3 k/s`; less than one in ten seconds is told per hour or day."""
    if per_second is None or math.isnan(per_second):
        return NOTHING
    if per_second == 0:
        return "0 /s"
    for seconds, unit, least in ((1, "s", 0.1), (3_600, "h", 10 / 3_600)):
        if per_second >= least:
            rate = per_second * seconds
            large = rate >= 9_999.5
            return f"{count_text(rate)}/{unit}" if large else f"{significant(rate)} /{unit}"
    return f"{significant(per_second * 86_400)} /day"


def share_text(share: float | None) -> str:
    """A fraction in percent: `0 %`, `0.05 %`, `12 %`, `99.98 %`.

    Two significant digits of the distance to 0 or 100 %, whichever is nearer: a share that is
    not zero never reads `0 %`, one that is not whole never reads `100 %`.
    """
    if share is None or math.isnan(share):
        return NOTHING
    if share in (0.0, 1.0):
        return f"{share * 100:.0f} %"
    if 0 < share < 1e-7:
        return "< 0.00001 %"
    if 1 - 1e-7 < share < 1:
        return "> 99.99999 %"
    percent = share * 100
    if 50 < percent < 100:
        places = 1 - math.floor(math.log10(100 - percent))
        places = max(places, 0)
        below = math.floor(percent * 10**places + 1e-6) / 10**places
        return f"{below:.{places}f}".rstrip("0").rstrip(".") + " %" if places else f"{below:.0f} %"
    return f"{significant(percent, 2)} %"


def interval_text(
    value: float, interval: tuple[float, float] | None, text: Callable[[float], str]
) -> str:
    """`0.05 % (0.03 % to 0.08 %)`; the value alone where both ends read the same, or without."""
    shown = text(value)
    if interval is None:
        return shown
    low, high = text(interval[0]), text(interval[1])
    return shown if low == high == shown else f"{shown} ({low} to {high})"


def bytes_text(count: float) -> str:
    """`512 B`, `3.4 KiB`, `12 MiB`."""
    for divisor, unit in ((1, "B"), (2**10, "KiB"), (2**20, "MiB")):
        if count < divisor * 1_023.5:
            return f"{significant(count / divisor)} {unit}"
    return f"{significant(count / 2**30)} GiB"


def quantile_name(level: float) -> str:
    """`p99.9` for 0.999."""
    return f"p{round(level * 100, 6):g}"


def time_text(moment: datetime) -> str:
    """`Mon 16 Nov 2026 06:00 UTC`."""
    return f"{_utc(moment):%a} {_utc(moment).day} {_utc(moment):%b %Y %H:%M} UTC"


def span_text(start: datetime, end: datetime) -> str:
    """`Mon 16 Nov 06:00 – 07:30 UTC`, with both days where they differ."""
    first, last = _utc(start), _utc(end)
    day = f"{first:%a} {first.day} {first:%b %H:%M}"
    if first.date() == last.date():
        return f"{day} – {last:%H:%M} UTC"
    return f"{day} – {last:%a} {last.day} {last:%b %H:%M} UTC"


def length_text(seconds: float) -> str:
    """`7 days`, `36 hours`, `5 minutes`, `15 seconds`."""
    for divisor, unit, least in ((86_400, "day", 2), (3_600, "hour", 1), (60, "minute", 1)):
        if seconds >= divisor * least:
            return plural(seconds / divisor, unit)
    return plural(seconds, "second")


def plural(count: float, noun: str, many: str = "") -> str:
    """`1 change`, `3 changes`, `no changes`; `many` where the plural takes more than an s."""
    many = many or f"{noun}s"
    if count == 0:
        return f"no {many}"
    return f"{count_text(count)} {noun if count == 1 else many}"


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
