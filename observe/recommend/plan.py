"""Makes recommendations of all kinds agree with one another: one consistent set over the mesh.

Timeouts agree first (`plan_timeouts`), retries are fitted into them (`plan_fit`) and shared out
along the paths of calls (`plan_retries`); pools then have to bear what retries add and what
ejected hosts leave to the others (`plan_pools`). The method stands in docs/method-plan.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import networkx as nx

from observe.durations import parse_ms
from observe.recommend.current import CurrentSettings
from observe.recommend.model import Withheld
from observe.recommend.plan_fit import fit_into_timeouts
from observe.recommend.plan_retries import RetryPlan, agree_on_retries
from observe.recommend.policy import RetryPolicy
from observe.recommend.retry_model import RetryRecommendation
from observe.recommend.timeout_model import TimeoutRecommendation
from observe.signals.callgraph import RARE_CALL, calls_made
from observe.signals.worst_paths import product_of, worst_paths
from observe.target import Target


def timeouts_that_hold(
    timeouts: Iterable[TimeoutRecommendation], withheld: Iterable[Withheld]
) -> dict[str, float]:
    """Target path → timeout (ms) once the advice is followed; absent where there is none.

    What is set stays where a timeout is withheld.
    """
    kept = {w.target.path: (w.current or {}).get("timeout") for w in withheld}
    proposed = {t.target.path: t.proposed["timeout"] for t in timeouts}
    texts = {path: text for path, text in (kept | proposed).items() if text is not None}
    return {path: float(parse_ms(text)) for path, text in texts.items()}


def plan_retries(
    retries: Sequence[RetryRecommendation],
    targets: Iterable[Target],
    graph: nx.DiGraph[str],
    current: CurrentSettings | None,
    policy: RetryPolicy,
    timeouts_ms: Mapping[str, float],
    defaults: Mapping[str, RetryRecommendation] | None = None,
) -> RetryPlan:
    """Retries that fit into their timeouts and multiply along no path beyond the bound.

    Args:
        retries: the recommendations as each target alone would have them.
        targets: all targets of the mesh; what is set stays where there is no recommendation.
        graph: the call graph (:func:`observe.signals.callgraph.call_graph`).
        current: the settings that are there; nothing is known of them when None.
        policy: the knobs.
        timeouts_ms: see :func:`timeouts_that_hold`.
        defaults: target path → Istio's default with a budget, see
            :func:`observe.recommend.retries.recommend_retries`.
    """
    fitting, changes = fit_into_timeouts(retries, timeouts_ms)
    advised = {retry.target.path for retry in fitting}
    others = [target for target in targets if target.path not in advised]
    calls = calls_made(graph, RARE_CALL)
    most = float(policy.most_tries_per_path)
    plan = agree_on_retries(fitting, others, calls, current, most, defaults)
    return RetryPlan(plan.retries, [*changes, *plan.changes], plan.worst)


def load_factors(
    retries: Iterable[RetryRecommendation], graph: nx.DiGraph[str]
) -> dict[str, float]:
    """Target path → factor on its load that retries may bring in the worst hour, 1 or more.

    Retries of a caller are requests that call again, so that the factors multiply along the
    worst path to a target. The upper ends of the predicted intervals count.
    """
    calls = calls_made(graph, RARE_CALL)
    own = dict.fromkeys(calls, 1.0)
    own |= {retry.target.path: 1.0 + _worst_load(retry) for retry in retries}
    calls.add_nodes_from(sorted(own))
    paths = worst_paths(calls, own)
    return {path: product_of(paths.leading_to(path), own) for path in calls}


def _worst_load(retry: RetryRecommendation) -> float:
    value = retry.predicted.added_load_worst_hour
    _, high = retry.predicted_interval.get("addedLoadWorstHour", (value, value))
    return max(0.0, value, high)
