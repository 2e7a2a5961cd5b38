"""Objects in short form, and telemetry made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import networkx as nx

from observe.export.existing import objects_in
from observe.export.yaml_io import load_documents
from observe.lint.engine import LintOptions, lint
from observe.lint.model import Finding
from observe.lint.objects import GATEWAY_API, ConfigObject, without_nulls
from observe.lint.telemetry import TargetFacts, Telemetry
from observe.recommend.model import Advice, Withheld
from observe.recommend.timeout_model import TimeoutEvidence, TimeoutPredicted, TimeoutRecommendation
from observe.target import Target
from observe.telemetry.manifest import Source, Window

START = datetime(2026, 11, 16, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "lint.md"


def whole(spec: str, line: str = "# VirtualService") -> str:
    """A whole object from its kind, its name if it is not shop/payment, and its spec."""
    kind, _, name = line.removeprefix("# ").partition(" ")
    namespace, _, short = (name or "shop/payment").partition("/")
    version = GATEWAY_API[0] if kind == "HTTPRoute" else "networking.istio.io/v1"
    head = (
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {short}, namespace: {namespace}}}"
    )
    body = "\n".join(f"  {row}" for row in spec.splitlines())
    return f"{head}\nspec:\n{body}\n"


def expanded(text: str) -> str:
    """The short forms of a page, `# Kind namespace/name` and a spec each, as whole objects."""
    parts = [part.strip().split("\n", 1) for part in text.split("\n---\n")]
    return "---\n".join(whole(spec, line) for line, spec in parts)


def read(text: str, file: str = "a.yaml", folder: str = "") -> list[ConfigObject]:
    """The objects of a text."""
    return [
        ConfigObject(str(data["kind"]), without_nulls(data), file, folder, document, path)
        for document in load_documents(text, file)
        for data, path in objects_in(document.data)
    ]


def judged(
    text: str, telemetry: Telemetry | None = None, options: LintOptions | None = None
) -> tuple[Finding, ...]:
    """The findings about short forms."""
    return lint(read(expanded(text)), telemetry, options)


def found(
    text: str, code: str, telemetry: Telemetry | None = None, options: LintOptions | None = None
) -> list[Finding]:
    """The findings of one code about short forms."""
    return [f for f in judged(text, telemetry, options) if f.code == code]


def route(rest: str, host: str = "payment", name: str = "shop/payment") -> str:
    """A VirtualService with one route, in short form."""
    body = "\n".join(f"    {row}" for row in rest.strip().splitlines())
    return (
        f"# VirtualService {name}\nhosts: [{host}]\nhttp:\n  - route:\n"
        f"      - destination: {{host: {host}}}\n{body}"
    )


def policy(rest: str, name: str = "shop/payment") -> str:
    """A DestinationRule with a policy, in short form."""
    body = "\n".join(f"  {row}" for row in rest.strip().splitlines())
    return f"# DestinationRule {name}\nhost: payment\ntrafficPolicy:\n{body}"


def target(name: str, cluster: str | None = None) -> Target:
    """A service of the shop."""
    return Target(cluster=cluster, namespace="shop", service=f"{name}.shop.svc.cluster.local")


def advised(
    name: str, low: float, estimate: float, high: float, proposed: str
) -> TimeoutRecommendation:
    """A timeout recommended for a service."""
    return TimeoutRecommendation(
        id=f"timeout/-/shop/{name}",
        kind="timeout",
        target=target(name),
        current=None,
        proposed={"timeout": proposed},
        confidence="high",
        severity="info",
        reasons=(),
        message="",
        evidence=TimeoutEvidence(
            requests=100_000.0,
            quantile=0.999,
            estimate_ms=estimate,
            low_ms=low,
            high_ms=high,
            bracket_low_ms=low,
            bracket_high_ms=high,
            busy_hours=17,
            busy_requests=20_000.0,
            week_estimate_ms=estimate,
            median_ms=estimate / 10,
            censored_fraction=0.0,
            design_effect=1.0,
            coverage=1.0,
        ),
        predicted=TimeoutPredicted(fraction_cut=0.0, requests_cut_per_day=0.0),
    )


def facts(name: str, clients: dict[tuple[str, str], float], **more: object) -> TargetFacts:
    """A record of 100,000 requests; clients: (namespace, workload) → requests under way."""
    fields: dict[str, object] = {
        "target": target(name),
        "requests": 100_000.0,
        "flags": {},
        "too_many": 0.0,
        "failures": 0.0,
        "amplification": 1.0,
        "servers": frozenset({("", "shop", name)}),
    }
    callers = {("", namespace, workload): n for (namespace, workload), n in clients.items()}
    return TargetFacts(
        clients=frozenset(callers),
        under_way=callers,
        **(fields | more),  # type: ignore[arg-type]
    )


def page_telemetry(*, trouble: bool = True, cycle: bool = False) -> Telemetry:
    """What the page says that its examples assume."""
    window = Window(
        start=START, end=START + timedelta(days=7), step_seconds=60, coarse_step_seconds=3600
    )
    cut = "1.79% of the requests were cut before they could end. Raise the timeout"
    advice = Advice(
        generated_at=START,
        window=window,
        source=Source(),
        recommendations=(
            advised("payment", 380.0, 400.0, 430.0, "450ms"),
            advised("ledger", 75.0, 80.0, 90.0, "95ms"),
        ),
        withheld=(
            Withheld(kind="timeout", target=target("search"), reason="CENSORED_TAIL", message=cut),
            Withheld(kind="timeout", target=target("events"), reason="STREAM", message="a stream"),
        ),
    )
    bad = {"UO": 2_000.0, "URX": 500.0, "UT": 300.0, "UH": 200.0} if trouble else {}
    records = (
        facts("frontend", {("istio-system", "gateway"): 3.0}),
        facts(
            "payment",
            {("shop", "frontend"): 24.0, ("web", "portal"): 1.0},
            flags=bad,
            failures=sum(bad.values()),
            amplification=1.25 if trouble else 1.0,
        ),
        facts("ledger", {("shop", "payment"): 2.0}),
        facts("search", {("shop", "frontend"): 1.0}),
    )
    graph: nx.DiGraph[str] = nx.DiGraph()
    calls = [("frontend", "payment"), ("payment", "ledger")]
    for caller, callee in [*calls, *([("ledger", "payment")] if cycle else [])]:
        graph.add_edge(f"-/shop/{caller}", f"-/shop/{callee}", per_request=1.0)
    return Telemetry(
        advice=advice,
        facts={record.target.path: record for record in records},
        graph=graph,
        pods={("", "shop", "frontend"): (2, 2), ("", "web", "portal"): (1, 1)},
        whole=True,
    )
