"""Annotations of the Grafana double: kept, and found by time and tags."""

from __future__ import annotations

from typing import Any

from grafana_contract import Call

Answer = tuple[int, Any]


class Annotations:
    """Those of the whole organisation; a part of the double."""

    annotations: list[dict[str, Any]]

    def _postAnnotation(self, _: Call, __: Any, body: dict[str, Any]) -> Answer:
        self.annotations.append({"id": len(self.annotations) + 1, **body})
        return 200, {"id": len(self.annotations), "message": "Annotation added"}

    def _getAnnotations(self, _: Call, query: dict[str, list[str]], __: Any) -> Answer:
        first, last = (int(query[name][0]) for name in ("from", "to"))
        tags = set(query.get("tags", []))
        return 200, [
            one
            for one in self.annotations
            if first <= one["time"] <= last and tags <= set(one["tags"])
        ]
