"""A mesh's proxies as scrape targets: one process serves the pages of all pods, for sizing.py.

    python benchmarks/shown_mesh.py --services 20 --pods 60 --port 9000

`/metrics?pod=N` is the page of one sidecar: what it tells as client and as server, with the labels
that Istio puts there, three outcomes, twenty buckets; sizes of bodies too, which are not kept.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray

from observe.stats.histogram import ISTIO_BUCKETS_MS

OUTCOMES = (("200", "-", 0.985), ("503", "UF", 0.01), ("404", "-", 0.005))
CALLS_BY_SERVICE = 3
_LES = [*(f"{le:g}" for le in ISTIO_BUCKETS_MS if np.isfinite(le)), "+Inf"]


@dataclass(frozen=True)
class Call:
    """One service calls another one; indices."""

    client: int
    server: int


def calls(services: int) -> list[Call]:
    """Each service calls the next three."""
    return [
        Call(client, (client + step) % services)
        for client in range(services)
        for step in range(1, CALLS_BY_SERVICE + 1)
    ]


def labels(call: Call, reporter: str, code: str, flags: str) -> str:
    """The labels of one set, as a page writes them."""
    client, server = f"client-{call.client}", f"client-{call.server}"
    pairs = {
        "reporter": reporter,
        "source_workload": client,
        "source_canonical_service": client,
        "source_canonical_revision": "v1",
        "source_workload_namespace": "shop",
        "source_principal": f"spiffe://cluster.local/ns/shop/sa/{client}",
        "source_app": client,
        "source_version": "v1",
        "source_cluster": "east",
        "destination_workload": server,
        "destination_workload_namespace": "shop",
        "destination_principal": f"spiffe://cluster.local/ns/shop/sa/{server}",
        "destination_app": server,
        "destination_version": "v1",
        "destination_service": f"{server}.shop.svc.cluster.local",
        "destination_canonical_service": server,
        "destination_canonical_revision": "v1",
        "destination_service_name": server,
        "destination_service_namespace": "shop",
        "destination_cluster": "east",
        "request_protocol": "http",
        "response_code": code,
        "grpc_response_status": "",
        "response_flags": flags,
        "connection_security_policy": "unknown" if reporter == "source" else "mutual_tls",
    }
    return ",".join(f'{name}="{value}"' for name, value in pairs.items())


def rates(sets: int, seed: int) -> NDArray[np.float64]:
    """Requests of a label set between two scrapes: many idle ones, few busy ones."""
    return np.random.default_rng(seed).lognormal(1.0, 2.0, sets)


class Page:
    """One sidecar: its label sets and how far their counters are."""

    def __init__(self, pod: int, services: int) -> None:
        service = pod % services
        own = [
            (call, "source" if call.client == service else "destination")
            for call in calls(services)
            if service in (call.client, call.server)
        ]
        sets = [
            (labels(call, reporter, code, flags), share)
            for call, reporter in own
            for code, flags, share in OUTCOMES
        ]
        self._rng = np.random.default_rng(pod)
        self._names = [text for text, _ in sets]
        shares = np.array([share for _, share in sets])
        self._mean = np.repeat(rates(len(own), pod), len(OUTCOMES)) * shares
        bounds = np.array([float(le) if le != "+Inf" else np.inf for le in _LES])
        draws = np.sort(self._rng.lognormal(4.0, 0.8, 4_000))
        below = np.searchsorted(draws, bounds, side="right") / len(draws)
        self._parts = np.diff(below, prepend=0.0)
        self._buckets = np.zeros((len(sets), len(_LES)))
        self._sums = np.zeros(len(sets))
        self._still = "".join(self._sizes()) + self._proxy(pod)

    def scraped(self) -> str:
        """The page, after as much traffic as there is between two scrapes."""
        born = self._rng.poisson(np.outer(self._mean, self._parts))
        self._buckets += born.cumsum(axis=1)
        self._sums += born.sum(axis=1) * 74.3 + self._rng.random(len(self._sums)).round(1)
        lines: list[str] = []
        name = "istio_request_duration_milliseconds"
        for text, row, total in zip(self._names, self._buckets.tolist(), self._sums, strict=True):
            lines.append(f"istio_requests_total{{{text}}} {row[-1]:.0f}")
            lines += [
                f'{name}_bucket{{{text},le="{le}"}} {value:.0f}'
                for le, value in zip(_LES, row, strict=True)
            ]
            lines.append(f"{name}_sum{{{text}}} {total:.1f}")
            lines.append(f"{name}_count{{{text}}} {row[-1]:.0f}")
            lines += [
                f"istio_{side}_bytes_{part}{{{text}}} {row[-1] * factor:.0f}"
                for side, factor in (("request", 731), ("response", 2048))
                for part, factor in (("sum", factor), ("count", 1))
            ]
        return "\n".join(lines) + "\n" + self._still

    def _sizes(self) -> list[str]:
        return [
            f'istio_{side}_bytes_bucket{{{text},le="{le}"}} 1\n'
            for text in self._names
            for side in ("request", "response")
            for le in _LES
        ]

    @staticmethod
    def _proxy(pod: int) -> str:
        """What a proxy shows beside its traffic, with a few statistics that are not kept."""
        kept = [
            'istio_build{component="proxy",tag="1.27.1"}',
            *(f"envoy_server_{stat}" for stat in ("live", "uptime", "concurrency")),
            *(f"envoy_server_memory_{stat}" for stat in ("allocated", "heap_size")),
            "envoy_server_days_until_first_cert_expiring",
            *(
                f"envoy_listener_manager_total_listeners_{stat}"
                for stat in ("active", "draining", "warming")
            ),
            'istio_agent_cert_expiry_seconds{resource_name="default"}',
            "istio_agent_startup_duration_seconds",
        ]
        dropped = [f'envoy_server_debug{{number="{n}"}}' for n in range(100)]
        return "".join(f"{line} {pod + 1}\n" for line in (*kept, *dropped))


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, required=True)
    parser.add_argument("--pods", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    pages = [Page(pod, options.services) for pod in range(options.pods)]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pod = int(parse_qs(urlsplit(self.path).query).get("pod", ["0"])[0])
            body = pages[pod].scraped().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing of each scrape."""

    ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
