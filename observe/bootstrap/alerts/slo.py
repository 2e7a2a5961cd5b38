"""Alerts on the objectives: how fast a service spends what it may fail.

Method: multi-window, multi-burn-rate alerts of Google's SRE workbook, chapter 5. The long window
says that enough of the budget is gone to matter, the short one that it still goes on.
"""

from __future__ import annotations

from observe.bootstrap.alerts.build import alert, percent
from observe.bootstrap.alerts.slo_series import BY, RATES, SECONDS, ratio, total
from observe.bootstrap.alerts.thresholds import BURN_WINDOWS, THRESHOLDS, BurnWindow
from observe.bootstrap.rules.model import Alert
from observe.bootstrap.stack import Stack

#: The shortest ratio ends with the data; it is remembered this long, so that losing sight of a
#: burning service does not look like its recovery. By then ObserveFederationStale has told.
_REMEMBERED = "15m"
_SERVICE = "destination_service"
#: Of a window: with less, the text says how much there is.
_MOSTLY = 0.9
_WINDOW_WORDS = {"1h": "hour", "6h": "6 hours", "1d": "day", "3d": "3 days"}
_WINDOW_HOURS = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}
_NAMES = {"availability": "IstioAvailabilityBurn", "latency": "IstioLatencyBurn"}


def burn_alerts(stack: Stack) -> list[Alert]:
    """Four alerts for each of the two objectives, the most urgent first."""
    allowed = {
        "availability": 1 - stack.objectives.availability,
        "latency": 1 - stack.objectives.latency,
    }
    return [_burn(o, allowed[o], burn, stack) for o in RATES for burn in BURN_WINDOWS]


def limit(allowed: float, burn: float) -> float:
    """The ratio that an alert compares with.

    With a weak objective burn x allowed may exceed 1, which no outage reaches; the limit therefore
    stays at a ratio that is too much under any objective.
    """
    return float(f"{min(burn * allowed, THRESHOLDS.burn_highest_ratio):.6g}")


def _burn(objective: str, allowed: float, burn: BurnWindow, stack: Stack) -> Alert:
    over = f"{limit(allowed, burn.burn):.10g}"
    long, short, count = (
        ratio(objective, burn.long),
        ratio(objective, burn.short),
        total(objective, burn.long),
    )
    if burn.short == "5m":
        short = f"last_over_time({short}[{_REMEMBERED}])"
    expression = (
        f"{long} > {over}\n"
        f"and on ({BY}) {short} > {over}\n"
        f"and on ({BY}) {count} >= {THRESHOLDS.burn_minimum_requests}\n"
        f"and on ({BY}) {long} * {count} >= {THRESHOLDS.burn_minimum_bad}"
    )
    what = _words(objective, stack)
    return alert(
        _NAMES[objective],
        expression,
        severity=burn.severity,
        pending=burn.pending,
        labels={"objective": objective, "window": burn.long},
        summary=f"{{{{ $labels.destination_service }}}} {what} far more often than it may"
        " (clients in {{ $labels.cluster }})",
        description=f"{{{{ $value | humanizePercentage }}}} of the requests of the last"
        f" {_WINDOW_WORDS[burn.long]} {_done(objective, stack)}{_measured(objective, burn)}; the"
        f" objective allows {percent(round(allowed, 10))}. This alert begins at"
        f" {percent(float(over))} over {burn.long}, while it still goes on over {burn.short}: at"
        " that pace the allowance of 30 days would be gone in"
        f" {30 * allowed / float(over):.2g} days or less.",
    )


def _measured(objective: str, burn: BurnWindow) -> str:
    """How much of the window there is, as a template; silent where nearly all of it is there."""
    most = _MOSTLY * _WINDOW_HOURS[burn.long] * 3600
    span = f"count_over_time({RATES[objective][1]}{{cluster=%q,{_SERVICE}=%q}}[{burn.long}])"
    asked = f"printf `{span} * {SECONDS} < {most:.0f}` .Labels.cluster .Labels.{_SERVICE} | query"
    return (
        f"{{{{ with {asked} }}}} (there are data for {{{{ . | first | value | humanizeDuration }}}}"
        " of that time){{ end }}"
    )


def _words(objective: str, stack: Stack) -> str:
    slow = f"answers slower than {stack.objectives.latency_ms:g} ms"
    return "fails" if objective == "availability" else slow


def _done(objective: str, stack: Stack) -> str:
    slow = f"were answered later than {stack.objectives.latency_ms:g} ms"
    return "failed" if objective == "availability" else slow
