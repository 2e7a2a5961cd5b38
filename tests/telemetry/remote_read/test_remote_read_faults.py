"""What a server, a gateway or the network does wrong ends in an error, never in a wrong number."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import requests
import trustme
from known_week import END, Week
from scripted_api import Api, Asked, Reply

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.errors import SourceError
from observe.telemetry.catalogue import ENTRIES
from observe.telemetry.client import PrometheusClient
from observe.telemetry.faults import CutAnswerError, DeadlineError, UnreachableError
from observe.telemetry.pieces import Piece
from observe.telemetry.remote_read.errors import CorruptStreamError, NoRemoteReadError
from observe.telemetry.remote_read.frames import whole_frames
from observe.telemetry.remote_read.request import encode_request, parse_selector
from observe.telemetry.remote_read.semantics import Semantics
from observe.telemetry.remote_read.tables import Job, Reading, jobs, read
from observe.telemetry.settings import ConnectionSettings

Servers = Callable[..., PrometheusServer]
Apis = Callable[..., Api]
STREAMED = {"Content-Type": "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"}
WEB = {"reporter": "source", "source_workload": "web", "response_code": "200"}
START = datetime(2026, 1, 11, 12, tzinfo=UTC)
JOB: Job = jobs([Piece(ENTRIES[0], START, 300, 144)])[0]


@pytest.fixture(scope="module")
def recorded(prometheus_server: Servers) -> bytes:
    """A stream as a real Prometheus sends it: 12 series in as many frames."""
    server = prometheus_server(flags=HISTORY_FLAGS)
    week = Week(start=START)
    rng = np.random.default_rng(8)
    for pod in range(12):
        requests_made = rng.poisson(50, len(week.times_ms)).cumsum().astype(float)
        week._series("istio_requests_total", WEB | {"pod": f"web-{pod}"}, requests_made)
    push(server.url, week.labels, week.times_ms, week.values)
    body = encode_request(
        parse_selector(JOB.selectors[0]), int(START.timestamp()) * 1000, int(END.timestamp()) * 1000
    )
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    answer = requests.post(f"{server.url}/api/v1/read", body, headers=headers, timeout=30)
    assert answer.headers["Content-Type"] == STREAMED["Content-Type"]
    return answer.content


def _read(url: str, seconds: float = 20, **settings: object) -> Reading:
    client = PrometheusClient(ConnectionSettings(url, **settings))  # type: ignore[arg-type]
    return read(client, JOB, Semantics(), deadline=time.monotonic() + seconds)


def _serving(api: Apis, body: bytes, **more: object) -> str:
    return api(lambda asked: Reply(body=body, headers=STREAMED, **more)).url


def test_the_recorded_stream_is_read(api: Apis, recorded: bytes) -> None:
    reading = _read(_serving(api, recorded))
    assert (reading.series, reading.samples, reading.bytes) == (12, 12 * 721, len(recorded))
    ((_, table),) = reading.tables
    assert table.values.sum() == pytest.approx(12 * 720 * 50, rel=0.01)


def test_a_flipped_bit_anywhere_is_noticed(api: Apis, recorded: bytes) -> None:
    served = api(lambda asked: Reply())
    rng = np.random.default_rng(9)
    for at in [0, 1, 2, 5, len(recorded) - 1, *rng.integers(0, len(recorded), 60)]:
        broken = bytearray(recorded)
        broken[at] ^= 1 << int(rng.integers(0, 8))
        served.answer = lambda asked, body=bytes(broken): Reply(body=body, headers=STREAMED)
        with pytest.raises(CorruptStreamError):
            _read(served.url)


def test_a_stream_that_ends_within_a_frame_is_noticed(api: Apis, recorded: bytes) -> None:
    served = api(lambda asked: Reply())
    for kept in (1, 3, 100, len(recorded) // 2, len(recorded) - 1):
        served.answer = lambda asked, n=kept: Reply(body=recorded[:n], headers=STREAMED)
        with pytest.raises(CorruptStreamError, match="in the middle"):
            _read(served.url)


def test_a_connection_lost_between_two_frames_is_noticed(api: Apis, recorded: bytes) -> None:
    end, _ = whole_frames(np.frombuffer(recorded[: len(recorded) // 2], dtype=np.uint8))
    assert 0 < end < len(recorded)
    with pytest.raises(CutAnswerError, match="cut in the middle"):
        _read(_serving(api, recorded[:end], length=len(recorded)))


def test_an_error_text_behind_good_frames_is_noticed(api: Apis, recorded: bytes) -> None:
    with pytest.raises(CorruptStreamError):
        _read(_serving(api, recorded + b"error: the block is gone\n"))


def test_series_that_come_twice_are_not_counted_twice(api: Apis, recorded: bytes) -> None:
    with pytest.raises(CorruptStreamError, match="a series came twice"):
        _read(_serving(api, recorded + recorded))


def test_an_answer_of_garbage_is_noticed(api: Apis) -> None:
    with pytest.raises(CorruptStreamError):
        _read(_serving(api, b"\xff" * 4000))


def test_no_series_are_an_empty_table(api: Apis) -> None:
    reading = _read(_serving(api, b""))
    ((_, table),) = reading.tables
    assert len(table.labels) == len(table.values) == 0


@pytest.mark.parametrize("status", [400, 403, 404, 405, 415, 501, 302])
def test_a_server_without_remote_read_is_told_from_one_in_trouble(api: Apis, status: int) -> None:
    with pytest.raises(NoRemoteReadError, match=f"status {status}"):
        _read(api(lambda asked: Reply(status, b"no")).url)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_not_one_without_remote_read(api: Apis, status: int) -> None:
    with pytest.raises(SourceError) as caught:
        _read(api(lambda asked: Reply(status, b"busy")).url)
    assert not isinstance(caught.value, NoRemoteReadError)
    assert str(status) in str(caught.value)


def test_wrong_credentials_are_told_as_such(api: Apis) -> None:
    with pytest.raises(UnreachableError, match="401"):
        _read(api(lambda asked: Reply(401, b"who?")).url)


def test_samples_instead_of_chunks_mean_that_streaming_is_not_offered(
    api: Apis, recorded: bytes
) -> None:
    old = api(
        lambda asked: Reply(body=recorded, headers={"Content-Type": "application/x-protobuf"})
    )
    with pytest.raises(NoRemoteReadError, match="content type application/x-protobuf"):
        _read(old.url)


def test_an_answer_that_somebody_compressed_is_not_decoded(api: Apis, recorded: bytes) -> None:
    with pytest.raises(NoRemoteReadError, match="compressed"):
        zipped = STREAMED | {"Content-Encoding": "gzip"}
        _read(api(lambda asked: Reply(body=recorded, headers=zipped)).url)


def test_a_server_that_hangs_or_drips_costs_no_more_than_the_deadline(api: Apis) -> None:
    for reply in (Reply(hang=True), Reply(headers=STREAMED, length=10**9, trickle=True)):
        served = api(lambda asked, reply=reply: reply)
        with pytest.raises(DeadlineError):
            _read(served.url, seconds=0.5)


def test_a_deadline_that_has_passed_asks_nothing(api: Apis) -> None:
    served = api(lambda asked: Reply())
    with pytest.raises(DeadlineError):
        _read(served.url, seconds=0)
    assert served.asked == []


def test_nobody_there_is_told_as_such(unused_port: int) -> None:
    with pytest.raises(UnreachableError, match="refuses connections"):
        _read(f"http://127.0.0.1:{unused_port}")


def test_credentials_tenant_and_agent_are_sent(api: Apis, recorded: bytes) -> None:
    seen: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        seen.append(asked)
        return Reply(body=recorded, headers=STREAMED)

    _read(api(answer).url + "/prefix", token="abcdefgh", tenant="team", headers={"X-Env": "test"})
    (asked,) = seen
    assert (asked.method, asked.path) == ("POST", "/prefix/api/v1/read")
    assert asked.headers["authorization"] == "Bearer abcdefgh"
    assert asked.headers["x-scope-orgid"] == "team"
    assert asked.headers["x-env"] == "test"
    assert asked.headers["user-agent"].startswith("mesh-observe/")
    assert asked.headers["accept-encoding"] == "identity"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _secured(api: Apis, authority: trustme.CA, recorded: bytes, *, mutual: bool = False) -> str:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if mutual:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return api(lambda asked: Reply(body=recorded, headers=STREAMED), tls=context).url


def test_a_certificate_must_be_trusted(
    api: Apis, authority: trustme.CA, recorded: bytes, tmp_path: Path
) -> None:
    url = _secured(api, authority, recorded)
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    assert _read(url, ca_file=trusted).series == 12
    assert _read(url, insecure=True).series == 12
    with pytest.raises(UnreachableError, match="TLS"):
        _read(url)


def test_a_client_certificate_is_shown(
    api: Apis, authority: trustme.CA, recorded: bytes, tmp_path: Path
) -> None:
    url = _secured(api, authority, recorded, mutual=True)
    trusted, own, key = (tmp_path / name for name in ("ca.pem", "own.pem", "own.key"))
    authority.cert_pem.write_to_path(trusted)
    client = authority.issue_cert("observe@example.org")
    client.cert_chain_pems[0].write_to_path(own)
    client.private_key_pem.write_to_path(key)
    assert _read(url, ca_file=trusted, cert_file=own, key_file=key).series == 12
    with pytest.raises(SourceError):
        _read(url, ca_file=trusted)


def test_a_proxy_of_the_environment_is_used(
    api: Apis, recorded: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = api(lambda asked: Reply(body=recorded, headers=STREAMED))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert _read("http://prometheus.example:9090").series == 12
    assert [asked.path for asked in proxy.asked] == ["/api/v1/read"]
    proxy.answer = lambda asked: Reply(body=recorded[:-1], headers=STREAMED)
    with pytest.raises(CorruptStreamError):
        _read("http://prometheus.example:9090")
