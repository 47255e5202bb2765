"""The traffic providers: Flagger's names, and which of them are driven yet."""

PROVIDERS_NOW = ("istio",)
"""Providers with a router."""
PROVIDERS_LATER = (
    "apisix", "appmesh", "appmesh:v1beta2", "contour", "gatewayapi:v1", "gatewayapi:v1beta1",
    "gloo", "knative", "kubernetes", "kuma", "linkerd", "nginx", "osm", "skipper", "smi:v1alpha1",
    "smi:v1alpha2", "smi:v1alpha3", "traefik",
)  # fmt: skip
"""Known providers without a router yet."""
METRIC_PROVIDERS_NOW = ("prometheus",)
METRIC_PROVIDERS_LATER = (
    "cloudwatch", "datadog", "dynatrace", "externalmetrics", "graphite", "influxdb", "keptn",
    "newrelic", "splunk", "stackdriver",
)  # fmt: skip
