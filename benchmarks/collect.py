"""What collecting costs: raw samples through remote read, PromQL, and what people use today.

    python benchmarks/collect.py [S1 S2 S3] [--s3-edges N ...]

Loads real Prometheus servers with meshes of three sizes (S1: 50 edges scraped every minute for
seven days; S2: 500 edges every five minutes for seven days; S3: 5,000 edges every five minutes for
two days, and parts of it) and collects from them. Each way runs in a process of its own, whose peak
memory is told. "first" is the first time in a process that finds the compiled decoder on disk,
"warm" the better of two more in the same process; the very first run on a machine compiles and is
told apart. S1 ends in a table against prometheus_api_client on one and the same PromQL query.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import requests
from scraped_mesh import END, SCALES, Scale, series

from observe.bootstrap.prometheus import HISTORY_FLAGS, PrometheusServer
from observe.demo.remote_write import push

_BARS = {"S1": (1.0, 600), "S2": (5.0, 1536), "S3": (None, 2048)}
_EDGES_AT_ONCE = 500


@contextmanager
def loaded(scale: Scale) -> Iterator[PrometheusServer]:
    """A Prometheus that holds a mesh."""
    with (
        tempfile.TemporaryDirectory() as folder,
        PrometheusServer(Path(folder), flags=HISTORY_FLAGS) as server,
    ):
        samples, seconds = 0, 0.0
        for labels, values in series(scale, _EDGES_AT_ONCE):
            cost = push(server.url, labels, scale.times_ms, values)
            samples, seconds = samples + cost.samples, seconds + cost.seconds
        print(
            f"\n## {scale.name}: {scale.edges} edges, {scale.scrape_seconds} s, {scale.days} days: "
            f"{samples / 1e6:.1f} M samples, written in {seconds:.0f} s\n",
            flush=True,
        )
        yield server


def run(way: str, server: PrometheusServer, scale: Scale, **environment: str) -> dict:
    """One way to collect, in a process of its own."""
    script = Path(__file__).with_name("collect_case.py")
    window = [str(int(scale.start.timestamp())), str(int(END.timestamp()))]
    command = [sys.executable, str(script), way, server.url, *window, str(scale.scrape_seconds)]
    before = _evaluated(server)
    done = subprocess.run(
        command, env=os.environ | environment, stdout=subprocess.PIPE, check=True, text=True
    )
    result = json.loads(done.stdout)
    result["evaluated"] = _evaluated(server) - before
    warm = f"{result['warm_s']:6.2f} s" if "warm_s" in result else "       -"
    more = "".join(
        f", {result[key] / 1e6:.2f} M{unit}"
        for key, unit in (("samples", " samples"), ("rows", " rows"), ("bytes", "B"))
        if key in result
    )
    more += f", {result['queries']} queries" if "queries" in result else ""
    cpu = f" (CPU {result['cpu_s']:.2f} s)" if "cpu_s" in result else ""
    peak = "" if way.startswith("curl") else f", peak {result['rss_mb']:5.0f} MB"
    print(
        f"{way:22} first {result['first_s']:7.2f} s, warm {warm}{cpu}{peak}{more}",
        flush=True,
    )
    return result


def _evaluated(server: PrometheusServer) -> float:
    """Seconds that the server has spent on evaluating PromQL so far."""
    text = requests.get(f"{server.url}/metrics", timeout=60).text
    slices = 'prometheus_engine_query_duration_seconds_sum{slice="(?:inner_eval|prepare_time)"} '
    return sum(float(value) for value in re.findall(rf"^{slices}(\S+)", text, re.MULTILINE))


def preparation(server: PrometheusServer, scale: Scale, promql: dict) -> None:
    """What the cheap queries cost beside the pull that they prepare."""
    found = run("cheap-queries", server, scale)
    each, pull = found["evaluated"] / 3, promql["evaluated"]
    print(
        f"cheap queries: {each:.3f} s of evaluation by the server, {each / pull:.1%} of the "
        f"{pull:.2f} s of a pull in PromQL"
    )


def verdict(scale: Scale, raw: dict, promql: dict | None) -> None:
    """Whether the bars hold, and that both ways counted the same requests."""
    seconds, memory = _BARS[scale.name]
    if seconds is not None:
        print(f"warm {raw['warm_s']:.2f} s (bar {seconds:g} s), ", end="")
    print(f"peak {raw['rss_mb']:.0f} MB (bar {memory} MB)")
    if promql is not None:
        print(
            f"PromQL / remote read: time {promql['first_s'] / raw['warm_s']:.1f} x; requests "
            f"counted differ by {abs(promql['requests'] / raw['requests'] - 1):.1e}"
        )


def against_library(server: PrometheusServer, scale: Scale) -> None:
    """Histograms of five minutes: our two ways and the library's own."""
    print("\nthe same week as histograms of five minutes, by edge:")
    raw = run("remote-read-fine", server, scale)
    run("curl-fine", server, scale)
    ours = run("promql-fine", server, scale)
    library = run("prometheus-api-client", server, scale)
    for name, mine in (("PromQL path", ours["first_s"]), ("remote read, warm", raw["warm_s"])):
        print(f"{name}: {library['first_s'] / mine:.1f} x faster than prometheus_api_client")
    print(f"PromQL path: {library['cpu_s'] / ours['cpu_s']:.1f} x less CPU time")
    for name, mine in (("PromQL path", ours), ("remote read", raw)):
        print(f"{name}: {mine['rss_mb'] / library['rss_mb']:.2f} of its memory")
    print(f"requests counted differ by {abs(ours['requests'] / library['requests'] - 1):.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scales", nargs="*", default=["S1", "S2", "S3"])
    parser.add_argument(
        "--s3-edges", nargs="*", type=int, default=[1250, 2500, 5000], help="sizes of S3 to show"
    )
    chosen = parser.parse_args()
    for name in chosen.scales:
        sizes = chosen.s3_edges if name == "S3" else [SCALES[name].edges]
        for edges in sizes:
            scale = replace(SCALES[name], edges=edges)
            with loaded(scale) as server:
                if name == "S1":
                    with tempfile.TemporaryDirectory() as empty:
                        print("with nothing compiled yet:")
                        run("remote-read", server, scale, NUMBA_CACHE_DIR=empty)
                raw = run("remote-read", server, scale)
                run("curl", server, scale)
                promql = run("promql", server, scale) if name != "S3" else None
                verdict(scale, raw, promql)
                if promql is not None:
                    preparation(server, scale, promql)
                if name == "S3":
                    each = [raw[key] / raw["series"] * 1e6 for key in ("warm_s", "cpu_s")]
                    print(f"a series: {each[0]:.0f} us, of which {each[1]:.0f} us are our CPU time")
                if name == "S1":
                    against_library(server, scale)


if __name__ == "__main__":
    main()
