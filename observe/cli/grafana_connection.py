"""How a Grafana is reached: the options, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from observe.cli.options import FILE, option
from observe.errors import InputError

if TYPE_CHECKING:
    from observe.grafana.provision.server import GrafanaSettings

_grafana = partial(option, section="Grafana")

_OPTIONS = (
    _grafana("--grafana-token", metavar="TEXT", help="Token; prefer a file or the variable."),
    _grafana("--grafana-token-file", type=FILE, metavar="FILE", help="File with the token."),
    _grafana("--grafana-user", metavar="TEXT", help="User, where there are no tokens."),
    _grafana("--grafana-password-file", type=FILE, metavar="FILE", help="File with the password."),
    _grafana("--grafana-ca-file", type=FILE, metavar="FILE", help="CA certificates to trust."),
    _grafana(
        "--grafana-timeout",
        type=click.FloatRange(0, 600, min_open=True),
        default=15,
        metavar="SECONDS",
        help="Longest wait for one call.",
    ),
)


def grafana_connection(purpose: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options.

    Args:
        purpose: what the Grafana's address is given for, in a sentence.
    """
    every = (_grafana("--grafana-url", metavar="URL", help=purpose), *_OPTIONS)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return reduce(lambda inner, one: one(inner), reversed(every), function)

    return decorate


def grafana_settings(options: Mapping[str, Any]) -> GrafanaSettings:
    """What the options say.

    Raises:
        InputError: there is no address, or the options contradict one another.
    """
    from observe.grafana.provision.server import GrafanaSettings

    if not options["grafana_url"]:
        raise InputError("no Grafana was named", "give --grafana-url URL")
    token = options["grafana_token"] or secret_in(options["grafana_token_file"])
    user, basic = options["grafana_user"], None
    if user:
        if token:
            raise InputError("a token and --grafana-user are both given", "give one of them")
        basic = (user, secret_in(options["grafana_password_file"]))
    ca_file = options["grafana_ca_file"]
    if ca_file is not None and not ca_file.is_file():
        raise InputError(f"{ca_file} is not there", "name the file with the CA certificates")
    return GrafanaSettings(
        url=options["grafana_url"],
        token=token,
        basic=basic,
        ca_file=str(ca_file) if ca_file else None,
        timeout_seconds=options["grafana_timeout"],
    )


def secret_in(file: Path | None) -> str:
    """The text of a file of one secret; empty when no file is named.

    Raises:
        InputError: the file cannot be read, or holds no secret in one line.
    """
    from observe.export.yaml_io import read_text

    if file is None:
        return ""
    text = read_text(file).strip()
    if not text or len(text.splitlines()) > 1:
        raise InputError(f"{file} holds no secret in one line", "write it there, alone")
    return text
