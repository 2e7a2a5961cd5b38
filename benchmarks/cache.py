"""What a week costs the second time: whole runs, with past days kept in between.

    python benchmarks/cache.py [S1 S2]

Loads a real Prometheus with eight days of the meshes of collect.py and runs `collect` on them, each
time in a process of its own: a week that ends a day ago, without and with an empty cache, the same
week again, and the week that ends now, of which six days are known. Times are those of `collect`,
from the first query to the frames; loading libraries that every command loads is left out. Of
three runs of the same kind the one in the middle is told. CPU time is that of our process and of
the server together, which depends less on what else the machine does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import requests

BAR = 5.0
DAY = timedelta(days=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scales", nargs="*", default=["S1", "S2"])
    parser.add_argument("--case", nargs=3, metavar=("URL", "END", "FOLDER"), help="one run")
    chosen = parser.parse_args()
    if chosen.case:
        print(json.dumps(case(*chosen.case)))
        return
    from collect import loaded
    from scraped_mesh import SCALES

    for name in chosen.scales:
        scale = replace(SCALES[name], days=SCALES[name].days + 1)
        with loaded(scale) as server, tempfile.TemporaryDirectory() as folder:
            compare(server.url, folder)


def compare(url: str, folder: str) -> None:
    """The runs, and how much the later ones save."""
    from scraped_mesh import END

    ago = (END - DAY).isoformat()
    plain = _run("without a cache", url, ago, "-", runs=3)
    first = _run("empty cache", url, ago, folder)
    again = _run("the same week again", url, ago, folder, runs=3)
    _run("a day later", url, END.isoformat(), folder)
    faster = plain["seconds"] / again["seconds"]
    print(
        f"second run: {faster:.1f} x faster than without a cache (bar {BAR:g} x), "
        f"{plain['cpu'] / again['cpu']:.1f} x less CPU time, "
        f"{first['bytes'] / again['bytes']:.0f} x fewer bytes; filling the cache adds "
        f"{first['seconds'] - plain['seconds']:.2f} s; same frames: "
        f"{again['frames'] == first['frames'] == plain['frames']}"
    )


def _run(label: str, url: str, end: str, folder: str, runs: int = 1) -> dict:
    command = [sys.executable, __file__, "--case", url, end, folder]
    done = []
    for _ in range(runs):
        busy = _server_cpu(url)
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        done.append(json.loads(printed))
        done[-1]["cpu"] += _server_cpu(url) - busy
    found = sorted(done, key=lambda one: one["seconds"])[runs // 2]
    found["cpu"] = statistics.median(one["cpu"] for one in done)
    print(
        f"{label:20} {found['seconds']:6.2f} s (CPU {found['cpu']:.2f} s, "
        f"before the pull {found['prepared']:.2f} s), "
        f"{found['queries']:3} queries, {found['bytes'] / 1e6:6.1f} MB, peak "
        f"{found['rss_mb']:5.0f} MB, up to {found['reached']} at a time; {found['paths']}",
        flush=True,
    )
    return found


def _server_cpu(url: str) -> float:
    """Seconds of CPU time that the server has used so far."""
    text = requests.get(f"{url}/metrics", timeout=60).text
    return float(re.search(r"^process_cpu_seconds_total (\S+)", text, re.MULTILINE).group(1))


def case(url: str, end: str, folder: str) -> dict:
    """One run of a week."""
    from observe.telemetry import collector
    from observe.telemetry.cache import DayCache
    from observe.telemetry.client import PrometheusClient

    until = datetime.fromisoformat(end)
    client = PrometheusClient(url)
    cache = None if folder == "-" else DayCache.of(Path(folder), client.settings)
    begun, busy = time.perf_counter(), time.process_time()
    taken: dict = {}
    pull = collector.pull

    def timed(client, prepared, **options):
        taken.update(seconds=time.perf_counter() - begun, plan=prepared.plan)
        return pull(client, prepared, **options)

    collector.pull = timed
    snapshot = collector.collect(client, until - 7 * DAY, until, cache=cache)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - busy
    status = Path("/proc/self/status").read_text()
    return {
        "seconds": seconds,
        "cpu": cpu,
        "prepared": taken["seconds"],
        "queries": client.cost.queries,
        "bytes": client.cost.bytes,
        "rss_mb": int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024,
        "reached": client.pace.reached,
        "requests": float(snapshot.requests["requests"].sum()),
        "frames": _digest(snapshot),
        "paths": ", ".join(
            f"{n} by {p}" for p, n in Counter(p.path for p in taken["plan"]).items()
        ),
    }


def _digest(snapshot) -> str:
    """The same for the same frames, up to the last digits of numbers."""
    import pandas as pd

    from observe.telemetry.frames import ALL

    whole = hashlib.sha256()
    for spec in ALL:
        frame = getattr(snapshot, spec.name).copy()
        for column in frame.select_dtypes("float"):
            frame[column] = frame[column].map(lambda value: f"{value:.9g}")
        for column in frame.select_dtypes("category"):
            frame[column] = frame[column].astype(str)
        whole.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return whole.hexdigest()


if __name__ == "__main__":
    main()
