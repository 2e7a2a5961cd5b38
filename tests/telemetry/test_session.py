from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_api_client import PrometheusConnect
from scripted_api import Api, Asked, Reply, failure, vector

from observe import __version__
from observe.telemetry.client import PrometheusClient
from observe.telemetry.session import (
    RETRY_AFTER_CAP_SECONDS,
    CappedRetry,
    PrometheusSession,
    retry_policy,
)
from observe.telemetry.settings import ConnectionSettings

Serve = Callable[..., Api]


def _client(url: str, **options: object) -> PrometheusClient:
    settings = ConnectionSettings(url, **options)  # type: ignore[arg-type]
    return PrometheusClient(settings, retry_policy(backoff_seconds=0.001))


def test_a_query_longer_than_any_url_travels_in_the_body(api: Serve) -> None:
    server = api(lambda _: vector())
    query = "1 + " * 350_000 + "1"
    _client(server.url).instant(query)
    (asked,) = server.asked
    assert asked.method == "POST"
    assert asked.query == {}
    assert asked.form["query"] == query


def test_calls_of_the_library_travel_in_the_body_too_and_carry_a_time_limit(api: Serve) -> None:
    server = api(lambda _: vector("7"))
    settings = ConnectionSettings(server.url, timeout_seconds=12)
    library = PrometheusConnect(server.url, session=PrometheusSession(settings), method="POST")
    assert library.custom_query("up")[0]["value"] == [0, "7"]
    (asked,) = server.asked
    assert asked.query == {}
    assert asked.form == {"query": "up", "timeout": "12.000"}


def test_our_adapter_wins_over_the_one_that_the_library_mounts(api: Serve) -> None:
    server = api(lambda _: vector())
    client = _client(server.url)
    adapter = client._session.get_adapter(server.url + "/api/v1/query")
    assert isinstance(adapter.max_retries, CappedRetry)  # type: ignore[attr-defined]


def test_more_than_ten_connections_are_open_at_once(api: Serve) -> None:
    everyone = threading.Barrier(14, timeout=20)

    def answer(_: Asked) -> Reply:
        everyone.wait()  # broken, and so no answer, unless all fourteen are inside
        return vector()

    client = _client(api(answer).url)
    with ThreadPoolExecutor(14) as threads:
        results = list(threads.map(lambda _: client.instant("1").values[0], range(28)))
    assert results == [1.0] * 28


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_gateway_in_trouble_is_asked_again(api: Serve, status: int) -> None:
    replies = [failure(status, "unavailable", "busy"), Reply(status, b"busy"), vector("3")]
    server = api(lambda _: replies[len(server.asked) - 1])
    assert _client(server.url).instant("up").values.tolist() == [3.0]
    assert len(server.asked) == 3
    assert [asked.form["query"] for asked in server.asked] == ["up"] * 3


@pytest.mark.parametrize(
    ("reply", "times"),
    [
        (failure(503, "unavailable", "still starting"), 4),
        (failure(503, "unavailable", "still starting", Retry_After="0"), 4),
        (failure(413, "too_large", "too large", Retry_After="0"), 1),
        (failure(429, "too_many", "slow down"), 4),
        (failure(503, "timeout", "query timed out in expression evaluation"), 1),
        (failure(422, "execution", "found duplicate series"), 1),
        (failure(400, "bad_data", "parse error"), 1),
        (failure(500, "internal", "broken"), 1),
        (failure(401, "", "who are you"), 1),
    ],
)
def test_only_what_may_pass_is_repeated_and_not_for_ever(
    api: Serve, reply: Reply, times: int
) -> None:
    server = api(lambda _: reply)
    assert not _client(server.url).check_prometheus_connection()
    assert len(server.asked) == times


def test_a_wish_to_retry_much_later_is_capped(api: Serve) -> None:
    class Response:
        def __init__(self, after: str) -> None:
            self.headers = {"Retry-After": after}

    policy = CappedRetry()
    assert policy.get_retry_after(Response("3")) == 3
    assert policy.get_retry_after(Response("86400")) == RETRY_AFTER_CAP_SECONDS
    assert policy.get_retry_after(Response("soon")) is None


def test_retry_after_is_obeyed(api: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", slept.append)
    replies = [failure(429, "x", "y", Retry_After="7"), failure(503, "x", "y", Retry_After="999")]
    server = api(lambda _: [*replies, vector()][len(server.asked) - 1])
    _client(server.url).instant("up")
    assert [s for s in slept if s >= 1] == [7, RETRY_AFTER_CAP_SECONDS]


def test_a_dropped_connection_is_opened_again_once(api: Serve) -> None:
    replies = [Reply(length=-1, hang=True), vector("5")]
    server = api(lambda _: replies[len(server.asked) - 1])
    server.over.set()  # "hang" then means: hang up without an answer
    assert _client(server.url).instant("up").values.tolist() == [5.0]
    assert len(server.asked) == 2


def test_credentials_tenant_and_headers_are_sent(api: Serve, tmp_path: Path) -> None:
    server = api(lambda _: vector())
    _client(server.url, token="abc", tenant="team-a", headers={"X-Extra": "1"}).instant("up")
    _client(server.url, username="me", password="pässword").instant("up")
    first, second = (asked.headers for asked in server.asked)
    assert first["authorization"] == "Bearer abc"
    assert first["x-scope-orgid"] == "team-a"
    assert first["x-extra"] == "1"
    assert first["user-agent"] == f"mesh-observe/{__version__}"
    assert first["accept-encoding"] == "identity"
    assert second["authorization"] == "Basic bWU6cMOkc3N3b3Jk"


def test_compressed_answers_are_asked_for_beyond_loopback() -> None:
    session = PrometheusSession(ConnectionSettings("http://prom.example"))
    assert "gzip" in session.headers["Accept-Encoding"]


def test_a_netrc_file_does_not_replace_the_token(
    api: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = api(lambda _: vector())
    client = _client(server.url, token="abc")
    client._session.trust_env = True
    client.instant("up")
    assert server.asked[0].headers["authorization"] == "Bearer abc"
