"""The fields of VirtualService and DestinationRule with their types, and since when they exist.

Field names and types are those of Istio's CustomResourceDefinitions (a test compares them). A
mapping lists fields, a list holds the type of its items, `{"*": ...}` is a map of any names. A
text is the type of one value; several words are the values of an enumeration. The release that
introduced a field stands in :data:`SINCE`; older fields are not listed there.
"""

from __future__ import annotations

from typing import Any

Fields = Any

_TEXTS: Fields = ["string"]
_LABELS: Fields = {"*": "string"}
_MATCH: Fields = {"exact": "string", "prefix": "string", "regex": "string"}
_MATCHES: Fields = {"*": _MATCH}
_PORT: Fields = {"number": "uint32"}
_DESTINATION: Fields = {"host": "string", "subset": "string", "port": _PORT}
_CHANGES: Fields = {"add": _LABELS, "set": _LABELS, "remove": _TEXTS}
_HEADERS: Fields = {"request": _CHANGES, "response": _CHANGES}
_SHARE: Fields = {"value": "percent"}

_RETRIES: Fields = {
    "attempts": "count",
    "perTryTimeout": "duration",
    "retryOn": "string",
    "retryRemoteLocalities": "bool",
    "retryIgnorePreviousHosts": "bool",
    "backoff": "duration",
}

_FAULT: Fields = {
    "abort": {
        "grpcStatus": "string",
        "http2Error": "string",
        "httpStatus": "int32",
        "percentage": _SHARE,
    },
    "delay": {
        "exponentialDelay": "duration",
        "fixedDelay": "duration",
        "percent": "percent",
        "percentage": _SHARE,
    },
}

_CORS: Fields = {
    "allowCredentials": "bool",
    "allowHeaders": _TEXTS,
    "allowMethods": _TEXTS,
    "allowOrigin": _TEXTS,
    "allowOrigins": [_MATCH],
    "exposeHeaders": _TEXTS,
    "maxAge": "duration",
    "unmatchedPreflights": "UNSPECIFIED FORWARD IGNORE",
}

_HTTP_MATCH: Fields = {
    **dict.fromkeys(("authority", "method", "scheme", "uri"), _MATCH),
    **dict.fromkeys(("headers", "queryParams", "withoutHeaders"), _MATCHES),
    **dict.fromkeys(("name", "sourceNamespace", "statPrefix"), "string"),
    "gateways": _TEXTS,
    "ignoreUriCase": "bool",
    "port": "uint32",
    "sourceLabels": _LABELS,
}

_HTTP: Fields = {
    "name": "string",
    "match": [_HTTP_MATCH],
    "route": [{"destination": _DESTINATION, "headers": _HEADERS, "weight": "count"}],
    "redirect": {
        **dict.fromkeys(("authority", "prefixRewrite", "scheme", "uri"), "string"),
        "derivePort": "FROM_PROTOCOL_DEFAULT FROM_REQUEST_PORT",
        "port": "uint32",
        "redirectCode": "uint32",
    },
    "directResponse": {"status": "uint32", "body": {"bytes": "string", "string": "string"}},
    "delegate": {"name": "string", "namespace": "string"},
    "rewrite": {
        "authority": "string",
        "uri": "string",
        "uriRegexRewrite": {"match": "string", "rewrite": "string"},
    },
    "timeout": "duration",
    "retries": _RETRIES,
    "fault": _FAULT,
    "mirror": _DESTINATION,
    "mirrorPercent": "uint32",
    "mirror_percent": "uint32",
    "mirrorPercentage": _SHARE,
    "mirrors": [{"destination": _DESTINATION, "percentage": _SHARE}],
    "corsPolicy": _CORS,
    "headers": _HEADERS,
}

_L4_MATCH: Fields = {
    "destinationSubnets": _TEXTS,
    "gateways": _TEXTS,
    "port": "uint32",
    "sourceLabels": _LABELS,
    "sourceNamespace": "string",
}
_L4_ROUTES: Fields = [{"destination": _DESTINATION, "weight": "count"}]

VIRTUAL_SERVICE: Fields = {
    "hosts": _TEXTS,
    "gateways": _TEXTS,
    "exportTo": _TEXTS,
    "http": [_HTTP],
    "tcp": [{"match": [{**_L4_MATCH, "sourceSubnet": "string"}], "route": _L4_ROUTES}],
    "tls": [{"match": [{**_L4_MATCH, "sniHosts": _TEXTS}], "route": _L4_ROUTES}],
}

_POOL: Fields = {
    "tcp": {
        "maxConnections": "count",
        "connectTimeout": "duration",
        "idleTimeout": "duration or 0",
        "maxConnectionDuration": "duration",
        "tcpKeepalive": {"interval": "duration", "time": "duration", "probes": "uint32"},
    },
    "http": {
        **dict.fromkeys(("http1MaxPendingRequests", "http2MaxRequests"), "count"),
        **dict.fromkeys(("maxRequestsPerConnection", "maxRetries"), "count"),
        "maxConcurrentStreams": "count",
        "idleTimeout": "duration",
        "h2UpgradePolicy": "DEFAULT DO_NOT_UPGRADE UPGRADE",
        "http2KeepAlive": {"interval": "duration", "timeout": "duration"},
        "useClientProtocol": "bool",
    },
}

