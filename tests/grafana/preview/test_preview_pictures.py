"""Dashboards drawn to PNG from a real Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from click.testing import CliRunner
from dashboard_files import DASHBOARDS

from observe.bootstrap.prometheus import PrometheusServer
from observe.cli import main
from observe.demo.extra_series import extra_series
from observe.demo.remote_write import push
from observe.demo.shop import demo_mesh
from observe.errors import OutputError
from observe.grafana.preview.ask import Answer, Series, legend
from observe.grafana.preview.cells import merged
from observe.grafana.preview.page import places
from observe.grafana.preview.pictures import draw_all, step_for
from observe.grafana.preview.theme import shade
from observe.grafana.preview.variables import Span
from observe.telemetry.client import PrometheusClient

END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
SPAN = Span(END - timedelta(hours=1), END, 60, 60)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with PrometheusServer(Path(tmp_path_factory.mktemp("preview"))) as prometheus:
        seconds = np.arange(END.timestamp() - 7_200, END.timestamp() + 1, 60.0)
        labels, values = extra_series(demo_mesh(), seconds)
        push(prometheus.url, labels, (seconds * 1000).astype(np.int64), values)
        yield prometheus.url


@pytest.mark.integration
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_dashboard_becomes_a_picture_of_the_width_of_a_page(
    server: str, tmp_path: Path, theme: str
) -> None:
    boards = {"ambient.json": DASHBOARDS["ambient.json"]}
    [made] = draw_all(boards, PrometheusClient(server), SPAN, tmp_path, theme=theme, unfold=True)
    assert [path.name for path in tmp_path.iterdir()] == ["ambient.png"]
    assert made.empty == ()
    picture = matplotlib.image.imread(made.path)
    assert picture.shape[1] == 1600
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 200


@pytest.mark.integration
def test_panels_without_data_are_named(server: str, tmp_path: Path) -> None:
    boards = {"ambient.json": DASHBOARDS["ambient.json"]}
    client = PrometheusClient(server)
    [made] = draw_all(boards, client, SPAN, tmp_path, chosen={"namespace": ["nowhere"]})
    assert "Waypoints: requests by service" in made.empty


@pytest.mark.integration
def test_the_command_draws_and_names_the_pictures(server: str, tmp_path: Path) -> None:
    moment = END.strftime("%Y-%m-%dT%H:%M:%SZ")
    arguments = ["bootstrap", "grafana", "--preview", str(tmp_path), "--prometheus", server]
    done = CliRunner().invoke(main, [*arguments, "--dashboard", "federation", "--at", moment])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [str(tmp_path / "federation.png")]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ([], "no Prometheus given"),
        (["--prometheus", "http://127.0.0.1:9", "--dashboard", "nope"], "no dashboard nope"),
        (["--prometheus", "http://127.0.0.1:9", "--select", "x"], "'x' is no selection"),
        (["--prometheus", "http://127.0.0.1:9", "--select", "x=1"], "has a variable x"),
    ],
)
def test_a_wrong_option_is_one_clear_line(tmp_path: Path, extra: list[str], said: str) -> None:
    folder = tmp_path / "new"
    done = CliRunner().invoke(main, ["bootstrap", "grafana", "--preview", str(folder), *extra])
    assert done.exit_code == 2
    assert said in done.output
    assert not folder.exists()


@pytest.mark.integration
def test_a_folder_that_is_a_file_is_refused(server: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    boards = {"federation.json": DASHBOARDS["federation.json"]}
    with pytest.raises(OutputError, match="cannot be written"):
        draw_all(boards, PrometheusClient(server), SPAN, file)


def test_points_are_whole_scrapes_apart() -> None:
    assert step_for(3_600, 60) == 60
    assert step_for(21_600, 60) == 120
    assert step_for(7 * 86_400, 15) == 2_520


def test_open_rows_push_what_is_below_down() -> None:
    def panel(y: int, **more: Any) -> dict[str, Any]:
        return {"type": "stat", "gridPos": {"x": 0, "y": y, "w": 24, "h": 4}, **more}

    row = panel(4, panels=[panel(5), panel(9)], collapsed=True) | {"type": "row"}
    board = {"panels": [panel(0), row | {"gridPos": {"x": 0, "y": 4, "w": 24, "h": 1}}, panel(5)]}
    assert [y for _, _, y, _, _ in places(board, unfold=False)] == [0, 4, 5]
    assert [y for _, _, y, _, _ in places(board, unfold=True)] == [0, 4, 5, 9, 13]


def test_a_colour_holds_from_its_threshold_on() -> None:
    steps = [{"value": None, "color": "green"}, {"value": 0.1, "color": "red"}]
    assert [shade(v, steps) for v in (0.0999, 0.1)] == ["#73BF69", "#F2495C"]


def test_legends_are_filled_in() -> None:
    labels = {"pod": "a", "cluster": "east"}
    assert legend({"legendFormat": "{{cluster}} {{pod}} p99"}, labels) == "east a p99"
    assert legend({"legendFormat": "{{missing}} x"}, labels) == "x"
    assert legend({"legendFormat": "__auto"}, {"pod": "a"}) == "a"


def test_tables_join_answers_by_label_and_sort_the_largest_first() -> None:
    def answer(letter: str, found: dict[str, float]) -> Answer:
        at = np.array([0.0])
        series = (Series(k, {"pod": k}, at, np.array([v])) for k, v in found.items())
        return Answer(letter, "", tuple(series))

    panel = {
        "transformations": [
            {
                "id": "organize",
                "options": {
                    "renameByName": {"pod": "Pod", "Value #A": "Used", "Value #B": "Limit"},
                    "indexByName": {"pod": 0, "Value #A": 1, "Value #B": 2},
                },
            }
        ],
        "options": {"sortBy": [{"displayName": "Used", "desc": True}]},
        "fieldConfig": {
            "overrides": [
                {
                    "matcher": {"id": "byName", "options": "Used"},
                    "properties": [{"id": "unit", "value": "bytes"}],
                }
            ]
        },
    }
    heads, lines = merged(panel, [answer("A", {"a": 1.0, "b": 2_048.0}), answer("B", {"a": 4.0})])
    assert heads == ["Pod", "Used", "Limit"]
    assert [[text for text, _ in line] for line in lines] == [["b", "2 KiB", ""], ["a", "1 B", "4"]]
