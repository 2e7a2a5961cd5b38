"""Words for the reason codes of retries."""

from __future__ import annotations

from collections.abc import Mapping

from observe.recommend.reasons import Reason

#: Meaning, and where there is something to do, advice.
RETRY_WORDS: Mapping[Reason, tuple[str, ...]] = {
    Reason.RETRY_CURES: (
        "some first tries fail before the server has done anything, and the next one succeeds",
    ),
    Reason.RETRY_UNKNOWN: (
        "what is set today is not known; where nothing is, Istio makes two attempts",
        "Pass --current to compare.",
    ),
    Reason.RETRY_DEFAULT_UNBOUND: (
        "nothing is set, so that Istio makes two attempts, which no budget bounds",
    ),
    Reason.RETRY_MISSING: ("retries are off although they would cure failures",),
    Reason.RETRY_TOO_MANY: ("more attempts are set than cure anything",),
    Reason.RETRY_ON_UNSAFE: (
        "what is retried today may have been carried out already, so that work is done twice",
        "Declare the host under `idempotent` of the retry policy if that does no harm.",
    ),
    Reason.RETRY_NO_BUDGET: ("the attempts that are set fit, and no budget bounds them",),
    Reason.DEFAULT_TRIES_ON_PATH: (
        "Istio's default retries of several services multiply along a path of calls",
        "Bound them by a retryBudget, or set `meshConfig.defaultHttpRetryPolicy` for all.",
    ),
    Reason.RETRY_FITS: ("the attempts that are set fit", "Nothing to do."),
    Reason.RETRIES_FEED_OVERLOAD: (
        "requests fail because there are too many of them: retries add more",
        "Give the service more room, or shed load earlier.",
    ),
    Reason.RETRIES_MULTIPLY_OUTAGES: (
        "what could be retried fails in outages, in which every try fails",
        "Mend the outages; retries only multiply the load in them.",
    ),
    Reason.RETRIES_ABOVE_LOAD: (
        "in the worst hour retries would add more load than is accepted, and a budget cannot hold "
        "them below it: each proxy has too few requests under way",
        "Outlier detection takes a host that fails out of use without adding load.",
    ),
    Reason.RETRY_ON_SAFE_ONLY: (
        "the host is declared idempotent, but tries after resets and gateway errors would come "
        "when most tries fail: only what the server has not begun is tried again",
    ),
    Reason.RETRY_ON_WIDER: (
        "the host was declared idempotent, so that resets and gateway errors are retried, too",
    ),
    Reason.BUDGET_HOLDS_CAP: (
        "in the worst hours the retryBudget keeps retries below the load that is accepted",
    ),
    Reason.FEW_FAILURES: ("few failures were seen that a retry could cure",),
    Reason.FAILURES_SWING: ("failures differ from hour to hour by far more than chance explains",),
    Reason.HOSTS_UNKNOWN: (
        "failures look like those of single hosts, but it is not known how many hosts there are",
        "Scrape the servers' proxies.",
    ),
    Reason.RETRIES_IN_FORCE: (
        "retries are in force already: first tries were told from Envoy's counter of retries",
    ),
    Reason.RETRY_BACKTEST_OVER: (
        "on the last part of the window they would have added more load than is accepted",
        "Wait for another week.",
    ),
    Reason.NOTHING_TO_CURE: (
        "too few requests fail in a way that another try cures",
        "Nothing to do.",
    ),
    Reason.RETRIES_HIDE_FAILURES: (
        "retries are in force, and nothing tells what they cure",
        "Expose upstream_rq_retry (`observe bootstrap istio`).",
    ),
}
