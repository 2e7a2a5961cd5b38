import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from handmade import START, Call, snapshot
from reports import advice, caller, evidence, recommendation, target, week, withheld
from reports_kinds import outlier, pool, pool_evidence, retry

from observe.recommend.engine import recommend
from observe.recommend.model import Advice, PlanChange, WorstPath
from observe.recommend.pool_model import PoolClient
from observe.report.build import build_report
from observe.telemetry.frames import EDGES, LATENCY, LATENCY_SUM, REQUESTS
from observe.telemetry.manifest import MissingPiece, Source

HOSTILE = '<script>alert("x")</script>\n|`$\\frac{1}{0}$`& \x00\u202e' + "a" * 2_000
VOID = {"meta", "br", "path", "use", "rect"}


class Page(HTMLParser):
    """Checks that tags nest, and keeps what tests ask for."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.words = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values[k] for k in ("href", "src", "xlink:href") if k in values]
        assert not [name for name in values if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def full():
    """Advice with everything a report can show."""
    incident = (START + timedelta(hours=50), START + timedelta(hours=52))
    detailed = recommendation(
        evidence=evidence(excluded=(incident,), callers=(caller("web"), caller("batch"))),
        reasons=("TIMEOUT_NONE_SET", "INCIDENT_EXCLUDED"),
    )
    change = PlanChange(
        id="timeout/east/shop/cart",
        field="timeout",
        before="800ms",
        after="850ms",
        reason="CALLER_RAISED_TO_CALLEE",
        message="cart calls search, which may take 850ms: it waits at least as long",
    )
    missing = MissingPiece(
        query="latency", start=START, end=START + timedelta(hours=6), reason="query timed out"
    )
    return advice(
        pool(),
        detailed,
        outlier(),
        retry(),
        recommendation("search", severity="ok", current={"timeout": "900ms"}),
        withheld=(withheld(), withheld("search", kind="retry", reason="NOTHING_TO_CURE")),
        plan=(change,),
        worst_path=WorstPath(
            targets=("east/shop/web", "east/shop/cart"),
            tries=(3.0, 2.0),
            product=6.0,
            most=4.0,
            by_default=("east/shop/web",),
        ),
        missing=(missing,),
        source=Source(coverage=0.93, warnings=("PromQL warning: a sample was out of order",)),
    )


def test_the_same_input_gives_the_same_bytes():
    assert build_report(full(), week("cart", "search")) == build_report(
        full(), week("cart", "search")
    )


def test_the_page_is_whole_and_needs_nothing_else():
    page = Page(build_report(full(), week("cart", "search")).html)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_page_tells_what_matters_in_order():
    text = Page(build_report(full(), week("cart", "search")).html).text
    order = [
        "3 changes are worth making (1 critical), 1 more would help; 1 setting fits",
        "raise the limit from 20 requests to 270 requests at a time; refuses no request",
        "set a timeout of 850 ms; cuts 0.05 % of requests, 88 a day",
        "eject a host after 4 errors in a row",
        "Of 4 changes: 2 with high confidence, 2 with medium confidence.",
        "Prometheus answered only in part",
        "Recommendations",
        "cart shop, east connection pool 20 requests 270 requests",
        "1 change would help, without haste retries: 1",
        "2 retries (default) 1 retry, budget 20 %",
        "1 setting fits",
        "Timeout of search (shop, cluster east) : 900 ms",
        "Golden signals",
        "Service by service",
        "640 ms (588 ms to 731 ms, 90 % interval)",
        "Wed 4 Mar 02:00 – 04:00 UTC",
        "Settings proposed timeout 850ms",
        "Clients (2)",
        "Retries info high confidence",
        "503 UF: 672, another try cures it",
        "Connection pool critical medium confidence",
        "Room: 1.5 × 176 = 264",
        "http2MaxRequests 270",
        "What is set stands in shop/cart.yaml:30.",
        "Outlier detection warning medium confidence",
        "Healthy hosts ejected 0.01 (0 to 0.04) a week",
        "Retries withheld: 812 requests in 7 days",
        "Changed so that all of it agrees",
        "one request can become 6 tries of the last service along east/shop/web (3) → "
        "east/shop/cart (2), which is more than the 4 that the policy allows. Istio's default "
        "retries apply to east/shop/web.",
        "Withheld The telemetry",
        "Timeout 1 target",
        "812 requests in 7 days",
        "Retries 1 target",
        "Data quality Scrapes present 93 %",
        "a sample was out of order",
        "query timed out",
    ]
    at = 0
    for words in order:
        at = text.find(words, at)
        assert at >= 0, words


def test_every_timeout_has_two_charts_and_other_kinds_those_that_the_snapshot_gives():
    page = build_report(full(), week("cart", "search")).html
    assert page.count("proposed 850 ms</text>") == 4
    # the pool's; nothing failed, and nothing tells of the hosts
    assert page.count('<svg class="chart"') == 5
    assert page.count("proposed 270</text>") == 1
    assert page.count("share of requests that fail</text>") == 0


def test_a_target_without_durations_has_no_chart_and_says_so():
    page = build_report(advice(recommendation("elsewhere")), week("cart")).html
    assert '<svg class="chart"' not in page
    assert "No chart: the snapshot holds no durations of this target." in page


def test_markdown_tables_keep_their_columns():
    text = build_report(full(), week("cart", "search")).markdown
    tables = re.findall(r"(?:^\|.*\n)+", text, re.M)
    assert len(tables) == 3
    assert "| `cart` shop, cluster east | retries | 2 retries (default) | **1 retry" in text
    for table in tables:
        bars = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(bars) == 1
    assert (
        "| `cart` shop, cluster east | timeout | none | **850 ms** | cuts 0.05 % of requests"
        in text
    )


def test_markdown_stays_below_the_limit_of_a_comment():
    names = [f"service-{i:03d}" for i in range(200)]
    many = [make(name) for make in (recommendation, retry, pool, outlier) for name in names]
    unjudged = tuple(withheld(f"quiet-{i:03d}") for i in range(200))
    text = build_report(advice(*many, withheld=unjudged), week()).markdown
    assert len(text) < 65_536
    assert "750 more stand in report.html." in text
    assert "194 more services stand in report.html." in text
    assert "quiet-007 (shop, cluster east) and 192 more" in text


def test_the_json_is_the_advice():
    made = full()
    text = build_report(made, week()).json
    assert Advice.model_validate_json(text) == made
    assert json.loads(text)["schemaVersion"] == "observe/v1"


@pytest.fixture(scope="module")
def hostile():
    about = target(service=HOSTILE, namespace="<b>|ns", cluster="`c`")
    calls = [
        Call("web", HOSTILE, (100, 800, 95, 4, 1), namespace="<b>|ns", cluster="`c`"),
        Call(HOSTILE, "cart", (100, 800, 95, 4, 1), flags='<i>"|'),
    ]
    telemetry = snapshot(calls)
    made = advice(
        recommendation(target=about, message=HOSTILE, current={"timeout": None, "source": HOSTILE}),
        recommendation(evidence=evidence(callers=(caller(HOSTILE), caller("web")))),
        retry(target=about, message=HOSTILE),
        pool(
            target=about,
            evidence=pool_evidence(
                clients=tuple(
                    PoolClient(
                        workload=HOSTILE,
                        namespace=HOSTILE,
                        proxies=proxies,
                        busiest_rps=1.0,
                        concurrency=1.0,
                    )
                    for proxies in (None, 1.0)
                )
            ),
        ),
        outlier(target=about, current={"outlierDetection": {"maxEjectionPercent": HOSTILE}}),
        withheld=(withheld(HOSTILE, message=HOSTILE, reason="<REASON>"),),
        source=Source(url=f"http://{HOSTILE}", warnings=(HOSTILE,)),
        missing=(MissingPiece(query=HOSTILE, start=START, end=START, reason=HOSTILE),),
    )
    return build_report(made, telemetry, previous=advice(recommendation("gone", target=about)))


def test_hostile_labels_stay_text_in_html(hostile):
    page = Page(hostile.html)
    assert "script" not in page.tags
    assert not {"b", "i"} & set(page.tags)
    assert '<script>alert("x")</script>' in page.text
    assert "a" * 600 not in hostile.html
    assert "\x00" not in hostile.html
    assert "\u202e" not in hostile.html


def test_hostile_labels_stay_text_in_markdown(hostile):
    outside = re.sub(r"`[^`\n]*`", "", hostile.markdown)
    assert "<script" not in outside
    assert "<b>" not in outside
    assert "a" * 600 not in hostile.markdown
    assert "\x00" not in hostile.markdown


def test_an_empty_report_reads_well_and_says_what_to_do():
    empty = snapshot([Call(buckets=(1, 0, 0, 0, 0))], hours=24)
    empty = type(empty)(
        manifest=empty.manifest,
        edges=EDGES.empty(),
        requests=REQUESTS.empty(),
        latency=LATENCY.empty(),
        latency_sum=LATENCY_SUM.empty(),
        messages=empty.messages.iloc[:0],
        coverage=empty.coverage.iloc[:0],
        containers=empty.containers,
    )
    files = build_report(advice(telemetry=empty), empty)
    for text in (Page(files.html).text, files.markdown):
        assert "No service was found in the telemetry, so there is nothing to judge." in text
        assert "has traffic, then report again." in text
        assert "No request was counted in this window." in text
        assert "nan" not in text.lower().replace("finance", "")


def test_a_report_without_recommendations_points_to_what_is_withheld():
    files = build_report(advice(withheld=(withheld(),)), week())
    for text in (Page(files.html).text, files.markdown):
        assert "No change is worth making; 1 setting withheld, each with a reason." in text
        assert "What would make each of them possible" in text


def test_what_the_recommenders_say_can_be_rendered():
    telemetry = snapshot(
        [Call("web", "cart", (100, 800, 95, 4, 1)), Call("web", "rare", (1, 0, 0, 0, 0))]
    )
    made = recommend(telemetry)
    text = Page(build_report(made, telemetry, previous=made).html).text
    assert len(made.timeouts) + len(made.withheld_of("timeout")) == 2
    assert "Nothing changed." in text


def test_a_large_mesh_is_shown_in_full_as_far_as_a_page_bears(monkeypatch):
    monkeypatch.setattr("observe.report.build.IN_FULL", 2)
    monkeypatch.setattr("observe.report.html.IN_FULL", 2)
    names = ["a", "b", "c"]
    page = build_report(advice(*map(recommendation, names)), week(*names)).html
    assert page.count('<svg class="chart"') == 4
    assert page.count("Evidence, formula and settings") == 2
    assert page.count("Checked on data it did not see") == 3
    assert "The 2 most urgent services are shown in full" in page
    whole = build_report(advice(*map(recommendation, names[:2])), week(*names)).html
    assert "are shown in full" not in whole


def test_markdown_is_shortened_until_it_fits_a_comment():
    wordy = [
        recommendation(f"s{i}", message="Slow. " * 99, reasons=("NEW_CODE " * 60,) * 40)
        for i in range(60)
    ]
    text = build_report(advice(*wordy), week()).markdown
    assert len(text) < 65_536
    assert text.endswith("the numbers for programs in recommendations.json.\n")


def test_what_is_urgent_beyond_the_first_rows_is_folded():
    many = [recommendation(f"s{i:02d}") for i in range(30)]
    text = Page(build_report(advice(*many), week()).html).text
    assert "5 more of the same urgency timeout: 5" in text
