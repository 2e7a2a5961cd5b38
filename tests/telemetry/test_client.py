from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from scripted_api import Api, Asked, Reply, matrix, success, vector

from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient, ServerInfo
from observe.telemetry.settings import ConnectionSettings

Serve = Callable[..., Api]


def _server_of(build: Reply) -> Callable[[Asked], Reply]:
    return lambda asked: build if asked.path.endswith("buildinfo") else vector()


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (success({"version": "2.42.0"}), "Prometheus 2.42.0"),
        (success({"application": "Grafana Mimir", "version": "2.11"}), "Grafana Mimir 2.11"),
        (success([]), "Prometheus"),
        (Reply(404, b"not here"), "Prometheus API"),
    ],
)
def test_a_server_is_known_by_what_it_says_of_itself(api: Serve, build: Reply, text: str) -> None:
    server = api(_server_of(build))
    assert str(PrometheusClient(server.url).probe()) == text
    assert {asked.path for asked in server.asked} == {
        "/api/v1/query",
        "/api/v1/status/buildinfo",
    }


def test_a_path_prefix_is_kept(api: Serve) -> None:
    server = api(_server_of(success({"version": "1"})))
    assert PrometheusClient(server.url + "/prefix/").probe() == ServerInfo("Prometheus", "1")
    assert server.asked[0].path == "/prefix/api/v1/query"


def test_a_proxy_that_refuses_post_is_asked_with_get(api: Serve) -> None:
    server = api(lambda asked: Reply(405, b"") if asked.method == "POST" else vector("2"))
    client = PrometheusClient(server.url)
    assert client.instant("up").values.tolist() == [2.0]
    assert client.instant("up").values.tolist() == [2.0]
    assert [asked.method for asked in server.asked] == ["POST", "GET", "GET"]
    assert server.asked[1].query["query"] == "up"


def test_a_server_that_refuses_every_method_is_an_error(api: Serve) -> None:
    client = PrometheusClient(api(lambda _: Reply(405, b"")).url)
    with pytest.raises(SourceError, match="405"):
        client.instant("up")


def test_times_are_sent_as_utc_to_the_millisecond(api: Serve) -> None:
    server = api(lambda _: matrix())
    start = datetime(2026, 1, 1, 1, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=1)))
    PrometheusClient(server.url).range("up", start, start + timedelta(hours=1), 300)
    asked = server.asked[0].params
    assert (asked["start"], asked["end"]) == ("1767225600.250", "1767229200.250")
    assert (asked["step"], asked["timeout"]) == ("300", "60.000")


def test_a_shorter_time_limit_is_passed_on_and_a_longer_one_is_not(api: Serve) -> None:
    server = api(lambda _: matrix())
    client = PrometheusClient(ConnectionSettings(server.url, timeout_seconds=20))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    client.range("up", now, now, 60, timeout_seconds=3)
    client.range("up", now, now, 60, timeout_seconds=300)
    assert [asked.params["timeout"] for asked in server.asked] == ["3.000", "20.000"]


def test_warnings_infos_and_cost_are_kept(api: Serve) -> None:
    reply = success(
        {"resultType": "vector", "result": []},
        warnings=["partial\nanswer"],
        infos=["not a counter"],
    )
    client = PrometheusClient(api(lambda _: reply).url)
    result = client.instant("up")
    assert result.warnings == ("partial answer",)
    assert result.infos == ("not a counter",)
    assert result.bytes == len(reply.body)
    client.instant("up")
    assert client.cost.queries == 2
    assert client.cost.bytes == 2 * len(reply.body)


def test_label_values_are_asked_for_a_window(api: Serve) -> None:
    server = api(lambda _: success(["b", "a"]))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    values = PrometheusClient(server.url).label_values(
        "__name__", ['{__name__=~"istio_.*"}'], start, start + timedelta(hours=1)
    )
    assert values == ("a", "b")
    assert server.asked[0].path == "/api/v1/label/__name__/values"
    assert server.asked[0].query == {
        "match[]": '{__name__=~"istio_.*"}',
        "start": "1767225600.000",
        "end": "1767229200.000",
    }


def test_the_representation_shows_no_credentials() -> None:
    client = PrometheusClient("http://me:secret@prom:9090")
    assert repr(client) == "PrometheusClient('http://prom:9090')"
