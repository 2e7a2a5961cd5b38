"""What a tier proves itself with when it asks another one; paths, never what is in the files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from observe.errors import InputError

#: The one user of the tiers' basic auth.
USER = "observe"

#: Where Kubernetes mounts the Secret of the tiers.
MOUNT = "/etc/observe/tiers"

#: Keys of that Secret.
PASSWORD_KEY = "password"  # noqa: S105 - the name of a key
WEB_KEY = "web.yml"
CA_KEY = "ca.crt"
CERTIFICATE_KEY = "tls.crt"
PRIVATE_KEY = "tls.key"


@dataclass(frozen=True)
class Credentials:
    """Where a client of the tiers finds its password or its certificate.

    Attributes:
        auth: `basic`: user `observe` and a password; `mtls`: a client certificate.
        password_file: file that holds the password and nothing else (basic).
        ca_file: authority that servers' certificates are checked against; none with basic auth
            means plain HTTP.
        certificate_file: own certificate, for clients and for the server (mTLS).
        key_file: key of that certificate.
        server_name: name that servers' certificates carry, when it is not the address asked.
    """

    auth: Literal["basic", "mtls"]
    password_file: str | None = None
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    server_name: str | None = None

    def __post_init__(self) -> None:
        if self.auth == "basic" and not self.password_file:
            raise InputError("basic auth needs a file with the password")
        if self.auth == "mtls" and not (self.ca_file and self.certificate_file and self.key_file):
            raise InputError("mTLS needs a CA file, a certificate file and a key file")

    @property
    def scheme(self) -> Literal["http", "https"]:
        """How servers that these credentials are for are asked."""
        return "https" if self.ca_file else "http"

    def client(self) -> dict[str, Any]:
        """The part of a scrape job, remote write or Alertmanager block that proves who asks."""
        proof: dict[str, Any] = {}
        if self.auth == "basic":
            proof["basic_auth"] = {"username": USER, "password_file": self.password_file}
        if self.ca_file:
            tls = {"ca_file": self.ca_file}
            if self.auth == "mtls":
                tls |= {"cert_file": str(self.certificate_file), "key_file": str(self.key_file)}
            if self.server_name:
                tls["server_name"] = self.server_name
            proof["tls_config"] = tls
        return proof


def mounted_credentials(auth: Literal["basic", "mtls"], folder: str = MOUNT) -> Credentials:
    """Credentials in the files of the tiers' Secret.

    Args:
        auth: as in `Security.auth`.
        folder: where the Secret is mounted.
    """
    if auth == "basic":
        return Credentials("basic", password_file=f"{folder}/{PASSWORD_KEY}")
    return Credentials(
        "mtls",
        ca_file=f"{folder}/{CA_KEY}",
        certificate_file=f"{folder}/{CERTIFICATE_KEY}",
        key_file=f"{folder}/{PRIVATE_KEY}",
    )
