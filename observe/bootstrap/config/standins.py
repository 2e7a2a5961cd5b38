"""What the programs at hand may not know yet, in words that they do know.

Debian builds Prometheus without the discovery of Kubernetes, and its Alertmanager is older than
`url_file`. A check by such a build would refuse what the real server reads; so those parts are
checked here, and replaced in the copy that the program sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ROLES = {"node", "pod", "service", "endpoints", "endpointslice", "ingress"}
_DISCOVERY_KEYS = {
    "role",
    "api_server",
    "kubeconfig_file",
    "namespaces",
    "selectors",
    "attach_metadata",
    "authorization",
    "tls_config",
}

#: What a program says of a field that it does not know → the copy that it is shown instead.
STAND_INS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def understood(data: dict[str, Any], said: str) -> dict[str, Any] | None:
    """A copy without what the program did not know; None when it complains of something else.

    Args:
        data: the document.
        said: what the program said of it.
    """
    for words, replaced in STAND_INS.items():
        if words in said:
            return replaced(data)
    return None


def wrong_discovery(data: dict[str, Any]) -> list[str]:
    """What is wrong with the Kubernetes discovery of a configuration, whoever checks the rest."""
    wrong = []
    for job in data.get("scrape_configs") or []:
        for block in job.get("kubernetes_sd_configs") or []:
            unknown = sorted(set(block) - _DISCOVERY_KEYS)
            if unknown:
                wrong.append(f"job {job.get('job_name')}: discovery knows no {unknown[0]}")
            if block.get("role") not in _ROLES:
                wrong.append(f"job {job.get('job_name')}: discovery knows no role {block['role']}")
    return wrong


def _without_discovery(data: dict[str, Any]) -> dict[str, Any]:
    jobs = [
        {key: value for key, value in job.items() if key != "kubernetes_sd_configs"}
        for job in data["scrape_configs"]
    ]
    return data | {"scrape_configs": jobs}


def _with_plain_urls(data: dict[str, Any]) -> dict[str, Any]:
    def plain(hook: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in hook.items() if key != "url_file"}
        return rest | ({"url": "http://url.example"} if "url_file" in hook else {})

    receivers = [
        receiver | {"webhook_configs": [plain(hook) for hook in receiver["webhook_configs"]]}
        if "webhook_configs" in receiver
        else receiver
        for receiver in data["receivers"]
    ]
    return data | {"receivers": receivers}


STAND_INS["field kubernetes_sd_configs not found"] = _without_discovery
STAND_INS["field url_file not found"] = _with_plain_urls
