"""All rules over all objects: a pure function of objects, telemetry and release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from observe.export.hosts import ROOT_NAMESPACE
from observe.export.releases import Release
from observe.export.retries import DEFAULT_ATTEMPTS
from observe.lint.callpaths import check_paths
from observe.lint.conflicts import check_conflicts
from observe.lint.httproutes import check_http_routes
from observe.lint.measured_load import check_load
from observe.lint.measured_timeouts import check_timeouts
from observe.lint.model import Finding, in_order
from observe.lint.objects import JUDGED, ConfigObject
from observe.lint.outliers import check_outliers
from observe.lint.pools import check_pools
from observe.lint.structure import check_structure
from observe.lint.subsets import check_subsets
from observe.lint.syntax import check_destination_rule, check_virtual_service
from observe.lint.telemetry import Telemetry
from observe.lint.tries import check_tries
from observe.lint.versions import check_versions
from observe.lint.world import World


@dataclass(frozen=True)
class LintOptions:
    """What the objects are judged against.

    Attributes:
        release: the control plane's; an unknown one may have every bug and every field.
        complete: whether the objects are all that a cluster has.
        default_attempts: meshConfig.defaultHttpRetryPolicy.attempts.
        root_namespace: meshConfig.rootNamespace.
        only: codes to report; all when empty.
        ignore: codes not to report.
    """

    release: Release | None = None
    complete: bool = False
    default_attempts: int = DEFAULT_ATTEMPTS
    root_namespace: str = ROOT_NAMESPACE
    only: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()


def lint(
    objects: Sequence[ConfigObject],
    telemetry: Telemetry | None = None,
    options: LintOptions | None = None,
) -> tuple[Finding, ...]:
    """Everything that is wrong, by file and line; the same input gives the same findings.

    Objects in a sub-folder that is named after a cluster of the telemetry count for that cluster
    only; all others count for every cluster.
    """
    options = options or LintOptions()
    telemetry = telemetry or Telemetry()
    found: list[Finding] = []
    sound: list[ConfigObject] = []
    for item in objects:
        refused = check_structure(item) if item.kind in JUDGED else []
        found += refused
        if not refused:
            sound.append(item)
            found += _alone(item, options.release) if item.kind in JUDGED else []
    found += _together(_worlds(sound, telemetry, options), telemetry)
    chosen = (f for f in found if not options.only or f.code in options.only)
    return in_order(f for f in chosen if f.code not in options.ignore)


def _alone(item: ConfigObject, release: Release | None) -> Iterator[Finding]:
    if item.kind == "VirtualService":
        yield from check_virtual_service(item)
    else:
        yield from check_destination_rule(item)
    yield from check_versions(item, release)


@dataclass(frozen=True)
class _Worlds:
    """The objects of each cluster that has a folder, and those of all others."""

    named: dict[str, World]
    others: World

    def of(self, cluster: str | None) -> World:
        """What the clients in a cluster use."""
        return self.named.get(cluster or "", self.others)


def _worlds(sound: list[ConfigObject], telemetry: Telemetry, options: LintOptions) -> _Worlds:
    def world(items: list[ConfigObject]) -> World:
        return World(
            tuple(items), options.complete, options.default_attempts, options.root_namespace
        )

    folders = telemetry.clusters & {item.folder for item in sound}
    everywhere = [item for item in sound if item.folder not in folders]
    named = {
        name: world([item for item in sound if item.folder == name or item.folder not in folders])
        for name in sorted(folders)
    }
    return _Worlds(named, world(everywhere))


def _together(worlds: _Worlds, telemetry: Telemetry) -> Iterator[Finding]:
    clusters = sorted({target.cluster or "" for target in telemetry.targets.values()})
    for world in (worlds.others, *worlds.named.values()):
        here = [name for name in clusters if worlds.of(name) is world]
        yield from check_tries(world)
        yield from check_conflicts(world)
        yield from check_http_routes(world)
        yield from check_subsets(world)
        yield from check_outliers(world, _replicas(telemetry, here))
        yield from check_pools(world)
        facts = [f for f in telemetry.facts.values() if (f.target.cluster or "") in here]
        yield from check_load(world, telemetry, facts)
        targets = [t for t in telemetry.targets.values() if (t.cluster or "") in here]
        yield from check_timeouts(world, telemetry, targets)
    if telemetry.graph.number_of_nodes():
        yield from check_paths(telemetry, worlds.of)


def _replicas(telemetry: Telemetry, clusters: Sequence[str]) -> dict[str, int]:
    """Full host → its usual number of pods, where it is smallest."""
    found: dict[str, int] = {}
    for name in clusters:
        for host, pods in telemetry.replicas(name or None).items():
            found[host] = min(pods, found.get(host, pods))
    return found
