"""Two real Prometheus servers with the demo's day: counters in one, recorded rates in the other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from observe.bootstrap.binaries import find_binary
from observe.bootstrap.config.federation import HEALTH
from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.bootstrap.rules import edge_rules
from observe.bootstrap.rules.model import RuleFile
from observe.bootstrap.stack import Stack
from observe.demo.extra_series import extra_series
from observe.demo.load import load_week
from observe.demo.remote_write import push
from observe.demo.shop import demo_mesh
from observe.telemetry.recorded import HEARTBEAT

SCRAPE = 60
#: Rates are recorded for the end of the day only: that is what panels are asked for.
RECORDED = timedelta(minutes=75)
PHASE = "e"


@dataclass(frozen=True)
class Tiers:
    edge: str
    external: str
    end: datetime


@contextmanager
def two_tiers(folder: Path) -> Iterator[Tiers]:
    """Both servers, until the end of the block."""
    now = datetime.now(UTC)
    with PrometheusServer(folder / "edge", flags=HISTORY_FLAGS) as edge:
        loaded = load_week(edge.url, demo_mesh(), 1, now, days=1, scrape_interval=SCRAPE)
        end = loaded.end - timedelta(seconds=SCRAPE)
        truth = demo_mesh().starting(loaded.start)
        seconds = np.arange(loaded.start.timestamp(), end.timestamp() + 1, SCRAPE)
        labels, values = extra_series(truth, seconds)
        times = (seconds * 1000).astype(np.int64)
        push(edge.url, labels, times, values)
        data = folder / "external" / "data"
        _backfill(edge.url, data, end - RECORDED, end)
        with PrometheusServer(folder / "external", flags=HISTORY_FLAGS) as external:
            yield Tiers(edge.url, external.url, end)


def _health() -> RuleFile:
    """What an edge tier says of itself is federated as it is."""
    rules = [{"record": n, "expr": f'{n}{{job="prometheus"}}'} for n in (*HEALTH, "up")]
    return {"groups": [{"name": "health", "rules": rules}]}


def _backfill(url: str, data: Path, start: datetime, end: datetime) -> None:
    data.mkdir(parents=True)
    files = []
    for name, document in (*edge_rules(Stack()).items(), ("health.yaml", _health())):
        for rule in (rule for group in document["groups"] for rule in group["rules"]):
            if rule["record"] == HEARTBEAT:
                rule["labels"] = {"cluster": "east"}  # an external label, when it is federated
        # When a group is evaluated depends on the name of its file, as it is given: this one falls
        # well between two scrapes, so that the last ten seconds before it hold none.
        (data.parent / f"{PHASE}-{name}").write_text(json.dumps(document), encoding="utf-8")
        files.append(f"{PHASE}-{name}")
    command = [
        *(str(find_binary("promtool").resolve()), "tsdb", "create-blocks-from", "rules"),
        *(f"--start={start.timestamp():.0f}", f"--end={end.timestamp():.0f}"),
        *(f"--url={url}", f"--output-dir={data.resolve()}", f"--eval-interval={SCRAPE}s", *files),
    ]
    done = subprocess.run(command, cwd=data.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]
