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
from federation_lab import (
    EVALUATION,
    FEDERATION,
    LENGTH,
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
from federation_reading import BUCKETS, REQUESTS, instant, recorded, total

from observe.bootstrap.prometheus import PrometheusServer
from observe.telemetry.recorded import SETTLE_SECONDS, rule_file

WARM_UP, QUIET = 50, 30
PODS = 10
BAR_TOTAL, BAR_P99 = 0.01, 0.02
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
    # What is cut off or moves to another port is reached through the exporter.
    if name == "pods":
        config = external_config(edge.url.removeprefix("http://"), "/federate")
    else:
        config = external_config(exporter.address, f"/federate/{name}")
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
    ours, counts, mismatch, missed = recorded(pair.external.url, mine, zero)
    bucket = f"increase(documented:{BUCKETS}{{{mine}}}[{LENGTH}s])"
    p99 = instant(pair.external.url, f"histogram_quantile(0.99, sum by (le) ({bucket}))", end)
    return {
        "raw": raw,
        "ours": ours,
        "ours_p99": quantile(0.99, counts),
        "guide": guide,
        "guide_p99": p99[0][1] if p99 else math.nan,
        "mismatch": mismatch,
        "missed": missed,
    }


def report(found: list[tuple[str, Truth, dict[str, Any]]]) -> bool:
    """Print the table; whether every bar was met."""
    print(
        f"{'scenario':30} {'requests':>9} | {'error of the total':^34} | "
        f"{'p99, ms':^24} | bucket and\n"
        f"{'':30} {'(truth)':>9} | {'ours':>9} {'5xx only':>8} {'guide':>15} | "
        f"{'truth':>7} {'ours':>7} {'guide':>8} | count differ | missed"
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
            f"{read_['mismatch']:>12.3g} | {read_['missed']:3} of {LENGTH // EVALUATION}"
            f"{'' if held else '   <- misses its bar'}",
            flush=True,
        )
    raw = [sum(r["raw"].values()) / sum(t.requests.values()) - 1 for _, t, r in found]
    print(f"in-mesh sum(increase(raw)): {min(raw):+.2%} to {max(raw):+.2%}")
    print("missed: evaluations that did not arrive at the external tier")
    print(f"bars: total {BAR_TOTAL:.0%}, p99 {BAR_P99:.0%}, bucket and count from one instant")
    return good


if __name__ == "__main__":
    sys.exit(0 if report(run()) else 1)
