"""`observe lint` from the outside: exit codes, formats, what it refuses."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from running import Observe

from observe.demo import demo_current_yaml, demo_mesh, snapshot_from_truth
from observe.telemetry.snapshot import save

GOLDEN = Path(__file__).parents[1] / "lint" / "golden"
WIZARD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: bookinfo}
spec:
  hosts: [reviews.bookinfo.svc.cluster.local]
  http:
    - route:
        - destination: {host: reviews.bookinfo.svc.cluster.local}
      timeout: 2s
      retries: {attempts: 3, perTryTimeout: 2s}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: bookinfo}
spec:
  host: reviews.bookinfo.svc.cluster.local
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 1}
      http: {http1MaxPendingRequests: 1}
    outlierDetection: {consecutiveErrors: 1}
"""


@pytest.fixture
def wizard(observe: Observe) -> str:
    """A file as Kiali's wizard writes it."""
    Path("wizard.yaml").write_text(WIZARD)
    return "wizard.yaml"


@pytest.fixture
def demo(observe: Observe) -> str:
    """The settings of the demo's mesh, and a week of its telemetry in `snapshot`."""
    for name, text in demo_current_yaml().items():
        path = Path("current") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    end = datetime(2026, 11, 16, tzinfo=UTC)
    save(snapshot_from_truth(demo_mesh(), 1, end, days=7), Path("snapshot"))
    return "current"


def _codes(text: str) -> list[tuple[str, str, int | None]]:
    return [(f["code"], f["severity"], f["line"]) for f in json.loads(text)["findings"]]


def test_the_wizards_defaults_are_all_found(observe: Observe, wizard: str) -> None:
    run = observe("lint", wizard, "--format", "json")
    assert run.code == 0
    assert _codes(run.out) == [
        ("PER_TRY_NOT_BELOW_TIMEOUT", "warning", 10),
        ("POOL_OF_ONE", "critical", 19),
        ("POOL_APPLIED_TWICE", "info", 19),
        ("POOL_OF_ONE", "warning", 20),
        ("DEPRECATED_FIELD", "warning", 21),
        ("OUTLIER_EJECTS_NOBODY", "info", 21),
    ]
    assert "judged: 1 DestinationRule, 1 VirtualService; no telemetry was given" in run.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 0),
        (("--fail-on", "critical"), 1),
        (("--fail-on", "critical", "--ignore", "POOL_OF_ONE"), 0),
        (("--fail-on", "warning", "--only", "deprecated_field"), 1),
        (("--fail-on", "critical", "--only", "DEPRECATED_FIELD"), 0),
    ],
)
def test_fail_on_looks_at_what_is_reported(
    observe: Observe, wizard: str, options: tuple[str, ...], code: int
) -> None:
    assert observe("lint", wizard, *options).code == code


@pytest.mark.parametrize("form", ["sarif", "json"])
def test_documents_for_machines_are_json_alone(observe: Observe, wizard: str, form: str) -> None:
    json.loads(observe("lint", wizard, "--format", form).out)


def test_annotations_are_one_line_each(observe: Observe, wizard: str) -> None:
    lines = observe("lint", wizard, "--format", "github").out.splitlines()
    assert len(lines) == 6
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to judge was named"),
        (("absent.yaml",), "absent.yaml does not exist"),
        (("wizard.yaml", "--only", "POOL_OF_TWO"), "Did you mean POOL_OF_ONE?"),
        (("wizard.yaml", "--istio-version", "new"), "'new' is not an Istio version"),
        (("wizard.yaml", "--snapshot", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    observe: Observe, wizard: str, arguments: tuple[str, ...], words: str
) -> None:
    run = observe("lint", *arguments)
    assert run.code == 2
    assert words in run.error
    assert run.out == ""


def test_a_file_that_cannot_be_read_is_an_error_after_the_findings(
    observe: Observe, wizard: str
) -> None:
    Path("bad.yaml").write_text("kind: [\n")
    run = observe("lint", wizard, "bad.yaml", "--fail-on", "critical")
    assert run.code == 2
    assert "6 findings" in run.out
    assert run.error.startswith("bad.yaml, line 2: ")


def test_a_folder_with_nothing_to_judge_says_so(observe: Observe) -> None:
    Path("empty").mkdir()
    run = observe("lint", "empty")
    assert run.code == 0
    assert run.out == "nothing was judged\n"
    assert "no VirtualService and no DestinationRule was found" in run.err


def test_the_demos_settings_are_judged_against_its_telemetry(observe: Observe, demo: str) -> None:
    run = observe("lint", demo, "--snapshot", "snapshot", "--istio-version", "1.28.3")
    assert run.code == 0
    assert run.out == (GOLDEN / "demo.txt").read_text()


def test_recommendations_alone_bring_the_estimates(observe: Observe, demo: str) -> None:
    assert observe("report", "--snapshot", "snapshot", "--current", demo).code == 0
    run = observe("lint", demo, "--recommendations", "observe-report", "--format", "json")
    assert {code for code, _, _ in _codes(run.out)} == {
        "DEFAULT_RETRIES_SHARE_TIMEOUT",
        "SUBSET_NOT_DEFINED",
        "TIMEOUT_CUTS",
        "TIMEOUT_LOOSE",
        "TIMEOUT_MISSING",
    }


def test_what_is_exported_is_judged_without_a_warning(observe: Observe, demo: str) -> None:
    arguments = ("--snapshot", "snapshot")
    assert observe("export", *arguments, "--current", demo).code == 0
    for more in ((), arguments):
        run = observe("lint", "observe-export/manifests", *more, "--fail-on", "warning")
        assert run.code == 0, run.out
        assert re.search(r"judged: \d+ DestinationRules, 15 VirtualServices", run.err)
