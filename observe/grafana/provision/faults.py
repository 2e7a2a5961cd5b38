"""What a Grafana's refusals mean, in one line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from observe.errors import InputError, ObserveError, SourceError

_WRITE = "Give its service account the role Editor, and Admin for data sources"


class MissingError(SourceError):
    """There is no such thing on the server (HTTP 404)."""


class NotSupportedError(SourceError):
    """This Grafana does not know the call; it may be too old, or the feature is off."""


@contextmanager
def translated(doing: str, host: str) -> Iterator[None]:
    """Turn what grafana-client raises into errors that a person can act on.

    Args:
        doing: what was tried, such as "update dashboard observe-mesh".
        host: address of the server, without credentials.

    Raises:
        MissingError: HTTP 404.
        SourceError: everything else that went wrong.
    """
    from grafana_client.client import GrafanaException, GrafanaTimeoutError
    from niquests.exceptions import RequestException, TooManyRedirects

    try:
        yield
    except GrafanaTimeoutError as error:
        raise SourceError(
            f"Grafana at {host} did not answer in time ({doing})",
            "Try again, or raise --grafana-timeout",
        ) from error
    except GrafanaException as error:
        raise _refusal(error.status_code, _said(error.response), doing, host) from error
    except TooManyRedirects as error:
        raise _moved(error, doing, host) from error
    except RequestException as error:
        raise _unreachable(error, doing, host) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceError(
            f"{host} answered something that is not a Grafana's answer ({doing})",
            "Check the address: it is that of Grafana's start page",
        ) from error


def _refusal(status: int, said: str, doing: str, host: str) -> ObserveError:
    tail = f": {said}" if said else ""
    if status == 401:
        return SourceError(
            f"Grafana at {host} refuses the token (HTTP 401, {doing})",
            "Use a service account's token that has not expired",
        )
    if status == 403:
        return SourceError(f"the token may not {doing} (HTTP 403{tail})", _WRITE)
    if status == 404:
        return MissingError(f"Grafana at {host} knows nothing of it (HTTP 404, {doing}{tail})")
    if status in (409, 412):
        return SourceError(
            f"Grafana refuses to {doing}: it was changed in the meantime, or its name is taken "
            f"(HTTP {status}{tail})",
            "Look at the plan again and repeat",
        )
    if status == 429:
        return SourceError(f"Grafana asks for a pause (HTTP 429, {doing})", "Repeat in a minute")
    if status >= 500:
        return SourceError(
            f"Grafana at {host} failed to {doing} (HTTP {status}{tail})",
            "See Grafana's log; what was done before stays, and a second run goes on from there",
        )
    return InputError(f"Grafana refuses to {doing} (HTTP {status}{tail})")


def _moved(error: Any, doing: str, host: str) -> SourceError:
    target = urlsplit(str(error.response.headers.get("Location") or ""))
    where = f"{target.scheme}://{target.hostname}" if target.hostname else "another path"
    return SourceError(
        f"Grafana at {host} sends its callers to {where} ({doing})",
        "Give the address that it sends to: its scheme, host and path. A page of a login before "
        "Grafana cannot be used with a token",
    )


def _unreachable(error: Exception, doing: str, host: str) -> SourceError:
    text = str(error).lower()
    if "certificate" in text or "ssl" in text:
        return SourceError(
            f"the certificate of Grafana at {host} is not trusted ({doing})",
            "Name the authority with --grafana-ca-file",
        )
    return SourceError(
        f"Grafana at {host} cannot be reached ({doing})", "Check address, port and network"
    )


def _said(response: Any) -> str:
    """The message of an answer, in one line of reasonable length."""
    text = response.get("message") or response.get("error") if isinstance(response, dict) else ""
    line = " ".join(str(text or "").split())
    return line if len(line) <= 200 else line[:197] + "..."
