"""The HTTP session under the Prometheus client: time limits, retries, pool, credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.exceptions import InsecureRequestWarning, InvalidHeader, ReadTimeoutError
from urllib3.util.retry import Retry

from observe import __version__
from observe.errors import InputError
from observe.telemetry.settings import TENANT_HEADER, ConnectionSettings

USER_AGENT = f"mesh-observe/{__version__}"
#: A server may ask for more patience than this; it does not get it.
RETRY_AFTER_CAP_SECONDS = 10.0
RETRIES = 3
#: 503 is dealt with where the body can be read: the query itself may be the cause (transport).
_GATEWAY_STATUSES = (429, 502, 504)


class BearerAuth(AuthBase):
    """`Authorization: Bearer ...`; as an auth object, so that no ~/.netrc entry replaces it.

    Args:
        settings: where the token comes from; a file is read again when :meth:`renew` is called.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._token = settings.bearer()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def renew(self, refused: str) -> bool:
        """Read the token's file again.

        Args:
            refused: the header that the server refused.

        Returns:
            Whether there is another token now, which may be tried.
        """
        try:
            self._token = self._settings.bearer()
        except InputError:
            return False  # it is being replaced at this moment: the refusal itself says more
        return refused != f"Bearer {self._token}"


class CappedRetry(Retry):
    """A retry policy that never waits long and never repeats a request that hung.

    Attributes:
        on_pushback: told about each 429 and 503, with the seconds that the server wants to be
            left alone; 0 when it names none.
    """

    on_pushback: Callable[[float], None] | None = None

    def new(self, **kwargs: Any) -> CappedRetry:
        """A copy with other counts."""
        copy = cast("CappedRetry", super().new(**kwargs))
        copy.on_pushback = self.on_pushback
        return copy

    #: Others with a Retry-After are not repeated below us: 503 is (transport), 413 never.
    RETRY_AFTER_STATUS_CODES = frozenset((429,))

    def get_retry_after(self, response: Any) -> float | None:
        """The server's wish in seconds, capped; None when it is absent or malformed."""
        try:
            wish = super().get_retry_after(response)
        except InvalidHeader:
            return None
        return None if wish is None else min(wish, RETRY_AFTER_CAP_SECONDS)

    def increment(
        self, method: str | None = None, url: str | None = None, *args: Any, **kwargs: Any
    ) -> Retry:
        """The policy for the next attempt; a read timeout ends it at once."""
        error = kwargs.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        response = kwargs.get("response")
        if self.on_pushback and response is not None and response.status in (429, 503):
            self.on_pushback(self.get_retry_after(response) or 0.0)
        return super().increment(method, url, *args, **kwargs)


def retry_policy(backoff_seconds: float = 0.3) -> CappedRetry:
    """The policy: a few attempts for gateways in trouble and for lost connections.

    PromQL reads and never writes, so a POST may be repeated as well as a GET.
    """
    return CappedRetry(
        total=RETRIES,
        connect=1,
        read=1,
        redirect=0,
        other=0,
        status=RETRIES,
        status_forcelist=_GATEWAY_STATUSES,
        allowed_methods=None,
        backoff_factor=backoff_seconds,
        backoff_jitter=backoff_seconds,
        raise_on_status=False,
        respect_retry_after_header=True,
    )


class PrometheusSession(requests.Session):
    """A session for one Prometheus API.

    - Every request has a time limit, also when a caller passes none.
    - Parameters of a POST travel in the body: long queries do not fit into a URL.
    - Redirects are not followed: they would turn a POST into a GET, or end at a login page.
    - The adapter is mounted on the API's path. `PrometheusConnect` mounts one of its own on the
      bare address afterwards; `requests` takes the longest prefix, which is ours.
    - After a 401 the token's file is read again, once: tokens of service accounts are replaced
      while a long run goes on.

    Args:
        settings: address, credentials and limits.
        retry: policy for repeating requests.
    """

    def __init__(self, settings: ConnectionSettings, retry: CappedRetry | None = None) -> None:
        super().__init__()
        self._limits = (settings.connect_seconds, settings.timeout_seconds + settings.grace_seconds)
        self._server_seconds = settings.timeout_seconds
        self.headers["User-Agent"] = USER_AGENT
        self.headers.update(settings.headers)
        if settings.tenant:
            self.headers[TENANT_HEADER] = settings.tenant
        if settings.on_loopback:
            self.headers["Accept-Encoding"] = "identity"
            self.trust_env = False  # a proxy for the outside must not see loopback
        self.auth = _auth(settings)
        self.verify = str(settings.ca_file) if settings.ca_file else not settings.insecure
        self.cert = _client_certificate(settings)
        if settings.insecure:  # whoever asked for it knows; urllib3 would repeat it every time
            urllib3.disable_warnings(InsecureRequestWarning)
        adapter = HTTPAdapter(
            pool_connections=2,
            pool_maxsize=max(16, settings.max_concurrency),
            max_retries=retry or retry_policy(),
        )
        self.mount(settings.url + "/api/", adapter)

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; see :meth:`requests.Session.request`."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._limits
        kwargs["allow_redirects"] = False
        if kwargs.get("verify") is None:
            kwargs["verify"] = self.verify  # else REQUESTS_CA_BUNDLE would win over the settings
        if str(url).endswith(("/api/v1/query", "/api/v1/query_range")):
            limit = {"timeout": f"{self._server_seconds:.3f}"}
            kwargs["params"] = limit | dict(kwargs.get("params") or {})
        if str(method).upper() == "POST" and kwargs.get("params") and not kwargs.get("data"):
            kwargs["data"] = kwargs.pop("params")
        response = super().request(method, url, *args, **kwargs)
        refused = str(response.request.headers.get("Authorization", ""))
        if response.status_code == 401 and self.renewed(refused):
            response.close()
            response = super().request(method, url, *args, **kwargs)
        return response

    def renewed(self, refused: str) -> bool:
        """Whether the token's file was replaced since a request was sent that was refused (401).

        Args:
            refused: the `Authorization` header of that request.
        """
        return isinstance(self.auth, BearerAuth) and self.auth.renew(refused)


def _auth(settings: ConnectionSettings) -> AuthBase | None:
    if settings.bearer() is not None:
        return BearerAuth(settings)
    if settings.username is not None:
        return HTTPBasicAuth(settings.username.encode(), (settings.password or "").encode())
    return None


def _client_certificate(settings: ConnectionSettings) -> str | tuple[str, str] | None:
    if settings.cert_file is None:
        return None
    if settings.key_file is None:
        return str(settings.cert_file)
    return (str(settings.cert_file), str(settings.key_file))
