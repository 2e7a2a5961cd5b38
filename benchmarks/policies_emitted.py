"""What is exported, judged by the linter, and how long the plan of a large mesh takes."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from plan import pools_of, random_calls, retries_of
from policies_settings import settings_of

from observe.demo.truth import Truth
from observe.export.current import Current, read_current
from observe.export.options import ExportOptions
from observe.export.plan import plan_export
from observe.lint.engine import lint
from observe.lint.model import Finding, at_least
from observe.lint.read import read_inventory
from observe.lint.telemetry import telemetry_of
from observe.recommend.model import Advice
from observe.recommend.plan import load_factors, plan_retries
from observe.recommend.plan_pools import agree_on_pools
from observe.recommend.plan_timeouts import agree_on_timeouts
from observe.recommend.policy import RetryPolicy
from observe.telemetry.snapshot import Snapshot

#: What the linter says of overflows and missing hosts is about the week that was measured, in which
#: nothing of this was set.
OF_THE_PAST = frozenset({"POOL_OVERFLOWS", "ALL_HOSTS_EJECTED"})

#: The set is judged as it is in the end, not half-way there.
_ANY_CHANGE = 1e9


def current_of(truth: Truth) -> Current:
    """What is set in a mesh, read as from a repository."""
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), settings_of(truth))
        return read_current([Path(folder)])


def findings_of(
    truth: Truth, snapshot: Snapshot, advice: Advice, current: Current
) -> tuple[int, list[Finding]]:
    """Files that are exported, and what is wrong once they are beside and in place of the old ones.

    Findings count from severity warning on.
    """
    export = plan_export(advice, current, ExportOptions(max_change=_ANY_CHANGE))
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), settings_of(truth) | export.files)
        inventory = read_inventory([Path(folder)])
        found = lint(inventory.objects, telemetry_of(snapshot, advice))
    return len(export.files), [f for f in found if at_least(f.severity, "warning")]


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def report_findings(files: int, findings: list[Finding]) -> list[tuple[str, str]]:
    """Figures with their names."""
    codes = Counter(f.code for f in findings)
    past = sum(codes.pop(code, 0) for code in OF_THE_PAST)
    return [
        ("files exported", str(files)),
        ("findings of the linter in them, warning or worse", str(codes.total())),
        *((f"  {code}", str(number)) for code, number in codes.most_common()),
        ("  beside overflows and missing hosts of the week before", str(past)),
    ]


def seconds_of_plan(services: int, calls: int, seed: int) -> float:
    """Time that it takes to make the recommendations of a random mesh agree."""
    rng = np.random.default_rng(seed)
    graph = random_calls(services, calls, rng)
    wanted = {path: float(rng.lognormal(5.5, 1.0)) for path in graph}
    retries, pools = retries_of(services, rng), pools_of(services, rng)
    start = time.perf_counter()
    agreed, _ = agree_on_timeouts(wanted, {}, graph)
    plan = plan_retries(retries, [], graph, None, RetryPolicy(), agreed)
    agree_on_pools(pools, [], load_factors(plan.retries, graph))
    return time.perf_counter() - start
