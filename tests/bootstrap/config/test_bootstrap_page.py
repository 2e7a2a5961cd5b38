"""docs/bootstrap.md names what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from observe.bootstrap.config import kubernetes_jobs
from observe.bootstrap.config.alertmanager import RECEIVER_KEYS
from observe.bootstrap.sizing import constants
from observe.bootstrap.stack import Cluster, Stack

PAGE = (Path(__file__).parents[3] / "docs" / "bootstrap.md").read_text()


def settings(model: Any, prefix: str = "") -> list[str]:
    """Every setting as it is written, with dots."""
    found = []
    for field in model.model_fields.values():
        inner = field.annotation
        if field.alias == "clusters":
            found += settings(Cluster, "clusters[].")
        elif hasattr(inner, "model_fields"):
            found += settings(inner, f"{prefix}{field.alias}.")
        else:
            found.append(prefix + field.alias)
    return found


@pytest.mark.parametrize("name", settings(Stack))
def test_every_setting_has_its_row(name: str) -> None:
    assert f"\n| `{name}` |" in PAGE


def test_every_job_and_every_key_of_the_secret_is_named() -> None:
    names = [job["job_name"] for job in kubernetes_jobs(Stack())]
    names += [*RECEIVER_KEYS.values(), "password", "web.yml", "ca.crt", "tls.crt", "tls.key"]
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_the_constants_stand_there_as_they_are() -> None:
    shown = {name: value for name, value in vars(constants).items() if name.isupper()}
    assert [name for name, value in shown.items() if f"| `{name}` | {value:g} |" not in PAGE] == []
