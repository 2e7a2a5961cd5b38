"""What goes wrong between us and a cluster, each as one line that says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLError
from typing import Any

import httpx2
from lightkube.core.exceptions import ConfigError

from observe.apply.model import Conflict
from observe.errors import InputError, ObserveError, SourceError

_FOREIGN_FIELD = "FieldManagerConflict"


class ClusterError(SourceError):
    """A cluster could not be reached or refused.

    Args:
        code: HTTP status; 0 when no answer came.
        uncertain: whether the request may have taken effect all the same.
    """

    def __init__(
        self, message: str, hint: str = "", *, code: int = 0, uncertain: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.uncertain = uncertain


class FieldConflictError(ClusterError):
    """Fields belong to other managers (HTTP 409 of a server-side apply)."""

    def __init__(self, message: str, conflicts: tuple[Conflict, ...]) -> None:
        hint = "Let their manager give them up, or take them over with --force-conflicts"
        super().__init__(message, hint, code=409)
        self.conflicts = conflicts


class InvalidObjectError(InputError):
    """The server calls an object invalid (HTTP 422, or 400 for unknown fields)."""


@contextmanager
def connection_faults(cluster: str, action: str, *, writes: bool) -> Iterator[None]:
    """Turn errors of the connection into a `ClusterError`.

    Args:
        cluster: its name.
        action: what was tried, such as "create ConfigMap shop/rules".
        writes: whether the request, once sent, may have taken effect.
    """
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, SSLError) as error:
        raise _unreachable(cluster, error) from error
    except httpx2.TimeoutException as error:
        raise ClusterError(
            f"cluster {cluster} gave no answer in time to: {action}",
            "Run it again when the cluster answers",
            uncertain=writes,
        ) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ClusterError(
            f"the connection to cluster {cluster} broke at: {action} ({_short(str(error))})",
            "Run it again when the cluster answers",
            uncertain=writes,
        ) from error
    except ConfigError as error:
        raise _login_failed(cluster, _short(str(error))) from error
    except FileNotFoundError as error:
        name = str(error.filename or error)
        raise _login_failed(cluster, f"{name} does not exist") from error
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        # lightkube takes the token from what a credential plugin prints, without a look at it
        raise _login_failed(cluster, "its credential plugin gave no token") from error


def _login_failed(cluster: str, reason: str) -> InputError:
    return InputError(
        f"the kubeconfig gives no credentials for cluster {cluster}: {reason}",
        "Log in again, or choose another --context",
    )


def _unreachable(cluster: str, error: Exception) -> ClusterError:
    text = str(error)
    if "certificate" in text.lower() or "ssl" in text.lower():
        return ClusterError(
            f"the certificate of cluster {cluster} is not accepted: {_short(text)}",
            "Correct certificate-authority and server of the kubeconfig",
        )
    return ClusterError(
        f"cluster {cluster} cannot be reached: {_short(text)}",
        "Check the server of the kubeconfig and the network (VPN, proxy)",
    )


def refusal(
    cluster: str, action: str, response: httpx2.Response, *, secret: bool = False
) -> ObserveError:
    """The error for an answer that is none of success.

    Args:
        cluster: its name.
        action: what was tried, such as "create ConfigMap shop/rules".
        response: the answer.
        secret: whether the server's words may quote secret values; they are left out then.
    """
    code = response.status_code
    status = _status(response)
    message = "" if secret else _short(str(status.get("message") or ""))
    said = f": {message}" if message else ""
    causes = (status.get("details") or {}).get("causes") or []
    conflicts = tuple(_conflict(cause) for cause in causes if cause.get("reason") == _FOREIGN_FIELD)
    if code == 409 and conflicts:
        managers = ", ".join(sorted({conflict.manager for conflict in conflicts}))
        return FieldConflictError(
            f"cluster {cluster} refused to {action}: fields belong to {managers}", conflicts
        )
    if code == 422 or (code == 400 and "unknown field" in str(status.get("message"))):
        fields = ", ".join(str(cause["field"]) for cause in causes if cause.get("field"))
        where = f" (fields: {fields})" if fields else ""
        return InvalidObjectError(
            f"cluster {cluster} refused to {action}{said or ': it is invalid'}{where}",
            "Correct the object",
        )
    return ClusterError(
        f"cluster {cluster} {_HEADS.get(code, f'answered {code} to')} {action}{said}",
        _HINTS.get(code, _HINTS[500] if code >= 500 else ""),
        code=code,
        uncertain=code in (502, 504),
    )


_HEADS = {
    401: "does not accept the credentials to",
    403: "forbids to",
    404: "knows no such place to",
    409: "refused to",
    429: "is too busy to",
}
_HINTS = {
    401: "Log in again, or choose another --context",
    403: "Ask for this permission, or choose a --context that has it",
    404: "Create the namespace first, or put it among the objects",
    409: "Somebody else changed it at the same time: run it again",
    429: "Run it again later",
    500: "The API server or one of its webhooks is ill: run it again when it is well",
}


def _conflict(cause: dict[str, Any]) -> Conflict:
    """`conflict with "helm" using apps/v1` and a field become manager and path."""
    named = re.search(r'conflict with "((?:[^"\\]|\\.)*)"', str(cause.get("message")))
    return Conflict(
        manager=named[1] if named else str(cause.get("message")),
        path=str(cause.get("field") or "").removeprefix("."),
    )


def _status(response: httpx2.Response) -> dict[str, Any]:
    """The `Status` object of an answer; proxies in between send other things."""
    try:
        status = response.json()
    except ValueError:
        return {"message": response.text if len(response.text) < 200 else ""}
    return status if isinstance(status, dict) else {}


def _short(text: str, most: int = 600) -> str:
    """One line of at most `most` characters."""
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= most else line[: most - 1] + "…"
