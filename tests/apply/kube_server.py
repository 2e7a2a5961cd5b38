"""A strict double of a Kubernetes API server on loopback: what we use of the API, nothing else.

Discovery, get, list by labels, server-side apply (PATCH) and guarded DELETE. Built-in kinds are
checked with kubernetes-validate, custom ones against the schema of their definition. A request that
a real server would not understand (path, verb, parameter, content type) is noted in `violations`,
and the fixture fails the test.
"""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from typing import Any

import jsonschema
import kube_fields
import kubernetes_validate
from kube_fields import dotted, plain
from kube_http import RefusalError, handler, parse

NAMESPACED = {
    "v1": {"ConfigMap": "configmaps", "Secret": "secrets", "Service": "services",
           "ServiceAccount": "serviceaccounts", "PersistentVolumeClaim": "persistentvolumeclaims"},
    "apps/v1": {"Deployment": "deployments", "StatefulSet": "statefulsets"},
    "rbac.authorization.k8s.io/v1": {"Role": "roles", "RoleBinding": "rolebindings"},
}  # fmt: skip
GLOBAL = {
    "v1": {"Namespace": "namespaces"},
    "rbac.authorization.k8s.io/v1": {"ClusterRole": "clusterroles"},
    "apiextensions.k8s.io/v1": {"CustomResourceDefinition": "customresourcedefinitions"},
}
_PARAMS = {
    "GET": {"labelSelector", "limit", "continue"},
    "PATCH": {"fieldManager", "force", "dryRun", "fieldValidation"},
    "DELETE": set(),
}
_VERBS = {"GET": "get", "PATCH": "patch", "DELETE": "delete"}
Key = tuple[str, str, str, str]  # apiVersion, plural, namespace, name


