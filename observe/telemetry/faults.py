"""What went wrong between us and a Prometheus, as one clear line with a hint."""

from __future__ import annotations

import json
import re

import requests

from observe.errors import QueryTooLargeError, SourceError
from observe.telemetry.settings import ConnectionSettings

_TOO_LARGE = re.compile(
    r"too many samples|maximum resolution|query processing would load|max(imum)? .*limit"
    r"|limit of .* exceeded|exceeds? .*limit|too many (points|series|chunks|bytes)|the query hit",
    re.IGNORECASE,
)
_TRUST = "Give the right CA file, or switch verification off if you know why"
_NO_NAME = ("name or service not known", "getaddrinfo", "name resolution", "nodename nor servname")


class UnreachableError(SourceError):
    """No query can succeed: the server is not there, not ours to read, or not a Prometheus."""


class MethodRefusedError(UnreachableError):
    """The server does not take this HTTP method (405)."""


class DeadlineError(SourceError):
    """The time set for a query or for the whole run was used up."""


class BusyError(SourceError):
    """The server, or a gateway before it, is in trouble that may pass (429, 502, 503)."""


class CutAnswerError(SourceError):
    """The answer ended before it was complete."""


def transport_error(error: Exception, settings: ConnectionSettings) -> SourceError:
    """The error for a request that got no whole answer."""
    url, text = settings.url, _chain(error).lower()
    if isinstance(error, requests.exceptions.SSLError) or "certificate" in text:
        cause = _tls_cause(text.replace("_", " "))
        about_trust = "" if "try http" in cause else _TRUST
        return UnreachableError(f"no trusted TLS connection to {url}: {cause}", about_trust)
    if any(part in text for part in _NO_NAME):
        return UnreachableError(
            f"the host name '{settings.host}' does not resolve", "Check the URL and the DNS"
        )
    if "refused" in text:
        return UnreachableError(
            f"{url} refuses connections", "Is the server running, is a port-forward still open?"
        )
    if isinstance(error, requests.exceptions.ReadTimeout) or "read timed out" in text:
        return DeadlineError(
            f"{url} did not answer within {settings.timeout_seconds:g} s",
            "Raise the timeout, or ask for a shorter window",
        )
    if isinstance(error, requests.exceptions.ConnectTimeout) or "timed out" in text:
        return UnreachableError(
            f"{url} could not be connected to within {settings.connect_seconds:g} s",
            "Check the URL, firewalls and network policies",
        )
    if isinstance(error, requests.exceptions.ChunkedEncodingError) or "incomplete" in text:
        return cut_answer(settings)
    wants = " and whether it wants a client certificate" if url.startswith("https:") else ""
    return UnreachableError(
        f"the connection to {url} failed: {settings.redact(_cause(error))}",
        f"Check that this is the address of a Prometheus{wants}",
    )


def status_error(
    status: int, body: bytes, location: str, settings: ConnectionSettings
) -> SourceError:
    """The error for an answer whose status is not 200.

    Args:
        status: HTTP status.
        body: what the server said.
        location: `Location` header of a redirect, or "".
        settings: whose server it is.
    """
    url, said = settings.url, settings.redact(server_message(body))
    if status in (400, 413, 422):
        return _refused_query(status, said, url)
    if status == 503 and query_gave_up(body):
        return QueryTooLargeError(f"{url} gave up on a query: {said}", "Ask for a shorter window")
    if 300 <= status < 400:
        return UnreachableError(
            f"{url} redirects to {_without_query(location)}",
            "Give the address behind it; a redirect to a login page means that a token is needed",
        )
    message, hint = _BY_STATUS.get(status, (f"answered with status {status}", ""))
    kind = _KINDS.get(status, SourceError)
    return kind(f"{url} {message}{': ' + said if said else ''}", hint)


