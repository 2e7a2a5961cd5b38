"""One Kubernetes API server: discovery, reading, server-side apply, guarded deletion.

lightkube reads the kubeconfig, logs in and sends. Paths come from the server's own discovery, so
that custom resources need no classes, and a deletion carries preconditions, which the upper layer
of lightkube does not offer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
from lightkube.config.client_adapter import ConnectionParams
from lightkube.core.exceptions import ConfigError
from lightkube.core.generic_client import BasicRequest, GenericSyncClient
from lightkube.types import PatchType

from observe.apply.faults import ClusterError, connection_faults, refusal
from observe.apply.kubeconfig import find_config
from observe.apply.model import JsonObject, Ref
from observe.errors import InputError

_TIMEOUT_SECONDS = 30.0
_PAGE = 500
#: How often a request is sent that the server turns away as too busy, and the longest pause.
_BUSY_TRIES = 4
_LONGEST_PAUSE = 10.0


@dataclass(frozen=True)
class Resource:
    """How objects of a kind are addressed."""

    plural: str
    namespaced: bool


@dataclass
class Cluster:
    """A connection to one API server.

    Attributes:
        name: the context's name.
        server: address of the API server.
        warnings: what the server warned of so far, each once.
    """

    name: str
    server: str
    http: GenericSyncClient
    warnings: list[str] = field(default_factory=list)
    _kinds: dict[str, dict[str, Resource]] = field(default_factory=dict)

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()  # type: ignore[no-untyped-call]

    @cached_property
    def uid(self) -> str:
        """What tells one cluster from another; empty where it may not be read."""
        try:
            system = self.get(Ref("v1", "Namespace", "", "kube-system"))
        except ClusterError as error:
            if error.code != 403:
                raise
            return ""
        return str(system["metadata"]["uid"]) if system else ""

    def resource(self, api_version: str, kind: str, *, again: bool = False) -> Resource | None:
        """How a kind is addressed; None when the server does not serve it.

        Args:
            api_version: group and version, such as `apps/v1`.
            kind: such as `Deployment`.
            again: ask the server even if it was asked before.
        """
        if again or api_version not in self._kinds:
            path = _root(api_version)
            found = self._send("GET", path, f"list the kinds of {api_version}", absent=True) or {}
            self._kinds[api_version] = {
                entry["kind"]: Resource(entry["name"], bool(entry["namespaced"]))
                for entry in found.get("resources") or []
                if "/" not in entry["name"]
            }
        return self._kinds[api_version].get(kind)

    def get(self, ref: Ref) -> JsonObject | None:
        """The object; None when it is absent."""
        found: JsonObject | None = self._send(
            "GET", self._path(ref), f"get {ref}", absent=True, ref=ref
        )
        return found

    def list(
        self, api_version: str, kind: str, selector: str, namespace: str = ""
    ) -> list[JsonObject]:
        """Objects of a kind that a label selector picks, of one namespace or of all."""
        path = self._path(Ref(api_version, kind, namespace, ""))
        params = {"labelSelector": selector, "limit": str(_PAGE)}
        objects: list[JsonObject] = []
        while True:
            page = self._send("GET", path, f"list {kind}s", params=params) or {}
            objects += page.get("items") or []
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return [{"apiVersion": api_version, "kind": kind} | item for item in objects]
            params["continue"] = following

    def apply(
        self, ref: Ref, data: JsonObject, *, manager: str, force: bool, dry_run: bool
    ) -> JsonObject:
        """Server-side apply; the object as the server has it, or would have it.

        Raises:
            FieldConflictError: fields belong to other managers and `force` is not set.
        """
        params = {"fieldManager": manager, "fieldValidation": "Strict"}
        params |= {"force": "true"} if force else {}
        params |= {"dryRun": "All"} if dry_run else {}
        action = f"{'check' if dry_run else 'apply'} {ref}"
        path = self._path(ref)
        return self._send("PATCH", path, action, params=params, data=data, ref=ref) or {}

    def delete(self, ref: Ref, *, uid: str, resource_version: str) -> bool:
        """Delete an object if it is the one, and as it was, when it was looked at.

        Returns:
            Whether it was there.
        """
        data = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid, "resourceVersion": resource_version},
        }
        path = self._path(ref)
        return self._send("DELETE", path, f"delete {ref}", data=data, absent=True) is not None

    def _path(self, ref: Ref) -> str:
        resource = self.resource(ref.api_version, ref.kind)
        if resource is None:
            raise ClusterError(f"cluster {self.name} knows no {ref.kind} in {ref.api_version}")
        middle = ["namespaces", ref.namespace] if ref.namespace else []
        tail = [ref.name] if ref.name else []
        return "/".join([_root(ref.api_version), *middle, resource.plural, *tail])

    def _send(
        self,
        method: str,
        path: str,
        action: str,
        *,
        params: Mapping[str, str] | None = None,
        data: JsonObject | None = None,
        absent: bool = False,
        ref: Ref | None = None,
    ) -> Any:
        """One request and its answer; None for 404 where `absent` allows it."""
        kind = PatchType.APPLY.value if method == "PATCH" else "application/json"
        headers = {"Content-Type": kind} if data is not None else None
        writes = method != "GET" and "dryRun" not in (params or {})
        request = BasicRequest(method, path, params=dict(params or {}), data=data, headers=headers)
        with connection_faults(self.name, action, writes=writes):
            response = self._patient(request)
        for warning in response.headers.get_list("Warning"):
            text = warning.split('"')[1] if warning.count('"') >= 2 else warning
            if text not in self.warnings:
                self.warnings.append(text)
        if response.status_code == 404 and absent:
            return None
        if not response.is_success:
            secret = ref is not None and ref.kind == "Secret"
            raise refusal(self.name, action, response, secret=secret)
        try:
            return response.json()
        except ValueError as error:
            raise ClusterError(
                f"cluster {self.name} answered no JSON to: {action}",
                "Check that the server of the kubeconfig is an API server",
                uncertain=writes,
            ) from error

    def _patient(self, request: BasicRequest) -> httpx2.Response:
        """Send, and again after a pause where the server turned the request away unread."""
        for attempt in range(_BUSY_TRIES):
            response: httpx2.Response = self.http.send(self.http.build_adapter_request(request))
            if response.status_code != 429 or attempt == _BUSY_TRIES - 1:
                break
            pause = response.headers.get("Retry-After", "1")
            time.sleep(min(float(pause) if pause.isdigit() else 1.0, _LONGEST_PAUSE))
        return response


def _root(api_version: str) -> str:
    return f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"


def connect(
    context: str | None = None,
    kubeconfig: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Cluster:
    """A connection to the cluster of a context; nothing is sent yet.

    Args:
        context: a context of the kubeconfig; None for its current one.
        kubeconfig: file; None for KUBECONFIG, ~/.kube/config or the pod's service account.
        environment: variables to look in; None for those of this process.

    Raises:
        InputError: no kubeconfig, no such context, broken certificates.
    """
    config, proxy = find_config(
        context, kubeconfig, os.environ if environment is None else environment
    )
    timeout = httpx2.Timeout(_TIMEOUT_SECONDS)
    try:
        http = GenericSyncClient(ConnectionParams(timeout=timeout, proxy=proxy), config)
    except (ConfigError, ValueError, OSError) as error:  # broken base64, PEM, missing files
        raise InputError(
            f"the certificates of context {config.context_name} cannot be used: {error}",
            "Correct the kubeconfig",
        ) from error
    return Cluster(config.context_name, config.cluster.server, http)
