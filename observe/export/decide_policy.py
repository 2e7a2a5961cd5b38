"""Connection pools and retry budgets: blocks of a host's DestinationRule."""

from __future__ import annotations

from typing import Any

from observe.export.current import Current
from observe.export.decide_rule import Decision, rule_decision, rule_fields, rule_place
from observe.export.decide_sidecar import decide_inbound
from observe.export.existing_destinationrule import ExistingDestinationRule
from observe.export.fields import BUDGET, POOL
from observe.export.options import ExportOptions
from observe.export.refusals import Refusal, Skipped
from observe.export.releases import refuses_budget_alone, subsets_lose_budget
from observe.recommend.model import AnyRecommendation


def decide_pool(
    advice: AnyRecommendation, current: Current | None, options: ExportOptions
) -> Decision:
    """What to do about one connection pool, of the clients and of the servers.

    Raises:
        InputError: a value in the advice or in a current file cannot be read.
    """
    place = rule_place(advice, current, "connectionPool")
    if isinstance(place, Refusal):
        return place
    inbound = decide_inbound(advice, current, options)
    notes: list[str] = []
    if isinstance(inbound, Refusal):
        advice, notes = _larger_need(advice, inbound.message)
        inbound = ()
    fields = rule_fields(advice, POOL, place, options)
    if isinstance(fields, Refusal):
        return fields
    fields.notes += notes
    clients = rule_decision(advice, place, fields)
    if isinstance(clients, Refusal) or not isinstance(inbound, tuple):
        return clients
    return (*clients, *inbound) if isinstance(clients, tuple) else inbound or clients


def _larger_need(advice: AnyRecommendation, why: str) -> tuple[AnyRecommendation, list[str]]:
    """One limit for clients and servers, as Istio applies it to both.

    A server's sidecar must not be held to what one client needs.
    """
    servers = advice.proposed.get("inboundConnectionPool") or {}
    larger: dict[str, Any] = {
        name: value for name, value in advice.proposed.items() if name != "inboundConnectionPool"
    }
    raised = [
        name
        for name, value in servers.items()
        if isinstance(larger.get(name), int) and value is not None and value > larger[name]
    ]
    larger |= {name: servers[name] for name in raised}
    said = ", ".join(f"{name} {larger[name]}" for name in raised)
    note = "the servers' own limits are not written: " + why
    note += f"; {said} is what the servers need" if raised else ""
    return advice.model_copy(update={"proposed": larger}), [note]


def decide_budget(
    advice: AnyRecommendation, current: Current | None, options: ExportOptions
) -> Decision:
    """What to do about the budget of one host's retries.

    Raises:
        InputError: a value in the advice or in a current file cannot be read.
    """
    if not advice.proposed.get("retryBudget"):
        return Skipped(advice.id, "")
    place = rule_place(advice, current, "retryBudget", needed=False)
    if isinstance(place, Refusal):
        return place
    fields = rule_fields(advice, BUDGET, place, options)
    if isinstance(fields, Refusal):
        return fields
    rule = place.existing if place else None
    lost = _budget_is_lost(rule, options)
    if fields.notes or lost or not fields.changes:
        return Skipped(advice.id, "; ".join([*fields.notes, *([lost] if lost else [])]))
    return rule_decision(advice, place, fields)


def _budget_is_lost(rule: ExistingDestinationRule | None, options: ExportOptions) -> str:
    """Why a release would refuse or drop the budget; "" where it does not."""
    release = options.release
    policy = rule.policy if rule else {}
    if refuses_budget_alone(release) and not policy.keys() - {"retryBudget"}:
        return "retryBudget is left out: Istio 1.27.0 refuses a trafficPolicy of nothing else"
    named = [name for name, _ in rule.subsets_with_policy()] if rule else []
    if release is not None and named and subsets_lose_budget(release):
        return (
            f"retryBudget is left out: Istio {release} drops it for subsets with a policy of "
            f"their own ({', '.join(named)})"
        )
    return ""
