"""The gate before a Prometheus that the operator runs.

The operator gives Prometheus no password to ask for, and its probes cannot show a certificate:
prometheus-operator's `web` has neither. So Prometheus listens on its pod's loopback only, and a
proxy beside it lets in who the tiers' Secret lets in.
"""

from __future__ import annotations

from observe.bootstrap.config.credentials import CA_KEY, CERTIFICATE_KEY, MOUNT, PRIVATE_KEY
from observe.bootstrap.kubernetes.names import PORT, Component, Object, name_of
from observe.bootstrap.stack import Stack

#: Where the gate listens; the client Services map the usual port to it.
GATE_PORT = 9091
#: Key of the tiers' Secret with the user and the hash of the password.
HTPASSWD_KEY = "htpasswd"
CONFIG_KEY = "nginx.conf"
_CONFIG_FOLDER = "/etc/observe/gate"
_SCRATCH = "/tmp"  # noqa: S108 - the container's own

_PASSWORD = f"""\
    auth_basic           "observe";
    auth_basic_user_file %(folder)s/{HTPASSWD_KEY};"""
_CERTIFICATES = f"""\
    ssl_certificate        %(folder)s/{CERTIFICATE_KEY};
    ssl_certificate_key    %(folder)s/{PRIVATE_KEY};
    ssl_client_certificate %(folder)s/{CA_KEY};
    ssl_verify_client      on;
    ssl_verify_depth       3;
    ssl_protocols          TLSv1.2 TLSv1.3;"""
_SERVER = """\
worker_processes 1;
pid %(scratch)s/nginx.pid;
error_log stderr warn;
events {
  worker_connections 512;
}
http {
  access_log off;
  server_tokens off;
  client_body_temp_path %(scratch)s/body;
  proxy_temp_path       %(scratch)s/proxy;
  fastcgi_temp_path     %(scratch)s/fastcgi;
  uwsgi_temp_path       %(scratch)s/uwsgi;
  scgi_temp_path        %(scratch)s/scgi;
  server {
    listen %(listen)s;
%(proof)s
    location / {
      proxy_pass           http://127.0.0.1:%(to)s;
      proxy_http_version   1.1;
      proxy_set_header     Host $http_host;
      proxy_set_header     Authorization "";
      proxy_read_timeout   150s;
      client_max_body_size 64m;
    }
  }
}
"""


def gate_keys(stack: Stack) -> list[str]:
    """The keys of the tiers' Secret that the gate reads."""
    if stack.security.auth == "basic":
        return [HTPASSWD_KEY]
    return [CA_KEY, CERTIFICATE_KEY, PRIVATE_KEY]


def gate_config(
    stack: Stack,
    folder: str = MOUNT,
    port: int = GATE_PORT,
    to: int = PORT,
    scratch: str = _SCRATCH,
) -> str:
    """`nginx.conf` of the gate.

    Args:
        stack: `security.auth` matters.
        folder: where the Secret is mounted.
        port: where it listens.
        to: where Prometheus listens on loopback.
        scratch: folder that it may write to.
    """
    basic = stack.security.auth == "basic"
    return _SERVER % {
        "listen": f"{port}" if basic else f"{port} ssl",
        "proof": (_PASSWORD if basic else _CERTIFICATES) % {"folder": folder},
        "scratch": scratch,
        "to": to,
    }


def gate_container(stack: Stack) -> Object:
    """The container of the gate."""
    return {
        "name": "gate",
        "image": stack.gate_image,
        "command": ["nginx", "-c", f"{_CONFIG_FOLDER}/{CONFIG_KEY}", "-g", "daemon off;"],
        "ports": [{"name": "gate", "containerPort": GATE_PORT, "protocol": "TCP"}],
        "resources": {
            "requests": {"cpu": "20m", "memory": "32Mi"},
            "limits": {"memory": "128Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "readinessProbe": {"tcpSocket": {"port": "gate"}, "periodSeconds": 10},
        "livenessProbe": {"tcpSocket": {"port": "gate"}, "periodSeconds": 15},
        "volumeMounts": [
            {"name": "gate", "mountPath": _CONFIG_FOLDER, "readOnly": True},
            {"name": "tiers", "mountPath": MOUNT, "readOnly": True},
            {"name": "gate-tmp", "mountPath": _SCRATCH},
        ],
    }


def gate_volumes(stack: Stack, component: Component) -> list[Object]:
    """Volumes that the gate's container mounts."""
    items = [{"key": key, "path": key} for key in gate_keys(stack)]
    secret = {"secretName": stack.security.secret, "defaultMode": 0o440, "items": items}
    return [
        {"name": "gate", "configMap": {"name": f"{name_of(component)}-gate"}},
        {"name": "tiers", "secret": secret},
        {"name": "gate-tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
