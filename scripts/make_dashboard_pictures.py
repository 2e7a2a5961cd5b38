"""Draw docs/images/dashboards-*.png: the demo's day in a real Prometheus, a preview of each board.

Needs the programs `prometheus` and `promtool` (make prometheus).
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from observe.grafana import dashboards_json
from observe.grafana.preview.pictures import draw_all, step_for
from observe.grafana.preview.variables import Span
from observe.telemetry.client import PrometheusClient

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

#: Selections that make a picture say something.
CHOSEN = {
    "service.json": {"service": ["payment.shop.svc.cluster.local"]},
    "workload.json": {"workload": ["checkout"]},
}


def main() -> None:
    """Load, draw, name the pictures."""
    from grafana_tiers import SCRAPE, two_tiers

    images = ROOT / "docs" / "images"
    with (
        tempfile.TemporaryDirectory(prefix="observe-pictures-") as folder,
        two_tiers(Path(folder)) as tiers,
    ):
        for name, dashboard in dashboards_json().items():
            recorded = name == "federation.json"  # its subject is the tier of recorded series
            back = timedelta(hours=1 if recorded else 6)
            step = step_for(back.total_seconds(), SCRAPE)
            span = Span(tiers.end - back, tiers.end, step, SCRAPE)
            made = {f"dashboards-{name}": dashboard}
            with PrometheusClient(tiers.external if recorded else tiers.edge) as client:
                drawn = draw_all(made, client, span, images, chosen=CHOSEN.get(name, {}))
            for picture in drawn:
                print(picture.path.relative_to(ROOT), *picture.empty)


if __name__ == "__main__":
    main()
