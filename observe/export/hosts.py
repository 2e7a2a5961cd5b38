"""Host names of services as Istio reads them.

A name without a dot in a VirtualService is completed with the namespace of that object; a name
with a dot is taken as it stands, so `payment.shop` is *not* `payment.shop.svc.cluster.local`
(pkg/config/resource names, ResolveShortnameToFQDN).
"""

from __future__ import annotations

import re

CLUSTER_DOMAIN = "cluster.local"
#: Namespace whose DestinationRules count for the whole mesh (meshConfig.rootNamespace).
ROOT_NAMESPACE = "istio-system"

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


def resolve(host: str, namespace: str, domain: str = CLUSTER_DOMAIN) -> str:
    """The full name of a host written in an object of `namespace`."""
    if "." in host or host.startswith("*"):
        return host
    return f"{host}.{namespace}.svc.{domain}"


def domain_of(service: str) -> str:
    """The cluster domain at the end of a Kubernetes service name."""
    _, found, domain = service.partition(".svc.")
    return domain if found and domain else CLUSTER_DOMAIN


def short_name(service: str, namespace: str) -> str:
    """`payment` for `payment.shop.svc.cluster.local` in `shop`; other hosts are left whole."""
    name, found, _ = service.partition(f".{namespace}.svc.")
    return name if found else service


def abbreviates(written: str, service: str) -> bool:
    """Whether a dotted name such as `payment.shop` stops short of the service that was meant."""
    return "." in written and service.startswith(f"{written}.")


def covers(pattern: str, host: str) -> bool:
    """Whether a wildcard host (`*`, `*.shop.svc.cluster.local`) matches a host."""
    return pattern.startswith("*") and host != pattern and host.endswith(pattern[1:])


def overlap(left: str, right: str) -> bool:
    """Whether two hosts of one VirtualService mean the same traffic, which Istio refuses."""
    return left == right or covers(left, right) or covers(right, left)


def is_label(name: str) -> bool:
    """Whether a name is a DNS-1123 label: 1-63 of a-z, 0-9 and inner hyphens."""
    return bool(_LABEL.match(name))


def is_domain(host: str) -> bool:
    """Whether a host is made of DNS-1123 labels, 253 characters at most."""
    return 0 < len(host) <= 253 and all(is_label(part) for part in host.split("."))


def is_host(host: str) -> bool:
    """Whether a host may stand in a VirtualService: a domain, `*`, or `*.` and a domain."""
    return host == "*" or is_domain(host.removeprefix("*."))
