"""Write a block of samples to a Prometheus remote-write receiver, in time order, fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import requests
from numpy.typing import NDArray

from observe.demo.wire import check_times, compress, encode_labels, encode_request
from observe.errors import InputError, SourceError

#: Samples of one request: 4-5 MB before compression, well below what receivers accept.
_SAMPLES_PER_REQUEST = 240_000
_CONNECTIONS = 3
_TIMEOUT_SECONDS = (5.0, 120.0)
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": "mesh-observe-demo",
}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PushCost:
    """What a push took; add two to sum them up."""

    samples: int = 0
    requests: int = 0
    wire_bytes: int = 0
    seconds: float = 0.0

    def __add__(self, other: PushCost) -> PushCost:
        return PushCost(
            self.samples + other.samples,
            self.requests + other.requests,
            self.wire_bytes + other.wire_bytes,
            self.seconds + other.seconds,
        )


def push(
    url: str,
    labels: Sequence[Mapping[str, str]],
    timestamps_ms: NDArray[np.int64],
    values: NDArray[np.float64],
    *,
    on_progress: Progress | None = None,
) -> PushCost:
    """Write samples in time order.

    Series are shared out over a few connections, which take the same steps in time, so that no
    series is ever far ahead of another and the receiver never sees the past.

    Args:
        url: address of the server, such as `http://127.0.0.1:9090`.
        labels: one mapping per series, with `__name__`.
        timestamps_ms: shape (T,), ascending, milliseconds since 1970.
        values: shape (N, T); NaN is a sample that does not exist.
        on_progress: called with the samples done and the samples in all (absent ones included).

    Raises:
        SourceError: the server could not be reached or refused the samples.
        InputError: shapes or times do not fit.
    """
    if values.shape != (len(labels), len(timestamps_ms)):
        raise InputError(
            f"{values.shape} values do not fit {len(labels)} series x {len(timestamps_ms)} times"
        )
    check_times(timestamps_ms)
    began = time.perf_counter()
    encoded = [encode_labels(one) for one in labels]
    shards = [slice(i, None, _CONNECTIONS) for i in range(min(_CONNECTIONS, len(encoded)))]
    step = max(1, _SAMPLES_PER_REQUEST * max(1, len(shards)) // max(1, len(encoded)))
    cost = PushCost()
    with requests.Session() as session, ThreadPoolExecutor(_CONNECTIONS) as pool:
        session.trust_env = False
        for start in range(0, len(timestamps_ms), step):
            times = timestamps_ms[start : start + step]
            block = values[:, start : start + step]
            sent = [
                pool.submit(_send, session, url, encoded[shard], times, block[shard])
                for shard in shards
            ]
            cost = sum((one.result() for one in sent), cost)
            if on_progress is not None:
                on_progress((start + len(times)) * len(labels), values.size)
    return replace(cost, seconds=time.perf_counter() - began)


def _send(
    session: requests.Session,
    url: str,
    labels: Sequence[bytes],
    timestamps_ms: NDArray[np.int64],
    values: NDArray[np.float64],
) -> PushCost:
    message = encode_request(labels, timestamps_ms, values)
    if not message:
        return PushCost()
    body = compress(message)
    try:
        answer = session.post(
            f"{url.rstrip('/')}/api/v1/write", data=body, headers=_HEADERS, timeout=_TIMEOUT_SECONDS
        )
    except requests.RequestException as error:
        raise SourceError(
            f"cannot write to {url}: {type(error).__name__}", "Is the server still running?"
        ) from error
    if answer.status_code >= 300:
        raise _refused(url, answer)
    samples = int(np.count_nonzero(~np.isnan(values)))
    return PushCost(samples=samples, requests=1, wire_bytes=len(body))


def _refused(url: str, answer: requests.Response) -> SourceError:
    said = " ".join(answer.text.split())[:300]
    hint = ""
    if answer.status_code == 404:
        hint = "Start Prometheus with --web.enable-remote-write-receiver"
    elif "out of order" in said or "out of bounds" in said or "too old" in said:
        hint = "It holds newer samples already: write history to an empty server"
    return SourceError(f"{url} refused samples with HTTP {answer.status_code}: {said}", hint)
