"""What the templates of the report call: values in, plain text out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from observe.recommend.model import AnyRecommendation, Withheld, WorstPath
from observe.recommend.pool_model import PoolRecommendation
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.report import format as fmt
from observe.report import words
from observe.report.escape import plain, shorten
from observe.report.kinds import lines_of, now_text
from observe.report.lines import KIND_NAMES
from observe.report.parts import Entry
from observe.report.quality import Fact
from observe.report.reason_words import reason_words

#: Messages are sentences of ours around label values of others.
LONGEST_MESSAGE = 600
#: A client's name, its namespace, its numbers with units.
Client = tuple[str, str, tuple[str, ...]]


def filters() -> dict[str, Any]:
    """What both templates call."""
    return {
        "short": shorten,
        "message": lambda text: plain(shorten(text, LONGEST_MESSAGE)),
        "setting": fmt.setting_text,
        "share": fmt.share_text,
        "span": lambda pair: fmt.span_text(*pair),
        "number": fmt.plural,
        "now": now_text,
        "proposed": lambda r, policy: lines_of(r, policy).proposed,
        "fields": fields_of,
        "clients": clients_of,
        "client_heads": client_heads,
        "reason": reason_words,
        "kind": KIND_NAMES.__getitem__,
        "service": words.service_name,
        "place": words.place,
        "near": near_text,
        "names": words.names_text,
        "tally": tally_text,
        "recommendations": lambda entries: [entry.recommendation for entry in entries],
        "targets": targets_text,
        "path_text": path_text,
        "sentence": sentence,
        "first_sentence": first_sentence,
        "spark": spark_path,
    }


def fields_of(settings: Mapping[str, Any], prefix: str = "") -> list[Fact]:
    """Settings as they are written, fields of a block with its name in front of theirs."""
    found: list[Fact] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found += fields_of(value, f"{prefix}{name}.")
        else:
            text = "not set" if value is None else shorten(value)
            found.append(Fact(f"{prefix}{name}", text))
    return found


def clients_of(recommendation: AnyRecommendation) -> list[Client]:
    """The client workloads that a recommendation knows."""
    if isinstance(recommendation, TimeoutRecommendation):
        return [
            (
                c.workload,
                c.namespace,
                (
                    fmt.count_text(c.requests),
                    fmt.duration_text(c.estimate_ms),
                    fmt.share_text(c.fraction_cut),
                ),
            )
            for c in recommendation.evidence.callers
        ]
    if isinstance(recommendation, PoolRecommendation):
        return [
            (
                p.workload,
                p.namespace,
                (
                    fmt.count_text(p.proxies),
                    fmt.rate_text(p.busiest_rps),
                    fmt.count_text(p.concurrency),
                ),
            )
            for p in recommendation.evidence.clients
        ]
    return []


def client_heads(recommendation: AnyRecommendation) -> tuple[str, ...]:
    """Headings of the numbers of :func:`clients_of`."""
    if isinstance(recommendation, TimeoutRecommendation):
        return ("Requests", "Its quantile", "Cut by the proposal")
    return ("Proxies", "Busiest proxy", "Under way there")


def near_text(item: words.HasTarget) -> str:
    """Namespace and cluster as briefly as a table wants them: `shop, east`."""
    parts = (item.target.namespace, item.target.cluster)
    return ", ".join(shorten(part, 20) for part in parts if part)


def targets_text(items: Sequence[Withheld], most: int = 8) -> str:
    """`cart (shop), payment (shop) and 3 more`."""
    text = ", ".join(f"{words.service_name(item)} ({words.place(item)})" for item in items[:most])
    return text + (f" and {len(items) - most} more" if len(items) > most else "")


def tally_text(entries: Sequence[Entry]) -> str:
    """`18 retries, 32 connection pool`: how many of each kind."""
    counts = Counter(entry.name for entry in entries)
    return ", ".join(f"{name}: {number}" for name, number in counts.items())


def path_text(path: WorstPath) -> str:
    """The path along which tries multiply most, in a sentence or two."""
    names = " → ".join(
        f"{shorten(target)} ({fmt.significant(tries)})"
        for target, tries in zip(path.targets, path.tries, strict=True)
    )
    product, most = fmt.significant(path.product), fmt.significant(path.most)
    verdict = "is within" if path.product <= path.most * (1 + 1e-9) else "is more than"
    text = (
        f"Once all of it is followed, one request can become {product} tries of the last service "
        f"along {names}, which {verdict} the {most} that the policy allows."
    )
    without = path.without_budgets
    if without is not None and without > path.product * (1 + 1e-9):
        text += f" Without the budgets it would be {fmt.significant(without)}."
    if path.by_default:
        text += f" Istio's default retries apply to {_listed(path.by_default)}."
    return text


def _listed(targets: Iterable[str], most: int = 5) -> str:
    names = [shorten(target) for target in targets]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def spark_path(values: Sequence[float], width: int = 84, height: int = 18) -> str:
    """The `d` of an SVG path: an area of this size from 0 to the largest value."""
    top = max(values, default=0.0)
    if top <= 0:
        return f"M0 {height}H{width}"
    step = width / len(values)
    points = "".join(
        f"L{round((i + 0.5) * step, 1):g} {round(height * (1 - 0.95 * v / top), 1):g}"
        for i, v in enumerate(values)
    )
    return f"M0 {height}{points}L{width} {height}z"


def sentence(text: str) -> str:
    """The same text with a capital at the start."""
    return text[:1].upper() + text[1:]


def first_sentence(text: str) -> str:
    """What stands before the first full stop that ends a sentence, with it."""
    end = re.search(r"\.(?=\s+[A-Z0-9])", text)
    return text if end is None else text[: end.end()]
