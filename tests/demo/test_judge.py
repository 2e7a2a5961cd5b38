"""The demo's mesh, from telemetry to advice, against its truth."""

from datetime import UTC, datetime

import pytest

from observe.demo.judge import judge_timeouts, verdict_text
from observe.demo.shop import demo_mesh
from observe.demo.simulate import snapshot_from_truth
from observe.recommend.engine import recommend

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("seed", [1, 2])
def test_advice_for_the_demo_mesh_holds_the_week_after(seed):
    truth = demo_mesh().starting(START)
    advice = recommend(snapshot_from_truth(truth, seed, START))
    judged = judge_timeouts(advice, truth)
    given = [j for j in judged if j.timeout_ms is not None]
    assert len(given) >= 14
    assert all(j.cut <= 0.001 for j in given), [(j.target, j.cut) for j in given]
    for j in judged:
        if j.timeout_ms is None:
            assert j.expected.verdict != "recommend", (j.target, j.reasons)
            assert set(j.reasons) & {r.value for r in j.expected.reasons}, (j.target, j.reasons)
        else:
            assert j.expected.verdict != "withhold", (j.target, j.reasons)


def test_the_verdict_counts_what_held():
    truth = demo_mesh().starting(START)
    judged = judge_timeouts(recommend(snapshot_from_truth(truth, 1, START)), truth)
    given = sum(j.timeout_ms is not None for j in judged)
    assert f"{given} of {given} timeouts cut at most 0.1 %" in verdict_text(judged)
