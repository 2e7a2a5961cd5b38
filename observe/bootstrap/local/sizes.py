"""How large the tiers become: counted from the edge tier that runs, or typical."""

from __future__ import annotations

from observe.bootstrap.config.credentials import USER
from observe.bootstrap.local.files import read_json, read_password
from observe.bootstrap.local.plan import ports_of
from observe.bootstrap.local.running import find_running
from observe.bootstrap.local.settings import EDGE, Places
from observe.bootstrap.prometheus import HOST
from observe.bootstrap.sizing import MeshCounts, Sizing, count_mesh, estimate
from observe.bootstrap.stack import Stack
from observe.errors import ObserveError
from observe.telemetry.client import PrometheusClient
from observe.telemetry.settings import ConnectionSettings

_SERVICES, _PODS = 100, 300


def read_sizes(stack: Stack, places: Places) -> tuple[Sizing, str]:
    """The estimate, and in words the mesh that it is for.

    Nothing that goes wrong while counting matters: sizes are then those of a typical mesh.
    """
    counts = _counted(places)
    if counts is not None and counts.request_sets:
        return estimate(counts, stack), "the mesh that the edge tier scrapes now"
    typical = MeshCounts.typical(services=_SERVICES, pods=_PODS)
    return estimate(typical, stack), f"a mesh of {_SERVICES} services and {_PODS} pods"


def _counted(places: Places) -> MeshCounts | None:
    port = ports_of(read_json(places.wanted).get("commands", {})).get(EDGE)
    if port is None or find_running(places) is None:
        return None
    try:
        settings = ConnectionSettings(
            url=f"http://{HOST}:{port}", username=USER, password=read_password(places)
        )
        with PrometheusClient(settings) as client:
            return count_mesh(client)
    except ObserveError:
        return None
