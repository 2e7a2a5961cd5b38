"""`alertmanager.yml`: what is told together, what is silent while something worse is told."""

from __future__ import annotations

from typing import Any

from observe.bootstrap.config.credentials import MOUNT
from observe.bootstrap.stack import Stack

#: Keys of the tiers' Secret that a receiver reads.
RECEIVER_KEYS = {
    "webhook": "webhook-url",
    "slack": "slack-url",
    "pagerduty": "pagerduty-key",
}
#: While nothing arrives from a cluster, what is computed from it says nothing.
_CUT_OFF = "ObserveFederation(Stale|Missing)"
_OF_FEDERATION = "ObserveFederation.*"
#: Labels that tell two alerts of one name apart, other than how urgent they are. A label that both
#: lack is equal: without one of these, the alert of one service would silence that of another.
TOLD_APART_BY = (
    "cluster",
    "alertname",
    "objective",
    "source_workload",
    "source_workload_namespace",
    "destination_service",
    "destination_service_namespace",
    "destination_workload",
    "destination_workload_namespace",
    "namespace",
    "workload",
    "container",
    "cluster_name",
    "job",
    "instance",
    "pod",
    "type",
    "metric",
    "tag",
    "integration",
)


def alertmanager_config(stack: Stack, secrets: str = MOUNT) -> dict[str, Any]:
    """The configuration of Alertmanager; secrets are files that it reads itself.

    Args:
        stack: `alerting` matters.
        secrets: folder that holds the receiver's file.
    """
    receiver = stack.alerting.receiver
    return {
        "route": {
            "receiver": receiver,
            "group_by": ["cluster", "alertname", "destination_service"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": f"{stack.alerting.repeat_hours}h",
        },
        "receivers": [{"name": receiver} | _receiver(stack, secrets)],
        "inhibit_rules": [
            {
                "source_matchers": [f'alertname=~"{_CUT_OFF}"'],
                "target_matchers": ["tier=external", f'alertname!~"{_OF_FEDERATION}"'],
                "equal": ["cluster"],
            },
            {
                "source_matchers": ["severity=critical"],
                "target_matchers": ["severity=warning"],
                "equal": list(TOLD_APART_BY),
            },
        ],
    }


def _receiver(stack: Stack, secrets: str) -> dict[str, Any]:
    kind = stack.alerting.receiver
    if kind == "none":
        return {}
    file = f"{secrets}/{RECEIVER_KEYS[kind]}"
    if kind == "webhook":
        return {"webhook_configs": [{"url_file": file, "send_resolved": True}]}
    if kind == "pagerduty":
        return {"pagerduty_configs": [{"routing_key_file": file, "send_resolved": True}]}
    channel = {"channel": stack.alerting.channel} if stack.alerting.channel else {}
    return {"slack_configs": [{"api_url_file": file, **channel, "send_resolved": True}]}
