"""`field`: any weight that a Canary names, by file and path."""

from decimal import Decimal
from typing import Any

import pytest
from canary_texts import own, read, refusal

from gitops_canary.errors import BindingError, CanaryError
from gitops_canary.manifest import bindings, catalog
from gitops_canary.model.names import Path
from gitops_canary.model.owned import Binding
from gitops_canary.model.spec import CanarySpec
from gitops_canary.routing.field import Field

FILE = Path("apps/values.yaml")
VALUES = """\
# read by a chart
traffic:
  - name: shop
    canary: 0 # percent
    primary: 100
other: {kept: true}
"""
WORKLOADS = "".join(
    f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n"
    for name in ("checkout", "checkout-primary")
)
WHERE = {"namespace": "prod", "apex": "checkout"}


def at(field: str, file: str = "./values.yaml") -> dict[str, str]:
    return {"file": file, "field": f"traffic[name=shop].{field}"}


def canary(**routing: Any) -> CanarySpec:
    return read(own(provider="field", routing={"weight": at("canary"), **routing}))


def bind(spec: CanarySpec, values: str = VALUES) -> Binding:
    texts = {FILE: values, Path("apps/web.yaml"): WORKLOADS}
    known = [ref for file, text in texts.items() for ref in catalog.headers(text, file=file)]
    exists = texts.__contains__
    return bindings.resolve(spec, known, texts.__getitem__, Field(spec.routing), exists=exists)


def write(spec: CanarySpec, text: str, weight: str) -> str:
    return Field(spec.routing).set_weight(text, 0, Decimal(weight), file=FILE, **WHERE)


def weight(spec: CanarySpec, text: str) -> Decimal:
    return Field(spec.routing).weight(text, 0, file=FILE, **WHERE)


def test_weight_is_bound_by_its_name_and_goes_round() -> None:
    spec = canary(rest=at("primary"))
    (route,) = bind(spec).routes
    assert (route.file, route.index) == (FILE, 0)
    assert weight(spec, VALUES) == 0
    new = write(spec, VALUES, "25")
    assert new == VALUES.replace("canary: 0 ", "canary: 25 ").replace("100", "75")
    assert weight(spec, new) == 25
    assert write(spec, new, "25") == new
    assert Field(spec.routing).restore(new, 0, VALUES, 0, file=FILE, **WHERE) == VALUES


def test_weight_alone_and_a_finer_total_will_do() -> None:
    spec = canary(total=1000)
    new = write(spec, VALUES, "0.1")
    assert new == VALUES.replace("canary: 0 ", "canary: 1 ")
    assert weight(spec, new) == Decimal("0.1")


def test_a_text_stays_a_text() -> None:
    text = VALUES.replace("canary: 0 ", 'canary: "0" ')
    assert 'canary: "5" #' in write(canary(), text, "5")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (VALUES.replace("canary: 0 ", "canary: 5 "), "do not sum to 100"),
        (VALUES.replace("canary: 0 ", "canary: few "), "is no whole number from 0 to 100"),
        (VALUES.replace("canary: 0 ", "canary: 101 "), "is no whole number from 0 to 100"),
        (VALUES.replace("name: shop", "name: other"), "has no items with name shop"),
    ],
)
def test_what_is_not_one_clear_weight_is_refused(values: str, why: str) -> None:
    with pytest.raises(CanaryError, match=why) as error:
        weight(canary(rest=at("primary")), values)
    assert error.value.place is not None


def test_a_weight_finer_than_the_total_is_refused() -> None:
    with pytest.raises(BindingError, match="no whole number"):
        write(canary(), VALUES, "0.5")


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"provider": "field"}, "provider is field, which needs spec.routing"),
        ({"routing": {"weight": at("canary")}}, "routing is for the provider field"),
        (
            {
                "provider": "field",
                "routing": {"weight": at("canary"), "rest": at("primary", "./b.yaml")},
            },
            "routing.rest is in another document",
        ),
        ({"provider": "field", "routing": {"total": 100}}, "routing.weight is missing"),
    ],
)
def test_routing_is_for_the_provider_field_and_complete(spec: dict[str, Any], problem: str) -> None:
    assert problem in refusal(own(**spec)).problem
