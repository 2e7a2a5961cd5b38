from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from observe.telemetry.catalogue import ENTRIES, promql
from observe.telemetry.shards import partition, restrict, selection, shard_labels

BY_NAME = {entry.name: entry for entry in ENTRIES}
NAMES = st.text(alphabet="abc.-|(\n", max_size=6)


def _chosen(matcher: str, value: str) -> bool:
    """What Prometheus makes of a matcher, for a label called x."""
    operator, quoted = matcher[1:3], matcher[3:]
    pattern = quoted[1:-1].replace("\\n", "\n").replace("\\\\", "\\")
    return (re.fullmatch(pattern, value) is not None) == (operator == "=~")


@given(st.dictionaries(NAMES, st.integers(1, 1000), max_size=30), st.integers(1, 8), NAMES)
def test_every_value_known_or_not_is_in_exactly_one_part(
    series: dict[str, int], parts: int, unknown: str
) -> None:
    matchers = partition("x", series, parts)
    for value in [*series, unknown] if matchers else []:
        assert sum(_chosen(matcher, value) for matcher in matchers) == 1


def test_parts_are_about_as_large_as_each_other() -> None:
    series = {f"svc-{i:03}.shop.svc": 50 for i in range(200)}
    matchers = partition("x", series, 5)
    sizes = [sum(n for v, n in series.items() if _chosen(m, v)) for m in matchers]
    assert len(matchers) == 5
    assert max(sizes) <= 1.5 * min(sizes)
    assert sum(map(len, matchers)) < 800  # by prefixes, not by 200 names


def test_a_label_with_one_value_divides_nothing() -> None:
    assert partition("x", {"only": 10**6}, 4) == []
    assert partition("x", {}, 4) == []


def test_the_matchers_are_added_to_every_selector() -> None:
    query = 'sum by (a) (increase(m_total{r=~"a|}{"}[5m])) / sum by (a) (n_total{})'
    assert restrict(query, ('x="1"',)) == (
        'sum by (a) (increase(m_total{r=~"a|}{",x="1"}[5m])) / sum by (a) (n_total{x="1"})'
    )
    assert restrict(query, ()) == query


def test_whether_anything_was_recorded_at_all_is_asked_of_all_series() -> None:
    query = promql(BY_NAME["requests"], 300)
    assert query.count("istio_requests_total{") == 4
    shard = restrict(query, ('x="1"',))
    assert shard.count('x="1"') == 3
    assert 'count(istio_requests_total{reporter=~"source|destination|waypoint"} offset' in shard


def test_every_entry_can_be_divided_by_a_label_of_its_series() -> None:
    for entry in ENTRIES:
        if entry.frame == "istiod":  # a handful of series a cluster
            continue
        assert shard_labels(entry)
        assert set(shard_labels(entry)) <= set(entry.by)
        assert selection(entry, promql(entry, 300)).startswith(entry.metrics[0] + "{")


def test_a_query_that_names_a_metric_without_braces_is_not_divided() -> None:
    entry = BY_NAME["memory"]
    bare = replace(entry, template=f"max by ($by) (max_over_time({entry.metrics[0]}[$window]))")
    assert shard_labels(bare) == []
    assert selection(bare, bare.template) == entry.metrics[0]
