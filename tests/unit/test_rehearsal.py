"""A ladder is gone up on paper first; what reaches the canary beside it is named."""

from dataclasses import replace
from decimal import Decimal

import pytest
from checks import spec
from routes import CASES

from gitops_canary.core.rehearsal import always, rehearse
from gitops_canary.errors import BindingError
from gitops_canary.manifest import catalog
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef
from gitops_canary.model.spec import CanarySpec
from gitops_canary.routing import ROUTERS
from gitops_canary.strategy import outfitted

FILE = Path("apps/route.yaml")
TEXT = CASES["istio-http"].text


def canary(*steps: str, provider: str = "istio") -> CanarySpec:
    one = spec(provider=provider, apex="shop")
    return replace(one, policy=replace(one.policy, steps=tuple(map(Decimal, steps))))


def reference(text: str) -> DocRef:
    (ref,) = catalog.headers(text, file=FILE)
    return ref


def go(text: str, *steps: str, provider: str = "istio") -> None:
    one = canary(*steps, provider=provider)
    rehearse(one, reference(text), text, outfitted(ROUTERS[provider], one))


def test_tenths_of_a_percent_need_a_total_that_knows_them() -> None:
    with pytest.raises(BindingError, match=r"0.1 % of 100 is no whole number") as error:
        go(TEXT, "0.1", "1", "5")
    assert "1000" in error.value.remedy
    go(TEXT.replace("weight: 100", "weight: 1000"), "0.1", "1", "5")


def test_a_total_that_was_chosen_for_the_first_step_must_do_for_the_later_ones() -> None:
    lone = CASES["gateway-HTTPRoute-v1"].lone
    go(lone, "0.1", "1", "5", provider="gatewayapi:v1")
    with pytest.raises(BindingError, match=r"2.5 % of 100"):
        go(lone, "1", "2.5", provider="gatewayapi:v1")


def test_a_service_cannot_be_gone_up_by_steps() -> None:
    with pytest.raises(BindingError, match="all or nothing"):
        go(CASES["kubernetes"].text, "5", "100", provider="kubernetes")
    go(CASES["kubernetes"].text, "100", provider="kubernetes")


def test_header_rules_that_reach_the_canary_are_named_by_their_lines() -> None:
    rule = (
        "  - match:\n    - headers: {x-team: {exact: us}}\n    route:\n"
        "    - destination: {host: shop-canary}\n"
    )
    text = TEXT.replace("  http:\n", f"  http:\n{rule}")
    one = canary("5")
    assert always(one, reference(text), text, ROUTERS["istio"]) == ("apps/route.yaml:10",)
    assert always(one, reference(TEXT), TEXT, ROUTERS["istio"]) == ()


def test_a_cookie_of_a_canary_ingress_is_named_too() -> None:
    text = CASES["nginx"].text.replace(
        "spec:\n", "    nginx.ingress.kubernetes.io/canary-by-cookie: vip\nspec:\n", 1
    )
    one = canary("5", provider="nginx")
    assert always(one, reference(text), text, ROUTERS["nginx"]) == ("apps/route.yaml:8",)
