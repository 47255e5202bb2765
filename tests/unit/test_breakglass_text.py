"""What a person types while Git cannot be reached."""

import json

import pytest
from grounds import ROUTER, canary_spec, ground

from gitops_canary.core.breakglass import breakglass, located, page
from gitops_canary.model.observation import Halt
from gitops_canary.model.rollout import Action


def test_nobody_is_exposed_at_weight_0() -> None:
    assert breakglass(canary_spec(), ground("1", "1"), Action.ADVANCE, ROUTER) is None
    assert page([]) == ""


def test_all_traffic_goes_to_the_primary_in_an_order_that_holds() -> None:
    spec, here = canary_spec(), ground("2", "1", weight=10)
    found = breakglass(spec, here, Action.ADVANCE, ROUTER)
    assert found is not None
    first, *lines = page([(found, Halt(stop=("stop it",), resume=("go on",)))]).split("\n")

    assert first == "# prod/shop: 10 % of the traffic goes to the canary"
    marks = [line for line in lines if not line.startswith("{")]
    assert marks == [
        "# 1. stop what would put the weight back", "stop it", "# 2. all traffic to the primary",
        "kubectl apply -n prod -f - <<'EOF'", "EOF",
        "# 3. once Git is back: commit weight 0 there, then", "go on",
    ]  # fmt: skip
    (applied,) = [json.loads(line) for line in lines if line.startswith("{")]
    weights = [one["weight"] for one in applied["spec"]["http"][0]["route"]]
    assert sorted(weights) == [0, 100]
    assert located(spec, here, urgent=True) == found.touched
    assert not located(spec, here, urgent=False).urgent


def test_after_a_promotion_the_choice_is_the_person_s() -> None:
    found = breakglass(canary_spec(), ground("2", "2", weight=10), Action.PROMOTE, ROUTER)
    assert found is not None

    assert page([(found, "nobody said")]).split("\n")[1:] == [
        "# its primary is being replaced: see first which side is healthy"
    ]


@pytest.mark.parametrize(
    ("halt", "says"),
    [
        (Halt(stop=(), resume=()), "# (nothing: it is not synced by itself)"),
        ("two engines", "# (what applies it is not known: two engines)"),
    ],
)
def test_who_applies_it_may_be_nobody_or_unknown(halt: Halt | str, says: str) -> None:
    found = breakglass(canary_spec(), ground("2", "1", weight=10), None, ROUTER)
    assert found is not None

    assert says in page([(found, halt)]).split("\n")
