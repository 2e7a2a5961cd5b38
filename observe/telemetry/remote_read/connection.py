"""The HTTP exchange under remote read: one POST, whose answer is read as it comes.

A stream has an HTTP chunk for every series. Python's own client takes those apart about ten times
as fast as the session's does, so it is used, with the session's headers and credentials and the
settings' certificates. Where a proxy stands in between the session asks, which knows how.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

from observe.telemetry.session import PrometheusSession
from observe.telemetry.settings import ConnectionSettings


@dataclass(frozen=True)
class Answer:
    """Status, headers, and a body that gives what is there with `read1(size)`."""

    status: int
    headers: Mapping[str, str]
    body: Any


@contextmanager
def post(
    session: requests.Session,
    settings: ConnectionSettings,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
) -> Iterator[Answer]:
    """Ask; the connection is closed afterwards, so that a server need not finish in vain.

    Args:
        session: see :class:`observe.telemetry.session.PrometheusSession`.
        settings: whose server it is.
        path: path below the address.
        body: what to send.
        headers: headers besides the session's.
        seconds: the longest that nothing may come.

    Raises:
        OSError, http.client.HTTPException, requests.RequestException: no answer.
    """
    asked = requests.Request("POST", settings.url + path, data=body, headers=dict(headers))
    request = session.prepare_request(asked)
    environment = session.merge_environment_settings(request.url, {}, True, None, None)
    if select_proxy(str(request.url), environment["proxies"]):
        limits = (settings.connect_seconds, seconds)
        with session.post(
            settings.url + path, data=body, headers=dict(headers), timeout=limits, stream=True
        ) as response:
            yield Answer(response.status_code, response.headers, response.raw)
        return
    with _sent(request, body, settings, seconds) as answer:
        again = answer.status == 401 and _renewed(session, request)
        if not again:
            yield answer
    if again:
        with _sent(session.prepare_request(asked), body, settings, seconds) as answer:
            yield answer


def _renewed(session: requests.Session, request: requests.PreparedRequest) -> bool:
    """Whether there is a new token to try, as the session does it for other requests."""
    refused = str(request.headers.get("Authorization", ""))
    return isinstance(session, PrometheusSession) and session.renewed(refused)


@contextmanager
def _sent(
    request: requests.PreparedRequest, body: bytes, settings: ConnectionSettings, seconds: float
) -> Iterator[Answer]:
    with closing(_connection(settings)) as connection:
        _connect(connection)
        connection.sock.settimeout(seconds)
        target = urlsplit(str(request.url))
        connection.request("POST", target.path, body=body, headers=dict(request.headers))
        answer = connection.getresponse()
        yield Answer(answer.status, answer.headers, answer)  # type: ignore[arg-type]


def _connect(connection: http.client.HTTPConnection) -> None:
    """Connect; what fails is told as the session tells it."""
    try:
        connection.connect()
    except TimeoutError as error:
        raise requests.exceptions.ConnectTimeout(str(error)) from error
    except ssl.SSLError as error:
        raise requests.exceptions.SSLError(str(error)) from error


def _connection(settings: ConnectionSettings) -> http.client.HTTPConnection:
    target = urlsplit(settings.url)
    host, limit = target.hostname or "", settings.connect_seconds
    if target.scheme == "http":
        return http.client.HTTPConnection(host, target.port, timeout=limit)
    trusted = str(settings.ca_file) if settings.ca_file else DEFAULT_CA_BUNDLE_PATH
    context = ssl.create_default_context(cafile=trusted)
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert_file is not None:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return http.client.HTTPSConnection(host, target.port, timeout=limit, context=context)
