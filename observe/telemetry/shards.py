"""Parts of the series of a query, told apart by a label, which together are all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from observe.telemetry.catalogue import Entry
from observe.telemetry.matchers import escape_regex, matches, not_matches

#: Labels to tell parts apart by, those with many values and an even spread first.
_LABELS = (
    "destination_service",
    "source_workload",
    "destination_workload",
    "response_code",
    "namespace",
    "container",
    "cluster_name",
)
_STRING = r'"(?:[^"\\]|\\.)*"'
_SELECTOR = re.compile(
    rf"(?P<whole>\bcount\()?(?P<metric>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    rf"\{{(?P<inside>(?:[^{{}}\"]|{_STRING})*)\}}"
)


def shard_labels(entry: Entry) -> list[str]:
    """The labels that an entry can be told apart by; none when its query cannot be restricted."""
    bare = re.compile(rf"({'|'.join(map(re.escape, entry.metrics))})(?![\w:{{])")
    if bare.search(re.sub(_STRING, '""', entry.template)):
        return []
    return [label for label in _LABELS if label in entry.by]


def restrict(query: str, shard: Sequence[str]) -> str:
    """The query over a part of the series: the matchers are added to each selector.

    A selector inside a plain `count()` asks whether anything was recorded at all; it stays whole.
    """
    if not shard:
        return query
    more = ",".join(shard)

    def add(found: re.Match[str]) -> str:
        if found["whole"]:
            return found.group()
        inside = f"{found['inside']},{more}" if found["inside"].strip() else more
        return f"{found['metric']}{{{inside}}}"

    return _SELECTOR.sub(add, query)


def selection(entry: Entry, query: str) -> str:
    """The selector of an entry's first metric, as it stands in its query."""
    metric = entry.metrics[0]
    found = re.search(rf"{re.escape(metric)}\{{(?:[^{{}}\"]|{_STRING})*\}}", query)
    return found.group() if found else metric


def partition(label: str, series: Mapping[str, int], parts: int) -> list[str]:
    """Matchers that divide series into parts of about the same size.

    Values are told apart by their first characters, as few as will do, so that the expressions
    stay short. The last matcher takes whatever the others do not, so that no series is lost whose
    value was not known, and none is read twice.

    Args:
        label: the label.
        series: value of the label → number of series.
        parts: number of parts to aim at.

    Returns:
        One matcher a part; none when the label cannot divide the series.
    """
    if len(series) < 2 or parts < 2:
        return []
    target = sum(series.values()) / parts
    length = _prefix_length(series, target)
    bins = _fill(_by_prefix(series, length), target)
    if len(bins) < 2:
        return []
    expressions = ["|".join(_expression(prefix, length) for prefix in group) for group in bins]
    rest = "|".join(expressions[:-1])
    return [*(matches(label, text) for text in expressions[:-1]), not_matches(label, rest)]


def _by_prefix(series: Mapping[str, int], length: int) -> dict[str, list[int]]:
    ordered = sorted(series.items())
    return {
        prefix: [count for _, count in group]
        for prefix, group in groupby(ordered, key=lambda item: item[0][:length])
    }


def _prefix_length(series: Mapping[str, int], target: float) -> int:
    """The shortest prefix at which no group of several values is above the target."""
    longest = max(map(len, series))
    for length in range(1, longest):
        groups = _by_prefix(series, length).values()
        if len(groups) > 1 and all(len(g) == 1 or sum(g) <= target for g in groups):
            return length
    return longest


def _fill(groups: Mapping[str, list[int]], target: float) -> list[list[str]]:
    """Neighbouring prefixes together until they reach the target."""
    bins: list[list[str]] = []
    filled = 0.0
    for prefix, counts in groups.items():
        if not bins or filled >= target or filled + sum(counts) > 1.5 * target:
            bins.append([])
            filled = 0.0
        bins[-1].append(prefix)
        filled += sum(counts)
    return bins


def _expression(prefix: str, length: int) -> str:
    """What begins with the prefix; a value shorter than all prefixes stands for itself."""
    return escape_regex(prefix) + ("(?s:.*)" if len(prefix) == length else "")
