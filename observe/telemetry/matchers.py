"""Label matchers and selectors of PromQL, with every value escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from observe.errors import InputError

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
#: What means something in RE2; other characters need no backslash and may not have one.
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(value: str) -> str:
    r"""A PromQL string literal in double quotes: `o"k` becomes `"o\"k"`."""
    escaped = "".join(
        _SHORT.get(c) or (c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}") for c in value
    )
    return f'"{escaped}"'


def escape_regex(value: str) -> str:
    """The value as an RE2 expression that matches nothing but itself."""
    return _SPECIAL.sub(lambda found: "\\" + found.group(), value)


def equals(label: str, value: str) -> str:
    """`label="value"`."""
    return f"{_checked(label)}={quote(value)}"


def not_equals(label: str, value: str) -> str:
    """`label!="value"`."""
    return f"{_checked(label)}!={quote(value)}"


def one_of(label: str, values: Iterable[str]) -> str:
    """`label=~"a|b"`, which matches exactly these values.

    Raises:
        InputError: there are no values (the matcher would match series without the label).
    """
    escaped = [escape_regex(v) for v in values]
    if not escaped:
        raise InputError(f"no values are given for the label {label}")
    return f"{_checked(label)}=~{quote('|'.join(escaped))}"


def matches(label: str, pattern: str) -> str:
    """`label=~"pattern"` for an RE2 expression, anchored at both ends as PromQL does."""
    return f"{_checked(label)}=~{quote(pattern)}"


def not_matches(label: str, pattern: str) -> str:
    """`label!~"pattern"` for an RE2 expression, anchored at both ends as PromQL does."""
    return f"{_checked(label)}!~{quote(pattern)}"


def selector(metric: str, matchers: Iterable[str] = ()) -> str:
    """`metric{matcher,matcher}`.

    Raises:
        InputError: not a metric name.
    """
    if not _METRIC.fullmatch(metric):
        raise InputError(f"{metric!r} is not a metric name")
    inside = ",".join(matchers)
    return f"{metric}{{{inside}}}" if inside else metric


def from_mapping(labels: Mapping[str, str]) -> list[str]:
    """Equality matchers of a mapping from label to value."""
    return [equals(label, value) for label, value in labels.items()]


def _checked(label: str) -> str:
    if not _LABEL.fullmatch(label):
        raise InputError(f"{label!r} is not a label name")
    return label
