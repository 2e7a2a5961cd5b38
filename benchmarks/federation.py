"""Totals and p99 through two tiers, against what the pods themselves know.

    python benchmarks/federation.py

Real Prometheus servers on loopback, about five minutes; exit code 1 when a bar is missed. Beside
ours: the rules that Istio's guide documents (sums of raw counters), on the same traffic, with the
label names that they mean instead of those that they write, which match nothing.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
from federation_lab import (
    BOUNDS,
    EVALUATION,
    FEDERATION,
    PAST_REQUESTS,
    SCRAPE,
    SPAN,
    Exporter,
    Life,
    Pod,
    Truth,
    edge_config,
    external_config,
    quantile,
    truth,
)

from observe.bootstrap.prometheus import PrometheusServer
from observe.telemetry.gaps import step_factors
from observe.telemetry.recorded import HEARTBEAT, SETTLE_SECONDS, recorded_name, rule_file

WARM_UP, LENGTH, QUIET = 50, 220, 30
PODS = 10
BAR_TOTAL, BAR_P99 = 0.01, 0.02
REQUESTS = "istio_requests_total"
BUCKETS = "istio_request_duration_milliseconds_bucket"
#: Scenario → which pair of servers it runs in.
PAIRS = {
    "steady": "pods",
    "a pod restarts every 20 s": "pods",
    "rollout": "pods",
    "autoscaler +5/-5 a minute": "pods",
    "a scrape fails every 30 s": "pods",
    "a pod is removed": "pods",
    "rollout of fresh pods": "pods",
    "edge Prometheus restarts": "restarted",
    "federation cut for 3 minutes": "cut",
}


def lives(scenario: str, zero: float) -> list[Pod]:
    """The pods of a scenario; changes keep away from both ends of the measurement."""
    begin, old = zero - WARM_UP, PAST_REQUESTS
    first, last = zero + QUIET, zero + LENGTH - QUIET
    pods = [
        Pod(scenario, f"{PAIRS_KEY[scenario]}-{i}", [Life(begin, past=old)]) for i in range(PODS)
    ]
    if scenario == "a pod restarts every 20 s":
        for i, at in enumerate(np.arange(first, last, 20)):
            pod = pods[i % PODS]
            pod.lives = [*pod.lives[:-1], Life(pod.lives[-1].born, at, pod.lives[-1].past)]
            pod.lives.append(Life(at + 2))
    elif scenario.startswith("rollout"):
        past = 0 if "fresh" in scenario else old
        times = np.linspace(first, last - 10, PODS)
        pods = [
            Pod(scenario, pod.name, [Life(begin, at + 2, past)])
            for pod, at in zip(pods, times, strict=True)
        ]
        pods += [Pod(scenario, f"{p.name}-new", [Life(p.lives[0].died - 2)]) for p in pods]
    elif scenario.startswith("autoscaler"):
        for i in range(5):
            for n, at in enumerate(np.arange(first, last - 40, 60)):
                pods.append(Pod(scenario, f"hpa-{i}-{n}", [Life(at + i, at + 30 + i)]))
    elif scenario.startswith("a scrape fails"):
        for pod in pods:
            pod.failing = 30
    elif scenario == "a pod is removed":
        pods[0].lives = [Life(begin, zero + LENGTH / 2, old)]
    return pods


PAIRS_KEY = {scenario: f"s{i}" for i, scenario in enumerate(PAIRS)}


@dataclass
class Pair:
    """An edge tier and the external tier that federates it."""

    edge: PrometheusServer
    external: PrometheusServer


def rules() -> dict[str, Any]:
    """Ours, in scaled time; names keep speaking of five minutes."""
    text = json.dumps(rule_file(EVALUATION))
    text = text.replace(f"[5m] offset {SETTLE_SECONDS}s", f"[{SPAN}s] offset {SCRAPE}s")
    text = text.replace("[5m]", f"[{SPAN}s]")
    return dict(json.loads(text))


def documented() -> dict[str, Any]:
    """The guide's: a group each, sums of counters, evaluated a third as far apart as scrapes."""
    groups = [
        {
            "name": name,
            "interval": "1s",
            "rules": [
                {"record": f"documented:{name}", "expr": f"sum without (instance, pod) ({name})"}
            ],
        }
        for name in (REQUESTS, BUCKETS)
    ]
    return {"groups": groups}


