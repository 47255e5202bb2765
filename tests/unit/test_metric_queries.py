"""What queries of the metric providers become, and which are refused before they are asked."""

from types import ModuleType

import pytest

from gitops_canary.http import Failed, Reply, Request, Secrets, clock_ms
from gitops_canary.http.session import REST_S, _seconds
from gitops_canary.metrics import (
    cloudwatch,
    datadog,
    external_metrics,
    graphite,
    http_json,
    influxdb,
    keptn,
    newrelic,
    splunk,
    stackdriver,
)
from gitops_canary.metrics.http import Access, Instant

AT = 1_770_000_300_000
OPTIONS = {"region": "eu-west-1", "account": "12345", "project": "acme", "org": "acme"}
KEYS = ("token", cloudwatch.ACCESS_KEY, cloudwatch.SECRET_KEY)


def asked(provider: ModuleType, query: str, **options: str) -> Request:
    access = Access(
        secrets=Secrets(dict.fromkeys(KEYS, "x")), options={**OPTIONS, **options},
        base="https://api.example", now_s=0,
    )  # fmt: skip
    instant = Instant(expression=query, at_ms=AT, window_ms=60_000)
    found: Request = provider.DIALECT.ask(instant, access)
    return found


def test_graphite_takes_flaggers_form() -> None:
    form = asked(graphite, "target=summarize(\n  a.b,\n  '1min'\n)").form
    assert form is not None
    assert (form["target"], form["from"]) == ("summarize(a.b,'1min')", "1770000240")
    form = asked(graphite, "target=a.b&from=-1min&format=json").form
    assert form is not None
    assert (form["target"], form["from"], form["until"]) == ("a.b", "1770000240", "1770000300")
    form = asked(graphite, "alias(a.b, 'x&y')").form
    assert form is not None
    assert form["target"] == "alias(a.b, 'x&y')"


def test_keptn_takes_flaggers_form() -> None:
    path = asked(keptn, "keptnmetric/prod/errors/2m/reporter=destination").path
    assert path == "/apis/metrics.keptn.sh/v1/namespaces/prod/keptnmetrics/errors"


def test_cloudwatch_is_asked_for_whole_periods_alone() -> None:
    def spans(at_s: int, window_s: int, period_s: int) -> tuple[int, int]:
        instant = Instant(expression="", at_ms=at_s * 1000, window_ms=window_s * 1000)
        return cloudwatch.whole(instant, [{"Id": "m", "MetricStat": {"Period": period_s}}])

    assert spans(630, 180, 60) == (480, 600)
    assert spans(600, 60, 60) == (540, 600)
    with pytest.raises(Failed, match="no whole period of 60 s"):
        spans(630, 60, 60)


def test_flux_may_compute_and_read_within_its_interval() -> None:
    query = 'import "math"\nfrom(bucket: "time-to-live") |> range(start: -60s) |> last()'
    assert b'"now": "2026-02-02T02:45:00+00:00"' in (asked(influxdb, query).content or b"")


