"""The demo's mesh: a shop in two clusters, with every difficulty that telemetry knows.

What is known to be true about it stands beside each service. Its existing VirtualServices are in
:mod:`observe.demo.shop_yaml`.
"""

from __future__ import annotations

from observe.demo.mixture import Mixture, caller_of, constant, gamma, lognormal, mix, pareto
from observe.demo.rhythm import Rhythm, Surge
from observe.demo.truth import Edge, Failure, Gap, Incident, Service, Truth, Workload

_DAY = Rhythm(night=0.25, peak_hour=15, weekend=0.75)

#: The sale of six days ago, counted from the end of the window: it was busier than any day since.
_SALE = Rhythm(night=0.25, peak_hour=15, weekend=0.75, surges=(Surge(22.0, 4.0, 1.7),))

_STORE_HOURS = Rhythm(night=0.1, peak_hour=17, weekend=1.15)


def demo_mesh() -> Truth:
    """The shop: 18 services in `east`, 4 in `west`; `payment` exists in both."""
    return Truth((*_east(), *_west()), gaps=(Gap("west", 88.0, 2 / 3),), seed=7, name="shop")


def _workload(
    cluster: str,
    name: str,
    replicas: int = 1,
    rollouts: tuple[float, ...] = (),
    *,
    namespace: str = "shop",
    containers: bool = False,
) -> Workload:
    return Workload(
        cluster, namespace, name, replicas=replicas, rollouts=rollouts, containers=containers
    )


def _east() -> tuple[Edge, ...]:
    gateway = _workload("east", "istio-ingressgateway", 2, namespace="istio-system")
    leaves = _leaves()
    middle = _middle(leaves)
    front = _frontend(leaves, middle)
    return (
        Edge(gateway, front, 24.0),
        Edge(gateway, leaves["search"], 5.0),
        Edge(gateway, _notifications(), 0.05),
        *_calls(front, {**leaves, **middle}, _FRONTEND_CALLS),
        *_calls(middle["recommendations"], leaves, {"catalog": 12.0}),
        *_calls(middle["checkout"], leaves, _CHECKOUT_CALLS),
        *_oddities(leaves["inventory"]),
    )


_FRONTEND_CALLS = {
    "cart": 8.0,
    "catalog": 30.0,
    "recommendations": 12.0,
    "ads": 18.0,
    "reviews": 9.0,
    "checkout": 1.5,
    "currency": 20.0,
}
_CHECKOUT_CALLS = {"payment": 1.5, "shipping": 1.6, "email": 1.5, "inventory": 2.0, "currency": 3.0}


def _calls(caller: Service, callees: dict[str, Service], rates: dict[str, float]) -> list[Edge]:
    return [Edge(caller.workload, callees[name], rps) for name, rps in rates.items()]


def _leaves() -> dict[str, Service]:
    """Services that call nobody."""
    services = (
        # bimodal: 85 % of the answers come from a cache
        Service(
            _workload("east", "catalog", 2, (30.5, 101.2), containers=True),
            mix((0.85, lognormal(3.5, 0.35)), (0.15, lognormal(90, 0.4))),
            _DAY,
            failures=(Failure("404", "-", 0.004, lognormal(3, 0.3)),),
        ),
        # heavy tail: 3 % of the answers follow a Pareto law
        Service(
            _workload("east", "reviews", containers=True),
            mix((0.97, lognormal(18, 0.5)), (0.03, pareto(60, 1.9))),
            _DAY,
        ),
        # the busiest and slowest hours were six days ago; called by the mobile app
        Service(_workload("east", "search"), gamma(60, 2.5), _SALE, saturation=0.5),
        # a timeout of 30 s is in force, some two hundred times too long
        Service(_workload("east", "ads"), lognormal(22, 0.5), _DAY, timeout_ms=30_000),
        # a timeout of 1 s is in force and cuts more than 1 % of the answers
        Service(_workload("east", "shipping"), _SHIPPING, _DAY, timeout_ms=1_000),
        # an incident on the fifth day: 90 minutes of slow answers and errors
        Service(
            _workload("east", "payment", 2, (77.4,), containers=True),
            mix((0.96, lognormal(120, 0.4)), (0.04, lognormal(380, 0.3))),
            _DAY,
            failures=(Failure("503", "UF", 0.0006, lognormal(4, 0.6)),),
            incidents=(Incident(99.25, 1.5, 5.0, Failure("503", "UC", 0.2, lognormal(900, 0.5))),),
        ),
        Service(_workload("east", "cart"), lognormal(8, 0.5), _DAY),
        Service(_workload("east", "email"), lognormal(45, 0.55), _DAY),
        Service(
            _workload("east", "inventory"),
            mix((0.98, lognormal(12, 0.45)), (0.02, lognormal(70, 0.4))),
            _DAY,
            failures=(Failure("500", "-", 0.001, lognormal(20, 0.5)),),
        ),
        Service(_workload("east", "currency"), lognormal(1.8, 0.35), _DAY, protocol="grpc"),
    )
    return {service.workload.name: service for service in services}