def start_pair(stack: ExitStack, folder: Path, exporter: Exporter, name: str) -> Pair:
    names = [p.name for p in exporter.pods.values() if PAIRS[p.scenario] == name]
    edge_folder = folder / f"edge-{name}"
    edge_folder.mkdir(parents=True)
    (edge_folder / "rules.yml").write_text(json.dumps(rules()))
    (edge_folder / "documented.yml").write_text(json.dumps(documented()))
    config = edge_config(exporter, names, name)
    edge = stack.enter_context(PrometheusServer(edge_folder, config=config))
    exporter.edges[name] = edge.url
    config = external_config(exporter, name)
    external = PrometheusServer(folder / f"external-{name}", config=config)
    return Pair(edge, stack.enter_context(external))


def run() -> list[tuple[str, Truth, dict[str, Any]]]:
    zero = math.ceil(time.time()) + WARM_UP + 10
    pods = {pod.name: pod for scenario in PAIRS for pod in lives(scenario, zero)}
    with ExitStack() as stack, Exporter(pods) as exporter:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pairs = {n: start_pair(stack, folder, exporter, n) for n in dict.fromkeys(PAIRS.values())}
        sleep_until(zero + 60)
        middle = time.time()
        exporter.cut = (middle, middle + 3 * 60 * EVALUATION / 60)
        edge = pairs["restarted"].edge
        edge.stop()
        time.sleep(2)  # half a minute in unscaled time, with what it takes to start
        edge.start()
        exporter.edges["restarted"] = edge.url
        sleep_until(zero + LENGTH + 3 * FEDERATION)
        found = []
        for scenario, name in PAIRS.items():
            mine = [pod for pod in pods.values() if pod.scenario == scenario]
            real = truth(mine, zero, zero + LENGTH)
            found.append((scenario, real, read(pairs[name], scenario, zero)))
    return found


def sleep_until(moment: float) -> None:
    while time.time() < moment:
        time.sleep(0.2)


def read(pair: Pair, scenario: str, zero: float) -> dict[str, Any]:
    """Each way of counting."""
    mine, end = f'destination_service="{scenario}"', zero + LENGTH
    raw = {
        code: total(pair.edge.url, f'increase({REQUESTS}{{{mine},response_code="{code}"}}', end)
        for code in ("200", "503")
    }
    guide = {
        code: total(
            pair.external.url,
            f'increase(documented:{REQUESTS}{{{mine},response_code="{code}"}}',
            end,
        )
        for code in ("200", "503")
    }
    ours, counts, mismatch = recorded(pair.external.url, mine, zero)
    bucket = f"increase(documented:{BUCKETS}{{{mine}}}[{LENGTH}s])"
    p99 = instant(pair.external.url, f"histogram_quantile(0.99, sum by (le) ({bucket}))", end)
    return {
        "raw": raw,
        "ours": ours,
        "ours_p99": quantile(0.99, counts),
        "guide": guide,
        "guide_p99": p99[0][1] if p99 else math.nan,
        "mismatch": mismatch,
    }


def total(url: str, expression: str, end: float) -> float:
    found = instant(url, f"sum({expression}[{LENGTH}s]))", end)
    return found[0][1] if found else 0.0


