"""A real Prometheus behind a proxy that goes wrong: complete, or honestly partial, never wrong."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
from fault_proxy import Fault, FaultProxy, Request
from known_week import END, WEB, Week

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push
from observe.errors import SourceError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.collector import collect
from observe.telemetry.frames import ALL
from observe.telemetry.session import retry_policy
from observe.telemetry.settings import ConnectionSettings
from observe.telemetry.snapshot import Snapshot

pytestmark = pytest.mark.integration
START = END - timedelta(days=3)
TOO_LARGE = (
    b'{"status":"error","errorType":"execution",'
    b'"error":"query processing would load too many samples into memory"}'
)
BUSY = Fault(status=503, body=b"overloaded", headers=(("Retry-After", "0"),))
LIMITED = Fault(status=429, body=b"slow down", headers=(("Retry-After", "0"),))
REFUSED = Fault(status=422, body=TOO_LARGE, headers=(("Content-Type", "application/json"),))
KINDS = {
    "late": Fault(delay=0.05),
    "dropped": Fault(drop=True),
    "cut": Fault(cut=0.5),
    "cut at once": Fault(cut=0.0),
    "dripping": Fault(drip=0.004),
    "busy": BUSY,
    "limited": LIMITED,
    "too large": REFUSED,
}
#: Faults of a query which asks for data, so that a smaller one may work.
_OF_DATA = {"too large"}
#: Frame → the entries that it is made of.
ENTRIES = {
    "requests": {"requests"},
    "latency": {"latency"},
    "latency_sum": {"latency-sum", "latency-count"},
    "coverage": {"coverage"},
    "containers": {"cpu", "memory", "pods", "cpu-throttled"},
}


@pytest.fixture(scope="module")
def server(prometheus_server: Callable[..., PrometheusServer]) -> PrometheusServer:
    """Three days of two services, with messages and containers."""
    week = Week(start=START - timedelta(hours=1))
    rng = np.random.default_rng(3)
    size = len(week.times_ms)
    failed = {"response_code": "503", "response_flags": "UF"}
    for service in ("pay", "cart"):
        labels = WEB | {"destination_workload": service, "destination_service": service}
        week.add("web-1", rng.poisson(90, size), labels=labels)
        week.add("web-1", rng.poisson(2, size), labels=labels | failed)
    for direction in ("request", "response"):
        week.labels.append({"__name__": f"istio_{direction}_messages_total", "pod": "web-1", **WEB})
        week.rows.append(np.arange(size) * 90.0)
    pod = {"namespace": "shop", "pod": "web-7d4b9c8f6d-x2z5k", "container": "app"}
    for name in ("container_cpu_usage_seconds_total", "container_memory_working_set_bytes"):
        week.labels.append({"__name__": name, **pod})
        week.rows.append(np.arange(size) * 30.0)
    running = prometheus_server(flags=HISTORY_FLAGS)
    push(running.url, week.labels, week.times_ms, week.values)
    return running


def _collect(url: str, **settings: object) -> Snapshot:
    limits = {"timeout_seconds": 5.0, "grace_seconds": 1.0} | settings
    chosen = ConnectionSettings(url, **limits)  # type: ignore[arg-type]
    with PrometheusClient(chosen, retry_policy(0.001)) as client:
        return collect(client, START, END)


@pytest.fixture(scope="module")
def whole(server: PrometheusServer) -> Snapshot:
    snapshot = _collect(server.url)
    assert snapshot.manifest.missing == ()
    assert len(snapshot.requests) == 4 * 3 * 288
    assert not snapshot.messages.empty
    assert not snapshot.containers.empty
    return snapshot


def _same(found: Snapshot, whole: Snapshot) -> None:
    assert found.manifest.missing == ()
    for spec in ALL:
        left, right = getattr(found, spec.name), getattr(whole, spec.name)
        pd.testing.assert_frame_equal(left, right, check_exact=False, rtol=1e-9)


def _honest(found: Snapshot, whole: Snapshot) -> None:
    """Every number is the right one, and whatever is absent lies in a piece that is named."""
    names = found.edges.set_index("edge")["destination_workload"]
    of_whole = whole.edges.set_index("edge")["destination_workload"]
    for spec in ALL:
        if spec.name not in ENTRIES:
            continue
        left, right = getattr(found, spec.name).copy(), getattr(whole, spec.name).copy()
        if "edge" in left:
            left["edge"], right["edge"] = left["edge"].map(names), right["edge"].map(of_whole)
        values = [c for c in spec.columns if spec.columns[c] == "float64" and c not in ("gt", "le")]
        keys = [c for c in spec.columns if c not in values]
        texts = {c: "str" for c in keys if c not in ("time", "gt", "le")}
        both = right.astype(texts).merge(
            left.astype(texts), on=keys, how="outer", suffixes=("", "_found"), indicator=True
        )
        assert not (both["_merge"] == "right_only").any(), spec.name
        for value in values:
            there = both[f"{value}_found"].notna()
            np.testing.assert_allclose(
                both.loc[there, f"{value}_found"], both.loc[there, value], rtol=1e-9
            )
            absent = both.loc[~there & both[value].notna(), "time"]
            named = pd.Series(False, index=absent.index)
            for piece in found.manifest.missing:
                if piece.query in ENTRIES[spec.name]:
                    named |= (absent >= piece.start) & (absent < piece.end)
            assert named.all(), (spec.name, value, found.manifest.missing)
    if not any(piece.query == "messages" for piece in found.manifest.missing):
        assert len(found.messages) == len(whole.messages)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_goes_wrong_once_the_answer_is_complete(
    server: PrometheusServer, whole: Snapshot, kind: str
) -> None:
    asked: Counter[str] = Counter()

    def first_time(request: Request) -> Fault | None:
        key = f"{request.path} {request.query}"  # whatever its span: its halves get an answer
        asked[key] += 1
        if kind in _OF_DATA and "increase" not in request.query:
            return None
        return KINDS[kind] if asked[key] == 1 else None

    with FaultProxy(server.url, first_time) as proxy:
        _same(_collect(proxy.url), whole)
        assert proxy.faults >= 5


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_goes_wrong_with_raw_samples_the_answer_is_complete(
    server: PrometheusServer, whole: Snapshot, raw: None, kind: str
) -> None:
    """Every read fails, or every second one; PromQL is asked for what is lacking."""
    for failing in (1, 2):
        with FaultProxy(server.url, _reads(KINDS[kind], failing)) as proxy:
            _same(_collect(proxy.url), whole)
            assert proxy.faults >= 2


def _reads(fault: Fault, every: int = 1) -> Callable[[Request], Fault | None]:
    """The fault for every nth read of raw samples."""
    reads = 0

    def decide(request: Request) -> Fault | None:
        nonlocal reads
        reads += (is_read := request.path.endswith("/read"))
        return fault if is_read and reads % every == 0 else None

    return decide


@pytest.mark.parametrize("share", [0.02, 0.3, 0.77, 0.99])
def test_raw_samples_cut_anywhere_are_not_used(
    server: PrometheusServer, whole: Snapshot, raw: None, share: float
) -> None:
    with FaultProxy(server.url, _reads(Fault(cut=share))) as proxy:
        _same(_collect(proxy.url), whole)
        assert proxy.faults >= 4


@pytest.mark.parametrize("kind", ["busy", "limited"])
def test_a_burst_of_refusals_is_waited_out(
    server: PrometheusServer, whole: Snapshot, kind: str
) -> None:
    def some(request: Request) -> Fault | None:
        return KINDS[kind] if 12 <= len(proxy.seen) < 24 else None

    with FaultProxy(server.url, some) as proxy:
        _same(_collect(proxy.url), whole)
        assert proxy.faults == 12


@pytest.mark.parametrize("kind", ["dropped", "cut", "too large"])
@pytest.mark.parametrize("entry", ["_bucket", "_milliseconds_sum", "_total{", "container_cpu"])
def test_what_never_arrives_is_named_and_the_rest_is_right(
    server: PrometheusServer, whole: Snapshot, kind: str, entry: str
) -> None:
    """Data of some series is never answered for the second day."""
    day = range(int(START.timestamp()) + 86_400, int(START.timestamp()) + 2 * 86_400)

    def never(request: Request) -> Fault | None:
        if entry not in request.query or "_over_time" in request.query.split("label_replace")[0]:
            return None
        return KINDS[kind] if _touches(request, day) else None

    with FaultProxy(server.url, never) as proxy:
        found = _collect(proxy.url, timeout_seconds=2.0)
    assert found.manifest.missing
    _honest(found, whole)


def _touches(request: Request, span: range) -> bool:
    form = parse_qs(request.key.split(" ", 2)[2])
    if "start" not in form or ("increase" not in request.query and "rate" not in request.query):
        return False
    first, last = (float(form[name][0]) for name in ("start", "end"))
    return first < span.stop and last > span.start


@pytest.mark.parametrize("seed", range(10))
def test_whatever_goes_wrong_at_random_no_number_is_wrong(
    server: PrometheusServer, whole: Snapshot, seed: int
) -> None:
    _at_random(server, whole, seed)


@pytest.mark.parametrize("seed", range(10, 16))
def test_whatever_goes_wrong_at_random_with_raw_samples_no_number_is_wrong(
    server: PrometheusServer, whole: Snapshot, raw: None, seed: int
) -> None:
    _at_random(server, whole, seed)


def _at_random(server: PrometheusServer, whole: Snapshot, seed: int) -> None:
    dice = random.Random(seed)
    share = dice.choice((0.15, 0.3, 0.6))
    dice.seed(seed)

    def sometimes(request: Request) -> Fault | None:
        unlucky = dice.random() < share
        return KINDS[dice.choice(tuple(KINDS))] if unlucky else None

    with FaultProxy(server.url, sometimes) as proxy:
        try:
            found = _collect(proxy.url, run_seconds=6.0)
        except SourceError:
            return  # nothing was written: as honest as can be
        assert proxy.faults > 0
    _honest(found, whole)


def test_a_server_that_drips_without_end_is_left_and_what_it_kept_is_named(
    server: PrometheusServer, whole: Snapshot
) -> None:
    def latency(request: Request) -> Fault | None:
        return (
            Fault(drip=0.3) if "_bucket" in request.query and "[3600s]" in request.query else None
        )

    with FaultProxy(server.url, latency) as proxy:
        found = _collect(proxy.url, timeout_seconds=0.4, grace_seconds=0.1)
    assert {piece.query for piece in found.manifest.missing} == {"latency"}
    _honest(found, whole)


def test_a_token_that_rotates_while_raw_samples_are_read(
    server: PrometheusServer, whole: Snapshot, raw: None, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("token-0")

    def gate(request: Request) -> Fault | None:
        reads = sum(seen.path.endswith("/read") for seen in proxy.seen)
        file.write_text(f"token-{reads}")
        good = request.headers.get("authorization") == f"Bearer token-{reads}"
        return None if good else Fault(status=401, body=b"token expired")

    with FaultProxy(server.url, gate) as proxy:
        found = _collect(proxy.url, token_file=file, max_concurrency=1)
        assert proxy.faults >= 2
        assert any(seen.path.endswith("/read") for seen in proxy.seen)
    _same(found, whole)


@pytest.mark.parametrize("prefix", ["", "/prometheus", "/api/prom/tenant-1"])
def test_a_rotating_token_a_tenant_and_a_prefix(
    server: PrometheusServer, whole: Snapshot, tmp_path: Path, prefix: str
) -> None:
    """A gateway in the manner of Mimir; the token is replaced after every fifth answer."""
    file = tmp_path / "token"
    file.write_text("token-0")

    def gate(request: Request) -> Fault | None:
        if request.headers.get("x-scope-orgid") != "team-a":
            return Fault(status=401, body=b"no org id")
        good = len(proxy.seen) - proxy.faults
        wanted = f"token-{good // 5}"
        file.write_text(wanted + "\n")
        if request.headers.get("authorization") != f"Bearer {wanted}":
            return Fault(status=401, body=b"token expired")
        return None

    with FaultProxy(server.url, gate, prefix) as proxy:
        found = _collect(proxy.url, token_file=file, tenant="team-a", max_concurrency=1)
        assert proxy.faults >= 2
        _same(found, whole)
        assert "token-" not in found.manifest.model_dump_json()


def test_basic_authentication_and_extra_headers(server: PrometheusServer, whole: Snapshot) -> None:
    def gate(request: Request) -> Fault | None:
        good = request.headers.get("authorization") == "Basic b3BzOmh1c2gtaHVzaA=="
        good = good and request.headers.get("x-team") == "platform"
        return None if good else Fault(status=401)

    with FaultProxy(server.url, gate) as proxy:
        address = proxy.url.replace("//", "//ops:hush-hush@")
        found = _collect(address, headers={"X-Team": "platform"})
    _same(found, whole)
    assert "hush-hush" not in found.manifest.model_dump_json()
