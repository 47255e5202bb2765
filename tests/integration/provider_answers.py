"""What each metric provider answers, in the shape its documentation gives; the source is named.

No account of these services was at hand: the shapes are from their documentation, the server that
sends them is a stand-in. Prometheus and VictoriaMetrics are tested for real elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

AT = 1_770_000_300_000
AT_S, AGO_S = AT // 1000, AT // 1000 - 5
OLD_S = AT_S - 900
ISO, OLD_ISO = "2026-02-02T02:44:55Z", "2026-02-02T02:30:00Z"
SECRET = "s3cr3t-t0ken"  # noqa: S105 - that is what is looked for
SECOND = "0ther-s3cret"


def account_key() -> str:
    """Write a service account's key whose token address is filled in by the test."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider's query, what it is opened with, and its answers; JSON unless bytes."""

    query: str
    value: object
    no_data: object
    stale: object
    several: object
    odd: object
    """An answer whose number is NaN, or as near to it as the service's format comes."""
    refused: object
    """The body of a 400; its words hold the secret."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    """What stands in the request's line, headers or body, so that a replay asks the same."""


def matrix(*values: str, at: int = AT_S) -> object:
    """Answer as Prometheus does to a range query."""
    rows = [{"metric": {"n": str(i)}, "values": [[at, v]]} for i, v in enumerate(values)]
    return {"status": "success", "data": {"resultType": "matrix", "result": rows}}


def datadog(*values: object, at: int = AGO_S) -> object:
    """docs.datadoghq.com/api/latest/metrics, "Query timeseries points", 200."""
    series = [
        {"metric": "trace.http.errors", "scope": f"service:web{i}", "interval": 5, "length": 3,
         "pointlist": [[(at - 20) * 1000.0, 1.0], [at * 1000.0, v], [(at + 3) * 1000.0, 2.0]],
         "unit": None}
        for i, v in enumerate(values)
    ]  # fmt: skip
    return {"status": "ok", "res_type": "time_series", "resp_version": 1, "query": "q",
            "from_date": 1, "to_date": 2, "message": "", "series": series}  # fmt: skip


def cloudwatch(*values: object, at: int = AGO_S) -> object:
    """docs.aws.amazon.com, CloudWatch API reference, "GetMetricData", JSON protocol."""
    return {
        "MetricDataResults": [
            {"Id": f"e{i}", "Label": "errors", "StatusCode": "Complete",
             "Timestamps": [float(at), float(at - 60)], "Values": [v, 1.0]}
            for i, v in enumerate(values)
        ],
        "Messages": [],
    }  # fmt: skip


def newrelic(*rows: object) -> object:
    """docs.newrelic.com, "Use NerdGraph to query data with NRQL"."""
    return {"data": {"actor": {"account": {"nrql": {"results": list(rows)}}}}}


def graphite(*values: object, at: int = AGO_S) -> object:
    """graphite.readthedocs.io, "The Render URL API", format=json."""
    return [
        {"target": f"web{i}.errors", "tags": {"name": "web"},
         "datapoints": [[1.0, at - 10], [1.0, at - 5], [v, at], [2.0, at + 5]]}
        for i, v in enumerate(values)
    ]  # fmt: skip


def dynatrace(*values: object, at: int = AGO_S) -> object:
    """docs.dynatrace.com, "Metrics API - GET data points"."""
    rows = [
        {"dimensions": [f"web{i}"], "dimensionMap": {"service": f"web{i}"},
         "timestamps": [at * 1000], "values": [v]}
        for i, v in enumerate(values)
    ]  # fmt: skip
    return {"totalCount": len(rows), "nextPageKey": None, "resolution": "Inf",
            "result": [{"metricId": "builtin:errors", "data": rows}]}  # fmt: skip


def influxdb(*values: object, at: str = ISO) -> bytes:
    """docs.influxdata.com, "Annotated CSV", without annotations."""
    head = ",result,table,_start,_stop,_time,_value,_field,host"
    rows = [f",_result,{i},{OLD_ISO},{ISO},{at},{v},mem,h{i}" for i, v in enumerate(values)]
    return ("\r\n".join([head, *rows, ""]) if rows else "\r\n").encode()