def recorded(url: str, mine: str, zero: float) -> tuple[dict[str, float], list[float], float]:
    """As the collector reads the external tier: sums over moments, gaps bridged step by step."""
    steps = LENGTH // SPAN
    moments = [zero + SPAN * (i + 1) for i in range(steps)]
    seen = np.array(
        [
            (instant(url, f"count_over_time({HEARTBEAT}[{SPAN}s])", t) or [({}, 0.0)])[0][1]
            for t in moments
        ]
    )
    factors = step_factors(seen, SPAN / EVALUATION, SPAN / EVALUATION, 1)

    def summed(metric: str, by: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for moment, factor in zip(moments, factors, strict=True):
            over = f"{recorded_name(metric)}{{{mine}}}[{SPAN * 1000 - 1}ms]"
            text = f"sum by ({by}) (sum_over_time({over}))"
            for labels, value in instant(url, text, moment):
                found[labels[by]] = found.get(labels[by], 0.0) + value * factor * EVALUATION
        return found

    codes, cumulative = summed(REQUESTS, "response_code"), summed(BUCKETS, "le")
    counts = [cumulative["+Inf" if math.isinf(b) else f"{b}"] for b in BOUNDS]
    return codes, counts, mismatches(url, mine, zero)


def mismatches(url: str, mine: str, zero: float) -> float:
    """Largest difference of bucket +Inf and count at one moment, requests a second."""
    both = "workload:istio_request_duration_milliseconds_(count|bucket):rate5m"
    names = f'{{__name__=~"{both}",le=~"|[+]Inf",{mine}}}'
    values: dict[tuple[str, float], float] = {}
    for series in query(url, {"query": f"{names}[{LENGTH}s]", "time": zero + LENGTH}):
        kind = "bucket" if "le" in series["metric"] else "count"
        for moment, value in series["values"]:
            values[kind, moment] = float(value)
    moments = {moment for _, moment in values}
    return max(
        abs(values.get(("bucket", t), math.inf) - values.get(("count", t), -math.inf))
        for t in moments
    )


def instant(url: str, text: str, moment: float) -> list[tuple[dict[str, str], float]]:
    found = query(url, {"query": text, "time": moment})
    return [(series["metric"], float(series["value"][1])) for series in found]


def query(url: str, parameters: dict[str, Any]) -> list[Any]:
    answer = requests.get(f"{url}/api/v1/query", params=parameters, timeout=30)
    answer.raise_for_status()
    return list(answer.json()["data"]["result"])


def report(found: list[tuple[str, Truth, dict[str, Any]]]) -> bool:
    """Print the table; whether every bar was met."""
    print(
        f"{'':30} {'requests':>9} | {'error of the total':^34} | {'p99, ms':^24} | bucket and\n"
        f"{'':30} {'(truth)':>9} | {'ours':>9} {'5xx only':>8} {'guide':>15} | "
        f"{'truth':>7} {'ours':>7} {'guide':>8} | count differ"
    )
    good = True
    for scenario, real, read_ in found:
        everything = sum(real.requests.values())
        ours = sum(read_["ours"].values()) / everything - 1
        failures = read_["ours"]["503"] / real.requests["503"] - 1
        guide = sum(read_["guide"].values()) / everything - 1
        p99 = read_["ours_p99"] / real.p99 - 1
        held = abs(ours) <= BAR_TOTAL and abs(p99) <= BAR_P99 and read_["mismatch"] < 1e-9
        good &= held
        print(
            f"{scenario:30} {everything:9,.0f} | {ours:+9.2%} {failures:+8.2%} {guide:+15,.1%} | "
            f"{real.p99:7.1f} {read_['ours_p99']:7.1f} {read_['guide_p99']:8.1f} | "
            f"{read_['mismatch']:.3g}{'' if held else '   <- misses its bar'}",
            flush=True,
        )
    raw = [sum(r["raw"].values()) / sum(t.requests.values()) - 1 for _, t, r in found]
    print(f"in-mesh sum(increase(raw)): {min(raw):+.2%} to {max(raw):+.2%}")
    print(f"bars: total {BAR_TOTAL:.0%}, p99 {BAR_P99:.0%}, bucket and count from one instant")
    return good


if __name__ == "__main__":
    sys.exit(0 if report(run()) else 1)
