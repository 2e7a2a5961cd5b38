"""The receiver's address: a file that a person makes, without which nobody would be told."""

from __future__ import annotations

from observe.bootstrap.config.alertmanager import RECEIVER_KEYS
from observe.bootstrap.local.settings import Places
from observe.bootstrap.stack import Stack
from observe.errors import InputError


def require_receiver(stack: Stack, places: Places) -> None:
    """Refuse a receiver whose address is not there: Alertmanager would start, and deliver nothing.

    Raises:
        InputError: the file is missing, empty, or may be read by others.
    """
    kind = stack.alerting.receiver
    if kind == "none":
        return
    file = places.folder / "secrets" / RECEIVER_KEYS[kind]
    what = "integration key" if kind == "pagerduty" else "URL"
    make = f"write the {what} into {file} and `chmod 600` it, or set alerting.receiver: none"
    try:
        text, mode = file.read_text(encoding="utf-8").strip(), file.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"alerting.receiver is {kind}, but {file} cannot be read", make) from error
    if not text:
        raise InputError(f"alerting.receiver is {kind}, but {file} is empty", make)
    if mode & 0o077:
        raise InputError(f"{file} holds a secret that others may read", f"chmod 600 {file}")
