"""Write docs/rules.md: every recorded series, its labels and what it is for.

    python scripts/make_rules_page.py [--check]

With --check nothing is written; the exit code is 1 when the page is out of date.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections import Counter
from pathlib import Path

from observe.bootstrap.rules import edge_recordings
from observe.bootstrap.rules.health import cardinality
from observe.bootstrap.rules.model import Recording
from observe.bootstrap.sizing.counts import BUCKETS
from observe.bootstrap.stack import EdgeTier, Stack
from observe.telemetry.catalogue import EDGE_LABELS, OUTCOME_LABELS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rules.md"
_HEAD = """# Recorded series

Made by `make docs` from `observe/bootstrap/rules`. Of what an edge tier holds, only these series
leave it, and a few about the tier itself. The rules are in
[rules/recording.yaml](../rules/recording.yaml), as a stack without settings has them. What the
numbers mean, and the error of reading them: [method.md](method.md#recorded-rates). The files in
rules/ are for reading and for servers of your own: `observe bootstrap` makes them from the code.

- Rates come first, sums second: a pod that goes away takes only its own rate along.
- Sums name the labels that they keep. Other labels of pods and targets are gone.
- Names are `level:metric:operation`; `rate5m` is a rate per second over five minutes.
- Rates end 10 seconds before the evaluation: by then the scrapes of that moment are over, and all
  rules see the same ones.
- All of them are in one group, but for the count of all series, which looks at everything there is
  and is evaluated every four minutes.
- Envoy's own statistics are recorded where proxies show them; they do not by default. Sizes of
  bodies (`istio_*_bytes_bucket`) are recorded with `edge.sizes: true`.
"""
#: Short for the labels that make an edge of the call graph, and for those of an outcome.
_SHORT = (("*edge*", EDGE_LABELS), ("*outcome*", OUTCOME_LABELS))
_TITLES = {
    "edge": "Heartbeat",
    "workload": "Proxies, Envoy, containers, Kubernetes' objects",
    "ztunnel": "ztunnel",
    "controlplane": "istiod",
    "mesh": "Versions",
    "job": "Scraping",
    "metric": "Cardinality",
}


def page() -> str:
    """The text of docs/rules.md."""
    recordings = [*edge_recordings(Stack(edge=EdgeTier(sizes=True))), *cardinality()]
    lines = [_HEAD, *_cost(recordings)]
    for word, whole in _SHORT:
        lines.append(textwrap.fill(f"{word}: {', '.join(f'`{label}`' for label in whole)}", 100))
        lines.append("")
    for level, title in _TITLES.items():
        lines += [f"## {title}\n", "| series | labels | what it is |", "|---|---|---|"]
        lines += [
            f"| `{r.name}` | {labels_of(r)} | {r.purpose} |"
            for r in recordings
            if r.name.partition(":")[0] == level
        ]
        lines.append("")
    return "\n".join(lines)


def labels_of(recording: Recording) -> str:
    """The labels that a recorded series keeps, those of edges and outcomes by one word."""
    found = re.search(r"\bby \(([^)]*)\)", recording.expression)
    labels = found[1].replace(" ", "").split(",") if found else []
    for word, whole in reversed(_SHORT):
        if set(whole) <= set(labels):
            labels = [word, *(label for label in labels if label not in whole)]
    return ", ".join(label if label[0] == "*" else f"`{label}`" for label in labels)


def _cost(recordings: list[Recording]) -> list[str]:
    """How many series there are per thing that makes them."""
    per = Counter(_made_by(recording) for recording in recordings)
    outcome = per["outcome"] - 1 + BUCKETS  # one of these rules keeps `le`
    container = per["container"] + per["resource"]
    return [
        "## How many\n",
        f"For each edge and outcome {outcome} series ({BUCKETS} of them buckets); for each edge"
        f" up to {per['edge']} more,\nwhere there are gRPC messages or TCP; {container} for each"
        f" container of a workload ({per['resource']} of them for each\nresource), and"
        f" {per['upstream']} for each upstream cluster of a workload where Envoy's statistics are"
        " shown.\nNone of these grows with the number of pods. What it comes to for a mesh:"
        " `observe bootstrap estimate`.\n",
    ]


def _made_by(recording: Recording) -> str:
    labels = labels_of(recording)
    if "*outcome*" in labels:
        return "outcome"
    if "*edge*" in labels:
        return "sizes" if "`le`" in labels else "edge"
    if "`cluster_name`" in labels:
        return "upstream"
    if "`container`" in labels:
        return "resource" if "`resource`" in labels else "container"
    return "other"


def main() -> int:
    """Write or check; the exit code."""
    text = page()
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
