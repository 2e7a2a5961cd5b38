"""What requests come to, in expectation."""

from __future__ import annotations

import numpy as np
import pytest
from meshes import INCIDENT, api, mesh

from observe.demo.mixture import lognormal, mix
from observe.demo.process import arrivals, slowness, streams
from observe.demo.stream import BOUNDS, SERVER_SHARE, Outcome, Stream
from observe.demo.truth import Failure, Service, Truth

DAY = np.arange(24, dtype=np.int64)


def _streams(service: Service) -> tuple[Truth, list[Stream]]:
    truth = mesh(service)
    return truth, streams(truth, truth.edges[0], DAY)


@pytest.mark.parametrize(
    "changes",
    [{}, {"timeout_ms": 200.0}, {"incidents": (INCIDENT,)}, {"failures": ()}],
    ids=["failures", "timeout", "incident", "none"],
)
def test_every_request_ends_in_exactly_one_way(changes: dict[str, object]) -> None:
    truth, found = _streams(api(**changes))
    total = sum(stream.expected for stream in found)
    np.testing.assert_allclose(total, arrivals(truth, truth.edges[0], DAY))


def test_failures_take_their_share() -> None:
    truth, found = _streams(api())
    total = arrivals(truth, truth.edges[0], DAY).sum()
    shares = {s.outcome: s.expected.sum() / total for s in found}
    assert shares == {
        Outcome("503", "UF", ""): pytest.approx(0.01),
        Outcome("500", "-", ""): pytest.approx(0.02),
        Outcome("200", "-", ""): pytest.approx(0.97),
    }


def test_a_timeout_turns_exactly_the_slow_ones_into_504() -> None:
    truth, found = _streams(api(timeout_ms=250.0, failures=()))
    by_code = {s.outcome.code: s for s in found}
    scale = slowness(truth, truth.edges[0], DAY)
    in_time = api().latency.cdf(250.0 / scale)
    share = by_code["200"].expected.sum(axis=1) / arrivals(truth, truth.edges[0], DAY).sum(axis=1)
    np.testing.assert_allclose(share, in_time)
    bucket_of_250 = BOUNDS.tolist().index(250.0)
    kept, _ = by_code["200"].buckets(BOUNDS)
    np.testing.assert_array_equal(kept[:, bucket_of_250 + 1 :], 0.0)
    cut, mean = by_code["504"].buckets(BOUNDS)
    np.testing.assert_allclose(cut[:, bucket_of_250 + 1], 1.0)
    np.testing.assert_allclose(mean[:, bucket_of_250 + 1], 251.0)


def test_buckets_are_differences_of_the_distribution_at_the_scaled_bounds() -> None:
    stream = Stream(Outcome("200", "-", ""), np.ones((2, 12)), api().latency, np.array([1.0, 2.0]))
    probability, mean = stream.buckets(BOUNDS)
    expected = np.diff(api().latency.cdf(np.append(BOUNDS[:-1], 1e12) / 2.0), prepend=0.0)
    np.testing.assert_allclose(probability[1], expected, atol=1e-12)
    average = (probability * mean).sum(axis=1)
    whole = api().latency.partial_mean(np.array([1e12]))[0]
    np.testing.assert_allclose(average, [whole, 2 * whole], rtol=1e-9)


def test_the_server_sees_its_share_of_the_duration() -> None:
    stream = Stream(Outcome("200", "-", ""), np.ones((1, 12)), lognormal(100, 0.3), np.ones(1))
    probability, mean = stream.buckets(BOUNDS, SERVER_SHARE)
    client = lognormal(100, 0.3).partial_mean(np.array([1e12]))[0]
    assert (probability * mean).sum() == pytest.approx(client * SERVER_SHARE, rel=1e-9)


def test_an_incident_lasts_its_five_minutes_and_is_slow_and_failing() -> None:
    truth, found = _streams(api(incidents=(INCIDENT,), failures=()))
    everyday, failing, slow = found
    inside = np.flatnonzero(failing.expected.ravel())
    assert inside.tolist() == list(range(123, 141))  # 10:15 - 11:45
    np.testing.assert_array_equal(everyday.expected.ravel()[inside], 0.0)
    np.testing.assert_allclose(slow.scale / everyday.scale, 6.0)
    total = failing.expected.sum() + slow.expected.sum()
    assert failing.expected.sum() / total == pytest.approx(0.3)
    assert total == pytest.approx(arrivals(truth, truth.edges[0], DAY).ravel()[inside].sum())


def test_a_fault_injection_is_active_in_its_span_only() -> None:
    chaos = Failure("503", "FI", 0.5, lognormal(1, 0.1), active=((3.0, 2.0),))
    _, found = _streams(api(failures=(chaos,)))
    injected = found[0].expected
    assert np.flatnonzero(injected.sum(axis=1)).tolist() == [3, 4]
    np.testing.assert_allclose(injected[3], found[1].expected[3])


@pytest.mark.parametrize(
    ("outcome", "seen"),
    [
        (Outcome("503", "UF", ""), None),
        (Outcome("503", "FI", ""), None),
        (Outcome("504", "UT", ""), Outcome("0", "DC", "")),
        (Outcome("200", "DI", "0"), Outcome("200", "-", "0")),
        (Outcome("500", "-", ""), Outcome("500", "-", "")),
        (Outcome("0", "DC", ""), Outcome("0", "DC", "")),
    ],
    ids=lambda o: "/".join((o.code, o.flags)) if o else "unseen",
)
def test_the_servers_proxy_reports_what_it_can_know(outcome: Outcome, seen: Outcome | None) -> None:
    stream = Stream(outcome, np.ones((1, 12)), lognormal(1, 1), np.ones(1))
    assert stream.server_outcome == seen


def test_the_busiest_hour_is_the_slowest_without_jitter() -> None:
    truth = mesh(api(jitter=0.0, saturation=0.5, power=2.0))
    scale = slowness(truth, truth.edges[0], DAY)
    load = arrivals(truth, truth.edges[0], DAY).sum(axis=1) / (20.0 * 3600)
    assert scale.argmax() == load.argmax()
    assert scale.max() == pytest.approx(1 + 0.5 * load.max() ** 2, rel=1e-9)


def test_the_week_after_has_grown_and_drifted_and_has_jitter_of_its_own() -> None:
    truth = mesh(api(growth=1.1, drift=1.05, jitter=0.0))
    edge, next_week = truth.edges[0], DAY + 168
    np.testing.assert_allclose(
        arrivals(truth, edge, next_week), 1.1 * arrivals(truth, edge, DAY), rtol=1e-12
    )
    np.testing.assert_allclose(
        slowness(truth, edge, next_week), 1.05 * slowness(truth, edge, DAY), rtol=1e-12
    )
    noisy = mesh(api(jitter=0.05))
    ratio = slowness(noisy, noisy.edges[0], next_week) / slowness(noisy, noisy.edges[0], DAY)
    assert np.std(np.log(ratio)) == pytest.approx(0.05 * np.sqrt(2), rel=0.5)


def test_a_timeout_beyond_every_answer_ends_nothing() -> None:
    # weights that add up to 1 + 2e-16
    parts = [(0.1, lognormal(float(m), 0.2)) for m in range(1, 11)]
    _, found = _streams(api(latency=mix(*parts), failures=(), timeout_ms=1e9))
    assert all(stream.expected.min() >= 0.0 for stream in found)
