"""A small mesh that several tests draw from."""

from __future__ import annotations

from datetime import UTC, datetime

from observe.demo.mixture import gamma, lognormal, mix
from observe.demo.rhythm import Rhythm
from observe.demo.truth import Edge, Failure, Gap, Incident, Service, Truth, Workload

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)

CLIENT = Workload("east", "shop", "web", replicas=2)
SERVER = Workload("east", "shop", "api", replicas=2, rollouts=(7.5,), containers=True)
RHYTHM = Rhythm(night=0.4, peak_hour=14.5, weekend=1.0)


def api(**changes: object) -> Service:
    """A bimodal service with a few failures."""
    options: dict[str, object] = {
        "latency": mix((0.8, lognormal(12, 0.4)), (0.2, gamma(160, 3.0))),
        "rhythm": RHYTHM,
        "failures": (
            Failure("503", "UF", 0.01, lognormal(3, 0.5)),
            Failure("500", "-", 0.02, lognormal(30, 0.5)),
        ),
    }
    return Service(SERVER, **(options | changes))  # type: ignore[arg-type]


def mesh(service: Service | None = None, *, rps: float = 20.0, gaps: tuple[Gap, ...] = ()) -> Truth:
    """One client, one service."""
    return Truth((Edge(CLIENT, service or api(), rps),), gaps=gaps, seed=5)


INCIDENT = Incident(10.25, 1.5, 6.0, Failure("503", "UC", 0.3, lognormal(700, 0.4)))