@pytest.mark.parametrize(
    ("provider", "query"),
    [
        *((http_json, q) for q in (
            "/x", "x\n/a", "//evil.example/x\n/a", "/../x\n/a", "/%2e%2E/x\n/a", "/a%2Fb\n/a",
            "/x y\n/a", "/x\na", "/x\n/a\n/b\n/c")),
        (cloudwatch, "m1 / m2"), (cloudwatch, "[]"),
        (cloudwatch, '[{"Id": "m", "MetricStat": {"Period": 300}}]'),
        (newrelic, "SELECT count(*) FROM T SINCE 1 hour ago"),
        (newrelic, "SELECT count(*) FROM T TIMESERIES"),
        # What is written behind it would be a comment.
        (newrelic, "SELECT count(*) FROM T --"), (newrelic, "SELECT count(*) FROM T //"),
        (newrelic, "SELECT count(*) FROM T /* ' */ SINCE 1 week ago /* ' */"),
        (newrelic, "SELECT count(*) FROM T WHERE a = '\\'' SINCE 1 week ago WHERE b = '"),
        (stackdriver, "fetch x # | within 1m\n| every 1m"),
        (stackdriver, "fetch x | within 1m, d'2020/01/01-00:00:00'"),
        (stackdriver, "fetch x | within 1h"),
        (splunk, "data('x').mean(over='1h').publish()"),
        (external_metrics, "../secrets"), (external_metrics, "prod/x?limit=1"),
        (influxdb, 'from(bucket: "b") |> range(start: -1m) |> to(bucket: "c")'),
        (influxdb, 'import "http"\nhttp.post(url: "http://169.254.169.254")'),
        (influxdb, 'import e "experimental/http"\nfrom(bucket: "b")'),
        (influxdb, 'from(bucket: "b") |> range(start: -2h) |> count()'),
        *((influxdb, q) for q in (
            # Comments, texts and expressions in texts hide what is between them.
            'from(bucket: "b") // "\n|> to(bucket: "c") // "',
            "from(bucket: \"b\") // it's\n|> to(bucket: \"c\") // '",
            'from(bucket: "b") |> filter(fn: (r) => r.a =~ /"/) |> to(bucket: "c") |> x(y: /"/)',
            'from(bucket: "${from(bucket: \\"b\\") |> to(bucket: \\"c\\")}")',
            'write = to\nfrom(bucket: "b") |> write(bucket: "c")',
            'from(bucket: "b") |> to // \n (bucket: "c")',
            'import"http"\nhttp.post(url: "x")', 'import // "math"\n"http"\nhttp.post(url: "x")',
            'from(bucket: "b", host: "http://169.254.169.254", token: "x")',
            'from(bucket: "b", host // \n : "http://169.254.169.254")')),
        (graphite, "target=a&target=b"), (graphite, "target=a&until=now"),
        (graphite, "target=a&from=yesterday"), (graphite, "target=a&from=-8min"),
        (keptn, "keptnmetric/prod/../../secrets"), (keptn, "analysis/prod/x/5m"),
    ],
)  # fmt: skip
def test_query_that_cannot_be_asked_is_refused_before_it_is(
    provider: ModuleType, query: str
) -> None:
    with pytest.raises(Failed):
        asked(provider, query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT v INTO other FROM m WHERE time > ${from_ms}ms",
        "SELECT v /* ' */ INTO other FROM m /* ' */ WHERE time > ${from_ms}ms",
        "SELECT v FROM m WHERE time > ${from_ms}ms -- '\n; DROP DATABASE x -- '",
        "SELECT v FROM m WHERE a =~ /'/; DROP DATABASE x; SELECT '${from_ms}'",
    ],
)
def test_influxql_never_writes_whatever_stands_around_it(query: str) -> None:
    with pytest.raises(Failed, match="INTO"):
        asked(influxdb, query, language="influxql")


def test_window_of_a_query_is_no_part_of_its_last_comment() -> None:
    content = asked(stackdriver, "fetch x # all of it").content or b""
    assert r"# all of it\n| within 60s" in content.decode()


ODD_ANSWERS = [
    (datadog, "q", b'{"status": "ok", "series": [{"interval": "1.2.3", "pointlist": []}]}'),
    (datadog, "q", b'{"status": "ok", "series": [{"interval": 1e400, "pointlist": []}]}'),
    (datadog, "q", b'{"status": "ok", "series": [{"interval": 1, "pointlist": [["NaN", 1]]}]}'),
    (datadog, "q", b'{"status": "ok", "series": [{"pointlist": [[1e999999, 1]]}]}'),
    (graphite, "q", b'[{"datapoints": [[1, 1e999999]]}]'),
    (graphite, "q", b'[{"datapoints": [["1.2.3", 1]]}]'),
    (influxdb, "q", b'{"results": [{"series": [{"columns": ["time", "v"], "values": [[1]]}]}]}'),
]


@pytest.mark.parametrize(("provider", "query", "body"), ODD_ANSWERS)
def test_odd_answer_is_told_and_nothing_else_breaks(
    provider: ModuleType, query: str, body: bytes
) -> None:
    instant = Instant(expression=query, at_ms=AT, window_ms=60_000)
    with pytest.raises(Failed, match=r"belongs|unlike"):
        provider.DIALECT.read(Reply(200, body, None), instant)


@pytest.mark.parametrize("index", ["\u00b2", "9" * 5000, "01", "7"])
def test_pointer_that_is_no_index_finds_nothing(index: str) -> None:
    instant = Instant(expression=f"/x\n/a/{index}", at_ms=AT, window_ms=60_000)
    assert http_json.DIALECT.read(Reply(200, b'{"a": [1]}', None), instant) == ()


@pytest.mark.parametrize(
    "date", ["Mon, 02 Feb 99999999999999999999 02:40:00 GMT", "Mon, 02 Feb 1 0:0:0 +9999999999999"]
)
def test_odd_dates_of_servers_are_none(date: str) -> None:
    assert clock_ms(date) is None
    assert _seconds(date) == REST_S


def test_date_without_a_zone_is_in_utc() -> None:
    assert _seconds("Mon, 02 Feb 1970 02:40:00 -0000") == 0
