"""How a Prometheus is reached: address, credentials, TLS, time limits."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from observe.errors import InputError

TENANT_HEADER = "X-Scope-OrgID"

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Ends of addresses that people copy from a browser or from an API call.
_COPIED_PATHS = re.compile(r"/(graph|query|targets|classic/graph|api/v1(/query(_range)?)?)?/*$")


@dataclass(frozen=True)
class ConnectionSettings:
    """Everything needed to talk to one Prometheus API.

    Credentials inside the URL are moved to `username` and `password`; secrets are not part of
    the representation.

    Attributes:
        url: http(s) address, with the path prefix if there is one, without `/api/v1`.
        token: bearer token.
        token_file: file that holds the bearer token.
        username: basic authentication.
        password: basic authentication.
        headers: further headers of every request.
        ca_file: certificate authorities to trust (PEM).
        cert_file: client certificate (PEM).
        key_file: key of the client certificate, unless `cert_file` holds both.
        insecure: do not verify the server's certificate.
        tenant: value of `X-Scope-OrgID` (Mimir, Cortex, Thanos).
        timeout_seconds: the longest that one query may take.
        connect_seconds: the longest that connecting may take.
        grace_seconds: how much longer than the server we wait: its own refusal says more.
        run_seconds: the longest that one run of many queries may take.
        max_concurrency: queries that may run at the same time, at the most.

    Raises:
        InputError: a value is malformed, contradicts another one, or names a missing file.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    insecure: bool = False
    tenant: str | None = None
    timeout_seconds: float = 60.0
    connect_seconds: float = 5.0
    grace_seconds: float = 5.0
    run_seconds: float = 1800.0
    max_concurrency: int = 4
    _tokens_read: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        url, username, password = _normalise(self.url)
        object.__setattr__(self, "url", url)
        if username is not None:
            if self.username is not None or self.password is not None:
                raise InputError("the URL holds credentials and a user name is given too")
            object.__setattr__(self, "username", username)
            object.__setattr__(self, "password", password)
        _check_credentials(self)
        _check_headers({**self.headers, TENANT_HEADER: self.tenant or ""})
        for label in ("token_file", "ca_file", "cert_file", "key_file"):
            _check_file(label, getattr(self, label))
        for label in (
            "timeout_seconds",
            "connect_seconds",
            "grace_seconds",
            "run_seconds",
            "max_concurrency",
        ):
            if not getattr(self, label) > 0:
                raise InputError(f"{label} must be above 0, not {getattr(self, label)}")

    @property
    def host(self) -> str:
        """Host name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def on_loopback(self) -> bool:
        """Whether the server runs on this machine, where compressing answers only costs time."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must not show up in any message."""
        values = [self.token, self.password, *self.headers.values(), *self._tokens_read]
        if self.password:
            pair = f"{self.username}:{self.password}".encode()
            values += [quote(self.password, safe=""), base64.b64encode(pair).decode()]
        longest_first = sorted({v for v in values if v and len(v) > 3}, key=len, reverse=True)
        return tuple(longest_first)

    def redact(self, text: str) -> str:
        """The text without secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def bearer(self) -> str | None:
        """The bearer token, read from its file when that is where it is.

        Raises:
            InputError: the file cannot be read or holds no token.
        """
        if self.token_file is None:
            return self.token
        try:
            token = self.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read the token file {self.token_file}: {error}") from error
        if not token or not _is_header_text(token):
            raise InputError(f"the token file {self.token_file} holds no usable token")
        self._tokens_read.add(token)
        return token

    def with_url(self, url: str) -> ConnectionSettings:
        """The same settings for another address."""
        return replace(self, url=url)


def _normalise(text: str) -> tuple[str, str | None, str | None]:
    """Address without credentials, user name, password."""
    hint = "Write it like http://prometheus.example:9090 or https://host/prefix"
    shown = re.sub(r"//[^/@]*@", "//***@", text)
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise InputError(f"'{shown}' is not a URL: {error}", hint) from error
    if parts.scheme.lower() not in ("http", "https"):
        raise InputError(f"'{shown}' does not start with http:// or https://", hint)
    if not parts.hostname or re.search(r"[\s\x00-\x1f]", parts.netloc + parts.path):
        raise InputError(f"'{shown}' names no host", hint)
    if parts.query or parts.fragment:
        raise InputError(f"'{shown}' holds a query or a fragment", hint)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port is None else f"{host}:{port}"
    path = _COPIED_PATHS.sub("", parts.path)
    url = urlunsplit(SplitResult(parts.scheme.lower(), netloc, path, "", ""))
    username = None if parts.username is None else unquote(parts.username)
    password = None if username is None else unquote(parts.password or "")
    return url, username, password


def _check_credentials(settings: ConnectionSettings) -> None:
    token = settings.token is not None or settings.token_file is not None
    if settings.token is not None and settings.token_file is not None:
        raise InputError("a token and a token file are given", "Give one of them")
    if token and settings.username is not None:
        raise InputError("a token and a user name are given", "Give one of them")
    if settings.password is not None and settings.username is None:
        raise InputError("a password is given without a user name")
    if settings.token is not None and not _is_header_text(settings.token):
        raise InputError("the token holds characters that a header cannot carry")
    if settings.key_file is not None and settings.cert_file is None:
        raise InputError("a client key is given without its certificate")
    if settings.insecure and settings.ca_file is not None:
        raise InputError("a CA file is given, and verification is switched off", "Choose one")


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise InputError(f"{name!r} is not a header name", "Write it like 'X-Name: value'")
        if not _is_header_text(value):
            raise InputError(f"the value of header {name} holds characters it cannot carry")


def _is_header_text(value: str) -> bool:
    return all(" " <= c <= "ÿ" and c != "\x7f" for c in value) and value == value.strip()


def _check_file(label: str, path: Path | None) -> None:
    if path is not None and not Path(path).is_file():
        raise InputError(f"{label.replace('_', ' ')} {path} does not exist or is not a file")
