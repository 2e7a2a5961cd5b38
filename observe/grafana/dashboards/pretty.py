"""Expressions laid out over several lines, as a person would who opens a panel."""

from __future__ import annotations

import re

import promql_parser

#: Grafana's own ranges, which a parser does not know, and durations that nobody would write.
_RANGES = {"$__rate_interval": "7m1s", "$__range": "7m2s", "$__interval": "7m3s"}
#: Variables that stand for a number, and numbers that nobody would write.
_NUMBERS = {"$objective": "0.4242421"}
_WIDTH = 100


def pretty(expression: str) -> str:
    """The same expression, parsed and written anew; variables of Grafana stay.

    Raises:
        ValueError: not PromQL.
    """
    plain = expression
    for name, stand_in in sorted(_RANGES.items(), key=lambda pair: -len(pair[0])):
        plain = plain.replace(f"[{name}", f"[{stand_in}")
    for name, stand_in in _NUMBERS.items():
        plain = plain.replace(name, stand_in)
    written = str(promql_parser.parse(plain).prettify())
    if len(flat := re.sub(r"\s*\n\s*", " ", written)) <= _WIDTH:
        written = re.sub(r"\( | \)", lambda found: found.group().strip(), flat)
    for name, stand_in in _RANGES.items():
        written = written.replace(f"[{stand_in}", f"[{name}")
    for name, stand_in in _NUMBERS.items():
        written = written.replace(stand_in, name)
    return written
