"""The answer of remote read as it arrives, in blocks of whole frames."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import requests
from urllib3.exceptions import HTTPError

from observe.telemetry import faults
from observe.telemetry.remote_read.connection import Answer, post
from observe.telemetry.remote_read.errors import CorruptStreamError, NoRemoteReadError
from observe.telemetry.remote_read.frames import whole_frames
from observe.telemetry.remote_read.xor import SLACK, Bytes
from observe.telemetry.settings import ConnectionSettings

PATH = "/api/v1/read"
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
    "Accept-Encoding": "identity",  # chunks are compressed already
}
_STREAMED = "application/x-streamed-protobuf"
#: What servers, gateways and proxies without remote read answer.
_NOT_OFFERED = (400, 403, 404, 405, 406, 410, 415, 501)
_PIECE_BYTES = 1 << 18
#: Frames are decoded together: one for each series, as Prometheus sends them, would cost more.
_BLOCK_BYTES = 1 << 20


@dataclass
class Traffic:
    """What came over the wire so far: bytes, and seconds since the question was sent."""

    bytes: int = 0
    seconds: float = 0.0


def blocks(
    session: requests.Session,
    settings: ConnectionSettings,
    body: bytes,
    seconds: float,
    traffic: Traffic,
) -> Iterator[tuple[Bytes, int]]:
    """Ask, and yield whole frames, many at a time.

    Args:
        session: see :class:`observe.telemetry.session.PrometheusSession`.
        settings: whose server it is.
        body: see :func:`observe.telemetry.remote_read.request.encode_request`.
        seconds: the longest that all of it may take.
        traffic: counts what arrives.

    Yields:
        Bytes, a multiple of eight, with `SLACK` and more behind the frames, and the frames' length.

    Raises:
        NoRemoteReadError: this server does not offer it.
        CorruptStreamError: these are no frames, or the stream ends too early.
        SourceError: no connection, no permission, too late.
    """
    begin = time.monotonic()
    buffer, wanted = bytearray(), _BLOCK_BYTES
    with (
        _in_our_words(settings),
        post(session, settings, PATH, body, _HEADERS, seconds) as answer,
    ):
        _check(answer, settings)
        for piece in _pieces(answer, begin + seconds, settings):
            buffer += piece
            traffic.bytes += len(piece)
            traffic.seconds = time.monotonic() - begin
            if len(buffer) >= wanted:
                block, needed = _taken(buffer, settings)
                wanted = max(needed, _BLOCK_BYTES)
                yield block
    block, _ = _taken(buffer, settings)
    if buffer:
        raise _corrupt(settings, "ended in the middle of a frame")
    yield block


@contextmanager
def _in_our_words(settings: ConnectionSettings) -> Iterator[None]:
    """Faults of the connection as errors that say what happened."""
    try:
        yield
    except TimeoutError as error:
        raise _too_late(settings) from error
    except (OSError, http.client.HTTPException, HTTPError, UnicodeError) as error:
        # The exceptions of requests are OSErrors.
        raise faults.transport_error(error, settings) from error


def _check(answer: Answer, settings: ConnectionSettings) -> None:
    """Refuse everything but a stream of chunks."""
    if answer.status != 200:
        said = answer.body.read(10_000)
        if answer.status in _NOT_OFFERED or 300 <= answer.status < 400:
            raise _not_offered(settings, f"status {answer.status}")
        location = answer.headers.get("Location", "")
        raise faults.status_error(answer.status, said, location, settings)
    kind = answer.headers.get("Content-Type", "")
    if not kind.startswith(_STREAMED):
        raise _not_offered(settings, f"content type {kind[:80] or 'not told'}")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise _not_offered(settings, "compressed by somebody in between")
    chunked = answer.headers.get("Transfer-Encoding", "").lower() == "chunked"
    if not chunked and _announced(answer) is None:
        raise _not_offered(settings, "its end could not be told from a lost connection")


def _pieces(answer: Answer, deadline: float, settings: ConnectionSettings) -> Iterator[bytes]:
    """What is there, as it comes."""
    size = 0
    try:
        while piece := answer.body.read1(_PIECE_BYTES):
            size += len(piece)
            yield piece
            if time.monotonic() > deadline:
                raise _too_late(settings)
    except TimeoutError:
        raise
    except (http.client.HTTPException, HTTPError, OSError) as error:
        raise _corrupt(settings, "was cut in the middle") from error
    if size < (_announced(answer) or 0):
        raise _corrupt(settings, "was cut in the middle")


def _announced(answer: Answer) -> int | None:
    """Bytes of the body, where the server knows beforehand."""
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isdigit() else None


def _taken(buffer: bytearray, settings: ConnectionSettings) -> tuple[tuple[Bytes, int], int]:
    """Take the frames that are complete off the buffer; and the bytes that the next one needs."""
    received = np.frombuffer(buffer, dtype=np.uint8)
    size, needed = whole_frames(received)
    if needed < 0:
        raise _corrupt(settings, "is not one of frames")
    block = np.zeros((size + SLACK + 7) // 8 * 8, dtype=np.uint8)
    block[:size] = received[:size]
    del received  # else the buffer could not change its size
    del buffer[:size]
    return (block, size), needed


def _too_late(settings: ConnectionSettings) -> faults.DeadlineError:
    return faults.DeadlineError(
        f"{settings.url} did not finish an answer within the time limit",
        "Raise the timeout, or ask for a shorter window",
    )


def _not_offered(settings: ConnectionSettings, how: str) -> NoRemoteReadError:
    return NoRemoteReadError(
        f"{settings.url} offers no remote read of chunks ({how})",
        "PromQL tells the same, only slower",
    )


def _corrupt(settings: ConnectionSettings, how: str) -> CorruptStreamError:
    return CorruptStreamError(
        f"a stream of samples from {settings.url} {how}",
        "A proxy in between may limit size or time; ask again, or for a shorter window",
    )
