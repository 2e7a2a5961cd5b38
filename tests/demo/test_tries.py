"""Requests that are tried again: what the source, the server and its hosts count."""

from __future__ import annotations

import numpy as np
import pytest
from meshes import api, mesh

from observe.demo.failing import FailureProcess, Retries
from observe.demo.mixture import constant, lognormal
from observe.demo.process import arrivals, streams
from observe.demo.stream import Stream
from observe.demo.tries import occupancy
from observe.demo.truth import Service, Workload

DAY = np.arange(24, dtype=np.int64)
FAST = constant(2.0)
REFUSED = FailureProcess("independent", "503", "UF", 0.1, FAST)
UNAVAILABLE = FailureProcess("independent", "200", "-", 0.2, FAST, grpc_status="14")


def _found(service: Service) -> list[Stream]:
    truth = mesh(service)
    return streams(truth, truth.edges[0], DAY)


def _share(found: list[Stream], **outcome: str) -> float:
    total = sum(float(s.expected.sum()) for s in found)
    chosen = [s for s in found if all(getattr(s.outcome, k) == v for k, v in outcome.items())]
    return sum(float(s.expected.sum()) for s in chosen) / total


def _tries(found: list[Stream]) -> float:
    total = sum(float(s.expected.sum()) for s in found)
    return sum(float(s.expected.sum()) * len(s.tries or (s,)) for s in found) / total


def _service(*processes: FailureProcess, attempts: int = 2, replicas: int = 4) -> Service:
    workload = Workload("east", "shop", "api", replicas)
    return Service(workload, lognormal(20, 0.3), processes=processes, retries=Retries(attempts))


def test_every_request_ends_in_exactly_one_way() -> None:
    service = _service(REFUSED, UNAVAILABLE)
    truth = mesh(service)
    total = sum(s.expected for s in _found(service))
    np.testing.assert_allclose(total, arrivals(truth, truth.edges[0], DAY), rtol=1e-5)


def test_independent_failures_are_cured_by_the_cube() -> None:
    found = _found(_service(REFUSED))
    assert _share(found, flags="UF,URX") == pytest.approx(0.001)
    assert _tries(found) == pytest.approx(1.11)


def test_without_retries_failures_show_as_they_are() -> None:
    found = _found(_service(REFUSED, attempts=0))
    assert _share(found, flags="UF") == pytest.approx(0.1)
    assert _tries(found) == pytest.approx(1.0)


def test_the_server_counts_every_try_that_reaches_it() -> None:
    found = _found(_service(UNAVAILABLE))
    total = sum(float(s.expected.sum()) for s in found)
    served = sum(float(s.expected.sum()) * len(s.served) for s in found) / total
    assert served == pytest.approx(1 + 0.2 + 0.04)
    refused = _found(_service(REFUSED))
    total = sum(float(s.expected.sum()) for s in refused)
    served = sum(float(s.expected.sum()) * len(s.served) for s in refused) / total
    assert served == pytest.approx(0.999)  # refused connections never get there


def test_an_outage_is_multiplied_and_not_cured() -> None:
    outage = FailureProcess("outage", "503", "UF", 1.0, FAST, active=((10.0, 0.05),))
    found = _found(_service(outage))
    lost = sum(s.expected for s in found if s.outcome.flags == "UF,URX")
    truth = mesh(_service(outage))
    in_cell = arrivals(truth, truth.edges[0], DAY)[10, 0]
    # three of the five minutes
    assert np.asarray(lost)[10, 0] == pytest.approx(0.6 * in_cell)
    assert np.asarray(lost).sum() == pytest.approx(0.6 * in_cell)
    assert all(s.retries == 2 for s in found if s.outcome.flags == "UF,URX")


def test_a_retry_avoids_the_bad_host() -> None:
    bad = FailureProcess("bad_host", "503", "UF", 1.0, FAST, bad_hosts=1)
    found = _found(_service(bad))
    assert _share(found, flags="-") == pytest.approx(1.0)
    assert _tries(found) == pytest.approx(1.25)
    alone = _found(_service(bad, attempts=0))
    assert _share(alone, flags="UF") == pytest.approx(0.25)
    assert {s.hosts for s in alone if s.outcome.flags == "-"} == {None}
    hosts = {one.hosts for s in alone if s.outcome.flags == "-" for one in s.served}
    assert hosts == {(1 / 3, 1 / 3, 1 / 3, 0.0)}


def test_with_two_bad_hosts_of_four_one_retry_fails_a_third_of_the_time() -> None:
    bad = FailureProcess("bad_host", "503", "UF", 1.0, FAST, bad_hosts=2)
    found = _found(_service(bad, attempts=1))
    assert _share(found, flags="UF,URX") == pytest.approx(0.5 / 3)


def test_poison_fails_however_often_it_is_tried() -> None:
    poison = FailureProcess("poison", "200", "-", 0.01, FAST, grpc_status="14")
    found = _found(_service(poison))
    assert _share(found, grpc_status="14") == pytest.approx(0.01)
    assert _tries(found) == pytest.approx(1.02)


def test_what_the_conditions_do_not_match_is_tried_once() -> None:
    found = _found(_service(FailureProcess("after_work", "500", "-", 0.1, FAST)))
    assert _share(found, code="500", flags="-") == pytest.approx(0.1)
    assert _tries(found) == pytest.approx(1.0)


def test_overload_grows_with_the_load_and_slows_everything() -> None:
    overload = FailureProcess("overload", "503", "UO", 0.5, FAST, knee=0.5, slowdown=2.0)
    found = _found(api(failures=(), processes=(overload,), jitter=0.0, saturation=0.0))
    lost = next(s for s in found if s.outcome.flags == "UO")
    good = next(s for s in found if s.outcome.flags == "-")
    share = lost.expected / (lost.expected + good.expected)
    assert share[14, 6] == pytest.approx(0.5, abs=0.001)  # load 1 is twice the knee
    assert share[2].max() == 0.0
    assert good.scale[14] == pytest.approx(3.0, rel=0.01)
    assert good.scale[2] == 1.0


def test_a_request_that_was_tried_again_takes_longer_for_its_client_alone() -> None:
    found = _found(_service(REFUSED))
    second = next(s for s in found if s.outcome.flags == "-" and s.retries == 1)
    once = next(s for s in found if s.outcome.flags == "-" and s.retries == 0)
    assert second.latency.quantile(0.5) == pytest.approx(20 + 2 + 12.5)
    assert second.served[-1].latency == once.latency


def test_occupancy_is_the_share_of_each_five_minutes() -> None:
    share = occupancy(DAY, ((3.0, 1 / 60), (5.05, 0.1)))
    assert share[3, 0] == pytest.approx(0.2)
    assert share[5, :3].tolist() == pytest.approx([0.4, 0.8, 0.0], abs=1e-6)
    assert share.sum() == pytest.approx(12 * (1 / 60 + 0.1))
