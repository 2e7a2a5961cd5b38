"""Retries and timeouts along paths of calls."""

import networkx as nx
from lint_samples import facts, found, judged, route

from observe.lint.telemetry import Telemetry


def _calls(*pairs: tuple[str, str], share: float = 1.0) -> Telemetry:
    names = sorted({name for pair in pairs for name in pair})
    graph: nx.DiGraph[str] = nx.DiGraph()
    for caller, callee in pairs:
        graph.add_edge(f"-/shop/{caller}", f"-/shop/{callee}", per_request=share)
    records = [facts(name, {}) for name in names]
    return Telemetry(facts={r.target.path: r for r in records}, graph=graph)


def _tries(**attempts: int) -> str:
    return "\n---\n".join(
        route(f"retries: {{attempts: {n}}}", name, f"shop/{name}") for name, n in attempts.items()
    )


CHAIN = _calls(("a", "b"), ("b", "c"))


def test_one_layer_that_retries_twice_is_bearable():
    assert judged(_tries(a=0, b=2, c=0), CHAIN) == ()


def test_the_product_is_that_of_all_tries_on_the_path():
    first, second = found(_tries(a=0, b=1, c=2), "AMPLIFICATION", CHAIN)
    assert first.object == "VirtualService shop/b"
    assert (first.severity, first.line) == ("critical", 19)
    assert second.object == "VirtualService shop/c"
    assert first.message == (
        "one request can become 6 tries of -/shop/c, more than 4: "
        "-/shop/a x1 -> -/shop/b x2 -> -/shop/c x3"
    )


def test_four_tries_are_bearable():
    assert found(_tries(a=0, b=1, c=1), "AMPLIFICATION", CHAIN) == []
    (finding,) = found(_tries(a=0, b=1, c=1), "RETRIES_AT_SEVERAL_LAYERS", CHAIN)
    assert finding.message.endswith("4 for one request")


def test_istios_default_counts_and_makes_it_a_warning():
    (finding,) = found(_tries(c=1), "AMPLIFICATION", CHAIN)
    assert finding.severity == "warning"
    assert finding.message == (
        "one request can become 18 tries of -/shop/c, more than 4: "
        "-/shop/a x3 (default) -> -/shop/b x3 (default) -> -/shop/c x2"
    )


def test_defaults_alone_are_one_finding_of_the_mesh_about_the_longest_path():
    telemetry = _calls(("a", "b"), ("b", "c"), ("x", "y"))
    (finding,) = judged("# Sidecar\nworkloadSelector: {}", telemetry)
    assert (finding.code, finding.object, finding.place) == ("AMPLIFICATION_BY_DEFAULT", "mesh", "")
    assert "can become 27 tries of -/shop/c" in finding.message


def test_attempts_0_everywhere_silences_the_default():
    assert judged(_tries(a=0, b=0, c=0), CHAIN) == ()


def test_one_service_alone_is_no_path():
    telemetry = _calls(("a", "b"))
    telemetry.graph.remove_node("-/shop/b")
    assert found(_tries(a=3), "AMPLIFICATION", telemetry) == []


def test_a_cycle_is_named_and_its_services_multiply():
    telemetry = _calls(("a", "b"), ("b", "c"), ("c", "b"))
    text = _tries(a=0, b=2, c=1)
    b, c = found(text, "RETRIES_IN_A_CYCLE", telemetry)
    assert b.message.startswith(
        "-/shop/b and -/shop/c call each other, and -/shop/b and -/shop/c are tried again"
    )
    assert found(_tries(a=0, b=1, c=0), "RETRIES_IN_A_CYCLE", telemetry) == []
    (alone,) = found(_tries(a=0, b=2, c=0), "RETRIES_IN_A_CYCLE", telemetry)
    assert alone.object == "VirtualService shop/b"
    assert c.object == "VirtualService shop/c"
    assert {f.message for f in found(text, "AMPLIFICATION", telemetry)} == {
        "one request can become 6 tries of -/shop/c, more than 4: "
        "-/shop/a x1 -> -/shop/b x3 -> -/shop/c x2"
    }


def test_calls_that_hardly_happen_do_not_count():
    assert found(_tries(a=0, b=3, c=3), "AMPLIFICATION", _calls(("b", "c"), share=0.0005)) == []
    assert len(found(_tries(b=3, c=3), "AMPLIFICATION", _calls(("b", "c"), share=0.001))) == 2


def _waits(**timeouts: str) -> str:
    return "\n---\n".join(
        route(f"timeout: {t}\nretries: {{attempts: 0}}", name, f"shop/{name}")
        for name, t in timeouts.items()
    )


def test_a_caller_that_gives_up_first_is_found_at_its_timeout():
    (finding,) = judged(_waits(a="1s", b="1500ms", c="500ms"), CHAIN)
    assert (finding.code, finding.severity) == ("CALLER_TIMEOUT_BELOW_CALLEE", "warning")
    assert (finding.object, finding.line) == ("VirtualService shop/a", 9)
    assert "-/shop/a has to answer within 1s and calls -/shop/b, which may take 1500ms" in (
        finding.message
    )


def test_equal_timeouts_agree():
    assert judged(_waits(a="1s", b="1s", c="1s"), CHAIN) == ()


def test_a_caller_with_a_route_that_waits_for_ever_is_left_alone():
    text = (
        "# VirtualService shop/a\nhosts: [a]\nhttp:\n"
        "  - match: [{uri: {prefix: /x}}]\n    route: [{destination: {host: a}}]\n    timeout: 1s\n"
        "  - route: [{destination: {host: a}}]"
    )
    findings = found(f"{text}\n---\n{_waits(b='9s')}", "CALLER_TIMEOUT_BELOW_CALLEE", CHAIN)
    assert findings == []


def test_a_gateways_timeout_bounds_the_service_that_it_sends_to():
    public = (
        "# VirtualService shop/public\nhosts: ['*']\ngateways: [public]\nhttp:\n"
        "  - route: [{destination: {host: a}}]\n    timeout: 400ms\n    retries: {attempts: 0}"
    )
    (finding,) = judged(f"{public}\n---\n{_waits(b='500ms', c='500ms')}", CHAIN)
    assert (finding.code, finding.object) == (
        "CALLER_TIMEOUT_BELOW_CALLEE",
        "VirtualService shop/public",
    )


def test_routes_of_an_object_that_an_older_one_shadows_count_for_nothing():
    shadowed = _tries(c=3).replace("shop/c", "shop/z")
    assert found(f"{_tries(a=0, b=0, c=0)}\n---\n{shadowed}", "AMPLIFICATION", CHAIN) == []


def test_a_retry_budget_bounds_what_a_service_multiplies():
    budget = (
        "# DestinationRule shop/c\nhost: c\ntrafficPolicy:\n  tls: {mode: ISTIO_MUTUAL}\n"
        "  retryBudget: {percent: %s}"
    )
    text = f"{_tries(a=0, b=2, c=9)}\n---\n{budget}"
    assert found(text % 20, "AMPLIFICATION", CHAIN) == []  # 3 x 1.2
    assert found(text % 20, "TOO_MANY_TRIES", CHAIN) == []
    b, c = found(text % 50, "AMPLIFICATION", CHAIN)  # 3 x 1.5
    assert (
        b.message
        == c.message
        == (
            "one request can become 4.5 tries of -/shop/c, more than 4: "
            "-/shop/a x1 -> -/shop/b x3 -> -/shop/c x1.5 (retryBudget)"
        )
    )
