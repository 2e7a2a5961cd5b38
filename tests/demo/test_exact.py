"""The truth functions against large samples drawn by other means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from meshes import CLIENT, INCIDENT, MONDAY, api, mesh
from numpy.typing import NDArray

from observe.demo.exact import (
    expectation,
    expected_successes,
    true_edge_quantile,
    true_fraction_above,
    true_quantile,
)
from observe.demo.process import arrivals, slowness
from observe.demo.shop import demo_mesh
from observe.demo.truth import Edge, Truth, Workload
from observe.recommend.reasons import Reason

API = "east/shop/api"
WEEK = np.arange(168, dtype=np.int64)


def _sample(truth: Truth, hours: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Durations of a one-edge mesh's successes: pick an hour, a component, a duration."""
    rng = np.random.default_rng(11)
    edge = truth.edges[0]
    weights = arrivals(truth, edge, hours).sum(axis=1)
    scale = slowness(truth, edge, hours)
    at = rng.choice(len(hours), count, p=weights / weights.sum())
    durations = np.where(
        rng.random(count) < 0.8,
        np.exp(np.log(12) + 0.4 * rng.standard_normal(count)),
        rng.gamma(3.0, 160 / 3.0, count),
    )
    return durations * scale[at]


def test_quantiles_and_fractions_agree_with_a_million_requests() -> None:
    truth = mesh(api(saturation=0.8, jitter=0.05))
    sample = _sample(truth, WEEK, 1_000_000)
    for q in (0.5, 0.99, 0.999):
        at = true_quantile(truth, API, q, "all")
        noise = 4 * np.sqrt(q * (1 - q) / len(sample))
        assert np.mean(sample <= at) == pytest.approx(q, abs=noise)
        assert true_fraction_above(truth, API, at) == pytest.approx(1 - q, abs=1e-9)


def test_the_busiest_tenth_is_the_seventeen_hours_with_most_requests() -> None:
    truth = mesh(api(saturation=0.8, jitter=0.05))
    volumes = arrivals(truth, truth.edges[0], WEEK).sum(axis=1)
    busiest = np.sort(np.argsort(-volumes, kind="stable")[:17])
    sample = _sample(truth, busiest, 1_000_000)
    at = true_quantile(truth, API, 0.999)
    assert np.mean(sample > at) == pytest.approx(0.001, abs=4 * np.sqrt(0.001 / 1e6))
    assert at > 1.05 * true_quantile(truth, API, 0.999, "all")


def test_incidents_failures_and_timeouts_do_not_move_the_truth() -> None:
    plain = true_quantile(mesh(api(failures=())), API, 0.999)
    worse = api(incidents=(INCIDENT,), timeout_ms=100.0)
    assert true_quantile(mesh(worse), API, 0.999) == pytest.approx(plain, rel=1e-9)


def test_the_week_after_is_judged_with_its_own_drift() -> None:
    truth = mesh(api(drift=1.2, jitter=0.0))
    now = true_quantile(truth, API, 0.99, "all")
    assert true_fraction_above(truth, API, 1.2 * now, week=1) == pytest.approx(0.01, rel=1e-6)


def test_a_slower_client_has_a_slower_edge_and_weighs_by_its_requests() -> None:
    service = api(jitter=0.0)
    batch = Workload("east", "shop", "batch")
    truth = Truth((Edge(CLIENT, service, 30.0), Edge(batch, service, 10.0, slowness=2.0)))
    fast, slow = (true_edge_quantile(truth, i, 0.99) for i in (0, 1))
    assert slow == pytest.approx(2 * fast, rel=1e-6)
    above = [1 - 0.99, None]
    above[1] = true_fraction_above(Truth((truth.edges[1],)), API, fast, hours="busiest")
    both = true_fraction_above(truth, API, fast, hours="busiest")
    assert both == pytest.approx(0.75 * above[0] + 0.25 * above[1], rel=1e-6)


def test_expected_successes_leave_failures_out() -> None:
    truth = mesh()
    total = arrivals(truth, truth.edges[0], WEEK).sum()
    assert expected_successes(truth, API) == pytest.approx(0.97 * total)


def test_an_unknown_target_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        true_quantile(mesh(), "nowhere", 0.5)


@pytest.mark.parametrize(
    ("rps", "changes", "verdict", "reasons"),
    [
        (20.0, {}, "recommend", set()),
        (0.0015, {}, "withhold", {Reason.TOO_FEW_REQUESTS}),
        (0.008, {}, "either", {Reason.TOO_FEW_REQUESTS}),
        (20.0, {"timeout_ms": 200.0}, "withhold", {Reason.CENSORED_TAIL}),
        (20.0, {"timeout_ms": 60_000.0}, "recommend", set()),
        (20.0, {"stream": True}, "withhold", {Reason.STREAM, Reason.LONG_POLL}),
        (20.0, {"long_poll": True}, "withhold", {Reason.STREAM, Reason.LONG_POLL}),
    ],
)
def test_what_a_recommender_should_do(
    rps: float, changes: dict[str, object], verdict: str, reasons: set[Reason]
) -> None:
    got = expectation(mesh(api(**changes), rps=rps), API)
    assert (got.verdict, set(got.reasons)) == (verdict, reasons)


def test_clients_without_sidecars_leave_nothing_to_recommend_from() -> None:
    edge = mesh().edges[0]
    truth = Truth((replace(edge, client=replace(edge.client, sidecar=False)),))
    assert expectation(truth, API).reasons == {Reason.SOURCE_WITHOUT_METRICS}


def test_the_shop_holds_every_difficulty() -> None:
    truth = demo_mesh().starting(MONDAY)
    withheld = {
        target.rsplit("/", 1)[1]: set(expectation(truth, target).reasons)
        for target in truth.targets
        if expectation(truth, target).verdict == "withhold"
    }
    either = {Reason.STREAM, Reason.LONG_POLL}
    assert withheld == {
        "shipping": {Reason.CENSORED_TAIL},
        "notifications": either,
        "stock-feed": either,
        "orders-queue": either,
        "reports": {Reason.TOO_FEW_REQUESTS},
        "invoices": {Reason.SOURCE_WITHOUT_METRICS},
    }
    assert all(expectation(truth, t).verdict != "either" for t in truth.targets)
