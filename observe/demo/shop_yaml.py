"""The VirtualServices that the demo's mesh has already, as people write and comment them."""

from __future__ import annotations

_SHIPPING = """\
# The carrier's API hung for minutes last spring, so checkout gives up after a second.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shipping
  namespace: shop
  labels:
    team: fulfilment
spec:
  hosts:
    - shipping
  http:
    - name: quotes
      route:
        - destination:
            host: shipping
            port:
              number: 8080
      timeout: 1s  # see the incident review
      retries:
        attempts: 0  # quotes are not idempotent on the carrier's side
"""

_ADS = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ads
  namespace: shop
  annotations:
    # keep: read by the inventory of owned hosts
    example.com/owner: growth
spec:
  hosts:
    - ads.shop.svc.cluster.local
  http:
    - route:
        - destination:
            host: ads.shop.svc.cluster.local
      # copied from the gateway, nobody remembers why
      timeout: 30s
"""

_CATALOG = """\
# Canary of the new catalogue: no timeout here yet.
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata:
  name: catalog-canary
  namespace: shop
spec:
  hosts: [catalog]
  http:
    - match:
        - headers:
            x-canary: {exact: "yes"}
      route:
        - destination: {host: catalog, subset: v2}
    - route:
        - destination: {host: catalog, subset: v1}
          weight: 100
"""

_PAYMENT_WEST = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: payment
  namespace: shop
spec:
  hosts:
    - payment.shop.svc.cluster.local
  http:
    - route:
        - destination:
            host: payment.shop.svc.cluster.local
      timeout: 1300ms  # agreed with the card processor
"""


def demo_current_yaml() -> dict[str, str]:
    """What is in force: file name (below a folder per cluster) to text."""
    return {
        "east/shipping.yaml": _SHIPPING,
        "east/ads.yaml": _ADS,
        "east/catalog.yaml": _CATALOG,
        "west/payment.yaml": _PAYMENT_WEST,
    }
