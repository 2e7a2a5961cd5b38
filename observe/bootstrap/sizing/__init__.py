"""How large the tiers get: counted or typed in, estimated, turned into requests and volumes."""

from observe.bootstrap.sizing.counts import MeshCounts
from observe.bootstrap.sizing.estimate import Sizing, TierSize, estimate
from observe.bootstrap.sizing.live import count_mesh
from observe.bootstrap.sizing.resources import Resources, resources

__all__ = [
    "MeshCounts",
    "Resources",
    "Sizing",
    "TierSize",
    "count_mesh",
    "estimate",
    "resources",
]
