"""The dashboards as code; `make dashboards` writes them to `dashboards/*.json`.

Only this generating needs grafana-foundation-sdk. What ships is the JSON:
:func:`observe.grafana.files.dashboards_json` reads it.
"""

from __future__ import annotations

from typing import Any


def generate() -> dict[str, dict[str, Any]]:
    """File name → dashboard as Grafana's classic JSON, in the order in which people read them."""
    from observe.grafana.dashboards.ambient import ambient
    from observe.grafana.dashboards.board import built
    from observe.grafana.dashboards.control_plane import control_plane
    from observe.grafana.dashboards.edge import edge_board
    from observe.grafana.dashboards.federation import federation
    from observe.grafana.dashboards.mesh import mesh
    from observe.grafana.dashboards.resilience import resilience
    from observe.grafana.dashboards.resources import resources
    from observe.grafana.dashboards.service import service_board
    from observe.grafana.dashboards.slo import slo
    from observe.grafana.dashboards.workload import workload_board

    boards = (
        *(mesh(), service_board(), workload_board(), edge_board(), resilience()),
        *(slo(), resources(), control_plane(), ambient(), federation()),
    )
    return {f"{board.uid.removeprefix('observe-')}.json": built(board) for board in boards}
