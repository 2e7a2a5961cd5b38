"""The answer of remote read, frame by frame as it arrives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from observe.errors import SourceError
from observe.telemetry import faults
from observe.telemetry.remote_read.crc32c import crc32c
from observe.telemetry.remote_read.errors import CorruptStreamError, NoRemoteReadError
from observe.telemetry.remote_read.frames import varint_at
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
_PIECE_BYTES = 1 << 20
#: Prometheus makes frames of 1 MiB (--storage.remote.read-max-bytes-in-frame).
_LONGEST_FRAME = 256 << 20
_CHECKSUM_BYTES = 4
_LONGEST_VARINT = 10


@dataclass
class Traffic:
    """What came over the wire so far: bytes, and seconds since the question was sent."""

    bytes: int = 0
    seconds: float = 0.0


def frames(
    session: requests.Session,
    settings: ConnectionSettings,
    body: bytes,
    seconds: float,
    traffic: Traffic,
) -> Iterator[tuple[Bytes, int]]:
    """Ask, and yield the messages of the stream, each with its length.

    Args:
        session: see :class:`observe.telemetry.session.PrometheusSession`.
        settings: whose server it is.
        body: see :func:`observe.telemetry.remote_read.request.encode_request`.
        seconds: the longest that all of it may take.
        traffic: counts what arrives.

    Yields:
        Bytes with `SLACK` more behind the message, and the length of the message.

    Raises:
        NoRemoteReadError: this server does not offer it.
        CorruptStreamError: a checksum is wrong, or the stream ends too early.
        SourceError: no connection, no permission, too late.
    """
    begin = time.monotonic()
    buffer = bytearray()
    try:
        limits = (settings.connect_seconds, seconds)
        with session.post(
            settings.url + PATH, data=body, headers=_HEADERS, timeout=limits, stream=True
        ) as response:
            _check(response, settings)
            for piece in _pieces(response, begin + seconds, settings):
                buffer += piece
                traffic.bytes += len(piece)
                traffic.seconds = time.monotonic() - begin
                yield from _whole_frames(buffer, settings)
    except (requests.RequestException, HTTPError, UnicodeError) as error:
        raise faults.transport_error(error, settings) from error
    if buffer:
        raise _corrupt(settings, "ended in the middle of a frame")


def _check(response: requests.Response, settings: ConnectionSettings) -> None:
    """Refuse everything but a stream of chunks."""
    if response.status_code != 200:
        said = response.raw.read(10_000, decode_content=True)
        if response.status_code in _NOT_OFFERED or 300 <= response.status_code < 400:
            raise _not_offered(settings, f"status {response.status_code}")
        location = response.headers.get("Location", "")
        raise faults.status_error(response.status_code, said, location, settings)
    kind = response.headers.get("Content-Type", "")
    if not kind.startswith(_STREAMED):
        raise _not_offered(settings, f"content type {kind[:80] or 'not told'}")


def _pieces(
    response: requests.Response, deadline: float, settings: ConnectionSettings
) -> Iterator[bytes]:
    """What is there, as it comes."""
    try:
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            yield piece
            if time.monotonic() > deadline:
                raise faults.DeadlineError(
                    f"{settings.url} did not finish an answer within the time limit",
                    "Raise the timeout, or ask for a shorter window",
                )
    except ReadTimeoutError:
        raise
    except (HTTPError, OSError) as error:
        raise _corrupt(settings, "was cut in the middle") from error


def _whole_frames(buffer: bytearray, settings: ConnectionSettings) -> Iterator[tuple[Bytes, int]]:
    """Take the frames that are complete off the start of the buffer."""
    while frame := _first_frame(buffer, settings):
        header, size = frame
        message = np.zeros(size + SLACK, dtype=np.uint8)
        with memoryview(buffer) as whole:
            message[:size] = np.frombuffer(whole[header : header + size], dtype=np.uint8)
            told = int.from_bytes(whole[header - _CHECKSUM_BYTES : header], "big")
        del buffer[: header + size]
        if crc32c(message[:size]) != told:
            raise _corrupt(settings, "failed a checksum")
        yield message, size


def _first_frame(buffer: bytearray, settings: ConnectionSettings) -> tuple[int, int] | None:
    """Bytes before the first message and its length; None when it is not all there."""
    start = np.frombuffer(bytes(buffer[:_LONGEST_VARINT]), dtype=np.uint8)
    size, at = varint_at(start, 0, len(start))
    if at < 0:
        if len(start) == _LONGEST_VARINT:
            raise _corrupt(settings, "is not one of frames")
        return None
    if not 0 <= size <= _LONGEST_FRAME:
        raise _corrupt(settings, "is not one of frames")
    header = at + _CHECKSUM_BYTES
    return (int(header), int(size)) if len(buffer) >= header + size else None


def _not_offered(settings: ConnectionSettings, how: str) -> NoRemoteReadError:
    return NoRemoteReadError(
        f"{settings.url} offers no remote read of chunks ({how})",
        "PromQL tells the same, only slower",
    )


def _corrupt(settings: ConnectionSettings, how: str) -> SourceError:
    return CorruptStreamError(
        f"a stream of samples from {settings.url} {how}",
        "A proxy in between may limit size or time; ask again, or for a shorter window",
    )
