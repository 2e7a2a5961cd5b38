"""Run the benchmarks and write docs/benchmarks.md with what they print.

    python scripts/write_benchmarks.py [NAME ...]

With names only those are run anew; the other sections stay as they are. Sections of benchmarks
whose recorded data is absent are left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made by `make benchmarks-page` from what the commands print; `make bench` prints the same. Times
are ratios within one run, or are given with what else ran beside them.
"""
#: Name → (title, words, arguments, whether the output is Markdown).
SECTIONS: dict[str, tuple[str, str, list[str], bool]] = {
    "quantiles": (
        "Quantiles from Istio's default buckets",
        "Our estimator beside the linear interpolation of `histogram_quantile`, on distributions "
        "whose truth is known. How it works: [method-quantiles.md](method-quantiles.md).",
        ["--markdown"],
        True,
    ),
    "timeouts": (
        "Timeouts, the week after",
        "Random meshes of known truth, from seeds that nothing else uses. Beside ours the rule of "
        "thumb `histogram_quantile(0.999) * 1.2` over the week.",
        ["--markdown"],
        True,
    ),
    "policies": (
        "Retries, connection pools and outlier detection",
        "Random meshes whose failures, hosts and requests under way are known, from seeds that "
        "nothing else uses; the advice is also carried out by simulated proxies, request by "
        "request. `in the worst hour` and `the next week` are those of the truth.",
        [],
        False,
    ),
    "resources": (
        "CPU and memory of containers on recorded traces",
        "Sizes learned from the first part of each trace and tested on the rest, beside the rules "
        "of krr and of the Vertical Pod Autoscaler; see "
        "[method-resources.md](method-resources.md), which also says which settings were chosen "
        "with these traces in view. No command advises sizes yet.",
        [],
        False,
    ),
    "spans": (
        "Recorded calls",
        "What the data set of the two sections below holds; see [real-data.md](real-data.md).",
        [],
        False,
    ),
    "real_quantiles": (
        "Quantiles and totals of recorded calls",
        "Recorded spans, bucketed and read back through a real Prometheus; see "
        "[real-data.md](real-data.md).",
        [],
        False,
    ),
    "real_timeouts": (
        "Timeouts on recorded calls",
        "Learned from the earlier windows, judged on the exact durations of the later ones; see "
        "[real-data.md](real-data.md).",
        [],
        False,
    ),
    "recorded": (
        "Recorded rates beside counters",
        "The demo's week read from counters, and from the rates that recording rules made of them; "
        "see [method.md](method.md#recorded-rates).",
        [],
        True,
    ),
    "federation": (
        "Two tiers against what the pods know",
        "Real servers in scaled time: scrape 1 s, evaluation 4 s, rates over 20 s, federation "
        "every 2 s stand for 15 s, 60 s, 5 minutes and 30 s. Beside ours the rules that Istio's "
        "guide documents, on the same traffic; see [method.md](method.md#recorded-rates).",
        [],
        False,
    ),
    "sizing": (
        "What two tiers need",
        "The estimate of `observe bootstrap estimate` beside real servers that watch meshes of "
        "three sizes.",
        [],
        False,
    ),
    "collect": (
        "Collecting",
        "Generated series in a real Prometheus, read by remote read and by PromQL, beside "
        "`prometheus_api_client` with its data frames.",
        [],
        False,
    ),
    "cache": (
        "Collecting the same week again",
        "Whole runs of `collect`, each in a process of its own, with past days kept in between; "
        "see [collecting.md](collecting.md).",
        [],
        False,
    ),
}


def run(name: str) -> str:
    """The section of one benchmark."""
    title, words, arguments, markdown = SECTIONS[name]
    command = [sys.executable, f"benchmarks/{name}.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"benchmarks/{name}.py failed:\n{done.stderr}")
    text = done.stdout.strip()
    body = text if markdown else f"```text\n{text}\n```"
    return (
        f"## {title}\n\n{words}\n\n`python benchmarks/{name}.py {' '.join(arguments)}".rstrip()
        + (f"`\n\n{body}\n")
    )


def main() -> None:
    """Write the page."""
    there = [name for name in SECTIONS if (ROOT / "benchmarks" / f"{name}.py").exists()]
    wanted = sys.argv[1:] or there
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    kept = {part.splitlines()[0]: f"## {part}" for part in re.split(r"^## ", old, flags=re.M)[1:]}
    parts = []
    for name in there:
        if name in wanted:
            parts.append(run(name))
        elif SECTIONS[name][0] in kept:
            parts.append(kept[SECTIONS[name][0]].rstrip() + "\n")
    PAGE.write_text("\n".join([HEAD, *parts]), encoding="utf-8")


if __name__ == "__main__":
    main()
