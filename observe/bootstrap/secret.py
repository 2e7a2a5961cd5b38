"""The tiers' Secret: a password that nobody types, and its hash, in one object.

Nothing here is rendered into a folder that ends up in a repository: the caller writes the text to
a file that only its owner may read, and applies it.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from observe.bootstrap.config import hash_password, web_config
from observe.bootstrap.config.alertmanager import RECEIVER_KEYS
from observe.bootstrap.config.credentials import PASSWORD_KEY, USER, WEB_KEY, Credentials
from observe.bootstrap.kubernetes.names import metadata
from observe.bootstrap.rendered import yaml_text
from observe.bootstrap.stack import Stack
from observe.errors import InputError, OutputError
from observe.folders import write_private

#: Keys that programs other than Prometheus read: the gate before an operator's Prometheus.
HTPASSWD_KEY = "htpasswd"
USER_KEY = "username"


def new_password() -> str:
    """192 random bits, in letters that no shell and no URL changes."""
    return secrets.token_urlsafe(24)


def tiers_secret(stack: Stack, password: str, receiver: str | None = None) -> str:
    """The Secret of the tiers as YAML; the same one goes into every cluster.

    Args:
        stack: the namespace and the Secret's name.
        password: what tiers show one another.
        receiver: address or key of the receiver of alerts, when the stack names one.

    Raises:
        InputError: the stack wants mTLS, whose certificates come from an authority; or the
            receiver's address is missing or has no receiver.
    """
    if stack.security.auth != "basic":
        raise InputError(
            "with mTLS the Secret holds certificates, which an authority has to sign",
            "have cert-manager make it: docs/bootstrap-kubernetes.md shows how",
        )
    wanted = stack.alerting.receiver
    if (wanted == "none") != (receiver is None):
        raise InputError(
            f"alerting.receiver is {wanted}"
            + (", and its address is missing" if wanted != "none" else ""),
            "give --receiver-file FILE exactly when the stack names a receiver",
        )
    texts = _texts(password)
    if wanted != "none" and receiver is not None:
        texts[RECEIVER_KEYS[wanted]] = receiver
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(stack.security.secret, None, stack.namespace),
        "type": "Opaque",
        "stringData": texts,
    }
    return yaml_text([secret])


def _texts(password: str) -> dict[str, str]:
    hashed = hash_password(password)
    credentials = Credentials("basic", password_file=PASSWORD_KEY)
    return {
        HTPASSWD_KEY: f"{USER}:{hashed}\n",
        PASSWORD_KEY: password,
        USER_KEY: USER,
        WEB_KEY: yaml_text([web_config(credentials, hashed)]),
    }


def write_secret(text: str, place: Path) -> None:
    """Write a new file that only its owner may read.

    Raises:
        OutputError: there is such a file already, or it cannot be written.
    """
    try:
        write_private(place, text)
    except FileExistsError as error:
        raise OutputError(
            f"{place} is there already, and may be in use", "name another file with --output"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{place} cannot be written: {error.strerror or error}", "name another file"
        ) from error
