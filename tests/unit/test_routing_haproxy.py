"""The blue/green balance of HAProxy Ingress: groups of pods in one annotation's text."""

from decimal import Decimal

import pytest
from single_routes import HAPROXY

from gitops_canary.errors import BindingError
from gitops_canary.model.names import Path
from gitops_canary.routing import ROUTERS

FILE = Path("apps/ingress.yaml")
WHERE = {"namespace": "prod", "apex": "shop"}
ROUTER = ROUTERS["haproxy"]
BALANCE = "app=shop-primary=100,app=shop=0"


def write(text: str, weight: str) -> str:
    return ROUTER.set_weight(text, 0, Decimal(weight), file=FILE, **WHERE)


def balanced(groups: str) -> str:
    return HAPROXY.replace(BALANCE, groups)


@pytest.mark.parametrize(
    ("groups", "weight", "after"),
    [
        ("app=shop=0,app=shop-primary=100", "5", "app=shop=5,app=shop-primary=95"),
        ("app=shop-primary=4,app=shop=0", "25", "app=shop-primary=3,app=shop=1"),
        (
            "app=shop-primary=90,app=legacy=10,app=shop=0",
            "10",
            "app=shop-primary=81,app=legacy=10,app=shop=9",
        ),
        ('"app=shop-primary=100,app=shop=0"', "5", '"app=shop-primary=95,app=shop=5"'),
        ("'app=shop-primary=100,app=shop=0'", "5", "'app=shop-primary=95,app=shop=5'"),
    ],
)
def test_groups_keep_their_order_their_sum_and_their_quotes(
    groups: str, weight: str, after: str
) -> None:
    new = write(balanced(groups), weight)
    assert new == balanced(after)
    assert ROUTER.weight(new, 0, file=FILE, **WHERE) == Decimal(weight)
    assert write(new, "0") == balanced(groups)


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        ("app=shop-primary=100", "not exactly one group with its primary"),
        ("app=shop-primary=100,role=shop=0", "not exactly one group with its primary"),
        (f"{BALANCE},app=shop=0", "not exactly one group with its primary"),
        ("app=shop-primary=100,app=shop=257", "no list of label=value=weight"),
        ("app=shop-primary=100,app=shop=many", "no list of label=value=weight"),
        ("app=shop-primary=100, app=shop=0", "no list of label=value=weight"),
        ("app=shop-primary=0,app=shop=0", "both have weight 0"),
        (f"{BALANCE}\n    haproxy-ingress.github.io/blue-green-mode: pod", "depends on how many"),
    ],
)
def test_what_has_no_clear_share_is_refused_with_its_place(groups: str, why: str) -> None:
    with pytest.raises(BindingError, match=why) as error:
        ROUTER.weight(balanced(groups), 0, file=FILE, **WHERE)
    assert error.value.place is not None
    assert error.value.place.line in {7, 8}


def test_a_weight_that_the_sum_cannot_express_is_refused() -> None:
    with pytest.raises(BindingError, match=r"0\.5 % of 100 is no whole number"):
        write(HAPROXY, "0.5")


def test_the_service_may_carry_it_and_the_older_name_counts_without_the_newer() -> None:
    service = f"""\
apiVersion: v1
kind: Service
metadata:
  name: shop
  annotations:
    ingress.kubernetes.io/blue-green-deploy: {BALANCE}
spec: {{selector: {{group: shop}}}}
"""
    assert ROUTER.matches(service, 0, **WHERE)
    assert ROUTER.claims(service, 0) == ("the Service shop",)
    assert "app=shop=5" in write(service, "5")
    both = service.replace("spec:", "    ingress.kubernetes.io/blue-green-balance: x=y=1\nspec:")
    with pytest.raises(BindingError, match="not exactly one group"):
        ROUTER.weight(both, 0, file=FILE, **WHERE)
    assert not ROUTER.matches(HAPROXY.replace("name: shop,", "name: other,"), 0, **WHERE)


def test_requests_that_choose_their_pods_themselves_are_exposure() -> None:
    chosen = "haproxy-ingress.github.io/blue-green-header: X-Server:app\n    cert-manager.io"
    text = HAPROXY.replace("cert-manager.io", chosen, 1)
    assert len(ROUTER.exposure(text, 0, **WHERE)) == 1
    assert ROUTER.exposure(HAPROXY, 0, **WHERE) == ()
