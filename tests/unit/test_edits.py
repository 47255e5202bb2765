"""What a move changes in the files, byte by byte, and what is refused."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from grounds import APPS, ROUTE, ROUTER, act, canary_spec, ground
from routes import CASES

from gitops_canary.core.edits import Ground, confirm, edits
from gitops_canary.errors import EditRefused
from gitops_canary.model.decision import Act
from gitops_canary.model.names import Digest
from gitops_canary.model.rollout import Action

SPEC = canary_spec()
STABLE, NEW = ground("1.0", "1.0"), ground("1.1.0", "1.0")
HERE = ground("1.1.0", "1.0", weight=10)


def test_a_canary_that_slept_is_woken_with_the_primarys_replicas() -> None:
    asleep = ground("1.0", "1.0", replicas=(0, 3))

    def woken(tip: Ground, stable: Ground) -> str:
        return edits(
            act(Action.START, step=0), spec=SPEC, tip=tip, stable=stable, router=ROUTER
        ).get(APPS, "")

    assert "replicas: 3" in woken(ground("1.1.0", "1.0", replicas=(0, 3)), asleep).split("---")[1]
    gone = ground("1.1.0", "1.0", replicas=(0, 0))
    assert "replicas: 1" in woken(gone, asleep).split("---")[1]
    assert woken(ground("1.1.0", "1.0", replicas=(5, 3)), STABLE) == ""
    left = ground("1.1.0", "1.0", replicas=(0, 3))
    assert "replicas: 3" in woken(left, STABLE).split("---")[1], "asleep at the tip alone"


def test_a_canary_goes_back_to_the_replicas_it_had() -> None:
    for before in (0, 4):
        stable = ground("1.0", "1.0", replicas=(before, 3))
        texts = edits(
            act(Action.IDLE), spec=SPEC, tip=ground("1.1.0", "1.1.0", replicas=(9, 3)),
            stable=stable, router=ROUTER,
        )  # fmt: skip
        assert f"replicas: {before}" in texts[APPS].split("---")[1]


def test_a_route_that_is_newer_than_the_stable_revision_gets_weight_0() -> None:
    newer = CASES["istio-http"].text.replace("name: shop}", "name: newer}")
    tip = ground("1.1.0", "1.0", weight=10, route=newer)
    texts = edits(act(Action.ABORT), spec=SPEC, tip=tip, stable=STABLE, router=ROUTER)
    assert texts[ROUTE] == newer


def test_the_controller_initialises_elsewhere() -> None:
    with pytest.raises(EditRefused, match="initialise"):
        edits(act(Action.INITIALISE), spec=SPEC, tip=NEW, stable=STABLE, router=ROUTER)


REFUSED: dict[str, tuple[Act, dict[str, Any], str]] = {
    "weight": (act(Action.ADVANCE, "20"), {}, "the weight would be 10, not 20"),
    "shape": (
        act(Action.ADVANCE, "10"), {"shape": Digest("sha256:x")},
        "the route would change in more than its weights",
    ),
    "mirror": (
        act(Action.ADVANCE, "10"), {"mirrored": True}, "requests would still be mirrored",
    ),
    "kept": (
        act(Action.RETREAT), {"weight": Decimal(0), "kept": "x"},
        "users would still be kept on the canary",
    ),
    "not settled": (
        act(Action.PROMOTE, "10"), {}, "candidate and primary would still differ",
    ),
    "not restored": (
        act(Action.RETREAT, restore=True), {"weight": Decimal(0)},
        "candidate and primary would still differ",
    ),
    "primary": (
        act(Action.ADVANCE, "10"), {"primary": ground("1.0", "3.0").owned.primary},
        "a version would change",
    ),
    "candidate": (
        act(Action.ADVANCE, "10"), {"candidate": ground("3.0", "1.0").owned.candidate},
        "a version would change",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_move_would_do_besides_is_refused(name: str) -> None:
    one, changes, why = REFUSED[name]
    with pytest.raises(EditRefused, match=why) as refused:
        confirm(one, before=HERE.owned, after=replace(HERE.owned, **changes), place=SPEC.place)
    assert one.action.value in refused.value.problem


def test_a_start_may_mirror_and_a_weight_may_keep() -> None:
    mirrored = replace(HERE.owned, weight=Decimal(0), mirrored=True)
    confirm(act(Action.START), before=HERE.owned, after=mirrored, place=SPEC.place)
    kept = replace(HERE.owned, kept="x")
    confirm(act(Action.ADVANCE, "10"), before=HERE.owned, after=kept, place=SPEC.place)
