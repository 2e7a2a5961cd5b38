"""Istio durations and milliseconds.

Istio reads Go duration strings (`1.5s`, `850ms`, `1m30s`) and refuses a timeout below one
millisecond or finer than whole milliseconds (pkg/config/validation/agent, ValidateDuration).
Written: `2s` when it is a whole number of seconds, `1250ms` otherwise. Sums are exact fractions:
`0.1s` is 100 ms and nothing beside it, and `0s`, which older files hold, can be told apart.
"""

from __future__ import annotations

import re
from fractions import Fraction

from observe.errors import InputError

_UNIT_MS = {
    "ns": Fraction(1, 1_000_000),
    "us": Fraction(1, 1_000),
    "µs": Fraction(1, 1_000),
    "μs": Fraction(1, 1_000),
    "ms": Fraction(1),
    "s": Fraction(1_000),
    "m": Fraction(60_000),
    "h": Fraction(3_600_000),
}
_PART = re.compile(r"([0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(ns|us|µs|μs|ms|s|m|h)")

#: The longest Go duration: 2^63 - 1 nanoseconds.
MAX_MS = (2**63 - 1) // 1_000_000

_HINT = "write whole milliseconds of at least 1ms, such as 850ms, 1.5s or 1m30s"


def duration_ms(text: object) -> Fraction:
    """The length of a Go duration string in milliseconds, of any sign-free size.

    Raises:
        InputError: it is not a Go duration, or longer than one can be.
    """
    if not isinstance(text, str):
        raise InputError(f"{shown(text)} is not a duration", _HINT)
    if text == "0":
        return Fraction(0)
    parts = list(_PART.finditer(text))
    if not parts or "".join(part.group() for part in parts) != text:
        raise InputError(f"{shown(text)} is not a duration", _HINT)
    total = sum((Fraction(p[1].rstrip(".")) * _UNIT_MS[p[2]] for p in parts), Fraction(0))
    if total > MAX_MS:
        raise InputError(f"{shown(text)} is longer than a duration can be", _HINT)
    return total


def parse_ms(text: object) -> int:
    """The length of an Istio duration in whole milliseconds.

    Raises:
        InputError: not a duration, shorter than 1 ms, or not a whole number of milliseconds.
    """
    total = duration_ms(text)
    if total < 1:
        raise InputError(f"the duration {shown(text)} is shorter than 1ms", _HINT)
    if total.denominator != 1:
        raise InputError(f"the duration {shown(text)} is finer than whole milliseconds", _HINT)
    return int(total)


def format_ms(milliseconds: int) -> str:
    """An Istio duration: `2s` for whole seconds, else `1250ms`.

    Raises:
        InputError: shorter than 1 ms or longer than a duration can be.
    """
    if not 1 <= milliseconds <= MAX_MS:
        raise InputError(f"{milliseconds} ms cannot be written as a duration", _HINT)
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{milliseconds}ms" if rest else f"{seconds}s"


def in_words(milliseconds: float | None) -> str:
    """A timeout for a reader, of any size: `1250ms`, `0.5ms`, or `none`."""
    if milliseconds is None:
        return "none"
    whole = milliseconds >= 1 and milliseconds == int(milliseconds)
    return format_ms(int(milliseconds)) if whole else f"{milliseconds}ms"


def shown(value: object, limit: int = 60) -> str:
    """A value from a file as it can stand in one line of a message."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def istio_duration(milliseconds: float) -> str:
    """As :func:`format_ms`, of the nearest whole number of milliseconds, 1 at the least."""
    return format_ms(max(1, round(milliseconds)))
