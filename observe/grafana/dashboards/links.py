"""Addresses from one dashboard to the next, with the selection and the time range."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

TAG = "observe"


def drill(uid: str, **variables: str) -> str:
    """Where a cell of a table leads to.

    Args:
        uid: dashboard.
        variables: variable of the dashboard → title of the column that holds its value.
    """
    chosen = [f"var-{name}=${{__data.fields.{at}:percentencode}}" for name, at in variables.items()]
    parts = ["${datasource:queryparam}", *chosen]
    if "cluster" not in variables:
        parts.insert(1, "${cluster:queryparam}")
    return f"/d/{uid}?{'&'.join((*parts, '${__url_time_range}'))}"


def siblings() -> Any:
    """All dashboards of this set in a menu, with the variables they share and the time range."""
    return (
        dashboard.DashboardLink("Observe")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .icon("external link")
        .tooltip("The other dashboards, with the same selection and time range")
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
        .target_blank(False)
    )


def to(uid: str, title: str, tooltip: str) -> Any:
    """A button to the dashboard that is most likely wanted next."""
    return (
        dashboard.DashboardLink(title)
        .type(model.DashboardLinkType.LINK)
        .url(f"/d/{uid}")
        .icon("dashboard")
        .tooltip(tooltip)
        .include_vars(True)
        .keep_time(True)
        .target_blank(False)
    )
