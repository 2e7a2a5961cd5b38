"""Finds the objects that may have to do with a service without looking at all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class HostIndex(Generic[_Item]):
    """Objects by the hosts they are written with.

    A host may be written in full, in short (`payment`), cut off (`payment.shop`) or as a wildcard;
    all but the last begin the full name of the service, up to a dot.
    """

    def __init__(self, items: Iterable[_Item], hosts: Callable[[_Item], Iterable[str]]) -> None:
        self._items = tuple(items)
        self._by_host: dict[str, list[int]] = defaultdict(list)
        self._wildcards: list[int] = []
        for place, item in enumerate(self._items):
            for host in dict.fromkeys(hosts(item)):
                known = self._wildcards if host.startswith("*") else self._by_host[host]
                known.append(place)

    def candidates(self, service: str) -> tuple[_Item, ...]:
        """All objects with a host that could mean the service, in their order."""
        places = set(self._wildcards)
        labels = service.split(".")
        for count in range(1, len(labels) + 1):
            places.update(self._by_host.get(".".join(labels[:count]), ()))
        return tuple(self._items[place] for place in sorted(places))
