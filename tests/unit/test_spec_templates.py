"""Metric templates and alert providers beside a Canary."""

import json
from typing import Any

import pytest
from canary_texts import (
    FILE,
    Json,
    metric,
    nothing,
    read,
    refusal,
    root,
)

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.document import parse
from gitops_canary.manifest.spec_file import (
    MetricTemplate,
    read_alert_provider,
    read_template,
    templates,
)
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef
from gitops_canary.model.spec import Check


def template(name: str = "errors", namespace: str = "prod", **provider: Any) -> Json:
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "MetricTemplate",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"provider": {"type": "prometheus", **provider}, "query": f"from_{namespace}"},
    }


def tree(*documents: Json) -> Any:
    found = []
    for index, document in enumerate(documents):
        ref = DocRef(
            file=Path(f"t{index}.yaml"),
            index=0,
            api_version="flagger.app/v1beta1",
            kind="MetricTemplate",
            namespace=document["metadata"]["namespace"],
            name=document["metadata"]["name"],
        )
        (node,) = parse(json.dumps(document), file=ref.file)
        assert node is not None
        found.append((ref, node))
    return templates(found)


def test_template_is_found_in_its_namespace() -> None:
    lookup = tree(template(), template(namespace="shared", address="http://prom:9090"))
    own = read(metric(templateRef={"name": "errors"}, threshold=1), templates=lookup)
    other = read(
        metric(templateRef={"name": "errors", "namespace": "shared"}, threshold=1),
        templates=lookup,
    )
    assert own.policy.checks[0].query == "from_prod"
    assert own.policy.checks[0].address is None
    assert other.policy.checks[0].query == "from_shared"
    assert other.policy.checks[0].address == "http://prom:9090"


def test_metrics_server_stands_in_for_a_template_without_address() -> None:
    document = metric(templateRef={"name": "errors"}, threshold=1)
    document["spec"]["metricsServer"] = "http://prom:9090"
    spec = read(document, templates=tree(template()))
    assert spec.policy.checks[0].address == "http://prom:9090"


def test_template_of_another_provider_is_asked_at_the_source_of_its_name() -> None:
    def check(one: Json) -> Check:
        document = metric(templateRef={"name": "errors"}, threshold=1)
        document["spec"]["metricsServer"] = "http://prom:9090"
        return read(document, templates=tree(one)).policy.checks[0]

    plain = check(template(type="datadog", secretRef={"name": "datadog"}))
    assert (plain.source, plain.address) == ("datadog", None)
    abroad = template(type="datadog", address="https://api.datadoghq.eu")
    abroad["metadata"]["annotations"] = {"gitops-canary.dev/source": "datadog-eu"}
    assert check(abroad).source == "datadog-eu"
    assert check(abroad).address == "https://api.datadoghq.eu"
    region = check(template(type="cloudwatch", region="eu-west-1"))
    assert region.address == "https://monitoring.eu-west-1.amazonaws.com"


def test_missing_template_is_refused() -> None:
    error = refusal(metric(templateRef={"name": "errors"}, threshold=1), templates=nothing)
    assert "names the MetricTemplate prod/errors, which is not in the repository" in error.problem


def test_template_that_is_there_twice_is_refused() -> None:
    lookup = tree(template(), template())
    error = refusal(metric(templateRef={"name": "errors"}, threshold=1), templates=lookup)
    assert "MetricTemplate prod/errors is also in t0.yaml" in error.problem
    assert error.place is not None
    assert error.place.file == "t1.yaml"


def test_wrong_template_spoils_only_who_refers_to_it() -> None:
    lookup = tree(template(), template(name="broken", adress="x"))
    assert read(metric(templateRef={"name": "errors"}, threshold=1), templates=lookup)
    error = refusal(metric(templateRef={"name": "broken"}, threshold=1), templates=lookup)
    assert "provider.adress is not known in a MetricTemplate" in error.problem
    assert "did you mean address?" in error.remedy


def test_placeholder_of_a_template_is_checked_where_it_is_used() -> None:
    def lookup(namespace: str, name: str) -> MetricTemplate:
        return MetricTemplate(
            namespace=namespace,
            name=name,
            provider="prometheus",
            address=None,
            query="{{ variables.direction }}",
            place=Place("t"),
        )

    one = {"templateRef": {"name": "t"}, "threshold": 1}
    assert "{{ variables.direction }}" in refusal(metric(**one), templates=lookup).problem
    assert read(metric(**one, templateVariables={"direction": "inbound"}), templates=lookup)


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        ({"type": "promtheus"}, "provider.type is 'promtheus', which is not known"),
        ({"headers": {"X-Scope-OrgID": ["1"]}}, "provider.headers is not supported yet"),
        ({"insecureSkipVerify": True}, "provider.insecureSkipVerify is not supported yet"),
        ({"address": "http://u:pw@prom"}, "provider.address contains credentials"),
    ],
)
def test_wrong_template_is_refused(provider: Json, problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_template(root(json.dumps(template(**provider))), file=FILE)
    assert problem in caught.value.problem
    assert "pw" not in str(caught.value)


def alert(**spec: Any) -> Json:
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "AlertProvider",
        "metadata": {"name": "on-call", "namespace": "prod"},
        "spec": spec,
    }


def test_alert_provider_is_read() -> None:
    node = root(json.dumps(alert(type="slack", channel="x", secretRef={"name": "s"})))
    assert read_alert_provider(node, file=FILE).type == "slack"


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"type": "slack", "address": "http://x", "secretRef": {"name": "s"}}, "alternatives"),
        ({"type": "slack"}, "alternatives"),
        ({"type": "slak", "address": "http://x"}, "type is 'slak', which is not known"),
        ({"address": "http://x"}, "type is missing"),
    ],
)
def test_wrong_alert_provider_is_refused(spec: Json, problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_alert_provider(root(json.dumps(alert(**spec))), file=FILE)
    assert problem in caught.value.problem
