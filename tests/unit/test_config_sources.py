"""Metric sources in controller.yaml: each type gets what it needs, and nothing else."""

import json
from pathlib import Path

import pytest

from gitops_canary.app.config import load
from gitops_canary.errors import ConfigError
from gitops_canary.settings import SourceSettings


def loaded(folder: Path, name: str = "more", **source: object) -> SourceSettings:
    document = {
        "repositories": [{"name": "config", "url": "https://git.example/acme/config.git"}],
        "metrics": {"sources": {name: {"url": "https://api.example", **source}}},
        "sync": {"type": "none", "delay": "5m"},
    }
    path = folder / "controller.yaml"
    path.write_text(json.dumps(document))
    return load(path).sources[name]


def secret(folder: Path, name: str) -> str:
    path = folder / name
    path.write_text("x" * 20)
    path.chmod(0o600)
    return name


def test_what_a_type_needs_is_read(tmp_path: Path) -> None:
    files = {key: secret(tmp_path, key) for key in ("datadog_api_key", "datadog_application_key")}
    found = loaded(tmp_path, "datadog", type="datadog", secretFiles=files)
    assert found.secret_files["datadog_api_key"] == tmp_path / "datadog_api_key"
    token = secret(tmp_path, "t")
    found = loaded(tmp_path, type="newrelic", tokenFile=token, options={"account": "12345"})
    assert found.options == {"account": "12345"}


@pytest.mark.parametrize(
    ("type_", "said", "timeout_ms"),
    [
        ("prometheus", {}, 10_000),
        ("prometheus", {"scrapeInterval": "5s"}, 5_000),
        ("prometheus", {"scrapeInterval": "1m", "scrapeTimeout": "45s"}, 45_000),
        ("graphite", {}, 15_000),
    ],
)
def test_a_scrape_takes_as_long_as_prometheus_lets_it(
    tmp_path: Path, type_: str, said: dict[str, str], timeout_ms: int
) -> None:
    assert loaded(tmp_path, type=type_, **said).scrape_timeout_ms == timeout_ms


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({"type": "prometheus", "scrapeTimeout": "16s"}, "give at most scrapeInterval, 15s"),
        ({"type": "datadog"}, "lacks credentials of type datadog"),
        (
            {"type": "datadog", "secretFiles": {"datadog_api_key": "t"}},
            "give secretFiles.datadog_api_key and secretFiles.datadog_application_key",
        ),
        ({"type": "stackdriver", "options": {"project": "p"}}, "give secretFiles.service"),
        ({"type": "newrelic", "tokenFile": "t"}, "has no options.account"),
        ({"type": "dynatrace", "tokenFile": "t", "options": {"a": "b"}}, "is no option of"),
        ({"type": "graphite", "secretFiles": {"a": "t"}}, "is no secret of type graphite"),
        ({"type": "influxdb", "options": {"org": "a\nb"}}, "is no such value"),
        ({"type": "splunk", "tokenFile": "t", "url": "http://a.example"}, "unencrypted"),
        ({"type": "datadog", "headers": {"X-A": "b"}}, "remove it; graphite, http-json, prom"),
        ({"type": "prometheus", "headers": {"Authorization": "b"}}, "give tokenFile or"),
        ({"type": "prometheus", "headers": {"Host": "b"}}, "Host is not for you to set"),
        ({"type": "prometheus", "headers": {"X A": "b"}}, "is no name of a header"),
        ({"type": "prometheus", "headers": {"X-A": "b\r\nX-B: c"}}, "is no value of a header"),
        ({"type": "prometheus", "headers": {"X-A": ""}}, "is no value of a header"),
        (
            {"type": "prometheus", "headers": {"X-A": "b"}, "headerFiles": {"x-a": "t"}},
            "gives x-a twice",
        ),
        (
            {"type": "prometheus", "headerFiles": {"X-A": "t"}, "url": "http://a.example"},
            "unencrypted",
        ),
        ({"type": "dynatrce"}, "did you mean dynatrace"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, source: dict[str, object], problem: str
) -> None:
    secret(tmp_path, "t")
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, **source)  # type: ignore[arg-type]  # wrong on purpose
    assert problem in str(caught.value)


def test_headers_of_a_tenant_are_read(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        type="prometheus",
        headers={"X-Scope-OrgID": "team-a|team-b"},
        headerFiles={"X-Token": secret(tmp_path, "t")},
    )
    assert found.headers == {"X-Scope-OrgID": "team-a|team-b"}
    assert found.header_files == {"X-Token": tmp_path / "t"}


def test_traffic_asks_prometheus_alone(tmp_path: Path) -> None:
    document = {
        "repositories": [{"name": "config", "url": "https://git.example/acme/config.git"}],
        "metrics": {"sources": {"g": {"type": "graphite", "url": "http://127.0.0.1:1"}}},
        "sync": {"type": "traffic", "source": "g"},
    }
    path = tmp_path / "controller.yaml"
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigError, match="does not speak PromQL"):
        load(path)


def test_name_of_a_type_is_for_that_type(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is asked by MetricTemplates of type datadog"):
        loaded(tmp_path, "datadog", type="prometheus")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"webhooks": {"w": {"url": "http://w.example", "tokenFile": "t"}}}, "unencrypted"),
        ({"webhooks": {"w": {"url": "http://u:p@w.example"}}}, "credentials"),
        ({"notifiers": {"n": {"type": "slck", "addressFile": "t"}}}, "did you mean slack"),
        ({"notifiers": {"n": {"type": "slack"}}}, "notifiers.n.addressFile is missing"),
        ({"notifiers": {"n": {"type": "matrix", "addressFile": "t"}}}, "no room or no token"),
        (
            {"notifiers": {"n": {"type": "gchat", "addressFile": "t", "tokenFile": "t"}}},
            "is not for type gchat",
        ),
    ],
)
def test_webhooks_and_notifiers_that_do_not_fit_are_refused(
    tmp_path: Path, more: dict[str, object], problem: str
) -> None:
    secret(tmp_path, "t")
    document = {
        "repositories": [{"name": "config", "url": "https://git.example/acme/config.git"}],
        "metrics": {"sources": {"default": {"type": "prometheus", "url": "http://p.example"}}},
        "sync": {"type": "none", "delay": "5m"},
        **more,
    }
    path = tmp_path / "controller.yaml"
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert problem in str(caught.value)
