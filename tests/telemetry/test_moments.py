from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from known_week import END, START, Week, eventful_week
from scripted_api import Api, Asked, Reply
from scripted_api import at_moments as answer_moments

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.telemetry.client import PrometheusClient
from observe.telemetry.moments import at_moments, spread

HOUR = timedelta(hours=1)


def test_moments_are_whole_seconds_and_end_with_the_window() -> None:
    found = spread(START, START + timedelta(seconds=10), 4)
    assert [(moment - START).total_seconds() for moment in found] == [2, 5, 7, 10]
    assert spread(START, START + timedelta(seconds=1), 3) == [START, START + timedelta(seconds=1)]


def test_a_question_of_many_moments_is_asked_in_queries_that_no_proxy_refuses(
    api: Callable[..., Api],
) -> None:
    def answer(asked: Asked) -> Reply:
        hours = [((START + i * HOUR).timestamp(), str(i)) for i in range(200)]
        return answer_moments(asked, ({"pod": "a"}, hours))

    server = api(answer)
    moments = [START + i * HOUR for i in range(1, 169)]
    found = at_moments(
        PrometheusClient(server.url), lambda at: f"sum by (pod) (requests{at})", moments
    )
    assert found.labels == ({"pod": "a"},)
    assert found.values.tolist() == list(range(1, 169))
    assert found.times_ms.tolist() == [moment.timestamp() * 1000 for moment in moments]
    assert 1 < len(server.asked) < 6
    assert max(len(asked.params["query"]) for asked in server.asked) <= 8_000


@pytest.mark.integration
def test_the_answer_is_that_of_a_range_query_at_these_moments(
    prometheus_server: Callable[..., PrometheusServer],
) -> None:
    week: Week = eventful_week()
    server = prometheus_server(flags=HISTORY_FLAGS)
    push(server.url, week.labels, week.times_ms, week.values)
    client = PrometheusClient(server.url)
    moments = [START + i * 4 * HOUR for i in range(1, 43)]
    text = "sum by (pod, response_code) (istio_requests_total{0} - istio_requests_total{0} * 0.5)"
    ours = at_moments(client, text.format, moments)
    range_ = client.range(text.format(""), moments[0], END, 4 * 3600)
    left, right = (
        found.frame().sort_values(["pod", "response_code", "time"], ignore_index=True)
        for found in (ours, range_)
    )
    assert len(left) > 42
    np.testing.assert_allclose(left.pop("value"), right.pop("value"), rtol=1e-12)
    assert left.equals(right)
