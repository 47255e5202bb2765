"""The traffic providers: Flagger's names, and which of them are driven yet."""

FLAGGER_PROVIDERS = (
    "apisix", "contour", "gatewayapi:v1", "gatewayapi:v1beta1", "gloo", "istio", "knative",
    "kubernetes", "kuma", "linkerd", "nginx", "skipper", "smi:v1alpha1", "smi:v1alpha2",
    "smi:v1alpha3", "traefik",
)  # fmt: skip
"""Flagger's names that have a router."""
OWN_PROVIDERS = (
    *FLAGGER_PROVIDERS,
    "alb", "emissary", "field", "haproxy", "openshift", "smi:v1alpha4", "virtualserver",
)  # fmt: skip
"""All names that have a router."""
MATCHING_PROVIDERS = (
    "contour", "gatewayapi:v1", "gatewayapi:v1beta1", "gloo", "istio", "nginx",
)  # fmt: skip
"""Those whose objects can match requests, for A/B tests."""
MIRRORING_PROVIDERS = ("gatewayapi:v1", "gatewayapi:v1beta1", "istio")
"""Those whose objects can copy requests."""
KEEPING_PROVIDERS = MIRRORING_PROVIDERS
"""Those whose objects can set cookies and match them."""
_END = "move to a router that is maintained, e.g. gatewayapi:v1; `gitops-canary import` helps"
ENDED_PROVIDERS = dict.fromkeys(("appmesh", "appmesh:v1beta2", "osm"), _END)
"""Flagger's names of meshes that are at their end, with the remedy."""
METRIC_PROVIDERS = (
    "cloudwatch", "datadog", "dynatrace", "externalmetrics", "graphite", "influxdb", "keptn",
    "newrelic", "prometheus", "splunk", "stackdriver",
)  # fmt: skip
"""Flagger's names of metric providers; all of them can be asked."""
