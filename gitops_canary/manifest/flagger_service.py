"""Flagger's `spec.service`: nearly all of it shapes objects that Flagger would generate."""

from collections.abc import Iterator

from gitops_canary.manifest.fields import Field, Status, Type, rows

_SERVICE = "the Services lie in Git as they are; nothing is generated"
_ROUTE = "the routing object lies in Git as it is; only its weights are written"
_POLICY = "DestinationRules lie in Git as they are; nothing is generated"
_MATCH = "exact", "prefix", "regex"
_TEXT, _WORD, _SPAN = Type.TEXT, Type.WORD, Type.SPAN
_WHOLE, _FLAG, _NAME = Type.WHOLE, Type.FLAG, Type.NAME


def service_fields() -> Iterator[Field]:
    """Give every leaf below `spec.service`."""
    yield Field(
        path="service.name",
        type=_NAME,
        status=Status.HONOURED,
        why="name of the Service users call; the target's name where absent",
    )
    yield from _neutral(_SERVICE, {
        "port": _WHOLE, "portName": _WORD, "targetPort": Type.PORT, "appProtocol": _WORD,
        "portDiscovery": _FLAG, "headless": _FLAG,
        "trafficDistribution": ("PreferClose", "PreferSameZone", "PreferSameNode"),
        "meshName": _WORD, "backends[]": _WORD,
        **{
            f"{side}.{what}.*": _TEXT
            for side in ("apex", "primary", "canary")
            for what in ("labels", "annotations")
        },
        "unmanagedMetadata.labels[]": _WORD, "unmanagedMetadata.annotations[]": _WORD,
    })  # fmt: skip
    yield from _neutral(_ROUTE, {
        "hosts[]": _WORD, "gateways[]": _WORD, "delegation": _FLAG,
        "gatewayRefs[].group": _TEXT, "gatewayRefs[].kind": _WORD, "gatewayRefs[].name": _NAME,
        "gatewayRefs[].namespace": _NAME, "gatewayRefs[].sectionName": _NAME,
        "gatewayRefs[].port": _WHOLE,
        "timeout": _SPAN, "backendTimeout": _SPAN,
        "retries.attempts": _WHOLE, "retries.perTryTimeout": _SPAN, "retries.retryOn": _TEXT,
        "rewrite.uri": _TEXT, "rewrite.authority": _TEXT, "rewrite.type": _TEXT,
        **{
            f"headers.{way}.{what}": _TEXT
            for way in ("request", "response")
            for what in ("add.*", "set.*", "remove[]")
        },
        **{
            f"mirror[].backendRef.{key}": kind
            for key, kind in {
                "group": _TEXT, "kind": _WORD, "name": _NAME, "namespace": _NAME, "port": _WHOLE,
            }.items()
        },
    })  # fmt: skip
    yield from _neutral(_ROUTE, _route_match())
    yield from _neutral(_ROUTE, {
        "corsPolicy.allowCredentials": _FLAG, "corsPolicy.allowHeaders[]": _TEXT,
        "corsPolicy.allowMethods[]": _TEXT, "corsPolicy.allowOrigin[]": _TEXT,
        **{f"corsPolicy.allowOrigins[].{how}": _TEXT for how in _MATCH},
        "corsPolicy.exposeHeaders[]": _TEXT, "corsPolicy.maxAge": _SPAN,
    })  # fmt: skip
    yield from _neutral(_POLICY, {f"trafficPolicy.{k}": v for k, v in _traffic_policy().items()})


def _route_match() -> dict[str, Type | tuple[str, ...]]:
    return {
        **{
            f"match[].{what}.{how}": _TEXT
            for what in (
                "uri", "scheme", "method", "authority", "headers.*", "queryParams.*",
                "withoutHeaders.*",
            )
            for how in _MATCH
        },
        "match[].name": _TEXT, "match[].port": _WHOLE, "match[].ignoreUriCase": _FLAG,
        "match[].gateways[]": _WORD, "match[].sourceLabels.*": _TEXT,
        "match[].sourceNamespace": _TEXT,
    }  # fmt: skip


def _traffic_policy() -> dict[str, Type | tuple[str, ...]]:
    pool, balancer = "connectionPool.http", "loadBalancer"
    locality, outlier = f"{balancer}.localityLbSetting", "outlierDetection"
    return {
        f"{pool}.h2UpgradePolicy": ("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
        f"{pool}.http1MaxPendingRequests": _WHOLE, f"{pool}.http2MaxRequests": _WHOLE,
        f"{pool}.idleTimeout": _SPAN, f"{pool}.maxRequestsPerConnection": _WHOLE,
        f"{pool}.maxRetries": _WHOLE,
        f"{balancer}.simple": (
            "ROUND_ROBIN", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "LEAST_REQUEST",
        ),
        f"{balancer}.warmupDurationSecs": _TEXT,
        **{
            f"{balancer}.consistentHash.{key}": kind
            for key, kind in {
                "httpHeaderName": _TEXT, "httpCookie.name": _TEXT, "httpCookie.path": _TEXT,
                "httpCookie.ttl": _SPAN, "httpQueryParameterName": _TEXT, "useSourceIp": _FLAG,
                "minimumRingSize": _WHOLE,
            }.items()
        },
        f"{locality}.enabled": _FLAG,
        f"{locality}.distribute[].from": _TEXT, f"{locality}.distribute[].to.*": _WHOLE,
        f"{locality}.failover[].from": _TEXT, f"{locality}.failover[].to": _TEXT,
        **{
            f"{outlier}.{key}": _WHOLE
            for key in (
                "consecutive5xxErrors", "consecutiveErrors", "consecutiveGatewayErrors",
                "consecutiveLocalOriginFailures", "maxEjectionPercent", "minHealthPercent",
            )
        },
        f"{outlier}.baseEjectionTime": _SPAN, f"{outlier}.interval": _SPAN,
        f"{outlier}.splitExternalLocalOriginErrors": _FLAG,
        "tls.mode": ("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
        "tls.caCertificates": _TEXT, "tls.clientCertificate": _TEXT, "tls.privateKey": _TEXT,
        "tls.sni": _TEXT, "tls.subjectAltNames[]": _TEXT,
    }  # fmt: skip


def _neutral(why: str, fields: dict[str, Type | tuple[str, ...]]) -> Iterator[Field]:
    return rows(Status.NEUTRAL, why, fields, below="service.")
