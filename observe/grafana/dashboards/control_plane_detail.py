"""Folded rows of the control plane: configuration hygiene, webhooks and certificates."""

from __future__ import annotations

from observe.grafana.dashboards.board import Line, Section
from observe.grafana.dashboards.infra import counter, gauge, quantile
from observe.grafana.dashboards.panels import GREEN, RED, Query, series, states

_POD = ("pod",)
_HYGIENE = (
    ("pilot_vservice_dup_domain", "hosts with two VirtualServices"),
    ("pilot_destrule_subsets", "subsets defined twice"),
    ("pilot_duplicate_envoy_clusters", "clusters defined twice"),
    ("pilot_conflict_inbound_listener", "inbound listeners in conflict"),
    ("pilot_no_ip", "pods without an address"),
    ("pilot_eds_no_instances", "clusters without endpoints"),
    ("pilot_endpoint_not_ready", "endpoints not ready"),
)


def hygiene() -> Section:
    """State that points at mistakes in Istio's objects."""
    shown = [Query(gauge(metric, "max"), f"{{{{cluster}}}} {words}") for metric, words in _HYGIENE]
    return Section(
        "Configuration hygiene",
        [
            Line(
                9,
                [
                    states(
                        "Duplicated hosts",
                        "Red: a host has more than one VirtualService; the oldest wins and the "
                        "other "
                        "is ignored silently. Merge them.",
                        "short",
                        Query(gauge("pilot_vservice_dup_domain", "max"), "{{cluster}}"),
                        steps=((None, GREEN), (1, RED)),
                    ),
                    series(
                        "Findings of istiod",
                        "What istiod noticed in objects and endpoints. Good: 0, but for "
                        "endpoints that "
                        "are not ready during a rollout.",
                        "short",
                        *shown,
                    ),
                    series(
                        "Services and VirtualServices",
                        "How much istiod has to describe to each proxy that is not narrowed by a "
                        "Sidecar. A jump is a large push to everybody.",
                        "short",
                        Query(gauge("pilot_services", "max"), "{{cluster}} services"),
                        Query(gauge("pilot_virt_services", "max"), "{{cluster}} VirtualServices"),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "Events from Kubernetes",
                        "Changes of services and pods, and of Istio's objects, per second.",
                        "ops",
                        Query(
                            counter("pilot_k8s_reg_events", ("type", "event")),
                            "{{cluster}} {{type}} {{event}}",
                        ),
                        Query(
                            counter("pilot_k8s_cfg_events", ("type", "event")),
                            "{{cluster}} {{type}} {{event}}",
                        ),
                    )
                ],
            ),
        ],
        folded=True,
    )


def webhooks() -> Section:
    """Validation, injection, certificates."""
    end = "timestamp", "time()"
    return Section(
        "Webhooks and certificates",
        [
            Line(
                8,
                [
                    series(
                        "Validation",
                        "Objects that the webhook let pass and refused, per second. Refused ones "
                        "were wrong: their author got the reason.",
                        "ops",
                        Query(counter("galley_validation_passed"), "{{cluster}} passed"),
                        Query(
                            counter("galley_validation_failed", ("reason",)),
                            "{{cluster}} refused {{reason}}",
                        ),
                    ),
                    series(
                        "Injection",
                        "Pods that got a sidecar, and that should have and did not. Good: no "
                        "failure.",
                        "ops",
                        Query(counter("sidecar_injection_success_total"), "{{cluster}} injected"),
                        Query(counter("sidecar_injection_failure_total"), "{{cluster}} failed"),
                        Query(counter("sidecar_injection_skip_total"), "{{cluster}} skipped"),
                    ),
                    series(
                        "Injection time",
                        "p99 of the time to inject. Above some seconds pods start late.",
                        "s",
                        Query(quantile(0.99, "sidecar_injection_time_seconds"), "{{cluster}} p99"),
                    ),
                ],
            ),
            Line(
                8,
                [
                    series(
                        "Certificates",
                        "Certificates asked for and issued per second. Good: the lines lie on one "
                        "another; a gap means proxies without identity.",
                        "ops",
                        Query(counter("citadel_server_csr_count"), "{{cluster}} asked"),
                        Query(
                            counter("citadel_server_success_cert_issuance_count"),
                            "{{cluster}} issued",
                        ),
                        Query(
                            counter("citadel_server_authentication_failure_count"),
                            "{{cluster}} not authenticated",
                        ),
                    ),
                    series(
                        "Time until certificates end",
                        "Root certificate and chain. Plan the rotation before 30 days are left.",
                        "s",
                        *(
                            Query(
                                f"({gauge(f'citadel_server_{kind}_expiry_{end[0]}', 'min')})"
                                f" - {end[1]}",
                                f"{{{{cluster}}}} {words}",
                            )
                            for kind, words in (("root_cert", "root"), ("cert_chain", "chain"))
                        ),
                    ),
                ],
            ),
        ],
        folded=True,
    )
