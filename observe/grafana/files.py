"""The dashboards that ship: JSON in the wheel, or in the checkout that this runs from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import observe
from observe.errors import InputError

#: Beside the package in a checkout; inside it in a wheel.
_PLACES = (Path(__file__).parent / "json", Path(observe.__file__).parent.parent / "dashboards")


def dashboards_json() -> dict[str, dict[str, Any]]:
    """File name → dashboard as Grafana's classic JSON, sorted by name.

    Raises:
        InputError: the installation is incomplete.
    """
    for folder in _PLACES:
        found = sorted(folder.glob("*.json")) if folder.is_dir() else []
        if found:
            return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in found}
    raise InputError(
        "this installation holds no dashboards",
        "Install it anew, or run scripts/make_dashboards.py in a checkout",
    )
