"""A stack that began minutes ago is judged by what it has, and told since when it has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from known_week import END, WEB, Week

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.doctor.checks import diagnose
from observe.doctor.examine import Examination
from observe.doctor.facts import Facts
from observe.doctor.model import Check
from observe.telemetry.client import PrometheusClient

FRESH = Facts(url="http://prom", server="Prometheus", window_seconds=7 * 86_400.0, kind="raw")


def _check(facts: Facts, name: str) -> Check:
    (found,) = [check for check in diagnose(facts).checks if check.name == name]
    return found


@pytest.fixture(scope="module")
def young(prometheus_server: Callable[..., PrometheusServer]) -> PrometheusServer:
    """Twenty minutes of samples, the last one eight minutes before the end of the window."""
    week = Week(start=END - timedelta(minutes=28))
    week.add("p", np.full(len(week.times_ms), 60), labels=WEB)
    there = week.times_ms <= (END - timedelta(minutes=8)).timestamp() * 1000
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, week.labels, week.times_ms[there], np.array(week.values)[:, there])
    return running


@pytest.mark.integration
def test_nothing_is_missing_before_the_first_sample_and_after_the_last(
    young: PrometheusServer,
) -> None:
    with PrometheusClient(young.url) as client:
        facts = Examination(client, END, timedelta(days=7)).facts()
    assert facts.kept_away == {}
    assert facts.history_seconds is None
    assert facts.begin_seconds == pytest.approx(28 * 60, abs=61)
    assert facts.fresh_seconds == pytest.approx(8 * 60, abs=1)
    assert facts.coverage is not None
    assert [(c.cluster, c.share) for c in facts.coverage] == [("east", 1.0)]
    history = _check(facts, "history")
    assert history.status == "FAIL"
    assert history.found in {
        f"no samples from an hour ago: data begin {minutes} minutes before the end of the window"
        for minutes in (27, 28)
    }


@pytest.mark.parametrize(
    ("age", "begin", "found"),
    [
        (None, None, "no samples from an hour ago"),
        (
            None,
            720.0,
            "no samples from an hour ago: data begin 12 minutes before the end of the window",
        ),
        (
            21_600.0,
            39_600.0,
            "samples from 6 hours ago are there: data begin 11 hours before the end of the window",
        ),
        (
            172_800.0,
            259_200.0,
            "samples from 2 days ago are there: data begin 3 days before the end of the window",
        ),
        (172_800.0, None, "samples from 2 days ago are there, none from 7 days ago"),
    ],
)
def test_it_is_said_since_when_there_are_data(
    age: float | None, begin: float | None, found: str
) -> None:
    check = _check(replace(FRESH, history_seconds=age, begin_seconds=begin), "history")
    assert check.found == found


def test_a_young_stack_is_told_to_wait_before_it_is_told_to_keep_more() -> None:
    assert _check(replace(FRESH, begin_seconds=720.0), "history").fix == (
        "If it was set up then, wait: a report wants a day, better a week. If it has run for "
        "longer, it forgets too soon. Keep at least eight days (--storage.tsdb.retention.time=15d),"
        " or ask the long-term store; Istio's quick-start Prometheus keeps six hours"
    )


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("Envoy's statistics", "observe bootstrap istio"),
        ("containers", "observe bootstrap kubernetes"),
        ("kube-state-metrics", "observe bootstrap kubernetes"),
    ],
)
def test_what_is_missing_is_added_by_a_command_first_and_by_hand_after(
    name: str, command: str
) -> None:
    check = _check(replace(FRESH, cluster_stats=frozenset()), name)
    assert command in check.fix
    assert command in check.setting.splitlines()[0]
