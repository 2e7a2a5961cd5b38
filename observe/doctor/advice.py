"""The exact settings that would add what is missing, as YAML to copy."""

from __future__ import annotations

from observe.bootstrap.istio.stats import mesh_config, pod_annotation
from observe.bootstrap.istio.telemetry import fewer_series, standard
from observe.bootstrap.rendered import yaml_text

#: Root namespace and version of a mesh that nobody told.
_MESH = ("istio-system", "1.27")

CLUSTER_STATS = f"""\
# `observe bootstrap istio` writes this to a file, with the rest of what Istio should be told:
# For the whole mesh, in meshConfig (IstioOperator, Helm values of istiod, or the ConfigMap istio):
{yaml_text([mesh_config()])}\
---
# Or for one workload: annotation of its pod template. Pods must be restarted either way.
{yaml_text([pod_annotation()])}"""

SCRAPE = """\
# The injector adds these to every pod as long as meshConfig.enablePrometheusMerge is true, which is
# the default. Gateways and pods with an annotation of their own may lack them.
metadata:
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: "15020"
    prometheus.io/path: /stats/prometheus
"""

TELEMETRY = f"""\
# In the root namespace (istio-system): all standard metrics with all their labels. Look for other
# Telemetry objects whose overrides disable metrics or remove tags.
{yaml_text([standard(*_MESH)])}"""

CARDINALITY = f"""\
# Drops the two histograms of sizes, which are two thirds of all buckets, and labels that nobody
# asks for. Dropping labels when scraping instead would make series collide.
{yaml_text([fewer_series(*_MESH)])}"""

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
# The edge tier of `observe bootstrap kubernetes` scrapes kube-state-metrics once it is there:
helm install kube-state-metrics prometheus-community/kube-state-metrics
"""

CADVISOR = """\
# The edge tier of `observe bootstrap kubernetes` has this job. In a Prometheus of your own
# (cAdvisor is part of every kubelet):
scrape_configs:
  - job_name: kubernetes-nodes-cadvisor
    scheme: https
    metrics_path: /metrics/cadvisor
    kubernetes_sd_configs: [{role: node}]
    tls_config: {ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}
    bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token
"""
