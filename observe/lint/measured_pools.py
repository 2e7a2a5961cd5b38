"""Connection pools that are set against the requests that were under way."""

from __future__ import annotations

import math
from collections.abc import Iterator

from observe.export.yaml_io import YamlPath
from observe.lint.model import Finding, Rule
from observe.lint.objects import ConfigObject
from observe.lint.telemetry import TargetFacts, Telemetry
from observe.recommend.pool_model import PoolRecommendation

POOL_BELOW_CONCURRENCY = Rule(
    "POOL_BELOW_CONCURRENCY", "critical", "a pool is smaller than the requests under way"
)

#: Requests under way, whether the number of proxies is known, and words for it.
PoolNeed = tuple[float, bool, str]


def check_pool(
    rule: ConfigObject, path: YamlPath, limit: str, value: int, needs: list[PoolNeed]
) -> Iterator[Finding]:
    """A limit against the largest of the needs."""
    need, known, words = max(needs, default=(0.0, False, ""))
    if need <= 0 or need + math.sqrt(need) <= value:
        return
    short = need > value
    by_chance = f", and chance alone makes that {need + math.sqrt(need):.3g} at times"
    yield POOL_BELOW_CONCURRENCY.at(
        rule,
        path,
        f"{limit} {value}: {words} in the busiest step{'' if short else by_chance}",
        f"Set {limit} to {math.ceil(need + 3 * math.sqrt(need))} or more; it limits each client's "
        "proxy and each server's.",
        None if short and known else "warning" if short or known else "info",
    )


def needs_of(facts: TargetFacts, telemetry: Telemetry, *, inbound: bool) -> list[PoolNeed]:
    """Requests under way per proxy, whether the number of proxies is known, and words for it.

    Of every client; and of the servers, where the limit counts for them too (`inbound`).
    """
    advised = telemetry.pools.get(facts.target.path)
    if advised is not None:
        return _advised(facts, advised, inbound=inbound)
    found = []
    name = facts.target.path
    for client, most in sorted(facts.under_way.items()):
        pods = telemetry.pods.get(client, (0, 0))[1]
        need = most / pods if pods else most
        which = f"each of its {pods} proxies" if pods else "all its proxies together"
        who = "/".join(part or "-" for part in client)
        found.append(
            (need, pods > 0, f"{who} had {need:.3g} requests to {name} under way from {which}")
        )
    servers = sum(telemetry.pods.get(server, (0, 0))[1] for server in facts.servers)
    if inbound and servers and facts.servers <= telemetry.pods.keys():
        need = facts.all_under_way / servers
        words = f"each of the {servers} servers of {name} had {need:.3g} requests under way"
        found.append((need, True, f"{words} from all clients"))
    return found


def _advised(facts: TargetFacts, advised: PoolRecommendation, *, inbound: bool) -> list[PoolNeed]:
    """The same from the pool's evidence: proxies and incidents are told apart there."""
    evidence, name = advised.evidence, facts.target.path
    client = evidence.clients[0]
    words = f"{client.namespace}/{client.workload} had {client.concurrency:.3g} requests to {name}"
    known = client.proxies is not None
    which = "its busiest proxy" if known else "all its proxies together"
    found: list[PoolNeed] = [(client.concurrency, known, f"{words} under way from {which} (p99.9)")]
    if inbound and evidence.concurrency_server is not None:
        need = evidence.concurrency_server
        words = f"a server of {name} had {need:.3g} requests under way from all clients (p99.9)"
        found.append((need, evidence.servers is not None, words))
    return found
