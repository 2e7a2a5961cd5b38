"""One request to a Prometheus API: send, read within a deadline, check that it is an answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError

from observe.errors import QueryTooLargeError, SourceError
from observe.telemetry import faults
from observe.telemetry.settings import ConnectionSettings

#: A body beyond this is not decoded: columns and JSON of it would take several times as much.
MAX_BODY_BYTES = 512 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024

Hook = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Answer:
    """A good answer of the API.

    Attributes:
        data: its `data` part.
        warnings: its `warnings`.
        infos: its `infos`.
        bytes: size of the body.
        seconds: time from sending to the last byte.
        partial: the server says that a part of its stores did not answer (VictoriaMetrics).
    """

    data: Any
    warnings: tuple[str, ...]
    infos: tuple[str, ...]
    bytes: int
    seconds: float
    partial: bool = False


def exchange(
    session: requests.Session,
    settings: ConnectionSettings,
    method: str,
    path: str,
    params: list[tuple[str, str]],
    seconds: float,
    hook: Hook | None = None,
) -> Answer:
    """Ask and wait for the whole answer.

    Args:
        session: see :class:`observe.telemetry.session.PrometheusSession`.
        settings: whose server it is.
        method: GET or POST.
        path: path below the address, such as `/api/v1/query`.
        params: parameters of the call.
        seconds: time limit of the server; ours is a little longer.
        hook: given each JSON object when it is read; what it returns takes the object's place.

    Raises:
        SourceError: anything but a whole answer of a Prometheus.
    """
    begin = time.monotonic()
    url = settings.url + path
    retry: Any = session.get_adapter(url).max_retries  # type: ignore[attr-defined]
    while True:
        response, body = _once(session, settings, method, url, params, seconds)
        if response.status_code != 503 or faults.query_gave_up(body):
            break
        try:
            retry = retry.increment(method, url, response=response.raw)
        except MaxRetryError:
            break
        retry.sleep(response.raw)
    if response.status_code != 200:
        location = response.headers.get("Location", "")
        raise faults.status_error(response.status_code, body, location, settings)
    return _parse(body, time.monotonic() - begin, settings, hook)


def _once(
    session: requests.Session,
    settings: ConnectionSettings,
    method: str,
    url: str,
    params: list[tuple[str, str]],
    seconds: float,
) -> tuple[requests.Response, bytes]:
    """One attempt: the answer and its whole body."""
    patience = seconds + settings.grace_seconds
    deadline = time.monotonic() + patience
    limits = (settings.connect_seconds, patience)
    try:
        with session.request(method, url, params=params, timeout=limits, stream=True) as response:
            return response, _read(response, deadline, settings)
    except (requests.RequestException, HTTPError, UnicodeError) as error:
        raise faults.transport_error(error, settings) from error


def _read(response: requests.Response, deadline: float, settings: ConnectionSettings) -> bytes:
    """The whole body. `read1` returns what is there, so that a trickle cannot outlast us."""
    parts: list[bytes] = []
    size = 0
    try:
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            parts.append(piece)
            size += len(piece)
            if size > MAX_BODY_BYTES:
                raise QueryTooLargeError(f"an answer of {settings.url} exceeds {size} bytes")
            if time.monotonic() > deadline:
                raise faults.DeadlineError(
                    f"{settings.url} did not finish an answer within the time limit",
                    "Raise the timeout, or ask for a shorter window",
                )
    except ReadTimeoutError:
        raise
    except (HTTPError, OSError) as error:
        raise faults.cut_answer(settings) from error
    announced = response.headers.get("Content-Length", "")
    encoded = response.headers.get("Content-Encoding", "identity") != "identity"
    if announced.isdigit() and size < int(announced) and not encoded:
        raise faults.cut_answer(settings)
    return b"".join(parts)


def _parse(body: bytes, seconds: float, settings: ConnectionSettings, hook: Hook | None) -> Answer:
    try:
        answer = json.loads(body, object_hook=hook)
    except (ValueError, RecursionError) as error:
        if body.lstrip()[:10].startswith(b'{"status"'):
            raise faults.cut_answer(settings) from error
        raise faults.not_prometheus(body, settings) from error
    if not isinstance(answer, dict) or "status" not in answer:
        raise faults.not_prometheus(body, settings)
    if answer["status"] != "success" or "data" not in answer:
        said = settings.redact(faults.server_message(body))
        raise SourceError(f"{settings.url} answered with an error: {said or 'no reason given'}")
    return Answer(
        data=answer["data"],
        warnings=_lines(answer.get("warnings"), settings),
        infos=_lines(answer.get("infos"), settings),
        bytes=len(body),
        seconds=seconds,
        partial=answer.get("isPartial") is True,
    )


def _lines(value: Any, settings: ConnectionSettings) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(settings.redact(" ".join(str(line).split())[:500]) for line in value)