def splunk(*values: object, at: int = AGO_S) -> bytes:
    """dev.splunk.com/observability, SignalFlow API: a stream of server-sent events."""
    told = "".join(f'{{"tsId": "AAAA{i}", "value": {v}}},' for i, v in enumerate(values))
    data = f'event: data\ndata: {{\ndata: "data": [{told.rstrip(",")}],\n' if values else ""
    data += f'data: "logicalTimestampMs": {at * 1000}}}\n\n' if values else ""
    control = 'event: control-message\ndata: {"event": "%s", "timestampMs": 1}\n\n'
    return (control % "STREAM_START" + data + control % "END_OF_CHANNEL").encode()


def external(*values: object, at: str = ISO) -> object:
    """k8s.io/metrics, external.metrics.k8s.io/v1beta1, ExternalMetricValueList."""
    return {
        "kind": "ExternalMetricValueList", "apiVersion": "external.metrics.k8s.io/v1beta1",
        "metadata": {},
        "items": [{"metricName": "errors", "metricLabels": {"n": str(i)}, "timestamp": at,
                   "value": v} for i, v in enumerate(values)],
    }  # fmt: skip


def keptn(value: object, at: str = ISO) -> object:
    """keptn.sh, "KeptnMetric" reference, metrics.keptn.sh/v1."""
    return {"apiVersion": "metrics.keptn.sh/v1", "kind": "KeptnMetric",
            "metadata": {"name": "errors", "namespace": "prod"}, "spec": {},
            "status": {"value": value, "rawValue": "e30=", "lastUpdated": at}}  # fmt: skip


def stackdriver(*values: object, at: str = ISO) -> object:
    """cloud.google.com/monitoring, "projects.timeSeries.query", QueryTimeSeriesResponse."""
    return {
        "timeSeriesDescriptor": {"pointDescriptors": [{"key": "v", "valueType": "DOUBLE"}]},
        "timeSeriesData": [
            {"labelValues": [{"stringValue": f"web{i}"}],
             "pointData": [{"values": [{"doubleValue": v}],
                            "timeInterval": {"startTime": at, "endTime": at}}]}
            for i, v in enumerate(values)
        ],
    }  # fmt: skip


