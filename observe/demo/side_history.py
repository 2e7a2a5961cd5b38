"""The side series' last day in both tiers: as scraped in one, as recorded in the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from observe.bootstrap.config.federation import recorded_rules
from observe.bootstrap.stack import Stack
from observe.demo.history import INTERVAL_SECONDS, History, write_block
from observe.demo.recorded_week import EVALUATION_LAG_SECONDS, RULES, Recorder
from observe.demo.sides import SIDE_SECONDS, side_block
from observe.demo.simulate import SeriesBlock
from observe.demo.tier_files import demo_stack
from observe.telemetry.client import PrometheusClient

_AT_ONCE = 2
#: Recorded of the servers themselves, which have no past.
_OF_SERVERS = ("job:", "metric:", "edge:")


def load_sides(history: History, edge_url: str, external_url: str, now: datetime) -> None:
    """Write the side series from a day before the end of the window until now.

    Args:
        history: the week, which both servers hold already.
        edge_url: gets the series.
        external_url: gets what the rules record of them.
        now: no sample will be younger.

    Raises:
        SourceError: a server could not be reached or refused the samples.
    """
    end_ms = int(history.summary.end.timestamp() * 1000)
    distance = 1000 * INTERVAL_SECONDS
    latest = round(1000 * (now.timestamp() - EVALUATION_LAG_SECONDS))
    first = int(history.today.timestamps_ms[0]) - 1000 * SIDE_SECONDS
    times = np.arange(first, latest + 1, distance)
    block = side_block(history.truth, end_ms, times)
    write_block(edge_url, block)
    write_block(external_url, Recorder(INTERVAL_SECONDS).record(block, ()))
    moments = times + 1000 * EVALUATION_LAG_SECONDS
    stack = demo_stack(history.clusters)
    with ThreadPoolExecutor(_AT_ONCE) as pool, PrometheusClient(edge_url) as client:
        for found in pool.map(lambda rule: _evaluated(client, rule, moments), _others(stack)):
            write_block(external_url, found)


def _others(stack: Stack) -> list[tuple[str, str]]:
    """Rules that numpy does not compute; the edge tier evaluates them itself."""
    known = {rule.name for rule in RULES}
    return [
        (name, expression)
        for name, expression in recorded_rules(stack)
        if name not in known and not name.startswith(_OF_SERVERS)
    ]


def _evaluated(
    client: PrometheusClient, rule: tuple[str, str], moments_ms: NDArray[np.int64]
) -> SeriesBlock:
    name, expression = rule
    start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (moments_ms[0], moments_ms[-1]))
    answer = client.range(expression, start, end, INTERVAL_SECONDS)
    values = np.full((len(answer.labels), len(moments_ms)), np.nan)
    at = (answer.times_ms - moments_ms[0]) // (1000 * INTERVAL_SECONDS)
    values[answer.series, at] = answer.values
    labels = [{**one, "__name__": name} for one in answer.labels]
    return SeriesBlock(labels, moments_ms, values)
