from __future__ import annotations

import gzip
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from scripted_api import Api, Reply, failure, matrix, vector

from observe.errors import QueryTooLargeError, SourceError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.faults import BusyError, CutAnswerError, DeadlineError, UnreachableError
from observe.telemetry.session import retry_policy
from observe.telemetry.settings import ConnectionSettings

Serve = Callable[..., Api]


def _fault(url: str, **options: object) -> SourceError:
    """The error that a query ends with."""
    settings = ConnectionSettings(url, **options)  # type: ignore[arg-type]
    client = PrometheusClient(settings, retry_policy(backoff_seconds=0.001))
    with pytest.raises(SourceError) as caught:
        client.instant("up")
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 3
    return caught.value


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (failure(401, "", "no token"), UnreachableError, "wants credentials"),
        (failure(403, "", "rbac: access denied"), UnreachableError, "forbids reading"),
        (Reply(404, b"404 page not found\n"), UnreachableError, "A path prefix may be missing"),
        (Reply(302, b"", {"Location": "https://sso/login?s=1"}), UnreachableError, "https://sso/l"),
        (failure(429, "", "rate"), BusyError, "limits the rate of requests"),
        (failure(504, "", "slow"), DeadlineError, "gateway that lost patience"),
        (failure(503, "unavailable", "starting"), BusyError, "is not available"),
        (failure(400, "bad_data", 'parse error: unexpected "}"'), SourceError, "parse error: une"),
        (failure(422, "execution", "many-to-many matching"), SourceError, "many-to-many matching"),
        (failure(500, "internal", "boom"), SourceError, "answered with status 500: boom"),
        (Reply(200, b"<!DOCTYPE html><html>Grafana"), UnreachableError, "answers with a web page"),
        (Reply(200, b'{"hello": "world"}'), UnreachableError, "something else"),
        (Reply(200, b"[1, 2]"), UnreachableError, "something else"),
        (Reply(200, b"pong"), UnreachableError, "something else"),
        (Reply(200, b""), UnreachableError, "something else"),
        (
            Reply(200, b'{"status": "success", "data": {"resultType": "x"}}'),
            UnreachableError,
            "something",
        ),
        (Reply(200, b'{"status": "success", "data": {"resultType": "vec'), CutAnswerError, "cut"),
        (Reply(200, b'{"status": "error", "error": "odd"}'), SourceError, "with an error: odd"),
    ],
)
def test_every_wrong_answer_becomes_one_clear_line(
    api: Serve, reply: Reply, kind: type[SourceError], said: str
) -> None:
    error = _fault(api(lambda _: reply).url)
    assert type(error) is kind
    assert said in str(error)


@pytest.mark.parametrize(
    "reply",
    [
        failure(422, "execution", "query processing would load too many samples into memory"),
        failure(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries"),
        failure(422, "execution", "the query hit the max number of series limit"),
        failure(503, "timeout", "query timed out in expression evaluation"),
        Reply(413, b"<html>nginx</html>"),
        Reply(422, b""),
    ],
)
def test_a_query_that_is_too_large_is_told_apart(api: Serve, reply: Reply) -> None:
    assert type(_fault(api(lambda _: reply).url)) is QueryTooLargeError


@pytest.mark.parametrize("body", [b'{"status"', b"", vector().body])
def test_a_body_shorter_than_announced_is_an_answer_cut_in_the_middle(
    api: Serve, body: bytes
) -> None:
    error = _fault(api(lambda _: Reply(200, body, length=len(body) + 9)).url)
    assert type(error) is CutAnswerError


def test_a_refused_connection_says_so(unused_port: int) -> None:
    error = _fault(f"http://127.0.0.1:{unused_port}")
    assert type(error) is UnreachableError
    assert "refuses connections" in str(error)


def test_an_unknown_host_name_says_so() -> None:
    error = _fault("http://no-such-host.invalid:9090")
    assert "the host name 'no-such-host.invalid' does not resolve" in str(error)


def test_a_server_that_hangs_is_left(api: Serve) -> None:
    server = api(lambda _: Reply(hang=True))
    error = _fault(server.url, timeout_seconds=0.1, grace_seconds=0.1)
    assert type(error) is DeadlineError
    assert len(server.asked) == 1  # asking again would hang again


def test_a_server_that_sends_a_byte_now_and_then_is_left(api: Serve) -> None:
    server = api(lambda _: Reply(length=10_000_000, trickle=True))
    error = _fault(server.url, timeout_seconds=0.2, grace_seconds=0.1)
    assert type(error) is DeadlineError
    assert "did not finish" in str(error)


def test_a_compressed_answer_is_read_whole(api: Serve) -> None:
    series = ({"a": "x" * 50}, [(t, str(t * 0.37)) for t in range(20_000)])
    body = gzip.compress(matrix(series).body)
    server = api(lambda _: Reply(200, body, {"Content-Encoding": "gzip"}))
    result = PrometheusClient(server.url).instant("up")
    assert result.values[-1] == pytest.approx(19_999 * 0.37)


def test_a_cut_compressed_answer_is_noticed(api: Serve) -> None:
    body = gzip.compress(vector().body)[:-12]
    error = _fault(api(lambda _: Reply(200, body, {"Content-Encoding": "gzip"})).url)
    assert "cut" in str(error) or "something else" in str(error)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_certificate_of_an_unknown_authority_is_refused_and_with_its_ca_accepted(
    api: Serve, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    url = api(lambda _: vector("4"), context).url
    error = _fault(url)
    assert type(error) is UnreachableError
    assert "no trusted TLS connection" in str(error)
    assert "CA" in str(error)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    for settings in (
        ConnectionSettings(url, ca_file=ca_file),
        ConnectionSettings(url, insecure=True),
    ):
        with PrometheusClient(settings) as client:
            assert client.instant("up").values.tolist() == [4.0]


def test_a_client_certificate_is_presented(api: Serve, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    url = api(lambda _: vector("4"), context).url
    ca_file, both = tmp_path / "ca.pem", tmp_path / "client.pem"
    authority.cert_pem.write_to_path(ca_file)
    authority.issue_cert("me@example").private_key_and_cert_chain_pem.write_to_path(both)
    client = PrometheusClient(ConnectionSettings(url, ca_file=ca_file, cert_file=both))
    assert client.instant("up").values.tolist() == [4.0]
    assert "client certificate" in str(_fault(url, ca_file=ca_file))


def test_https_to_a_plain_port_says_that_it_does_not_speak_tls(api: Serve) -> None:
    url = api(lambda _: vector()).url.replace("http://", "https://")
    assert "does not speak TLS" in str(_fault(url))


def test_a_secret_that_the_server_repeats_is_not_shown(api: Serve) -> None:
    url = api(lambda _: failure(400, "bad_data", "token tok-secret is odd")).url
    error = _fault(url, token="tok-secret")
    assert "tok-secret" not in str(error)
    assert "***" in str(error)