PROVIDERS: Mapping[str, Provider] = {
    "prometheus": Provider(
        query="sum(up)", value=matrix("99.5"), no_data=matrix(), stale=matrix(),
        several=matrix("1", "2"), odd=matrix("NaN"),
        refused={"status": "error", "errorType": "bad_data", "error": f"no: {SECRET}"},
        secrets={"token": SECRET}, asked=("end=1770000300.000", f"Bearer {SECRET}"),
    ),
    "http-json": Provider(
        query="/v1/rate?to=${to_s}&from=${from_ms}\n/data/0/value\n/data/0/at",
        value={"data": [{"value": 99.5, "at": AGO_S}]}, no_data={"data": []},
        stale={"data": [{"value": 99.5, "at": OLD_S}]},
        several={"data": [{"value": [1, 2], "at": AGO_S}]},
        odd={"data": [{"value": "NaN", "at": AGO_S}]},
        refused={"error": SECRET}, secrets={"token": SECRET}, asked=("to=1770000300", "from="),
    ),
    "datadog": Provider(
        query="avg:trace.http.errors{service:web}", value=datadog(99.5), no_data=datadog(),
        stale=datadog(99.5, at=OLD_S), several=datadog(1, 2), odd=datadog("NaN"),
        refused={"errors": [f"bad key {SECRET}"]},
        secrets={"datadog_api_key": SECRET, "datadog_application_key": SECOND},
        asked=("from=1770000240", "to=1770000300", SECRET, SECOND),
    ),
    "cloudwatch": Provider(
        query='[{"Id": "e1", "Expression": "m1 / m2", "Period": 60}]', value=cloudwatch(99.5),
        no_data={"MetricDataResults": [{"Id": "e1", "StatusCode": "Complete", "Timestamps": [],
                                        "Values": []}]},
        stale=cloudwatch(99.5, at=OLD_S), several=cloudwatch(1, 2), odd=cloudwatch("NaN"),
        refused={"__type": "ValidationError", "message": f"no {SECRET}"},
        secrets={"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": SECRET},
        options={"region": "eu-west-1"},
        asked=('"StartTime": 1770000240', "/eu-west-1/monitoring/aws4_request", "GetMetricData"),
    ),
    "newrelic": Provider(
        query="SELECT percentage(count(*), WHERE error) FROM Transaction",
        value=newrelic({"percentage": 99.5}), no_data=newrelic(),
        stale=newrelic({"percentage": None}),
        several=newrelic({"facet": "a", "count": 1}, {"facet": "b", "count": 2}),
        odd=newrelic({"percentile.duration": {"99": 99.5}}),
        refused={"errors": [{"message": f"no {SECRET}"}]},
        secrets={"token": SECRET}, options={"account": "12345"},
        asked=("SINCE 1770000240000 UNTIL 1770000300000", '"account": 12345', SECRET),
    ),
    "graphite": Provider(
        query="averageSeries(web.*.errors)", value=graphite(99.5), no_data=[],
        stale=graphite(99.5, at=OLD_S), several=graphite(1, 2), odd=graphite("NaN"),
        refused=b"Invalid target", secrets={"token": SECRET},
        asked=("from=1770000240", "until=1770000300"),
    ),
    "stackdriver": Provider(
        query="fetch k8s_container | metric 'errors' | within 1m", value=stackdriver(99.5),
        no_data={}, stale=stackdriver(99.5, at=OLD_ISO), several=stackdriver(1, 2),
        odd=stackdriver("NaN"), refused={"error": {"code": 400, "message": f"no {SECRET}"}},
        secrets={"serviceAccountKey": SECRET}, options={"project": "acme"},
        asked=("within 1m, d'2026/02/02-02:45:00'", "/v3/projects/acme/timeSeries:query",
               f"Bearer {SECRET}"),
    ),
    "influxdb": Provider(
        query='from(bucket: "b") |> range(start: -1m) |> last()', value=influxdb(99.5),
        no_data=influxdb(), stale=influxdb(99.5, at=OLD_ISO), several=influxdb(1, 2),
        odd=influxdb("NaN"), refused={"code": "invalid", "message": f"no {SECRET}"},
        secrets={"token": SECRET}, options={"org": "acme"},
        asked=('"now": "2026-02-02T02:45:00+00:00"', "org=acme", f"Token {SECRET}"),
    ),
    "dynatrace": Provider(
        query='builtin:service.errors:filter(eq("service", "web"))', value=dynatrace(99.5),
        no_data=dynatrace(), stale=dynatrace(99.5, at=OLD_S), several=dynatrace(1, 2),
        odd=dynatrace("NaN"), refused={"error": {"code": 400, "message": f"no {SECRET}"}},
        secrets={"token": SECRET},
        asked=("from=1770000240000", "to=1770000300000", "resolution=Inf", f"Api-Token {SECRET}"),
    ),
    "splunk": Provider(
        query="data('errors').mean().publish()", value=splunk(99.5), no_data=splunk(),
        stale=splunk(99.5, at=OLD_S), several=splunk(1, 2), odd=splunk("NaN"),
        refused={"code": 400, "message": f"no {SECRET}"}, secrets={"token": SECRET},
        asked=("start=1770000240000", "stop=1770000300000", SECRET),
    ),
    "externalmetrics": Provider(
        query="prod/errors?labelSelector=app%3Dweb", value=external("99.5"), no_data=external(),
        stale=external("99.5", at=OLD_ISO), several=external("1", "2"), odd=external("99500m"),
        refused={"kind": "Status", "message": f"no {SECRET}"}, secrets={"token": SECRET},
        asked=("/apis/external.metrics.k8s.io/v1beta1/namespaces/prod/errors?labelSelector=app",),
    ),
    "keptn": Provider(
        query="keptnmetric/prod/errors", value=keptn("99.5"), no_data=keptn(""),
        stale=keptn("99.5", at=OLD_ISO), several=keptn(["1", "2"]), odd=keptn("NaN"),
        refused={"kind": "Status", "message": f"no {SECRET}"}, secrets={"token": SECRET},
        asked=("/apis/metrics.keptn.sh/v1/namespaces/prod/keptnmetrics/errors",),
    ),
}  # fmt: skip
