"""The web configuration of a tier: who may ask it anything at all.

Format: Prometheus, "HTTPS and authentication".
"""

from __future__ import annotations

from typing import Any

import bcrypt

from observe.bootstrap.config.credentials import USER, Credentials
from observe.errors import InputError

#: bcrypt reads no more of a password.
_MOST_BYTES = 72
_LEAST_CHARACTERS = 12


def web_config(credentials: Credentials, password_hash: str | None = None) -> dict[str, Any]:
    """`web.yml` of Prometheus and Alertmanager; nothing in it leaves `/federate` open.

    Args:
        credentials: what clients show; its certificate and key are the server's own too.
        password_hash: bcrypt hash of the password (basic auth), from :func:`hash_password`.

    Raises:
        InputError: basic auth without a hash.
    """
    document: dict[str, Any] = {}
    if credentials.certificate_file and credentials.key_file:
        document["tls_server_config"] = {
            "cert_file": credentials.certificate_file,
            "key_file": credentials.key_file,
        }
    if credentials.auth == "mtls":
        document["tls_server_config"] |= {
            "client_ca_file": credentials.ca_file,
            "client_auth_type": "RequireAndVerifyClientCert",
        }
        return document
    if not password_hash:
        raise InputError("basic auth needs the bcrypt hash of the password")
    document["basic_auth_users"] = {USER: password_hash}
    return document


def hash_password(password: str, rounds: int = 10) -> str:
    """The bcrypt hash that Prometheus compares with; another one each time.

    Args:
        password: 12 characters to 72 bytes.
        rounds: cost; Prometheus remembers what it compared, so that scrapes stay cheap.

    Raises:
        InputError: the password is too short or too long.
    """
    raw = password.encode()
    if len(password) < _LEAST_CHARACTERS or len(raw) > _MOST_BYTES or b"\0" in raw:
        raise InputError(
            f"a password of {_LEAST_CHARACTERS} characters to {_MOST_BYTES} bytes is needed"
        )
    return bcrypt.hashpw(raw, bcrypt.gensalt(rounds)).decode()
