"""The question of remote read: which series, which span, and that chunks are wanted as they are.

Source of the format: prometheus/prompb/remote.proto (ReadRequest, Query) and types.proto
(LabelMatcher).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import cramjam

_STREAMED_XOR_CHUNKS = 1
_KINDS = {"=": 0, "!=": 1, "=~": 2, "!~": 3}
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_MATCHER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)', re.ASCII)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"'}


@dataclass(frozen=True)
class Matcher:
    """`label kind value`, where kind is one of `=`, `!=`, `=~`, `!~`."""

    label: str
    kind: str
    value: str


def parse_selector(selector: str) -> tuple[Matcher, ...]:
    """The matchers of `metric{label="value",...}`, written by `observe.telemetry.matchers`.

    Raises:
        ValueError: it is written in another way.
    """
    found = _NAME.match(selector)
    if found is None:
        raise ValueError(f"no metric name in {selector!r}")
    matchers = [Matcher("__name__", "=", found.group())]
    inside = selector[found.end() :]
    if not inside:
        return tuple(matchers)
    if not (inside.startswith("{") and inside.endswith("}")):
        raise ValueError(f"not a selector: {selector!r}")
    at, inside = 0, inside[1:-1]
    while at < len(inside):
        one = _MATCHER.match(inside, at)
        if one is None:
            raise ValueError(f"not a selector: {selector!r}")
        matchers.append(Matcher(one.group(1), one.group(2), _unquoted(one.group(3))))
        at = one.end()
    return tuple(matchers)


def encode_request(matchers: tuple[Matcher, ...], start_ms: int, end_ms: int) -> bytes:
    """The body of `POST /api/v1/read`: a ReadRequest as one snappy block.

    Args:
        matchers: which series.
        start_ms: first moment, milliseconds since 1970.
        end_ms: last moment, included.
    """
    query = _number(1, start_ms) + _number(2, end_ms)
    for matcher in matchers:
        parts = _number(1, _KINDS[matcher.kind]) + _text(2, matcher.label) + _text(3, matcher.value)
        query += _field(3, parts)
    message = _field(1, query) + _number(2, _STREAMED_XOR_CHUNKS)
    return bytes(cramjam.snappy.compress_raw(message))


def _unquoted(text: str) -> str:
    def plain(escape: re.Match[str]) -> str:
        code = escape.group(1)
        return chr(int(code[1:], 16)) if code.startswith("x") else _SHORT[code]

    return _ESCAPE.sub(plain, text)


def _text(number: int, value: str) -> bytes:
    return _field(number, value.encode())


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value & (1 << 64) - 1)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
