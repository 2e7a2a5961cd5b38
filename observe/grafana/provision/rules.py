"""Prometheus alerting rules as Grafana's own.

A Prometheus rule fires for every series that its expression returns. In Grafana that becomes a
query A, an expression B that is 1 for every series with a value, and a threshold C above 0, which
is the condition. A series that goes away resolves, and no series at all is no alert.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from observe.grafana.provision.model import Kind, Resource

#: How far back the instant query may look; Prometheus's own look-back is 5 minutes.
_RANGE_SECONDS = 600
#: Grafana's name for the data source of expressions.
_EXPRESSION = "__expr__"
_TICK_SECONDS = 10
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_INTERVAL = re.compile(r"([0-9]+)(ms|s|m|h|d|w)")


def rule_groups(
    files: Iterable[Mapping[str, Any]], folder: str, datasource: str
) -> tuple[Resource, ...]:
    """One resource a group that has alerts, by title; recording rules are left to Prometheus.

    Args:
        files: rule files, `{"groups": [...]}` as Prometheus reads them.
        folder: uid of the folder that they belong to.
        datasource: uid of the data source that is asked.
    """
    groups = {str(group["name"]): group for file in files for group in file["groups"]}
    found = (_group(name, groups[name], folder, datasource) for name in sorted(groups))
    return tuple(resource for resource in found if resource is not None)


def _group(name: str, group: Mapping[str, Any], folder: str, datasource: str) -> Resource | None:
    alerts = [rule for rule in group["rules"] if "alert" in rule]
    if not alerts:
        return None
    names = [str(rule["alert"]) for rule in alerts]
    # Grafana wants one title a rule; a burn rate has a rule for each pair of windows.
    titles = [t if names.count(t) == 1 else f"{t} ({i + 1})" for i, t in enumerate(names)]
    rules = [
        _rule(rule, name, title, folder, datasource)
        for rule, title in zip(alerts, titles, strict=True)
    ]
    body = {
        "title": name,
        "folderUid": folder,
        "interval": _interval_seconds(str(group.get("interval", "1m"))),
        "rules": rules,
    }
    return Resource(Kind.RULE_GROUP, name, name, body)


def _rule(
    rule: Mapping[str, Any], group: str, title: str, folder: str, datasource: str
) -> dict[str, Any]:
    return {
        "uid": _uid(folder, group, title),
        "title": title,
        "ruleGroup": group,
        "folderUID": folder,
        "condition": "C",
        "data": [_query(str(rule["expr"]), datasource), *_EXPRESSIONS],
        "for": _canonical(str(rule.get("for", "0s"))),
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": dict(rule.get("labels", {})),
        "annotations": {k: grafana_template(v) for k, v in rule.get("annotations", {}).items()},
    }


def grafana_template(text: str) -> str:
    """A template of Prometheus as Grafana reads it: the value of a series stands in `$values.A`.

    `$value` exists in Grafana too, and is a list of all values there. Grafana's templates cannot
    ask a server: what a block says after `{{ with ... | query }}` is left out.
    """
    text = re.sub(r"\{\{ with .*?\| query \}\}.*?\{\{ end \}\}", "", text)
    return re.sub(r"\$value\b", "$values.A.Value", text)


def _query(expression: str, datasource: str) -> dict[str, Any]:
    return {
        "refId": "A",
        "datasourceUid": datasource,
        "queryType": "",
        "relativeTimeRange": {"from": _RANGE_SECONDS, "to": 0},
        "model": {"refId": "A", "expr": expression, "instant": True, "range": False},
    }


def _expression(ref: str, model: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "refId": ref,
        "datasourceUid": _EXPRESSION,
        "queryType": "",
        "relativeTimeRange": {"from": 0, "to": 0},
        "model": {"refId": ref, **model},
    }


_HAS_VALUE = "is_number($A) || is_nan($A) || is_inf($A)"
_EXPRESSIONS = (
    _expression("B", {"type": "math", "expression": _HAS_VALUE}),
    _expression(
        "C",
        {
            "type": "threshold",
            "expression": "B",
            "conditions": [{"evaluator": {"params": [0], "type": "gt"}}],
        },
    ),
)


def _uid(folder: str, group: str, title: str) -> str:
    """Stable, and within the 40 characters that Grafana allows."""
    text = "\0".join((folder, group, title))
    return "observe-" + hashlib.sha256(text.encode()).hexdigest()[:24]


def _canonical(text: str) -> str:
    """A duration as Grafana writes it when it is asked: `90s` comes back as `1m30s`."""
    left, written = round(_seconds(text)), ""
    for unit in ("d", "h", "m", "s"):
        number, left = divmod(left, round(_UNITS[unit]))
        written += f"{number}{unit}" if number else ""
    return written or "0s"


def _interval_seconds(text: str) -> int:
    """Grafana's scheduler ticks each ten seconds, and refuses what is no multiple of that."""
    return max(_TICK_SECONDS, math.ceil(_seconds(text) / _TICK_SECONDS) * _TICK_SECONDS)


def _seconds(text: str) -> float:
    return sum(int(number) * _UNITS[unit] for number, unit in _INTERVAL.findall(text))
