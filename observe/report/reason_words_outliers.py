"""Words for the reason codes of outlier detection."""

from __future__ import annotations

from collections.abc import Mapping

from observe.recommend.reasons import Reason

#: Meaning, and where there is something to do, advice.
OUTLIER_WORDS: Mapping[Reason, tuple[str, ...]] = {
    Reason.OUTLIER_NONE_SET: (
        "no outlier detection is set: a host that fails keeps its share of the requests",
    ),
    Reason.OUTLIER_UNKNOWN: (
        "what is set is not known: the DestinationRules were not given",
        "Give them with --current.",
    ),
    Reason.OUTLIER_EJECTS_HEALTHY: (
        "what is set ejects healthy hosts by chance more often than accepted",
    ),
    Reason.OUTLIER_EJECTS_NOBODY: (
        "maxEjectionPercent is less than one host: nothing is ever ejected",
    ),
    Reason.OUTLIER_EJECTS_EVERYBODY: ("maxEjectionPercent allows all hosts to be ejected at once",),
    Reason.OUTLIER_SLOW: ("what is set needs more errors in a row than chance makes necessary",),
    Reason.OUTLIER_FITS: (
        "the outlier detection that is set fits",
        "Nothing to do.",
    ),
    Reason.HOST_FAILED_ALONE: (
        "a host failed while the others did not, which is what ejection is for",
        "Look at what happened to it in the hours named.",
    ),
    Reason.GATEWAY_ERRORS_FIRST: (
        "other errors are common at healthy hosts, so that 502, 503 and 504 in a row are "
        "counted apart",
    ),
    Reason.OUTAGE_LEFT_OUT: (
        "times when all hosts failed were left out: ejection cannot help there, and "
        "maxEjectionPercent bounds the harm",
    ),
    Reason.FAILURES_HIDDEN_BY_RETRIES: (
        "connect failures that a retry cures are counted nowhere; as many are allowed for as could "
        "be hidden",
        "Expose Envoy's upstream_rq_retry (observe doctor prints how).",
    ),
    Reason.TWO_HOSTS: (
        "with two hosts the one that stays carries twice its load while the other is out",
        "Run a third replica.",
    ),
    Reason.REPLICAS_VARY: (
        "the number of hosts varies at least twofold; the percent allows one to be ejected when "
        "they are fewest, and more when there are more",
    ),
    Reason.NO_HOST_FAILED: (
        "no host was seen to fail alone, so that the times are Istio's defaults",
    ),
    Reason.HOSTS_NOT_REPORTED: (
        "errors are not known for each host: the servers' proxies are not scraped, or only "
        "recorded rates are there",
        "Read the Prometheus that scrapes the proxies.",
    ),
    Reason.CLIENT_PROXIES_UNKNOWN: (
        "the number of client proxies is not known; each workload counts for one",
    ),
    Reason.CAPACITY_UNPROVEN: (
        "the other hosts were never seen to carry the load of one more that is ejected",
        "Test the service with one host less, or run one more.",
    ),
    Reason.ERRORS_CLUSTER: (
        "errors of a host follow one another more than chance would have it; more in a row are "
        "asked for",
    ),
    Reason.GRPC_TRAILERS: (
        "Envoy sees a gRPC error only when the server sends it before any message; an error "
        "after one counts as a success",
    ),
    Reason.EJECTIONS_HIDE_FAILURES: (
        "hosts are being ejected already, which hides how long their failures would last",
    ),
    Reason.OUTLIER_BACKTEST_OVER: (
        "learned on the first part of the window, it would have ejected healthy hosts too often "
        "in the rest",
        "Wait for another week, or take more errors in a row.",
    ),
    Reason.SINGLE_HOST: (
        "there is one host, and nobody to take over from it",
        "Run more replicas.",
    ),
    Reason.REPLICAS_UNKNOWN: (
        "nothing tells how many hosts there are",
        "Scrape the servers' proxies, or cAdvisor.",
    ),
    Reason.FAILS_TOO_EVENLY: (
        "healthy hosts fail so often that errors in a row tell nothing",
        "Mend the errors that all hosts have first.",
    ),
    Reason.EJECTION_TOO_SLOW: (
        "each client proxy asks each host so rarely that ejection would come too late",
        "Use readiness probes for this service.",
    ),
}
