"""Decoded samples against the server's own answer to `metric[range]`, bit for bit."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.wire import compress, varint
from observe.telemetry.client import PrometheusClient
from observe.telemetry.remote_read.labels import all_labels
from observe.telemetry.remote_read.request import encode_request, parse_selector
from observe.telemetry.remote_read.series import Contents, whole_series
from observe.telemetry.remote_read.stream import Traffic, blocks
from observe.telemetry.remote_read.sums import is_absent
from observe.telemetry.remote_read.windows import (
    COUNT,
    INCREASE,
    MAXIMUM,
    PRESENT,
    RATE,
    STALE_BITS,
    evaluate,
)

pytestmark = pytest.mark.integration
Servers = Callable[..., PrometheusServer]
Samples = list[tuple[int, int]]  # milliseconds, bits of the value
BEGIN = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
STALE = int(STALE_BITS)
QUIET_NAN = 0x7FF8_0000_0000_0001


def _bits(value: float) -> int:
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def _counters() -> st.SearchStrategy[list[int]]:
    """Running totals that now and then begin anew."""
    steps = st.lists(st.integers(-1, 300), min_size=1, max_size=600)

    def totals(gains: list[int]) -> list[int]:
        total, rows = 0.0, []
        for gain in gains:
            total = 0.0 if gain < 0 else total + gain
            rows.append(_bits(total))
        return rows

    return steps.map(totals)


def _anything() -> st.SearchStrategy[list[int]]:
    floats = st.floats(allow_nan=False).map(_bits)
    odd = st.sampled_from([STALE, QUIET_NAN, _bits(-0.0), _bits(5e-324), _bits(float("inf"))])
    near = st.integers(0, 1 << 52).map(lambda low: _bits(1.0) | low)
    return st.lists(st.one_of(floats, odd, near), min_size=1, max_size=300)


def _distances() -> st.SearchStrategy[Callable[[int], list[int]]]:
    """Milliseconds between samples: regular, jittery, or of every size that has its own code."""
    sizes = st.sampled_from([1, 15_000, 15_001, 14_998, 23_192, 80_000, 540_000, 1_000_000, 3])

    def of(kind: str, some: list[int]) -> Callable[[int], list[int]]:
        if kind == "regular":
            return lambda n: [15_000] * n
        return lambda n: [some[i % len(some)] for i in range(n)]

    return st.builds(of, st.sampled_from(["regular", "mixed"]), st.lists(sizes, min_size=1))


@st.composite
def _series(draw: st.DrawFn) -> Samples:
    values = draw(st.one_of(_counters(), _anything()))
    gaps = draw(_distances())(len(values))
    times = BEGIN + np.cumsum(gaps)
    inside = times < BEGIN + DAY
    return [(int(t), v) for t, v, keep in zip(times, values, inside, strict=True) if keep]


def _write(url: str, name: str, many: Sequence[Samples]) -> None:
    """Remote write of samples with any bits; `observe.demo.wire` leaves NaN out."""
    message = b""
    for number, samples in enumerate(many):
        body = b""
        for label, value in (("__name__", name), ("series", f"{number:04d}")):
            pair = _field(1, label.encode()) + _field(2, value.encode())
            body += _field(1, pair)
        for at, bits in samples:
            body += _field(2, b"\x09" + struct.pack("<q", bits) + b"\x10" + varint(at))
        message += _field(1, body)
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    answer = requests.post(f"{url}/api/v1/write", compress(message), headers=headers, timeout=60)
    assert answer.status_code == 204, answer.text


def _field(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def _read(url: str, selector: str, start: int, end: int) -> dict[str, Samples]:
    client = PrometheusClient(url)
    body = encode_request(parse_selector(selector), start, end)
    found: dict[str, Samples] = {}
    arriving = blocks(client._session, client.settings, body, 60, Traffic())
    for batch in whole_series(arriving, Contents()):
        for i in range(len(batch.labels)):
            a, b = batch.offsets[i], batch.offsets[i + 1]
            pairs = zip(batch.times[a:b].tolist(), batch.bits[a:b].view("i8").tolist(), strict=True)
            name = all_labels(batch, i)["series"]
            assert name not in found
            found[name] = list(pairs)
    return found


def _asked(url: str, name: str, start: int, end: int) -> dict[str, Samples]:
    """What the server answers to `name[range]`, which leaves stale markers out."""
    query = f"{name}[{end - start}ms]"
    moment = datetime.fromtimestamp(end / 1000, UTC)
    answer = PrometheusClient(url).instant(query, moment)
    found: dict[str, Samples] = {labels["series"]: [] for labels in answer.labels}
    for series, at, value in zip(answer.series, answer.times_ms, answer.values, strict=True):
        found[answer.labels[series]["series"]].append((int(at), _bits(float(value))))
    return found


@pytest.fixture(scope="module")
def server(prometheus_server: Servers) -> Iterator[PrometheusServer]:
    yield prometheus_server(flags=HISTORY_FLAGS)


_names = iter(range(1_000_000))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(many=st.lists(_series().filter(bool), min_size=1, max_size=4))
def test_every_sample_is_the_servers_own(server: PrometheusServer, many: list[Samples]) -> None:
    name = f"random_{next(_names)}"
    _write(server.url, name, many)
    read = _read(server.url, name, BEGIN, BEGIN + DAY)
    # JSON knows one NaN only, so that the written bits tell more than the server's answer.
    assert read == {f"{i:04d}": samples for i, samples in enumerate(many)}
    asked = _asked(server.url, name, BEGIN, BEGIN + DAY)
    without_stale = {
        key: [(at, bits) for at, bits in samples if bits != STALE] for key, samples in read.items()
    }
    plain = {
        key: [(at, _bits(float("nan")) if bits == QUIET_NAN else bits) for at, bits in samples]
        for key, samples in without_stale.items()
        if samples
    }
    assert plain == asked


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(many=st.lists(_series().filter(bool), min_size=1, max_size=4))
def test_functions_over_ranges_are_the_servers_own(
    server: PrometheusServer, many: list[Samples]
) -> None:
    name = f"random_{next(_names)}"
    _write(server.url, name, many)
    client, step, steps = PrometheusClient(server.url), 900, 16
    first = datetime.fromtimestamp(BEGIN / 1000 + step, UTC)
    last = first + timedelta(seconds=step * (steps - 1))
    for function, query in (
        (INCREASE, f"increase({name}[{step}s])"),
        (RATE, f"rate({name}[{step}s])"),
        (COUNT, f"count_over_time({name}[{step}s])"),
        (MAXIMUM, f"max_over_time({name}[{step}s])"),
        (PRESENT, f"count by (series) ({name})"),
    ):
        asked = client.range(query, first, last, step)
        grid = asked.dense(BEGIN + step * 1000, step * 1000, steps)
        place = {labels["series"]: i for i, labels in enumerate(asked.labels)}
        told = {
            (asked.labels[s]["series"], int(t))
            for s, t in zip(asked.series, asked.times_ms, strict=True)
        }
        for number, samples in enumerate(many):
            key = f"{number:04d}"
            row = _evaluated(function, samples, step, steps)
            there = {(key, BEGIN + (k + 1) * step * 1000) for k in np.flatnonzero(~is_absent(row))}
            assert there == {pair for pair in told if pair[0] == key}, query
            if there:
                mine = np.where(is_absent(row), np.nan, row)
                np.testing.assert_allclose(mine, grid[place[key]], rtol=1e-14, err_msg=query)


def _evaluated(function: int, samples: Samples, step: int, steps: int) -> NDArray[np.float64]:
    times = np.array([at for at, _ in samples], dtype=np.int64)
    bits = np.array([value for _, value in samples], dtype=np.int64)
    row, seconds = np.empty(steps), step * 1000
    evaluate(
        function,
        times,
        bits,
        bits.view(np.float64),
        BEGIN + seconds,
        seconds,
        False,
        False,
        300_000,
        row,
    )
    return row


def test_a_span_brings_the_samples_within_it_and_perhaps_the_rest_of_their_chunks(
    server: PrometheusServer,
) -> None:
    samples = [(BEGIN + i * 15_000, _bits(float(i))) for i in range(1000)]
    _write(server.url, "spanned", [samples])
    start, end = samples[400][0], samples[600][0]
    read = dict(_read(server.url, "spanned", start, end)["0000"])
    for at, bits in samples[400:601]:
        assert read[at] == bits


def test_a_series_that_fills_several_frames_stays_one(prometheus_server: Servers) -> None:
    small = prometheus_server(
        flags=(*HISTORY_FLAGS, "--storage.remote.read-max-bytes-in-frame=300")
    )
    rng = np.random.default_rng(1)
    many = [
        [(BEGIN + i * 1000, _bits(x)) for i, x in enumerate(rng.normal(size=length))]
        for length in (2000, 1, 121, 2500)
    ]
    _write(small.url, "long", many)
    read = _read(small.url, "long", BEGIN, BEGIN + DAY)
    assert read == {f"{i:04d}": samples for i, samples in enumerate(many)}


def test_matchers_choose_as_promql_does(server: PrometheusServer) -> None:
    begin = time.time_ns()
    name = f"chosen_{begin}"
    _write(server.url, name, [[(BEGIN, _bits(float(i)))] for i in range(12)])
    for matchers, expected in (
        ('series="0003"', {"0003"}),
        ('series=~"000[1-3]"', {"0001", "0002", "0003"}),
        ('series!~"000.*"', {"0010", "0011"}),
        ('series!="0003",series=~"000[3-4]"', {"0004"}),
        ('absent="",series="0003"', {"0003"}),
    ):
        assert set(_read(server.url, f"{name}{{{matchers}}}", BEGIN, BEGIN + 1)) == expected
