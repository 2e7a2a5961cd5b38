"""The document that `observe doctor --format json` prints."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from observe.documents import CamelModel

Status = Literal["OK", "WARN", "FAIL"]
STATUSES: tuple[Status, ...] = ("OK", "WARN", "FAIL")


class Check(CamelModel):
    """One thing that was looked at."""

    name: str
    status: Status
    found: str = Field(description="what was found, in one line")
    fix: str = Field(default="", description="what to do about it, in one line")
    setting: str = Field(default="", description="the setting to copy, usually YAML")


class Diagnosis(CamelModel):
    """What was found out about one server."""

    url: str = Field(description="address without credentials")
    server: str
    reachable: bool = True
    checks: tuple[Check, ...]
    kept_away: dict[str, str] = Field(
        default_factory=dict, description="what the server did not answer, and why"
    )

    @property
    def worst(self) -> Status:
        """The worst status of all checks."""
        return max((check.status for check in self.checks), key=STATUSES.index, default="OK")


class Doctor(CamelModel):
    """The whole document."""

    schema_version: Literal["observe-doctor/v1"] = "observe-doctor/v1"
    servers: tuple[Diagnosis, ...]