_OUTLIER: Fields = {
    "consecutive5xxErrors": "uint32",
    "consecutiveGatewayErrors": "uint32",
    "consecutiveLocalOriginFailures": "uint32",
    "consecutiveErrors": "count",
    "splitExternalLocalOriginErrors": "bool",
    "interval": "duration",
    "baseEjectionTime": "duration",
    "maxEjectionPercent": "percent",
    "minHealthPercent": "percent",
    "outlierDetectionHttpErrorCodes": ["error code"],
}

_FAILOVER: Fields = [{"from": "string", "to": "string"}]
_BALANCER: Fields = {
    "simple": "UNSPECIFIED LEAST_CONN RANDOM PASSTHROUGH ROUND_ROBIN LEAST_REQUEST",
    "consistentHash": {
        "httpCookie": {
            **dict.fromkeys(("name", "path", "ttl"), "string"),
            "attributes": [{"name": "string", "value": "string"}],
        },
        **dict.fromkeys(("httpHeaderName", "httpQueryParameterName"), "string"),
        "maglev": {"tableSize": "uint64"},
        "minimumRingSize": "uint64",
        "ringHash": {"minimumRingSize": "uint64"},
        "useSourceIp": "bool",
    },
    "localityLbSetting": {
        "distribute": [{"from": "string", "to": {"*": "uint32"}}],
        "enabled": "bool",
        "failover": _FAILOVER,
        "failoverPriority": _TEXTS,
    },
    "zoneAwareLbSetting": {
        "enabled": "bool",
        "failover": _FAILOVER,
        "failoverPriority": _TEXTS,
        "minClusterSize": "uint32",
    },
    "warmup": {"duration": "duration", "minimumPercent": "percent", "aggression": "number"},
    "warmupDurationSecs": "duration",
    "backendUtilization": {
        "errorUtilizationPenaltyPercent": "uint32",
        "metricNamesForComputingUtilization": _TEXTS,
        **dict.fromkeys(("weightExpirationPeriod", "weightStabilizationPeriod"), "string"),
        "weightUpdatePeriod": "string",
    },
}

_TLS: Fields = {
    "mode": "DISABLE SIMPLE MUTUAL ISTIO_MUTUAL",
    **dict.fromkeys(("caCertificates", "caCrl", "clientCertificate"), "string"),
    **dict.fromkeys(("credentialName", "privateKey", "sni"), "string"),
    "insecureSkipVerify": "bool",
    "subjectAltNames": _TEXTS,
}

_BLOCKS: Fields = {
    "connectionPool": _POOL,
    "loadBalancer": _BALANCER,
    "outlierDetection": _OUTLIER,
    "tls": _TLS,
}

TRAFFIC_POLICY: Fields = {
    **_BLOCKS,
    "portLevelSettings": [{"port": _PORT, **_BLOCKS}],
    "proxyProtocol": {"version": "V1 V2"},
    "retryBudget": {
        "percent": "percent",
        "minRetryConcurrency": "uint32",
        "budgetInterval": "duration or 0",
    },
    "tunnel": {"protocol": "string", "targetHost": "string", "targetPort": "uint32"},
}

DESTINATION_RULE: Fields = {
    "host": "string",
    "exportTo": _TEXTS,
    "trafficPolicy": TRAFFIC_POLICY,
    "subsets": [{"name": "string", "labels": _LABELS, "trafficPolicy": TRAFFIC_POLICY}],
    "workloadSelector": {"matchLabels": _LABELS},
}

SPECS: dict[str, Fields] = {"VirtualService": VIRTUAL_SERVICE, "DestinationRule": DESTINATION_RULE}

#: Last parts of a field's path → first release with it.
SINCE: dict[tuple[str, ...], tuple[int, int]] = {
    ("retries", "backoff"): (1, 26),
    ("retries", "retryIgnorePreviousHosts"): (1, 26),
    ("trafficPolicy", "retryBudget"): (1, 27),
    ("http", "maxConcurrentStreams"): (1, 21),
    ("http", "http2KeepAlive"): (1, 31),
    ("tcp", "idleTimeout"): (1, 21),
    ("outlierDetection", "outlierDetectionHttpErrorCodes"): (1, 31),
    ("loadBalancer", "warmup"): (1, 24),
    ("loadBalancer", "zoneAwareLbSetting"): (1, 31),
}
#: Fields that still work and should go, with what takes their place.
DEPRECATED: dict[tuple[str, ...], str] = {
    ("outlierDetection", "consecutiveErrors"): "consecutive5xxErrors",
    ("http", "mirrorPercent"): "mirrorPercentage.value",
    ("http", "mirror_percent"): "mirrorPercentage.value",
    ("delay", "percent"): "percentage.value",
    ("loadBalancer", "warmupDurationSecs"): "warmup.duration",
    ("corsPolicy", "allowOrigin"): "allowOrigins",
}
