"""History that promtool records: the same moments each time, and errors in a line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from known_week import END, WEB, Week

from observe.bootstrap.backfill import backfill_rates
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient

Servers = Callable[..., PrometheusServer]
START = END - timedelta(hours=12)
integration = pytest.mark.integration


def test_rules_that_cannot_be_evaluated_say_why(tmp_path: Path, unused_port: int) -> None:
    with pytest.raises(SourceError, match="could not be evaluated"):
        backfill_rates(f"http://127.0.0.1:{unused_port}", tmp_path / "data", START, END)


@integration
def test_the_same_history_is_recorded_at_the_same_moments_again(
    prometheus_server: Servers, tmp_path: Path
) -> None:
    week = Week(start=END - timedelta(hours=3))
    week.add("web-1", np.full(len(week.times_ms), 60), labels=WEB)
    source = prometheus_server(flags=HISTORY_FLAGS)
    push(source.url, week.labels, week.times_ms, week.values)
    found = []
    for name in ("first", "second"):
        backfill_rates(source.url, tmp_path / name / "data", END - timedelta(hours=2), END)
        server = prometheus_server(tmp_path / name)
        answer = PrometheusClient(server.url).instant("edge:evaluations:heartbeat[2h]", END)
        found.append(answer.times_ms.tolist())
    assert found[0] == found[1]
    assert len(found[0]) == 120
