"""Pods that know what they served, and the servers between them and a reader.

Time is scaled: scrape 1 s, evaluation 4 s, rates over 20 s, federation every 2 s stand for 15 s,
60 s, 5 minutes and 30 s. Pods have served for a while when the measurement begins, and slower than
during it, so that whatever leaks out of their past shows.
"""

from __future__ import annotations

import json
import math
import time
import urllib.request
from bisect import bisect_left
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

SCRAPE, EVALUATION, SPAN, FEDERATION = 1, 4, 20, 2
#: Of the measurement.
LENGTH = 220
BOUNDS = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, math.inf)
#: Requests by bucket, of a thousand: before the measurement, and from its warm-up on.
PAST = (0, 0, 10, 40, 100, 350, 300, 120, 60, 20, 0)
NOW = (0, 20, 180, 500, 230, 50, 16, 3, 1, 0, 0)
FAILED = 0.02
RATE = 100.0
PAST_REQUESTS = 500_000


@dataclass(frozen=True)
class Life:
    """One process of a pod: `born` and `died` in seconds of the clock, `past` requests before."""

    born: float
    died: float = math.inf
    past: int = 0

    def served(self, now: float) -> int:
        """Requests since it was born; none of its past."""
        return math.floor(RATE * max(0.0, min(now, self.died) - self.born))


@dataclass
class Pod:
    """A pod's name and the processes that ran under it, one after the other."""

    scenario: str
    name: str
    lives: list[Life]
    #: Seconds between scrapes that fail; 0 for none.
    failing: int = 0

    def metrics(self, now: float) -> str | None:
        """Its page; None while there is nobody."""
        life = next((each for each in self.lives if each.born <= now < each.died), None)
        if life is None or (self.failing and int(now) % self.failing == hash_of(self.name) % 30):
            return None
        return page(self.scenario, life.past, life.served(now))


def hash_of(name: str) -> int:
    return sum(map(ord, name))


def by_code(requests: float) -> dict[str, float]:
    failed = math.floor(requests * FAILED)
    return {"200": requests - failed, "503": failed}


def buckets(requests: int, shares: tuple[int, ...]) -> list[int]:
    """Cumulative counts; each bucket's requests come in step with all others."""
    total, found = 0, []
    for share in shares[:-1]:
        total += share
        found.append(requests * total // 1000)
    return [*found, requests]


def page(scenario: str, past: int, served: int) -> str:
    labels = (
        f'reporter="source",source_workload="web",source_workload_namespace="shop",'
        f'destination_service="{scenario}",destination_workload="{scenario}",'
        'request_protocol="http"'
    )
    codes = {k: v + by_code(served)[k] for k, v in by_code(past).items()}
    lines = [
        f'istio_requests_total{{{labels},response_code="{code}"}} {value:.0f}'
        for code, value in codes.items()
    ]
    name = "istio_request_duration_milliseconds"
    counts = [
        before + since
        for before, since in zip(buckets(past, PAST), buckets(served, NOW), strict=True)
    ]
    for bound, count in zip(BOUNDS, counts, strict=True):
        le = "+Inf" if math.isinf(bound) else f"{bound}"
        lines.append(f'{name}_bucket{{{labels},response_code="200",le="{le}"}} {count}')
    lines.append(f'{name}_count{{{labels},response_code="200"}} {counts[-1]}')
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Truth:
    """What was served in a span, as the pods themselves know."""

    requests: dict[str, float]
    p99: float


def truth(pods: list[Pod], start: float, end: float) -> Truth:
    codes, counts = dict.fromkeys(("200", "503"), 0.0), [0] * len(BOUNDS)
    for life in (life for pod in pods for life in pod.lives):
        first, last = life.served(start), life.served(end)
        for code in codes:
            codes[code] += by_code(last)[code] - by_code(first)[code]
        since = zip(buckets(last, NOW), buckets(first, NOW), strict=True)
        counts = [count + a - b for count, (a, b) in zip(counts, since, strict=True)]
    return Truth(codes, quantile(0.99, counts))


def quantile(q: float, counts: list[int] | list[float]) -> float:
    """As `histogram_quantile` does it, for the truth as for ours."""
    rank = q * counts[-1]
    i = bisect_left(list(counts), rank)
    low = 0.0 if i == 0 else float(BOUNDS[i - 1])
    before = 0.0 if i == 0 else counts[i - 1]
    return low + (BOUNDS[i] - low) * (rank - before) / (counts[i] - before)


@dataclass
class Exporter:
    """Serves `/pod/NAME`, and `/federate` of an edge tier as long as it is not cut off."""

    pods: dict[str, Pod]
    edges: dict[str, str] = field(default_factory=dict)
    cut: tuple[float, float] = (math.inf, math.inf)

    def __enter__(self) -> Exporter:
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def do_GET(self) -> None:
                text = exporter.answer(self.path)
                self.send_response(200 if text is not None else 503)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(text or b"")))
                self.end_headers()
                self.wfile.write(text or b"")

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Prometheus hangs up on a page that comes too late; that is a failed scrape, no fault here.
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]
        Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    def answer(self, path: str) -> bytes | None:
        if path.startswith("/pod/"):
            text = self.pods[path.removeprefix("/pod/")].metrics(time.time())
            return None if text is None else text.encode()
        edge, _, query = path.removeprefix("/federate/").partition("?")
        if self.cut[0] <= time.time() < self.cut[1]:
            return None
        with urllib.request.urlopen(f"{self.edges[edge]}/federate?{query}", timeout=5) as found:
            return bytes(found.read())


def edge_config(exporter: Exporter, names: list[str], cluster: str) -> str:
    """An edge tier's configuration, as JSON, which is YAML."""
    job = {
        "job_name": "pods",
        "static_configs": [
            {"targets": [exporter.address], "labels": {"pod": n, "__metrics_path__": f"/pod/{n}"}}
            for n in names
        ],
    }
    return json.dumps(
        {
            "global": {
                "scrape_interval": f"{SCRAPE}s",
                "scrape_timeout": f"{SCRAPE}s",
                "evaluation_interval": f"{EVALUATION}s",
                "external_labels": {"cluster": cluster},
            },
            "rule_files": ["rules.yml", "documented.yml"],
            "scrape_configs": [job],
        }
    )


def external_config(address: str, path: str) -> str:
    """An external tier that federates one edge tier."""
    job = {
        "job_name": "edge",
        "honor_labels": True,
        "metrics_path": path,
        "params": {"match[]": ['{__name__=~"(workload|edge):.+"}', '{__name__=~"documented:.+"}']},
        "static_configs": [{"targets": [address]}],
    }
    return json.dumps(
        {
            "global": {
                "scrape_interval": f"{FEDERATION}s",
                "scrape_timeout": f"{FEDERATION}s",
            },
            "scrape_configs": [job],
        }
    )
