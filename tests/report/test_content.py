import pytest
from handmade import Call, snapshot
from reports import advice, recommendation, target, week, withheld
from reports_kinds import outlier, pool, retry

from observe.report.content import report_content, source_text, window_text
from observe.report.quality import quality_facts, spoken_requests
from observe.report.services import flags_seen, namespaces, thinned
from observe.report.since import since
from observe.signals.latency import latency_by_target
from observe.telemetry.manifest import Source


def content(telemetry, made):
    return report_content(made, telemetry, latency_by_target(telemetry))


def test_the_most_urgent_come_first_and_what_fits_is_not_important():
    made = advice(
        recommendation("a", severity="ok", current={"timeout": "900ms"}),
        recommendation("b", severity="info"),
        recommendation("c", severity="critical"),
        recommendation("d", severity="warning"),
        recommendation("e", severity="info"),
    )
    shown = content(week(), made)

    def names(entries):
        return [entry.recommendation.target.path[-1] for entry in entries]

    assert names(shown.urgent) == ["c", "d"]
    assert names(shown.helpful) == ["b", "e"]
    assert names(shown.fitting) == ["a"]
    assert names(shown.most_important) == ["c", "d", "b"]


def test_kinds_are_mixed_by_urgency():
    made = advice(recommendation("a"), retry("a"), pool("b"), outlier("c"))
    shown = content(week(), made)
    assert [entry.recommendation.id for entry in shown.changes] == [
        "connectionPool/east/shop/b",
        "timeout/east/shop/a",
        "outlierDetection/east/shop/c",
        "retry/east/shop/a",
    ]


def test_a_service_holds_all_its_advice_and_what_is_withheld_of_it():
    made = advice(
        outlier("a"),
        recommendation("a"),
        pool("b"),
        withheld=(withheld("a", kind="retry"), withheld("elsewhere", kind="retry")),
    )
    first, second = content(week(), made).services
    assert (first.target.path, first.severity) == ("east/shop/b", "critical")
    assert second.target.path == "east/shop/a"
    kinds = [entry.recommendation.kind for entry in second.entries]
    assert kinds == ["timeout", "outlierDetection"]
    assert [w.target.path for w in second.withheld] == ["east/shop/a"]
    assert first.withheld == ()


def test_withheld_targets_are_grouped_by_kind_and_reason_the_most_frequent_first():
    made = advice(
        withheld=(
            withheld("b", kind="outlierDetection", reason="SINGLE_HOST"),
            withheld("b", reason="STREAM"),
            withheld("a"),
            withheld("c"),
            withheld("d"),
        )
    )
    kinds = content(week(), made).withheld
    found = [(k.name, k.number, [(g.code, len(g.targets)) for g in k.groups]) for k in kinds]
    assert found == [
        ("timeout", 4, [("TOO_FEW_REQUESTS", 3), ("STREAM", 1)]),
        ("outlier detection", 1, [("SINGLE_HOST", 1)]),
    ]


def test_the_window_and_the_source_are_told():
    made = advice()
    assert window_text(made) == "Mon 2 Mar 2026 00:00 UTC to Mon 9 Mar 2026 00:00 UTC (7 days)"
    assert source_text(made) == "http://prometheus.example:9090, raw series"
    simulated = advice(source=Source(kind="simulation"))
    assert source_text(simulated) == "a simulated mesh"


def test_golden_signals_carry_units_and_the_busiest_service_leads():
    telemetry = snapshot(
        [
            Call("web", "cart", (0, 90, 0, 0, 0)),
            Call("web", "cart", (0, 0, 0, 10, 0), code="504", flags="UT"),
            Call("web", "search", (0, 360, 0, 0, 0)),
            Call("web", "ledger", (36, 0, 0, 0, 0), namespace="back"),
        ],
        hours=24,
    )
    spaces = namespaces(telemetry, latency_by_target(telemetry))
    assert [(s.cluster, s.name) for s in spaces] == [("east", "back"), ("east", "shop")]
    search, cart = spaces[1].services
    assert (search.name, cart.name) == ("search", "cart")
    assert (search.rate, cart.rate) == ("0.1 /s", "100 /h")
    assert (search.errors, cart.errors) == ("0 %", "10 %")
    assert cart.p50.endswith(" ms")
    assert cart.failure_p99.endswith(" s")
    assert cart.flags == "UT 10%"
    assert search.flags == "–"
    assert cart.traffic == (100.0,) * 24
    assert flags_seen(spaces) == (("UT", "timeout"),)


def test_thinning_keeps_the_mean():
    import numpy as np

    values = np.arange(168.0)
    thin = thinned(values)
    assert len(thin) == 56
    assert sum(thin) / 56 == pytest.approx(values.mean())
    assert thinned(np.array([])) == ()


def test_what_is_different_from_the_last_report():
    before = advice(
        recommendation("stays"),
        recommendation("moves", proposed={"timeout": "500ms"}),
        recommendation("settles"),
        recommendation("goes"),
        recommendation("worsens", severity="ok", current={"timeout": "900ms"}),
    )
    now = advice(
        recommendation("stays"),
        recommendation("moves"),
        recommendation("settles", severity="ok", current={"timeout": "850ms"}),
        recommendation("worsens", severity="critical", current={"timeout": "90ms"}),
        recommendation("comes"),
    )
    found = since(before, now, "last week")
    assert found.earlier == "last week"

    def names(items):
        return [item.target.path.split("/")[-1] for item in items]

    assert names(found.new) == ["worsens", "comes"]
    assert names(found.settled) == ["settles"]
    assert names(found.gone) == ["goes"]
    assert [(b.proposed, n.proposed) for b, n in found.moved] == [
        ({"timeout": "500ms"}, {"timeout": "850ms"})
    ]


def test_another_kind_of_the_same_target_is_new():
    found = since(advice(recommendation(), pool()), advice(recommendation(), retry()), "")
    assert [r.id for r in found.new] == ["retry/east/shop/cart"]
    assert [r.id for r in found.gone] == ["connectionPool/east/shop/cart"]
    assert found.moved == ()


def test_requests_are_counted_once_though_both_sides_report():
    call = Call("web", "cart", (10, 0, 0, 0, 0))
    both = snapshot([call, Call("web", "cart", (10, 0, 0, 0, 0), reporter="destination")], hours=24)
    assert spoken_requests(both) == 240


def test_poor_data_comes_with_what_to_do():
    telemetry = snapshot([Call(buckets=(1, 0, 0, 0, 0))], hours=24)
    poor = advice(telemetry=telemetry, source=Source(coverage=0.71))
    facts = {fact.name: fact for fact in quality_facts(poor, telemetry)}
    assert facts["Scrapes present"].value == "71 %"
    assert facts["Scrapes present"].advice.startswith("Scrapes are missing")
    assert facts["Window"].advice.startswith("Less than a week")
    good = {fact.name: fact for fact in quality_facts(advice(), week())}
    assert good["Scrapes present"].advice == ""
    assert good["Window"].advice == ""
    assert good["Resolution"].value == "5 minutes for requests, 1 hour for latency"


def test_a_target_without_cluster_is_told_without_one():
    from observe.report.words import place

    assert place(recommendation(target=target(cluster=None))) == "shop"