def _incident(slowdown: float, failure: Failure) -> Incident:
    return Incident(99.25, 1.5, slowdown, failure)


_SHIPPING: Mixture = mix((0.97, lognormal(140, 0.4)), (0.03, lognormal(900, 0.5)))


def _middle(leaves: dict[str, Service]) -> dict[str, Service]:
    """Services that wait for the leaves."""
    # gRPC; a fault injection test of two hours delayed and aborted some of its calls
    chaos = ((52.0, 2.0),)
    recommendations = Service(
        _workload("east", "recommendations", 1, (60.1,)),
        caller_of(lognormal(15, 0.4), [(0.5, leaves["catalog"].latency)]),
        _DAY,
        protocol="grpc",
        failures=(
            Failure("200", "-", 0.0008, lognormal(30, 0.5), grpc_status="14"),
            Failure("200", "DI", 0.05, lognormal(2_000, 0.05), grpc_status="0", active=chaos),
            Failure("200", "FI", 0.05, constant(0.8), grpc_status="14", active=chaos),
        ),
    )
    # where shipping is slow, checkout does not wait but goes on with a flat rate
    quick_quote = lognormal(140, 0.4)
    checkout = Service(
        _workload("east", "checkout", 1, containers=True),
        caller_of(lognormal(80, 0.3), [(0.6, leaves["payment"].latency), (0.3, quick_quote)]),
        _DAY,
        saturation=0.4,
        incidents=(_incident(3.5, Failure("500", "-", 0.12, lognormal(1_100, 0.5))),),
    )
    return {"recommendations": recommendations, "checkout": checkout}


def _frontend(leaves: dict[str, Service], middle: dict[str, Service]) -> Service:
    waits = [
        (0.25, leaves["catalog"].latency),
        (0.15, leaves["reviews"].latency),
        (0.20, middle["recommendations"].latency),
        (0.05, middle["checkout"].latency),
    ]
    return Service(
        _workload("east", "frontend", 2, (77.3,), containers=True),
        caller_of(lognormal(20, 0.35), waits),
        _DAY,
        saturation=0.4,
        failures=(
            Failure("0", "DC", 0.0015, lognormal(400, 1.0)),
            Failure("500", "-", 0.0004, lognormal(60, 0.5)),
        ),
    )


def _notifications() -> Service:
    """Websockets: open for minutes, and half of them end because the browser goes away."""
    return Service(
        _workload("east", "notifications"),
        lognormal(240_000, 1.0),
        _DAY,
        code="101",
        saturation=0.0,
        stream=True,
        failures=(Failure("101", "DC", 0.5, lognormal(200_000, 1.0)),),
    )


def _oddities(inventory: Service) -> tuple[Edge, ...]:
    # a gRPC stream: open for half an hour, hundreds of messages
    feed = Service(
        _workload("east", "stock-feed"),
        lognormal(1_800_000, 0.5),
        _DAY,
        protocol="grpc",
        saturation=0.0,
        stream=True,
        request_messages=1.0,
        response_messages=420.0,
    )
    # a long poll: answers after 25 s unless an order comes in before
    queue = Service(
        _workload("east", "orders-queue"),
        mix((0.8, gamma(25_000, 4_000)), (0.2, lognormal(6_000, 0.7))),
        _DAY,
        saturation=0.0,
        long_poll=True,
    )
    # barely used: a few hundred requests a week
    reports = Service(_workload("east", "reports"), lognormal(900, 0.6), _DAY)
    # called only by a job without a sidecar: no client reports its latency
    invoices = Service(_workload("east", "invoices"), lognormal(70, 0.5), _DAY)
    return (
        Edge(inventory.workload, feed, 0.02),
        Edge(_workload("east", "order-worker"), queue, 0.2),
        Edge(_workload("east", "back-office"), reports, 0.0015),
        Edge(Workload("east", "legacy", "billing-cron", sidecar=False), invoices, 0.5),
    )


def _west() -> tuple[Edge, ...]:
    gateway = _workload("west", "istio-ingressgateway", namespace="istio-system")
    ledger = Service(_workload("west", "ledger"), gamma(18, 3.0), _STORE_HOURS)
    # the same name as in the east, other latencies; a timeout of 1.3 s that fits is in force
    payment = Service(
        _workload("west", "payment", 1, (120.5,), containers=True),
        caller_of(lognormal(190, 0.45), [(0.3, ledger.latency)]),
        _STORE_HOURS,
        timeout_ms=1_300,
    )
    loyalty = Service(_workload("west", "loyalty"), lognormal(30, 0.6), _STORE_HOURS)
    till = Service(
        _workload("west", "point-of-sale"),
        caller_of(lognormal(35, 0.3), [(0.5, payment.latency), (0.3, loyalty.latency)]),
        _STORE_HOURS,
    )
    return (
        Edge(gateway, till, 6.0),
        Edge(till.workload, payment, 3.0),
        Edge(till.workload, loyalty, 2.0),
        Edge(payment.workload, ledger, 3.0),
    )
