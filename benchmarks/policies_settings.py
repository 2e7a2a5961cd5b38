"""The VirtualServices that a simulated mesh has already: timeouts, and routes without retries."""

from __future__ import annotations

from observe.demo.truth import Service, Truth

_FILE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {name}
  namespace: {namespace}
spec:
  hosts:
    - {host}
  http:
    - route:
        - destination:
            host: {host}
{settings}"""


def settings_of(truth: Truth) -> dict[str, str]:
    """File name → YAML; services with neither a timeout nor retries of their own have no file."""
    services = {edge.service.workload: edge.service for edge in truth.edges}
    found = {}
    for workload, service in services.items():
        settings = _settings(service)
        if settings:
            found[f"{workload.namespace}/{workload.name}-routes.yaml"] = _FILE.format(
                name=workload.name,
                namespace=workload.namespace,
                host=service.host,
                settings=settings,
            )
    return found


def _settings(service: Service) -> str:
    lines = []
    if service.timeout_ms is not None:
        lines.append(f"      timeout: {service.timeout_ms:.0f}ms")
    if service.retries is not None and service.retries.attempts == 0:
        lines += ["      retries:", "        attempts: 0"]
    return "".join(f"{line}\n" for line in lines)