_KINDS: dict[int, type[SourceError]] = {
    401: UnreachableError,
    403: UnreachableError,
    404: UnreachableError,
    405: MethodRefusedError,
    429: BusyError,
    502: BusyError,
    503: BusyError,
    504: DeadlineError,
}
_BY_STATUS = {
    401: ("wants credentials (401)", "Give a bearer token, or a user name and a password"),
    403: (
        "forbids reading (403)",
        "The credentials are known but not allowed to query; check role or tenant",
    ),
    404: (
        "has no Prometheus API at this path (404)",
        "A path prefix may be missing, such as /prometheus or /select/0/prometheus",
    ),
    429: ("limits the rate of requests (429)", "Lower --max-concurrency, or try later"),
    502: ("is a gateway without a working server behind it (502)", "Try again later"),
    503: ("is not available (503)", "It may be starting or overloaded; try again later"),
    504: (
        "is a gateway that lost patience (504)",
        "Ask for a shorter window, or raise its time limit",
    ),
}


def not_prometheus(body: bytes, settings: ConnectionSettings) -> UnreachableError:
    """The error for an answer with status 200 that is not Prometheus's."""
    start = _text(body[:200]).lstrip().lower()
    what = "a web page" if start.startswith(("<!doctype", "<html", "<")) else "something else"
    return UnreachableError(
        f"{settings.url} answers with {what}, not as a Prometheus API does",
        "Check the URL: it may be a dashboard, a login page, or lack a path prefix",
    )


def cut_answer(settings: ConnectionSettings) -> CutAnswerError:
    """The error for an answer that ends too early."""
    return CutAnswerError(
        f"an answer of {settings.url} was cut in the middle",
        "A proxy in between may limit size or time; ask for a shorter window",
    )


def query_gave_up(body: bytes) -> bool:
    """Whether a 503 means "this query took too long": asking again would take as long."""
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("errorType") in ("timeout", "canceled")


def server_message(body: bytes) -> str:
    """What the server gives as the reason, in one line of at most 300 characters."""
    try:
        answer = json.loads(body)
        said = answer.get("error", "") if isinstance(answer, dict) else ""
    except ValueError:
        text = _text(body)
        said = "" if text.lstrip().startswith("<") else text
    return " ".join(str(said).split())[:300]


def _refused_query(status: int, said: str, url: str) -> SourceError:
    if status != 400 and not said:
        return QueryTooLargeError(f"{url} refused a query because of its size ({status})")
    if _TOO_LARGE.search(said) or status == 413:
        return QueryTooLargeError(
            f"{url} refused a query because of its size ({status}): {said}",
            "Ask for a shorter window, or raise --query.max-samples",
        )
    verb = "could not parse a query" if status == 400 else "could not execute a query"
    return SourceError(f"{url} {verb} ({status}): {said or 'no reason given'}")


def _tls_cause(text: str) -> str:
    for sign, cause in (
        ("self-signed", "the certificate is self-signed or its CA is unknown"),
        ("self signed", "the certificate is self-signed or its CA is unknown"),
        ("unable to get local issuer", "the CA of the certificate is unknown"),
        ("hostname mismatch", "the certificate is for another name"),
        ("doesn't match", "the certificate is for another name"),
        ("ip address mismatch", "the certificate is for another address"),
        ("has expired", "the certificate has expired"),
        ("wrong version number", "the port does not speak TLS; try http://"),
        ("record layer failure", "the port does not speak TLS; try http://"),
        ("certificate required", "the server wants a client certificate"),
        ("eof occurred", "the server ended the handshake; perhaps it wants a client certificate"),
        ("no such file", "a certificate file cannot be read"),
    ):
        if sign in text:
            return cause
    return "the handshake failed"


def _links(error: BaseException) -> list[BaseException]:
    """An error, what caused it, what caused that, and so on."""
    links = [error]
    while (cause := links[-1].__cause__ or links[-1].__context__) and len(links) < 10:
        links.append(cause)
    return links


def _chain(error: BaseException) -> str:
    """The texts of an error and of what caused it."""
    return " ".join(f"{type(link).__name__} {link}" for link in _links(error))


def _cause(error: BaseException) -> str:
    """What the operating system said, or else the error's own words."""
    for link in _links(error):
        for candidate in (link, *link.args):
            if isinstance(candidate, OSError) and candidate.strerror:
                return candidate.strerror.lower()
    return " ".join(str(error).split())[:200] or type(error).__name__


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def _without_query(location: str) -> str:
    """A redirect's target; its query may hold tokens."""
    return re.sub(r"//[^/@]*@", "//", re.split(r"[?#]", location, maxsplit=1)[0])[:200] or "nowhere"
