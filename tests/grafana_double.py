"""A Grafana that keeps to the published API: an unknown path, query or field ends the test.

What it does with a call follows Grafana's documentation of the HTTP API: versions of dashboards
and 412 for a stale one, secrets that are never told, defaults that the server adds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from grafana_annotations import Annotations
from grafana_contract import Call, Contract, ContractError

TOKEN = "glsa_right"
Answer = tuple[int, Any]


class RefusedError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class GrafanaDouble(Annotations):
    """The server; a context manager."""

    def __init__(self, contract: Contract, version: str = "13.0.1") -> None:
        self._contract = contract
        self.version = version
        self.folders: dict[str, dict[str, Any]] = {}
        self.datasources: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, dict[str, str]] = {}
        self.dashboards: dict[str, list[dict[str, Any]]] = {}
        self.home: dict[str, str] = {}
        self.groups: dict[tuple[str, str], dict[str, Any]] = {}
        self.points: dict[str, dict[str, Any]] = {}
        self.annotations: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []
        self.broken: list[str] = []
        #: Asked before each call; an answer of its own is a fault.
        self.fault: Callable[[str, str], Answer | None] = lambda method, path: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/grafana/"

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] != "GET"]

    def __enter__(self) -> GrafanaDouble:
        double = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def _any(self) -> None:
                double._serve(self)

        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            setattr(Handler, f"do_{method}", Handler._any)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        assert self.broken == []

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        raw = request.rfile.read(length)
        parts = urlsplit(request.path)
        path = parts.path.removeprefix("/grafana")
        self.calls.append((request.command, path))
        token = request.headers.get("Authorization")
        status, answer = self._answer(request.command, path, parts.query, raw, token)
        text = b"" if answer is None else json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        if status in (301, 302, 307, 308):
            request.send_header("Location", answer["location"])
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def _answer(self, method: str, path: str, query: str, raw: bytes, token: str | None) -> Answer:
        fault = self.fault(method, path)
        if fault is not None:
            return fault
        if token != f"Bearer {TOKEN}" and path != "/api/health":
            return 401, {"message": "Invalid API key"}
        asked = parse_qs(query)
        body = json.loads(raw) if raw else None
        try:
            call = self._contract.call(method, path, asked, body)
            call.parameters.update({k: unquote(v) for k, v in call.parameters.items()})
            return getattr(self, f"_{call.id}")(call, asked, body)
        except RefusedError as refused:
            return refused.status, {"message": str(refused)}
        except (ContractError, AttributeError) as error:
            self.broken.append(f"{error}")
            return 400, {"message": str(error)}

    def _getHealth(self, *_: Any) -> Answer:
        return 200, {"database": "ok", "version": self.version}

    def _getFolderByUID(self, call: Call, *_: Any) -> Answer:
        return 200, _there(self.folders, call.parameters["folder_uid"])

    def _createFolder(self, _: Call, __: Any, body: dict[str, Any]) -> Answer:
        if body["uid"] in self.folders:
            raise RefusedError(409, "a folder with the same uid already exists")
        self.folders[body["uid"]] = {"id": len(self.folders) + 1, "version": 1, **body}
        return 200, self.folders[body["uid"]]

    def _deleteFolder(self, call: Call, *_: Any) -> Answer:
        _there(self.folders, call.parameters["folder_uid"])
        del self.folders[call.parameters["folder_uid"]]
        return 200, {"id": 1, "message": "Folder deleted", "title": ""}

    def _getFolderDescendantCounts(self, call: Call, *_: Any) -> Answer:
        uid = call.parameters["folder_uid"]
        dashboards = sum(folder == uid for folder in self.home.values())
        rules = sum(len(g["rules"]) for (f, _), g in self.groups.items() if f == uid)
        return 200, {"dashboard": dashboards, "alertrule": rules, "folder": 0}

    def _getDataSources(self, *_: Any) -> Answer:
        return 200, list(self.datasources.values())

    def _addDataSource(self, _: Call, __: Any, body: dict[str, Any]) -> Answer:
        if body["uid"] in self.datasources:
            raise RefusedError(409, "data source with the same uid already exists")
        if any(d["name"] == body["name"] for d in self.datasources.values()):
            raise RefusedError(409, "data source with the same name already exists")
        self._keep_datasource({"id": len(self.datasources) + 1, "version": 1}, body)
        held = self.datasources[body["uid"]]
        return 200, {"datasource": held, "id": 1, "message": "added", "name": body["name"]}

    def _updateDataSourceByUID(self, call: Call, _: Any, body: dict[str, Any]) -> Answer:
        held = _there(self.datasources, call.parameters["uid"])
        self._keep_datasource({"id": held["id"], "version": held["version"] + 1}, body)
        return 200, {"datasource": body, "id": 1, "message": "updated", "name": body["name"]}

    def _keep_datasource(self, own: dict[str, Any], body: dict[str, Any]) -> None:
        body = dict(body)
        secrets = self.secrets.setdefault(body["uid"], {})
        secrets |= body.pop("secureJsonData", {})
        told = {"secureJsonFields": dict.fromkeys(secrets, True)}
        defaults = {"orgId": 1, "readOnly": False, "user": "", "database": ""}
        self.datasources[body["uid"]] = {**defaults, **body, **own, **told}

    def _deleteDataSourceByUID(self, call: Call, *_: Any) -> Answer:
        _there(self.datasources, call.parameters["uid"])
        del self.datasources[call.parameters["uid"]]
        return 200, {"message": "Data source deleted"}

    def _search(self, _: Call, query: dict[str, list[str]], __: Any) -> Answer:
        tags = query.get("tag", [])
        latest = [versions[-1]["data"] for versions in self.dashboards.values()]
        return 200, [
            {"uid": d["uid"], "title": d["title"], "folderUid": self.home[d["uid"]]}
            for d in latest
            if set(tags) <= set(d.get("tags", []))
        ]

    def _getDashboardByUID(self, call: Call, *_: Any) -> Answer:
        versions = _there(self.dashboards, call.parameters["uid"], "Dashboard not found")
        meta = {"folderUid": self.home[call.parameters["uid"]], "provisioned": False}
        return 200, {"dashboard": versions[-1]["data"], "meta": meta}

    def _getDashboardVersionsByUID(self, call: Call, query: dict[str, list[str]], _: Any) -> Answer:
        versions = _there(self.dashboards, call.parameters["uid"])[::-1]
        listed = [{k: v for k, v in each.items() if k != "data"} for each in versions]
        return 200, {"versions": listed[: int(query.get("limit", ["1000"])[0])]}

    def _postDashboard(self, _: Call, __: Any, body: dict[str, Any]) -> Answer:
        content, folder = dict(body["dashboard"]), body.get("folderUid", "")
        if folder and folder not in self.folders:
            raise RefusedError(400, "folder not found")
        uid = content["uid"]
        versions = self.dashboards.setdefault(uid, [])
        if versions and not body.get("overwrite") and content.get("version") != len(versions):
            raise RefusedError(412, "The dashboard has been changed by someone else")
        content |= {"id": 7, "version": len(versions) + 1}
        message = body.get("message", "")
        versions.append({"version": len(versions) + 1, "message": message, "data": content})
        self.home[uid] = folder
        answer = {"id": 7, "status": "success", "title": content["title"], "url": "/d/x"}
        return 200, {**answer, "uid": uid, "version": len(versions)}

    def _deleteDashboardByUID(self, call: Call, *_: Any) -> Answer:
        title = _there(self.dashboards, call.parameters["uid"])[-1]["data"]["title"]
        del self.dashboards[call.parameters["uid"]]
        del self.home[call.parameters["uid"]]
        return 200, {"message": "deleted", "title": title, "id": 7}

    def _GetAlertRules(self, *_: Any) -> Answer:
        return 200, [rule for group in self.groups.values() for rule in group["rules"]]

    def _GetAlertRuleGroup(self, call: Call, *_: Any) -> Answer:
        return 200, _there(self.groups, (call.parameters["FolderUID"], call.parameters["Group"]))

    def _PutAlertRuleGroup(self, call: Call, _: Any, body: dict[str, Any]) -> Answer:
        folder, title = call.parameters["FolderUID"], call.parameters["Group"]
        if folder not in self.folders:
            raise RefusedError(400, "folder does not exist")
        titles = [rule["title"] for rule in body["rules"]]
        if len(set(titles)) < len(titles):
            raise RefusedError(400, "rule titles must be unique")
        extra = {"id": 3, "updated": "2026-01-01T00:00:00Z", "isPaused": False}
        rules = [{**rule, **extra} for rule in body["rules"]]
        for rule in rules:
            for query in rule["data"]:
                query["model"] |= {"intervalMs": 1000, "maxDataPoints": 43200}
        self.groups[folder, title] = {**body, "rules": rules}
        return 200, self.groups[folder, title]

    def _DeleteAlertRuleGroup(self, call: Call, *_: Any) -> Answer:
        key = (call.parameters["FolderUID"], call.parameters["Group"])
        _there(self.groups, key)
        del self.groups[key]
        return 204, None

    def _GetContactpoints(self, *_: Any) -> Answer:
        return 200, [_redacted(point) for point in self.points.values()]

    def _PostContactpoints(self, _: Call, __: Any, body: dict[str, Any]) -> Answer:
        self.points[body["uid"]] = body
        return 202, body

    def _PutContactpoint(self, call: Call, _: Any, body: dict[str, Any]) -> Answer:
        _there(self.points, call.parameters["UID"])
        self.points[call.parameters["UID"]] = body
        return 202, {"message": "contactpoint updated"}

    def _DeleteContactpoints(self, call: Call, *_: Any) -> Answer:
        self.points.pop(call.parameters["UID"], None)
        return 202, None


def _there(held: dict[Any, Any], key: Any, message: str = "not found") -> Any:
    if key not in held:
        raise RefusedError(404, message)
    return held[key]


def _redacted(point: dict[str, Any]) -> dict[str, Any]:
    secret = {"password", "token", "authorization_credentials"}
    settings = {k: "[REDACTED]" if k in secret else v for k, v in point["settings"].items()}
    return {**point, "settings": settings}
