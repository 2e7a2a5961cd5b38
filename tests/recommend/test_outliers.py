"""Outlier detection end to end, on weeks whose failures are known."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from handmade import Call, snapshot
from host_weeks import HOST, Service, week, without_hosts

from observe.recommend.outlier_model import OutlierRecommendation
from observe.recommend.outliers import recommend_outliers
from observe.recommend.policy import OutlierPolicy, Policy
from observe.telemetry.snapshot import Snapshot

HOUR = slice(1_200, 1_212)


@dataclass(frozen=True)
class Rule:
    """A DestinationRule's traffic policy."""

    outlier_detection: Mapping[str, Any]
    connection_pool: Mapping[str, Any] = field(default_factory=dict)
    retry_budget: Mapping[str, Any] = field(default_factory=dict)
    source: str = "shop/cart.yaml:7"


@dataclass(frozen=True)
class Current:
    """What is set; nothing when there is no rule."""

    rule: Rule | None

    def timeout_for(self, service: str, cluster: str | None = None) -> None:
        return None

    def retries_for(self, service: str, cluster: str | None = None) -> tuple[()]:
        return ()

    def traffic_policy_for(self, service: str, cluster: str | None = None) -> Rule | None:
        return self.rule if service == HOST else None


def _advice(
    made: Snapshot, rule: Mapping[str, Any] | None = None, known: bool = True, **knobs: Any
) -> OutlierRecommendation:
    policy = Policy(outlier_detection=OutlierPolicy(**knobs))
    current = Current(None if rule is None else Rule(rule)) if known else None
    proposals, withheld = recommend_outliers(made, policy, current)
    assert not withheld, withheld
    return proposals[0]


def _reason(made: Snapshot) -> str:
    proposals, withheld = recommend_outliers(made, Policy(), None)
    assert not proposals
    return withheld[0].reason


def test_a_host_that_failed_alone_is_worth_a_warning_where_nothing_is_set():
    advice = _advice(week(Service(hosts=5, bad=((1, HOUR, 1.0),))))
    assert advice.severity == "warning"
    assert advice.id == "outlierDetection/east/shop/cart"
    assert advice.proposed == {
        "consecutive5xxErrors": 4,
        "consecutiveGatewayErrors": None,
        "interval": "10s",
        "baseEjectionTime": "30s",
        "maxEjectionPercent": 20,
        "minHealthPercent": 80,
    }
    assert advice.reasons == ("OUTLIER_NONE_SET", "HOST_FAILED_ALONE")
    assert advice.confidence == "high"
    assert advice.current == {"outlierDetection": None, "source": None}
    episodes = advice.evidence.episodes
    assert episodes is not None
    assert (episodes.number, episodes.hosts, episodes.longest_seconds) == (1, 1, 3_600)
    assert advice.predicted.errors_avoided_fraction == pytest.approx(0.99, abs=0.01)
    assert advice.predicted_interval["falseEjectionsPerWeek"][1] < 1.0
    assert "A host failed alone once, for 60 min at the longest." in advice.message


def test_without_a_failing_host_it_is_no_more_than_a_hint():
    advice = _advice(week(Service(hosts=5)))
    assert (advice.severity, advice.confidence) == ("info", "medium")
    assert "NO_HOST_FAILED" in advice.reasons
    assert advice.predicted.errors_avoided_fraction is None
    assert advice.evidence.base_error_fraction == pytest.approx(0.0005, rel=0.05)


def test_a_busy_bad_hour_of_all_hosts_asks_for_more_errors_in_a_row():
    base = np.full(2_016, 0.001)
    base[HOUR] = 0.3
    assert _advice(week(Service(base=base))).proposed["consecutive5xxErrors"] >= 10


def test_an_outage_of_all_hosts_is_left_out():
    base = np.full(2_016, 0.0005)
    base[1_200:1_206] = 0.98
    advice = _advice(week(Service(hosts=5, base=base)))
    assert advice.proposed["consecutive5xxErrors"] <= 4
    assert "OUTAGE_LEFT_OUT" in advice.reasons
    assert advice.evidence.outage_fraction == pytest.approx(8 / 2_016, rel=0.1)


def test_errors_of_the_application_leave_gateway_errors_to_be_counted():
    advice = _advice(week(Service(base=0.2, code="500")))
    assert advice.proposed["consecutiveGatewayErrors"] == 4
    assert advice.proposed["consecutive5xxErrors"] > 8
    assert advice.evidence.judged_by == "gateway"
    assert advice.reasons[1] == "GATEWAY_ERRORS_FIRST"


def test_a_service_that_fails_too_evenly_is_withheld():
    made = week(Service(base=0.45))
    policy = Policy(outlier_detection=OutlierPolicy(highest_consecutive=10))
    _, withheld = recommend_outliers(made, policy, None)
    assert withheld[0].reason == "FAILS_TOO_EVENLY"
    assert "45.0" in withheld[0].message


def test_two_hosts_let_one_go_and_panic_brings_it_back_when_the_other_disappears():
    advice = _advice(week(Service(hosts=2)))
    assert advice.proposed["maxEjectionPercent"] == 50
    assert advice.proposed["minHealthPercent"] == 50
    assert {"TWO_HOSTS", "CAPACITY_UNPROVEN"} <= set(advice.reasons)


