"""The exact settings that would add what is missing, as YAML to copy."""

from __future__ import annotations

#: Istio keeps Envoy's statistics of application clusters to itself. These are matched against
#: full names such as `cluster.outbound|80||cart.shop.svc.cluster.local;.upstream_rq_retry`, so that
#: suffixes and regexes work and the prefixes of older guides do not.
STATS_SUFFIXES = (
    *("upstream_rq_total", "upstream_rq_active", "upstream_rq_pending_active"),
    *("upstream_rq_pending_overflow", "upstream_rq_active_overflow", "upstream_rq_timeout"),
    *("upstream_rq_per_try_timeout", "upstream_rq_retry", "upstream_rq_retry_success"),
    *("upstream_rq_retry_limit_exceeded", "upstream_rq_retry_overflow", "upstream_cx_active"),
    *("upstream_cx_overflow", "upstream_cx_connect_fail", "upstream_cx_connect_timeout"),
    *("membership_healthy", "membership_total", "lb_healthy_panic"),
)
STATS_REGEXPS = (
    r".*outlier_detection\.ejections_(active|enforced_total|overflow)",
    r".*circuit_breakers\.default\.(cx_open|rq_pending_open|rq_open|rq_retry_open)",
)


def _matcher(indent: str) -> str:
    lines = ["proxyStatsMatcher:", "  inclusionSuffixes:"]
    lines += [f"    - {suffix}" for suffix in STATS_SUFFIXES]
    lines += ["  inclusionRegexps:", *(f"    - '{pattern}'" for pattern in STATS_REGEXPS)]
    return "\n".join(indent + line for line in lines)


CLUSTER_STATS = f"""\
# For the whole mesh, in meshConfig (IstioOperator, Helm values of istiod, or the ConfigMap istio):
meshConfig:
  defaultConfig:
{_matcher("    ")}
---
# Or for one workload: annotation of its pod template. Pods must be restarted either way.
metadata:
  annotations:
    proxy.istio.io/config: |
{_matcher("      ")}
"""

SCRAPE = """\
# The injector adds these to every pod as long as meshConfig.enablePrometheusMerge is true, which is
# the default. Gateways and pods with an annotation of their own may lack them.
metadata:
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: "15020"
    prometheus.io/path: /stats/prometheus
"""

TELEMETRY = """\
# In the root namespace (istio-system): all standard metrics with all their labels. Look for other
# Telemetry objects whose overrides disable metrics or remove tags.
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata:
  name: mesh-default
  namespace: istio-system
spec:
  metrics:
    - providers:
        - name: prometheus
"""

CARDINALITY = """\
# Drops the two histograms of sizes, which are two thirds of all buckets, and labels that nobody
# asks for. Dropping labels when scraping instead would make series collide.
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata:
  name: mesh-default
  namespace: istio-system
spec:
  metrics:
    - providers:
        - name: prometheus
      overrides:
        - match: {metric: REQUEST_SIZE}
          disabled: true
        - match: {metric: RESPONSE_SIZE}
          disabled: true
        - match: {metric: ALL_METRICS}
          tagOverrides:
            source_principal: {operation: REMOVE}
            destination_principal: {operation: REMOVE}
"""

HONOR_LABELS = """\
# In the job that scrapes /federate, so that labels keep the names that the proxies gave them:
scrape_configs:
  - job_name: federate
    honor_labels: true
    metrics_path: /federate
    params:
      'match[]': ['{__name__=~"workload:.*"}']
"""

WAYPOINT = """\
# A waypoint for the namespace shop: ztunnel alone knows no requests, only bytes.
istioctl waypoint apply --namespace shop --enroll-namespace
"""

KUBE_STATE_METRICS = """\
helm install kube-state-metrics prometheus-community/kube-state-metrics
"""

CADVISOR = """\
# cAdvisor is part of every kubelet:
scrape_configs:
  - job_name: kubernetes-nodes-cadvisor
    scheme: https
    metrics_path: /metrics/cadvisor
    kubernetes_sd_configs: [{role: node}]
    tls_config: {ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}
    bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token
"""