class KubeServer:
    """The state of a cluster, and a server in a thread that answers for it."""

    def __init__(self, token: str = "", tls: Any = None) -> None:
        self.objects: dict[Key, dict[str, Any]] = {}
        self.owned: dict[Key, dict[str, set[kube_fields.Path]]] = {}
        self.times: dict[tuple[Key, str], str] = {}
        self.kinds: dict[tuple[str, str], tuple[str, bool, dict[str, Any] | None]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.violations: list[str] = []
        self.forbidden: set[tuple[str, str]] = set()  # (verb, plural)
        self.before: Callable[[str, str, dict[str, str]], Any] = lambda verb, path, params: None
        self.token = token
        self.lock = threading.RLock()
        self._revision = 100
        for table, namespaced in ((NAMESPACED, True), (GLOBAL, False)):
            for version, kinds in table.items():
                for kind, plural in kinds.items():
                    self.kinds[version, plural] = (kind, namespaced, None)
        self.put("kubectl", {"apiVersion": "v1", "kind": "Namespace",
                             "metadata": {"name": "kube-system"}})  # fmt: skip
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        if tls is not None:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    # what other people do ---------------------------------------------------------------------

    def put(self, manager: str, data: dict[str, Any]) -> dict[str, Any]:
        """Create or replace an object as somebody else, by a plain update."""
        key = self.key_of(data)
        live = self.objects.get(key, {})
        new = plain(data)
        owned = kube_fields.updated(plain(live), new, manager, self.owned.get(key, {}))
        return self._store(key, new, owned)

    def edit(self, manager: str, key: Key, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change a live object as somebody else."""
        data = copy.deepcopy(self.objects[key])
        change(data)
        self.put(manager, data)

    def touch_status(self, key: Key) -> None:
        """What controllers do all the time: status and resourceVersion change."""
        self.objects[key]["status"] = {"observed": self._next()}
        self.objects[key]["metadata"]["resourceVersion"] = self._next()

    def key_of(self, data: dict[str, Any]) -> Key:
        version, kind, meta = data["apiVersion"], data["kind"], data["metadata"]
        plural = next(p for (v, p), (k, *_) in self.kinds.items() if (v, k) == (version, kind))
        return version, plural, meta.get("namespace", ""), meta["name"]

    # the API ----------------------------------------------------------------------------------

    def answer(self, verb: str, path: str, params: dict[str, str], body: Any, kind: str) -> Any:
        self.requests.append((verb, path, params))
        unknown = params.keys() - _PARAMS.get(verb, set())
        if verb not in _PARAMS or unknown or (params.get("dryRun", "All") != "All"):
            self.violations.append(f"{verb} {path} {params}")
            raise RefusalError(400, "BadRequest", "unknown verb or parameter")
        version, plural, namespace, name = parse(path, self.violations)
        if not plural:
            return self._discovery(version)
        if (version, plural) not in self.kinds:
            raise RefusalError(404, "NotFound", "the server could not find the requested resource")
        verb_name = "list" if verb == "GET" and not name else _VERBS[verb]
        if (verb_name, plural) in self.forbidden:
            where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            what = f'User "ann" cannot {verb_name} resource "{plural}" in API group ""{where}'
            raise RefusalError(403, "Forbidden", f"{plural} is forbidden: {what}")
        if verb_name == "list":
            return self._list(version, plural, namespace, params)
        key = (version, plural, namespace, name)
        if verb == "PATCH":
            if kind != "application/apply-patch+yaml" or "fieldManager" not in params:
                self.violations.append(f"PATCH {path} as {kind} {params}")
            return self._apply(key, body, params)
        if key not in self.objects:
            raise RefusalError(404, "NotFound", f'{plural} "{name}" not found')
        return self._delete(key, body) if verb == "DELETE" else self.objects[key]

    def _discovery(self, version: str) -> Any:
        found = [
            {"name": plural, "kind": kind, "namespaced": namespaced}
            for (v, plural), (kind, namespaced, _) in self.kinds.items()
            if v == version
        ]
        if not found:
            raise RefusalError(404, "NotFound", "the server could not find the requested resource")
        status = {"name": f"{found[0]['name']}/status", "kind": "Status", "namespaced": True}
        return {"kind": "APIResourceList", "resources": [*found, status]}

    def _list(self, version: str, plural: str, namespace: str, params: dict[str, str]) -> Any:
        wanted = [tuple(p.split("=")) for p in params.get("labelSelector", "").split(",") if p]
        found = [
            {k: v for k, v in data.items() if k not in ("apiVersion", "kind")}  # as real lists
            for key, data in sorted(self.objects.items())
            if key[:2] == (version, plural) and namespace in ("", key[2])
            if all((data["metadata"].get("labels") or {}).get(k) == v for k, v in wanted)
        ]
        start, limit = int(params.get("continue", 0)), min(int(params.get("limit", 500)), 2)
        more = {"continue": str(start + limit)} if start + limit < len(found) else {}
        return {"kind": "List", "metadata": more, "items": found[start : start + limit]}

    def _apply(self, key: Key, body: Any, params: dict[str, str]) -> Any:
        version, plural, namespace, _ = key
        manager, force = params["fieldManager"], params.get("force") == "true"
        if namespace and ("v1", "namespaces", "", namespace) not in self.objects:
            raise RefusalError(404, "NotFound", f'namespaces "{namespace}" not found')
        live, owned = self.objects.get(key), self.owned.get(key, {})
        clashes = kube_fields.conflicts(live or {}, body, manager, owned)
        if clashes and not force:
            causes = [
                {"reason": "FieldManagerConflict", "field": dotted(path),
                 "message": f'conflict with "{other}" using {version}'} for other, path in clashes
            ]  # fmt: skip
            message = f"Apply failed with {len(causes)} conflicts: {causes[0]['message']}"
            raise RefusalError(409, "Conflict", message, causes)
        result, after = kube_fields.apply(plain(live or {}), plain(body), manager, owned)
        if live is None and version == "v1" and plural == "services":
            result["spec"].setdefault("type", "ClusterIP")  # defaults belong to nobody
            result["spec"].setdefault("clusterIP", "10.0.0.7")
        self._require_valid(key, result)
        if live is not None and result == plain(live) and after == owned:
            return live
        if params.get("dryRun"):
            return self._dressed(key, result, after, manager)
        return self._store(key, result, after, manager)

    def _require_valid(self, key: Key, body: dict[str, Any]) -> None:
        kind, _, schema = self.kinds[key[:2]]
        names = (body["metadata"].get("namespace", ""), body["metadata"]["name"])
        if names != key[2:] or (body["apiVersion"], body["kind"]) != (key[0], kind):
            self.violations.append(f"{key} does not fit {body['kind']} {names}")
        try:
            if schema is not None:
                jsonschema.Draft202012Validator(schema).validate(body)
            else:
                kubernetes_validate.validate(body, "1.31", strict=True)
        except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
            field = ".".join(map(str, error.path))
            message = f'{kind} "{names[1]}" is invalid: {field}: {error.message}'
            raise RefusalError(422, "Invalid", message, [{"field": field}]) from error

    def _delete(self, key: Key, body: Any) -> Any:
        metadata = self.objects[key]["metadata"]
        for name, wanted in (body or {}).get("preconditions", {}).items():
            if metadata[name] != wanted:
                raise RefusalError(409, "Conflict", f"the {name} of the precondition differs")
        del self.objects[key], self.owned[key]
        return {"kind": "Status", "status": "Success"}

    def _next(self) -> str:
        self._revision += 1
        return str(self._revision)

    def _dressed(self, key: Key, data: dict[str, Any], owned: Any, manager: str = "") -> Any:
        """The object with what the server writes into it; nothing is stored."""
        live = (self.objects.get(key) or {}).get("metadata", {})
        same_spec = (self.objects.get(key) or {}).get("spec") == data.get("spec")
        entries = [
            {"manager": name, "operation": "Apply" if name.startswith("observe") else "Update",
             "apiVersion": key[0], "fieldsType": "FieldsV1",
             "time": datetime.now(UTC).isoformat() if name == manager
             else self.times.get((key, name), "2026-01-01T00:00:00Z"),
             "fieldsV1": kube_fields.fields_v1(paths)}
            for name, paths in sorted(owned.items())
        ]  # fmt: skip
        metadata = data.get("metadata", {}) | {
            "uid": live.get("uid") or str(uuid.uuid4()),
            "resourceVersion": live.get("resourceVersion", "0"),
            "generation": live.get("generation", 0) + (not same_spec),
            "creationTimestamp": live.get("creationTimestamp", "2026-01-01T00:00:00Z"),
            "managedFields": entries,
        }
        status = (self.objects.get(key) or {}).get("status")
        return data | {"metadata": metadata} | ({"status": status} if status else {})

    def _store(self, key: Key, data: dict[str, Any], owned: Any, manager: str = "") -> Any:
        self.objects[key] = stored = self._dressed(key, data, owned, manager)
        stored["metadata"]["resourceVersion"] = self._next()
        self.owned[key] = owned
        for entry in stored["metadata"]["managedFields"]:
            self.times[key, entry["manager"]] = entry["time"]
        if data["kind"] == "CustomResourceDefinition":
            spec = data["spec"]
            for version in spec["versions"]:
                self.kinds[f"{spec['group']}/{version['name']}", spec["names"]["plural"]] = (
                    spec["names"]["kind"],
                    spec["scope"] == "Namespaced",
                    version["schema"]["openAPIV3Schema"],
                )
        return stored
