"""Error and slow ratios of every service over many windows, from recorded rates.

A ratio over a window is a sum over a sum: ratios are never averaged, or a quiet night would weigh
as much as a busy noon. Numerator and denominator are recorded at the same evaluations; a service
without failures has failures of 0, so that the two sums always cover the same time.
"""

from __future__ import annotations

from observe.bootstrap.alerts.clients_view import as_clients_saw
from observe.bootstrap.alerts.outcome_selectors import ANSWERED, FAILED, JUDGED, any_of
from observe.bootstrap.alerts.thresholds import BURN_WINDOWS
from observe.bootstrap.rules.model import Group, Recording
from observe.bootstrap.stack import Stack
from observe.signals.streams import MESSAGES_PER_CALL
from observe.telemetry.matchers import escape_regex, quote
from observe.telemetry.recorded import recorded_name

#: Distance of evaluations; sums over a window count requests with it.
SECONDS = 60
#: Of the long windows, which are dear and move slowly; well within the 5 minutes that a sample
#: stays visible.
LONG_SECONDS = 120
_LONG = ("1d", "3d")
WINDOWS = ("30m", "1h", "2h", "6h", "1d", "3d")

BY = "cluster, destination_service"
OUTCOMES = "service:istio_requests:rate5m"
_JUDGED = "service:istio_requests_judged:rate5m"
_FAILED = "service:istio_requests_failed:rate5m"
_TIMED = "service:istio_requests_timed:rate5m"
_SLOW = "service:istio_requests_slow:rate5m"

_DURATION = "istio_request_duration_milliseconds"
_ANY = f"service:{_DURATION}_count:rate5m"
_FAST = f"service:{_DURATION}_fast:rate5m"

#: Objective → recorded (bad, all) rates.
RATES = {"availability": (_FAILED, _JUDGED), "latency": (_SLOW, _TIMED)}


def ratio(objective: str, window: str) -> str:
    """Name of the recorded share of bad requests: `service:istio_requests_failed:ratio1h`."""
    return RATES[objective][0].replace("rate5m", f"ratio{window}")


def total(objective: str, window: str) -> str:
    """Name of the recorded number of requests that the ratio is of."""
    return RATES[objective][1].replace("rate5m", f"increase{window}")


def slo_groups(stack: Stack) -> list[Group]:
    """The recording groups of the objectives, for the external tier."""
    short = [w for w in WINDOWS if w not in _LONG]
    now = [Recording(ratio(o, "5m"), f"{bad} / ({all_} > 0)") for o, (bad, all_) in RATES.items()]
    return [
        Group("observe.slo", [*_rates(stack), *now, *_windows(short)], SECONDS),
        Group("observe.slo.long", _windows(list(_LONG)), LONG_SECONDS),
    ]


def le_regex(bound_ms: float) -> str:
    """Both spellings of a bucket's upper end: Prometheus 2 keeps "1000", 3 makes it "1000.0"."""
    text = f"{bound_ms:.10g}"
    return escape_regex(text) + (r"(\.0)?" if bound_ms == int(bound_ms) else "")


def _rates(stack: Stack) -> list[Recording]:
    labels = f"{BY}, response_code, response_flags, grpc_response_status"

    def by_outcome(metric: str, *matchers: str) -> str:
        return f"sum by ({labels}) (\n    {as_clients_saw(metric, stack, *matchers)}\n)"

    le = f"le=~{quote(le_regex(stack.objectives.latency_ms))}"
    answered = {name: f"sum by ({BY}) (\n    {any_of(name, ANSWERED)}\n)" for name in (_ANY, _FAST)}
    return [
        Recording(OUTCOMES, by_outcome(recorded_name("istio_requests_total"))),
        Recording(_JUDGED, f"sum by ({BY}) (\n    {any_of(OUTCOMES, JUDGED)}\n)"),
        Recording(_FAILED, f"sum by ({BY}) (\n    {any_of(OUTCOMES, FAILED)}\n)\nor {_JUDGED} * 0"),
        Recording(_ANY, by_outcome(recorded_name(f"{_DURATION}_count"))),
        Recording(_FAST, by_outcome(recorded_name(f"{_DURATION}_bucket"), le)),
        Recording(_TIMED, f"{answered[_ANY]}\n{_unless_long_lived(stack)}"),
        Recording(_SLOW, f"clamp_min({_TIMED} - on ({BY})\n{answered[_FAST]}, 0)"),
    ]


def _unless_long_lived(stack: Stack) -> str:
    """Services whose durations are no latencies: streams, and those that the stack exempts."""
    calls = f'sum by ({BY}) ({OUTCOMES}{{grpc_response_status!=""}})'
    streams = "\nor ".join(
        f"sum by ({BY}) (\n    {as_clients_saw(recorded_name(metric), stack)}\n) "
        f"/ {calls} > {MESSAGES_PER_CALL:g}"
        for metric in ("istio_request_messages_total", "istio_response_messages_total")
    )
    exempt = "|".join(
        ".*".join(map(escape_regex, host.split("*"))) for host in stack.objectives.latency_exempt
    )
    named = f"\nor {_JUDGED}{{destination_service=~{quote(exempt)}}}" if exempt else ""
    return f"unless on ({BY}) (\n{streams}{named}\n)"


def _windows(windows: list[str]) -> list[Recording]:
    rules = []
    for objective, (bad, all_) in RATES.items():
        for window in windows:
            sums = f"sum_over_time({bad}[{window}]) / (sum_over_time({all_}[{window}]) > 0)"
            rules.append(Recording(ratio(objective, window), sums))
            if window in {burn.long for burn in BURN_WINDOWS}:
                count = f"sum_over_time({all_}[{window}]) * {SECONDS}"
                rules.append(Recording(total(objective, window), count))
    return rules
