"""CPU and memory of one container: three variants side by side, or why there are none.

    resource_usage        what was used, step by step; starts told from steady use
    resource_level        which level of use a request has to reach
    resource_cpu          what the busiest pod needs of the CPU; request, limit
    resource_memory       what the largest pod needs of the memory; growth, kills
    resource_growth       whether memory grows, and whether it leaks
    resource_confidence   whether there is enough, and how sure it is
    resource_score        what a size would have meant
    resource_rules        what krr and the VPA would say
    resource_autoscaling  the HPA's target for a new request

The method and its sources stand in docs/method-resources.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from observe.recommend.resource_confidence import cpu_confidence, memory_confidence, too_little
from observe.recommend.resource_cpu import cpu_limit, cpu_need, cpu_request
from observe.recommend.resource_memory import (
    MemoryNeed,
    margin,
    memory_need,
    memory_request,
    whole_mib,
)
from observe.recommend.resource_model import CpuSize, MemorySize, Size, Sizes, Tested, Withheld
from observe.recommend.resource_policy import MIB, ResourcePolicy, VariantPolicy
from observe.recommend.resource_reasons import ResourceReason
from observe.recommend.resource_score import Score, score
from observe.recommend.resource_usage import Usage, replica_skew
from observe.stats.windows import split

Floats = NDArray[np.float64]


def sizes(of: Usage, policy: ResourcePolicy | None = None) -> Sizes:
    """Three variants for one container.

    Args:
        of: what it used.
        policy: the knobs; the defaults when None.
    """
    policy = policy or ResourcePolicy()
    memory, withheld = _memory(of, policy)
    lacking = too_little(of, of.cpu, "CPU", policy)
    if lacking:
        withheld = (Withheld("cpu", *lacking), *withheld)
    found = {
        name: Size(
            _cpu_size(of, variant, policy),
            _memory_size(of, memory, variant, policy) if memory else None,
        )
        for name, variant in _variants(policy).items()
    }
    tested = backtest(of, policy)
    cpu = found["balanced"].cpu
    return Sizes(
        **found,
        cpu_confidence=cpu_confidence(of, cpu.need, tested.cpu, policy) if cpu else None,
        memory_confidence=memory_confidence(of, memory, tested.memory, policy) if memory else None,
        withheld=withheld,
        skew=replica_skew(of),
        tested=tested,
    )


def backtest(of: Usage, policy: ResourcePolicy) -> Tested:
    """The balanced requests of the first part of what is known on the rest."""
    known = np.flatnonzero(np.isfinite(of.cpu) | np.isfinite(of.memory))
    of = of.part(int(known[0]), int(known[-1]) + 1) if known.size else of
    cut = int(split(of.count, policy.training_share)[0].sum()) if of.count >= 2 else of.count
    first, rest = of.part(0, cut), of.part(cut, of.count)
    cpu = memory = None
    if too_little(first, first.cpu, "CPU", policy) is None:
        need = cpu_need(first, policy.balanced, policy, draws=0)
        if need:
            request = cpu_request(need.cores, policy.balanced, policy)
            cpu = _score(rest, request, rest.cpu, rest.cpu_mean)
    kept, _ = _memory(first, policy)
    if kept:
        memory = _score(rest, memory_request(kept, policy.balanced, policy), rest.memory)
    return Tested(cpu, memory)


def _variants(policy: ResourcePolicy) -> dict[str, VariantPolicy]:
    return {"cost": policy.cost, "balanced": policy.balanced, "safe": policy.safe}


def _cpu_size(of: Usage, variant: VariantPolicy, policy: ResourcePolicy) -> CpuSize | None:
    """One variant of the CPU; None where it is withheld."""
    if too_little(of, of.cpu, "CPU", policy):
        return None
    need = cpu_need(of, variant, policy)
    if need is None:
        return None
    request = cpu_request(need.cores, variant, policy)
    limit, about_limit = cpu_limit(of, request, variant)
    idle = need.cores <= policy.least_cpu
    return CpuSize(
        request=request,
        low=cpu_request(need.low, variant, policy),
        high=cpu_request(need.high, variant, policy),
        limit=limit,
        reasons=(
            *((ResourceReason.CPU_IDLE,) if idle else need.shaped_by),
            *((about_limit,) if about_limit else ()),
        ),
        score=_score(of, request, of.cpu, of.cpu_mean),
        need=need,
    )


def _memory_size(
    of: Usage, need: MemoryNeed, variant: VariantPolicy, policy: ResourcePolicy
) -> MemorySize:
    request = memory_request(need, variant, policy)
    limit = max(request, whole_mib(request * variant.memory_limit_room))
    rules = {
        ResourceReason.MEMORY_GROWS: need.growth > 0.02 * need.peak,
        ResourceReason.MEMORY_OOM_RAISED: need.oom_kills > 0,
        ResourceReason.MEMORY_FLOOR: request == policy.least_memory,
    }
    high = (need.need + need.growth_high) * (1 + margin(np.nan, variant))
    return MemorySize(
        request=request,
        low=min(request, max(whole_mib(need.need), policy.least_memory)),
        high=max(request, whole_mib(high)),
        limit=limit,
        reasons=tuple(reason for reason, holds in rules.items() if holds),
        score=_score(of, request, of.memory),
        limit_score=_score(of, limit, of.memory),
        need=need,
    )


def _memory(of: Usage, policy: ResourcePolicy) -> tuple[MemoryNeed | None, tuple[Withheld, ...]]:
    """The need, or why there is none; a leak is not a size."""
    lacking = too_little(of, of.memory, "memory", policy)
    if lacking:
        return None, (Withheld("memory", *lacking),)
    need = memory_need(of, policy)
    if need and need.leak:
        daily = need.per_week / 7
        message = f"grows by {daily / MIB:,.0f} MiB a day whatever the load: find the leak"
        room = (of.memory_limit or 0.0) - need.last
        if room > 0:
            message += f"; the limit is reached in {room / daily:.1f} days"
        return None, (Withheld("memory", ResourceReason.MEMORY_LEAK, message),)
    return need, ()


def _score(of: Usage, size: float, used: Floats, mean: Floats | None = None) -> Score:
    return score(used, size, step_seconds=of.step_seconds, start=of.start, mean=mean)
