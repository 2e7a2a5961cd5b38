from __future__ import annotations

from pathlib import Path

import pytest
from export_samples import PAYMENT, ROUTE, current_of, destination_rule, virtual_service

from observe.errors import InputError
from observe.recommend.current import CurrentSettings

RETRIES = (
    "    retries:\n      attempts: 3\n      perTryTimeout: 250ms\n"
    "      retryOn: connect-failure, 503\n      backoff: 50ms\n"
)
POOL = "  trafficPolicy:\n    connectionPool:\n      tcp: {maxConnections: 10}\n"
ROOT = {"name": "mesh", "namespace": "istio-system"}


def test_the_retries_of_each_route_are_read_with_their_place(tmp_path: Path) -> None:
    text = virtual_service(ROUTE + RETRIES + ROUTE)
    current: CurrentSettings = current_of(tmp_path, {"shop/vs.yaml": text})
    first, second = current.retries_for(PAYMENT, "east")
    assert (first.attempts, first.per_try_timeout_ms) == (3, 250.0)
    assert first.retry_on == ("connect-failure", "503")
    assert first.source == "shop/vs.yaml:12"
    assert (second.attempts, second.per_try_timeout_ms, second.retry_on) == (None, None, ())
    assert second.source == "shop/vs.yaml:16"
    assert current.retries_for("cart.shop.svc.cluster.local") == ()


def test_retries_without_attempts_are_none_at_all(tmp_path: Path) -> None:
    text = virtual_service(ROUTE + "    retries: {retryOn: 5xx}\n")
    (route,) = current_of(tmp_path, {"vs.yaml": text}).retries_for(PAYMENT)
    assert route.attempts == 0


@pytest.mark.parametrize(
    ("retries", "complaint"),
    [
        ("{attempts: two}", "line 11: attempts 'two' is not a number from 0"),
        ("{attempts: -1}", "line 11: attempts -1 is not a number from 0"),
        ("{attempts: true}", "line 11: attempts True is not a number from 0"),
        ("{attempts: 1, perTryTimeout: 2}", "line 11: the perTryTimeout 2 is not a duration"),
        ("[1]", "line 11: spec.http.0.retries is not a mapping"),
    ],
)
def test_retries_that_cannot_be_read_are_named(
    tmp_path: Path, retries: str, complaint: str
) -> None:
    text = virtual_service(ROUTE + f"    retries: {retries}\n")
    with pytest.raises(InputError) as caught:
        current_of(tmp_path, {"vs.yaml": text}).retries_for(PAYMENT)
    assert caught.value.message == f"{tmp_path}/vs.yaml, {complaint}"


def test_the_top_level_policy_of_a_host_is_read_as_it_is_written(tmp_path: Path) -> None:
    spec = (
        "  trafficPolicy:\n    connectionPool: {tcp: {maxConnections: 10}}\n"
        "    outlierDetection: {consecutive5xxErrors: 7, interval: 5s}\n"
        "    retryBudget: {percent: 15}\n    tls: {mode: ISTIO_MUTUAL}\n"
    )
    current: CurrentSettings = current_of(
        tmp_path, {"dr.yaml": "# ours\n" + destination_rule(spec)}
    )
    found = current.traffic_policy_for(PAYMENT)
    assert found is not None
    assert found.connection_pool == {"tcp": {"maxConnections": 10}}
    assert found.outlier_detection == {"consecutive5xxErrors": 7, "interval": "5s"}
    assert found.retry_budget == {"percent": 15}
    assert found.source == "dr.yaml:2"
    assert current.traffic_policy_for("payment.other.svc.cluster.local") is None


def source(tmp_path: Path, files: dict[str, str], cluster: str | None = None) -> str | None:
    found = current_of(tmp_path, files).traffic_policy_for(PAYMENT, cluster)
    return found.source if found else None


def test_the_services_namespace_is_looked_at_before_the_root_namespace(tmp_path: Path) -> None:
    wild = "*.shop.svc.cluster.local"
    rules = {
        "4-root-wild.yaml": destination_rule(POOL, host="*.local", **ROOT),
        "3-root.yaml": destination_rule(POOL, host=PAYMENT, **ROOT),
        "2-wild.yaml": destination_rule(POOL, host=wild, name="wild"),
        "1-own.yaml": destination_rule(POOL),
    }
    for count in range(1, 5):
        names = list(rules)[:count]
        assert source(tmp_path / str(count), {n: rules[n] for n in names}) == f"{names[-1]}:1"


def test_rules_of_other_namespaces_and_for_some_clients_do_not_count(tmp_path: Path) -> None:
    assert (
        source(tmp_path / "a", {"a.yaml": destination_rule(POOL, host=PAYMENT, namespace="x")})
        is None
    )
    some = destination_rule(POOL + "  workloadSelector: {matchLabels: {app: cart}}\n")
    assert source(tmp_path / "b", {"a.yaml": some}) is None
    assert source(tmp_path / "c", {"a.yaml": destination_rule(POOL, host="payment.shop")}) is None


def test_of_two_rules_the_first_with_a_policy_counts(tmp_path: Path) -> None:
    files = {
        "a.yaml": destination_rule("  subsets: [{name: v1}]\n"),
        "b.yaml": destination_rule(POOL),
    }
    assert source(tmp_path, files) == "b.yaml:1"


def test_a_rule_in_the_folder_of_a_cluster_counts_for_that_cluster(tmp_path: Path) -> None:
    files = {"east/a.yaml": destination_rule(POOL), "west/b.yaml": destination_rule(POOL)}
    assert source(tmp_path, files, "west") == "west/b.yaml:1"


def test_sidecars_are_read_with_what_they_set_for_servers(tmp_path: Path) -> None:
    text = (
        "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: s, namespace: shop}\n"
        "spec:\n  workloadSelector: {labels: {app: x}}\n"
        "  inboundConnectionPool: {http: {http2MaxRequests: 9}}\n"
    )
    (found,) = current_of(tmp_path, {"a.yaml": text}).sidecars
    assert found.selects_workloads
    assert found.inbound_pool == {"http": {"http2MaxRequests": 9}}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("maxConnections: 10", "maxConnections: [", "line 10: "),
        ("{maxConnections: 10}", "10", "spec.trafficPolicy.connectionPool.tcp is not a mapping"),
        ('host: "payment"', "host: [payment]", "line 7: spec.host is not a name"),
        ("  trafficPolicy:\n", "  subsets: 1\n  trafficPolicy:\n", "spec.subsets is not a list"),
        (
            "  trafficPolicy:\n",
            "  subsets: [1]\n  trafficPolicy:\n",
            "spec.subsets.0 is not a mapping",
        ),
        (
            "    connectionPool:\n",
            "    portLevelSettings: 1\n    connectionPool:\n",
            "portLevelSett",
        ),
    ],
)
def test_wrong_fields_of_a_rule_are_named(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    text = destination_rule(POOL)
    assert old in text
    with pytest.raises(InputError) as caught:
        current_of(tmp_path, {"a.yaml": text.replace(old, new)})
    assert caught.value.message.startswith(f"{tmp_path}/a.yaml, line ")
    assert complaint in caught.value.message
