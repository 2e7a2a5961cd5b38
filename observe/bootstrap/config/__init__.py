"""Configuration of the tiers as plain values: Prometheus, its web server, Alertmanager."""

from observe.bootstrap.config.alertmanager import alertmanager_config
from observe.bootstrap.config.check import Problem, check_tree
from observe.bootstrap.config.credentials import Credentials, mounted_credentials
from observe.bootstrap.config.jobs import kubernetes_jobs
from observe.bootstrap.config.load import load_stack
from observe.bootstrap.config.tiers import edge_config, external_config
from observe.bootstrap.config.web import hash_password, web_config

__all__ = [
    "Credentials",
    "Problem",
    "alertmanager_config",
    "check_tree",
    "edge_config",
    "external_config",
    "hash_password",
    "kubernetes_jobs",
    "load_stack",
    "mounted_credentials",
    "web_config",
]
