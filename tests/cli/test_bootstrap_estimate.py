from __future__ import annotations

import json

import pytest
from running import Observe

from observe.errors import EXIT_DONE, EXIT_SOURCE, EXIT_USAGE


def test_a_typed_size_becomes_a_table_of_both_tiers(observe: Observe) -> None:
    run = observe("bootstrap", "estimate", "--services", "100", "--pods", "300")
    assert run.code == EXIT_DONE
    lines = run.out.splitlines()
    assert lines[0].split() == ["edge", "external"]
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "series",
        "samples/s",
        "disk",
        "memory",
        "CPU",
        "CPU request",
        "memory request to limit",
        "volume",
    ]


def test_json_holds_counts_sizes_and_resources(observe: Observe) -> None:
    run = observe("bootstrap", "estimate", "--services", "10", "--pods", "30", "--format", "json")
    found = json.loads(run.out)
    assert found["counts"]["east"]["edges"] == 54
    assert found["sizing"]["edge"]["series"] > found["sizing"]["external"]["series"] > 1000
    assert set(found["resources"]["edge"]) == {
        "cpuRequest",
        "memoryRequest",
        "memoryLimit",
        "storage",
        "retentionSize",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the size of the mesh is not known"),
        (["--services", "5"], "the size of the mesh is not known"),
        (
            ["--services", "5", "--pods", "5", "--prometheus", "http://127.0.0.1:9"],
            "a size is typed in and a Prometheus is given",
        ),
    ],
)
def test_half_a_size_and_two_sizes_are_refused(
    observe: Observe, arguments: list[str], message: str
) -> None:
    run = observe("bootstrap", "estimate", *arguments)
    assert run.code == EXIT_USAGE
    assert message in run.error


def test_a_server_that_does_not_answer_ends_with_3(observe: Observe) -> None:
    run = observe("bootstrap", "estimate", "--prometheus", "http://127.0.0.1:9")
    assert run.code == EXIT_SOURCE
    assert "127.0.0.1:9" in run.error
