"""Types of option values that click does not have."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
#: Ten years: more than any Prometheus keeps.
_LONGEST = 3650 * 86_400


class DurationType(click.ParamType[timedelta]):
    """A length of time such as 30m, 12h, 7d or 2w."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Parse the text."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", str(value).strip(), re.ASCII)
        seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
        if seconds <= 0:
            self.fail(f"{value!r} is no length of time; write it like 12h, 7d or 2w", param, ctx)
        if seconds > _LONGEST:
            self.fail(f"{value!r} is longer than ten years", param, ctx)
        return timedelta(seconds=seconds)


class MomentType(click.ParamType[datetime]):
    """A moment in ISO 8601; UTC unless it says otherwise."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse the text."""
        try:
            text = str(value).strip()
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{value!r} is no time; write it like 2026-01-31T06:00Z", param, ctx)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if not 1990 < moment.year < 3000:
            self.fail(f"{value!r} is not in the time of any Prometheus", param, ctx)
        return moment


class HeaderType(click.ParamType[tuple[str, str]]):
    """A header of a request, written NAME:VALUE; several in a variable stand on lines."""

    name = "header"
    envvar_list_splitter = "\n"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Parse the text."""
        if isinstance(value, tuple):
            return str(value[0]), str(value[1])
        name, colon, text = str(value).partition(":")
        if not colon or not name.strip():
            # The text is not shown: it may be a secret.
            self.fail("a header is written NAME:VALUE", param, ctx)
        return name.strip(), text.strip()
