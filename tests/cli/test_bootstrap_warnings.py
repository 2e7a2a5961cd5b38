from __future__ import annotations

from pathlib import Path

from running import Observe


def test_a_latency_that_no_bucket_ends_at_is_warned_of(observe: Observe) -> None:
    Path("stack.yaml").write_text("objectives: {latencyMs: 700}\n")
    run = observe("bootstrap", "kubernetes", "--stack", "stack.yaml", "--services", 5, "--pods", 9)
    assert (
        "objectives.latencyMs 700 is no upper end of Istio's default buckets (next to it: 500 and "
        "1000)" in " ".join(run.err.split())
    )


def test_the_charts_open_port_is_told_under_helm_only(observe: Observe) -> None:
    line = "the chart's own port 9090 asks for no password"
    helm = observe("bootstrap", "helm", "--services", 5, "--pods", 9)
    plain = observe("bootstrap", "kubernetes", "--services", 5, "--pods", 9)
    assert line in " ".join(helm.err.split())
    assert line not in " ".join(plain.err.split())