def test_a_failure_in_the_rest_of_the_week_is_what_the_backtest_is_judged_by():
    advice = _advice(week(Service(hosts=5, bad=((1, slice(1_700, 1_712), 0.8),))))
    test = advice.backtest
    assert test is not None
    assert test.consecutive_errors == 4
    assert test.false_ejections < 0.3
    assert test.errors_avoided_fraction == pytest.approx(0.98, abs=0.02)
    assert test.trained_on[1] == test.tested_on[0]


def test_a_second_week_that_is_worse_than_the_first_lowers_the_confidence():
    base = np.full(2_016, 0.0005)
    base[1_600:1_624] = 0.15
    advice = _advice(week(Service(hosts=5, base=base)))
    assert advice.confidence == "low"
    assert "OUTLIER_BACKTEST_OVER" in advice.reasons


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (Service(hosts=1), "SINGLE_HOST"),
        (Service(clients={"web": (0.02, 5)}), "EJECTION_TOO_SLOW"),
        (Service(clients={"web": (0.004, 1)}), "TOO_FEW_REQUESTS"),
        (Service(base=0.9), "MOSTLY_FAILING"),
    ],
)
def test_a_service_that_ejection_cannot_help_is_withheld(made, reason):
    assert _reason(week(made)) == reason


def test_nothing_is_advised_where_the_number_of_hosts_is_not_known():
    assert _reason(without_hosts(week(Service()), pods=None)) == "REPLICAS_UNKNOWN"


def test_pods_stand_in_for_hosts_that_do_not_report():
    advice = _advice(without_hosts(week(Service()), pods=4))
    assert advice.confidence == "low"
    assert "HOSTS_NOT_REPORTED" in advice.reasons
    assert advice.evidence.hosts == 4
    assert advice.proposed["maxEjectionPercent"] == 25
    assert advice.proposed["consecutive5xxErrors"] == 5


def test_hosts_outside_the_mesh_and_clients_without_a_proxy_are_withheld():
    made = snapshot(
        [
            Call(service="db", registered=False, buckets=(9, 0, 0, 0, 0)),
            Call(service="pay", reporter="destination", buckets=(9, 0, 0, 0, 0)),
        ]
    )
    _, withheld = recommend_outliers(made, Policy(), None)
    reasons = {w.target.service.split(".")[0]: w.reason for w in withheld if w.target.service}
    assert reasons == {"db": "NOT_A_SERVICE", "pay": "SOURCE_WITHOUT_METRICS"}


def test_proxies_are_counted_as_one_a_workload_where_nothing_tells():
    made = week(Service(hosts=5))
    advice = _advice(replace(made, proxies=made.proxies.iloc[:0]))
    assert "CLIENT_PROXIES_UNKNOWN" in advice.reasons
    assert advice.evidence.client_proxies is None
    assert advice.predicted.seconds_to_eject == pytest.approx(4 / (20 / 5), rel=0.05)


@pytest.mark.parametrize(
    ("rule", "base", "severity", "reason"),
    [
        ({"consecutive5xxErrors": 3, "maxEjectionPercent": 40}, 0.2, "critical", "EJECTS_HEALTHY"),
        ({"consecutive5xxErrors": 5}, 0.0005, "warning", "EJECTS_NOBODY"),
        (
            {"consecutive5xxErrors": 5, "maxEjectionPercent": 100},
            0.0005,
            "warning",
            "EJECTS_EVERYBODY",
        ),
        ({"consecutive5xxErrors": 50, "maxEjectionPercent": 40}, 0.0005, "info", "SLOW"),
        ({"consecutive5xxErrors": 5, "maxEjectionPercent": 40}, 0.0005, "ok", "FITS"),
        (
            {"consecutive5xxErrors": 5, "maxEjectionPercent": 40, "minHealthPercent": 70},
            0.0005,
            "warning",
            "EJECTS_NOBODY",
        ),
        ({"consecutive5xxErrors": 0}, 0.0005, "warning", "NONE_SET"),
        ({"consecutiveErrors": 5, "maxEjectionPercent": 40}, 0.0005, "ok", "FITS"),
    ],
)
def test_what_is_set_is_judged_by_what_it_does(rule, base, severity, reason):
    made = week(Service(base=base, bad=((1, HOUR, 1.0),)))
    advice = _advice(made, rule)
    assert (advice.severity, advice.reasons[0]) == (severity, f"OUTLIER_{reason}")
    assert advice.current == {"outlierDetection": rule, "source": "shop/cart.yaml:7"}


def test_a_percent_below_one_host_is_a_hint_while_no_host_fails():
    advice = _advice(week(Service()), {"consecutive5xxErrors": 5})
    assert (advice.severity, advice.reasons[0]) == ("info", "OUTLIER_EJECTS_NOBODY")
    assert "At most 10 % of 3 hosts may be ejected, which is none." in advice.message


def test_settings_that_were_not_given_are_not_called_absent():
    advice = _advice(week(Service()), known=False)
    assert advice.current is None
    assert advice.reasons[0] == "OUTLIER_UNKNOWN"


def test_the_false_ejections_of_what_is_set_stand_beside_those_of_the_proposal():
    advice = _advice(
        week(Service(base=0.05)), {"consecutive5xxErrors": 3, "maxEjectionPercent": 40}
    )
    assert advice.predicted.current_false_ejections_per_week == pytest.approx(
        20 * 604_800 * 0.05**3 * 0.95, rel=0.25
    )
    assert advice.predicted.false_ejections_per_week < 1.0


def test_the_same_snapshot_gives_the_same_document():
    made = week(Service(bad=((1, HOUR, 1.0),)))
    assert _advice(made).model_dump_json() == _advice(made).model_dump_json()
