"""How the local stack fares."""

from __future__ import annotations

import time
from dataclasses import dataclass

from observe.bootstrap.local.asking import Asker
from observe.bootstrap.local.files import read_json
from observe.bootstrap.local.plan import ports_of
from observe.bootstrap.local.running import find_running
from observe.bootstrap.local.settings import ALERTMANAGER, EXTERNAL, Places
from observe.errors import InputError

#: Figures of a server about itself: the external tier holds the edge tier's too, with `cluster`.
_OWN = 'job="prometheus",cluster=""'
_STORED = f"sum(rate(prometheus_tsdb_head_samples_appended_total{{{_OWN}}}[5m]))"
_SERIES = f"sum(prometheus_tsdb_head_series{{{_OWN}}})"
#: Older than this, and more than one evaluation was missed: the heartbeat is late.
LATE_SECONDS = 180.0


@dataclass(frozen=True)
class ProcessStatus:
    """One process.

    Attributes:
        name: `edge`, `external` or `alertmanager`.
        state: `ready`, `starting` (runs, does not answer) or `down`.
        url: its address.
        version: what it says; empty when it does not answer.
        up_seconds: since it was started.
        restarts: how often it was started again after it ended.
        samples_per_second: stored by it, over 5 minutes; None when not known.
        series: in its memory; None when not known.
        federation_seconds: age of the newest rates that arrived; the external tier only.
    """

    name: str
    state: str
    url: str
    version: str = ""
    up_seconds: float | None = None
    restarts: int = 0
    samples_per_second: float | None = None
    series: float | None = None
    federation_seconds: float | None = None

    @property
    def well(self) -> bool:
        """Whether nothing has to be done about it."""
        late = self.federation_seconds is None or self.federation_seconds > LATE_SECONDS
        return self.state == "ready" and not (self.name == EXTERNAL and late)


def read_status(places: Places) -> list[ProcessStatus]:
    """All processes of the folder, running or not.

    Raises:
        InputError: no stack was ever started there.
    """
    ports = ports_of(read_json(places.wanted).get("commands", {}))
    if not ports:
        raise InputError(
            f"{places.folder} holds no stack",
            "start one with 'observe bootstrap local --apply', or name its --folder",
        )
    running = find_running(places)
    facts = running.processes if running else {}
    with Asker(places, ports) as asker:
        return [_status(name, facts.get(name), asker) for name in ports]


def _status(name: str, facts: dict[str, object] | None, asker: Asker) -> ProcessStatus:
    if not facts or not facts.get("running"):
        return ProcessStatus(name, "down", asker.url(name))
    up = time.time() - float(str(facts["startedAt"]))
    restarts = int(str(facts["restarts"]))
    if not asker.ready(name):
        return ProcessStatus(name, "starting", asker.url(name), "", up, restarts)
    prometheus = name != ALERTMANAGER
    return ProcessStatus(
        name,
        "ready",
        asker.url(name),
        asker.version(name),
        up,
        restarts,
        asker.value(name, _STORED) if prometheus else None,
        asker.value(name, _SERIES) if prometheus else None,
        asker.federation_age(name) if name == EXTERNAL else None,
    )
