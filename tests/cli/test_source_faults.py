"""Everything that a Prometheus can do wrong before it has answered anything."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from running import Observe
from scripted_api import Api, Asked, Reply, failure, success, vector

Serve = Callable[..., Api]
CUT = b'{"status": "success", "data": {"resultType": "vec'


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("htp://prometheus:9090", "'htp://prometheus:9090' does not start with http://"),
        ("prometheus:9090", "does not start with http:// or https://"),
        ("http://", "names no host"),
        ("http://host:port", "is not a URL"),
        ("http://host/graph?g0.expr=up", "holds a query"),
    ],
)
def test_an_address_that_is_none_is_a_mistake_of_the_command_line(
    observe: Observe, url: str, said: str
) -> None:
    run = observe("report", "--prometheus", url)
    assert run.code == 2
    assert said in run.error
    assert "http://prometheus.example:9090" in run.error  # how it is written


def test_without_an_address_the_option_is_named(observe: Observe) -> None:
    run = observe("collect")
    assert run.code == 2
    assert run.error == ("no Prometheus given. Add --prometheus URL (or set OBSERVE_PROMETHEUS)")


def test_a_refused_connection_says_what_to_check(
    observe: Observe, unused_port: int, tmp_path: Path
) -> None:
    run = observe("report", "--prometheus", f"http://127.0.0.1:{unused_port}")
    assert run.code == 3
    assert "refuses connections. Is the server running" in run.error
    assert list(tmp_path.iterdir()) == []


def test_a_host_name_that_does_not_resolve_is_named(observe: Observe) -> None:
    run = observe("collect", "--prometheus", "http://nowhere.invalid:9090")
    assert run.code == 3
    assert "'nowhere.invalid' does not resolve" in run.error


def test_an_unknown_authority_is_told_and_cured_by_its_file(
    observe: Observe, api: Serve, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    url = api(lambda _: failure(401, "", "no"), context).url
    run = observe("collect", "--prometheus", url)
    assert run.code == 3
    assert "no trusted TLS connection" in run.error
    assert "CA" in run.error
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for more in (("--ca-file", tmp_path / "ca.pem"), ("--insecure",)):
        assert "wants credentials (401)" in observe("collect", "--prometheus", url, *more).error


def test_https_to_a_port_without_tls_says_so(observe: Observe, api: Serve) -> None:
    url = api(lambda _: vector()).url.replace("http:", "https:")
    run = observe("collect", "--prometheus", url)
    assert run.code == 3
    assert "does not speak TLS; try http://" in run.error


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(200, b"<!DOCTYPE html><html>Grafana"), "answers with a web page"),
        (Reply(200, b"pong"), "not as a Prometheus API does. Check the URL"),
        (Reply(200, b"[1, 2"), "not as a Prometheus API does"),
        (Reply(200, CUT), "was cut in the middle"),
        (Reply(200, CUT, length=5000), "was cut in the middle"),
        (Reply(302, b"", {"Location": "https://sso/login?s=1"}), "redirects to https://sso/login."),
        (failure(401, "", "no token"), "wants credentials (401)"),
        (failure(403, "", "rbac: access denied"), "forbids reading (403): rbac: access denied"),
        (Reply(404, b"404 page not found\n"), "A path prefix may be missing, such as /prometheus"),
        (failure(422, "execution", "many-to-many"), "could not execute a query (422): many-to"),
        (failure(429, "", "slow down", Retry_After="0"), "limits the rate of requests (429)"),
        (failure(500, "internal", "boom\x1b[31m\nred"), "answered with status 500: boom"),
        (failure(503, "timeout", "expired"), "gave up on a query: expired"),
    ],
)
def test_every_wrong_answer_is_one_line_and_exit_code_three(
    observe: Observe, api: Serve, tmp_path: Path, reply: Reply, said: str
) -> None:
    url = api(lambda _: reply).url
    run = observe("collect", "--prometheus", url)
    assert run.code == 3
    assert said in run.error
    assert "\x1b" not in run.err
    assert run.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_starts_is_asked_again(observe: Observe, api: Serve) -> None:
    server = api(lambda _: failure(503, "unavailable", "starting", Retry_After="0"))
    run = observe("collect", "--prometheus", server.url)
    assert run.code == 3
    assert "is not available (503): starting. It may be starting or overloaded" in run.error
    assert len(server.asked) == 4


def test_a_rate_limit_is_waited_for_and_then_passed(observe: Observe, api: Serve) -> None:
    def answer(asked: Asked) -> Reply:
        first = len(server.asked) == 1
        return failure(429, "", "slow", Retry_After="1") if first else success([])

    server = api(answer)
    run = observe("collect", "--prometheus", server.url)
    assert "429" not in run.error  # the second answer, which is no vector, was read
    assert len(server.asked) == 2


def test_a_server_that_hangs_is_left_after_the_timeout(observe: Observe, api: Serve) -> None:
    url = api(lambda _: Reply(hang=True)).url
    run = observe("collect", "--prometheus", url, "--timeout", "0.3")
    assert run.code == 3
    assert "did not answer within 0.3 s. Raise the timeout" in run.error


def test_a_prometheus_without_istio_says_what_to_check(observe: Observe, api: Serve) -> None:
    run = observe("report", "--prometheus", api(_holding()).url)
    assert run.code == 3
    assert "holds no Istio metrics (istio_requests_total) for this window" in run.error
    assert "are they scraped (port 15020" in run.error


def test_telemetry_of_mixer_is_refused_by_its_name(observe: Observe, api: Serve) -> None:
    url = api(_holding("istio_requests_total", "istio_request_duration_seconds_bucket")).url
    run = observe("report", "--prometheus", url)
    assert run.code == 3
    assert "as Mixer wrote it before Istio 1.5" in run.error


def test_debug_shows_where_it_happened_and_keeps_the_exit_code(
    observe: Observe, unused_port: int
) -> None:
    run = observe("--debug", "collect", "--prometheus", f"http://127.0.0.1:{unused_port}")
    assert run.code == 3
    assert "Traceback" in run.err
    assert run.err.splitlines()[-1].startswith("error: http://127.0.0.1")


def test_secrets_are_not_shown(observe: Observe, api: Serve) -> None:
    url = api(lambda asked: failure(403, "", f"bad {asked.headers['authorization']}")).url
    run = observe("collect", "--prometheus", url, "--token", "hunter2hunter2")
    assert "hunter2" not in run.err
    assert "forbids reading" in run.error


def _holding(*names: str) -> Callable[[Asked], Reply]:
    """A Prometheus that knows these metrics and nothing of them."""

    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/values"):
            return success(list(names))
        return vector()

    return answer
