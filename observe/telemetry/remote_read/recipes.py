"""Which entries of the catalogue can be computed from raw samples, and how.

An entry is understood by the text of its template, never by its name: one that is written in
another way than those below is asked in PromQL, so that nothing can drift apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from observe.telemetry.catalogue import Entry
from observe.telemetry.remote_read import windows
from observe.telemetry.remote_read.request import parse_selector
from observe.telemetry.remote_read.sums import LARGEST, NUMBER, SUM

Combine = Literal["join", "divide"]

_AGGREGATES = {"sum": SUM, "max": LARGEST, "count": NUMBER}
_FUNCTIONS = {
    "increase": windows.INCREASE,
    "rate": windows.RATE,
    "count_over_time": windows.COUNT,
    "max_over_time": windows.MAXIMUM,
}
_SELECTOR = r'[a-zA-Z_:][\w:]*(?:\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\})?'
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_AGGREGATION = re.compile(r"(sum|max|count) by \(\$by\) \((.*)\)", re.DOTALL)
_OVER_TIME = re.compile(rf"(\w+)\(({_SELECTOR})\[\$window\]\)")
_ONLY_SELECTOR = re.compile(_SELECTOR)
_RENAMED = re.compile(rf'label_replace\((.*), {_TEXT}, "\$\$1", {_TEXT}, {_TEXT}\)', re.DOTALL)
_LABELLED = re.compile(rf'label_replace\((.*), {_TEXT}, {_TEXT}, "", ""\)', re.DOTALL)
_BORN = re.compile(
    rf"sum by \(\$by\) \(\$once\(\(\(min_over_time\(({_SELECTOR})\[\$window\]\) <= 10\) "
    rf"unless ({_SELECTOR}) offset \$window\) "
    rf"and on \(\) count\(({_SELECTOR}) offset \$window\)\)\)"
)


@dataclass(frozen=True)
class Rename:
    """The first group of a label's value becomes another label, where the pattern fits."""

    source: str
    target: str
    pattern: str


@dataclass(frozen=True)
class Part:
    """One aggregation of raw series.

    Attributes:
        selector: the series, as PromQL writes them.
        function: what is evaluated over each range of each series (`windows`).
        aggregate: how the series of a group become one (`sums`).
        copies: whether copies of a series by several replicas are averaged before.
        renames: labels that are made of others, in this order, before series are grouped.
        first_values: whether small first values of new series are added.
        recorded: the series that show whether anything was recorded before a first value; empty
            for those of the selector.
        label: a label that all rows of the part carry.
    """

    selector: str
    function: int
    aggregate: int
    copies: bool = False
    renames: tuple[Rename, ...] = ()
    first_values: bool = False
    recorded: str = ""
    label: tuple[str, str] | None = None


@dataclass(frozen=True)
class Recipe:
    """Parts, and whether their rows stand side by side or the first is divided by the second."""

    parts: tuple[Part, ...]
    combine: Combine = "join"

    @property
    def selectors(self) -> tuple[str, ...]:
        """The raw series that are read."""
        every = (s for part in self.parts for s in (part.selector, part.recorded) if s)
        return tuple(dict.fromkeys(every))


def recipe(entry: Entry) -> Recipe | None:
    """How the entry is computed; None when PromQL has to be asked."""
    text = entry.template
    one = _part(text)
    if one is not None:
        return Recipe((one,))
    sides = _split(text, " / ")
    if len(sides) == 2:
        above, below = _part(sides[0]), _part(sides[1])
        if above is not None and below is not None:
            return Recipe((above, below), "divide")
    return _joined(_split(text, " or "))


def _joined(sides: list[str]) -> Recipe | None:
    """Parts whose rows stand side by side: with a label each, or increases with first values."""
    labelled = [_LABELLED.fullmatch(side) for side in sides]
    parts: list[Part] = []
    for found in labelled:
        if found is None:
            return None
        text, name, value = found.groups()
        part = _part(text)
        if part is not None:
            parts.append(replace(part, label=None if name == "part" else (name, value)))
        elif parts and (born := _first_values(text, parts[-1])):
            parts[-1] = born
        else:
            return None
    return Recipe(tuple(parts)) if parts else None


def _first_values(text: str, part: Part) -> Part | None:
    """The part with first values, if that is what the text asks for of the same series."""
    found = _BORN.fullmatch(text)
    if found is None or {found.group(1), found.group(2)} != {part.selector}:
        return None
    recorded = found.group(3)
    if not _readable(recorded):
        return None
    return replace(part, first_values=True, recorded="" if recorded == part.selector else recorded)


def _part(text: str) -> Part | None:
    found = _AGGREGATION.fullmatch(text)
    if found is None or not _balanced(found.group(2)):
        return None
    inner, renames = found.group(2), list[Rename]()
    while renamed := _RENAMED.fullmatch(inner):
        inner, target, source, pattern = renamed.groups()
        renames.insert(0, Rename(source, target, pattern.replace("$$", "$")))
    copies = inner.startswith("$once(") and inner.endswith(")")
    inner = inner[len("$once(") : -1] if copies else inner
    over_time = _OVER_TIME.fullmatch(inner)
    if over_time and over_time.group(1) in _FUNCTIONS:
        function, selector = _FUNCTIONS[over_time.group(1)], over_time.group(2)
    elif _ONLY_SELECTOR.fullmatch(inner):
        function, selector = windows.PRESENT, inner
    else:
        return None
    if function == windows.PRESENT and found.group(1) != "count":
        return None  # the value itself would be wanted
    if not _readable(selector):
        return None
    return Part(selector, function, _AGGREGATES[found.group(1)], copies, tuple(renames))


def _readable(selector: str) -> bool:
    try:
        parse_selector(selector)
    except (ValueError, KeyError):
        return False
    return True


def _split(text: str, between: str) -> list[str]:
    """The operands of an operator outside of parentheses and quotes."""
    parts, begin = [], 0
    for at in _outside(text):
        if text.startswith(between, at) and at >= begin:
            parts.append(text[begin:at])
            begin = at + len(between)
    return [*parts, text[begin:]]


def _balanced(text: str) -> bool:
    """Whether no parenthesis is closed that was not opened here."""
    depth = 0
    for sign in re.sub(_TEXT, "", text):
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return False
    return depth == 0


def _outside(text: str) -> list[int]:
    """Positions that lie outside of parentheses and quotes."""
    depth, places, at = 0, [], 0
    while at < len(text):
        quoted = re.compile(_TEXT).match(text, at)
        if quoted:
            at = quoted.end()
            continue
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            places.append(at)
        at += 1
    return places
