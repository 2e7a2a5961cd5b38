"""Failures that nobody counts because a retry cured them."""

from dataclasses import dataclass, replace

import pandas as pd
import pytest
from handmade import Call, snapshot
from host_weeks import HOST, Service, week

from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.outliers import recommend_outliers
from observe.recommend.policy import Policy
from observe.signals.ejections import gave_up
from observe.telemetry import frames
from observe.telemetry.snapshot import Snapshot


@dataclass(frozen=True)
class Route:
    """The retries of one route."""

    attempts: int | None
    per_try_timeout_ms: float | None = None
    retry_on: tuple[str, ...] = ()
    source: str = "shop/cart.yaml:3"


@dataclass(frozen=True)
class Retries:
    """Settings with nothing but retries."""

    attempts: int | None

    def timeout_for(self, service: str, cluster: str | None = None) -> None:
        return None

    def retries_for(self, service: str, cluster: str | None = None) -> tuple[Route, ...]:
        return (Route(self.attempts),)

    def traffic_policy_for(self, service: str, cluster: str | None = None) -> None:
        return None


def _giving_up(each: float = 1.0) -> Snapshot:
    """72,000 requests an hour of which so many are given up after all their tries."""
    quiet = week(Service(hosts=4, base=0.0))
    lost = snapshot([Call(buckets=(each, 0, 0, 0, 0), code="503", flags="UF,URX")]).requests
    return replace(quiet, requests=frames.REQUESTS.conform(pd.concat([quiet.requests, lost])))


def _advice(made: Snapshot, attempts: int | None = None) -> OutlierRecommendation:
    proposals, _ = recommend_outliers(made, Policy(), Retries(attempts))
    return proposals[0]


def _with_retries(made: Snapshot, retries: float, client: str = "web") -> Snapshot:
    columns = dict.fromkeys(frames.ENVOY.columns, float("nan"))
    known = {"cluster": "east", "namespace": "shop", "workload": client, "port": "80"}
    row = columns | known | {"destination_service": HOST, "subset": "", "retries": retries}
    times = made.coverage["time"].drop_duplicates()
    envoy = frames.ENVOY.conform(pd.DataFrame([row | {"time": time} for time in times]))
    return replace(made, envoy=envoy)


@pytest.mark.parametrize(
    ("flags", "hidden"),
    [("UF,URX", True), ("URX,UC", True), ("URX", False), ("UF", False), ("-", False)],
)
def test_a_request_gives_up_unseen_when_its_last_try_reached_no_server(flags, hidden):
    assert gave_up(flags) is hidden


def test_what_gives_up_tells_how_often_single_tries_fail():
    evidence = _advice(_giving_up()).evidence
    seen = 168 / evidence.requests
    assert evidence.base_error_fraction == pytest.approx(seen, rel=0.01)
    assert seen ** (1 / 3) < evidence.unseen_error_fraction < 1.1 * seen ** (1 / 3)  # 2.4 %


def test_more_errors_in_a_row_are_asked_for_when_retries_hide_them():
    shown, hidden = _advice(_giving_up(), attempts=0), _advice(_giving_up())
    assert shown.evidence.unseen_error_fraction == 0.0
    assert "FAILURES_HIDDEN_BY_RETRIES" not in shown.reasons
    assert "FAILURES_HIDDEN_BY_RETRIES" in hidden.reasons
    assert hidden.proposed["consecutive5xxErrors"] > shown.proposed["consecutive5xxErrors"]


def test_envoys_counter_of_retries_bounds_what_is_hidden():
    advice = _advice(_with_retries(_giving_up(), retries=72.0))
    assert advice.evidence.unseen_error_fraction == pytest.approx(0.001, rel=0.01)


def test_a_counter_that_not_all_clients_expose_bounds_nothing():
    advice = _advice(_with_retries(_giving_up(), retries=72.0, client="other"))
    assert advice.evidence.unseen_error_fraction > 0.02
