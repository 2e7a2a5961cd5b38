"""Folded rows: what the mesh itself costs, and its Wasm extensions."""

from __future__ import annotations

from typing import Any

from observe.bootstrap.rules.make import series_name
from observe.grafana.dashboards import queries as q
from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.infra import container
from observe.grafana.dashboards.panels import Query, bars, series
from observe.grafana.dashboards.promql import AUTO, CLIENT, View, total
from observe.grafana.dashboards.variables import CLUSTER

_CPU, _MEMORY = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"
_PROXIES = f'{CLUSTER}, container="istio-proxy"'
#: Gateways by the names that Istio's charts give them.
_GATEWAYS = {"workload": 'workload=~".*gateway.*"', "pod": 'pod=~".*gateway.*"'}
_EDGE_ONLY = "Only on an edge tier: it is not recorded."


def _used(metric: str, recorded: str, *, gateways: bool, rate: bool) -> str:
    """Of all proxies, or of gateways, by cluster."""
    kept, raw = (
        f"{_PROXIES}, {_GATEWAYS[label]}" if gateways else _PROXIES for label in ("workload", "pod")
    )
    selected = f"{metric}{{{raw}}}"
    raw_form = f"rate({selected}[{AUTO}])" if rate else selected
    return f"sum by (cluster) ({recorded}{{{kept}}}) or sum by (cluster) ({raw_form})"


def _cpu(*, gateways: bool = False) -> str:
    recorded = series_name("workload", _CPU, "rate5m")
    return _used(_CPU, recorded, gateways=gateways, rate=True)


def _memory(*, gateways: bool = False) -> str:
    recorded = series_name("workload", _MEMORY, "sum")
    return _used(_MEMORY, recorded, gateways=gateways, rate=False)


def _asked(*, gateways: bool = False) -> View:
    view = CLIENT.within(CLUSTER)
    return view.within('source_workload=~".*gateway.*"') if gateways else view


def _per_thousand(*, gateways: bool = False) -> str:
    rps = q.requests(_asked(gateways=gateways), ("cluster",))
    return f"({_cpu(gateways=gateways)}) / on (cluster) (({rps}) / 1000 > 0)"


def _bytes(side: str, *, gateways: bool = False) -> str:
    return total(_asked(gateways=gateways), f"istio_{side}_bytes_sum", ("cluster",))


def _both(title: str, about: str, unit: str, every: str, gateways: str) -> Any:
    return series(
        title,
        about,
        unit,
        Query(every, "{{cluster}} all proxies"),
        Query(gateways, "{{cluster}} gateways"),
    )


def proxies() -> Section:
    """CPU, memory, bytes and disk of sidecars and gateways."""
    largest = container(
        _MEMORY,
        "max",
        rate=False,
        recorded=series_name("workload", _MEMORY, "max"),
        name="istio-proxy",
    )
    first = [
        _both(
            "Cores per 1,000 requests/s",
            "Cores of the proxies for each thousand requests per second, each counted once. "
            "Istio measures 0.2 for one proxy; a request passes two. Unreliable below ten requests "
            "per second: proxies use CPU while idle.",
            "none",
            _per_thousand(),
            _per_thousand(gateways=True),
        ),
        _both(
            "Proxies: CPU",
            "Cores of all istio-proxy containers. No lines: cAdvisor is not scraped.",
            "none",
            _cpu(),
            _cpu(gateways=True),
        ),
        _both(
            "Proxies: memory",
            "Grows with the configuration that proxies get, not with requests: narrow it with "
            "Sidecar. No lines: cAdvisor is not scraped.",
            "bytes",
            _memory(),
            _memory(gateways=True),
        ),
    ]
    second = [
        bars(
            "Largest sidecars",
            "Memory of the largest proxy of each chosen workload. Far above the others: it gets "
            "more configuration, or has more connections.",
            "bytes",
            Query(f"topk(10, {largest})", "{{workload}}"),
        ),
        series(
            "HTTP bytes",
            "Bytes of requests and responses on the wire, each counted once.",
            "Bps",
            Query(_bytes("response"), "{{cluster}} responses"),
            Query(_bytes("request"), "{{cluster}} requests"),
            Query(_bytes("response", gateways=True), "{{cluster}} gateways' responses"),
            Query(_bytes("request", gateways=True), "{{cluster}} gateways' requests"),
        ),
        series(
            "Proxies: disk",
            f"Bytes that proxies wrote to their own file system. Good: flat. {_EDGE_ONLY}",
            "bytes",
            Query(f"sum by (cluster) (container_fs_usage_bytes{{{_PROXIES}}})", "{{cluster}}"),
        ),
    ]
    return Section("What the proxies cost", [Line(8, first), Line(8, second)], folded=True)


_LOADS = ("cache_hits", "cache_misses", "cache_negative_hits", "fetch_successes", "fetch_failures")


def extensions() -> Section:
    """Wasm virtual machines, and how their code was fetched."""
    virtual = [
        Query(
            f"sum by (cluster) (envoy_wasm_envoy_wasm_runtime_{runtime}_{state}{{{CLUSTER}}})",
            f"{{{{cluster}}}} {runtime} {state}",
        )
        for runtime in ("v8", "null")
        for state in ("active", "created")
    ]
    loads = [
        Query(
            f"sum by (cluster) (rate(envoy_wasm_remote_load_{name}{{{CLUSTER}}}[{AUTO}]))",
            f"{{{{cluster}}}} {name.replace('_', ' ')}",
        )
        for name in _LOADS
    ]
    entries = f"sum by (cluster) (envoy_wasm_remote_load_cache_entries{{{CLUSTER}}})"
    none = f"No lines: no Wasm extension is loaded. {_EDGE_ONLY}"
    return Section(
        "Wasm extensions",
        [
            Line(
                8,
                [
                    series(
                        "Wasm virtual machines",
                        "By runtime: active now, and created since the proxies started. Created "
                        f"far above active: filters crash and are made anew. {none}",
                        "short",
                        *virtual,
                    ),
                    series(
                        "Wasm modules: remote loads",
                        f"How fetching of remote code ended, per second. Good: no failures. {none}",
                        "ops",
                        *loads,
                    ),
                    series(
                        "Wasm modules: cache",
                        f"Modules that are kept. {none}",
                        "short",
                        Query(entries, "{{cluster}} kept"),
                    ),
                ],
            )
        ],
        folded=True,
    )
