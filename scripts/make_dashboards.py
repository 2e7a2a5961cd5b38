"""Write dashboards/*.json from the code in observe/grafana/dashboards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from observe.grafana.dashboards import generate

FOLDER = Path(__file__).parent.parent / "dashboards"


def text(dashboard: dict[str, Any]) -> str:
    """As it is checked in: sorted, so that a change shows what was changed."""
    return json.dumps(dashboard, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write what changed, remove what is no more."""
    FOLDER.mkdir(exist_ok=True)
    made = {name: text(dashboard) for name, dashboard in generate().items()}
    for stale in {path.name for path in FOLDER.glob("*.json")} - set(made):
        (FOLDER / stale).unlink()
        print(f"removed {stale}")
    for name, content in made.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
